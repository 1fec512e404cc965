//! Detection as a whole: lines in, findings out.

use std::collections::BTreeMap;

use flow_log::{EpochMillis, Formats, LogEvent};
use proptest::prelude::*;

use super::*;

fn detect(lines: &[&str]) -> Detection {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for line in lines {
        detector.observe(&LogEvent::new("1", 1_795_401_134_000, *line));
    }
    detector.finish(LogSource::default())
}

fn flows(detection: &Detection) -> Vec<(String, u64, Option<u64>)> {
    let one = |finding: &Finding| {
        let flow = &finding.flow;
        (format!("{} {}", flow.srcaddr, flow.dstaddr), finding.totals.records, finding.totals.packets)
    };
    detection.findings().into_iter().map(one).collect()
}

#[test]
fn records_are_grouped_by_flow_with_the_heaviest_first() {
    let detection = detect(&[
        "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
        "2 1 eni-1 9.9.9.9 10.0.0.1 0 0 1 5 420 90 150 REJECT OK",
        "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 2 168 160 220 REJECT OK",
        "2 1 eni-1 10.0.0.1 8.8.8.8 443 50000 6 9 900 100 160 REJECT OK",
        "2 1 eni-1 8.8.8.8 10.0.0.1 0 0 1 7 588 100 160 ACCEPT OK",
    ]);
    assert_eq!(flows(&detection), [("9.9.9.9 10.0.0.1".into(), 1, Some(5)), ("10.0.0.1 8.8.8.8".into(), 2, Some(3))]);
    let second = detection.findings()[1];
    assert_eq!(second.totals.bytes, Some(252));
    assert_eq!(
        (second.totals.first_start, second.totals.last_end),
        (Some(EpochMillis(100_000)), Some(EpochMillis(220_000)))
    );
    assert_eq!(second.opposite.as_ref().map(|accepted| accepted.totals.packets), Some(Some(7)));
    assert!(second.same.is_none(), "the other way is not the same way");
    assert!(detection.findings()[0].opposite.is_none());
    assert_eq!((detection.tally.records, detection.tally.matched), (5, 3));
}

#[test]
fn another_interface_or_protocol_is_another_flow() {
    let detection = detect(&[
        "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
        "2 1 eni-2 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
        "2 1 - 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
        "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 58 1 84 100 160 REJECT OK",
        "2 1 eni-1 ::a00:1 ::808:808 0 0 1 1 84 100 160 REJECT OK",
        "2 1 eni-2 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
    ]);
    assert_eq!(detection.findings().len(), 5);
    let heaviest = detection.findings()[0];
    assert_eq!((heaviest.flow.interface_id.as_deref(), heaviest.totals.packets), (Some("eni-2"), Some(2)));
    let none = detection.findings().iter().filter(|finding| finding.flow.interface_id.is_none()).count();
    assert_eq!(none, 1, "the record with - has no interface");
}

/// The findings in some lines of a format: what tells each apart, and its packets.
fn told_apart(format: &str, lines: &[&str], tell: impl Fn(&Flow) -> String) -> Vec<(String, u64)> {
    let formats = Formats::parse(format).unwrap();
    let mut detector = Detector::new(&formats);
    for line in lines {
        detector.observe(&LogEvent::new("1", 0, format!("{line} 1 REJECT OK")));
    }
    let detection = detector.finish(LogSource::default());
    detection.findings().into_iter().map(|finding| (tell(&finding.flow), finding.totals.weight())).collect()
}

#[test]
fn another_reject_reason_is_another_flow() {
    let format =
        "${interface-id} ${srcaddr} ${dstaddr} ${packets} ${reject-reason} ${protocol} ${action} ${log-status}";
    let lines = [
        "eni-1 8.8.8.8 10.0.0.1 1 BPA",
        "eni-1 8.8.8.8 10.0.0.1 4000 -",
        "eni-1 8.8.8.8 10.0.0.1 2 NEW",
        "eni-1 8.8.8.8 10.0.0.1 900 -",
    ];
    assert_eq!(
        told_apart(format, &lines, |flow| flow.reject_reason.as_deref().unwrap_or("none").to_owned()),
        [("-".to_owned(), 4_900), ("NEW".to_owned(), 2), ("BPA".to_owned(), 1)]
    );
}

#[test]
fn senders_behind_one_address_are_several_flows() {
    let format = "${interface-id} ${resource-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${packets} ${protocol} \
                  ${action} ${log-status}";
    // A transit gateway's attachment, a node with containers, and two regional NAT gateways.
    let lines = [
        "eni-1 - 10.40.1.175 10.40.2.236 10.20.33.1 10.40.2.236 9",
        "eni-1 - 10.40.1.175 10.40.2.236 10.20.33.2 10.40.2.236 8",
        "eni-1 - 10.40.1.175 10.40.2.236 10.40.1.175 10.40.2.236 7",
        "eni-2 - 8.8.8.8 10.0.0.1 8.8.8.8 10.0.0.2 6",
        "eni-2 - 8.8.8.8 10.0.0.1 8.8.8.8 10.0.0.3 5",
        "- nat-1 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 4",
        "- nat-2 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 3",
        "- - 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 2",
        "nat-1 - 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 1",
    ];
    let tell = |flow: &Flow| format!("{} {} {}", flow.logged_by().unwrap_or("-"), flow.sender(), flow.receiver());
    let expect = [
        ("eni-1 10.20.33.1 10.40.2.236", 9),
        ("eni-1 10.20.33.2 10.40.2.236", 8),
        ("eni-1 10.40.1.175 10.40.2.236", 7),
        ("eni-2 8.8.8.8 10.0.0.2", 6),
        ("eni-2 8.8.8.8 10.0.0.3", 5),
        ("nat-1 10.0.1.5 203.0.113.5", 4),
        ("nat-2 10.0.1.5 203.0.113.5", 3),
        ("- 10.0.1.5 203.0.113.5", 2),
        ("nat-1 10.0.1.5 203.0.113.5", 1),
    ];
    assert_eq!(told_apart(format, &lines, tell), expect.map(|(flow, packets)| (flow.to_owned(), packets)));
    let gateways = told_apart(format, &lines[5..], |flow| flow.nat_gateway().unwrap_or("none").to_owned());
    let names: Vec<&str> = gateways.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["nat-1", "nat-2", "none", "none"], "an interface is no gateway, whatever its name");
}

#[test]
fn what_was_accepted_for_one_sender_says_nothing_of_another_behind_the_same_address() {
    let formats = Formats::parse(
        "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${protocol} ${action} ${log-status}",
    )
    .unwrap();
    let mut detector = Detector::new(&formats);
    for line in [
        "eni-1 10.40.1.175 10.40.2.236 10.20.33.1 10.40.2.236 1 REJECT OK",
        "eni-1 10.40.1.175 10.40.2.236 10.20.33.2 10.40.2.236 1 REJECT OK",
        "eni-1 10.40.2.236 10.40.1.175 10.40.2.236 10.20.33.2 1 ACCEPT OK",
    ] {
        detector.observe(&LogEvent::new("1", 0, line));
    }
    let detection = detector.finish(LogSource::default());
    let answered = detection.findings().into_iter().filter(|finding| finding.opposite.is_some());
    let answered: Vec<String> = answered.map(|finding| finding.flow.sender().to_string()).collect();
    assert_eq!(answered, ["10.20.33.2"]);
}

#[test]
fn a_shared_address_tells_no_direction() {
    let direction =
        |lines: &[&str]| detect(lines).findings().into_iter().map(|finding| finding.flow.direction).collect::<Vec<_>>();
    let line = |id: &str, a: &str, b: &str| format!("2 1 {id} {a} {b} 0 0 1 1 84 100 160 REJECT OK");
    // One peer of an interface with several addresses, several peers of one address: nobody can tell which.
    for id in ["eni-1", "-"] {
        let lines = [line(id, "10.0.0.9", "10.0.1.16"), line(id, "10.0.0.9", "10.0.1.17")];
        assert_eq!(direction(&[&lines[0], &lines[1]]), [None, None], "{id}");
    }
    // Where one address is known from other traffic, accepted or not, it is.
    let known =
        [line("eni-1", "10.0.1.16", "10.0.0.9"), line("eni-1", "8.8.8.8", "10.0.1.16").replace("REJECT", "ACCEPT")];
    assert_eq!(direction(&[&known[0], &known[1]]), [Some((Direction::Egress, Basis::OtherRecords))]);
    // A record of an unknown interface says nothing, about itself or others.
    let other = known[1].replace("eni-1", "-");
    assert_eq!(direction(&[&known[0], &other]), [None]);
    assert_eq!(direction(&[&line("-", "8.8.8.8", "10.0.1.16")]), [None]);
}

#[test]
fn the_origin_of_a_log_event_fills_what_the_record_leaves_open() {
    let metadata = |account: &str, system_fields: &str| {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        let line = format!("2 {account} eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK");
        detector.observe(&LogEvent::new("1", 0, line).with_extracted_fields(system_fields));
        let metadata = detector.finish(LogSource::default()).findings().remove(0).metadata.clone();
        [metadata.account_id, metadata.region, metadata.log_group].map(Option::unwrap_or_default).map(String::from)
    };
    let origin = r#"{"@aws.account":"2","@aws.region":"eu-west-1","@source.log":"/vpc","action":"REJECT"}"#;
    assert_eq!(metadata("1", origin), ["1", "eu-west-1", "/vpc"]);
    assert_eq!(metadata("unknown", origin), ["2", "eu-west-1", "/vpc"]);
    assert_eq!(metadata("unknown", r#"{"@aws.account":"","action":"REJECT"}"#), ["", "", ""]);
    assert_eq!(metadata("unknown", ""), ["", "", ""]);
}

#[test]
fn a_matching_record_must_be_readable_as_a_whole_and_another_need_not() {
    let detection = detect(&[
        "2 1 eni-1 10.0.0.300 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
        "2 1 eni-1 10.0.0.300 8.8.8.8 0 0 6 1 84 100 160 REJECT OK",
        "2 1 eni-1 10.0.0.300 8.8.8.8 0 0 1 1 84 100 160 ACCEPT OK",
        "2 1 eni-1 - - - - - - - 100 160 - NODATA",
        "2 1 eni-1 - - - - - - - 100 160 - SKIPDATA",
        "not a record\u{7}",
    ]);
    let tally = &detection.tally;
    assert_eq!((tally.records, tally.matched, tally.unparsed, tally.no_data, tally.skip_data), (6, 0, 2, 1, 1));
    assert_eq!(tally.unparsed_reasons, BTreeMap::from([("field-count", 1), ("srcaddr", 1)]));
    assert_eq!(tally.unparsed_samples[1].1, "not a record\u{fffd}");
    assert!(detection.findings().is_empty());
}

#[test]
fn flows_past_the_limit_are_counted_together() {
    let line = |n| {
        let protocol = if n == MAX_FLOWS + 9 { 58 } else { 1 };
        format!("2 1 eni-1 10.{}.{}.1 10.0.0.1 0 0 {protocol} 2 168 100 160 REJECT OK", n / 250, n % 250)
    };
    let lines: Vec<String> = (0..MAX_FLOWS + 10).map(line).collect();
    let detection = detect(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(detection.findings().len(), MAX_FLOWS);
    let key = UntrackedKey { rule: Rule::Ping, origin: Origin::Private, target: None };
    let untracked = &detection.untracked[&key];
    assert_eq!((untracked.totals.records, untracked.totals.packets), (10, Some(20)));
    assert_eq!((&untracked.protocols, &untracked.minutes), (&[1, 58].into(), &[(1, 20)].into()));
    assert_eq!(detection.totals().records, MAX_FLOWS as u64 + 10);
    assert_eq!(detection.tally.matched, MAX_FLOWS as u64 + 10);
}

#[test]
fn the_internet_takes_no_room_of_what_is_ours() {
    let mut lines: Vec<String> = (0..MAX_FLOWS + 40)
        .map(|n| format!("2 1 eni-1 8.{}.{}.1 10.0.0.{} 0 0 1 2 168 100 160 REJECT OK", n / 250, n % 250, n % 20))
        .collect();
    lines.push("2 1 eni-1 10.0.9.9 10.0.0.1 0 0 1 1 84 100 160 REJECT OK".to_owned());
    lines.push("2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK".to_owned());
    // It answers what was let in.
    lines.push("2 1 eni-1 9.9.9.9 10.0.0.1 0 0 1 1 84 100 160 ACCEPT OK".to_owned());
    lines.push("2 1 eni-1 10.0.0.1 9.9.9.9 0 0 1 1 84 100 160 REJECT OK".to_owned());
    let detection = detect(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let of = |origin| detection.findings().iter().filter(|finding| finding.origin == origin).count();
    let origins = [Origin::Internet, Origin::Private, Origin::OwnRequest, Origin::OwnAnswer];
    assert_eq!(origins.map(of), [MAX_FLOWS, 1, 1, 1]);
    let untracked: Vec<(Option<u64>, u64)> =
        detection.untracked.iter().map(|(key, untracked)| (key.target.map(|_| 1), untracked.totals.records)).collect();
    let mut expect = vec![(None, 2 * (20 - MAX_UNTRACKED_TARGETS as u64))];
    expect.extend([(Some(1), 2); MAX_UNTRACKED_TARGETS]);
    assert_eq!(untracked, expect, "two records for each target, beyond the limit together");
    let mut records: Vec<(&str, u64)> = Vec::new();
    for ((_, origin), minutes) in &detection.minutes(|finding| Some(finding.rule)) {
        let points = minutes.points("P", &[], EpochMillis(1_795_401_134_000));
        records.push((origin, points[0].sample.sum));
    }
    assert_eq!(records, [("internet", MAX_FLOWS as u64 + 40), ("own", 2), ("private", 1)]);
}

#[test]
fn what_was_accepted_either_way_is_evidence_for_each_finding_of_the_two_addresses() {
    let detection = detect(&[
        "2 1 eni-1 10.0.0.2 10.0.0.1 0 0 1 1 84 100 160 ACCEPT OK",
        "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 2 168 100 160 ACCEPT OK",
        "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 3 252 100 160 REJECT OK",
        "2 1 eni-1 10.0.0.2 10.0.0.1 0 0 1 4 336 100 160 REJECT OK",
        "2 1 eni-2 10.0.0.1 10.0.0.2 0 0 1 5 420 100 160 REJECT OK",
    ]);
    let evidence = |finding: &Finding| {
        let packets = |accepted: &Option<Accepted>| accepted.as_ref().and_then(|accepted| accepted.totals.packets);
        (finding.totals.packets, packets(&finding.same), packets(&finding.opposite))
    };
    let found: Vec<_> = detection.findings().into_iter().map(evidence).collect();
    assert_eq!(
        found,
        [(Some(5), None, None), (Some(4), Some(1), Some(2)), (Some(3), Some(2), Some(1))],
        "packets rejected, accepted the same way, accepted the opposite way"
    );
    assert!(detection.findings().iter().all(|finding| finding.untracked_accepted == 0));
}

#[test]
fn what_was_accepted_of_another_sender_behind_an_intermediate_is_no_evidence() {
    let format = "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${protocol} ${packets} ${start} \
                  ${end} ${action} ${log-status}";
    let formats = Formats::parse(format).unwrap();
    let detect = |lines: &[&str]| {
        let mut detector = Detector::new(&formats);
        lines.iter().for_each(|line| detector.observe(&LogEvent::new("1", 0, *line)));
        detector.finish(LogSource::default()).findings().remove(0).clone()
    };
    let rejected = "eni-1 10.40.1.175 10.40.2.236 10.20.33.164 10.40.2.236 1 4 100 160 REJECT OK";
    let accepted = |sender: &str| {
        let same = format!("eni-1 10.40.1.175 10.40.2.236 {sender} 10.40.2.236 1 4 100 160 ACCEPT OK");
        let opposite = format!("eni-1 10.40.2.236 10.40.1.175 10.40.2.236 {sender} 1 4 100 160 ACCEPT OK");
        let finding = detect(&[rejected, &same, &opposite]);
        (finding.same.is_some(), finding.opposite.is_some())
    };
    assert_eq!(accepted("10.20.33.164"), (true, true));
    assert_eq!(accepted("10.20.33.165"), (false, false));
}

#[test]
fn accepted_flows_past_the_limit_are_counted_and_noted_where_evidence_may_be_missing() {
    let mut lines: Vec<String> = (0..MAX_ACCEPTED_FLOWS - 2)
        .map(|n| format!("2 1 eni-1 10.{}.{}.1 10.0.0.1 0 0 1 2 168 100 160 ACCEPT OK", n / 250, n % 250))
        .collect();
    let pair = |from: &str, to: &str, action: &str| format!("2 1 eni-1 {from} {to} 0 0 1 4 336 100 160 {action} OK");
    lines.push(pair("8.8.8.8", "10.0.0.1", "ACCEPT"));
    lines.push(pair("10.0.0.1", "8.8.8.8", "ACCEPT"));
    lines.push(pair("10.0.0.1", "8.8.8.8", "REJECT"));
    lines.push(pair("10.0.0.1", "9.9.9.9", "REJECT"));
    // What was accepted the opposite way is known of this one, and nothing the same way.
    lines.push(pair("10.0.0.1", "10.0.1.1", "REJECT"));
    let untracked = |detection: &Detection| {
        let of = |finding: &Finding| (finding.flow.dstaddr.to_string(), finding.untracked_accepted);
        let mut findings: Vec<_> = detection.findings().into_iter().map(of).collect();
        findings.sort();
        (detection.untracked_accepted, findings)
    };
    let full = detect(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let flows = |opposite_known, all_known, nothing_known| {
        let flow = |target: &str, untracked: u64| (target.to_owned(), untracked);
        vec![flow("10.0.1.1", opposite_known), flow("8.8.8.8", all_known), flow("9.9.9.9", nothing_known)]
    };
    assert_eq!(untracked(&full), (0, flows(0, 0, 0)), "the limit itself fits");
    // Two records of one more flow, and one more of a flow that is known.
    lines.push(pair("9.9.9.9", "10.0.0.1", "ACCEPT"));
    lines.push(pair("9.9.9.9", "10.0.0.1", "ACCEPT"));
    lines.push(pair("8.8.8.8", "10.0.0.1", "ACCEPT"));
    let over = detect(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(untracked(&over), (2, flows(2, 0, 2)), "only who has all evidence lacks none");
}

#[test]
fn a_batch_has_the_same_key_again_and_another_one_has_another() {
    let formats = Formats::default();
    let detection = |log_group: &str, ids: &[&str]| {
        let mut detector = Detector::new(&formats);
        for id in ids {
            detector.observe(&LogEvent::new(*id, 0, "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK"));
        }
        detector.finish(LogSource { log_group: log_group.to_owned(), ..LogSource::default() })
    };
    let key = |log_group: &str, ids: &[&str]| detection(log_group, ids).key();
    assert_eq!(key("g", &["1", "2", "3"]), key("g", &["1", "2", "3"]));
    for other in
        [key("h", &["1", "2", "3"]), key("g", &["1", "3"]), key("g", &["0", "2", "3"]), key("g", &["1", "2", "4"])]
    {
        assert_ne!(other, key("g", &["1", "2", "3"]));
    }
    assert_eq!(key("g", &["1", "2", "3"]), "||g||1|3|3");
    let longest = "g".repeat(MAX_KEY_BYTES - "||||1|1|1".len());
    assert_eq!(key(&longest, &["1"]), format!("||{longest}||1|1|1"), "the limit itself fits");
    let cut = key(&format!("{longest}g"), &["1"]);
    assert!(cut.len() < MAX_KEY_BYTES && cut.len() > MAX_KEY_BYTES - 20, "{} bytes", cut.len());
    assert_ne!(cut, key(&format!("{longest}h"), &["1"]), "what is cut off still counts");
}

#[test]
fn lines_kept_are_few_and_short() {
    let long = format!("2 {} eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK", "9".repeat(10_000));
    let detection = detect(&[&long, &long, &long, &long]);
    let finding = detection.findings()[0];
    assert_eq!(finding.lines.len(), MAX_LINES_PER_FLOW);
    assert_eq!(finding.lines[0].chars().count(), MAX_LINE_CHARS);
    let account = finding.metadata.account_id.as_deref().unwrap();
    assert_eq!(account.chars().count(), MAX_FIELD_CHARS);
}

#[test]
fn minutes_and_samples_kept_are_limited_and_everything_is_counted() {
    let line = |minute: usize| {
        let start = 60 * minute;
        format!("2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 2 168 {start} {} REJECT OK", start + 59)
    };
    let mut lines: Vec<String> = (0..MAX_FLOW_MINUTES + 5).map(line).collect();
    // A minute that is known still counts.
    lines.push(line(0));
    lines.extend((0..MAX_UNPARSED_SAMPLES + 2).map(|n| format!("broken {n}")));
    let detection = detect(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let finding = detection.findings()[0];
    assert_eq!((finding.minutes.len(), finding.minutes[&0]), (MAX_FLOW_MINUTES, 4));
    assert_eq!(finding.totals.records, MAX_FLOW_MINUTES as u64 + 6);
    assert_eq!(detection.tally.unparsed_samples.len(), MAX_UNPARSED_SAMPLES);
    assert_eq!(detection.tally.unparsed, MAX_UNPARSED_SAMPLES as u64 + 2);
}

#[test]
fn accepted_connections_tell_a_direction_wherever_they_stand() {
    let line = |interface: &str, from: &str, to: &str, rest: &str| format!("2 1 {interface} {from} {to} {rest} OK");
    let rejected = "0 0 1 4 336 100 160 REJECT";
    let lines = [
        line("eni-2", "8.8.8.8", "10.0.0.2", "40000 443 6 4 336 100 160 ACCEPT"),
        line("eni-1", "10.0.0.7", "10.0.0.1", rejected),
        line("eni-2", "10.0.0.7", "10.0.0.2", rejected),
        // From here on, the direction of the first one is known, and that of the second is not.
        line("eni-1", "8.8.8.8", "10.0.0.1", rejected),
    ];
    let formats = Formats::default();
    for at in 0..lines.len() {
        let mut detector = Detector::new(&formats).with_rules(Rules::all());
        let mut lines = lines.to_vec();
        lines.rotate_left(at);
        lines.iter().for_each(|line| detector.observe(&LogEvent::new("1", 0, line)));
        let detection = detector.finish(LogSource::default());
        assert!(detection.findings().iter().all(|finding| finding.flow.is_ingress()), "{lines:?}");
    }
}

/// Records of two interfaces with one address each. Those of private peers tell no direction.
fn records() -> impl Strategy<Value = Vec<String>> {
    let ends = (0..2_usize, prop::sample::select(&["10.0.0.7", "10.0.0.8", "8.8.8.8"][..]), any::<bool>());
    let record = (ends, 0..4_usize, 0..3_u8, 1..9_u64).prop_map(|((own, peer, leaves), kind, action, packets)| {
        let (interface, own) = [("eni-1", "10.0.0.1"), ("eni-2", "10.0.0.2")][own];
        let (from, to) = if leaves { (own, peer) } else { (peer, own) };
        let (protocol, ports) = [(1, "0 0"), (6, "40000 443"), (6, "443 40000"), (17, "50000 53")][kind];
        let action = if action == 0 { "REJECT" } else { "ACCEPT" };
        format!("2 1 {interface} {from} {to} {ports} {protocol} {packets} 840 100 160 {action} OK")
    });
    prop::collection::vec(record, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_records_changes_no_verdict(
        (first, second) in records().prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
    ) {
        let judged = |records: &[String]| {
            let formats = Formats::default();
            let mut detector = Detector::new(&formats).with_rules(Rules::all());
            records.iter().for_each(|line| detector.observe(&LogEvent::new("1", 1_795_401_134_000, line)));
            let detection = detector.finish(LogSource::default());
            let verdict = |finding: &Finding| {
                let packets = |accepted: &Option<Accepted>| accepted.as_ref().and_then(|accepted| accepted.totals.packets);
                let evidence = (packets(&finding.same), packets(&finding.opposite));
                format!("{:?} {:?} {:?} {:?} {:?} {evidence:?}", finding.flow, finding.rule, finding.origin, finding.server, finding.totals)
            };
            let mut verdicts: Vec<String> = detection.findings().into_iter().map(verdict).collect();
            verdicts.sort();
            verdicts
        };
        prop_assert_eq!(judged(&first), judged(&second));
    }
}
