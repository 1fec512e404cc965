//! What a timer message does.

use crate::{
    incident::{
        plan::{
            MAX_DELAY_MILLIS, MAX_TRIES, ROUND_MILLIS, ScheduledTimer, Silences, has_unnamed, lease, quiet_millis,
            remember_named, report::report_delay_millis, rescue_report, update_at,
        },
        policy::Policy,
        reason::Reason,
        state::{ClosedIncident, CounterShard, IncidentRecord, OpenIncident, PastIncident, Reporting, Unsent},
        summary::Summary,
    },
    time::{self, EpochMillis, HOUR_MILLIS},
};

/// An email to be sent by the run that made the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The opened email, which was never sent.
    Opened,
    /// An update.
    Update,
    /// The resolved email of the incident that is closing.
    Resolved,
}

/// What a timer message does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerStep {
    /// Nothing: this message is not the current one.
    Stale,
    /// The incident is not open: its report may still be pending.
    Ended,
    /// Another run is sending the email that this message would retry. The queue redelivers the message later.
    Busy,
    /// The record changes.
    Go(Box<TimerGo>),
}

/// The part of [`TimerStep`] where something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerGo {
    /// Why an email is sent, or not.
    pub reason: Reason,
    /// The email to send after the changes are written.
    pub due: Option<Due>,
    /// The record.
    pub record: IncidentRecord,
    /// Set where the incident closes: no counter may change any more.
    pub closes: bool,
    /// The report of the incident, where it closes and is to be sent.
    pub report: Option<ClosedIncident>,
    /// The timer messages to schedule first.
    pub timers: Vec<ScheduledTimer>,
}

/// The counters of one incident together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Everything.
    pub total: Summary,
    /// What no email has reported.
    pub unreported: Summary,
    /// When something was last added.
    pub last_seen: EpochMillis,
}

impl Counters {
    /// Adds up those of an open incident.
    pub fn of<'s>(shards: impl IntoIterator<Item = &'s CounterShard>, open: &OpenIncident) -> Counters {
        let (total, unreported) = (Summary::default(), Summary::default());
        let mut counters = Counters { total, unreported, last_seen: open.opened_at };
        for shard in shards.into_iter().filter(|shard| shard.incident == open.id) {
            shard.add_total_to(&mut counters.total);
            shard.add_unreported_to(&mut counters.unreported, open.emails);
            counters.last_seen = counters.last_seen.max(shard.last_seen);
        }
        counters
    }
}

/// What is stored of an incident when a timer message about it arrives.
#[derive(Clone, Debug, Default)]
pub struct TimerState<'s> {
    /// The record.
    pub record: Option<&'s IncidentRecord>,
    /// The counters.
    pub shards: Vec<&'s CounterShard>,
    /// The silences in force.
    pub silences: Silences<'s>,
    /// Whether there were as many emails in this hour as may be: then updates wait.
    pub capped: bool,
}

/// Decides what a timer message with this number does for this incident.
pub fn on_timer(
    state: &TimerState<'_>,
    (incident, timer): (&str, u32),
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    let TimerState { record, shards, silences, capped } = state;
    let open = record.and_then(|record| Some((record, record.current.as_ref().filter(|open| open.id == incident)?)));
    let Some((record, current)) = open else { return TimerStep::Ended };
    let counters = Counters::of(shards.iter().copied(), current);
    let news = !counters.unreported.is_empty();
    let owed = if current.emails == 0 { Some(Due::Opened) } else { news.then_some(Due::Update) };
    let mut open = current.clone();
    silences.note(&mut open, now);
    if record.unsent.retry == Some(timer) && current.timer != timer {
        return on_retry(record, open, owed, owner, now, policy);
    }
    if current.timer != timer {
        return TimerStep::Stale;
    }
    let mut record = record.clone();
    let mut timers = rescue_report(&mut record, now, policy);
    open.timer += 1;
    let mut go = |mut record: IncidentRecord, mut open: OpenIncident, reason, due, wake_in: u64| {
        let delay_millis = wake_in.clamp(policy.min_delay_millis(), MAX_DELAY_MILLIS);
        open.timer_at = time::after(now, delay_millis);
        timers.push(ScheduledTimer { incident: open.id.clone(), timer: open.timer, delay_millis });
        record.current = Some(open);
        let timers = std::mem::take(&mut timers);
        TimerStep::Go(Box::new(TimerGo { reason, due, record, closes: false, report: None, timers }))
    };
    // Another run is sending: look again when its lease has expired.
    if let Some(lease) = open.lease.as_ref().filter(|lease| lease.until > now) {
        let wait = time::millis_between(now, lease.until) + 1;
        return go(record, open, Reason::SendInProgress, None, wait);
    }
    // Another message retries the email whenever its queue delivers it; this one only closes the incident.
    let round_ends = record.unsent.round_ends.filter(|ends| record.unsent.retry.is_some() && *ends > now);
    let unnamed = has_unnamed(&counters.unreported, &open);
    let update_at = update_at(&open, unnamed, policy);
    let quiet_at = time::after(counters.last_seen, quiet_millis(open.earlier.as_ref(), open.emails, policy));
    let quiet = now >= quiet_at;
    let due_at = if open.emails == 0 { now } else { update_at };
    // The opened email comes before the end. Where resolved emails are off, unreported findings need an email of their own before
    // it, too. An email that cannot be sent delays neither: the report has it.
    let email_first = open.emails == 0 || (news && !policy.resolved_emails);
    if quiet && (round_ends.is_some() || !email_first) {
        let owes = policy.resolved_emails || owed.is_some();
        return close(&record, open, counters, owes, (owner, timers), now, policy);
    }
    if let (Some(due), None) = (owed, round_ends)
        && now >= due_at
    {
        if *capped && due == Due::Update {
            let next_hour = HOUR_MILLIS - now.0 % HOUR_MILLIS;
            open.lease = None;
            return go(record, open, Reason::Capped, None, next_hour.min(time::millis_between(now, quiet_at)).max(1));
        }
        let failed_before = open.lease.is_some() || record.unsent.tries > 0 || open.emails == 0;
        let early = now < time::after(open.last_email_at, policy.interval_millis(open.emails));
        let reason = match (failed_before, early && unnamed) {
            (true, _) => Reason::LeaseExpired,
            (false, true) => Reason::NewAddress,
            (false, false) => Reason::UpdateDue,
        };
        open.lease = Some(lease(owner, now, policy));
        let wait = next_try(&mut record.unsent, timer, now, policy);
        return go(record, open, reason, Some(due), wait);
    }
    let next = match (&owed, round_ends) {
        (Some(_), Some(round_ends)) => round_ends.min(quiet_at),
        (Some(_), None) if policy.resolved_emails => due_at.min(quiet_at),
        (Some(_), None) => due_at,
        (None, _) => quiet_at,
    };
    open.lease = None;
    go(record, open, Reason::NotDue, None, time::millis_between(now, next).max(1))
}

/// Counts one more try to send an email. Returns the milliseconds until the next one, if it fails: twice as many each time. The last
/// message of a round stays, for its queue to redeliver.
fn next_try(unsent: &mut Unsent, timer: u32, now: EpochMillis, policy: &Policy) -> u64 {
    unsent.tries += 1;
    let wait = policy.lease_millis() << (unsent.tries - 1).min(MAX_TRIES);
    if unsent.tries >= MAX_TRIES {
        *unsent = Unsent { tries: 0, retry: Some(timer), round_ends: Some(time::after(now, ROUND_MILLIS)) };
    }
    wait
}

/// Handles the message that retries an email whenever its queue delivers it. Nothing is scheduled after it, so that it ends in the
/// failure queue if it never succeeds.
fn on_retry(
    record: &IncidentRecord,
    open: OpenIncident,
    owed: Option<Due>,
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    if open.lease.as_ref().is_some_and(|lease| lease.until > now) {
        return TimerStep::Busy;
    }
    let Some(due) = owed else { return TimerStep::Stale };
    let open = OpenIncident { lease: Some(lease(owner, now, policy)), ..open };
    TimerStep::Go(Box::new(TimerGo {
        reason: Reason::LeaseExpired,
        due: Some(due),
        record: IncidentRecord { current: Some(open), ..record.clone() },
        closes: false,
        report: None,
        timers: Vec::new(),
    }))
}

/// Closes an incident. What its resolved email reports is an item of its own, so that an email that cannot be sent delays no other
/// incident.
fn close(
    record: &IncidentRecord,
    open: OpenIncident,
    counters: Counters,
    owes: bool,
    (owner, mut timers): (&str, Vec<ScheduledTimer>),
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    let Counters { total, unreported, last_seen } = counters;
    let mut past = PastIncident {
        id: open.id.clone(),
        opened_at: open.opened_at,
        last_seen,
        totals: total.totals,
        resolved_at: now,
        emails: open.emails,
        last_email_at: open.last_email_at,
        named: open.named.clone(),
        silenced: open.silenced.iter().filter(|one| one.ended.is_none()).map(|one| one.silence.id.clone()).collect(),
        reopened: 0,
    };
    if let Some(earlier) = &open.earlier {
        past.id.clone_from(&earlier.incident);
        past.opened_at = earlier.opened_at;
        past.totals.add(&earlier.totals);
        past.reopened = earlier.reopened;
    }
    if owes {
        past.emails = past.emails.saturating_add(1);
        past.last_email_at = now;
        remember_named(&mut past.named, &unreported.named());
    }
    let delay_millis = report_delay_millis(policy);
    let reporting = Reporting { id: open.id.clone(), timer: open.timer, timer_at: time::after(now, delay_millis) };
    let report = owes.then(|| ClosedIncident {
        id: open.id,
        earlier: open.earlier,
        opened_at: open.opened_at,
        last_seen,
        emails: open.emails,
        summary: total,
        unreported: unreported.totals,
        silenced: open.silenced,
        lease: lease(owner, now, policy),
        timer: open.timer,
    });
    if owes {
        // The previous report leaves the record, which has room for one: a message of its own sends it.
        timers.extend(record.reporting.iter().map(|before| ScheduledTimer {
            incident: before.id.clone(),
            timer: before.timer,
            delay_millis: policy.min_delay_millis(),
        }));
        timers.push(ScheduledTimer { incident: reporting.id.clone(), timer: reporting.timer, delay_millis });
    }
    TimerStep::Go(Box::new(TimerGo {
        reason: Reason::Quiet,
        due: report.is_some().then_some(Due::Resolved),
        record: IncidentRecord {
            current: None,
            unsent: Unsent::default(),
            reporting: if owes { Some(reporting) } else { record.reporting.clone() },
            last: Some(past),
        },
        closes: true,
        report,
        timers,
    }))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        net::{IpAddr, Ipv4Addr},
    };

    use super::*;
    use crate::{
        incident::plan::MAX_NAMED_BY_EMAILS,
        incident::plan::tests::{
            NOW, ago, earlier, found, found_from, held_until, later, open, past, policy, record, reporting, shard,
            silence,
        },
        incident::silence::Silenced,
        time::{MINUTE_MILLIS, SECOND_MILLIS},
    };

    const MIN: u64 = 40 * SECOND_MILLIS;

    fn step(record: &IncidentRecord, shard: &CounterShard, timer: u32, policy: &Policy) -> TimerStep {
        let state = TimerState { record: Some(record), shards: vec![shard], ..TimerState::default() };
        on_timer(&state, ("i", timer), "me", NOW, policy)
    }

    fn go(record: &IncidentRecord, shard: &CounterShard, policy: &Policy) -> TimerGo {
        match step(record, shard, 3, policy) {
            TimerStep::Go(go) => *go,
            other => panic!("nothing happens: {other:?}"),
        }
    }

    /// An incident whose latest email was sent so long ago.
    fn emailed(ago_millis: u64) -> OpenIncident {
        OpenIncident { last_email_at: ago(ago_millis), ..open() }
    }

    fn without_resolved_emails() -> Policy {
        let mut policy = policy();
        policy.resolved_emails = false;
        policy
    }

    /// Counters with so many unreported records, the last of them so long ago.
    fn seen(fresh: u64, ago_millis: u64) -> CounterShard {
        CounterShard { last_seen: ago(ago_millis), reported: found(4), ..shard("i", fresh) }
    }

    /// Reason, email, and the one message that is scheduled: number and delay.
    fn outcome(go: &TimerGo) -> (Reason, Option<Due>, u32, u64) {
        let [timer] = &go.timers[..] else { panic!("{:?}", go.timers) };
        let open = go.record.current.as_ref().unwrap();
        assert_eq!((timer.timer, later(timer.delay_millis)), (open.timer, open.timer_at));
        assert!(!go.closes && go.report.is_none());
        (go.reason, go.due, timer.timer, timer.delay_millis)
    }

    #[test]
    fn only_the_current_message_of_the_open_incident_counts() {
        let stored = record(open());
        assert_eq!(step(&stored, &seen(1, 0), 2, &policy()), TimerStep::Stale);
        assert_eq!(step(&stored, &seen(1, 0), 4, &policy()), TimerStep::Stale);
        let closed = IncidentRecord::default();
        for (record, incident) in [(Some(&stored), "j"), (Some(&closed), "i"), (None, "i")] {
            assert_eq!(
                on_timer(&TimerState { record, ..TimerState::default() }, (incident, 3), "me", NOW, &policy()),
                TimerStep::Ended
            );
        }
    }

    #[test]
    fn an_update_is_sent_when_its_interval_is_over_and_something_is_unreported() {
        let due = record(emailed(5 * MINUTE_MILLIS));
        let sent = go(&due, &seen(1, 0), &policy());
        assert_eq!(outcome(&sent), (Reason::UpdateDue, Some(Due::Update), 4, MIN));
        let current = sent.record.current.unwrap();
        assert_eq!(current.lease, Some(lease("me", NOW, &policy())));
        assert_eq!(sent.record.unsent, Unsent { tries: 1, ..Unsent::default() });

        let early = go(&record(emailed(5 * MINUTE_MILLIS - 1)), &seen(1, 0), &policy());
        assert_eq!(outcome(&early), (Reason::NotDue, None, 4, MIN), "never sooner than a run may take");
        let early = go(&record(emailed(MINUTE_MILLIS)), &seen(1, 0), &policy());
        assert_eq!(outcome(&early), (Reason::NotDue, None, 4, 4 * MINUTE_MILLIS));
        assert_eq!(early.record.current.unwrap().lease, None);

        let nothing_new = go(&due, &seen(0, MINUTE_MILLIS), &policy());
        assert_eq!(outcome(&nothing_new), (Reason::NotDue, None, 4, 14 * MINUTE_MILLIS), "until it is quiet");
    }

    #[test]
    fn an_address_that_no_email_has_named_makes_an_update_due_after_the_first_interval() {
        let late = |ago_millis| record(OpenIncident { emails: 5, named: past(0).named, ..emailed(ago_millis) });
        let with = |address: &str| CounterShard { fresh: found_from(address), ..seen(0, 0) };
        let sent = go(&late(5 * MINUTE_MILLIS), &with("10.0.0.2"), &policy());
        assert_eq!(outcome(&sent), (Reason::NewAddress, Some(Due::Update), 4, MIN));
        let waits = go(&late(4 * MINUTE_MILLIS), &with("10.0.0.2"), &policy());
        assert_eq!(outcome(&waits), (Reason::NotDue, None, 4, MINUTE_MILLIS));
        let named = go(&late(5 * MINUTE_MILLIS), &with("10.0.0.1"), &policy());
        assert_eq!(outcome(&named), (Reason::NotDue, None, 4, 15 * MINUTE_MILLIS));
    }

    #[test]
    fn a_reopened_incident_reports_that_and_ends_as_the_one_that_it_was() {
        let open = |emails| OpenIncident {
            emails,
            last_email_at: ago(20 * MINUTE_MILLIS),
            earlier: Some(earlier(20 * MINUTE_MILLIS)),
            named: past(0).named,
            ..open()
        };
        let sent = go(&record(open(2)), &seen(1, 0), &policy());
        assert_eq!(outcome(&sent), (Reason::UpdateDue, Some(Due::Update), 4, MIN));
        // It takes an hour after three emails, and not the quiet time.
        let open = |emails| OpenIncident { opened_at: ago(80 * MINUTE_MILLIS), ..open(emails) };
        let waits = go(&record(open(3)), &seen(0, 59 * MINUTE_MILLIS), &policy());
        assert_eq!(outcome(&waits), (Reason::NotDue, None, 4, MINUTE_MILLIS));
        let shard = CounterShard { fresh: found_from("10.0.0.2"), ..seen(0, 60 * MINUTE_MILLIS) };
        let closed = go(&record(open(3)), &shard, &policy());
        let last = closed.record.last.unwrap();
        assert_eq!((last.id.as_str(), last.opened_at, last.reopened), ("p", earlier(20 * MINUTE_MILLIS).opened_at, 1));
        assert_eq!((last.totals.records, last.emails, last.last_email_at, last.resolved_at), (7 + 4 + 1, 4, NOW, NOW));
        assert_eq!(last.named.len(), 2, "the resolved email names the other one");
        assert_eq!(closed.report.unwrap().earlier, Some(earlier(20 * MINUTE_MILLIS)));
    }

    #[test]
    fn the_addresses_that_emails_have_named_end_at_their_limit() {
        let named: BTreeSet<IpAddr> = (0..MAX_NAMED_BY_EMAILS as u32).map(|n| Ipv4Addr::from_bits(n).into()).collect();
        let full = OpenIncident { named: named.clone(), ..open() };
        let shard = CounterShard { fresh: found_from("10.0.0.2"), ..seen(0, 15 * MINUTE_MILLIS) };
        assert_eq!(go(&record(full), &shard, &policy()).record.last.unwrap().named, named);
    }

    #[test]
    fn without_a_resolved_email_the_last_one_before_counts() {
        let silent = without_resolved_emails();
        let closed = go(&record(emailed(30 * MINUTE_MILLIS)), &seen(0, 15 * MINUTE_MILLIS), &silent);
        let last = closed.record.last.unwrap();
        assert_eq!((last.emails, last.last_email_at, last.resolved_at), (1, ago(30 * MINUTE_MILLIS), NOW));
    }

    #[test]
    fn a_pending_opened_email_is_sent_at_once() {
        let unsent = OpenIncident { emails: 0, ..open() };
        assert_eq!(
            outcome(&go(&record(unsent), &seen(1, 0), &policy())),
            (Reason::LeaseExpired, Some(Due::Opened), 4, MIN)
        );
    }

    #[test]
    fn while_another_run_sends_it_is_looked_at_again_when_the_lease_has_expired() {
        let held = |until| record(OpenIncident { lease: held_until(until), ..emailed(5 * MINUTE_MILLIS) });
        let waits = go(&held(later(MINUTE_MILLIS)), &seen(1, 0), &policy());
        assert_eq!(outcome(&waits), (Reason::SendInProgress, None, 4, MINUTE_MILLIS + 1));
        assert_eq!(waits.record.current.unwrap().lease, held_until(later(MINUTE_MILLIS)));
        let expired = go(&held(NOW), &seen(1, 0), &policy());
        assert_eq!(outcome(&expired), (Reason::LeaseExpired, Some(Due::Update), 4, MIN));
    }

    #[test]
    fn each_try_waits_twice_as_long_and_the_last_one_stays_in_its_queue() {
        let tried = |tries| {
            let unsent = Unsent { tries, ..Unsent::default() };
            let sent = go(&IncidentRecord { unsent, ..record(emailed(5 * MINUTE_MILLIS)) }, &seen(1, 0), &policy());
            (outcome(&sent).0, outcome(&sent).3, sent.record.unsent)
        };
        let round = |tries| Unsent { tries, ..Unsent::default() };
        assert_eq!(tried(1), (Reason::LeaseExpired, 2 * MIN, round(2)));
        assert_eq!(tried(2), (Reason::LeaseExpired, 4 * MIN, round(3)));
        let stays = Unsent { tries: 0, retry: Some(3), round_ends: Some(later(ROUND_MILLIS)) };
        assert_eq!(tried(3), (Reason::LeaseExpired, 8 * MIN, stays.clone()));
        assert_eq!(tried(200), (Reason::LeaseExpired, 16 * MIN, stays));
    }

    #[test]
    fn during_a_round_no_message_but_the_retry_sends_the_email() {
        let retried = |round_ends| {
            let unsent = Unsent { tries: 0, retry: Some(2), round_ends: Some(round_ends) };
            IncidentRecord { unsent, ..record(emailed(5 * MINUTE_MILLIS)) }
        };
        let waits = go(&retried(later(2 * MINUTE_MILLIS)), &seen(1, 0), &policy());
        assert_eq!(outcome(&waits), (Reason::NotDue, None, 4, 2 * MINUTE_MILLIS), "until the round ends");
        let waits = go(&retried(later(30 * MINUTE_MILLIS)), &seen(1, 10 * MINUTE_MILLIS), &policy());
        assert_eq!(outcome(&waits), (Reason::NotDue, None, 4, 5 * MINUTE_MILLIS), "or until it is quiet");
        assert_eq!(go(&retried(NOW), &seen(1, 0), &policy()).due, Some(Due::Update), "a new round begins");
        // And the message of the round.
        let TimerStep::Go(sends) = step(&retried(later(1)), &seen(1, 0), 2, &policy()) else { panic!("it sends") };
        assert_eq!((sends.reason, sends.due, &sends.timers[..]), (Reason::LeaseExpired, Some(Due::Update), &[][..]));
        assert_eq!(sends.record.current.unwrap().lease, Some(lease("me", NOW, &policy())));
        assert_eq!(step(&retried(later(1)), &seen(0, 0), 2, &policy()), TimerStep::Stale, "nothing is unreported");
        let mut held = retried(later(1));
        held.current.as_mut().unwrap().lease = held_until(later(1));
        assert_eq!(step(&held, &seen(1, 0), 2, &policy()), TimerStep::Busy);
        held.current.as_mut().unwrap().lease = held_until(NOW);
        assert!(matches!(step(&held, &seen(1, 0), 2, &policy()), TimerStep::Go(_)));
    }

    #[test]
    fn a_retry_that_is_the_current_message_is_handled_as_that() {
        let unsent = Unsent { tries: 0, retry: Some(3), round_ends: Some(later(30 * MINUTE_MILLIS)) };
        let waits = go(&IncidentRecord { unsent, ..record(emailed(5 * MINUTE_MILLIS)) }, &seen(1, 0), &policy());
        assert_eq!(outcome(&waits), (Reason::NotDue, None, 4, 15 * MINUTE_MILLIS));
    }

    #[test]
    fn an_incident_closes_after_the_quiet_time_and_hands_its_report_over() {
        let early = go(&record(open()), &seen(1, 15 * MINUTE_MILLIS - 1), &policy());
        assert_eq!(outcome(&early).0, Reason::NotDue);
        let closed = go(&record(open()), &seen(1, 15 * MINUTE_MILLIS), &policy());
        assert_eq!((closed.reason, closed.due, closed.closes), (Reason::Quiet, Some(Due::Resolved), true));
        let report = closed.report.unwrap();
        assert_eq!((report.emails, report.timer, report.last_seen), (1, 4, ago(15 * MINUTE_MILLIS)));
        assert_eq!((report.summary.totals.records, report.unreported.records), (5, 1));
        assert_eq!(report.lease, lease("me", NOW, &policy()));
        let message = ScheduledTimer { incident: "i".to_owned(), timer: 4, delay_millis: MIN + 2 * SECOND_MILLIS };
        assert_eq!(closed.timers, [message]);
        let reporting = Reporting { id: "i".to_owned(), timer: 4, timer_at: later(MIN + 2 * SECOND_MILLIS) };
        assert_eq!((closed.record.current, closed.record.reporting), (None, Some(reporting)));
        let last = closed.record.last.unwrap();
        assert_eq!((last.id.as_str(), last.totals.records, last.last_seen), ("i", 5, ago(15 * MINUTE_MILLIS)));
    }

    #[test]
    fn a_resolved_email_says_which_silences_hold_and_which_have_ended() {
        let known = |id: &str| Silenced { silence: silence(id), since: ago(9), ended: None };
        let stored = record(OpenIncident { silenced: vec![known("a"), known("b")], ..open() });
        let holds = silence("b");
        let silences = Silences { in_force: vec![&holds], covering: Vec::new() };
        let quiet = seen(0, 15 * MINUTE_MILLIS);
        let state = TimerState { record: Some(&stored), shards: vec![&quiet], silences, capped: false };
        let step = on_timer(&state, ("i", 3), "me", NOW, &policy());
        let TimerStep::Go(closed) = step else { panic!("it closes") };
        let ended = Silenced { ended: Some(NOW), ..known("a") };
        assert_eq!(closed.report.unwrap().silenced, [ended, known("b")]);
        assert_eq!(closed.record.last.unwrap().silenced, ["b".to_owned()].into());
    }

    #[test]
    fn an_update_beyond_the_emails_of_an_hour_waits_for_the_next_one_or_for_the_end() {
        let step = |shard: &CounterShard, open: OpenIncident| {
            let stored = record(open);
            let state =
                TimerState { record: Some(&stored), shards: vec![shard], capped: true, ..TimerState::default() };
            let TimerStep::Go(go) = on_timer(&state, ("i", 3), "me", NOW, &policy()) else {
                panic!("it is its message")
            };
            (go.reason, go.due, go.timers[0].delay_millis)
        };
        let next_hour = HOUR_MILLIS - NOW.0 % HOUR_MILLIS;
        assert!(next_hour > MAX_DELAY_MILLIS, "{next_hour}");
        assert_eq!(step(&seen(1, 0), emailed(5 * MINUTE_MILLIS)), (Reason::Capped, None, MAX_DELAY_MILLIS));
        assert_eq!(
            step(&seen(1, 13 * MINUTE_MILLIS), emailed(5 * MINUTE_MILLIS)),
            (Reason::Capped, None, 2 * MINUTE_MILLIS)
        );
        // It is not due yet; the end and an opened email that is late are not held up.
        assert_eq!(step(&seen(1, 0), emailed(MINUTE_MILLIS)).0, Reason::NotDue);
        assert_eq!(step(&seen(1, 15 * MINUTE_MILLIS), emailed(5 * MINUTE_MILLIS)).1, Some(Due::Resolved));
        assert_eq!(step(&seen(1, 0), OpenIncident { emails: 0, ..open() }).1, Some(Due::Opened));
    }

    #[test]
    fn the_opened_email_comes_before_the_end_unless_it_cannot_be_sent() {
        let unsent = OpenIncident { emails: 0, ..open() };
        let quiet = seen(1, 20 * MINUTE_MILLIS);
        assert_eq!(go(&record(unsent.clone()), &quiet, &policy()).due, Some(Due::Opened));
        let retried = Unsent { tries: 0, retry: Some(2), round_ends: Some(later(1)) };
        let closed = go(&IncidentRecord { unsent: retried, ..record(unsent) }, &quiet, &policy());
        assert_eq!((closed.closes, closed.due), (true, Some(Due::Resolved)));
    }

    #[test]
    fn without_resolved_emails_unreported_findings_get_an_update_before_the_end() {
        let silent = without_resolved_emails();
        let quiet = 20 * MINUTE_MILLIS;
        assert_eq!(go(&record(emailed(5 * MINUTE_MILLIS)), &seen(1, quiet), &silent).due, Some(Due::Update));
        // The update is due later than the quiet time: it is waited for.
        let waits = go(&record(emailed(MINUTE_MILLIS)), &seen(1, 14 * MINUTE_MILLIS), &silent);
        assert_eq!(outcome(&waits), (Reason::NotDue, None, 4, 4 * MINUTE_MILLIS));
        let closed = go(&record(open()), &seen(0, quiet), &silent);
        assert_eq!((closed.closes, closed.due, closed.report, closed.timers), (true, None, None, Vec::new()));
        assert_eq!(closed.record.reporting, None);
        let retried = Unsent { tries: 0, retry: Some(2), round_ends: Some(later(1)) };
        let closed = go(&IncidentRecord { unsent: retried, ..record(open()) }, &seen(1, quiet), &silent);
        assert_eq!(closed.due, Some(Due::Resolved), "what could not be sent is in the report");
    }

    #[test]
    fn a_report_before_it_leaves_the_record_with_a_message_of_its_own() {
        let stored = IncidentRecord { reporting: reporting(later(1)), ..record(open()) };
        let closed = go(&stored, &seen(0, 15 * MINUTE_MILLIS), &policy());
        let ids: Vec<(&str, u32, u64)> =
            closed.timers.iter().map(|timer| (timer.incident.as_str(), timer.timer, timer.delay_millis)).collect();
        assert_eq!(ids, [("before", 9, MIN), ("i", 4, MIN + 2 * SECOND_MILLIS)]);
        // An incident without a report leaves the one before where it is.
        let silent = without_resolved_emails();
        assert_eq!(go(&stored, &seen(0, 15 * MINUTE_MILLIS), &silent).record.reporting, reporting(later(1)));
    }

    #[test]
    fn a_lost_report_is_rescued_by_the_next_message() {
        let stored = IncidentRecord { reporting: reporting(ago(2 * MINUTE_MILLIS)), ..record(open()) };
        let waits = go(&stored, &seen(0, 0), &policy());
        assert_eq!(waits.timers.iter().map(|timer| timer.incident.as_str()).collect::<Vec<_>>(), ["before", "i"]);
    }

    #[test]
    fn counters_of_other_incidents_are_not_counted() {
        let counters = Counters::of([&seen(2, 5), &shard("j", 7), &seen(1, 9)], &open());
        assert_eq!((counters.total.totals.records, counters.unreported.totals.records), (11, 3));
        assert_eq!(counters.last_seen, ago(5));
        assert_eq!(Counters::of([], &open()).last_seen, open().opened_at);
    }
}
