//! The decisions: what a batch or a timer message changes, and why. Pure functions of what was read, what was found, and `now`.
//!
//! | File | Decides |
//! |---|---|
//! | `batch` | what the findings of a batch change |
//! | `timer` | what a timer message does: an update, the end, or nothing |
//! | `email` | what is recorded once an email about an open incident was sent, or was not |
//! | `report` | the same for the resolved email of a closed incident |

mod batch;
mod email;
mod report;
mod timer;

pub use batch::{BatchStep, on_batch, resume_opening, shard_of};
pub use email::{record_email, release};
pub use report::{ReportStep, on_report, record_report, release_report};
pub use timer::{Counters, Due, TimerGo, TimerStep, on_timer};

use crate::{
    incident::{
        policy::Policy,
        state::{IncidentRecord, Lease},
    },
    time::{self, EpochMillis, MINUTE_MILLIS},
};

/// Maximum delay of a timer message in milliseconds: 15 minutes, the limit of Amazon SQS
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>). A message that arrives early finds
/// nothing due and schedules another one.
pub const MAX_DELAY_MILLIS: u64 = 15 * MINUTE_MILLIS;

/// How late a timer message may be before it counts as lost, in milliseconds.
pub const TIMER_GRACE_MILLIS: u64 = MINUTE_MILLIS;

/// Timer messages that try to send an email and schedule their successor first, each waiting twice as long as the one before.
/// The last of them stays: if it fails, its queue delivers it again until it gives up.
pub const MAX_TRIES: u32 = 4;

/// Duration of one round of tries in milliseconds: longer than the timer queue redelivers a message (`template.yaml`: 12 times, 7.5
/// minutes apart at most). After that the message is in the failure queue, and a new round begins.
pub const ROUND_MILLIS: u64 = 120 * MINUTE_MILLIS;

/// A timer message to schedule before a change is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledTimer {
    /// The incident.
    pub incident: String,
    /// The number of the message.
    pub timer: u32,
    /// Its delay in milliseconds.
    pub delay_millis: u64,
}

fn lease(owner: &str, now: EpochMillis, policy: &Policy) -> Lease {
    Lease { owner: owner.to_owned(), until: time::after(now, policy.lease_millis()) }
}

/// Schedules the timer message of a report again if it is overdue: it is lost, or its queue has given up.
fn rescue_report(record: &mut IncidentRecord, now: EpochMillis, policy: &Policy) -> Vec<ScheduledTimer> {
    let overdue = record.reporting.as_mut().filter(|one| now > time::after(one.timer_at, TIMER_GRACE_MILLIS));
    let timer_message = overdue.map(|one| {
        // The queue redelivers it while it fails: the next rescue waits until that is over.
        one.timer_at = time::after(now, ROUND_MILLIS);
        ScheduledTimer { incident: one.id.clone(), timer: one.timer, delay_millis: policy.min_delay_millis() }
    });
    timer_message.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        detection::{Rule, Totals},
        incident::{
            key::IncidentKey,
            state::{CounterShard, OpenIncident, Reporting},
            summary::Summary,
        },
        time::SECOND_MILLIS,
    };

    /// The moment that the tests are about.
    pub(super) const NOW: EpochMillis = EpochMillis(1_795_401_134_000);

    pub(super) fn ago(millis: u64) -> EpochMillis {
        time::before(NOW, millis)
    }

    pub(super) fn later(millis: u64) -> EpochMillis {
        time::after(NOW, millis)
    }

    pub(super) fn key() -> IncidentKey {
        IncidentKey::new(Rule::PingDeny, "1", "Log-Group")
    }

    /// So many records.
    pub(super) fn found(records: u64) -> Summary {
        Summary { totals: Totals { records, ..Totals::default() }, ..Summary::default() }
    }

    /// The incident `i` of half an hour ago, whose email was sent a minute ago; its timer message 3 arrives in four minutes.
    pub(super) fn open() -> OpenIncident {
        OpenIncident {
            id: "i".to_owned(),
            opened_at: ago(30 * MINUTE_MILLIS),
            emails: 1,
            last_email_at: ago(MINUTE_MILLIS),
            lease: None,
            timer: 3,
            timer_at: later(4 * MINUTE_MILLIS),
        }
    }

    pub(super) fn record(open: OpenIncident) -> IncidentRecord {
        IncidentRecord { current: Some(open), ..IncidentRecord::default() }
    }

    /// A report of the incident `before`, whose timer message 9 was to arrive at this time.
    pub(super) fn reporting(timer_at: EpochMillis) -> Option<Reporting> {
        Some(Reporting { id: "before".to_owned(), timer: 9, timer_at })
    }

    pub(super) fn held_until(until: EpochMillis) -> Option<Lease> {
        Some(Lease { owner: "another".to_owned(), until })
    }

    pub(super) fn shard(incident: &str, fresh: u64) -> CounterShard {
        CounterShard { fresh: found(fresh), ..CounterShard::new(incident.to_owned(), ago(MINUTE_MILLIS)) }
    }

    pub(super) fn policy() -> Policy {
        Policy::default()
    }

    #[test]
    fn a_report_is_scheduled_again_once_its_message_is_a_minute_overdue_and_then_each_round() {
        let rescued = |timer_at: EpochMillis| {
            let mut record = IncidentRecord { reporting: reporting(timer_at), ..IncidentRecord::default() };
            let timers = rescue_report(&mut record, NOW, &policy());
            (timers, record.reporting.map(|one| one.timer_at))
        };
        let grace = ago(TIMER_GRACE_MILLIS);
        assert_eq!(rescued(grace), (Vec::new(), Some(grace)));
        let message = ScheduledTimer { incident: "before".to_owned(), timer: 9, delay_millis: 40 * SECOND_MILLIS };
        let overdue = ago(TIMER_GRACE_MILLIS + 1);
        assert_eq!(rescued(overdue), (vec![message], Some(later(ROUND_MILLIS))));
        assert_eq!(rescue_report(&mut IncidentRecord::default(), NOW, &policy()), []);
    }

    #[test]
    fn a_lease_outlasts_a_run() {
        assert_eq!(lease("me", NOW, &policy()), Lease { owner: "me".to_owned(), until: later(40 * SECOND_MILLIS) });
    }

    #[test]
    fn the_times_are_those_of_the_services() {
        assert_eq!((MAX_DELAY_MILLIS, TIMER_GRACE_MILLIS, ROUND_MILLIS), (900_000, 60_000, 7_200_000));
    }
}
