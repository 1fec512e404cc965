//! The ports: what the core needs from the world, declared by the one who needs it.
//!
//! An adapter builds the request, sends it and maps the error; it decides nothing.

use std::{fmt, future::Future, pin::Pin};

use crate::{
    digest::{Answers, Questions},
    enrichment::{EnrichmentRequest, Network},
    incident::state::{ItemId, TimerMessage, Versioned, Write},
    metrics::Point,
    notification::{RenderedDigest, RenderedNotification},
};

/// Why a port could not do what was asked: one line for the log, no type of any SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What a notifier is doing.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), PortError>> + Send + 'a>>;

/// A destination of notifications.
pub trait Notifier: fmt::Debug + Send + Sync {
    /// Sends a notification. When this returns without an error, the service has accepted it for delivery.
    ///
    /// # Errors
    /// The service refused it or could not be reached within the time allowed.
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a>;

    /// The same for a digest.
    ///
    /// # Errors
    /// The service refused it or could not be reached within the time allowed.
    fn send_digest<'a>(&'a self, digest: &'a RenderedDigest) -> Sending<'a>;
}

/// The destinations of notifications.
#[derive(Debug, Default)]
pub struct Notifiers {
    /// Those that must accept a notification before it is recorded as sent. Where one fails, all of them are tried again.
    pub required: Vec<Box<dyn Notifier>>,
    /// Those that are tried once, after the required ones: nothing depends on them.
    pub best_effort: Vec<Box<dyn Notifier>>,
}

/// Takes metrics to where they are charted and alarmed on.
pub trait MetricSink {
    /// Publishes data points, in as few calls as the service allows.
    ///
    /// # Errors
    /// A call failed; points of earlier calls may have been published.
    fn publish(&self, points: &[Point]) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Writes data points to the function's log, from which CloudWatch takes them without a call. It may take them twice.
    fn log(&self, points: &[Point]);

    /// Ends when metrics should not wait any longer for emails that are being sent, to be published together with what becomes of
    /// them. By default they do not wait.
    fn publish_deadline(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// Knows whose addresses and interfaces they are, and which rules guard them.
pub trait Enricher {
    /// Reads what an email asks for from EC2, within a time limit of its own. It never fails: what could not be read is in the
    /// answer's [`Network::missing`].
    fn enrich(&self, wanted: &EnrichmentRequest) -> impl Future<Output = Network> + Send;
}

/// Knows what was counted, and by whom.
pub trait DigestSource {
    /// Asks for everything that a digest states, within a time limit of its own. It never fails: what could not be had is in the
    /// answer, with the reason.
    fn ask(&self, questions: &Questions) -> impl Future<Output = Answers> + Send;
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit {
    /// All of it is written.
    Written,
    /// None of it is written: some documents had other versions than expected. These are they, as they stand now; none where the
    /// store does not return all of them.
    Conflict(Vec<(ItemId, Versioned)>),
}

/// Remembers incidents between batches.
pub trait IncidentStore {
    /// Reads documents, each as it was last written, in the order asked for.
    ///
    /// # Errors
    /// The store could not be reached.
    fn get(&self, ids: &[ItemId]) -> impl Future<Output = Result<Vec<Option<Versioned>>, PortError>> + Send;

    /// Writes all documents or none.
    ///
    /// # Errors
    /// The store could not be reached. Whether it wrote is not known then.
    fn commit(&self, writes: &[Write]) -> impl Future<Output = Result<Commit, PortError>> + Send;
}

/// Schedules timer messages.
pub trait Timers {
    /// Sends a message that arrives after so many milliseconds, at most [`crate::incident::plan::MAX_DELAY_MILLIS`].
    /// It may arrive more than once, and late.
    ///
    /// # Errors
    /// The service could not be reached. Whether the message arrives is not known then.
    fn schedule(&self, message: &TimerMessage, delay_millis: u64)
    -> impl Future<Output = Result<(), PortError>> + Send;
}
