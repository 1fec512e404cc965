//! What became of a batch or a timer message.

use crate::{
    incident::Reason,
    ports::PortError,
    time::{self, EpochMillis, SECOND_MILLIS},
};

/// What a batch or a timer message came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Mails sent.
    pub emails: u64,
    /// Findings counted without a mail.
    pub suppressed: u64,
    /// Data points published.
    pub points: u64,
    /// Whether all of it had been done by an earlier delivery of the same batch.
    pub repeated: bool,
    /// The decisions.
    pub reasons: Vec<Reason>,
    /// Seconds from the first packet to each opening mail that was sent.
    pub delays_seconds: Vec<u64>,
    /// Mails sent that the chat was not told of. Nobody tries that again: whoever did would mail again too.
    pub chat_failures: u64,
    /// Why some points about the monitor itself were not published.
    pub unreported: Option<PortError>,
    /// Stored documents that could not be read and were set aside: where the copies are.
    pub set_aside: Vec<String>,
}

impl Outcome {
    /// Adds what another message of the same invocation came to.
    pub fn add(&mut self, other: Outcome) {
        self.emails += other.emails;
        self.suppressed += other.suppressed;
        self.points += other.points;
        self.repeated |= other.repeated;
        self.reasons.extend(other.reasons);
        self.delays_seconds.extend(other.delays_seconds);
        self.chat_failures += other.chat_failures;
        self.unreported = other.unreported.or(self.unreported.take());
        self.set_aside.extend(other.set_aside);
    }

    pub(super) fn note_opening(&mut self, first: Option<EpochMillis>, now: EpochMillis) {
        self.delays_seconds.extend(first.map(|first| time::millis_between(first, now) / SECOND_MILLIS));
    }
}
