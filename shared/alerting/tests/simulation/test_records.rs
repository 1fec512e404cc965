//! Test records beside real ones: neither changes what becomes of the other.

use alerting::{
    detection::{Detection, Detector, LogSource, TEST_LOG_STREAM},
    incident::{GroupBy, Silence, state::HourlyEmails},
    notification::NotificationKind::{self, Opened, Resolved, Update},
    time::{EpochMillis, HOUR_MILLIS, MINUTE_MILLIS},
};
use flow_log::{Formats, LogEvent};

use super::{
    START, Simulation, silence_of,
    world::{Event, Random, World},
};

const TEST: &str = "Ping-Deny|1|eu-west-1|group-0|private|test";
const REAL: &str = "Ping-Deny|1|eu-west-1|group-0|private";

/// Returns a batch of a log stream with one ping of each of these senders from a private network.
fn pings(number: usize, log_stream: &str, senders: impl IntoIterator<Item = usize>) -> (String, Detection) {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for sender in senders {
        let line = format!("2 1 eni-1 10.0.1.{sender} 10.0.0.9 0 0 1 4 336 1795401134 1795401190 REJECT OK");
        detector.observe(&LogEvent::new("1", 0, line));
    }
    let source = LogSource { log_stream: log_stream.into(), ..LogSource::logged_in("1", "eu-west-1", "group-0") };
    (format!("batch-{number}"), detector.finish(source))
}

/// Creates a world without faults with these batches: minute, log stream and senders.
fn world<const N: usize>(batches: [(u64, &str, std::ops::Range<usize>); N]) -> Simulation {
    let mut world = World::new(Random(1), START);
    for (number, (minute, ..)) in batches.iter().enumerate() {
        world.schedule(START + minute * MINUTE_MILLIS, Event::Batch { number, attempt: 0 });
    }
    let batches = batches.into_iter().enumerate();
    Simulation::of(world, batches.map(|(number, (_, stream, senders))| pings(number, stream, senders)).collect())
}

/// The emails about a key: kind, and the records that they state in total.
fn emails(simulation: &Simulation, key: &str) -> Vec<(NotificationKind, u64)> {
    let world = simulation.world.lock().unwrap();
    world.emails.iter().filter(|email| email.key == key).map(|email| (email.kind, email.records)).collect()
}

#[test]
fn a_test_during_an_incident_is_an_incident_of_its_own() {
    let mut simulation =
        world([(0, "eni-1-all", 0..1), (1, TEST_LOG_STREAM, 0..2), (2, "eni-1-all", 0..1), (3, TEST_LOG_STREAM, 0..1)]);
    simulation.drain();
    assert_eq!(simulation.check(), 0);
    assert_eq!(emails(&simulation, REAL), [(Opened, 1), (Update, 2), (Resolved, 2)]);
    assert_eq!(emails(&simulation, TEST), [(Opened, 2), (Update, 3), (Resolved, 3)]);
}

#[test]
fn a_test_soon_after_another_has_an_opened_email_of_its_own() {
    let mut simulation = world([(0, TEST_LOG_STREAM, 0..1), (30, TEST_LOG_STREAM, 0..1)]);
    simulation.drain();
    assert_eq!(emails(&simulation, TEST), [(Opened, 1), (Resolved, 1), (Opened, 1), (Resolved, 1)]);
}

#[test]
fn silences_do_not_cover_a_test() {
    let at = |minute: u64| EpochMillis(START + minute * MINUTE_MILLIS);
    let mut simulation = world([(1, "eni-1-all", 0..1), (1, TEST_LOG_STREAM, 0..1)]);
    let silence = silence_of("10.0.1.0".parse().unwrap(), 0);
    simulation.silence(vec![Silence { from: at(0), until: at(60), ..silence }]);
    simulation.drain();
    assert_eq!(emails(&simulation, REAL), []);
    assert_eq!(emails(&simulation, TEST), [(Opened, 1), (Resolved, 1)]);
}

#[test]
fn the_limit_of_emails_an_hour_does_not_apply_to_a_test_which_takes_no_place_of_it() {
    let senders = HourlyEmails::MAX as usize + 10;
    let full = |batches: [(u64, &str, std::ops::Range<usize>); 4]| {
        let mut simulation = Simulation { group_by: GroupBy::Source, ..world(batches) };
        simulation.drain();
        simulation
    };
    let simulation = full([(0, TEST_LOG_STREAM, 0..3), (1, "a", 0..7), (2, "b", 7..14), (3, "c", 14..senders)]);
    assert_eq!(emails(&simulation, TEST), [(Opened, 3), (Resolved, 3)]);
    let opened = |simulation: &Simulation| {
        let world = simulation.world.lock().unwrap();
        let first_hour = |at: u64| at / HOUR_MILLIS == START / HOUR_MILLIS;
        let narrow = world.emails.iter().filter(|email| email.key.contains("|source=10.") && email.kind == Opened);
        narrow.filter(|email| first_hour(email.at)).count()
    };
    assert_eq!(opened(&simulation), HourlyEmails::MAX as usize);
    let simulation = full([(0, "a", 0..7), (1, "b", 7..14), (2, "c", 14..senders), (4, TEST_LOG_STREAM, 0..3)]);
    assert_eq!(emails(&simulation, TEST), [(Opened, 3), (Resolved, 3)]);
    assert_eq!(opened(&simulation), HourlyEmails::MAX as usize);
}
