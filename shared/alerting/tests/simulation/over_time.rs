//! Single scenarios: incidents that last for days, emails that can never be sent, unreadable stored items, and batches whose
//! process died.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use alerting::{
    detection::{Detection, Detector, LogSource, Rule},
    incident::{
        IncidentKey, Signal,
        policy::{LAMBDA_RETRY_MILLIS, MAX_TIMEOUT_SECONDS, Policy},
        state::{ItemId, StoredItem, Versioned, Write},
    },
    notification::NotificationKind,
    ports::{Commit, IncidentStore},
    time::{HOUR_MILLIS, MINUTE_MILLIS},
};
use flow_log::{Formats, LogEvent};

use super::{
    LATE_MILLIS, MAX_RECEIVES, START, Simulation, VISIBILITY_MILLIS,
    world::{Event, Faults, Random, Sent, World},
};

const DAY_MILLIS: u64 = 24 * HOUR_MILLIS;
/// Maximum time until the timer message of an email that can never be sent is in the failure queue: the tries that each schedule
/// another message, then all deliveries of the last message.
const GIVEN_UP_MILLIS: u64 = 30 * MINUTE_MILLIS + MAX_RECEIVES as u64 * VISIBILITY_MILLIS;

/// Creates a world without faults, in which batches of one log group arrive at these times.
fn world(times: &[u64], policy: Policy) -> Simulation {
    let batches: Vec<(String, Detection)> = (0..times.len()).map(requests).collect();
    let mut world = World::new(Random(1), START);
    for (number, at) in times.iter().enumerate() {
        world.schedule(START + at, Event::Batch { number, attempt: 0 });
    }
    Simulation { policy, ..Simulation::of(world, batches) }
}

/// Returns a batch with one request of one of three hosts that was stopped.
fn requests(number: usize) -> (String, Detection) {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    let line = format!("2 1 eni-1 10.0.0.{} 8.8.8.8 0 0 1 4 336 1795401134 1795401190 REJECT OK", number % 3);
    detector.observe(&LogEvent::new("1", 0, line));
    let source = LogSource { log_stream: "s".into(), ..LogSource::logged_in("1", "eu-west-1", "group-0") };
    (format!("batch-{number}"), detector.finish(source))
}

fn emails(simulation: &Simulation) -> Vec<Sent> {
    simulation.world.lock().unwrap().emails.clone()
}

fn kinds(simulation: &Simulation) -> Vec<NotificationKind> {
    emails(simulation).iter().map(|email| email.kind).collect()
}

/// Asserts that the opened email reported everything, so that no update was due.
fn assert_no_update(simulation: &Simulation) {
    assert_eq!(kinds(simulation), [NotificationKind::Opened, NotificationKind::Resolved], "no update");
}

fn records(simulation: &Simulation, numbers: impl IntoIterator<Item = usize>) -> u64 {
    numbers.into_iter().map(|number| simulation.batches[number].1.tally.matched).sum()
}

fn quiet(minutes: u64) -> Policy {
    Policy::new(&[5 * MINUTE_MILLIS, 15 * MINUTE_MILLIS, 60 * MINUTE_MILLIS], minutes * MINUTE_MILLIS).unwrap()
}

/// Polls a future that is ready at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the memory store never waits"),
    }
}

fn key() -> IncidentKey {
    IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", "group-0"), Signal::OwnRequest)
}

fn stored(simulation: &Simulation, id: &ItemId) -> Option<Versioned> {
    at_once(simulation.store.get(std::slice::from_ref(id))).unwrap().pop().flatten()
}

/// Replaces a stored item by text that no version writes. Returns the text.
fn spoil(simulation: &Simulation, id: &ItemId) -> String {
    let version = stored(simulation, id).map(|found| found.version);
    let text = format!("{{\"future\":{{\"of\":\"{}\"}}}}", id.text());
    let doc = StoredItem::Unreadable(text.clone());
    let write = Write { id: id.clone(), expected: version, doc, expires_at: None };
    assert_eq!(at_once(simulation.store.commit(&[write])), Ok(Commit::Written));
    text
}

/// Returns the copy of a stored item that was set aside.
fn copy(simulation: &Simulation, id: &ItemId) -> Option<StoredItem> {
    let now = simulation.world.lock().unwrap().now;
    let ids: Vec<ItemId> = (START..=now).map(|at| ItemId::SetAside(at, Box::new(id.clone()))).collect();
    let found = at_once(simulation.store.get(&ids)).unwrap();
    found.into_iter().flatten().map(|found| found.doc).next()
}

#[test]
fn the_counters_of_an_incident_that_stays_open_for_a_hundred_days_do_not_expire() {
    // Many counters are used in the first hour, and only some of them later.
    let times: Vec<u64> = (0..40).map(|n| n * MINUTE_MILLIS).chain((1..200).map(|n| n * DAY_MILLIS / 2)).collect();
    let mut simulation = world(&times, quiet(1_440));
    simulation.play();
    assert_eq!(simulation.check(), 0);
    let resolved: Vec<Sent> =
        emails(&simulation).into_iter().filter(|email| email.kind == NotificationKind::Resolved).collect();
    assert_eq!(resolved.len(), 1, "more than one incident");
    assert_eq!(resolved[0].records, records(&simulation, 0..times.len()));
}

#[test]
fn the_lease_of_a_dead_run_has_expired_when_lambda_retries() {
    for seconds in 2..=MAX_TIMEOUT_SECONDS {
        // This includes a run that dies at once.
        let mut simulation = world(&[0], quiet(15).with_timeout_seconds(seconds));
        simulation.world.lock().unwrap().kills = vec!["publish", "publish"];
        simulation.drain();
        let world = simulation.world.lock().unwrap();
        assert_eq!(world.busy, 0, "{seconds} s: a retry found the lease of the dead run");
        assert!(world.kills.is_empty(), "{seconds} s: {:?}", world.kills);
        assert!(simulation.done.contains(&0), "{seconds} s");
        let started: Vec<u64> = world.started.values().copied().collect();
        assert!(started.contains(&START), "{started:?}");
        assert!(world.started.values().any(|at| at - START < LAMBDA_RETRY_MILLIS + 5_000), "{started:?}");
    }
}

#[test]
fn a_message_delivered_twice_in_the_same_millisecond_sends_one_email() {
    for seed in 0..200 {
        let mut simulation = world(&[0, MINUTE_MILLIS, 2 * MINUTE_MILLIS], quiet(15));
        {
            let mut world = simulation.world.lock().unwrap();
            world.random = Random(seed);
            world.faults.repeat = 1_000;
        }
        simulation.drain();
        assert_eq!(
            kinds(&simulation),
            [NotificationKind::Opened, NotificationKind::Update, NotificationKind::Resolved],
            "seed {seed}"
        );
    }
}

/// Plays a world in which the first process dies before it sends the opened email. Timer messages are delayed until a batch has
/// sent it.
fn unsent_opened_email(times: &[u64]) -> Simulation {
    let mut simulation = world(times, quiet(15));
    simulation.world.lock().unwrap().kills = vec!["send"];
    loop {
        assert!(simulation.step());
        let mut world = simulation.world.lock().unwrap();
        if !world.emails.is_empty() {
            break;
        }
        let later = |(at, number, event)| match event {
            Event::Timer { .. } => (START.max(at) + 10 * MINUTE_MILLIS, number, event),
            _ => (at, number, event),
        };
        let late =
            world.queue.iter().any(|(at, _, event)| matches!(event, Event::Timer { .. }) && *at < START + 300_000);
        if late {
            world.queue = std::mem::take(&mut world.queue).into_iter().map(later).collect();
        }
    }
    simulation.drain();
    simulation
}

#[test]
fn an_opened_email_sent_by_the_retry_of_its_batch_reports_the_whole_incident() {
    let simulation = unsent_opened_email(&[0, 10_000, 20_000]);
    let emails = emails(&simulation);
    assert!(emails[0].at < START + 2 * MINUTE_MILLIS, "not sent by the retry");
    assert_eq!((emails[0].kind, emails[0].records), (NotificationKind::Opened, records(&simulation, 0..3)));
    assert_no_update(&simulation);
}

#[test]
fn an_opened_email_sent_by_another_batch_reports_the_whole_incident() {
    // The second batch arrives before the lease of the dead process expires, the third one after that.
    let simulation = unsent_opened_email(&[0, 10_000, 45_000]);
    let emails = emails(&simulation);
    assert!(emails[0].at < START + 50_000, "not sent by the third batch");
    assert_eq!((emails[0].kind, emails[0].records), (NotificationKind::Opened, records(&simulation, 0..3)));
    assert_no_update(&simulation);
}

#[test]
fn an_opened_email_sent_by_the_timer_reports_the_whole_incident() {
    let mut simulation = world(&[0, 10_000, 39_000], quiet(15));
    simulation.world.lock().unwrap().kills = vec!["send"];
    simulation.drain();
    let emails = emails(&simulation);
    assert_eq!((emails[0].kind, emails[0].records), (NotificationKind::Opened, records(&simulation, 0..3)));
    assert!(emails[0].at < START + MINUTE_MILLIS, "{} ms late", emails[0].at - START);
    assert_eq!(kinds(&simulation), [NotificationKind::Opened, NotificationKind::Resolved]);
}

/// Plays a world in which emails of one kind can never be sent for the first incident of the key. A second incident follows a day
/// later.
fn poisoned(kind: NotificationKind, resolved: bool) -> (Simulation, usize) {
    let first: Vec<u64> = (0..6).map(|n| n * 4 * MINUTE_MILLIS).collect();
    let second: Vec<u64> = (0..4).map(|n| DAY_MILLIS + n * 4 * MINUTE_MILLIS).collect();
    let mut policy = quiet(15);
    policy.resolved_emails = resolved;
    let mut simulation = world(&[first.clone(), second].concat(), policy);
    simulation.world.lock().unwrap().poison = Some((kind, 1));
    simulation.drain();
    (simulation, first.len())
}

#[test]
fn an_email_that_always_fails_is_reported_by_the_resolved_email_or_by_a_replay() {
    for kind in [NotificationKind::Opened, NotificationKind::Update, NotificationKind::Resolved] {
        for resolved in [true, false] {
            if kind == NotificationKind::Resolved && !resolved {
                continue;
            }
            let (mut simulation, first) = poisoned(kind, resolved);
            let (incident, refused) = {
                let world = simulation.world.lock().unwrap();
                let incident = world.poisoned.first().unwrap().clone();
                (incident, world.refused.clone())
            };
            // The number of tries is bounded. A report has three timer messages. The last one is sent when the next incident ends.
            let tries = refused.len() as u32;
            let bound = if kind == NotificationKind::Resolved { 1 + 3 * MAX_RECEIVES } else { 3 + 4 + MAX_RECEIVES };
            assert!(tries <= bound, "{kind:?}: {tries} tries");
            let counted = records(&simulation, 0..first);
            let content = |simulation: &Simulation| {
                emails(simulation).iter().filter(|email| email.incident == incident).map(|email| email.records).max()
            };
            if kind == NotificationKind::Resolved {
                let (at, (_, failed, _)) = simulation.timer_failures.first().unwrap().clone();
                assert_eq!(failed, incident);
                assert!(at < refused[0].0 + GIVEN_UP_MILLIS, "{} ms", at - refused[0].0);
            } else {
                // The incident ends nevertheless. Its resolved email reports everything, even if resolved emails are disabled.
                assert_eq!(content(&simulation), Some(counted), "{kind:?} {resolved}");
            }
            // A replay of the failure queue sends the email.
            simulation.play();
            assert_eq!(content(&simulation), Some(counted), "{kind:?} {resolved}");
            assert!(simulation.timer_failures.is_empty());
        }
    }
}

#[test]
fn under_steady_traffic_an_email_that_always_fails_is_retried_in_rounds() {
    for kind in [NotificationKind::Opened, NotificationKind::Update] {
        let times: Vec<u64> = (0..200).map(|n| n * 3 * MINUTE_MILLIS).collect();
        let mut simulation = world(&times, quiet(15));
        simulation.world.lock().unwrap().poison = Some((kind, 1));
        simulation.drain();
        let refused = simulation.world.lock().unwrap().refused.clone();
        let (at, _) = simulation.timer_failures.first().unwrap().clone();
        assert!(at < refused[0].0 + GIVEN_UP_MILLIS, "{kind:?}: {} ms until the alarm", at - refused[0].0);
        // The traffic lasts ten hours: at most six rounds, each with a bounded number of tries.
        assert!(refused.len() as u32 <= 6 * (4 + MAX_RECEIVES), "{kind:?}: {} tries", refused.len());
        assert!(
            refused.last().unwrap().0 > START + 7 * HOUR_MILLIS,
            "{kind:?}: no try after the topic might have been fixed"
        );
        simulation.play();
        assert_eq!(simulation.check(), 0);
    }
}

#[test]
fn an_email_that_always_fails_does_not_delay_the_next_incident_of_its_key() {
    for kind in [NotificationKind::Opened, NotificationKind::Update, NotificationKind::Resolved] {
        let (simulation, first) = poisoned(kind, true);
        let world = simulation.world.lock().unwrap();
        let of_next: Vec<&Sent> =
            world.emails.iter().filter(|email| !world.poisoned.contains(&email.incident)).collect();
        let next: BTreeSet<&String> = of_next.iter().map(|email| &email.incident).collect();
        assert_eq!(next.len(), 1, "{kind:?}");
        let kinds: Vec<NotificationKind> = of_next.iter().map(|email| email.kind).collect();
        assert_eq!(
            kinds,
            [NotificationKind::Opened, NotificationKind::Update, NotificationKind::Update, NotificationKind::Resolved],
            "{kind:?}"
        );
        assert!(of_next[0].at < START + DAY_MILLIS + LATE_MILLIS, "{kind:?}: the opened email is late");
        assert_eq!(of_next[3].records, records(&simulation, first..first + 4), "{kind:?}");
        let resolved = of_next[3].at - (START + DAY_MILLIS + 12 * MINUTE_MILLIS);
        assert!(resolved < 15 * MINUTE_MILLIS + LATE_MILLIS, "{kind:?}: resolved after {resolved} ms");
    }
}

#[test]
fn a_reopened_incident_is_resolved_on_time_while_its_earlier_resolved_email_fails() {
    // It is reopened and ends again while its first resolved email is retried.
    let times = [0, 17 * MINUTE_MILLIS];
    let mut simulation = world(&times, quiet(15));
    simulation.world.lock().unwrap().poison = Some((NotificationKind::Resolved, 1));
    simulation.drain();
    let world = simulation.world.lock().unwrap();
    let resolved: BTreeMap<bool, u64> = world
        .emails
        .iter()
        .filter(|email| email.kind == NotificationKind::Resolved)
        .map(|email| (world.poisoned.contains(&email.incident), email.at))
        .collect();
    let at = resolved[&false];
    // Two resolved emails count, and the one that it was reopened: it takes an hour.
    let due = START + 17 * MINUTE_MILLIS + HOUR_MILLIS;
    assert!((due..due + LATE_MILLIS).contains(&at), "{} ms late", at - due);
    assert!(!resolved.contains_key(&true));
}

#[test]
fn a_resolved_email_with_a_valid_lease_is_sent_when_its_timer_message_is_redelivered() {
    let mut simulation = world(&[0], quiet(15));
    while emails(&simulation).is_empty() || !simulation.tasks.is_empty() {
        assert!(simulation.step());
    }
    // The process that closes the incident dies before it sends. One copy of its timer message is left, delivered at once.
    simulation.world.lock().unwrap().kills = vec!["send"];
    while !simulation.world.lock().unwrap().kills.is_empty() || !simulation.tasks.is_empty() {
        assert!(simulation.step());
    }
    {
        let mut world = simulation.world.lock().unwrap();
        let pending = world.queue.iter().filter_map(|(at, _, event)| match event {
            Event::Timer { timer_message, receive: 0 } => Some((*at, timer_message.clone())),
            _ => None,
        });
        let (_, timer_message) = pending.max().unwrap();
        world.queue.clear();
        let now = world.now;
        world.schedule(now, Event::Timer { timer_message, receive: 0 });
    }
    simulation.drain();
    assert_eq!(kinds(&simulation), [NotificationKind::Opened, NotificationKind::Resolved]);
}

#[test]
fn an_unreadable_incident_record_is_set_aside_and_the_next_batch_opens_a_new_incident() {
    let mut simulation = world(&[0, 2 * MINUTE_MILLIS], quiet(15));
    while emails(&simulation).is_empty() || !simulation.tasks.is_empty() {
        assert!(simulation.step());
    }
    let incident_record = ItemId::Incident(key());
    let spoiled = spoil(&simulation, &incident_record);
    simulation.drain();
    assert_eq!(copy(&simulation, &incident_record), Some(StoredItem::Unreadable(spoiled)), "the copy differs");
    assert!(simulation.world.lock().unwrap().alarmed > 0);
    // The counters of the lost incident are orphaned: they are set aside when their id is used again, or stay as they are.
    assert!(
        kinds(&simulation).contains(&NotificationKind::Resolved),
        "the new incident was not resolved: {:?}",
        kinds(&simulation)
    );
    assert!(
        simulation.failure_queue.is_empty() && simulation.timer_failures.is_empty(),
        "a retry failed until the failure queue"
    );
}

#[test]
fn unreadable_counters_batch_records_and_report_records_are_set_aside() {
    let mut simulation = world(&[0, 2 * MINUTE_MILLIS, 4 * MINUTE_MILLIS], quiet(15));
    while emails(&simulation).is_empty() || !simulation.tasks.is_empty() {
        assert!(simulation.step());
    }
    let used = |simulation: &Simulation| {
        let counted = simulation.world.lock().unwrap().counted.clone();
        counted.into_values().next().unwrap().shards.into_keys().next().unwrap()
    };
    let ids = [used(&simulation), ItemId::Batch("batch-0".to_owned())];
    let texts: Vec<String> = ids.iter().map(|id| spoil(&simulation, id)).collect();
    // The batch is delivered again. Its unreadable record shows that it was counted.
    simulation.world.lock().unwrap().schedule(START + MINUTE_MILLIS, Event::Batch { number: 0, attempt: 0 });
    simulation.drain();
    for (id, text) in ids.iter().zip(texts) {
        assert_eq!(copy(&simulation, id), Some(StoredItem::Unreadable(text)), "{}", id.text());
    }
    assert_eq!(simulation.world.lock().unwrap().alarmed, 2);
    assert!(simulation.failure_queue.is_empty() && simulation.timer_failures.is_empty());
    let resolved = emails(&simulation).into_iter().find(|email| email.kind == NotificationKind::Resolved).unwrap();
    assert_eq!(
        resolved.records,
        records(&simulation, 1..3),
        "set-aside counters are not reported, and no record is counted twice"
    );

    let report = ItemId::Report(key(), resolved.incident.clone());
    let text = spoil(&simulation, &report);
    let timer = (key(), resolved.incident, 0);
    let now = simulation.world.lock().unwrap().now;
    simulation.world.lock().unwrap().schedule(now, Event::Timer { timer_message: timer, receive: 0 });
    simulation.drain();
    assert_eq!(copy(&simulation, &report), Some(StoredItem::Unreadable(text)));
    assert!(simulation.timer_failures.is_empty());
}

#[test]
fn nothing_is_set_aside_unless_the_metric_is_published() {
    let mut simulation = world(&[0, 2 * MINUTE_MILLIS], quiet(15));
    while emails(&simulation).is_empty() || !simulation.tasks.is_empty() {
        assert!(simulation.step());
    }
    let incident_record = ItemId::Incident(key());
    let spoiled = spoil(&simulation, &incident_record);
    simulation.world.lock().unwrap().faults.error = 1_000;
    let next = simulation.world.lock().unwrap().queue.pop_first().map(|(_, _, event)| event).unwrap();
    simulation.start(next);
    while !simulation.tasks.is_empty() {
        simulation.step();
    }
    assert_eq!(stored(&simulation, &incident_record).map(|found| found.doc), Some(StoredItem::Unreadable(spoiled)));
}

#[test]
fn orphaned_counters_are_copied_before_they_are_overwritten() {
    let times: Vec<u64> = (0..60).map(|n| n * 10_000).collect();
    let mut simulation = world(&times, quiet(15));
    while emails(&simulation).is_empty() || !simulation.tasks.is_empty() {
        assert!(simulation.step());
    }
    let orphan =
        simulation.world.lock().unwrap().counted.values().next().unwrap().shards.keys().next().unwrap().clone();
    let before = stored(&simulation, &orphan).unwrap().doc;
    spoil(&simulation, &ItemId::Incident(key()));
    simulation.drain();
    assert_eq!(copy(&simulation, &orphan), Some(before), "the copy lacks its counts");
    assert_eq!(simulation.world.lock().unwrap().alarmed, 2, "the incident record and one counter");
}

#[test]
fn without_resolved_emails_a_last_update_reports_the_remaining_records() {
    let mut policy = quiet(10);
    policy.resolved_emails = false;
    // The quiet time after the third batch ends before the next update is due, so that the update is sent early.
    let mut simulation = world(&[0, 6 * MINUTE_MILLIS, 7 * MINUTE_MILLIS], policy);
    simulation.drain();
    assert_eq!(kinds(&simulation), [NotificationKind::Opened, NotificationKind::Update, NotificationKind::Update]);
    assert_eq!(emails(&simulation)[2].records, records(&simulation, 0..3));
}

#[test]
fn a_batch_record_is_kept_as_long_as_its_batch_can_be_replayed() {
    let mut simulation = world(&[0], quiet(15));
    // Lambda retries for up to 6 hours, and the failure queue keeps the batch for 14 days.
    let replay = START + 14 * DAY_MILLIS + 6 * HOUR_MILLIS;
    simulation.world.lock().unwrap().schedule(replay, Event::Batch { number: 0, attempt: 0 });
    simulation.drain();
    assert_eq!(kinds(&simulation), [NotificationKind::Opened, NotificationKind::Resolved], "counted twice");
}

/// Its schedule comes twice within a second, and again while retries are running.
#[test]
fn a_digest_is_sent_once_and_repeated_by_a_crash_alone() {
    let mut crashes = 0;
    for seed in 0..400 {
        let mut random = Random(seed);
        let crash = if seed.is_multiple_of(2) { 0 } else { 100 };
        let faults = Faults { crash, conflict: random.below(200), ..Faults::default() };
        let mut world = World { faults, ..World::new(random, START) };
        for after in [0, 700, 61_000, 90 * MINUTE_MILLIS] {
            world.schedule(START + after, Event::Digest { attempt: 0 });
        }
        let mut simulation = Simulation::of(world, Vec::new());
        simulation.drain();
        let world = simulation.world.lock().unwrap();
        let (sent, crashed) = (world.digests.len(), world.crashed.len());
        crashes += crashed;
        assert!((1..=1 + crashed).contains(&sent), "seed {seed}: {sent} digests, {crashed} runs died");
    }
    assert!(crashes > 100, "{crashes} runs died");
}
