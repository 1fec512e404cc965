//! The decisions: what a batch or a timer message changes, and why. Pure functions of what was read, what was found, and `now`.
//!
//! | File | Decides |
//! |---|---|
//! | `batch` | what the findings of a batch change |
//! | `timer` | what a timer message does: an update, the end, or nothing |
//! | `email` | what is recorded once an email about an open incident was sent, or was not |
//! | `outlook` | what comes next if nothing else is rejected |
//! | `report` | the same for the resolved email of a closed incident |
//! | `silence` | what silences change |

mod batch;
mod email;
mod outlook;
mod report;
mod silence;
mod timer;

pub use batch::{BatchFindings, BatchStep, on_batch, resume_opening, shard_of};
pub use email::{record_email, release};
pub use outlook::{NextEmail, Outlook, outlook};
pub use report::{ReportStep, on_report, record_report, release_report};
pub use silence::{Silences, on_silenced};
pub use timer::{Counters, Due, TimerGo, TimerState, TimerStep, on_timer};

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    incident::{
        policy::Policy,
        state::{Earlier, IncidentRecord, Lease, OpenIncident},
        summary::Summary,
        top::MAX_NAMED,
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

/// A finding within this time after an incident was resolved reopens it, in milliseconds.
pub const REOPEN_MILLIS: u64 = 60 * MINUTE_MILLIS;

/// Maximum milliseconds from the resolved email to the email that the incident was reopened, however far apart its emails are by then.
const MAX_REOPENED_EMAIL_MILLIS: u64 = 60 * MINUTE_MILLIS;

/// Milliseconds without a finding after which an open incident is resolved. One that was reopened waits as long as for an update, so
/// that an incident that comes and goes sends no more emails than one that lasts.
pub fn quiet_millis(earlier: Option<&Earlier>, emails: u32, policy: &Policy) -> u64 {
    match earlier {
        None => policy.quiet_millis(),
        Some(_) => policy.quiet_millis().max(policy.interval_millis(emails)),
    }
}

/// When an update about an open incident is due, if something is unreported: after the first interval if emails have not named an
/// address that they name.
fn update_at(open: &OpenIncident, unnamed: bool, policy: &Policy) -> EpochMillis {
    let usual = policy.interval_millis(open.emails);
    let interval = match (unnamed, open.is_reopening()) {
        (true, _) => usual.min(policy.interval_millis(1)),
        (false, true) => usual.min(MAX_REOPENED_EMAIL_MILLIS),
        (false, false) => usual,
    };
    time::after(open.last_email_at, interval)
}

/// Addresses that the emails of an incident remember having named. Once there are so many, a further one is no news.
const MAX_NAMED_BY_EMAILS: usize = 2 * MAX_NAMED;

/// Remembers the addresses that an email has named, as long as there is room.
fn remember_named(known: &mut BTreeSet<IpAddr>, named: &BTreeSet<IpAddr>) {
    if known.len() < MAX_NAMED_BY_EMAILS {
        known.extend(named);
    }
}

/// Tells whether a summary has an address that must be named and that no email about this incident has named.
fn has_unnamed(summary: &Summary, open: &OpenIncident) -> bool {
    open.named.len() < MAX_NAMED_BY_EMAILS && summary.named().iter().any(|address| !open.named.contains(address))
}

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

/// Replaces the current timer message if it is overdue: lost, or late.
fn overdue_timer(open: &mut OpenIncident, now: EpochMillis, policy: &Policy) -> Option<ScheduledTimer> {
    let overdue = now > time::after(open.timer_at, TIMER_GRACE_MILLIS);
    overdue.then(|| next_timer(open, policy.min_delay_millis(), now))
}

fn next_timer(open: &mut OpenIncident, delay_millis: u64, now: EpochMillis) -> ScheduledTimer {
    open.timer += 1;
    open.timer_at = time::after(now, delay_millis);
    ScheduledTimer { incident: open.id.clone(), timer: open.timer, delay_millis }
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
        detection::{LogSource, Rule, Totals},
        incident::{
            key::IncidentKey,
            signal::Signal,
            silence::Silence,
            state::{CounterShard, OpenIncident, PastIncident, Reporting},
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
        IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", "Log-Group"), Signal::Private)
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
            named: BTreeSet::new(),
            silenced: Vec::new(),
            earlier: None,
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

    /// A record from this address.
    pub(super) fn found_from(address: &str) -> Summary {
        let mut summary = found(1);
        summary.sources.add_named(address.parse().unwrap(), 1, None);
        summary
    }

    /// The incident `p`, resolved so long ago with a second email.
    pub(super) fn past(resolved_ago: u64) -> PastIncident {
        PastIncident {
            id: "p".to_owned(),
            opened_at: ago(resolved_ago + 30 * MINUTE_MILLIS),
            last_seen: ago(resolved_ago + 15 * MINUTE_MILLIS),
            totals: Totals { records: 7, ..Totals::default() },
            resolved_at: ago(resolved_ago),
            emails: 2,
            last_email_at: ago(resolved_ago),
            named: ["10.0.0.1".parse().unwrap()].into(),
            silenced: BTreeSet::new(),
            reopened: 0,
        }
    }

    /// The same, reopened now.
    pub(super) fn earlier(resolved_ago: u64) -> Earlier {
        let PastIncident { id, opened_at, totals, resolved_at, .. } = past(resolved_ago);
        Earlier { incident: id, opened_at, resolved_at, totals, reopened: 1 }
    }

    /// A silence of the source 10.0.0.1, from a minute ago, for a minute from now.
    pub(super) fn silence(id: &str) -> Silence {
        Silence {
            id: id.to_owned(),
            rule: None,
            origin: None,
            source: Some("10.0.0.1/32".parse().unwrap()),
            destination: None,
            port: None,
            interface: None,
            account: None,
            region: None,
            log_group: None,
            from: ago(MINUTE_MILLIS),
            until: later(MINUTE_MILLIS),
            reason: "load test".to_owned(),
            by: "alice".to_owned(),
            unknown: serde_json::Map::new(),
        }
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
    fn an_update_comes_after_its_interval_or_after_the_first_one_for_an_address_that_must_be_named() {
        let minutes = |open: &OpenIncident, unnamed: bool| {
            time::millis_between(open.last_email_at, update_at(open, unnamed, &policy())) / MINUTE_MILLIS
        };
        let after = |emails| OpenIncident { emails, ..open() };
        assert_eq!([1, 2, 3, 4, 5, 6].map(|emails| minutes(&after(emails), false)), [5, 15, 60, 240, 1_440, 1_440]);
        assert_eq!([1, 2, 5].map(|emails| minutes(&after(emails), true)), [5, 5, 5]);
        let reopened = |emails, last_email_at| OpenIncident {
            last_email_at,
            earlier: Some(earlier(10 * MINUTE_MILLIS)),
            ..after(emails)
        };
        let resolved = ago(10 * MINUTE_MILLIS);
        assert_eq!([2, 3, 4, 5].map(|emails| minutes(&reopened(emails, resolved), false)), [15, 60, 60, 60]);
        assert_eq!(minutes(&reopened(5, later(0)), false), 1_440, "the email that it was reopened was sent");
    }

    #[test]
    fn a_reopened_incident_is_resolved_after_as_long_as_its_next_update_would_take() {
        let minutes = |earlier: Option<&Earlier>, emails| quiet_millis(earlier, emails, &policy()) / MINUTE_MILLIS;
        assert_eq!([1, 5].map(|emails| minutes(None, emails)), [15, 15]);
        assert_eq!([1, 2, 3, 4, 5].map(|emails| minutes(Some(&earlier(0)), emails)), [15, 15, 60, 240, 1_440]);
    }

    #[test]
    fn an_address_is_news_until_an_email_has_named_it() {
        let open = OpenIncident { named: past(0).named, ..open() };
        assert!(!has_unnamed(&found_from("10.0.0.1"), &open));
        assert!(has_unnamed(&found_from("10.0.0.2"), &open));
        let mut light = found(1);
        light.sources.add("10.0.0.2".parse().unwrap(), 9, None);
        assert!(!has_unnamed(&light, &open), "it need not be named");
        let named = |number: u32| (0..number).map(|n| std::net::Ipv4Addr::from_bits(n).into()).collect();
        let many = u32::try_from(MAX_NAMED_BY_EMAILS).unwrap();
        let full =
            |number| has_unnamed(&found_from("10.0.0.2"), &OpenIncident { named: named(number), ..open.clone() });
        assert_eq!([many - 1, many].map(full), [true, false]);
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
