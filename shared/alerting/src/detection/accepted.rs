//! Accepted packets: evidence for what was rejected.

use flow_log::{EpochMillis, FlowRecord, TcpFlags};
use serde::{Deserialize, Serialize};

use crate::detection::{flow_key::FiveTuple, kept::KeptText, tcp_flags, totals::Totals};

/// How far apart accepted and rejected records may be and still be of about the same time.
const SAME_TIME_MILLIS: u64 = 120_000;

/// Accepted packets between the same two addresses, and of TCP and UDP the same two ports, on the same interface: evidence for what was
/// rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// What was accepted.
    pub totals: Totals,
    /// The `tcp-flags` of all its records, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "tcp_flags")]
    pub tcp_flags: Option<TcpFlags>,
    /// One of its records: the first of its batch.
    pub line: Box<str>,
}

/// The same of one five-tuple in one batch, without its text.
#[derive(Clone, Debug)]
pub(super) struct AcceptedFlow {
    pub(super) tuple: FiveTuple,
    pub(super) totals: Totals,
    pub(super) tcp_flags: Option<TcpFlags>,
    /// The first of its records.
    pub(super) line: Option<KeptText>,
}

impl AcceptedFlow {
    /// Takes another record into account.
    pub(super) fn add(&mut self, record: &FlowRecord<'_>) {
        self.totals.add(&Totals::of(record));
        self.tcp_flags = tcp_flags::both(self.tcp_flags, record.tcp_flags);
    }
}

impl Accepted {
    /// Adds what was accepted of the same flow in another batch. The record shown is one of the newest.
    pub fn add(&mut self, other: &Accepted) {
        if (other.totals.last_end, &other.line) > (self.totals.last_end, &self.line) {
            self.line = other.line.clone();
        }
        self.totals.add(&other.totals);
        self.tcp_flags = tcp_flags::both(self.tcp_flags, other.tcp_flags);
    }

    /// Adds what was accepted in another batch, where there is any.
    pub(crate) fn add_to(known: &mut Option<Accepted>, other: Option<&Accepted>) {
        match (known, other) {
            (_, None) => {}
            (Some(known), Some(other)) => known.add(other),
            (known @ None, other) => *known = other.cloned(),
        }
    }

    /// Tells whether it was logged for about the same time as some records, as far as the times are known. A record's times can be
    /// 60 s off the packets it counts, and one aggregation interval lasts up to 60 s more on either side.
    pub fn is_of_the_time_of(&self, totals: &Totals) -> bool {
        let after = |one: Option<EpochMillis>, other: Option<EpochMillis>| match (one, other) {
            (Some(one), Some(other)) => one.0 > other.0.saturating_add(SAME_TIME_MILLIS),
            _ => false,
        };
        !after(self.totals.first_start, totals.last_end) && !after(totals.first_start, self.totals.last_end)
    }
}
