//! The rules of a network ACL, as AWS goes through them: ascending by number, the first that fits decides, each direction by its
//! own rules, and what no rule fits is denied
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>,
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>). Ports are those that the packets are for, whichever side is
//! the client.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{
    detection::{Direction, FIRST_CLIENT_PORT, PortRange},
    enrichment::{AclEntry, NetworkAcl, RuleTraffic},
    explain::{
        answer::Answer,
        evidence::{AclEvidence, AclVerdict, ClientPorts},
        packets::{ByMessage, Class, Packets, Part},
        view::View,
    },
};

/// The ports that AWS advises to allow for clients: load balancers, NAT gateways and Lambda take any of them
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html>, ephemeral ports).
const CLIENT_PORTS: PortRange = PortRange { first: FIRST_CLIENT_PORT, last: u16::MAX };

/// What a network ACL's rules say of a flow that crosses its subnet's border: whether they reject it.
pub(super) fn judge(acl: &NetworkAcl, subnet_id: &str, view: &View<'_>) -> (AclEvidence, ByMessage) {
    let mut rules: Vec<AclEntry> = Vec::new();
    let rejects: Vec<Answer> =
        judge_classes(acl, view, view.packets, &mut rules).into_iter().map(|(_, rejects)| rejects).collect();
    rules.sort_by_key(|rule| (rule.number, rule.allow));
    let verdict = match Answer::agreed(rejects.iter().copied()) {
        Answer::Yes => AclVerdict::Denies,
        Answer::No => AclVerdict::Allows,
        Answer::Open => AclVerdict::Depends,
    };
    let evidence = AclEvidence {
        id: acl.id.clone(),
        name: acl.tags.name.clone().or_else(|| view.network.tags.get(&*acl.id)?.name.clone()),
        subnet_id: subnet_id.into(),
        direction: view.direction,
        verdict,
        rules,
        client_ports: client_ports(acl, view),
    };
    (evidence, view.packets.by_message(&rejects))
}

/// Which ports of clients the rules allow, where the packets are for such.
fn client_ports(acl: &NetworkAcl, view: &View<'_>) -> Option<ClientPorts> {
    let packets = view.packets.to(CLIENT_PORTS.with(view.packets.client_target()?))?;
    let mut ports = ClientPorts::default();
    for (class, rejects) in judge_classes(acl, view, packets, &mut Vec::new()) {
        let ranges = match rejects {
            Answer::Yes => &mut ports.denied,
            Answer::No => &mut ports.allowed,
            Answer::Open => continue,
        };
        match (class, ranges.last_mut()) {
            (Class::Ports(range), Some(last)) if last.last.checked_add(1) == Some(range.first) => {
                *last = last.with(range);
            }
            (Class::Ports(range), _) => ranges.push(range),
            (Class::Icmp(_), _) => {}
        }
    }
    Some(ports)
}

/// A rule that fits a flow but for the ICMP type or the port, with what it is for.
type Fitting<'a> = (&'a AclEntry, Part);

/// Whether the rules reject each class of some packets. Rules that decide are added to those known.
fn judge_classes(
    acl: &NetworkAcl,
    view: &View<'_>,
    packets: Packets,
    rules: &mut Vec<AclEntry>,
) -> Vec<(Class, Answer)> {
    let all = fitting(acl, view.direction, packets);
    let classes = packets.classes(all.iter().map(|(_, part)| *part));
    let mut judged: Vec<(Class, Answer)> = Vec::with_capacity(classes.len());
    for (index, peer) in view.peers().enumerate() {
        let fitting: Vec<Fitting<'_>> = all.iter().filter(|(entry, _)| entry.block.contains(&peer)).copied().collect();
        let default = default_rule(view.direction, peer);
        for (place, class) in classes.iter().enumerate() {
            let rejects = first_fit(&fitting, *class, packets, &default, rules);
            match judged.get_mut(place) {
                Some((_, known)) if index > 0 => *known = Answer::agreed([*known, rejects]),
                _ => judged.push((*class, rejects)),
            }
        }
    }
    judged
}

/// The rules of a direction and of the packets' protocol, in their order.
fn fitting(acl: &NetworkAcl, direction: Direction, packets: Packets) -> Vec<Fitting<'_>> {
    let egress = direction == Direction::Egress;
    let mut fitting: Vec<Fitting<'_>> = acl
        .entries
        .iter()
        .filter(|entry| entry.egress == egress)
        .filter_map(|entry| Some((entry, packets.part(entry.traffic, matches!(entry.block, IpNet::V4(_)))?)))
        .collect();
    // Numbers are unique in AWS. Should two be the same, the answer does not depend on their order here.
    fitting.sort_by_key(|(entry, _)| (entry.number, entry.allow));
    fitting
}

/// Whether the first rule that fits a class of packets denies it. Rules that decide are added to those known.
fn first_fit(
    fitting: &[Fitting<'_>],
    class: Class,
    packets: Packets,
    default: &AclEntry,
    rules: &mut Vec<AclEntry>,
) -> Answer {
    let mut decide = |entry: &AclEntry| {
        if !rules.contains(entry) {
            rules.push(entry.clone());
        }
        Answer::of(!entry.allow)
    };
    let mut answers: Option<Answer> = None;
    for (index, &(entry, part)) in fitting.iter().enumerate() {
        match packets.is_in(class, part) {
            Answer::No => {}
            // The same type stood in an earlier rule.
            Answer::Open if fitting[..index].iter().any(|&(_, earlier)| shadows(earlier, part)) => {}
            Answer::Open => {
                let here = decide(entry);
                answers = Some(answers.map_or(here, |known| Answer::agreed([known, here])));
            }
            Answer::Yes => {
                let here = decide(entry);
                return answers.map_or(here, |known| Answer::agreed([known, here]));
            }
        }
    }
    let here = decide(default);
    answers.map_or(here, |known| Answer::agreed([known, here]))
}

/// Tells whether an earlier rule is for all that a later one is for, both being for one ICMP type.
fn shadows(earlier: Part, later: Part) -> bool {
    match (earlier, later) {
        (Part::Icmp(earlier), Part::Icmp(range)) => {
            earlier.kind == range.kind && (earlier.code.is_none() || earlier.code == range.code)
        }
        _ => false,
    }
}

/// The rule shown as `*`, for an ACL that came without it.
fn default_rule(direction: Direction, peer: IpAddr) -> AclEntry {
    AclEntry {
        number: AclEntry::DEFAULT,
        egress: direction == Direction::Egress,
        allow: false,
        traffic: RuleTraffic::All,
        block: match peer {
            IpAddr::V4(_) => IpNet::V4(Ipv4Net::default()),
            IpAddr::V6(_) => IpNet::V6(Ipv6Net::default()),
        },
    }
}
