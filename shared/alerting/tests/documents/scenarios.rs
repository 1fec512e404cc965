//! The messages that the tests look at: one for each event in `events/` that has something to report, each kind of message, and
//! what is large or hostile.

use std::sync::LazyLock;

use alerting::{
    detection::{Detection, Detector, LogSource, Totals, Untracked},
    enrichment::{Interface, MissingData, MissingReason, Network, NetworkPart, Tags},
    incident::{
        IncidentKey, Reason, Summary,
        policy::Policy,
        state::{ClosedIncident, Lease, OpenIncident, PastIncident},
    },
    notification::{
        Language, Notification, NotificationContent, NotificationContext, RenderedNotification, Site,
        links::console::AwsConsole,
    },
    time::{self, EpochMillis, MINUTE_MILLIS},
    zone::Zone,
};
use flow_log::{Decoder, Formats, LogEvent};

use crate::networks;

/// 2026-11-23 02:38:54 UTC, 6 min 40 s after the first packet of most events.
const NOW: EpochMillis = EpochMillis(1_795_401_534_000);

const V5: &str = "${version} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${start} ${end} ${type} ${packets} \
                  ${bytes} ${account-id} ${vpc-id} ${subnet-id} ${instance-id} ${interface-id} ${region} ${az-id} \
                  ${sublocation-type} ${sublocation-id} ${action} ${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} \
                  ${pkt-src-aws-service} ${pkt-dst-aws-service} ${traffic-path} ${flow-direction} ${log-status}";

static SITE: LazyLock<Site> = LazyLock::new(|| site(Language::English));
static IN_JAPANESE: LazyLock<Site> = LazyLock::new(|| site(Language::Japanese));
static POLICY: LazyLock<Policy> = LazyLock::new(Policy::default);
static NOTHING_KNOWN: LazyLock<Network> = LazyLock::new(Network::default);
static KEY: LazyLock<IncidentKey> = LazyLock::new(|| IncidentKey("Ping-Deny|123456789010|Log-Group".to_owned()));

fn site(language: Language) -> Site {
    Site {
        region: "ap-northeast-1".to_owned(),
        console: AwsConsole::new("ap-northeast-1"),
        metric_namespace: "Ping-Deny-Metrics".to_owned(),
        metric_name: "Ping-Deny".to_owned(),
        language,
        zone: Zone::UTC,
    }
}

fn context<'a>(reason: Reason, key: &'a IncidentKey, network: &'a Network) -> NotificationContext<'a> {
    NotificationContext { key, reason, network, policy: &POLICY, site: &SITE, now: NOW }
}

fn detect(name: &str) -> Detection {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let event = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let formats = if name == "custom-format" { Formats::parse(V5).unwrap() } else { Formats::default() };
    let mut decoder = Decoder::new(1 << 26);
    let mut payload = decoder.decode(&event).unwrap();
    let mut detector = Detector::new(&formats);
    let header = payload.next_batch(|event| detector.observe(&event)).unwrap().unwrap();
    detector.finish(LogSource::of(&header))
}

/// What some records of the default format lead to.
fn detected(lines: impl IntoIterator<Item = String>) -> Detection {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for line in lines {
        detector.observe(&LogEvent::new("1", 0, line));
    }
    let source = ["123456789010", "Log-Group", "eni-1235b8ca123456789-all"].map(str::to_owned);
    let [owner, log_group, log_stream] = source;
    detector.finish(LogSource { owner, log_group, log_stream })
}

fn content(detection: &Detection) -> NotificationContent {
    NotificationContent::batch(detection, &detection.findings.iter().collect::<Vec<_>>(), &detection.untracked)
}

fn opening_of(detection: &Detection, network: &Network) -> RenderedNotification {
    // As the engine makes it: hostile names of a batch stand in the key too.
    let LogSource { owner, log_group, .. } = &detection.source;
    let key = IncidentKey(format!("Ping-Deny|{owner}|{log_group}"));
    RenderedNotification::of(&Notification::opened(context(Reason::New, &key, network), "1", content(detection), None))
}

/// The opening that an event of `events/` leads to.
pub(crate) fn opening(event: &str) -> RenderedNotification {
    opening_of(&detect(event), &NOTHING_KNOWN)
}

/// An opening with the incident before it.
pub(crate) fn again() -> RenderedNotification {
    let detection = detect("ping-deny");
    let previous = PastIncident {
        id: "0".to_owned(),
        opened_at: time::before(NOW, 100 * MINUTE_MILLIS),
        last_seen: time::before(NOW, 40 * MINUTE_MILLIS),
        totals: detection.totals(),
    };
    RenderedNotification::of(&Notification::opened(
        context(Reason::New, &KEY, &NOTHING_KNOWN),
        "1",
        content(&detection),
        Some(&previous),
    ))
}

/// An incident of a quarter of an hour: an email was sent 5 minutes ago, and some came since. What came, and everything.
fn ongoing() -> (OpenIncident, Summary, Summary) {
    let counted = |event: &str| Summary::of(&detect(event).findings, &Untracked::default());
    let since = counted("sweep");
    let mut total = counted("ping-deny-inbound");
    total.merge(&since);
    let open = OpenIncident {
        id: "1".to_owned(),
        opened_at: time::before(NOW, 15 * MINUTE_MILLIS),
        emails: 1,
        last_email_at: time::before(NOW, 5 * MINUTE_MILLIS),
        lease: None,
        timer: 3,
        timer_at: NOW,
    };
    (open, since, total)
}

pub(crate) fn update() -> RenderedNotification {
    let (open, since, total) = ongoing();
    RenderedNotification::of(&Notification::update(
        context(Reason::UpdateDue, &KEY, &NOTHING_KNOWN),
        &open,
        &since,
        total.totals,
    ))
}

pub(crate) fn resolved() -> RenderedNotification {
    let (open, _, summary) = ongoing();
    let closing = ClosedIncident {
        id: open.id,
        opened_at: open.opened_at,
        last_seen: time::before(NOW, 2 * MINUTE_MILLIS),
        emails: 2,
        unreported: Totals::default(),
        summary,
        lease: Lease { owner: "me".to_owned(), until: NOW },
        timer: 4,
    };
    RenderedNotification::of(&Notification::resolved(context(Reason::Quiet, &KEY, &NOTHING_KNOWN), &closing))
}

pub(crate) fn late_opened() -> RenderedNotification {
    let (mut open, _, total) = ongoing();
    open.emails = 0;
    RenderedNotification::of(&Notification::late_opened(
        context(Reason::LeaseExpired, &KEY, &NOTHING_KNOWN),
        &open,
        &total,
    ))
}

fn boxed(text: &str) -> Option<Box<str>> {
    Some(text.into())
}

/// What EC2 says of the documented ping's interface, with tags that somebody may have written.
fn network(name: &str) -> Network {
    let interface = Interface {
        id: "eni-1235b8ca123456789".into(),
        kind: "interface".into(),
        owner: boxed("123456789010"),
        addresses: vec!["172.31.16.139".parse().unwrap()],
        instance_id: boxed("i-0789cafe"),
        subnet_id: boxed("subnet-0456"),
        vpc_id: boxed("vpc-0123"),
        zone: boxed("apne1-az4"),
        tags: Tags { name: boxed("the interface"), owners: Vec::new() },
        ..Interface::default()
    };
    let tags = Tags { name: boxed(name), owners: vec![("owner".into(), name.into()); 6] };
    Network {
        interfaces: [(interface.id.to_string(), interface)].into(),
        tags: [("i-0789cafe".to_owned(), tags)].into(),
        missing: vec![
            MissingData {
                part: NetworkPart::Groups,
                reason: MissingReason::Denied("ec2:DescribeSecurityGroups".into()),
            },
            MissingData { part: NetworkPart::Acls, reason: MissingReason::TooSlow },
        ],
        ..Network::default()
    }
}

/// With all that EC2 tells in the tests of the emails: the network ACL and the security groups too.
pub(crate) fn with_network() -> RenderedNotification {
    opening_of(&detect("ping-deny"), &networks::of("ping-deny", true))
}

/// With some of it missing.
pub(crate) fn with_gaps() -> RenderedNotification {
    opening_of(&detect("ping-deny"), &network("web-1"))
}

pub(crate) fn in_japanese() -> RenderedNotification {
    let (detection, network) = (detect("ping-deny"), networks::of("ping-deny", true));
    let context = NotificationContext { site: &IN_JAPANESE, ..context(Reason::New, &KEY, &network) };
    RenderedNotification::of(&Notification::opened(context, "1", content(&detection), None))
}

/// Everything that JSON has to escape, in the longest name that somebody may give.
pub(crate) fn with_hostile_names() -> RenderedNotification {
    opening_of(&detect("ping-deny"), &network(&"\\\"\n\u{0}<!channel>".repeat(64)))
}

/// A record of the default format.
pub(crate) fn record(from: &str, to: &str, interface: &str) -> String {
    format!("2 123456789010 {interface} {from} {to} 0 0 1 2 168 1795401134 1795401190 REJECT OK")
}

/// More flows than are told apart, each on an interface of its own.
pub(crate) fn storm() -> RenderedNotification {
    let line = |n: u32| {
        record(&format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255), "172.31.16.139", &format!("eni-{n:017x}"))
    };
    opening_of(&detected((0..10_000).map(line)), &NOTHING_KNOWN)
}

/// As many flows as are told apart, whose interfaces have names of nothing but escapes, as long as they are kept.
pub(crate) fn hostile_storm() -> RenderedNotification {
    let line = |n: u32| record(&format!("10.0.{}.{}", n >> 8 & 255, n & 255), "172.31.16.139", &"\"\\".repeat(64));
    opening_of(&detected((0..2_000).map(line)), &network(&"\\\"".repeat(512)))
}

/// A ping from a private address that another VPC's host has, too, and the VPC of the interface by the record.
pub(crate) fn stranger(vpc: &str) -> RenderedNotification {
    let formats =
        Formats::parse("${interface-id} ${vpc-id} ${srcaddr} ${dstaddr} ${protocol} ${action} ${log-status}").unwrap();
    let mut detector = Detector::new(&formats);
    detector.observe(&LogEvent::new("1", 0, format!("eni-1 {vpc} 10.0.0.9 172.31.16.139 1 REJECT OK")));
    let host = Interface {
        id: "eni-9".into(),
        addresses: vec!["10.0.0.9".parse().unwrap()],
        instance_id: boxed("i-9"),
        vpc_id: boxed("vpc-2"),
        ..Interface::default()
    };
    let network = Network { interfaces: [("eni-9".to_owned(), host)].into(), ..Network::default() };
    opening_of(&detector.finish(LogSource::default()), &network)
}

/// The largest numbers that a record can carry.
pub(crate) fn largest() -> RenderedNotification {
    let max = u64::MAX;
    let line = |start: u64| format!("2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 {max} {max} {start} {max} REJECT OK");
    opening_of(&detected([0, 60, max].map(line)), &NOTHING_KNOWN)
}

/// All of them, by name.
pub(crate) fn all() -> Vec<(&'static str, RenderedNotification)> {
    const EVENTS: [&str; 8] = [
        "ping-deny",
        "ping-deny-v6",
        "ping-deny-inbound",
        "mixed-traffic",
        "custom-format",
        "sweep",
        "broken-line",
        "hostile",
    ];
    let mut all: Vec<(&str, RenderedNotification)> = EVENTS.map(|event| (event, opening(event))).into();
    all.extend([
        ("again", again()),
        ("update", update()),
        ("resolved", resolved()),
        ("late-opened", late_opened()),
        ("with-network", with_network()),
        ("with-gaps", with_gaps()),
        ("in-japanese", in_japanese()),
        ("with-hostile-names", with_hostile_names()),
        ("storm", storm()),
        ("hostile-storm", hostile_storm()),
        ("largest", largest()),
    ]);
    all
}
