//! What the functions have in common at their edge: the environment, the clock, the log, and which ports are behind the traits.

pub mod clock;
pub mod config;
mod console;
mod local_timers;
pub mod logging;
pub mod ports;

pub use config::{Config, ConfigError};
pub use ports::engine;
