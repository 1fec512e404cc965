//! Scenarios with large numbers, hostile texts, or missing data.

use alerting::{
    detection::{Detector, LogSource},
    enrichment::{Interface, MissingData, MissingReason, Network, NetworkPart, Tags},
};
use flow_log::{Formats, LogEvent};

use crate::{Scenario, detect, detected};

fn boxed(text: &str) -> Option<Box<str>> {
    Some(text.into())
}

/// Returns the interface of the documented ping as EC2 describes it, with this name in its tags.
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
    let owners = (0..6).map(|n| (format!("owner{n}").into(), name.into())).collect();
    let tags = Tags { name: boxed(name), owners };
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

/// A scenario with missing data: EC2 refuses one call and is too slow for another.
pub fn with_missing_data() -> Scenario {
    Scenario::opened(&detect("ping-deny")).enriched_with(network("web-1"))
}

/// A scenario with a name of characters that JSON escapes, as long as a tag can be.
pub fn with_hostile_names() -> Scenario {
    Scenario::opened(&detect("ping-deny")).enriched_with(network(&"\\\"\n\u{0}<!channel>".repeat(64)))
}

/// Returns a record of the default format.
pub fn record(from: &str, to: &str, interface: &str) -> String {
    format!("2 123456789010 {interface} {from} {to} 0 0 1 2 168 1795401134 1795401190 REJECT OK")
}

/// A scenario with more flows than the limit, each on a different interface.
pub fn storm() -> Scenario {
    let line = |n: u32| {
        record(&format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255), "172.31.16.139", &format!("eni-{n:017x}"))
    };
    Scenario::opened(&detected((0..10_000).map(line)))
}

/// A scenario with the maximum number of flows. The ids of their interfaces have the maximum length and only escaped characters.
pub fn hostile_storm() -> Scenario {
    let line = |n: u32| record(&format!("10.0.{}.{}", n >> 8 & 255, n & 255), "172.31.16.139", &"\"\\".repeat(64));
    Scenario::opened(&detected((0..2_000).map(line))).enriched_with(network(&"\\\"".repeat(512)))
}

/// A scenario with a ping from a private address that a host in vpc-2 also has. The record has this VPC.
pub fn stranger(vpc: &str) -> Scenario {
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
    Scenario::opened(&detector.finish(LogSource::default())).enriched_with(network)
}

/// A scenario with the largest numbers that a record can have.
pub fn largest() -> Scenario {
    let max = u64::MAX;
    let line = |start: u64| format!("2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 {max} {max} {start} {max} REJECT OK");
    Scenario::opened(&detected([0, 60, max].map(line)))
}
