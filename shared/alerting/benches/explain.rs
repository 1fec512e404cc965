//! Time of an explanation, with 40 rules in a network ACL and security groups.
//!
//! `cargo bench -p alerting` prints the times. It fails if the longest is not below [`LIMIT`].

#![allow(missing_docs, reason = "the macros of the benchmark harness make items without docs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use alerting::{
    detection::{Detector, Finding, LogSource},
    enrichment::{AclEntry, GroupRule, IcmpRange, Interface, Network, NetworkAcl, Peer, RuleTraffic, SecurityGroup},
    explain::explain,
};
use criterion::Criterion;
use flow_log::{Formats, LogEvent};

/// Maximum time of an explanation.
const LIMIT: Duration = Duration::from_micros(20);

/// The kind of the 40 rules.
#[derive(Clone, Copy)]
enum Rules {
    /// All rules but the last are for other addresses.
    Elsewhere,
    /// Each rule is for one ICMP type, so that each may decide.
    Typed,
}

fn finding() -> Finding {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for line in [
        "2 123456789010 eni-1 203.0.113.12 10.0.0.5 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
        "2 123456789010 eni-1 10.0.0.5 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
    ] {
        detector.observe(&LogEvent::new("1", 1_432_917_094_000, line));
    }
    detector.finish(LogSource::default()).findings().remove(0).clone()
}

/// Returns a network with 20 ACL rules and 20 rules of two groups, all outbound.
fn network(rules: Rules) -> Network {
    let range = |index: u8| match rules {
        Rules::Elsewhere => IcmpRange::default(),
        Rules::Typed => IcmpRange { kind: Some(index + 20), code: None },
    };
    let block = |index: u8| match rules {
        Rules::Elsewhere if index < 19 => format!("10.{index}.0.0/16").parse().unwrap(),
        _ => "0.0.0.0/0".parse().unwrap(),
    };
    let entries = (0..20).rev().map(|index| AclEntry {
        number: u32::from(index) * 10 + 10,
        egress: true,
        allow: index % 2 == 0,
        traffic: RuleTraffic::Icmp(range(index)),
        block: block(index),
    });
    let acl = NetworkAcl {
        id: "acl-1".into(),
        subnet_ids: vec!["subnet-1".into()],
        entries: entries.collect(),
        ..NetworkAcl::default()
    };
    let group = |id: &str, indices: std::ops::Range<u8>| {
        let outbound = indices.map(|index| GroupRule {
            traffic: RuleTraffic::Icmp(range(index)),
            peer: if index % 5 == 4 { Peer::Group("sg-3".into()) } else { Peer::Block(block(index)) },
        });
        let group = SecurityGroup { id: id.into(), outbound: outbound.collect(), ..SecurityGroup::default() };
        (id.to_owned(), group)
    };
    let interface = Interface {
        id: "eni-1".into(),
        addresses: vec!["10.0.0.5".parse().unwrap()],
        subnet_id: Some("subnet-1".into()),
        vpc_id: Some("vpc-1".into()),
        group_ids: vec!["sg-1".into(), "sg-2".into()],
        ..Interface::default()
    };
    Network {
        interfaces: [("eni-1".to_owned(), interface)].into(),
        groups: [group("sg-1", 0..10), group("sg-2", 10..20)].into(),
        acls: vec![acl],
        ..Network::default()
    }
}

fn main() {
    let finding = finding();
    let cases = [
        ("nothing known", Network::default()),
        ("40 rules, most for other addresses", network(Rules::Elsewhere)),
        ("40 rules, each for an ICMP type", network(Rules::Typed)),
    ];
    let mut criterion = Criterion::default().configure_from_args();
    let mut longest = Duration::ZERO;
    for (name, network) in &cases {
        criterion.bench_function(name, |bencher| bencher.iter(|| explain(black_box(&finding), black_box(network))));
        // The fastest of several rounds is the least disturbed by other processes.
        const ROUND: u32 = 1_000;
        let round = || {
            let start = Instant::now();
            (0..ROUND).for_each(|_| drop(black_box(explain(black_box(&finding), black_box(network)))));
            start.elapsed() / ROUND
        };
        longest = (0..20).map(|_| round()).min().unwrap_or_default().max(longest);
    }
    println!("the longest takes {} ns; the limit is {} ns", longest.as_nanos(), LIMIT.as_nanos());
    assert!(longest < LIMIT);
}
