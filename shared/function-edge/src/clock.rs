//! The clock, read at the edge and passed on from there.

use std::time::SystemTime;

use alerting::time::EpochMillis;

/// The present.
pub fn now() -> EpochMillis {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    epoch_millis(SystemTime::now())
}

/// A point in time as the core writes it; the epoch for one before it.
pub fn epoch_millis(at: SystemTime) -> EpochMillis {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    EpochMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
