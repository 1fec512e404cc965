//! Properties that hold for any rules. The oracle is a naive second implementation of the documentation, which checks packet by
//! packet.

use alerting::{
    detection::{Finding, Side},
    enrichment::{AclEntry, IcmpRange, MissingData, MissingReason, Network, NetworkPart, RuleTraffic},
    explain::{AclVerdict, Confidence, Evidence, Explanation, Layer, PacketRole, Same, explain},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    naive::{self, Packet},
    notation,
};

const BLOCKS: [&str; 6] = ["0.0.0.0/0", "203.0.113.0/24", "203.0.113.12/32", "10.0.0.0/16", "10.0.0.9/32", "::/0"];
const ICMP: [&str; 11] =
    ["all", "icmp", "icmp/8", "icmp/8/0", "icmp/0", "icmp/3", "icmp/3/1", "icmp/3/2", "icmp/11", "icmpv6", "tcp"];
/// Ranges that begin, end or are cut at the ports of the flows below.
const PORTS: [&str; 16] = [
    "all",
    "icmp",
    "tcp",
    "tcp/443",
    "tcp/442",
    "tcp/443-444",
    "tcp/100-442",
    "tcp/1024-65535",
    "tcp/40000-40003",
    "tcp/40004",
    "tcp/40004-50000",
    "tcp/40005-65535",
    "udp",
    "udp/443",
    "udp/1024-40002",
    "udp/40003-65535",
];

/// A flow, and the kinds of rules that concern it.
#[derive(Clone, Debug)]
struct Traffic {
    flow: String,
    rules: &'static [&'static str],
}

fn way() -> impl Strategy<Value = &'static str> {
    select(vec!["in", "out"])
}

fn flow() -> impl Strategy<Value = Traffic> {
    let peer = select(vec!["203.0.113.12", "10.0.0.9", "10.9.0.1"]);
    let opposite = select(vec!["", "", " answers", " answers", " answers-before"]);
    let same = select(vec!["", "", "", " same", " same", " same-before", " same-after"]);
    let untracked = select(vec!["", "", "", " untracked=7"]);
    let ports = select(vec![
        "",
        " 40000>443 syn",
        " 40000-40005>443 syn",
        " 40000-40005>443 request",
        " 40003>443",
        " 443>40003",
        " 443>40000-40005 synack",
        " 443>40000-40005 answer",
        " 443>40004 answer",
    ]);
    let protocol = select(vec!["tcp", "tcp", "udp"]);
    (way(), peer, opposite, same, untracked, ports, protocol).prop_map(
        |(way, peer, opposite, same, untracked, ports, protocol)| {
            let (source, target) = if way == "in" { (peer, "10.0.0.5") } else { ("10.0.0.5", peer) };
            let ports = if ports.is_empty() { String::new() } else { format!(" {protocol}{ports}") };
            let rules = if ports.is_empty() { &ICMP[..] } else { &PORTS };
            Traffic { flow: format!("{way} {source} > {target}{ports}{opposite}{same}{untracked}"), rules }
        },
    )
}

/// A finding with a network without missing data, whose rules concern it.
fn finding_and_network() -> impl Strategy<Value = (Finding, Network)> {
    flow().prop_flat_map(|traffic| {
        let finding = notation::finding(&traffic.flow);
        network(traffic.rules).prop_map(move |network| (finding.clone(), network))
    })
}

/// Generates a network without missing data. Its ACL rules have unique numbers from 2.
fn network(rules: &'static [&'static str]) -> impl Strategy<Value = Network> {
    let rule = (way(), select(vec!["allow", "deny"]), select(rules), select(&BLOCKS[..]));
    let acl = vec(rule, 0..6).prop_map(|rules| {
        let line = |(index, (way, action, protocol, block)): (usize, (&str, &str, &str, &str))| {
            format!("acl subnet-a {way} {} {action} {protocol} {block}", index + 2)
        };
        rules.into_iter().enumerate().map(line).collect::<Vec<String>>()
    });
    let peers = select(vec!["sg-web", "sg-db", "0.0.0.0/0", "203.0.113.0/24", "10.0.0.0/8", "pl-1"]);
    let rule = (select(vec!["sg-web", "sg-ping"]), way(), select(rules), peers);
    let groups = vec(rule, 0..5).prop_map(|rules| {
        let line = |(id, way, protocol, peer)| format!("sg {id} {way} {protocol} {peer}");
        rules.into_iter().map(line).collect::<Vec<String>>()
    });
    let own = select(vec!["sg-web", "sg-web,sg-ping", "-"]);
    let near = (select(vec!["subnet-a", "subnet-b", "subnet-x"]), select(vec!["sg-web", "sg-db"]));
    (acl, groups, own, near).prop_map(|(acl, groups, own, (subnet, member))| {
        let mut lines = vec!["acl subnet-a".to_owned(), "sg sg-web".to_owned(), "sg sg-ping".to_owned()];
        lines.push(format!("own 10.0.0.5 subnet-a {own}"));
        // A host of another VPC with the same address must be ignored.
        let vpc = if subnet == "subnet-x" { "vpc-2" } else { "vpc-1" };
        lines.push(format!("peer 10.0.0.9 {subnet} {member} vpc={vpc}"));
        lines.push("peer 10.9.0.1 subnet-c sg-other".to_owned());
        lines.push("list pl-1 203.0.113.12/32,10.9.0.0/16".to_owned());
        lines.extend(acl.into_iter().chain(groups));
        notation::network(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

/// Returns whether an explanation names the ACL and the groups.
fn names(explanation: &Explanation) -> (bool, bool) {
    match explanation.layer {
        Layer::Acl => (true, false),
        Layer::SecurityGroup => (false, true),
        Layer::Both => (true, true),
        _ => (false, false),
    }
}

fn is_certain(explanation: &Explanation) -> bool {
    explanation.confidence == Confidence::Certain
}

fn check(finding: &Finding, network: &Network) -> Result<(), TestCaseError> {
    let found = explain(finding, network);
    let line = notation::line(&found);
    let readings = naive::readings(finding, network);
    let packets = || readings.iter().flatten();
    let rejected: Vec<_> = packets().filter(|packet| packet.is_rejected()).collect();
    prop_assert_eq!(found.layer == Layer::Neither, rejected.is_empty(), "{}", line);
    let (acl, groups) = names(&found);
    let certain = is_certain(&found);
    if certain {
        prop_assert!(acl || groups, "{}", line);
        for packet in &rejected {
            prop_assert!(packet.by_acl || !acl, "not by the ACL: {:?}: {}", packet, line);
            prop_assert!(packet.by_groups || !groups, "not by the groups: {:?}: {}", packet, line);
        }
        for all in packets() {
            prop_assert!(rejected.iter().any(|packet| packet.kind() == all.kind()), "{:?} passes: {}", all, line);
        }
    }
    // If the ACL rejects every packet, it is certain, unless accepted packets show that the rules have changed.
    let changed = naive::may_have_been_changed(finding, &readings);
    prop_assert!(!changed || !certain, "the rules may have been changed: {}", line);
    if packets().all(|packet| packet.by_acl) {
        prop_assert!((certain || changed) && acl, "{}", line);
    }
    check_looks(finding, &readings, &found)?;
    check_return_path(finding, network, &found)
}

/// Checks the evidence about the way back: answers to requests of clients that are known, across the border of the subnet.
fn check_return_path(finding: &Finding, network: &Network, found: &Explanation) -> Result<(), TestCaseError> {
    let line = notation::line(found);
    let shows = |one: &Evidence| matches!(one, Evidence::SameSubnet { .. });
    let crossed = !found.evidence.iter().any(shows) && naive::is_outside(finding, network);
    let requests = finding.server.is_some_and(|server| server.side == Side::Target);
    let expect = if crossed && requests { naive::answers_rejected(finding, network) } else { Some(false) };
    let verdict = found.return_path().map(|back| back.verdict);
    let expect = match expect {
        Some(true) => Some(AclVerdict::Denies),
        Some(false) => None,
        None => Some(AclVerdict::Depends),
    };
    prop_assert_eq!(verdict, expect, "{}", line);
    Ok(())
}

/// Checks the role of the packets, and layers that are likely because of it.
fn check_looks(finding: &Finding, readings: &[Vec<Packet>], found: &Explanation) -> Result<(), TestCaseError> {
    let line = notation::line(found);
    prop_assert_eq!(found.role, naive::role(finding, readings), "{}", line);
    // Without a request that was let through, answers have no connection.
    let tracked = readings.iter().flatten().any(Packet::is_answer);
    let has_role = |packet: &&Packet| match found.role {
        PacketRole::Request => packet.is_request(),
        PacketRole::Answer => packet.is_answer() || (!tracked && packet.kind() == 1),
        PacketRole::Unclear => packet.is_request() || packet.is_answer(),
    };
    let rejected: Vec<_> = readings.iter().flatten().filter(has_role).filter(|packet| packet.is_rejected()).collect();
    let (acl, groups) = names(found);
    if found.confidence == Confidence::Likely {
        prop_assert!(!rejected.is_empty() && (acl || groups), "{}", line);
        for packet in &rejected {
            prop_assert!(packet.by_acl || !acl, "likely not by the ACL: {:?}: {}", packet, line);
            prop_assert!(packet.by_groups || !groups, "likely not by the groups: {:?}: {}", packet, line);
        }
    }
    if let [first, rest @ ..] = &rejected[..] {
        let by = |packet: &Packet| (packet.by_acl, packet.by_groups);
        let agreed = rest.iter().all(|packet| by(packet) == by(first));
        prop_assert!(!agreed || found.confidence <= Confidence::Likely, "only one possibility is left: {}", line);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn explanations_agree_with_the_naive_implementation((finding, network) in finding_and_network()) {
        check(&finding, &network)?;
    }

    #[test]
    fn a_first_rule_that_denies_all_makes_the_acl_certain((finding, mut network) in finding_and_network()) {
        for rule in ["in 1 deny all 0.0.0.0/0", "out 1 deny all 0.0.0.0/0"] {
            network.acls[0].entries.push(notation::entry(&rule.split(' ').collect::<Vec<_>>()));
        }
        let found = explain(&finding, &network);
        let within = found
            .evidence
            .iter()
            .any(|one| matches!(one, Evidence::SameSubnet { .. } | Evidence::MaybeSameSubnet { .. }));
        // Packets accepted at the same time or later show that the rule is new.
        let changed = found.evidence.iter().any(|one| matches!(one, Evidence::SameAccepted(_, Same::Change)));
        prop_assert!(within || ((is_certain(&found) || changed) && names(&found).0), "{}", notation::line(&found));
        for acl in found.acls() {
            prop_assert_eq!(acl.rules.iter().map(|rule| rule.number).collect::<Vec<_>>(), [1]);
        }
    }

    #[test]
    fn the_order_of_rules_and_groups_does_not_matter((finding, network) in finding_and_network(), turn in 0usize..6) {
        let mut turned = network.clone();
        for acl in &mut turned.acls {
            let by = turn % acl.entries.len().max(1);
            acl.entries.rotate_left(by);
            acl.entries.reverse();
        }
        for interface in turned.interfaces.values_mut() {
            interface.group_ids.reverse();
        }
        prop_assert_eq!(explain(&finding, &turned), explain(&finding, &network));
    }

    #[test]
    fn a_certain_explanation_stays_certain_with_more_data(
        (finding, network) in finding_and_network(),
        forgotten in vec(select(vec!["acl", "sg-web", "sg-ping", "peer", "own", "list"]), 1..3),
    ) {
        let mut less = network.clone();
        for what in forgotten {
            match what {
                "acl" => less.acls.clear(),
                "list" => less.prefix_lists.clear(),
                "peer" => less.interfaces.retain(|id, _| id == notation::OWN),
                "own" => less.interfaces.retain(|id, _| id != notation::OWN),
                id => drop(less.groups.remove(id)),
            }
        }
        let (before, after) = (explain(&finding, &less), explain(&finding, &network));
        if is_certain(&before) {
            let (was, is) = (names(&before), names(&after));
            let kept = (was.0 && is.0) || (was.1 && is.1);
            prop_assert!(is_certain(&after) && kept, "{} became {}", notation::line(&before), notation::line(&after));
        }
    }

    #[test]
    fn explain_never_panics(
        flow in select(vec![
            "? 10.0.0.5 > 10.0.0.5",
            "? 203.0.113.12 > 2001:db8::1",
            "in 2001:db8::1 > 10.0.0.5",
            "out 10.0.0.5 > 203.0.113.12 tcp 0-65535>65535 request answers same",
            "in 203.0.113.12 > 10.0.0.5 udp 65535>0-65535 answer",
            "? 203.0.113.12 > 10.0.0.5 protocol=47",
            "out 0.0.0.0 > 255.255.255.255 protocol=6 answers same untracked=18446744073709551615",
            "in 10.0.0.9 > 10.0.0.5 packet-source=2001:db8::9 packet-target=::1 subnet=subnet-x vpc=vpc-9",
        ]),
        network in prop_oneof![network(&ICMP), network(&PORTS)],
        numbers in vec(option::of(any::<u32>()), 6),
        codes in vec((option::of(any::<u8>()), option::of(any::<u8>())), 6),
        missing in vec(select(vec![NetworkPart::Interfaces, NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls, NetworkPart::PrefixLists]), 0..3),
    ) {
        let mut network = network;
        let entries = network.acls.iter_mut().flat_map(|acl| &mut acl.entries);
        for ((entry, number), (kind, code)) in entries.zip(numbers).zip(codes) {
            *entry = AclEntry { number: number.unwrap_or(AclEntry::DEFAULT), ..entry.clone() };
            if let RuleTraffic::Icmp(_) = entry.traffic {
                entry.traffic = RuleTraffic::Icmp(IcmpRange { kind, code });
            }
        }
        network.missing = missing.into_iter().map(|part| MissingData { part, reason: MissingReason::NotFound }).collect();
        let found = explain(&notation::finding(flow), &network);
        prop_assert!(!notation::line(&found).is_empty());
    }
}
