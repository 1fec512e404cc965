//! Silences over time: before, during and after an incident.

use alerting::{
    detection::{Detection, Detector, LogSource},
    incident::Silence,
    notification::NotificationKind::{self, Opened, Reopened, Resolved, Update},
    time::{EpochMillis, MINUTE_MILLIS},
};
use flow_log::{Formats, LogEvent};

use super::{
    LATE_MILLIS, START, Simulation, silence_of,
    world::{Event, Random, World},
};

const SILENCED: &str = "10.0.0.1";
const OTHER: &str = "10.0.0.2";

/// Returns a batch with one request of each of these hosts that was stopped.
fn requests(number: usize, hosts: &[&str]) -> (String, Detection) {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for host in hosts {
        let line = format!("2 1 eni-1 {host} 8.8.8.8 0 0 1 4 336 1795401134 1795401190 REJECT OK");
        detector.observe(&LogEvent::new("1", 0, line));
    }
    let source = LogSource { log_stream: "s".into(), ..LogSource::logged_in("1", "eu-west-1", "group-0") };
    (format!("batch-{number}"), detector.finish(source))
}

/// Creates a world without faults in which these hosts ping at these minutes.
fn world(batches: &[(u64, &[&str])]) -> Simulation {
    let mut world = World::new(Random(1), START);
    for (number, (minute, _)) in batches.iter().enumerate() {
        world.schedule(START + minute * MINUTE_MILLIS, Event::Batch { number, attempt: 0 });
    }
    let batches = batches.iter().enumerate().map(|(number, (_, hosts))| requests(number, hosts)).collect();
    Simulation::of(world, batches)
}

/// A silence of [`SILENCED`] between two minutes.
fn silence(from: u64, until: u64) -> Silence {
    let at = |minute: u64| EpochMillis(START + minute * MINUTE_MILLIS);
    Silence { from: at(from), until: at(until), ..silence_of(SILENCED.parse().unwrap(), 0) }
}

/// Plays until a minute.
fn play_until(simulation: &mut Simulation, minute: u64) {
    let until = START + minute * MINUTE_MILLIS;
    loop {
        let next = simulation.world.lock().unwrap().queue.first().map(|(at, _, _)| *at);
        if simulation.tasks.is_empty() && next.is_none_or(|next| next >= until) {
            return;
        }
        simulation.step();
    }
}

/// Checks the emails: kind, the minute in which each is sent, the records since the last one, and whether it says that a silence is in
/// force.
fn assert_emails(simulation: &Simulation, expect: &[(NotificationKind, u64, u64, bool)]) {
    let world = simulation.world.lock().unwrap();
    let emails: Vec<_> = world
        .emails
        .iter()
        .map(|email| {
            let minute = (email.at - START) / MINUTE_MILLIS;
            (email.kind, minute, email.since, !email.silences.is_empty())
        })
        .collect();
    assert_eq!(emails.len(), expect.len(), "{emails:?}");
    for (email, expect) in emails.iter().zip(expect) {
        let late = email.1.saturating_sub(expect.1) * MINUTE_MILLIS;
        assert!(email.1 >= expect.1 && late <= LATE_MILLIS, "{emails:?}, expected {expect:?}");
        assert_eq!((email.0, email.2, email.3), (expect.0, expect.2, expect.3), "{emails:?}");
    }
}

#[test]
fn what_is_silenced_from_the_start_sends_no_email_and_opens_an_incident_when_the_silence_ends() {
    let every_ten: Vec<(u64, &[&str])> = (0..10).map(|n| (10 * n, &[SILENCED][..])).collect();
    let mut simulation = world(&every_ten);
    simulation.silence(vec![silence(0, 50)]);
    play_until(&mut simulation, 50);
    assert_emails(&simulation, &[]);
    assert!(simulation.world.lock().unwrap().store_calls.values().all(|calls| *calls == 1), "it only reads");
    simulation.drain();
    // The batch of minute 50 is the first one after it.
    assert_emails(
        &simulation,
        &[(Opened, 50, 1, false), (Update, 60, 1, false), (Update, 75, 1, false), (Resolved, 105, 2, false)],
    );
}

#[test]
fn an_incident_that_is_silenced_ends_and_says_so_and_opens_again_after_the_silence() {
    // Every 5 minutes; the silence begins after the batch of minute 10 and ends before that of minute 40: within an hour.
    let every_five: Vec<(u64, &[&str])> = (0..10).map(|n| (5 * n, &[SILENCED][..])).collect();
    let mut simulation = world(&every_five);
    simulation.silence(vec![silence(12, 38)]);
    simulation.drain();
    assert_emails(
        &simulation,
        &[
            (Opened, 0, 1, false),
            (Update, 5, 1, false),
            (Update, 20, 1, true),
            (Resolved, 25, 0, true),
            (Opened, 40, 1, false),
            (Update, 45, 1, false),
            (Resolved, 60, 0, false),
        ],
    );
}

#[test]
fn others_are_reported_while_one_host_is_silenced_and_reopen_the_incident() {
    let batches: Vec<(u64, &[&str])> =
        vec![(0, &[SILENCED, OTHER]), (2, &[SILENCED]), (10, &[SILENCED, OTHER]), (40, &[OTHER]), (60, &[SILENCED])];
    let mut simulation = world(&batches);
    simulation.silence(vec![silence(0, 100)]);
    simulation.drain();
    assert_emails(
        &simulation,
        &[
            (Opened, 0, 1, true),
            (Update, 10, 1, true),
            (Resolved, 25, 0, true),
            // It goes on: after the third email, an update is due after an hour. Minute 60 is silenced, and the silence ends at 100.
            (Reopened, 85, 1, true),
            (Resolved, 280, 0, false),
        ],
    );
    let named = simulation.world.lock().unwrap().emails.iter().any(|email| email.addresses.contains(SILENCED));
    assert!(!named, "an email names the silenced host");
}

#[test]
fn a_host_that_goes_on_after_its_silence_is_in_the_next_update_although_it_was_named_before() {
    let mut batches: Vec<(u64, &[&str])> = vec![(0, &[SILENCED, OTHER])];
    batches.extend((1..40).map(|n| (10 * n, &[OTHER][..])));
    batches.push((305, &[SILENCED]));
    let mut simulation = world(&batches);
    play_until(&mut simulation, 3);
    simulation.silence(vec![silence(3, 300)]);
    // One batch under the silence, which the incident notes.
    let silenced = requests(batches.len(), &[SILENCED]);
    let mut all = simulation.batches.as_ref().clone();
    all.push(silenced);
    simulation.batches = std::sync::Arc::new(all);
    let number = batches.len();
    simulation.world.lock().unwrap().schedule(START + 4 * MINUTE_MILLIS, Event::Batch { number, attempt: 0 });
    play_until(&mut simulation, 330);
    let world = simulation.world.lock().unwrap();
    let naming = world.emails.iter().filter(|email| email.addresses.contains(SILENCED));
    let minutes: Vec<u64> = naming.map(|email| (email.at - START) / MINUTE_MILLIS).collect();
    // Updates at 5, 20, 80 and 320 minutes; it is named 5 minutes after the last email or at once.
    assert_eq!(minutes.first(), Some(&0));
    assert!(minutes.len() == 2 && (305..=308).contains(&minutes[1]), "{minutes:?}");
}

#[test]
fn a_silence_that_its_maker_ends_early_holds_nothing_back_any_more_and_no_email_says_otherwise() {
    let every_five: Vec<(u64, &[&str])> = (0..5).map(|n| (5 * n, &[SILENCED][..])).collect();
    let mut simulation = world(&every_five);
    simulation.silence(vec![silence(4, 500)]);
    play_until(&mut simulation, 12);
    simulation.silence(Vec::new());
    simulation.drain();
    // Minutes 5 and 10 are silenced. When the incident would have been quiet, it is no longer.
    assert_emails(
        &simulation,
        &[(Opened, 0, 1, false), (Update, 15, 1, false), (Update, 30, 1, false), (Resolved, 35, 0, false)],
    );
}
