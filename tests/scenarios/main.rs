//! The function's binary on a loopback runtime API with loopback services, and a real deployment of it.
//!
//! `harness` is the world around the function; every other module is a group of scenarios.

mod calls;
mod configuration;
mod console;
mod deployed;
mod documents;
mod envelope;
mod events;
mod harness;
mod hostile;
mod logs;
mod look_ups;
mod machines;
mod mail;
mod metrics;
mod repeats;
mod size;
mod trouble;
