//! The week of `week.rs` with all the TCP and UDP that such a network has, and now and then a connection of ours that is stopped.

use std::collections::BTreeMap;

use alerting::{
    address::Networks,
    detection::{Detection, Origin, Rule, Rules},
    enrichment::Interface,
    incident::SignalPolicy,
    notification::NotificationKind,
    time::MINUTE_MILLIS,
};

use super::{
    START, Simulation,
    traffic::{self, Format, Record},
    week::{self, DAYS, HOSTS, MINUTES, MUST_REACH},
    world::{Event, Random, Sent, World},
};

/// The address of a load balancer, that EC2 knows as one.
const LOAD_BALANCER: &str = "10.0.9.9";
/// Rejected single packets of hosts of ours in a day: strays.
const STRAYS_A_DAY: u64 = 24;

/// Connections that are stopped.
struct Stopped {
    /// The end of the incident's key: signal and service or sender.
    key: &'static str,
    rule: Rule,
    origin: Origin,
    minutes: u64,
    /// The minute whose batches open the incident, from its first.
    opens: u64,
    /// Records that are counted before it opens, and are in no incident.
    before: u64,
    /// The addresses that its emails name.
    named: &'static [&'static str],
    /// What the interface with an address logs each minute.
    logged: &'static [(&'static str, &'static [&'static str])],
    /// Hosts a minute and records of each of them, of a search through a network; `{n}` is the host.
    hosts: u64,
}

const REQUEST: Stopped = Stopped {
    key: "",
    rule: Rule::Request,
    origin: Origin::Private,
    minutes: 8,
    opens: 0,
    before: 0,
    named: &[],
    logged: &[],
    hosts: 0,
};
const OWN: Stopped = Stopped { origin: Origin::OwnRequest, ..REQUEST };
const HELPER: Stopped = Stopped { rule: Rule::Helper, ..REQUEST };

/// One of each kind.
const STOPPED: [Stopped; 14] = [
    // No rule at the database, for several clients.
    Stopped {
        key: "private|service=10.0.2.20:5432/tcp",
        minutes: 25,
        named: &["10.0.1.5", "10.0.1.6", "10.0.1.7", "10.0.2.20"],
        logged: &[(
            "10.0.2.20",
            &[
                "10.0.1.5:{p}>10.0.2.20:5432 tcp 4/240 R 2",
                "10.0.1.6:{p}>10.0.2.20:5432 tcp 4/240 R 2",
                "10.0.1.7:{p}>10.0.2.20:5432 tcp 3/180 R 2",
            ],
        )],
        ..REQUEST
    },
    // No outbound rule.
    Stopped {
        key: "own-request|service=10.0.2.30:6379/tcp",
        named: &["10.0.1.6"],
        logged: &[("10.0.1.6", &["10.0.1.6:{p}>10.0.2.30:6379 tcp 4/240 R 2"])],
        ..OWN
    },
    // A network ACL stops our answers.
    Stopped {
        key: "own-answer|service=10.0.1.5:443/tcp",
        rule: Rule::Reply,
        origin: Origin::OwnAnswer,
        named: &["10.0.1.5"],
        logged: &[(
            "10.0.1.5",
            &["81.9.9.9:{p}>10.0.1.5:443 tcp 5/300 A 2", "10.0.1.5:443>81.9.9.9:{p} tcp 5/300 R 18"],
        )],
        ..REQUEST
    },
    // A network ACL stops the answers to us.
    Stopped {
        key: "own-request|service=9.9.8.8:443/tcp",
        named: &["10.0.1.6"],
        logged: &[("10.0.1.6", &["10.0.1.6:{p}>9.9.8.8:443 tcp 5/300 A 2", "9.9.8.8:443>10.0.1.6:{p} tcp 5/300 R 18"])],
        ..OWN
    },
    // A health check of Route 53.
    Stopped {
        key: "health-check|service=10.0.1.7:443/tcp",
        origin: Origin::Internet,
        named: &["10.0.1.7"],
        logged: &[(
            "10.0.1.7",
            &["15.177.2.9:{p}>10.0.1.7:443 tcp 3/180 R 2", "54.228.16.9:{p}>10.0.1.7:443 tcp 3/180 R 2"],
        )],
        ..HELPER
    },
    // A health check of a load balancer.
    Stopped {
        key: "private|service=10.0.2.40:8080/tcp",
        named: &[LOAD_BALANCER, "10.0.2.40"],
        logged: &[("10.0.2.40", &["10.0.9.9:{p}>10.0.2.40:8080 tcp 3/180 R 2"])],
        ..HELPER
    },
    // A rule of connections that live.
    Stopped {
        key: "private|service=10.0.2.21:5432/tcp",
        named: &["10.0.1.5", "10.0.2.21"],
        logged: &[(
            "10.0.2.21",
            &[
                "10.0.1.5:41022>10.0.2.21:5432 tcp 9/4000 R 0",
                "10.0.2.21:5432>10.0.1.5:41022 tcp 3/900 A 0",
                "10.0.1.5:41022>10.0.2.21:5432 tcp 2/900 A 0",
            ],
        )],
        ..REQUEST
    },
    // No DNS, and no time, from a port of a client and from the service's own.
    Stopped {
        key: "own-request|service=8.8.8.8:53/udp",
        named: &["10.0.1.7"],
        logged: &[("10.0.1.7", &["10.0.1.7:{p}>8.8.8.8:53 udp 2/140 R 0"])],
        ..OWN
    },
    Stopped {
        key: "own-request|service=9.9.9.123:123/udp",
        named: &["10.0.1.5"],
        logged: &[("10.0.1.5", &["10.0.1.5:{p}>9.9.9.123:123 udp 2/152 R 0"])],
        ..OWN
    },
    Stopped {
        key: "own-request|service=9.9.9.124:123/udp",
        named: &["10.0.1.6"],
        logged: &[("10.0.1.6", &["10.0.1.6:123>9.9.9.124:123 udp 2/152 R 0"])],
        ..OWN
    },
    // A source that has to get through.
    Stopped {
        key: "must-reach|service=10.0.1.6:22/tcp",
        origin: Origin::Internet,
        named: &["192.0.2.77"],
        logged: &[("10.0.1.6", &["192.0.2.77:{p}>10.0.1.6:22 tcp 3/180 R 2"])],
        ..REQUEST
    },
    // A search for open ports of a host.
    Stopped {
        key: "private|source=10.0.9.5",
        rule: Rule::Scan,
        minutes: 3,
        named: &["10.0.9.5"],
        logged: &[("10.0.1.5", &["10.0.9.5:45000>10.0.1.5:{n} tcp 1/44 R 2"])],
        hosts: 40,
        ..REQUEST
    },
    // A search for hosts with an open port, with a packet each: ten in a minute, so the 25th is of the third.
    Stopped {
        key: "private|source=10.0.9.6",
        rule: Rule::Scan,
        minutes: 6,
        opens: 2,
        before: 24,
        named: &["10.0.9.6"],
        logged: &[("10.0.3.{n}", &["10.0.9.6:{p}>10.0.3.{n}:22 tcp 1/60 R 2"])],
        hosts: 10,
        ..REQUEST
    },
    // The same by a host that tries again: until it is known as a scan, three services and all others are incidents.
    Stopped {
        key: "private|source=10.0.9.7",
        rule: Rule::Scan,
        minutes: 6,
        opens: 2,
        before: 24,
        named: &["10.0.9.7"],
        logged: &[("10.0.4.{n}", &["10.0.9.7:{p}>10.0.4.{n}:3389 tcp 3/180 R 2"])],
        hosts: 10,
        ..REQUEST
    },
];

/// How often each is stopped in the week.
const TIMES: u64 = 2;

impl Stopped {
    fn key(&self) -> String {
        format!("{}|1|eu-west-1|group-0|{}", self.rule.name(), self.key)
    }

    /// How many records are rejected.
    fn records(&self) -> u64 {
        let mut logged = BTreeMap::new();
        (0..self.minutes).for_each(|minute| self.log(minute, &mut Random(1), &mut logged));
        logged.values().flatten().filter(|record| record.counts.is_some()).count() as u64
    }

    /// Adds what interfaces log in a minute, from the first of the incident.
    fn log(&self, minute: u64, random: &mut Random, logged: &mut BTreeMap<String, Vec<Record>>) {
        // A record of a scan is a request by itself, and so is one of a load balancer: EC2 tells.
        let rule = match (self.rule, self.origin) {
            (Rule::Scan, _) | (Rule::Helper, Origin::Private) => Rule::Request,
            (rule, _) => rule,
        };
        for (own, texts) in self.logged {
            for number in 0..self.hosts.max(1) {
                let number = (1 + minute * self.hosts + number).to_string();
                let port = traffic::client_port(random);
                let records =
                    texts.iter().map(|text| Record::read(&text.replace("{n}", &number), port, (rule, self.origin)));
                logged.entry(own.replace("{n}", &number)).or_default().extend(records);
            }
        }
    }
}

/// Returns the minute in which each of them begins. The same comes again days later.
fn begins(number: usize, time: u64) -> u64 {
    (time * STOPPED.len() as u64 + number as u64) * (MINUTES / (TIMES * STOPPED.len() as u64)) + 40
}

/// What was counted: records by rule and origin.
type Counts = BTreeMap<(Rule, Origin), u64>;

struct Played {
    simulation: Simulation,
    /// What the records of the week count as.
    expected: Counts,
    /// What they were taken for.
    found: Counts,
    batches: u64,
    /// Batches of nothing but background.
    background: u64,
}

/// Returns what the interfaces log in a minute.
fn logged(
    minute: u64,
    format: Format,
    planted: &[week::Planted],
    (pings, random): (&mut Random, &mut Random),
) -> BTreeMap<String, Vec<Record>> {
    let mut logged: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    let as_ping = |origin| (Rule::Ping, origin);
    for (number, host) in HOSTS.into_iter().enumerate() {
        let mut records: Vec<Record> =
            week::pings(pings, host).iter().map(|ping| Record::ping(ping, as_ping(Origin::Internet))).collect();
        records.extend(traffic::scanners(random, host));
        records.extend(traffic::backscatter(random, host, format));
        records.extend(traffic::accepted(random, host));
        records.extend(traffic::late(random, host, format));
        if random.below(1_440) < STRAYS_A_DAY {
            let text = format!("10.0.9.{}:{{p}}>{host}:22 tcp 1/60 R 2", 20 + random.below(30));
            records.push(Record::read(&text, traffic::client_port(random), (Rule::Request, Origin::Private)));
        }
        logged.insert(host.to_owned(), records);
        let at_the_database = traffic::at_the_database(random, host);
        logged.entry(traffic::DATABASE.to_owned()).or_default().extend(at_the_database);
        for one in planted.iter().filter(|one| one.minute == minute && one.host == number) {
            let origin = match one.signal {
                "own-request" => Origin::OwnRequest,
                "own-answer" => Origin::OwnAnswer,
                "private" => Origin::Private,
                _ => Origin::Internet,
            };
            let records = one.records.iter().map(|ping| Record::ping(ping, as_ping(origin)));
            logged.entry(host.to_owned()).or_default().extend(records);
        }
    }
    for (number, stopped) in STOPPED.iter().enumerate() {
        for time in 0..TIMES {
            let since = minute.wrapping_sub(begins(number, time));
            if since < stopped.minutes {
                stopped.log(since, random, &mut logged);
            }
        }
    }
    logged
}

fn policy(rules: Rules) -> SignalPolicy {
    SignalPolicy { rules, must_reach: Networks::parse(MUST_REACH).unwrap(), ..SignalPolicy::default() }
}

fn is_background(detection: &Detection) -> bool {
    detection.findings().iter().all(|finding| finding.origin == Origin::Internet || finding.rule == Rule::Late)
}

/// Plays the week, day after day: a batch for each interface that logs something in a minute. Without `connections` their records are left
/// out.
fn play(format: Format, rules: Rules, connections: bool) -> Played {
    let (mut pings, mut random, planted) = (Random(7), Random(8), week::planted());
    let formats = format.formats();
    let mut world = World::new(Random(9), START);
    let address = LOAD_BALANCER.parse().unwrap();
    let described = Some("ELB app/web/50dc6c495c0c9188".into());
    world.interfaces = vec![Interface {
        id: "eni-lb".into(),
        kind: "interface".into(),
        description: described,
        addresses: vec![address],
        ..Interface::default()
    }];
    week::schedule_digests(&mut world);
    let simulation = Simulation { signals: policy(rules), ..Simulation::of(world, Vec::new()) };
    let mut played = Played { simulation, expected: Counts::new(), found: Counts::new(), batches: 0, background: 0 };
    for day in 0..DAYS {
        let mut batches: Vec<(String, Detection)> = Vec::new();
        for minute in day * MINUTES / DAYS..(day + 1) * MINUTES / DAYS {
            for (own, mut records) in logged(minute, format, &planted, (&mut pings, &mut random)) {
                records.retain(|record| connections || record.is_ping());
                let counted = records.iter().filter_map(|record| record.counts).filter(|(rule, _)| rules.is_on(*rule));
                counted.for_each(|counts| *played.expected.entry(counts).or_default() += 1);
                let batch = traffic::batch(&own, minute, &records, (format, &formats, rules));
                for finding in batch.1.findings() {
                    *played.found.entry((finding.rule, finding.origin)).or_default() += finding.totals.records;
                }
                let mut world = played.simulation.world.lock().unwrap();
                let at = START + (5 + minute) * MINUTE_MILLIS + random.below(MINUTE_MILLIS);
                world.schedule(at, Event::Batch { number: batches.len(), attempt: 0 });
                drop(world);
                batches.push(batch);
            }
        }
        let number = batches.len();
        played.batches += number as u64;
        played.background += batches.iter().filter(|(_, detection)| is_background(detection)).count() as u64;
        played.simulation.done.clear();
        played.simulation.batches = batches.into();
        while played.simulation.done.len() < number {
            assert!(played.simulation.step());
        }
    }
    while played.simulation.step() {}
    played
}

/// Plays the week with all rules in force, and checks all that it sends.
fn check(format: Format) {
    let played = play(format, Rules::all(), true);
    assert_eq!(played.found, played.expected, "what the records are taken for, and what they were made as");
    let world = played.simulation.world.lock().unwrap();
    let opened: Vec<&Sent> = world.emails.iter().filter(|email| email.kind == NotificationKind::Opened).collect();
    let mut others: BTreeMap<&str, &str> = opened.iter().map(|email| (&*email.incident, &*email.key)).collect();
    for (number, stopped) in STOPPED.iter().enumerate() {
        for time in 0..TIMES {
            let email = opened_by(stopped, begins(number, time), &opened);
            others.remove(&*email.incident);
            let missing: Vec<_> = stopped.named.iter().filter(|name| !email.addresses.contains(**name)).collect();
            assert!(missing.is_empty(), "{}: {missing:?} not in {:?}", stopped.key, email.addresses);
            assert_eq!(world.counted[&email.incident].records(), stopped.records() - stopped.before, "{}", stopped.key);
        }
    }
    // The pings of the week, and what a search through a network is until it is known as one.
    let is_ping = |key: &str| key.starts_with("Ping-Deny|");
    let pings = others.values().filter(|key| is_ping(key)).count();
    assert_eq!(pings, week::planted().len());
    let service = |key: &&str| key.strip_prefix("Request-Deny|1|eu-west-1|group-0|private|service=").map(str::to_owned);
    let searched: Vec<String> = others.values().filter_map(service).collect();
    let (all_others, first): (Vec<&String>, Vec<&String>) = searched.iter().partition(|service| *service == "others");
    assert_eq!((first.len() as u64, all_others.len() as u64), (3 * TIMES, TIMES), "{searched:?}");
    assert!(first.iter().all(|service| service.starts_with("10.0.4.") && service.ends_with(":3389/tcp")), "{first:?}");
    assert_eq!(pings + searched.len(), others.len(), "{others:?}");
    // Scanners and late packets are in no email, and each incident ends.
    let named = world.emails.iter().filter(|email| !is_ping(&email.key)).flat_map(|email| &email.addresses);
    assert_eq!(named.filter(|address| address.starts_with("45.")).count(), 0);
    let resolved = world.emails.iter().filter(|email| email.kind == NotificationKind::Resolved).count();
    assert_eq!((resolved, world.counted.len()), (opened.len(), opened.len()));
    assert!(world.emails.iter().all(|email| email.kind != NotificationKind::Reopened));
    assert_eq!(played.simulation.check_kinds(&world), 0);
    played.simulation.check_periods(&world);
    played.simulation.check_intervals(&world);
    played.simulation.check_times(&world);
    assert_eq!(world.digests.len() as u64, DAYS);
    // A batch of nothing but background makes no call of the store.
    let callers = world.store_calls.len() as u64;
    let most = played.batches - played.background + 8 * opened.len() as u64;
    assert!(callers <= most && most < played.batches / 20, "{callers} of {} runs called the store", played.batches);
}

/// Returns the email that opened an incident, which is sent with the batch of its minute: not before, and not later.
fn opened_by<'s>(stopped: &Stopped, begins: u64, opened: &[&'s Sent]) -> &'s Sent {
    let arrives = START + (5 + begins + stopped.opens) * MINUTE_MILLIS;
    let during = START + (5 + begins) * MINUTE_MILLIS..arrives + 24 * 60 * MINUTE_MILLIS;
    let emails: Vec<&&Sent> =
        opened.iter().filter(|email| email.key == stopped.key() && during.contains(&email.at)).collect();
    assert_eq!(emails.len(), 1, "{} of minute {begins}: {emails:?}", stopped.key());
    assert!((arrives..arrives + MINUTE_MILLIS + 2_000).contains(&emails[0].at), "{}: {emails:?}", stopped.key());
    emails[0]
}

#[test]
fn in_a_week_of_connections_what_is_ours_is_reported_at_once_and_nothing_else() {
    check(Format::Flags);
}

#[test]
fn the_same_without_flags_and_directions() {
    check(Format::Default);
}

#[test]
fn with_pings_alone_connections_change_nothing() {
    let played = |connections| play(Format::Default, Rules::default(), connections);
    let (with, without) = (played(true), played(false));
    assert_eq!(with.found, with.expected);
    let (with, without) = (with.simulation.world.lock().unwrap(), without.simulation.world.lock().unwrap());
    assert!(with.emails.len() > week::planted().len());
    assert_eq!(format!("{:?}", with.emails), format!("{:?}", without.emails));
    assert_eq!(with.digests, without.digests);
    assert_eq!(with.store_calls, without.store_calls);
}
