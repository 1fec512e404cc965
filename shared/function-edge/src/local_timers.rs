//! Timers within this process: for local work, and as long as no queue is configured.

use std::sync::{Mutex, MutexGuard, PoisonError};

use alerting::{
    incident::state::TimerMessage,
    ports::{PortError, Timers},
    time::{self, EpochMillis, MINUTE_MILLIS},
};

use crate::clock;

/// Messages that wait at most; each open incident has one, and a few more are stale.
const MAX_WAITING: usize = 10_000;
/// How often a message that failed is delivered, as the queue of the stack does, and how long it waits in between.
const MAX_RECEIVES: u32 = 12;
const AGAIN_MILLIS: u64 = MINUTE_MILLIS;

/// Keeps messages until somebody asks for those that are due. Lambda freezes a function between invocations, so what is due
/// is done at the next one.
#[derive(Debug, Default)]
pub struct LocalTimers(Mutex<Vec<Waiting>>);

#[derive(Debug)]
struct Waiting {
    at: EpochMillis,
    wake: TimerMessage,
    /// How often it failed.
    failed: u32,
    /// Handed out, and not known to have failed: forgotten when others are next asked for.
    out: bool,
}

impl LocalTimers {
    /// Hands out the messages that are due.
    pub fn due(&self, now: EpochMillis) -> Vec<TimerMessage> {
        let mut waiting = self.waiting();
        waiting.retain(|one| !one.out);
        let due = waiting.iter_mut().filter(|one| one.at <= now);
        due.map(|one| {
            one.out = true;
            one.wake.clone()
        })
        .collect()
    }

    /// Keeps a message that was handed out and failed, for another time.
    pub fn failed(&self, wake: &TimerMessage, now: EpochMillis) {
        let mut waiting = self.waiting();
        if let Some(one) = waiting.iter_mut().find(|one| one.out && one.wake == *wake) {
            one.failed += 1;
            one.out = one.failed >= MAX_RECEIVES;
            one.at = time::after(now, AGAIN_MILLIS);
            if one.out {
                tracing::error!(key = %wake.key, incident = wake.incident, "a timer message failed too often");
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timers for LocalTimers {
    async fn schedule(&self, wake: &TimerMessage, delay_millis: u64) -> Result<(), PortError> {
        let now = clock::now();
        let mut waiting = self.waiting();
        if waiting.len() >= MAX_WAITING {
            return Err(PortError { call: "local timers", reason: format!("{MAX_WAITING} messages wait already") });
        }
        waiting.push(Waiting { at: time::after(now, delay_millis), wake: wake.clone(), failed: 0, out: false });
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

    use alerting::{detection::Rule, incident::IncidentKey};

    use super::*;

    #[test]
    fn a_message_that_fails_comes_again_a_bounded_number_of_times() {
        let timers = LocalTimers::default();
        let wake = TimerMessage { key: IncidentKey::new(Rule::PingDeny, "1", "k"), incident: "i".to_owned(), timer: 1 };
        let armed = pin!(timers.schedule(&wake, 0)).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(armed, Poll::Ready(Ok(())));
        let mut now = time::after(clock::now(), 1);
        let mut delivered = 0;
        for _ in 0..100 {
            for due in timers.due(now) {
                delivered += 1;
                timers.failed(&due, now);
                assert!(timers.due(now).is_empty(), "not at once");
            }
            now = time::after(now, AGAIN_MILLIS);
        }
        assert_eq!(delivered, MAX_RECEIVES);
    }
}
