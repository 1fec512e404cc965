//! What became of a batch or a timer message.

use crate::{
    incident::Reason,
    ports::PortError,
    time::{self, EpochMillis, SECOND_MILLIS},
};

/// What a batch or a timer message came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Emails sent.
    pub emails: u64,
    /// Findings counted without an email.
    pub suppressed: u64,
    /// Data points published.
    pub points: u64,
    /// The decisions.
    pub reasons: Vec<Reason>,
    /// Seconds from the first packet to each opened email that was sent.
    pub delays_seconds: Vec<u64>,
    /// How often a best-effort destination failed. Not retried: a retry would resend the email.
    pub best_effort_failures: u64,
    /// Why some metrics about the monitor itself were not published.
    pub unreported: Option<PortError>,
    /// The ids of the copies of stored items that could not be read.
    pub set_aside: Vec<String>,
}

impl Outcome {
    /// Adds what another message of the same invocation came to.
    pub fn add(&mut self, other: Outcome) {
        self.emails += other.emails;
        self.suppressed += other.suppressed;
        self.points += other.points;
        self.reasons.extend(other.reasons);
        self.delays_seconds.extend(other.delays_seconds);
        self.best_effort_failures += other.best_effort_failures;
        self.unreported = other.unreported.or(self.unreported.take());
        self.set_aside.extend(other.set_aside);
    }

    /// Notes how late an opened email was sent.
    pub(super) fn note_delay(&mut self, first: Option<EpochMillis>, now: EpochMillis) {
        self.delays_seconds.extend(first.map(|first| time::millis_between(first, now) / SECOND_MILLIS));
    }
}
