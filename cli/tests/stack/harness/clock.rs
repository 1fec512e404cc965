//! The system clock, which the binary reads too.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the current time in milliseconds since the epoch.
pub(crate) fn now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "stored items are of the time at which the binary reads them")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
