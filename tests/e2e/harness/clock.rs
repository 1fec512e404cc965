//! The clock. No other test code reads it.
#![expect(clippy::disallowed_methods, reason = "deadlines and new records need the real time")]

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the current time in milliseconds since 1970.
pub(crate) fn epoch_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970");
    u64::try_from(elapsed.as_millis()).expect("the time fits into 64 bits")
}

/// Returns the start of a whole minute some minutes ago, in seconds: the `start` of a record that arrives now.
pub(crate) fn minutes_ago(minutes: u64) -> u64 {
    (epoch_ms() / 60_000 - minutes) * 60
}
