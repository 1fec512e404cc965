//! What rejected TCP and UDP is taken for, case by case: rule, origin, service, and how the server is known.
//!
//! A case is what the interface with one address logged: `10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2`. A record has its two ends,
//! packets and bytes, R or A for the action, and then what is known: the flags, `+90` for seconds later, `service=NAME` for
//! `pkt-src-aws-service`. Records are separated by `;`. The interface `?` has no direction in its records.

#![expect(clippy::unwrap_used, reason = "tests")]

mod cases;
mod merging;
mod scans;
mod stack;
mod together;

use alerting::{
    address::Networks,
    detection::{Detection, Detector, Finding, LogSource, Rules},
    incident::{GroupBy, SignalPolicy, key},
};
use flow_log::{Formats, LogEvent};

const FORMAT: &str = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} \
                      ${action} ${tcp-flags} ${flow-direction} ${pkt-src-aws-service} ${log-status}";

/// One record as it is logged.
fn line(own: &str, record: &str) -> String {
    let words: Vec<&str> = record.split_whitespace().collect();
    let [ends, protocol, counts, action, known @ ..] = &words[..] else { panic!("not a record: {record}") };
    let end = |end: &str| end.rsplit_once(':').map(|(host, port)| (host.to_owned(), port.to_owned())).unwrap();
    let (source, target) = ends.split_once('>').unwrap();
    let ((source, source_port), (target, target_port)) = (end(source), end(target));
    let (packets, bytes) = counts.split_once('/').unwrap();
    let protocol = match *protocol {
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        other => other.parse().unwrap(),
    };
    let action = if *action == "R" { "REJECT" } else { "ACCEPT" };
    let direction = match own {
        "?" => "-",
        own if own == source => "egress",
        own if own == target => "ingress",
        _ => panic!("{own} is on neither side: {record}"),
    };
    let (mut flags, mut later, mut service) = ("-", 0_u64, "-");
    for word in known {
        match (word.strip_prefix('+'), word.strip_prefix("service=")) {
            (Some(seconds), _) => later = seconds.parse().unwrap(),
            (_, Some(name)) => service = name,
            _ => flags = word,
        }
    }
    let (start, end) = (1_000_000 + later, 1_000_050 + later);
    format!(
        "eni-1 {source} {target} {source_port} {target_port} {protocol} {packets} {bytes} {start} {end} {action} {flags} {direction} \
         {service} OK"
    )
}

/// What the records of a case are taken for, under some rules.
fn detect(case: &str, rules: Rules) -> Detection {
    let (own, records) = case.split_once(": ").unwrap();
    let formats = Formats::parse(FORMAT).unwrap();
    let networks = Networks::parse("198.51.100.0/24").unwrap();
    let mut detector = Detector::new(&formats).with_own_networks(&networks).with_rules(rules);
    for (number, record) in records.split(';').enumerate() {
        detector.observe(&LogEvent::new(number.to_string(), 1_000_000_000, line(own, record)));
    }
    let detection =
        detector.finish(LogSource { log_stream: "s".into(), ..LogSource::logged_in("1", "eu-west-1", "g") });
    assert_eq!(detection.tally.unparsed, 0, "{case}: {:?}", detection.tally.unparsed_samples);
    detection
}

fn policy(rules: Rules) -> SignalPolicy {
    SignalPolicy { rules, must_reach: Networks::parse("192.0.2.0/24").unwrap(), ..SignalPolicy::default() }
}

/// A finding in words: `request private 10.0.2.20:5432/tcp by tcp-flags`; of late packets why they are, and `!` before what is an incident.
fn words(finding: &Finding, is_incident: bool) -> String {
    let mark = if is_incident { "!" } else { "" };
    let service = finding.service().map_or_else(|| "-".to_owned(), |service| service.to_string());
    let by = finding.server.map_or_else(|| "-".to_owned(), |server| server.basis.word().to_owned());
    let late = finding.late.map(|late| format!(" {}", late.word())).unwrap_or_default();
    format!("{mark}{} {} {service} by {by}{late}", finding.rule.word(), finding.origin.full_word())
}

/// All findings of a case in words, the heaviest first.
fn judged(case: &str, rules: Rules) -> String {
    let detection = detect(case, rules);
    let grouped = key::group(&detection, GroupBy::LogGroup, &policy(rules));
    let incidents: Vec<&Finding> = grouped.groups.iter().flat_map(|group| group.findings.iter().copied()).collect();
    let is_incident = |finding: &Finding| incidents.iter().any(|one| std::ptr::eq(*one, finding));
    let all: Vec<String> = detection.findings().iter().map(|finding| words(finding, is_incident(finding))).collect();
    all.join("; ")
}

/// docs/rules.md has the table of `detection/rule.rs`.
#[test]
fn the_page_has_the_constants_of_the_rules() {
    use alerting::detection::{Grouping, Rule, SCAN_HOSTS, SCAN_MILLIS, SCAN_PORTS};
    let page = include_str!("../../../../docs/rules.md");
    for rule in Rule::ALL {
        let table = rule.table();
        let of = match table.grouping {
            Grouping::Setting => "what `IncidentBy` says",
            Grouping::Service => "one service",
            Grouping::Source => "one sender",
        };
        let start = format!("| `{}` | {} | ", table.word, table.name);
        let line = page.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no line {start}"));
        assert!(line.ends_with(&format!(" | {} | {of} |", table.min_packets)), "{line}");
    }
    assert_eq!((SCAN_PORTS, SCAN_HOSTS, SCAN_MILLIS / 60_000), (15, 25, 10));
    assert!(page.contains(
        "within ten minutes its requests were rejected for 15 ports of one host, or for one port of\n25 hosts"
    ));
}
