//! When emails about an incident are sent.

use crate::time::{MINUTE_MILLIS, SECOND_MILLIS};

/// By how much the clocks of two machines may differ.
pub const CLOCK_SKEW_MILLIS: u64 = 2 * SECOND_MILLIS;

/// Lambda's wait before it retries a failed asynchronous invocation for the first time, in milliseconds; the second wait is longer
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).
pub const LAMBDA_RETRY_MILLIS: u64 = MINUTE_MILLIS;

/// Maximum time-out of the functions in seconds. A run that dies at once holds its lease as long as it could have run; with a longer
/// time-out Lambda's retry would find that lease, and be wasted.
pub const MAX_TIMEOUT_SECONDS: u32 = 45;

/// Maximum number of counter shards of an incident. Closing writes all of them in one transaction, which takes 100 items
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
pub const MAX_SHARDS: u8 = 64;

/// When emails about an incident are sent, and when it is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    update_intervals_millis: Vec<u64>,
    quiet_millis: u64,
    /// Whether resolved emails are sent.
    pub resolved_emails: bool,
    shards: u8,
    run_millis: u64,
}

impl Policy {
    /// A policy: milliseconds from each email about an incident to the next while it continues (the last repeats), and milliseconds
    /// without a finding after which the incident is resolved.
    ///
    /// # Errors
    /// No interval, or one of zero; a quiet time of zero. The text says what is allowed.
    pub fn new(update_intervals_millis: &[u64], quiet_millis: u64) -> Result<Policy, &'static str> {
        if update_intervals_millis.is_empty() || update_intervals_millis.contains(&0) {
            return Err("one or more times, none of them zero");
        }
        if quiet_millis == 0 {
            return Err("a time that is not zero");
        }
        Ok(Policy { update_intervals_millis: update_intervals_millis.to_vec(), quiet_millis, ..Policy::default() })
    }

    /// The same for functions that Lambda ends after so many seconds, at most [`MAX_TIMEOUT_SECONDS`].
    #[must_use]
    pub fn with_timeout_seconds(self, seconds: u32) -> Policy {
        Policy { run_millis: u64::from(seconds.clamp(1, MAX_TIMEOUT_SECONDS)) * SECOND_MILLIS, ..self }
    }

    /// The same with so many counter shards, at most [`MAX_SHARDS`].
    #[must_use]
    pub fn with_shards(self, shards: u8) -> Policy {
        Policy { shards: shards.clamp(1, MAX_SHARDS), ..self }
    }

    /// Number of counter shards of an incident.
    pub fn shards(&self) -> u8 {
        self.shards
    }

    /// Duration of a lease in milliseconds: longer than a function can run plus clock skew, and over when Lambda retries.
    pub fn lease_millis(&self) -> u64 {
        self.min_delay_millis()
    }

    /// Minimum delay of a timer message in milliseconds. It is sent before the change it belongs to is written, and must not arrive
    /// before that: this is longer than a function can run plus clock skew.
    pub fn min_delay_millis(&self) -> u64 {
        self.run_millis + (self.run_millis / 3).clamp(CLOCK_SKEW_MILLIS, 10 * SECOND_MILLIS)
    }

    /// Milliseconds from the email with this number (the opened one is 1) to the next.
    pub fn interval_millis(&self, emails: u32) -> u64 {
        let index = usize::try_from(emails.saturating_sub(1)).unwrap_or(usize::MAX);
        let last = self.update_intervals_millis.len() - 1;
        self.update_intervals_millis[index.min(last)]
    }

    /// Milliseconds without a finding after which an incident is resolved.
    pub fn quiet_millis(&self) -> u64 {
        self.quiet_millis
    }
}

impl Default for Policy {
    /// Updates after 5, 15, 60 and 240 minutes and then once a day; resolved after 15 quiet ones, with an email; 16 counter shards; functions that run
    /// for 30 seconds at most.
    fn default() -> Self {
        Policy {
            update_intervals_millis: [5, 15, 60, 240, 1_440].map(|minutes| minutes * MINUTE_MILLIS).to_vec(),
            quiet_millis: 15 * MINUTE_MILLIS,
            resolved_emails: true,
            shards: 16,
            run_millis: 30 * SECOND_MILLIS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_come_further_apart_and_the_last_interval_repeats() {
        let minutes: Vec<u64> =
            (1..=7).map(|emails| Policy::default().interval_millis(emails) / MINUTE_MILLIS).collect();
        assert_eq!(minutes, [5, 15, 60, 240, 1_440, 1_440, 1_440]);
    }

    #[test]
    fn the_quiet_time_is_the_one_that_was_asked_for() {
        assert_eq!(Policy::default().quiet_millis(), 15 * MINUTE_MILLIS);
        assert_eq!(Policy::new(&[5], 1_440 * MINUTE_MILLIS).map(|policy| policy.quiet_millis()), Ok(86_400_000));
    }

    #[test]
    fn a_policy_without_time_is_refused() {
        assert!(Policy::new(&[], 15).is_err());
        assert!(Policy::new(&[5, 0], 15).is_err());
        assert!(Policy::new(&[5], 0).is_err());
    }

    #[test]
    fn a_timer_message_and_a_lease_outlast_a_run_and_end_before_lambda_tries_again() {
        for seconds in 1..=MAX_TIMEOUT_SECONDS {
            let policy = Policy::default().with_timeout_seconds(seconds);
            let run = u64::from(seconds) * SECOND_MILLIS;
            assert!(policy.min_delay_millis() >= run + CLOCK_SKEW_MILLIS, "{seconds} s");
            assert!(policy.lease_millis() >= run + CLOCK_SKEW_MILLIS, "{seconds} s");
            assert!(policy.lease_millis() + CLOCK_SKEW_MILLIS <= LAMBDA_RETRY_MILLIS, "{seconds} s");
        }
        let longer = Policy::default().with_timeout_seconds(MAX_TIMEOUT_SECONDS + 1);
        assert!(longer.lease_millis() + CLOCK_SKEW_MILLIS <= LAMBDA_RETRY_MILLIS);
    }

    #[test]
    fn counters_are_never_spread_over_more_documents_than_a_transaction_takes() {
        let shards = [0, 1, 16, 255].map(|shards| Policy::default().with_shards(shards).shards());
        assert_eq!(shards, [1, 1, 16, MAX_SHARDS]);
    }
}
