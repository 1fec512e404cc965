//! What the functions have in common at their edge: the environment, the clock, the log, and which ports are behind the traits.

pub mod clock;
pub mod config;
mod console;
mod local_timers;
mod logging;
pub mod ports;

pub use config::{Config, ConfigError};
pub use ports::{Incidents, engine};

/// Starts a function: reads the configuration and opens the log. None where the configuration is wrong; the log says in one line
/// what of it and what is allowed.
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
