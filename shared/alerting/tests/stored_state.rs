//! Tests of the stored items and of the timer message, against one file for each. Every later version must read these files.
//!
//! Until the first release, the files may change: `UPDATE_STORED_STATE=1 cargo test -p alerting --test stored_state` rewrites them.
//! After it, a file never changes again; an item with a new form gets another file.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can rewrite its files")]

use std::{collections::BTreeSet, fs, net::IpAddr, path::PathBuf};

use alerting::{
    detection::{Detection, Detector, LogSource, Origin, Rule, Rules, Untracked},
    incident::{
        IncidentKey, KeyPart, Signal, Silence, SilenceList, Silenced, Summary,
        plan::MAX_TRIES,
        policy::MAX_SHARDS,
        scan::{SeenAt, SenderRecord},
        state::{
            BatchRecord, ClosedIncident, CounterShard, Earlier, Handed, HourlyEmails, IncidentRecord, Lease,
            OpenIncident, PastIncident, ReportRecord, Reporting, StoredItem, TimerMessage, Unsent,
        },
    },
    time::EpochMillis,
};
use flow_log::{Formats, LogEvent};
use serde_json::Value;

const AT: EpochMillis = EpochMillis(1_795_401_134_000);
/// Maximum size of an item
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
const MAX_ITEM_BYTES: usize = 400 * 1024;
/// Maximum size of a transaction (the same page).
const MAX_TRANSACTION_BYTES: usize = 4 * 1024 * 1024;
/// Objects whose keys are counted names, not fields.
const MAPS: [&str; 3] = ["minutes", "e", "services"];
/// Fields that an item may lack. They are empty then.
const MAY_BE_MISSING: [&str; 44] = [
    "ports",
    "server",
    "scanning_until",
    "silenced",
    "ended",
    "silence/rule",
    "silence/origin",
    "silence/source",
    "silence/destination",
    "silence/port",
    "silence/interface",
    "silence/account",
    "silence/region",
    "silence/log_group",
    "n",
    "x",
    "earlier",
    "named",
    "current",
    "unsent",
    "reporting",
    "last",
    "pending",
    "tries",
    "retry",
    "round_ends",
    "minutes",
    "flows",
    "lines",
    "way",
    "m",
    "d",
    "accounts",
    "bytes",
    "flows_left_out",
    "fresh",
    "handed",
    "current/lease",
    "o",
    "packets",
    "protocols",
    "regions",
    "reported",
    "u",
];

fn detection<T: AsRef<str>>(lines: &[T]) -> Detection {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats).with_rules(Rules::all());
    for line in lines {
        detector.observe(&LogEvent::new("1", 1_795_401_134_000, line.as_ref()));
    }
    detector.finish(LogSource { log_stream: "s".into(), ..LogSource::logged_in("1", "eu-west-1", "Log-Group") })
}

fn summary() -> Summary {
    let detection = detection(&[
        "2 1 eni-1 203.0.113.12 10.0.0.1 0 0 1 4 336 1795401134 1795401190 ACCEPT OK",
        "2 1 eni-1 10.0.0.1 203.0.113.12 0 0 1 4 336 1795401134 1795401190 REJECT OK",
        "2 1 eni-2 2001:db8::1 2001:db8::2 0 0 58 2 168 1795401194 1795401250 REJECT OK",
        "2 1 eni-2 10.0.1.10 10.0.2.20 41022 5432 6 1 60 1795401194 1795401250 REJECT OK",
    ]);
    Summary::of(detection.findings(), &Untracked::default(), (Rule::Ping, Signal::Private))
}

/// A silence with all conditions.
fn silence() -> Silence {
    Silence {
        id: "k3f9".to_owned(),
        rule: Some(Rule::Request),
        origin: Some(Origin::OwnRequest),
        source: Some("10.0.0.0/24".parse().unwrap()),
        destination: Some("2001:db8::/32".parse().unwrap()),
        port: Some("5432/tcp".parse().unwrap()),
        interface: Some("eni-1".to_owned()),
        account: Some("123456789012".to_owned()),
        region: Some("eu-west-1".to_owned()),
        log_group: Some("Log-Group".to_owned()),
        from: AT,
        until: EpochMillis(AT.0 + 8 * 3_600_000),
        reason: "load test".to_owned(),
        by: "alice".to_owned(),
        unknown: serde_json::Map::new(),
    }
}

fn documents() -> Vec<(&'static str, StoredItem)> {
    let summary = summary();
    let lease = Lease { owner: "timer 1795401134000-0a1b2c3d 4 run".to_owned(), until: AT };
    let id = "1795401134000-0a1b2c3d".to_owned();
    let key = IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", "Log-Group"), Signal::Private)
        .with(KeyPart::Source("10.0.0.1".parse().unwrap()));
    let named: BTreeSet<IpAddr> = ["10.0.0.1", "2001:db8::1"].map(|address| address.parse().unwrap()).into();
    let silenced = vec![Silenced { silence: silence(), since: AT, ended: Some(AT) }];
    let earlier = Earlier { incident: id.clone(), opened_at: AT, resolved_at: AT, totals: summary.totals, reopened: 2 };
    let open = OpenIncident {
        id: id.clone(),
        opened_at: AT,
        emails: 1,
        last_email_at: AT,
        lease: Some(lease.clone()),
        timer: 7,
        timer_at: AT,
        named: named.clone(),
        silenced: silenced.clone(),
        earlier: Some(earlier.clone()),
    };
    let closing = ClosedIncident {
        id: id.clone(),
        earlier: Some(earlier),
        opened_at: AT,
        last_seen: AT,
        emails: 2,
        summary: summary.clone(),
        unreported: summary.totals,
        silenced,
        lease: lease.clone(),
        timer: 9,
    };
    let last = PastIncident {
        id: id.clone(),
        opened_at: AT,
        last_seen: AT,
        totals: summary.totals,
        resolved_at: AT,
        emails: 3,
        last_email_at: AT,
        named,
        silenced: [silence().id].into(),
        reopened: 1,
    };
    let reporting = Reporting { id: id.clone(), timer: 9, timer_at: AT };
    let unsent = Unsent { tries: MAX_TRIES - 1, retry: Some(6), round_ends: Some(AT) };
    vec![
        (
            "incident-open",
            StoredItem::Incident(IncidentRecord { current: Some(open), unsent, reporting: None, last: None }),
        ),
        (
            "incident-ended",
            StoredItem::Incident(IncidentRecord {
                reporting: Some(reporting),
                last: Some(last),
                ..IncidentRecord::default()
            }),
        ),
        (
            "counter",
            StoredItem::Counters(CounterShard {
                reported: summary.clone(),
                handed: Some(Handed { email: 2, summary: summary.clone() }),
                fresh: summary.clone(),
                ..CounterShard::new(id.clone(), AT)
            }),
        ),
        ("counter-closed", StoredItem::Counters(CounterShard { closed: true, ..CounterShard::new(id.clone(), AT) })),
        ("report-pending", StoredItem::Report(ReportRecord { pending: Some(closing) })),
        ("report-sent", StoredItem::Report(ReportRecord::default())),
        (
            "batch",
            StoredItem::Batch(BatchRecord { lease, done: false, metrics_published: true, opened: vec![(key, id)] }),
        ),
        ("silences", StoredItem::Silences(SilenceList(vec![silence()]))),
        ("hourly-emails", StoredItem::HourlyEmails(HourlyEmails { hour: 498_722, emails: 20 })),
        ("sender", StoredItem::Sender(sender())),
    ]
}

fn sender() -> SenderRecord {
    let service = "10.0.2.20:5432/tcp".parse().unwrap();
    SenderRecord { services: [(service, SeenAt(0, 1_795_401_250))].into(), scanning_until: 1_795_401_850 }
}

fn timer() -> TimerMessage {
    TimerMessage {
        key: IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", "Log-Group"), Signal::Private),
        incident: "1795401134000-0a1b2c3d".to_owned(),
        timer: 7,
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stored-state/{name}.json"))
}

fn file(name: &str) -> Value {
    let path = path(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Collects the paths of all objects in a value, except those whose keys are counted names.
fn objects(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let named = MAPS.contains(&path.rsplit('/').next().unwrap_or_default());
            if !path.is_empty() && !named {
                found.push(path.to_owned());
            }
            // A service has a slash: RFC 6901, section 3.
            let step = |name: &String| format!("{path}/{}", name.replace('/', "~1"));
            fields.iter().for_each(|(name, value)| objects(value, &step(name), found));
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(at, value)| objects(value, &format!("{path}/{at}"), found));
        }
        _ => {}
    }
}

fn is_silence(path: &str) -> bool {
    path.ends_with("/silence") || path.starts_with("/silences/")
}

#[test]
fn a_silence_with_a_field_of_a_later_version_is_kept_and_not_applied() {
    let mut more = file("silences");
    more["silences"][0]["of_a_later_version"] = serde_json::json!([1]);
    let read = StoredItem::from_text(&more.to_string());
    let StoredItem::Silences(list) = &read else { panic!("{read:?}") };
    assert_eq!(list.0[0].unknown.keys().collect::<Vec<_>>(), ["of_a_later_version"]);
    assert_eq!(serde_json::from_str::<Value>(&read.to_text().unwrap()).unwrap(), more);
}

#[test]
fn items_are_written_in_the_form_of_the_files_and_read_back() {
    let mut all: Vec<(&str, Value)> =
        documents().iter().map(|(name, doc)| (*name, serde_json::from_str(&doc.to_text().unwrap()).unwrap())).collect();
    all.push(("timer-message", serde_json::to_value(timer()).unwrap()));
    if std::env::var_os("UPDATE_STORED_STATE").is_some() {
        for (name, value) in &all {
            fs::write(path(name), format!("{}\n", serde_json::to_string_pretty(value).unwrap())).unwrap();
        }
    }
    for (name, value) in &all {
        assert_eq!(*value, file(name), "{name} is written in another form: stored items would become unreadable");
    }
    for (name, doc) in documents() {
        assert_eq!(StoredItem::from_text(&file(name).to_string()), doc, "{name}");
    }
    assert_eq!(serde_json::from_value::<TimerMessage>(file("timer-message")).unwrap(), timer());
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    let mut fields = 0;
    for (name, doc) in documents() {
        let value = file(name);
        let mut paths = Vec::new();
        objects(&value, "", &mut paths);
        // A silence keeps them: they may be conditions.
        for path in paths.into_iter().filter(|path| !is_silence(path)) {
            let mut more = value.clone();
            let object = more.pointer_mut(&path).unwrap().as_object_mut().unwrap();
            object.insert("of_a_later_version".to_owned(), serde_json::json!({ "a": [1, null] }));
            assert_eq!(StoredItem::from_text(&more.to_string()), doc, "{name} with an unknown field at {path}");
            fields += 1;
        }
    }
    assert!(fields > 40, "{fields}");
    let mut more = file("timer-message");
    more["of_a_later_version"] = Value::Null;
    assert_eq!(serde_json::from_value::<TimerMessage>(more).unwrap(), timer());
}

#[test]
fn without_a_required_field_an_item_is_unreadable_and_kept_unchanged() {
    let (mut missing, mut needed) = (0, 0);
    for (name, _) in documents() {
        let value = file(name);
        let mut paths = Vec::new();
        objects(&value, "", &mut paths);
        for path in paths.iter().filter(|path| !path.contains("/flows/")) {
            let fields: Vec<String> = value.pointer(path).unwrap().as_object().unwrap().keys().cloned().collect();
            for field in fields {
                let mut less = value.clone();
                less.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(&field);
                let text = less.to_string();
                let read = StoredItem::from_text(&text);
                let object = if is_silence(path) { "silence" } else { path.rsplit('/').next().unwrap() };
                let in_its_object = format!("{object}/{field}");
                if [field.as_str(), &in_its_object].iter().any(|name| MAY_BE_MISSING.contains(name)) {
                    assert!(!matches!(read, StoredItem::Unreadable(_)), "{name} without {path}/{field}");
                    missing += 1;
                } else {
                    assert_eq!(read, StoredItem::Unreadable(text.clone()), "{name} without {path}/{field}");
                    assert_eq!(read.to_text().unwrap(), text);
                    needed += 1;
                }
            }
        }
    }
    assert!(missing > 20 && needed > 20, "{missing} {needed}");
}

#[test]
fn unreadable_text_is_kept_unchanged() {
    for text in ["", "{", "null", "{\"head\":{\"current\":5}}", "{\"later\":{}}", "{\"unreadable\":\"x\"}", "\u{1f600}"]
    {
        let doc = StoredItem::from_text(text);
        assert_eq!(doc, StoredItem::Unreadable(text.to_owned()));
        assert_eq!(doc.to_text().unwrap(), text);
    }
}

#[test]
fn the_largest_counters_fit_into_an_item_and_those_of_an_incident_into_a_transaction() {
    let long = "9".repeat(200);
    let batch = |number: u32| {
        let lines: Vec<String> = (0..2_000)
            .map(|n| {
                let (host, minute) = (number * 2_000 + n, 1_795_401_134 + 60 * u64::from(n % 200));
                format!(
                    "2 {long} eni-{host:017x}{long} 2001:db8:1234:a100:8d6e:3477:{:x}:{:x} \
                     2001:db8:ffff:ffff:ffff:ffff:{:x}:ffff 0 0 58 {} {} {minute} {} REJECT OK",
                    host >> 16,
                    host & 0xffff,
                    n,
                    u64::MAX - u64::from(host),
                    u64::MAX,
                    minute + 59
                )
            })
            .collect();
        Summary::of(detection(&lines).findings(), &Untracked::default(), (Rule::Ping, Signal::Private))
    };
    let mut summary = batch(0);
    (1..4).for_each(|number| summary.merge(&batch(number)));
    let shard = CounterShard {
        reported: summary.clone(),
        handed: Some(Handed { email: u32::MAX, summary: summary.clone() }),
        fresh: summary,
        ..CounterShard::new("i".repeat(40), AT)
    };
    let bytes = StoredItem::Counters(shard).to_text().unwrap().len();
    assert!(bytes > 5_000, "{bytes} bytes: the counters are not full");
    assert!(
        4 * bytes <= MAX_ITEM_BYTES,
        "{bytes} bytes of one counter; an incident record and a report hold up to two"
    );
    assert!(bytes * (usize::from(MAX_SHARDS) + 4) <= MAX_TRANSACTION_BYTES, "{bytes} bytes of one counter");
}
