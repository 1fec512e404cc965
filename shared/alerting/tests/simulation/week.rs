//! A week of a VPC with three public hosts: strangers ping them all day, and now and then something of ours is stopped.

use std::collections::{BTreeMap, BTreeSet};

use alerting::{
    address::Networks,
    detection::{Detection, Detector, LogSource},
    digest::SETTLE_MILLIS,
    incident::SignalPolicy,
    notification::NotificationKind,
    time::MINUTE_MILLIS,
};
use flow_log::{Formats, LogEvent};
use serde_json::Value;

use super::{
    START, Simulation,
    world::{Event, Random, Sent, World},
};

pub(super) const DAYS: u64 = 7;
pub(super) const MINUTES: u64 = DAYS * 24 * 60;
pub(super) const DAY_MILLIS: u64 = 24 * 60 * MINUTE_MILLIS;
pub(super) const HOSTS: [&str; 3] = ["10.0.1.5", "10.0.1.6", "10.0.1.7"];
/// Pings of strangers for one public address in a day (docs/decisions.md).
const PINGS_A_DAY: u64 = 3_800;
pub(super) const MUST_REACH: &str = "192.0.2.0/24";
/// Planted incidents of each origin.
const PLANTED: u64 = 8;

/// Something that has to be reported: minute, host, signal, the address that the email must name, and its records.
pub(super) struct Planted {
    pub(super) minute: u64,
    pub(super) host: usize,
    pub(super) signal: &'static str,
    address: String,
    pub(super) records: Vec<Ping>,
}

/// Source, target, packets and action.
pub(super) type Ping = (String, String, u64, &'static str);

/// Returns eight incidents of each origin, one after the other, those of one signal more than an hour after the one before ended.
pub(super) fn planted() -> Vec<Planted> {
    let mut all = Vec::new();
    for number in 0..PLANTED {
        let (host, own) = ((number % 3) as usize, HOSTS[(number % 3) as usize].to_owned());
        let (peer, stranger) = (format!("10.9.0.{number}"), format!("9.9.9.{number}"));
        let request = vec![(own.clone(), stranger.clone(), 4, "REJECT")];
        let answer = vec![(stranger.clone(), own.clone(), 3, "ACCEPT"), (own.clone(), stranger.clone(), 3, "REJECT")];
        let private = vec![(peer.clone(), own.clone(), 1, "REJECT")];
        let (signal, address, internet) = match number % 3 {
            0 => {
                ("flood", "9.8.0.1".to_owned(), (0..350).map(|n| (format!("9.8.{}.{}", n / 250, n % 250), 2)).collect())
            }
            1 => ("persistent-ping", format!("9.7.0.{number}"), vec![(format!("9.7.0.{number}"), 60)]),
            _ => ("must-reach", format!("192.0.2.{number}"), vec![(format!("192.0.2.{number}"), 1)]),
        };
        let internet: Vec<(String, u64)> = internet;
        let internet = internet.into_iter().map(|(source, packets)| (source, own.clone(), packets, "REJECT")).collect();
        for (offset, signal, address, records) in [
            (100, "own-request", own.clone(), request),
            (340, "own-answer", own.clone(), answer),
            (580, "private", peer, private),
            (820, signal, address, internet),
        ] {
            all.push(Planted { minute: number * 1_200 + offset, host, signal, address, records });
        }
    }
    all
}

/// Returns the sender of a stranger's ping: few send most of them.
pub(super) fn stranger(random: &mut Random) -> String {
    let number = (0..4).fold(40_000, |bound, _| random.below(1 + bound));
    format!("45.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255)
}

/// Returns the pings of strangers to a host in a minute, on average so many as there are.
pub(super) fn pings(random: &mut Random, own: &str) -> Vec<Ping> {
    let pings = (0..24).filter(|_| random.below(24 * 1_440) < PINGS_A_DAY).count();
    (0..pings).map(|_| (stranger(random), own.to_owned(), 1 + random.below(4), "REJECT")).collect()
}

fn batch(host: usize, minute: u64, lines: &[Ping]) -> (String, Detection) {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    let start = START / 1_000 + 60 * minute;
    for (source, target, packets, action) in lines {
        let line = format!("2 1 eni-{host} {source} {target} 0 0 1 {packets} 84 {start} {} {action} OK", start + 50);
        detector.observe(&LogEvent::new("1", 0, line));
    }
    let source =
        LogSource { log_stream: format!("eni-{host}-all"), ..LogSource::logged_in("1", "eu-west-1", "group-0") };
    (format!("batch {host} {minute}"), detector.finish(source))
}

/// Schedules the digests: at 9:00 each day, once more a second later, and late again.
pub(super) fn schedule_digests(world: &mut World) {
    for day in 0..DAYS {
        let nine = START - START % DAY_MILLIS + 9 * 60 * MINUTE_MILLIS + (day + 1) * DAY_MILLIS;
        for after in [0, 1_000, 90 * MINUTE_MILLIS] {
            world.schedule(nine + after, Event::Digest { attempt: 0 });
        }
    }
}

/// Plays the week. Returns the emails, and how often each batch with something to report was to be counted.
fn week() -> (Simulation, Vec<Planted>, u64) {
    let planted = planted();
    let mut random = Random(7);
    let mut strangers = 0;
    let mut batches = Vec::new();
    let mut times = Vec::new();
    for minute in 0..MINUTES {
        for (host, own) in HOSTS.iter().enumerate() {
            let mut lines = pings(&mut random, own);
            strangers += lines.len() as u64;
            let ours = planted.iter().filter(|one| one.minute == minute && one.host == host);
            ours.for_each(|one| lines.extend(one.records.iter().cloned()));
            if !lines.is_empty() {
                times.push((5 + minute) * MINUTE_MILLIS + random.below(MINUTE_MILLIS));
                batches.push(batch(host, minute, &lines));
            }
        }
    }
    let mut world = World::new(random, START);
    for (number, at) in times.iter().enumerate() {
        world.schedule(START + at, Event::Batch { number, attempt: 0 });
    }
    schedule_digests(&mut world);
    let signals = SignalPolicy { must_reach: Networks::parse(MUST_REACH).unwrap(), ..SignalPolicy::default() };
    (Simulation { signals, ..Simulation::of(world, batches) }, planted, strangers)
}

#[test]
fn in_a_week_of_strangers_what_is_ours_is_reported_at_once_and_nothing_else() {
    let (mut simulation, planted, strangers) = week();
    assert!(strangers.abs_diff(3 * DAYS * PINGS_A_DAY) < 2_000, "{strangers} pings from strangers");
    while simulation.step() {}
    let world = simulation.world.lock().unwrap();
    let opened: Vec<&Sent> = world.emails.iter().filter(|email| email.kind == NotificationKind::Opened).collect();
    assert_eq!(opened.len(), planted.len());
    for one in &planted {
        // Its own batch arrives five to six minutes after its records.
        let arrives = START + (5 + one.minute) * MINUTE_MILLIS;
        let email = opened
            .iter()
            .find(|email| email.signal == one.signal && (arrives..arrives + MINUTE_MILLIS + 2_000).contains(&email.at));
        let email =
            email.unwrap_or_else(|| panic!("{} of minute {} is in no email of its batch", one.signal, one.minute));
        assert!(email.addresses.contains(&one.address), "{} is not named: {:?}", one.address, email.addresses);
        let strangers: Vec<&String> = email.addresses.iter().filter(|address| address.starts_with("45.")).collect();
        // A flood is all that its target gets.
        assert!(strangers.is_empty() || one.signal == "flood", "{}: names strangers {strangers:?}", one.signal);
    }
    let mut kinds: BTreeMap<NotificationKind, usize> = BTreeMap::new();
    world.emails.iter().for_each(|email| *kinds.entry(email.kind).or_default() += 1);
    assert_eq!(
        kinds,
        [(NotificationKind::Opened, planted.len()), (NotificationKind::Resolved, planted.len())].into(),
        "no other email"
    );
    // One digest a day, however often its schedule comes, and each incident in the digest of its time.
    let days: Vec<&str> = world.digests.iter().map(|(_, digest)| digest["date"].as_str().unwrap()).collect();
    assert_eq!(days.len() as u64, DAYS);
    assert_eq!(days.iter().collect::<BTreeSet<_>>().len(), days.len(), "two digests of a day: {days:?}");
    let listed = world.digests.iter().flat_map(|(_, digest)| digest["incidents"]["list"].as_array().unwrap());
    let listed: BTreeSet<&str> = listed.map(|incident| incident["id"].as_str().unwrap()).collect();
    let nine = |digest: Option<&(u64, Value)>| digest.unwrap().0 / MINUTE_MILLIS * MINUTE_MILLIS - SETTLE_MILLIS;
    let covered = nine(world.digests.first()) - DAY_MILLIS..nine(world.digests.last());
    let covered: Vec<&&Sent> = opened.iter().filter(|email| covered.contains(&email.at)).collect();
    assert!(covered.len() > planted.len() * 3 / 4, "{} incidents in the time of digests", covered.len());
    for email in covered {
        assert!(listed.contains(&*email.incident), "{} is in no digest", email.incident);
    }
    // A batch of nothing but background makes no call of the store.
    let days: BTreeSet<u64> = world.emails.iter().map(|email| (email.at - START) / (1_440 * MINUTE_MILLIS)).collect();
    assert!(days.len() as u64 == DAYS, "{days:?}");
    let callers = world.store_calls.len();
    assert!(callers < 8 * planted.len(), "{callers} runs called the store for {} incidents", planted.len());
}
