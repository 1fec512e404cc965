//! Tests of the public API, one module per topic.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap fails the test; the lint exempts test functions but not their helpers"
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
