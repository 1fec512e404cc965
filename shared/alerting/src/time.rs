//! Points in time and spans of it, as people read them.

use jiff::{Timestamp, fmt::strtime};

pub use flow_log::EpochMillis;

/// Milliseconds in a second.
pub const SECOND_MILLIS: u64 = 1_000;

/// Milliseconds in a minute.
pub const MINUTE_MILLIS: u64 = 60 * SECOND_MILLIS;

/// Milliseconds in an hour.
pub const HOUR_MILLIS: u64 = 60 * MINUTE_MILLIS;

/// Formats a point in time as `2026-11-23 09:32:14`, in UTC, without naming the zone.
pub fn date_time(at: EpochMillis) -> String {
    format(at, "%Y-%m-%d %H:%M:%S")
}

/// Formats a point in time the way the AWS console's links do: `2026-11-23T09:32:14.000Z`.
pub fn iso_millis(at: EpochMillis) -> String {
    format(at, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

/// Milliseconds from one point in time to a later one; 0 where clocks disagree about the order.
pub fn millis_between(from: EpochMillis, to: EpochMillis) -> u64 {
    to.0.saturating_sub(from.0)
}

/// The point in time so many milliseconds after another.
pub fn after(at: EpochMillis, millis: u64) -> EpochMillis {
    EpochMillis(at.0.saturating_add(millis))
}

/// The point in time so many milliseconds before another, not before the epoch.
pub fn before(at: EpochMillis, millis: u64) -> EpochMillis {
    EpochMillis(at.0.saturating_sub(millis))
}

/// Writes and reads points in time as milliseconds.
pub(crate) mod epoch_millis {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::EpochMillis;

    pub(crate) fn serialize<S: Serializer>(at: &EpochMillis, serializer: S) -> Result<S::Ok, S::Error> {
        at.0.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EpochMillis, D::Error> {
        u64::deserialize(deserializer).map(EpochMillis)
    }

    /// The same for points in time that may be missing.
    pub(crate) mod option {
        use super::{Deserialize, Deserializer, EpochMillis, Serialize, Serializer};

        pub(crate) fn serialize<S: Serializer>(at: &Option<EpochMillis>, serializer: S) -> Result<S::Ok, S::Error> {
            at.map(|at| at.0).serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<EpochMillis>, D::Error> {
            Ok(Option::<u64>::deserialize(deserializer)?.map(EpochMillis))
        }
    }
}

fn format(at: EpochMillis, pattern: &str) -> String {
    // A record may carry any 64-bit number as its time. Past the year 9999 it is shown as that number.
    i64::try_from(at.0)
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .and_then(|timestamp| strtime::format(pattern, timestamp).ok())
        .unwrap_or_else(|| format!("{} ms", at.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NINE_32_14: EpochMillis = EpochMillis(1_795_426_334_000);

    #[test]
    fn points_in_time_are_utc() {
        assert_eq!(date_time(NINE_32_14), "2026-11-23 09:32:14");
        assert_eq!(iso_millis(EpochMillis(NINE_32_14.0 + 7)), "2026-11-23T09:32:14.007Z");
        assert_eq!(date_time(EpochMillis(u64::MAX)), "18446744073709551615 ms");
    }
}
