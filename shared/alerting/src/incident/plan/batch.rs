//! What the findings of a batch change.

use std::collections::BTreeSet;

use crate::{
    hash::hash,
    incident::{
        key::{IncidentKey, KeyPart},
        plan::{
            MAX_DELAY_MILLIS, REOPEN_MILLIS, ScheduledTimer, Silences, TIMER_GRACE_MILLIS, has_unnamed, lease,
            next_timer, overdue_timer, rescue_report, update_at,
        },
        policy::Policy,
        reason::Reason,
        state::{CounterShard, Earlier, Handed, IncidentRecord, OpenIncident, PastIncident, Unsent},
        summary::Summary,
    },
    time::{self, EpochMillis},
};

/// What a batch does to the incident of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchStep {
    /// Why.
    pub reason: Reason,
    /// The record, where it changes.
    pub record: Option<IncidentRecord>,
    /// The counters.
    pub counters: CounterShard,
    /// Whether the stored counters belong to an unknown incident: then they have to be set aside.
    pub orphan: bool,
    /// The timer messages to schedule first.
    pub timers: Vec<ScheduledTimer>,
}

/// What a batch has for the incident of one key.
#[derive(Clone, Debug)]
pub struct BatchFindings<'f> {
    /// The key.
    pub key: &'f IncidentKey,
    /// The batch.
    pub batch: &'f str,
    /// The findings that no silence covers, counted.
    pub found: &'f Summary,
    /// The silences.
    pub silences: &'f Silences<'f>,
}

/// Decides what a batch's findings change, if they have not been counted yet. None if what was read does not fit together: a store
/// reads one item after the other, and the incident was closed in between.
pub fn on_batch(
    record: Option<&IncidentRecord>,
    shard: Option<&CounterShard>,
    findings: &BatchFindings<'_>,
    now: EpochMillis,
    policy: &Policy,
) -> Option<BatchStep> {
    let mut record = record.cloned().unwrap_or_default();
    let timers = rescue_report(&mut record, now, policy);
    if let Some(current) = record.current.clone() {
        return add(record, current, shard, findings, timers, now, policy);
    }
    // Each test is for its opened email.
    let reopens = findings.key.part != KeyPart::Test;
    let recent = |past: &PastIncident| reopens && now <= time::after(past.resolved_at, REOPEN_MILLIS);
    let reopened = record.last.take_if(|past| recent(past) && findings.silences.let_reopen(past));
    Some(match reopened {
        Some(past) => reopen(record, past, shard, findings, timers, now, policy),
        None => open(record, shard, findings, timers, now, policy),
    })
}

/// Tells whether counters are of another incident than the open one with this id, which is not known.
fn is_orphan(shard: Option<&CounterShard>, id: &str) -> bool {
    shard.is_some_and(|shard| !shard.closed && shard.incident != id)
}

/// Opens an incident. The batch sends the opened email itself.
fn open(
    mut record: IncidentRecord,
    shard: Option<&CounterShard>,
    findings: &BatchFindings<'_>,
    mut timers: Vec<ScheduledTimer>,
    now: EpochMillis,
    policy: &Policy,
) -> BatchStep {
    let BatchFindings { key, batch, found, silences } = *findings;
    let id = incident_id(key, batch, now);
    let mut open = OpenIncident {
        id: id.clone(),
        opened_at: now,
        emails: 0,
        last_email_at: now,
        lease: Some(lease(batch, now, policy)),
        timer: 0,
        timer_at: time::after(now, policy.lease_millis()),
        named: BTreeSet::new(),
        silenced: Vec::new(),
        earlier: None,
    };
    silences.note(&mut open, now);
    record.current = Some(open);
    record.unsent = Unsent::default();
    timers.push(ScheduledTimer { incident: id.clone(), timer: 0, delay_millis: policy.lease_millis() });
    let orphan = is_orphan(shard, &id);
    let handed = Handed { email: 1, summary: found.clone() };
    let counters = CounterShard { handed: Some(handed), ..CounterShard::new(id, now) };
    BatchStep { reason: Reason::New, record: Some(record), counters, orphan, timers }
}

/// Reopens an incident that was resolved a short time ago. It goes on where it was: its next email is an update, sent when one is due.
fn reopen(
    mut record: IncidentRecord,
    past: PastIncident,
    shard: Option<&CounterShard>,
    findings: &BatchFindings<'_>,
    mut timers: Vec<ScheduledTimer>,
    now: EpochMillis,
    policy: &Policy,
) -> BatchStep {
    let reopened = past.reopened + 1;
    let id = format!("{}.{reopened}", past.id);
    let mut open = OpenIncident {
        id: id.clone(),
        opened_at: now,
        emails: past.emails,
        last_email_at: past.last_email_at,
        lease: None,
        timer: 0,
        timer_at: now,
        named: past.named,
        silenced: Vec::new(),
        earlier: Some(Earlier {
            incident: past.id,
            opened_at: past.opened_at,
            resolved_at: past.resolved_at,
            totals: past.totals,
            reopened,
        }),
    };
    findings.silences.note(&mut open, now);
    let due_in = time::millis_between(now, update_at(&open, has_unnamed(findings.found, &open), policy));
    let delay_millis = due_in.clamp(policy.min_delay_millis(), MAX_DELAY_MILLIS);
    open.timer_at = time::after(now, delay_millis);
    timers.push(ScheduledTimer { incident: id.clone(), timer: 0, delay_millis });
    record.current = Some(open);
    record.unsent = Unsent::default();
    let orphan = is_orphan(shard, &id);
    let mut counters = CounterShard::new(id, now);
    counters.add(findings.found, past.emails, now);
    BatchStep { reason: Reason::Reopened, record: Some(record), counters, orphan, timers }
}

/// Adds findings to the open incident. None if its resolved email is on its way: what is added now would not be reported.
fn add(
    mut record: IncidentRecord,
    mut open: OpenIncident,
    shard: Option<&CounterShard>,
    findings: &BatchFindings<'_>,
    mut timers: Vec<ScheduledTimer>,
    now: EpochMillis,
    policy: &Policy,
) -> Option<BatchStep> {
    let mut counters = match shard {
        Some(shard) if shard.incident == open.id && shard.closed => return None,
        Some(shard) if shard.incident == open.id => shard.clone(),
        _ => CounterShard::new(open.id.clone(), now),
    };
    counters.add(findings.found, open.emails, now);
    let noted = findings.silences.note(&mut open, now);
    // The opened email is pending and nobody is sending it: this batch does, unless a timer message has tried already. The email
    // reports the counters, because other batches are counted too.
    let free = open.lease.as_ref().is_none_or(|lease| lease.until <= now);
    let owed = open.emails == 0 && free && record.unsent == Unsent::default();
    if owed {
        open.lease = Some(lease(findings.batch, now, policy));
    }
    let emails_go_out = open.emails > 0 && record.unsent == Unsent::default();
    let update_in = time::millis_between(now, update_at(&open, has_unnamed(&counters.fresh, &open), policy));
    timers.extend(overdue_timer(&mut open, now, policy).or_else(|| {
        let wake_in = if emails_go_out { update_in } else { MAX_DELAY_MILLIS };
        earlier_timer(&mut open, wake_in, now, policy)
    }));
    // With the record in the transaction the counters are known to be unused: the open incident has another id.
    let orphan = is_orphan(shard, &open.id);
    record.current = Some(open);
    let record = (owed || orphan || noted || !timers.is_empty()).then_some(record);
    let reason = if owed { Reason::LeaseExpired } else { Reason::Open };
    Some(BatchStep { reason, counters, orphan, timers, record })
}

/// Replaces the current timer message if it comes later than in so many milliseconds: nothing was unreported when it was scheduled.
fn earlier_timer(open: &mut OpenIncident, wake_in: u64, now: EpochMillis, policy: &Policy) -> Option<ScheduledTimer> {
    let wake_in = wake_in.clamp(policy.min_delay_millis(), MAX_DELAY_MILLIS);
    let too_late = open.timer_at > time::after(now, wake_in + TIMER_GRACE_MILLIS);
    too_late.then(|| next_timer(open, wake_in, now))
}

/// Takes the right to send the opened email of an incident that this batch opened in an earlier attempt, if it is still pending.
pub fn resume_opening(
    record: Option<&IncidentRecord>,
    id: &str,
    batch: &str,
    now: EpochMillis,
    policy: &Policy,
) -> Option<IncidentRecord> {
    let mut record = record?.clone();
    let open = record.current.as_mut().filter(|open| open.id == id && open.emails == 0)?;
    // Its own lease is that of the earlier attempt, which has ended: two runs never have the same batch.
    if open.lease.as_ref().is_some_and(|lease| lease.until > now && lease.owner != batch) {
        return None;
    }
    open.lease = Some(lease(batch, now, policy));
    Some(record)
}

/// The id of an incident: when it opened, and a hash of its key and of the batch, which may open several.
fn incident_id(key: &IncidentKey, batch: &str, now: EpochMillis) -> String {
    format!("{}-{:08x}", now.0, hash(format!("{key} {batch}").as_bytes()) as u32)
}

/// The counter shard that a batch adds to, at its n-th attempt.
pub fn shard_of(key: &IncidentKey, batch: &str, attempt: u32, shards: u8) -> u8 {
    let hash = hash(format!("{key} {batch}").as_bytes());
    let shards = u64::from(shards.max(1));
    u8::try_from(hash.wrapping_add(u64::from(attempt)) % shards).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        incident::plan::tests::{
            NOW, ago, earlier, found, found_from, held_until, key, later, open, past, policy, record, reporting, shard,
            silence,
        },
        incident::{Silence, Silenced, state::Lease},
        time::{MINUTE_MILLIS, SECOND_MILLIS},
    };

    fn step(record: Option<&IncidentRecord>, shard: Option<&CounterShard>) -> Option<BatchStep> {
        step_with(record, shard, &found(2))
    }

    fn step_with(record: Option<&IncidentRecord>, shard: Option<&CounterShard>, found: &Summary) -> Option<BatchStep> {
        let findings = BatchFindings { key: &key(), batch: "b", found, silences: &Silences::default() };
        on_batch(record, shard, &findings, NOW, &policy())
    }

    fn timer(incident: &str, timer: u32, delay_millis: u64) -> ScheduledTimer {
        ScheduledTimer { incident: incident.to_owned(), timer, delay_millis }
    }

    fn resolved(resolved_ago: u64) -> IncidentRecord {
        IncidentRecord { last: Some(past(resolved_ago)), ..IncidentRecord::default() }
    }

    #[test]
    fn findings_within_an_hour_after_an_incident_was_resolved_reopen_it() {
        let step = step(Some(&resolved(10 * MINUTE_MILLIS)), None).unwrap();
        let opened = step.record.unwrap().current.unwrap();
        assert_eq!((step.reason, step.orphan), (Reason::Reopened, false));
        assert_eq!((opened.id.as_str(), opened.emails, opened.last_email_at), ("p.1", 2, ago(10 * MINUTE_MILLIS)));
        assert_eq!((opened.earlier, opened.named), (Some(earlier(10 * MINUTE_MILLIS)), past(0).named));
        assert_eq!((opened.opened_at, opened.lease), (NOW, None));
        // The next email is due 15 minutes after the second one.
        assert_eq!(step.timers, [timer("p.1", 0, 5 * MINUTE_MILLIS)]);
        assert_eq!(opened.timer_at, later(5 * MINUTE_MILLIS));
        let counters = CounterShard { fresh: found(2), ..CounterShard::new("p.1".to_owned(), NOW) };
        assert_eq!(step.counters, counters, "nothing of it is handed to an email yet");
    }

    #[test]
    fn it_is_reopened_under_a_new_id_each_time_and_after_an_hour_never() {
        let id = |record: &IncidentRecord| {
            let step = step(Some(record), None).unwrap();
            (step.reason, step.record.unwrap().current.unwrap().id, step.timers[0].delay_millis)
        };
        assert_eq!(id(&resolved(REOPEN_MILLIS)), (Reason::Reopened, "p.1".to_owned(), 40 * SECOND_MILLIS));
        assert_eq!(id(&resolved(REOPEN_MILLIS + 1)).0, Reason::New);
        let again = PastIncident { reopened: 3, emails: 9, ..past(0) };
        let again = IncidentRecord { last: Some(again), ..IncidentRecord::default() };
        assert_eq!(id(&again), (Reason::Reopened, "p.4".to_owned(), MAX_DELAY_MILLIS));
    }

    #[test]
    fn a_test_never_reopens_an_incident() {
        let key = key().with(KeyPart::Test);
        let findings = BatchFindings { key: &key, batch: "b", found: &found(2), silences: &Silences::default() };
        let step = on_batch(Some(&resolved(MINUTE_MILLIS)), None, &findings, NOW, &policy()).unwrap();
        assert_eq!(step.reason, Reason::New);
    }

    #[test]
    fn findings_after_a_silence_has_ended_open_an_incident_as_usual() {
        let silenced = PastIncident { silenced: ["a".to_owned()].into(), ..past(MINUTE_MILLIS) };
        let record = IncidentRecord { last: Some(silenced), ..IncidentRecord::default() };
        let reason = |in_force: &[&Silence]| {
            let silences = Silences { in_force: in_force.to_vec(), covering: Vec::new() };
            let findings = BatchFindings { key: &key(), batch: "b", found: &found(2), silences: &silences };
            on_batch(Some(&record), None, &findings, NOW, &policy()).unwrap().reason
        };
        assert_eq!(reason(&[]), Reason::New);
        assert_eq!(reason(&[&silence("a")]), Reason::Reopened, "other findings, while it is in force");
        assert_eq!(reason(&[&silence("b")]), Reason::New);
    }

    #[test]
    fn an_incident_notes_that_some_of_its_findings_are_silenced() {
        let known = silence("a");
        let silences = Silences { in_force: vec![&known], covering: vec![&known] };
        let findings = BatchFindings { key: &key(), batch: "b", found: &found(2), silences: &silences };
        let noted = |record: Option<&IncidentRecord>, shard: Option<&CounterShard>| {
            let step = on_batch(record, shard, &findings, NOW, &policy()).unwrap();
            (step.reason, step.record.and_then(|record| record.current).map(|open| open.silenced))
        };
        let silenced = vec![Silenced { silence: known.clone(), since: NOW, ended: None }];
        assert_eq!(noted(None, None), (Reason::New, Some(silenced.clone())));
        assert_eq!(noted(Some(&record(open())), Some(&shard("i", 5))), (Reason::Open, Some(silenced.clone())));
        assert_eq!(noted(Some(&resolved(0)), None), (Reason::Reopened, Some(silenced.clone())));
        let knows = record(OpenIncident { silenced, ..open() });
        assert_eq!(noted(Some(&knows), Some(&shard("i", 5))), (Reason::Open, None), "nothing new for the record");
    }

    #[test]
    fn an_address_that_no_email_has_named_brings_the_timer_message_forward() {
        let open = OpenIncident {
            emails: 5,
            last_email_at: ago(3 * MINUTE_MILLIS),
            timer_at: later(14 * MINUTE_MILLIS),
            named: past(0).named,
            ..open()
        };
        let step = |address: &str| {
            let found = found_from(address);
            let step = step_with(Some(&record(open.clone())), Some(&shard("i", 0)), &found).unwrap();
            (step.reason, step.timers)
        };
        assert_eq!(step("10.0.0.1"), (Reason::Open, Vec::new()));
        assert_eq!(step("10.0.0.2"), (Reason::Open, vec![timer("i", 4, 2 * MINUTE_MILLIS)]));
    }

    #[test]
    fn the_first_findings_open_an_incident_whose_email_the_batch_sends() {
        let step = step(None, None).unwrap();
        let opened = step.record.unwrap().current.unwrap();
        assert!(opened.id.starts_with("1795401134000-"), "{}", opened.id);
        let lease = Lease { owner: "b".to_owned(), until: later(40 * SECOND_MILLIS) };
        assert_eq!((opened.emails, opened.timer, &opened.lease), (0, 0, &Some(lease)));
        assert_eq!(step.timers, [timer(&opened.id, 0, 40 * SECOND_MILLIS)]);
        assert_eq!(opened.timer_at, later(40 * SECOND_MILLIS));
        assert_eq!(step.counters.handed, Some(Handed { email: 1, summary: found(2) }));
        assert_eq!((step.reason, step.orphan, step.counters.incident), (Reason::New, false, opened.id));
    }

    #[test]
    fn two_batches_of_one_moment_open_two_incidents() {
        let ids = ["b", "c"].map(|batch| incident_id(&key(), batch, NOW));
        assert_ne!(ids[0], ids[1]);
        assert_ne!(ids[0], incident_id(&key(), "b", later(1)));
    }

    #[test]
    fn later_findings_are_added_and_change_no_record() {
        let step = step(Some(&record(open())), Some(&shard("i", 5))).unwrap();
        assert_eq!((step.reason, step.record, step.timers), (Reason::Open, None, Vec::new()));
        assert_eq!((step.counters.fresh.totals.records, step.counters.last_seen), (7, NOW));
    }

    #[test]
    fn counters_of_the_open_incident_that_are_closed_do_not_fit() {
        let closed = CounterShard { closed: true, ..shard("i", 5) };
        assert_eq!(step(Some(&record(open())), Some(&closed)), None);
        // Those of an incident before it are begun anew.
        let before = CounterShard { closed: true, ..shard("before", 5) };
        let step = step(Some(&record(open())), Some(&before)).unwrap();
        assert_eq!((step.counters.incident.as_str(), step.counters.fresh.totals.records, step.orphan), ("i", 2, false));
    }

    #[test]
    fn counters_of_an_unknown_incident_are_set_aside_and_the_record_takes_part() {
        let step = step(Some(&record(open())), Some(&shard("unknown", 5))).unwrap();
        assert_eq!((step.orphan, step.record, step.counters.incident.as_str()), (true, Some(record(open())), "i"));
        assert!(super::tests::step(None, Some(&shard("unknown", 5))).unwrap().orphan);
    }

    #[test]
    fn a_pending_opened_email_is_sent_by_the_next_batch_once_the_lease_has_expired() {
        let unsent = |lease| OpenIncident { emails: 0, lease, timer_at: later(SECOND_MILLIS), ..open() };
        for (lease, takes) in [(held_until(later(1)), false), (held_until(NOW), true), (None, true)] {
            let step = step(Some(&record(unsent(lease.clone()))), Some(&shard("i", 5))).unwrap();
            assert_eq!(step.reason == Reason::LeaseExpired, takes, "{lease:?}");
            let owner = step.record.and_then(|record| record.current?.lease).map(|lease| lease.owner);
            assert_eq!(owner, takes.then(|| "b".to_owned()), "{lease:?}");
        }
        // A timer message has tried it: then its retries go on.
        let tried = IncidentRecord { unsent: Unsent { tries: 1, ..Unsent::default() }, ..record(unsent(None)) };
        assert_eq!(step(Some(&tried), Some(&shard("i", 5))).unwrap().reason, Reason::Open);
        // And one that was sent is not sent again.
        assert_eq!(step(Some(&record(open())), Some(&shard("i", 5))).unwrap().reason, Reason::Open);
    }

    #[test]
    fn a_timer_message_a_minute_overdue_is_replaced() {
        let at = |timer_at| {
            let step = step(Some(&record(OpenIncident { timer_at, ..open() })), Some(&shard("i", 5))).unwrap();
            (step.timers, step.record.and_then(|record| record.current).map(|open| (open.timer, open.timer_at)))
        };
        assert_eq!(at(ago(TIMER_GRACE_MILLIS)), (Vec::new(), None));
        let replaced = (vec![timer("i", 4, 40 * SECOND_MILLIS)], Some((4, later(40 * SECOND_MILLIS))));
        assert_eq!(at(ago(TIMER_GRACE_MILLIS + 1)), replaced);
    }

    #[test]
    fn a_timer_message_that_comes_a_minute_after_the_update_is_due_is_replaced() {
        // The update is due 5 minutes after the opened email of a minute ago.
        let due = 4 * MINUTE_MILLIS;
        let at =
            |timer_at| step(Some(&record(OpenIncident { timer_at, ..open() })), Some(&shard("i", 5))).unwrap().timers;
        assert_eq!(at(later(due + TIMER_GRACE_MILLIS)), []);
        assert_eq!(at(later(due + TIMER_GRACE_MILLIS + 1)), [timer("i", 4, due)]);
        // One that is due at once comes when the batch is written.
        let overdue =
            OpenIncident { last_email_at: ago(9 * MINUTE_MILLIS), timer_at: later(3 * MINUTE_MILLIS), ..open() };
        assert_eq!(step(Some(&record(overdue)), None).unwrap().timers, [timer("i", 4, 40 * SECOND_MILLIS)]);
    }

    #[test]
    fn while_an_email_is_retried_the_message_may_come_as_late_as_the_queue_lets_it() {
        for (emails, tries) in [(0, 1), (1, 1), (0, 0)] {
            let open = OpenIncident { emails, timer_at: later(MAX_DELAY_MILLIS), ..open() };
            let unsent = Unsent { tries, ..Unsent::default() };
            let record = IncidentRecord { unsent, ..record(open) };
            assert_eq!(step(Some(&record), Some(&shard("i", 5))).unwrap().timers, [], "{emails} {tries}");
        }
    }

    #[test]
    fn a_lost_report_is_rescued_by_any_batch() {
        let lost = |current| IncidentRecord {
            current,
            reporting: reporting(ago(2 * MINUTE_MILLIS)),
            ..IncidentRecord::default()
        };
        let added = step(Some(&lost(Some(open()))), Some(&shard("i", 5))).unwrap();
        assert_eq!(added.timers, [timer("before", 9, 40 * SECOND_MILLIS)]);
        assert!(added.record.is_some(), "when it was rescued has to be remembered");
        let opened = step(Some(&lost(None)), None).unwrap();
        assert_eq!(opened.timers.len(), 2, "its own and the rescued one");
        assert_eq!(opened.timers[0].incident, "before");
    }

    #[test]
    fn a_batch_that_is_delivered_again_sends_the_opened_email_of_its_own_incident_only() {
        let resume = |open: OpenIncident, batch| {
            resume_opening(Some(&record(open)), "i", batch, NOW, &policy()).and_then(|record| record.current?.lease)
        };
        let unsent = |lease| OpenIncident { emails: 0, lease, ..open() };
        let until = later(40 * SECOND_MILLIS);
        assert_eq!(resume(unsent(None), "b"), Some(Lease { owner: "b".to_owned(), until }));
        assert_eq!(resume(unsent(held_until(NOW)), "b"), Some(Lease { owner: "b".to_owned(), until }));
        assert_eq!(resume(unsent(held_until(later(1))), "b"), None, "another run is sending it");
        assert!(
            resume(unsent(held_until(later(1))), "another").is_some(),
            "an earlier attempt of this batch has ended"
        );
        assert_eq!(resume(open(), "b"), None, "it was sent");
        assert_eq!(resume(OpenIncident { id: "j".to_owned(), ..unsent(None) }, "b"), None);
        assert_eq!(resume_opening(None, "i", "b", NOW, &policy()), None);
    }

    #[test]
    fn each_attempt_takes_the_next_shard() {
        for shards in [1, 2, 16] {
            let first = shard_of(&key(), "b", 0, shards);
            let taken: Vec<u8> = (0..3).map(|attempt| shard_of(&key(), "b", attempt, shards)).collect();
            let expect: Vec<u8> = (0..3).map(|attempt| (first + attempt) % shards).collect();
            assert_eq!(taken, expect, "{shards} shards");
        }
        assert_eq!(shard_of(&key(), "b", 0, 0), 0);
        let spread: std::collections::BTreeSet<u8> =
            (0..200).map(|n| shard_of(&key(), &n.to_string(), 0, 16)).collect();
        assert_eq!(spread.len(), 16);
    }
}
