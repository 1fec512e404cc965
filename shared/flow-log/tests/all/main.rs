//! The crate's behaviour from outside, a module per scenario.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails where it unwraps nothing; the lint knows only test functions, not their helpers"
)]

mod allocations;
mod corpus;
mod envelope;
mod files;
mod hostile;
mod iterators;
mod lines;
mod naive;
mod properties;
mod support;
