//! The system clock. It is read only here; the core takes the time as an argument.

use std::time::SystemTime;

use alerting::time::EpochMillis;

/// Returns the current time.
pub fn now() -> EpochMillis {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    epoch_millis(SystemTime::now())
}

/// Converts a system time. A time before the epoch becomes the epoch.
pub fn epoch_millis(at: SystemTime) -> EpochMillis {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    EpochMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
