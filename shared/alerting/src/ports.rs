//! The ports: what the core needs from the world, declared by the one who needs it.
//!
//! An adapter builds the request, sends it and maps the error; it decides nothing.

use std::{fmt, future::Future};

use crate::{incident::Incident, incident::IncidentKey, mail::Mail, metric::Point};

/// Why a port could not do what was asked: one line for the log, no type of any SDK.
#[derive(Debug, PartialEq, Eq)]
pub struct PortError {
    /// What was asked of whom, for example `sns Publish`.
    pub call: &'static str,
    /// What came back, on one line.
    pub reason: String,
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.reason)
    }
}

impl std::error::Error for PortError {}

/// Takes mails to their readers.
pub trait AlertSink {
    /// Sends one mail. When this returns without an error, the service has taken it over for delivery.
    ///
    /// # Errors
    /// The service refused it or could not be reached within the time allowed.
    fn send(&self, mail: &Mail) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Takes metrics to where they are charted and alarmed on.
pub trait MetricSink {
    /// Publishes data points, in as few calls as the service allows.
    ///
    /// # Errors
    /// A call failed; points of earlier calls may have been published.
    fn publish(&self, points: &[Point]) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Remembers incidents between batches.
pub trait IncidentStore {
    /// The incident last saved under a key.
    ///
    /// # Errors
    /// The store could not be reached.
    fn load(&self, key: &IncidentKey) -> impl Future<Output = Result<Option<Incident>, PortError>> + Send;

    /// Saves an incident under its key.
    ///
    /// # Errors
    /// The store could not be reached.
    fn save(&self, key: &IncidentKey, incident: &Incident) -> impl Future<Output = Result<(), PortError>> + Send;
}
