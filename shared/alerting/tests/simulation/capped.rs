//! Many incidents at once: one for each source, up to as many emails as an hour may have.

use std::collections::{BTreeMap, BTreeSet};

use alerting::{
    detection::{Detection, Detector, LogSource},
    incident::{GroupBy, state::HourlyEmails},
    notification::NotificationKind,
    time::{HOUR_MILLIS, MINUTE_MILLIS},
};
use flow_log::{Formats, LogEvent};

use super::{
    START, Simulation,
    world::{Event, Random, Sent, World},
};

const OTHERS: &str = "Ping-Deny|1|eu-west-1|group-0|own-request|source=others";

/// Returns a batch with one request of each of these hosts that was stopped.
fn requests(number: usize, hosts: impl IntoIterator<Item = usize>) -> (String, Detection) {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for host in hosts {
        let (high, low) = (host / 250, host % 250);
        let line = format!("2 1 eni-1 10.0.{high}.{low} 8.8.8.8 0 0 1 4 336 1795401134 1795401190 REJECT OK");
        detector.observe(&LogEvent::new("1", 0, line));
    }
    let source = LogSource { log_stream: "s".into(), ..LogSource::logged_in("1", "eu-west-1", "group-0") };
    (format!("batch-{number}"), detector.finish(source))
}

/// Plays a sweep of so many minutes: each minute five hosts begin to ping, and stop after two.
fn sweep(minutes: usize) -> Simulation {
    let mut world = World::new(Random(3), START);
    let batches: Vec<_> = (0..minutes)
        .map(|minute| {
            world.schedule(START + minute as u64 * MINUTE_MILLIS, Event::Batch { number: minute, attempt: 0 });
            requests(minute, 5 * minute..5 * minute + 10)
        })
        .collect();
    let mut simulation = Simulation { group_by: GroupBy::Source, ..Simulation::of(world, batches) };
    simulation.drain();
    simulation
}

#[test]
fn a_sweep_of_hundreds_of_sources_sends_a_limited_number_of_emails_an_hour_and_a_summary() {
    let simulation = sweep(100);
    assert_eq!(simulation.check(), 0);
    let world = simulation.world.lock().unwrap();
    let about_others = |email: &&Sent| email.key == OTHERS;
    let mut capped: BTreeMap<u64, u32> = BTreeMap::new();
    for email in world.emails.iter().filter(|email| !about_others(email) && email.kind != NotificationKind::Resolved) {
        *capped.entry(email.at / HOUR_MILLIS).or_default() += 1;
    }
    assert!(capped.values().all(|emails| *emails <= HourlyEmails::MAX), "{capped:?}");
    // The limit is reached in each of the three hours.
    let hours: Vec<u32> = capped.values().copied().collect();
    assert_eq!(hours, [HourlyEmails::MAX; 3], "{capped:?}");
    // All others are in one incident: it is opened once, with its own intervals.
    let others: Vec<&Sent> = world.emails.iter().filter(about_others).collect();
    let opened = others.iter().filter(|email| email.kind == NotificationKind::Opened).count();
    assert_eq!(opened, 1, "{others:?}");
    assert!(others.len() < 25, "{} emails about all others", others.len());
    let incidents: BTreeSet<&str> = world.emails.iter().map(|email| email.key.as_str()).collect();
    assert_eq!(incidents.len(), 1 + hours.len() * HourlyEmails::MAX as usize);
}

#[test]
fn the_emails_of_a_few_sources_are_not_limited() {
    let mut world = World::new(Random(3), START);
    let batches: Vec<_> = (0..3)
        .map(|number| {
            world.schedule(START + number as u64 * MINUTE_MILLIS, Event::Batch { number, attempt: 0 });
            requests(number, 0..5)
        })
        .collect();
    let mut simulation = Simulation { group_by: GroupBy::Source, ..Simulation::of(world, batches) };
    simulation.drain();
    assert_eq!(simulation.check(), 0);
    let world = simulation.world.lock().unwrap();
    assert!(world.emails.iter().all(|email| email.key != OTHERS), "{:?}", world.emails);
    let opened = world.emails.iter().filter(|email| email.kind == NotificationKind::Opened).count();
    assert_eq!(opened, 5);
}
