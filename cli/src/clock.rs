//! The system clock.

use std::time::SystemTime;

use alerting::time::EpochMillis;

/// Returns the current time.
pub(crate) fn now() -> EpochMillis {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    EpochMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
