//! Values that several parts of a document use.

use serde::Serialize;

use crate::{
    detection::Totals,
    notification::ranking::MAX_NAME_CHARS,
    text::one_line,
    time::{self, EpochMillis},
};

/// A point in time, in UTC: `2026-11-23T09:32:14.000Z`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Time(String);

impl Time {
    /// A point in time; none past the year 9999: a record may carry any number.
    pub fn of(at: EpochMillis) -> Option<Time> {
        const END_OF_9999: u64 = 253_402_300_799_999;
        (at.0 <= END_OF_9999).then(|| Time(time::iso_millis(at)))
    }
}

/// Counters of some records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalsDoc {
    /// Flow records.
    pub records: u64,
    /// Packets, where a record carries them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets: Option<u64>,
    /// Bytes, where a record carries them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The first packet, give or take a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_at: Option<Time>,
    /// The last packet, give or take a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Time>,
}

impl From<&Totals> for TotalsDoc {
    fn from(totals: &Totals) -> Self {
        TotalsDoc {
            records: totals.records,
            packets: totals.packets,
            bytes: totals.bytes,
            first_at: totals.first_start.and_then(Time::of),
            last_at: totals.last_end.and_then(Time::of),
        }
    }
}

/// Text from outside, fit for one line and no longer than a name may be.
pub(crate) fn text(foreign: &str) -> String {
    one_line(foreign, MAX_NAME_CHARS).into_owned()
}
