//! Counters of records.

use std::collections::BTreeMap;

use flow_log::{EpochMillis, FlowRecord};
use serde::{Deserialize, Serialize};

use crate::time::epoch_millis;

/// Counters of some records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Flow records.
    pub records: u64,
    /// Packets; none where no record carried a count.
    pub packets: Option<u64>,
    /// Bytes; none where no record carried a count (`-` is documented for records of VPC Block Public Access).
    pub bytes: Option<u64>,
    /// The earliest `start`: the first packet, give or take 60 s.
    #[serde(with = "epoch_millis::option")]
    pub first_start: Option<EpochMillis>,
    /// The latest `end`: the last packet, give or take 60 s.
    #[serde(with = "epoch_millis::option")]
    pub last_end: Option<EpochMillis>,
}

impl Totals {
    /// The counters of one record.
    pub fn of(record: &FlowRecord<'_>) -> Totals {
        Totals {
            records: 1,
            packets: record.packets,
            bytes: record.bytes,
            first_start: record.start,
            last_end: record.end,
        }
    }

    /// Adds other counters to these. Sums stop at the largest number there is.
    pub fn add(&mut self, other: &Totals) {
        self.records = self.records.saturating_add(other.records);
        self.packets = combine(self.packets, other.packets, u64::saturating_add);
        self.bytes = combine(self.bytes, other.bytes, u64::saturating_add);
        self.first_start = combine(self.first_start, other.first_start, Ord::min);
        self.last_end = combine(self.last_end, other.last_end, Ord::max);
    }

    /// Packets where they are known, records otherwise: what findings are ranked by.
    pub fn weight(&self) -> u64 {
        self.packets.unwrap_or(self.records)
    }
}

fn combine<T>(left: Option<T>, right: Option<T>, with: impl Fn(T, T) -> T) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(with(left, right)),
        (left, right) => left.or(right),
    }
}

/// Adds weights by minute to others.
pub(crate) fn add_minutes(minutes: &mut BTreeMap<u64, u64>, other: &BTreeMap<u64, u64>) {
    for (minute, weight) in other {
        let known = minutes.entry(*minute).or_default();
        *known = known.saturating_add(*weight);
    }
}

/// For fields that are left out where nothing was counted.
pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}
