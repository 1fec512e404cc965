//! `vpc-flow-alerts incidents`.

use alerting::{
    detection::{Detector, LogSource, Rule, Totals, Untracked},
    incident::{
        IncidentKey, KeyPart, Signal, Silence, Silenced, Summary, short_id,
        state::{
            ClosedIncident, CounterShard, Earlier, IncidentRecord, ItemId, Lease, OpenIncident, PastIncident,
            ReportRecord, Reporting, StoredItem,
        },
    },
    time::{EpochMillis, MINUTE_MILLIS, after, before, iso_millis},
};
use flow_log::{Formats, LogEvent};
use serde_json::{Value, json};

use crate::harness::{Answer, Aws, Table, Tool, describe_stacks, now, stack};

fn aws(table: &Table) -> Aws {
    let table = table.clone();
    Aws::new(move |call| stack(call, |call| table.answer(call)))
}

fn ago(minutes: u64) -> EpochMillis {
    before(EpochMillis(now()), minutes * MINUTE_MILLIS)
}

fn key(signal: Signal) -> IncidentKey {
    IncidentKey::new(Rule::Ping, &LogSource::logged_in("123456789012", "us-east-1", "Log-Group"), signal)
}

/// What a batch counts of pings from 10.0.0.5, with four packets each.
fn counted(targets: &[&str]) -> Summary {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    let lines: Vec<String> = targets
        .iter()
        .map(|target| format!("2 1 eni-1 10.0.0.5 {target} 0 0 1 4 336 1795401134 1795401182 REJECT OK"))
        .collect();
    lines.iter().for_each(|line| detector.observe(&LogEvent::new("1", 0, line)));
    let detection = detector.finish(LogSource::default());
    Summary::of(detection.findings(), &Untracked::default(), (Rule::Ping, Signal::OwnRequest))
}

fn open(id: &str) -> OpenIncident {
    OpenIncident {
        id: id.to_owned(),
        opened_at: ago(20),
        emails: 1,
        last_email_at: ago(2),
        lease: None,
        timer: 3,
        timer_at: after(ago(0), 3 * MINUTE_MILLIS),
        named: ["10.0.0.5".parse().unwrap(), "8.8.8.8".parse().unwrap(), "8.8.4.4".parse().unwrap()].into(),
        silenced: Vec::new(),
        earlier: None,
    }
}

fn past(id: &str, minutes: u64) -> PastIncident {
    PastIncident {
        id: id.to_owned(),
        opened_at: ago(minutes + 30),
        last_seen: ago(minutes + 15),
        totals: Totals { records: 7, packets: Some(28), ..Totals::default() },
        resolved_at: ago(minutes),
        emails: 2,
        last_email_at: ago(minutes),
        named: std::collections::BTreeSet::new(),
        silenced: std::collections::BTreeSet::new(),
        reopened: 0,
    }
}

fn with(table: Table, id: &ItemId, item: impl Into<StoredItem>) -> Table {
    let item = item.into().to_text().unwrap();
    table.with(&id.text(), 1, &serde_json::from_str(&item).unwrap())
}

fn with_record(table: Table, signal: Signal, record: IncidentRecord) -> Table {
    with(table, &ItemId::Incident(key(signal)), record)
}

/// A table with an open incident: one target was reported, the other was not.
fn one_open() -> (Table, CounterShard) {
    let mut shard = CounterShard::new("1-a".to_owned(), ago(3));
    shard.add(&counted(&["8.8.8.8"]), 0, ago(9));
    shard.hand_over(1);
    shard.add(&counted(&["8.8.4.4"]), 1, ago(1));
    let record = IncidentRecord { current: Some(open("1-a")), ..IncidentRecord::default() };
    let table = with_record(Table::default(), Signal::OwnRequest, record);
    (with(table, &ItemId::Counters(key(Signal::OwnRequest), 7), shard.clone()), shard)
}

fn docs(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_open_incident_is_a_line_with_what_comes_next() {
    let (table, _) = one_open();
    let aws = aws(&table);
    let printed = Tool::new(&aws).run(&["incidents"]);
    assert_eq!(printed.err, "In account 123456789012, region us-east-1, stack ping-deny:\n");
    let lines: Vec<&str> = printed.success().lines().collect();
    assert!(lines[0].starts_with("ID     STATE  WHAT ") && lines.len() == 2, "{lines:?}");
    let id = format!("#{}", short_id("1-a"));
    for part in [&*id, "open", "your requests are stopped", "2026-11-23 02:32 UTC", "8 packets, 2 records", "update, "]
    {
        assert!(lines[1].contains(part), "{part}: {}", lines[1]);
    }
    let scans = aws.operations().iter().filter(|operation| *operation == "dynamodb Scan").count();
    assert!(scans > 2, "all pages are read");
    assert!(!aws.operations().contains(&"dynamodb PutItem".to_owned()));
}

#[test]
fn json_has_the_times_of_the_next_email_and_of_the_end() {
    let (table, shard) = one_open();
    let printed = Tool::new(&aws(&table)).run(&["incidents", "--json"]);
    let [doc] = &docs(printed.success())[..] else { panic!("{}", printed.out) };
    let (_, item) = table.item(&ItemId::Incident(key(Signal::OwnRequest)).text()).unwrap();
    let record = IncidentRecord::try_from(StoredItem::from_text(&item.to_string())).unwrap().current.unwrap();
    let time = |at: EpochMillis, minutes: u64| iso_millis(after(at, minutes * MINUTE_MILLIS));
    assert_eq!(
        *doc,
        json!({
            "state": "open",
            "id": "1-a",
            "short_id": short_id("1-a"),
            "signal": "own-request",
            "key": "Ping-Deny|123456789012|us-east-1|Log-Group|own-request",
            "opened_at": time(record.opened_at, 0),
            "first_packet": "2026-11-23T02:32:14.000Z",
            "last_packet": "2026-11-23T02:33:02.000Z",
            "records": 2,
            "packets": 8,
            "unreported_records": 1,
            "emails": 1,
            "last_email_at": time(record.last_email_at, 0),
            "next_email": { "kind": "update", "at": time(record.last_email_at, 5) },
            "resolves_at": time(shard.last_seen, 15),
            "sources": [{ "address": "10.0.0.5", "weight": 8, "exact": true }],
            "targets": [
                { "address": "8.8.4.4", "weight": 4, "exact": true },
                { "address": "8.8.8.8", "weight": 4, "exact": true },
            ],
        })
    );
}

#[test]
fn settings_are_those_of_the_stack_and_the_defaults_with_a_table() {
    let (table, shard) = one_open();
    let of_table = table.clone();
    let parameters = [("QuietMinutes", "40"), ("UpdateIntervalsMinutes", "30,60"), ("TimeZone", "Asia/Tokyo")];
    let aws = Aws::new(move |call| match &*call.service {
        "cloudformation" => describe_stacks(call, "ping-deny", &[("IncidentTableName", "incidents")], &parameters),
        _ => stack(call, |call| of_table.answer(call)),
    });
    for (args, minutes) in [(&["incidents", "--json"][..], 40), (&["incidents", "--json", "--table", "incidents"], 15)]
    {
        let printed = Tool::new(&aws).run(args);
        let expected = iso_millis(after(shard.last_seen, minutes * MINUTE_MILLIS));
        assert_eq!(docs(printed.success())[0]["resolves_at"], expected, "{minutes}");
    }
    assert!(Tool::new(&aws).run(&["incidents"]).success().contains("2026-11-23 11:32 JST"));
}

#[test]
fn those_resolved_within_the_last_hour_are_listed_and_older_ones_found_by_their_id() {
    let resolved =
        |id: &str, minutes: u64| IncidentRecord { last: Some(past(id, minutes)), ..IncidentRecord::default() };
    let table = with_record(Table::default(), Signal::Private, resolved("1-new", 59));
    let table = with_record(table, Signal::Flood, resolved("1-old", 61));
    let aws = aws(&table);
    let tool = Tool::new(&aws);
    let listed = docs(tool.run(&["incidents", "--json"]).success());
    assert_eq!(listed.iter().map(|doc| &doc["id"]).collect::<Vec<_>>(), ["1-new"]);
    assert_eq!((&listed[0]["state"], &listed[0]["next_email"]), (&json!("resolved"), &Value::Null));
    let old = tool.run(&["incidents", &short_id("1-old")]);
    for part in
        ["RESOLVED: a flood from the internet", "Emails: 2 emails sent", "If it goes on, it is another incident."]
    {
        assert!(old.success().contains(part), "{part}: {}", old.out);
    }
    let new = tool.run(&["incidents", "1-new"]);
    assert!(new.success().contains("it is reopened; later it is another incident."), "{}", new.out);
    assert!(tool.run(&["incidents", "zzzz"]).failure().starts_with("there is no incident zzzz"));
}

#[test]
fn nothing_is_open() {
    let table = Table::default();
    let aws = aws(&table);
    let tool = Tool::new(&aws);
    assert_eq!(tool.run(&["incidents"]).success(), "no open incidents, and none resolved within the last hour\n");
    assert_eq!(tool.run(&["incidents", "--json"]).success(), "");
}

#[test]
fn the_story_of_a_reopened_incident_with_a_silence() {
    let silence = Silence {
        id: "k3f9".to_owned(),
        rule: None,
        origin: None,
        source: Some("10.0.0.5/32".parse().unwrap()),
        destination: None,
        port: None,
        interface: Some("eni-1; rm -rf x\n".to_owned()),
        account: None,
        region: None,
        log_group: None,
        from: ago(5),
        until: after(ago(0), 60 * MINUTE_MILLIS),
        reason: "load\u{7}test".to_owned(),
        by: "alice".to_owned(),
        unknown: serde_json::Map::new(),
    };
    let totals = Totals { records: 10, packets: Some(40), ..Totals::default() };
    let earlier = Earlier { incident: "1-a".to_owned(), opened_at: ago(90), resolved_at: ago(30), totals, reopened: 2 };
    let incident = OpenIncident {
        emails: 4,
        earlier: Some(earlier),
        lease: Some(Lease { owner: "x".to_owned(), until: after(ago(0), MINUTE_MILLIS) }),
        silenced: vec![Silenced { silence, since: ago(5), ended: None }],
        ..open("1-a.2")
    };
    let record = IncidentRecord { current: Some(incident), last: Some(past("1-a", 30)), ..IncidentRecord::default() };
    let table = with_record(Table::default(), Signal::OwnRequest, record);
    let mut shard = CounterShard::new("1-a.2".to_owned(), ago(1));
    shard.add(&counted(&["8.8.8.8", "8.8.4.4"]), 4, ago(1));
    let table = with(table, &ItemId::Counters(key(Signal::OwnRequest), 0), shard);
    let aws = aws(&table);
    let tool = Tool::new(&aws);
    let id = format!("#{}", short_id("1-a").to_uppercase());
    let story = tool.run(&["incidents", &id]);
    for part in [
        &*format!("#{}  1-a\n", short_id("1-a")),
        "OPEN, reopened 2 times: your requests are stopped (rule Ping-Deny, log group Log-Group, account 123456789012, region us-east-1)\n",
        "Counted: 48 packets, 12 records; no email has reported 8 packets, 2 records\n",
        "Packets: 02:32:14 - 02:33:02 UTC, 2026-11-23, give or take a minute\n",
        "; reopened: ",
        "Emails: 4 emails sent, the latest at ",
        "From: 10.0.0.5 (8 packets)\n",
        "To: 8.8.4.4 (4 packets), 8.8.8.8 (4 packets)\n",
        "Logged by: eni-1 (8 packets)\n",
        "Silence k3f9 (--source 10.0.0.5 --interface 'eni-1; rm -rf x\u{fffd}'; by alice: load\u{fffd}test): covers findings since ",
        "An email is being sent; if that fails, it is tried again after ",
        "Next email: ",
        "Resolved: at ",
    ] {
        assert!(story.success().contains(part), "{part}: {}", story.out);
    }
    assert_eq!(docs(tool.run(&["incidents", "--json"]).success()).len(), 1, "the one before it is the same one");
}

#[test]
fn a_resolved_email_that_is_not_sent_yet_is_what_comes_next() {
    let closed = ClosedIncident {
        id: "1-a".to_owned(),
        earlier: None,
        opened_at: ago(200),
        last_seen: ago(100),
        emails: 1,
        summary: counted(&["8.8.8.8"]),
        unreported: Totals::default(),
        silenced: Vec::new(),
        lease: Lease { owner: "x".to_owned(), until: ago(80) },
        timer: 9,
    };
    let reporting = Some(Reporting { id: "1-a".to_owned(), timer: 9, timer_at: ago(80) });
    let record = IncidentRecord { reporting, last: Some(past("1-a", 85)), ..IncidentRecord::default() };
    let table = with_record(Table::default(), Signal::OwnRequest, record);
    let report = ReportRecord { pending: Some(closed) };
    let table = with(table, &ItemId::Report(key(Signal::OwnRequest), "1-a".to_owned()), report);
    let aws = aws(&table);
    let tool = Tool::new(&aws);
    let [doc] = &docs(tool.run(&["incidents", "--json"]).success())[..] else { panic!("it is listed") };
    assert_eq!(
        (&doc["state"], &doc["emails"], &doc["next_email"]["kind"]),
        (&json!("resolved"), &json!(1), &json!("resolved"))
    );
    let story = tool.run(&["incidents", "1-a"]);
    for part in ["From: 10.0.0.5 (4 packets)\n", "Next email: the resolved one, which is not sent yet\n"] {
        assert!(story.success().contains(part), "{part}: {}", story.out);
    }
}

#[test]
fn what_a_later_version_wrote_is_listed_and_hides_nothing() {
    let (table, _) = one_open();
    let table = table
        .with("incident#Ssh-Deny|1|eu-west-1|Log-Group|private", 1, &json!({ "incident": {} }))
        .with("incident#Ping-Deny|1|eu-west-1|Log-Group|private", 1, &json!({ "incident": { "current": { "id": 7 } } }))
        .with("batch#1", 1, &json!({}));
    let aws = aws(&table);
    let tool = Tool::new(&aws);
    let text = tool.run(&["incidents"]);
    assert!(text.success().contains("your requests are stopped"), "{}", text.out);
    let unreadable = |id: &str| format!("\nunreadable: incident#{id} (a later version wrote it: use that version)\n");
    for id in ["Ssh-Deny|1|eu-west-1|Log-Group|private", "Ping-Deny|1|eu-west-1|Log-Group|private"] {
        assert!(text.out.contains(&unreadable(id)), "{id}: {}", text.out);
    }
    let docs = docs(tool.run(&["incidents", "--json"]).success());
    let states: Vec<&str> = docs.iter().map(|doc| doc["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["open", "unreadable", "unreadable"]);
}

#[test]
fn an_id_of_several_incidents_names_them() {
    // Two incidents of different sources that were opened in the same batch have the same time in their ids, not the same id.
    let part = |address: &str| key(Signal::Private).with(KeyPart::Source(address.parse().unwrap()));
    let table = ["10.0.0.1", "10.0.0.2"].into_iter().fold(Table::default(), |table, address| {
        let record = IncidentRecord { current: Some(open("1-same")), ..IncidentRecord::default() };
        with(table, &ItemId::Incident(part(address)), record)
    });
    let aws = aws(&table);
    let tool = Tool::new(&aws);
    let listed = tool.run(&["incidents"]);
    assert!(listed.success().contains("pings from private networks are stopped (source 10.0.0.2)"), "{}", listed.out);
    assert!(tool.run(&["incidents", "1-same"]).failure().contains("may be any of several incidents"));
}

#[test]
fn a_missing_permission_is_one_line() {
    let aws = Aws::new(|call| stack(call, |_| Answer::json_error(400, "AccessDeniedException", "not you")));
    let printed = Tool::new(&aws).run(&["incidents"]);
    assert_eq!(printed.failure(), "dynamodb Scan: AccessDeniedException: not you");
}
