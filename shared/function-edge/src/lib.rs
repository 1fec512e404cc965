//! What both functions share at their edge: configuration, clock, logging, and the choice of ports.

pub mod clock;
pub mod config;
mod console;
mod digest;
mod local_timers;
mod logging;
pub mod ports;

pub use config::{Config, ConfigError};
pub use ports::{Incidents, digest_source, engine};

/// Starts a function: reads the configuration and starts logging. Returns `None` if the configuration is invalid, after logging
/// one line with the variable, its value, and what is allowed.
pub fn start() -> Option<Config> {
    match Config::from_env() {
        Ok(config) => {
            logging::start(Some(config.log_level));
            Some(config)
        }
        Err(error) => {
            logging::start(None);
            tracing::error!("wrong configuration: {error}");
            None
        }
    }
}
