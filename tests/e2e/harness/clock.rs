//! The one place of the tests that reads the clock.
#![expect(clippy::disallowed_methods, reason = "deadlines and records that are new have to be made from the real time")]

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn epoch_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right by some decades");
    u64::try_from(elapsed.as_millis()).expect("64 bits last for a while")
}

/// The start of a whole minute some minutes ago, in seconds: when a record that arrives now began.
pub(crate) fn minutes_ago(minutes: u64) -> u64 {
    (epoch_ms() / 60_000 - minutes) * 60
}
