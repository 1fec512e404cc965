//! Times on the command line.

use alerting::time::{HOUR_MILLIS, MINUTE_MILLIS, SECOND_MILLIS};

/// Maximum of a time on the command line: ten years.
const MAX_TIME_MILLIS: u64 = 3_650 * 24 * HOUR_MILLIS;

/// Reads a time such as `90s`, `15m`, `6h` or `2d`.
///
/// # Errors
/// What is allowed.
pub(crate) fn millis(text: &str) -> Result<u64, String> {
    let units = [('s', SECOND_MILLIS), ('m', MINUTE_MILLIS), ('h', HOUR_MILLIS), ('d', 24 * HOUR_MILLIS)];
    let read = units.iter().find_map(|(unit, millis)| {
        text.strip_suffix(*unit)?.parse::<u64>().ok()?.checked_mul(*millis).filter(|millis| *millis <= MAX_TIME_MILLIS)
    });
    read.ok_or_else(|| "a whole number with s, m, h or d, at most 3650d, such as 15m".to_owned())
}
