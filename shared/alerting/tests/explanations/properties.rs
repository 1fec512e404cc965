//! Properties that hold for any rules. The oracle is a naive second implementation of the documentation, which checks packet by
//! packet.

use alerting::{
    detection::Finding,
    enrichment::{AclEntry, MissingData, MissingReason, Network, NetworkPart},
    explain::{Confidence, Evidence, Explanation, Layer, PacketRole, Same, explain},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    naive::{self, Packet},
    notation,
};

const BLOCKS: [&str; 6] = ["0.0.0.0/0", "203.0.113.0/24", "203.0.113.12/32", "10.0.0.0/16", "10.0.0.9/32", "::/0"];
const PROTOCOLS: [&str; 11] =
    ["all", "icmp", "icmp/8", "icmp/8/0", "icmp/0", "icmp/3", "icmp/3/1", "icmp/3/2", "icmp/11", "icmpv6", "tcp"];

fn way() -> impl Strategy<Value = &'static str> {
    select(vec!["in", "out"])
}

fn flow() -> impl Strategy<Value = String> {
    let peer = select(vec!["203.0.113.12", "10.0.0.9", "10.9.0.1"]);
    let opposite = select(vec!["", "", " answers", " answers", " answers-before"]);
    let same = select(vec!["", "", "", " same", " same", " same-before", " same-after"]);
    let untracked = select(vec!["", "", "", " untracked=7"]);
    (way(), peer, opposite, same, untracked).prop_map(|(way, peer, opposite, same, untracked)| {
        let (source, target) = if way == "in" { (peer, "10.0.0.5") } else { ("10.0.0.5", peer) };
        format!("{way} {source} > {target}{opposite}{same}{untracked}")
    })
}

/// Generates a network without missing data. Its ACL rules have unique numbers from 2.
fn network() -> impl Strategy<Value = Network> {
    let rule = (way(), select(vec!["allow", "deny"]), select(&PROTOCOLS[..]), select(&BLOCKS[..]));
    let acl = vec(rule, 0..6).prop_map(|rules| {
        let line = |(index, (way, action, protocol, block)): (usize, (&str, &str, &str, &str))| {
            format!("acl subnet-a {way} {} {action} {protocol} {block}", index + 2)
        };
        rules.into_iter().enumerate().map(line).collect::<Vec<String>>()
    });
    let peers = select(vec!["sg-web", "sg-db", "0.0.0.0/0", "203.0.113.0/24", "10.0.0.0/8"]);
    let rule = (select(vec!["sg-web", "sg-ping"]), way(), select(&PROTOCOLS[..]), peers);
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
        for kind in 0..=255 {
            prop_assert!(rejected.iter().any(|packet| packet.kind == kind), "type {} passes: {}", kind, line);
        }
    }
    // If the ACL rejects every packet, it is certain, unless accepted packets show that the rules have changed.
    let changed = naive::may_have_been_changed(finding, &readings);
    prop_assert!(!changed || !certain, "the rules may have been changed: {}", line);
    if packets().all(|packet| packet.by_acl) {
        prop_assert!((certain || changed) && acl, "{}", line);
    }
    check_looks(finding, &readings, &found)
}

/// Checks the role of the packets, and layers that are likely because of it.
fn check_looks(finding: &Finding, readings: &[Vec<Packet>], found: &Explanation) -> Result<(), TestCaseError> {
    let line = notation::line(found);
    prop_assert_eq!(found.role, naive::role(finding, readings), "{}", line);
    let has_role = |packet: &&Packet| match found.role {
        PacketRole::Request => packet.is_ping(),
        PacketRole::Answer => packet.is_answer(),
        PacketRole::Unclear => packet.is_ping() || packet.is_answer(),
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
    fn explanations_agree_with_the_naive_implementation(flow in flow(), network in network()) {
        check(&notation::finding(&flow), &network)?;
    }

    #[test]
    fn a_first_rule_that_denies_all_makes_the_acl_certain(flow in flow(), mut network in network()) {
        for rule in ["in 1 deny all 0.0.0.0/0", "out 1 deny all 0.0.0.0/0"] {
            network.acls[0].entries.push(notation::entry(&rule.split(' ').collect::<Vec<_>>()));
        }
        let found = explain(&notation::finding(&flow), &network);
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
    fn the_order_of_rules_and_groups_does_not_matter(flow in flow(), network in network(), turn in 0usize..6) {
        let mut turned = network.clone();
        for acl in &mut turned.acls {
            let by = turn % acl.entries.len().max(1);
            acl.entries.rotate_left(by);
            acl.entries.reverse();
        }
        for interface in turned.interfaces.values_mut() {
            interface.group_ids.reverse();
        }
        let finding = notation::finding(&flow);
        prop_assert_eq!(explain(&finding, &turned), explain(&finding, &network));
    }

    #[test]
    fn a_certain_explanation_stays_certain_with_more_data(
        flow in flow(),
        network in network(),
        forgotten in vec(select(vec!["acl", "sg-web", "sg-ping", "peer", "own"]), 1..3),
    ) {
        let mut less = network.clone();
        for what in forgotten {
            match what {
                "acl" => less.acls.clear(),
                "peer" => less.interfaces.retain(|id, _| id == notation::OWN),
                "own" => less.interfaces.retain(|id, _| id != notation::OWN),
                id => drop(less.groups.remove(id)),
            }
        }
        let finding = notation::finding(&flow);
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
            "out 0.0.0.0 > 255.255.255.255 protocol=6 answers same untracked=18446744073709551615",
            "in 10.0.0.9 > 10.0.0.5 packet-source=2001:db8::9 packet-target=::1 subnet=subnet-x vpc=vpc-9",
        ]),
        network in network(),
        numbers in vec(option::of(any::<u32>()), 6),
        codes in vec((option::of(any::<u8>()), option::of(any::<u8>())), 6),
        missing in vec(select(vec![NetworkPart::Interfaces, NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls]), 0..3),
    ) {
        let mut network = network;
        let entries = network.acls.iter_mut().flat_map(|acl| &mut acl.entries);
        for ((entry, number), (kind, code)) in entries.zip(numbers).zip(codes) {
            *entry = AclEntry { number: number.unwrap_or(AclEntry::DEFAULT), ..entry.clone() };
            (entry.icmp.kind, entry.icmp.code) = (kind, code);
        }
        network.missing = missing.into_iter().map(|part| MissingData { part, reason: MissingReason::NotFound }).collect();
        let found = explain(&notation::finding(flow), &network);
        prop_assert!(!notation::line(&found).is_empty());
    }
}
