//! Timers within this process: for local work, and as long as no queue is configured.

use std::sync::{Mutex, MutexGuard, PoisonError};

use alerting::{
    ports::{PortError, Timers, Wake},
    time::{self, EpochMillis},
};

use crate::clock;

/// Messages that wait at most; each open incident has one, and a few more are stale.
const MAX_WAITING: usize = 10_000;

/// Keeps messages until somebody asks for those that are due. Lambda freezes a function between invocations, so what is due
/// is done at the next one.
#[derive(Debug, Default)]
pub struct LocalTimers(Mutex<Vec<(EpochMillis, Wake)>>);

impl LocalTimers {
    /// Takes out the messages that are due.
    pub fn due(&self, now: EpochMillis) -> Vec<Wake> {
        let mut waiting = self.waiting();
        let (due, later) = std::mem::take(&mut *waiting).into_iter().partition(|(at, _)| *at <= now);
        *waiting = later;
        let due: Vec<(EpochMillis, Wake)> = due;
        due.into_iter().map(|(_, wake)| wake).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(EpochMillis, Wake)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timers for LocalTimers {
    async fn arm(&self, wake: &Wake, delay_millis: u64) -> Result<(), PortError> {
        let now = clock::now();
        let mut waiting = self.waiting();
        if waiting.len() >= MAX_WAITING {
            return Err(PortError { call: "local timers", reason: format!("{MAX_WAITING} messages wait already") });
        }
        waiting.push((time::after(now, delay_millis), wake.clone()));
        Ok(())
    }
}
