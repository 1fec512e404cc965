//! Timers within this process, for local development without a queue.

use std::sync::{Mutex, MutexGuard, PoisonError};

use alerting::{
    incident::state::TimerMessage,
    ports::{PortError, Timers},
    time::{self, EpochMillis, MINUTE_MILLIS},
};

use crate::clock;

/// Maximum number of scheduled messages. Each open incident has one; a few more are stale.
const MAX_WAITING: usize = 10_000;
/// Maximum deliveries of a message that fails, as in the stack's queue.
const MAX_RECEIVES: u32 = 12;
/// Delay before a failed message is delivered again.
const RETRY_DELAY_MILLIS: u64 = MINUTE_MILLIS;

/// Scheduled messages, kept until the next invocation asks for those that are due. Nothing can run in between, because Lambda
/// freezes a function between invocations.
#[derive(Debug, Default)]
pub struct LocalTimers(Mutex<Vec<Waiting>>);

#[derive(Debug)]
struct Waiting {
    at: EpochMillis,
    message: TimerMessage,
    /// Number of failed deliveries.
    failed: u32,
    /// Delivered and not reported as failed. Removed at the next call of `due`.
    delivered: bool,
}

impl LocalTimers {
    /// Returns the messages that are due.
    pub fn due(&self, now: EpochMillis) -> Vec<TimerMessage> {
        let mut waiting = self.waiting();
        waiting.retain(|one| !one.delivered);
        let due = waiting.iter_mut().filter(|one| one.at <= now);
        due.map(|one| {
            one.delivered = true;
            one.message.clone()
        })
        .collect()
    }

    /// Schedules a delivered message that failed again, unless it has failed too often.
    pub fn failed(&self, message: &TimerMessage, now: EpochMillis) {
        let mut waiting = self.waiting();
        if let Some(one) = waiting.iter_mut().find(|one| one.delivered && one.message == *message) {
            one.failed += 1;
            one.delivered = one.failed >= MAX_RECEIVES;
            one.at = time::after(now, RETRY_DELAY_MILLIS);
            if one.delivered {
                tracing::error!(key = %message.key, incident = message.incident, "a timer message failed too often");
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timers for LocalTimers {
    async fn schedule(&self, message: &TimerMessage, delay_millis: u64) -> Result<(), PortError> {
        let now = clock::now();
        let mut waiting = self.waiting();
        if waiting.len() >= MAX_WAITING {
            return Err(PortError {
                call: "local timers",
                reason: format!("{MAX_WAITING} messages are already scheduled"),
            });
        }
        waiting.push(Waiting {
            at: time::after(now, delay_millis),
            message: message.clone(),
            failed: 0,
            delivered: false,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use alerting::{
        detection::{LogSource, Rule},
        incident::{IncidentKey, Signal},
    };

    use super::*;

    #[test]
    fn a_failing_message_is_redelivered_a_bounded_number_of_times() {
        let timers = LocalTimers::default();
        let message = TimerMessage {
            key: IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", "k"), Signal::Private),
            incident: "i".to_owned(),
            timer: 1,
        };
        let scheduled = pin!(timers.schedule(&message, 0)).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(scheduled, Poll::Ready(Ok(())));
        let mut now = time::after(clock::now(), 1);
        let mut delivered = 0;
        for _ in 0..100 {
            for due in timers.due(now) {
                delivered += 1;
                timers.failed(&due, now);
                assert!(timers.due(now).is_empty(), "redelivered without a delay");
            }
            now = time::after(now, RETRY_DELAY_MILLIS);
        }
        assert_eq!(delivered, MAX_RECEIVES);
    }
}
