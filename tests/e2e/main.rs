//! The function's binary on a loopback runtime API with loopback services.
//!
//! `harness` is the function's environment; every other module is a group of scenarios.

mod background;
mod calls;
mod configuration;
mod connections;
mod console;
mod documents;
mod emails;
mod enrichment;
mod envelope;
mod events;
mod failures;
mod harness;
mod hostile;
mod logs;
mod machines;
mod metrics;
mod numbers;
mod repeats;
mod size;
mod stream;
