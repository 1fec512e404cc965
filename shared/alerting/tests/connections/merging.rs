//! Which records are one finding, and what it keeps of each.

use alerting::{
    detection::{MAX_FLOWS, PortRange, Rule, Rules},
    incident::{GroupBy, key},
};

use super::{detect, judged, policy};

#[test]
fn the_connections_of_a_client_to_a_service_are_one_finding() {
    let detection = detect(
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2; 10.0.1.10:52000>10.0.2.20:5432 tcp 3/180 R 2; \
         10.0.1.10:32800>10.0.2.20:5432 tcp 2/120 R 4; 10.0.1.11:41022>10.0.2.20:5432 tcp 2/120 R 2; \
         10.0.1.10:41022>10.0.2.20:5433 tcp 2/120 R 2",
        Rules::all(),
    );
    let found: Vec<_> = detection
        .findings()
        .iter()
        .map(|finding| (finding.flow.srcaddr.to_string(), finding.rule, finding.totals.packets, finding.client_ports))
        .collect();
    let ports = |first, last| Some(PortRange { first, last });
    assert_eq!(
        found,
        [
            ("10.0.1.10".to_owned(), Rule::Request, Some(7), ports(41_022, 52_000)),
            ("10.0.1.10".to_owned(), Rule::Late, Some(2), ports(32_800, 32_800)),
            ("10.0.1.10".to_owned(), Rule::Request, Some(2), ports(41_022, 41_022)),
            ("10.0.1.11".to_owned(), Rule::Request, Some(2), ports(41_022, 41_022)),
        ]
    );
    let first = detection.findings()[0];
    assert_eq!((first.flow.srcport, first.flow.dstport, first.lines.len()), (None, Some(5_432), 2));
    assert_eq!(detection.tally.matched, 5);
}

#[test]
fn what_was_accepted_of_each_connection_is_evidence_for_all() {
    let detection = detect(
        "10.0.1.10: 203.0.113.9:51000>10.0.1.10:443 tcp 5/300 A 2; 203.0.113.9:51001>10.0.1.10:443 tcp 6/360 A 2; \
         203.0.113.9:51002>10.0.1.10:443 tcp 7/420 A 2; 10.0.1.10:443>203.0.113.9:51000 tcp 5/300 R 18; \
         10.0.1.10:443>203.0.113.9:51001 tcp 5/300 R 18",
        Rules::all(),
    );
    let [finding] = detection.findings()[..] else { panic!("{:?}", detection.findings()) };
    let opposite = finding.opposite.as_ref().unwrap();
    assert_eq!((opposite.totals.packets, opposite.totals.records), (Some(11), 2), "not that of another connection");
    assert_eq!(finding.same, None);
}

#[test]
fn an_incident_is_of_one_service() {
    let detection = detect(
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2; 10.0.1.11:41022>10.0.2.20:5432 tcp 3/180 R 2; \
         10.0.1.10:41022>10.0.2.20:22 tcp 4/240 R 2; 10.0.2.20:41000>8.8.8.8:443 tcp 4/240 R 2; 10.0.1.9:0>10.0.2.20:0 icmp 4/336 R",
        Rules::all(),
    );
    // The setting is for pings.
    let groups = key::group(&detection, GroupBy::Source, &policy(Rules::all())).groups;
    let mut keys: Vec<(String, usize)> =
        groups.iter().map(|group| (group.key.to_string(), group.findings.len())).collect();
    keys.sort();
    let key = |text: &str| text.replace("..", "|1|eu-west-1|g|");
    assert_eq!(
        keys,
        [
            (key("Ping-Deny..private|source=10.0.1.9"), 1),
            (key("Request-Deny..own-request|service=8.8.8.8:443/tcp"), 1),
            (key("Request-Deny..private|service=10.0.2.20:22/tcp"), 1),
            (key("Request-Deny..private|service=10.0.2.20:5432/tcp"), 2),
        ]
    );
    for group in groups {
        assert_eq!(alerting::incident::IncidentKey::parse(&group.key.to_string()), Some(group.key));
    }
}

#[test]
fn connections_take_no_room_of_pings_and_the_internet_none_of_ours() {
    let mut records: Vec<String> =
        (0..MAX_FLOWS + 5).map(|n| format!("8.{}.{}.1:50000>10.0.2.20:22 tcp 1/40 R 2", n / 250, n % 250)).collect();
    records.push("10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2".to_owned());
    records.push("10.0.1.10:0>10.0.2.20:0 icmp 4/336 R".to_owned());
    records.push("9.9.9.9:0>10.0.2.20:0 icmp 3/336 R".to_owned());
    let case = format!("10.0.2.20: {}", records.join(";"));
    let detection = detect(&case, Rules::all());
    let untracked: Vec<_> = detection
        .untracked
        .iter()
        .map(|(key, untracked)| (key.rule, key.origin.word(), untracked.totals.records))
        .collect();
    assert_eq!(untracked, [(Rule::Request, "internet", 5)]);
    assert_eq!(detection.findings().len(), MAX_FLOWS + 3);
    assert_eq!(detection.tally.matched as usize, MAX_FLOWS + 8);
    let ours = judged(&case, Rules::all());
    for expect in ["!request private 10.0.2.20:5432/tcp", "!ping private", "ping internet"] {
        assert!(ours.contains(expect), "{expect}");
    }
}

#[test]
fn records_are_counted_by_rule_and_origin() {
    let detection = detect(
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2; 8.8.8.8:41022>10.0.2.20:5432 tcp 1/40 R 2; \
         8.8.8.8:41023>10.0.2.20:5432 tcp 1/40 R 2; 10.0.1.10:41022>10.0.2.20:22 tcp 1/40 R 4; 10.0.1.9:0>10.0.2.20:0 icmp 4/336 R",
        Rules::all(),
    );
    let minutes = detection.minutes(|finding| Some(finding.rule));
    let keys: Vec<_> = minutes.keys().copied().collect();
    assert_eq!(
        keys,
        [(Rule::Ping, "private"), (Rule::Request, "internet"), (Rule::Request, "private"), (Rule::Late, "private")]
    );
    assert_eq!(detection.minutes(|_| None).len(), 0);
}
