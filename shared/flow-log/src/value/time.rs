//! Points in time.

/// A point in time: milliseconds since 1970-01-01 00:00 UTC.
///
/// AWS documents Unix seconds for `start` and `end`
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>); milliseconds occur in practice. A number of at
/// least 100,000,000,000 is read as milliseconds, a time after March 1973. As seconds it would be after the year 5000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpochMillis(pub u64);

impl EpochMillis {
    const FIRST_MILLISECONDS: u64 = 100_000_000_000;

    /// Reads the number in a record, in seconds or in milliseconds.
    #[must_use]
    pub const fn from_record(number: u64) -> Self {
        EpochMillis(if number < Self::FIRST_MILLISECONDS { number * 1000 } else { number })
    }

    /// Returns the milliseconds as a signed number, at most `i64::MAX`.
    #[must_use]
    pub const fn to_i64(self) -> i64 {
        if self.0 > i64::MAX as u64 { i64::MAX } else { self.0.cast_signed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_milliseconds() {
        assert_eq!(EpochMillis::from_record(1_432_917_027), EpochMillis(1_432_917_027_000));
        assert_eq!(EpochMillis::from_record(1_432_917_027_123), EpochMillis(1_432_917_027_123));
        assert_eq!(EpochMillis::from_record(99_999_999_999), EpochMillis(99_999_999_999_000));
        assert_eq!(EpochMillis::from_record(u64::MAX).to_i64(), i64::MAX);
        assert_eq!(EpochMillis::from_record(0).to_i64(), 0);
    }
}
