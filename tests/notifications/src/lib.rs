//! Sample notifications of each kind, made as in the engine: one for each event in `events/` that has something to report, later
//! ones of an incident, and extreme ones. The tests of emails, documents and destinations render them.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot read its event has failed")]

mod connections;
mod extremes;
mod networks;

use std::collections::BTreeSet;

use alerting::{
    address::Networks,
    detection::{Detection, Detector, LogSource, Rule, TEST_LOG_STREAM, Totals, Untracked},
    enrichment::Network,
    incident::{
        GroupBy, IncidentKey, InternetPings, KeyPart, Reason, Signal, SignalPolicy, Silence, Silenced, Summary,
        key::{self, Group},
        policy::Policy,
        state::{ClosedIncident, Earlier, Lease, OpenIncident, PastIncident},
    },
    notification::{
        Language, Notification, NotificationContent, NotificationContext, RenderedNotification, Site, email::Email,
        links::console::AwsConsole,
    },
    time::{self, EpochMillis, MINUTE_MILLIS},
    zone::Zone,
};
pub use connections::{CONNECTIONS, connection, connection_network};
pub use extremes::{hostile_storm, largest, record, storm, stranger, with_hostile_names, with_missing_data};
use flow_log::{Decoder, Formats, LogEvent, SystemFields};

/// 2026-11-23 02:38:54 UTC, 6 min 40 s after the first packet of most events.
pub const NOW: EpochMillis = EpochMillis(1_795_401_534_000);

/// The events that have something to report.
pub const EVENTS: [&str; 8] = [
    "ping-deny",
    "ping-deny-v6",
    "ping-deny-inbound",
    "mixed-traffic",
    "custom-format",
    "sweep",
    "broken-line",
    "hostile",
];

/// The other scenarios: later notifications, a second incident, names with hostile text, and other signals: a request of ours (the trial's
/// own case), a source that must get through, and a flood.
pub const OTHERS: [&str; 13] = [
    "update",
    "resolved",
    "reopened",
    "late-opened",
    "update-of-many",
    "resolved-of-many",
    "repeated",
    "hostile-names",
    "own-request",
    "must-reach",
    "flood",
    "update-with-silences",
    "silenced",
];

/// The scenario of test records. Its email answers no questions of an engineer on call.
pub const TEST: &str = "test";

const V5: &str = "${version} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${start} ${end} ${type} ${packets} \
                  ${bytes} ${account-id} ${vpc-id} ${subnet-id} ${instance-id} ${interface-id} ${region} ${az-id} \
                  ${sublocation-type} ${sublocation-id} ${action} ${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} \
                  ${pkt-src-aws-service} ${pkt-dst-aws-service} ${traffic-path} ${flow-direction} ${log-status}";

/// Language and time zone of the readers, and whether the notification is enriched.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The language of the emails.
    pub language: Language,
    /// The readers' time zone.
    pub zone: &'static str,
    /// Whether the notification is enriched with data from EC2.
    pub enriched: bool,
}

impl Setting {
    /// English, UTC, not enriched.
    pub const PLAIN: Setting = Setting { language: Language::English, zone: "UTC", enriched: false };

    /// English, UTC, enriched.
    pub const ENRICHED: Setting = Setting { enriched: true, ..Setting::PLAIN };

    /// Returns every tested combination: each language with the time zone of its readers, enriched or not.
    pub fn all() -> impl Iterator<Item = Setting> {
        Language::ALL.iter().flat_map(|&language| {
            let zone = match language {
                Language::English => "UTC",
                Language::Japanese => "Asia/Tokyo",
            };
            [false, true].map(|enriched| Setting { language, zone, enriched })
        })
    }

    /// Returns the name of a scenario's snapshot.
    pub fn name(self, scenario: &str) -> String {
        let network = if self.enriched { ".ec2" } else { "" };
        format!("{scenario}{network}.{}", self.language.code())
    }

    fn site(self) -> Site {
        let region = REGION;
        Site {
            account: None,
            region: region.to_owned(),
            console: AwsConsole::new(region),
            metric_namespace: "Ping-Deny-Metrics".to_owned(),
            metric_name: "Ping-Deny".to_owned(),
            language: self.language,
            zone: Zone::parse(self.zone).unwrap(),
            stack: Some("ping-deny".to_owned()),
            formats: Formats::default(),
        }
    }
}

/// A notification that can be rendered for each reader.
#[derive(Clone, Debug)]
pub struct Scenario {
    key: IncidentKey,
    content: NotificationContent,
    kind: Kind,
    reason: Reason,
    now: EpochMillis,
    network: Network,
    silenced: Vec<Silenced>,
    setting: Setting,
}

#[derive(Clone, Debug)]
enum Kind {
    Opened(Option<PastIncident>),
    LateOpened(OpenIncident),
    Update(OpenIncident, Totals),
    Resolved(Box<ClosedIncident>),
}

impl Scenario {
    fn new(key: IncidentKey, content: NotificationContent, kind: Kind, reason: Reason, minutes: u64) -> Scenario {
        Scenario {
            key,
            content,
            kind,
            reason,
            now: time::after(NOW, minutes * MINUTE_MILLIS),
            network: Network::default(),
            silenced: Vec::new(),
            setting: Setting::PLAIN,
        }
    }

    /// Creates the opened notification of a batch: of the incident with most of its records, where pings from the internet are
    /// incidents too.
    pub fn opened(detection: &Detection) -> Scenario {
        Scenario::opened_by(detection, &SignalPolicy::default())
    }

    /// The same where other findings from the internet are a signal.
    pub fn opened_by(detection: &Detection, policy: &SignalPolicy) -> Scenario {
        let Group { key, findings, untracked } = largest_group(detection, policy);
        let named = Summary::of(findings.iter().copied(), &untracked, (key.rule, key.signal)).named();
        let content = NotificationContent::batch(detection, &findings, &untracked, &named);
        Scenario::new(key, content, Kind::Opened(None), Reason::New, 0)
    }

    /// Creates the opened notification of the untracked records of a batch. It has no names.
    pub fn untracked(detection: &Detection, part: KeyPart) -> Scenario {
        let Group { key, untracked, .. } = largest_group(detection, &SignalPolicy::default());
        let content = NotificationContent::batch(detection, &[], &untracked, &BTreeSet::new());
        Scenario::new(key.with(part), content, Kind::Opened(None), Reason::New, 0)
    }

    /// Creates an update, five minutes after the opened notification, about the records since then and the total.
    pub fn update(since: &Summary, total: Totals) -> Scenario {
        let content = NotificationContent::counters(&key(), since);
        Scenario::new(key(), content, Kind::Update(open(1), total), Reason::UpdateDue, 5)
    }

    /// Creates the first update after the incident was reopened, 22 minutes after it was resolved with a third email.
    pub fn reopened(since: &Summary, before: Totals) -> Scenario {
        let content = NotificationContent::counters(&key(), since);
        let earlier = Earlier {
            incident: "1".to_owned(),
            opened_at: NOW,
            resolved_at: time::after(NOW, 17 * MINUTE_MILLIS),
            totals: before,
            reopened: 1,
        };
        let open = OpenIncident {
            id: "1.1".to_owned(),
            last_email_at: earlier.resolved_at,
            earlier: Some(earlier),
            ..open(3)
        };
        Scenario::new(key(), content, Kind::Update(open, since.totals), Reason::UpdateDue, 39)
    }

    /// Creates an opened notification from the counters, a minute late.
    pub fn late_opened(total: &Summary) -> Scenario {
        let content = NotificationContent::counters(&key(), total);
        Scenario::new(key(), content, Kind::LateOpened(open(0)), Reason::LeaseExpired, 1)
    }

    /// Creates a resolved notification, 17 minutes after the opened one. `emails` were sent before and left `unreported` records.
    pub fn resolved(total: Summary, emails: u32, unreported: Totals) -> Scenario {
        let content = NotificationContent::counters(&key(), &total);
        let OpenIncident { id, opened_at, .. } = open(emails);
        let closed = ClosedIncident {
            silenced: Vec::new(),
            id,
            earlier: None,
            opened_at,
            last_seen: time::after(NOW, 2 * MINUTE_MILLIS),
            emails,
            unreported,
            summary: total,
            lease: Lease { owner: "me".to_owned(), until: NOW },
            timer: 4,
        };
        Scenario::new(key(), content, Kind::Resolved(Box::new(closed)), Reason::Quiet, 17)
    }

    /// Returns the scenario under silences that have covered some findings of the incident.
    #[must_use]
    pub fn under(self, silenced: Vec<Silenced>) -> Scenario {
        Scenario { silenced, ..self }
    }

    /// Returns the scenario for other readers.
    #[must_use]
    pub fn read_in(self, setting: Setting) -> Scenario {
        Scenario { setting, ..self }
    }

    /// Returns the scenario with data from EC2.
    #[must_use]
    pub fn enriched_with(self, network: Network) -> Scenario {
        Scenario { network, ..self }
    }

    /// Returns the data from EC2.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Returns an opened notification after an earlier incident of the same key.
    #[must_use]
    pub fn after(self, previous: PastIncident) -> Scenario {
        Scenario { kind: Kind::Opened(Some(previous)), ..self }
    }

    /// Returns the scenario with a narrower incident key.
    #[must_use]
    pub fn about(self, key: IncidentKey) -> Scenario {
        Scenario { key, ..self }
    }

    /// Renders the notification.
    pub fn render(&self) -> RenderedNotification {
        let (site, policy, signals) = (self.setting.site(), Policy::default(), SignalPolicy::default());
        let Scenario { key, content, reason, network, now, .. } = self;
        let context = NotificationContext {
            key,
            reason: *reason,
            silenced: &self.silenced,
            network,
            policy: &policy,
            signals: &signals,
            site: &site,
            now: *now,
        };
        RenderedNotification::of(&match &self.kind {
            Kind::Opened(previous) => Notification::opened(context, "1", content, previous.as_ref()),
            Kind::LateOpened(open) => Notification::late_opened(context, open, content),
            Kind::Update(open, total) => Notification::update(context, open, content, *total),
            Kind::Resolved(closed) => Notification::resolved(context, closed, content),
        })
    }

    /// Renders the email.
    pub fn email(&self) -> Email {
        self.render().email
    }
}

fn key() -> IncidentKey {
    key_of(Signal::OwnAnswer)
}

fn key_of(signal: Signal) -> IncidentKey {
    IncidentKey::new(Rule::Ping, &LogSource::logged_in("123456789010", REGION, "Log-Group"), signal)
}

/// Returns what a batch has of the incident with most of its records.
fn largest_group<'d>(detection: &'d Detection, policy: &SignalPolicy) -> Group<'d> {
    let policy = SignalPolicy { internet_pings: InternetPings::Alert, ..policy.clone() };
    let records = |group: &Group<'_>| {
        Summary::of(group.findings.iter().copied(), &group.untracked, (group.key.rule, group.key.signal)).totals.records
    };
    let groups = key::group(detection, GroupBy::LogGroup, &policy).groups.into_iter();
    // The first one of equals.
    groups.rev().max_by_key(records).expect("the batch has something to report")
}

/// Returns an open incident with this number of emails, the last one at [`NOW`].
fn open(emails: u32) -> OpenIncident {
    OpenIncident {
        silenced: Vec::new(),
        id: "1".to_owned(),
        opened_at: NOW,
        emails,
        last_email_at: NOW,
        lease: None,
        timer: 3,
        timer_at: NOW,
        named: BTreeSet::new(),
        earlier: None,
    }
}

/// Returns a silence of the sender of `ping-deny` for the eight hours from [`NOW`].
fn silence(id: &str) -> Silence {
    Silence {
        id: id.to_owned(),
        rule: None,
        origin: None,
        source: Some("172.31.16.139/32".parse().unwrap()),
        destination: None,
        port: None,
        interface: None,
        account: None,
        region: None,
        log_group: None,
        from: NOW,
        until: time::after(NOW, 8 * 60 * MINUTE_MILLIS),
        reason: "load test of web-1".to_owned(),
        by: "alice".to_owned(),
        unknown: Default::default(),
    }
}

/// Returns the detection of an event in `events/`.
pub fn detect(event: &str) -> Detection {
    let path = format!("{}/../../events/{event}.json", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let formats = if event == "custom-format" { Formats::parse(V5).unwrap() } else { Formats::default() };
    let mut decoder = Decoder::new(1 << 26);
    let mut payload = decoder.decode(&bytes).unwrap();
    let mut detector = Detector::new(&formats);
    let metadata = payload.next_batch(|event| detector.observe(&event)).unwrap().unwrap();
    detector.finish(LogSource::of(&metadata, &SystemFields::default(), REGION))
}

/// The region of the samples.
pub const REGION: &str = "ap-northeast-1";

/// Returns where the samples were logged.
pub fn source(log_stream: &str) -> LogSource {
    LogSource { log_stream: log_stream.to_owned(), ..LogSource::logged_in("123456789010", REGION, "Log-Group") }
}

/// Returns the detection of records of the default format.
pub fn detected(lines: impl IntoIterator<Item = String>) -> Detection {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for line in lines {
        detector.observe(&LogEvent::new("1", 0, line));
    }
    detector.finish(source("eni-1235b8ca123456789-all"))
}

/// Returns the counters of an event.
pub fn counted(event: &str) -> Summary {
    counted_as(event, key().signal)
}

fn counted_as(event: &str, signal: Signal) -> Summary {
    Summary::of(detect(event).findings(), &Untracked::default(), (Rule::Ping, signal))
}

/// Returns the counters of the second event, and those of both events.
fn ongoing(first: &str, then: &str, signal: Signal) -> (Summary, Summary) {
    let since = counted_as(then, signal);
    let mut total = counted_as(first, signal);
    total.merge(&since);
    (since, total)
}

/// Returns the scenario of this name in [`EVENTS`], [`OTHERS`] or [`CONNECTIONS`], or [`TEST`].
pub fn scenario(name: &str, setting: Setting) -> Scenario {
    let event = match name {
        "update" | "update-with-silences" | "resolved" | "silenced" | "reopened" | "late-opened" | "repeated" => {
            "ping-deny"
        }
        "update-of-many" | "resolved-of-many" | "flood" => "sweep",
        "own-request" => "ping-deny",
        "must-reach" => "ping-deny-inbound",
        event => event,
    };
    if CONNECTIONS.contains(&name) {
        let rules_read_at = setting.enriched.then(|| time::before(NOW, MINUTE_MILLIS));
        let network = Network { rules_read_at, ..connection_network(name, setting.enriched) };
        return connection(name).enriched_with(network).read_in(setting);
    }
    let few = || ongoing("ping-deny", "broken-line", key().signal);
    // Its emails name every sender.
    let must_reach = key_of(Signal::MustReach);
    let many = || ongoing("ping-deny-inbound", "sweep", must_reach.signal);
    let scenario = match name {
        "update" | "update-of-many" => {
            let (since, total) = if name == "update" { few() } else { many() };
            let update = Scenario::update(&since, total.totals);
            if name == "update" { update } else { update.about(must_reach) }
        }
        "reopened" => {
            let (since, _) = few();
            Scenario::reopened(&since, counted("ping-deny").totals)
        }
        "resolved" => Scenario::resolved(few().1, 2, Totals::default()),
        "resolved-of-many" => {
            let (since, total) = many();
            Scenario::resolved(total, 1, since.totals).about(must_reach)
        }
        "update-with-silences" => {
            let (since, total) = few();
            let hostile = Silence {
                interface: Some("eni-1\n\nhttps://phish.example/".to_owned()),
                account: Some("1\n2".to_owned()),
                region: Some("eu-west-1 and more".to_owned()),
                log_group: Some("/vpc\r\nhttps://phish.example/".to_owned()),
                reason: "see www.phish.example\r\nSubject: x".to_owned(),
                ..silence("a2b3")
            };
            let ended = Some(time::after(NOW, 3 * MINUTE_MILLIS));
            let silenced = [("k3f9", ended), ("m7n8", None), ("p4q5", None), ("r6s7", None)]
                .map(|(id, ended)| Silenced { silence: silence(id), since: NOW, ended });
            let mut silenced = silenced.to_vec();
            silenced.insert(1, Silenced { silence: hostile, since: NOW, ended: None });
            Scenario::update(&since, total.totals).under(silenced)
        }
        "silenced" => {
            let silenced = Silenced { silence: silence("k3f9"), since: time::after(NOW, MINUTE_MILLIS), ended: None };
            Scenario::resolved(few().1, 2, Totals::default()).under(vec![silenced])
        }
        "late-opened" => Scenario::late_opened(&few().1),
        "repeated" => {
            let detection = detect("ping-deny");
            Scenario::opened(&detection).after(PastIncident {
                silenced: BTreeSet::new(),
                id: "0".to_owned(),
                opened_at: time::before(NOW, 100 * MINUTE_MILLIS),
                last_seen: time::before(NOW, 80 * MINUTE_MILLIS),
                totals: detection.totals(),
                resolved_at: time::before(NOW, 65 * MINUTE_MILLIS),
                emails: 2,
                last_email_at: time::before(NOW, 65 * MINUTE_MILLIS),
                named: BTreeSet::new(),
                reopened: 0,
            })
        }
        "hostile-names" => Scenario::opened(&detect("ping-deny")),
        "own-request" => {
            let line =
                "2 123456789010 eni-1235b8ca123456789 172.31.16.139 142.250.196.110 0 0 1 4 336 1795401134 1795401182";
            Scenario::opened(&detected([format!("{line} REJECT OK")]))
        }
        "must-reach" => {
            let must_reach = Networks::parse("198.51.100.0/24").unwrap();
            let policy = SignalPolicy { must_reach, ..SignalPolicy::default() };
            Scenario::opened_by(&detect("ping-deny-inbound"), &policy)
        }
        "flood" => {
            let line = |n: u32| record(&format!("203.0.113.{n}"), "172.31.16.139", "eni-1235b8ca123456789");
            let line = |n| line(n).replace(" 2 168 ", " 8 672 ");
            Scenario::opened(&detected((1..=150).map(line)))
        }
        TEST => {
            let line = "2 123456789010 eni-00000000000000000 169.254.0.1 169.254.0.2 0 0 1 1 84 1795401474 1795401533 REJECT OK";
            let mut detection = detected([line.to_owned()]);
            detection.source.log_stream = TEST_LOG_STREAM.to_owned();
            Scenario::opened(&detection)
        }
        event => Scenario::opened(&detect(event)),
    };
    // A minute before the opened email: the cache had them.
    let rules_read_at = setting.enriched.then(|| time::before(NOW, MINUTE_MILLIS));
    let network = Network { rules_read_at, ..networks::of(event, setting.enriched) };
    scenario.enriched_with(network).read_in(setting)
}

/// Returns all scenarios by name, in English: enriched, not enriched, and the extreme ones.
pub fn all() -> Vec<(String, RenderedNotification)> {
    let settings = [Setting::PLAIN, Setting::ENRICHED];
    let names = EVENTS.iter().chain(&OTHERS).chain(&CONNECTIONS);
    let mut all: Vec<(String, RenderedNotification)> =
        names.flat_map(|name| settings.map(|setting| (setting.name(name), scenario(name, setting).render()))).collect();
    let extremes = [
        ("with-gaps", with_missing_data()),
        ("with-hostile-names", with_hostile_names()),
        ("storm", storm()),
        ("hostile-storm", hostile_storm()),
        ("largest", largest()),
    ];
    all.extend(extremes.map(|(name, scenario)| (name.to_owned(), scenario.render())));
    all
}

/// Formats an email with its subject.
pub fn shown(email: &Email) -> String {
    format!("Subject: {}\n\n{}", email.subject, email.body)
}
