//! A naive second implementation of the documentation. It enumerates each packet that a flow may have consisted of. It supports
//! only IPv4, and networks without missing data.

use std::net::IpAddr;

use alerting::{
    detection::{Accepted, Direction, Finding},
    enrichment::{GroupRule, IcmpRange, Interface, Network, Peer, RuleProtocol},
    explain::PacketRole,
};

use crate::notation::OWN;

/// A packet, and the layers that reject it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) kind: u8,
    pub(crate) code: u8,
    /// Whether the packet belongs to a connection that the groups allow.
    pub(crate) tracked: bool,
    pub(crate) by_acl: bool,
    pub(crate) by_groups: bool,
}

impl Packet {
    pub(crate) fn is_ping(&self) -> bool {
        self.kind == 8 && !self.tracked
    }

    pub(crate) fn is_answer(&self) -> bool {
        self.kind == 0 && self.tracked
    }

    pub(crate) fn is_rejected(&self) -> bool {
        self.by_acl || self.by_groups
    }
}

/// Returns the packets that a flow may have consisted of, once for each possibility of what EC2 does not show about the other side:
/// the groups that it belongs to (an internet address may pass through a load balancer), and whether it is in the interface's
/// subnet.
pub(crate) fn readings(finding: &Finding, network: &Network) -> Vec<Vec<Packet>> {
    let members: [&[&str]; 4] = [&[], &["sg-web"], &["sg-db"], &["sg-web", "sg-db"]];
    let readings = members.into_iter().flat_map(|member_of| [(member_of, false), (member_of, true)]);
    readings.map(|(member_of, near)| packets(finding, network, member_of, near)).collect()
}

fn packets(finding: &Finding, network: &Network, member_of: &[&str], near: bool) -> Vec<Packet> {
    let own = &network.interfaces[OWN];
    let (egress, peer) = match finding.flow.direction {
        Some((Direction::Egress, _)) => (true, finding.flow.dstaddr),
        _ => (false, finding.flow.srcaddr),
    };
    let rules = Rules { network, own, peer, member_of, near };
    let answered = finding.opposite.is_some();
    let requested = answered || own.group_ids.is_empty() || rules.groups_allow(!egress, 8, 0);
    let connected = answered || own.group_ids.is_empty() || rules.groups_let_anything_through();
    let mut packets = Vec::new();
    for kind in 0..=255_u8 {
        for code in 0..3_u8 {
            let echo = kind == 8 || kind == 0;
            if echo && code != 0 {
                continue;
            }
            for tracked in [false, true] {
                // A request opens a connection. An answer belongs to a connection if a request was or may have been sent. An
                // error message may belong to any possible connection.
                let possible = match kind {
                    8 => false,
                    0 => requested,
                    _ => connected,
                };
                if tracked && !possible {
                    continue;
                }
                let by_groups = !tracked && !own.group_ids.is_empty() && !rules.groups_allow(egress, kind, code);
                packets.push(Packet { kind, code, tracked, by_acl: rules.acl_denies(egress, kind, code), by_groups });
            }
        }
    }
    packets
}

/// Returns the role of the packets, judged by the accepted packets.
pub(crate) fn role(finding: &Finding, readings: &[Vec<Packet>]) -> PacketRole {
    let all = || readings.iter().flatten();
    let answers_possible = all().any(Packet::is_answer);
    let unseen = finding.untracked_accepted > 0 && (finding.opposite.is_none() || finding.same.is_none());
    let alone = match &finding.opposite {
        Some(_) => PacketRole::Answer,
        None if unseen && answers_possible => PacketRole::Unclear,
        None => PacketRole::Request,
    };
    let Some(same) = &finding.same else {
        return if unseen && answers_possible { PacketRole::Unclear } else { alone };
    };
    let (rejected, accepted) = (finding.totals, same.totals);
    let before = accepted.last_end <= rejected.first_start;
    let after = rejected.last_end <= accepted.first_start;
    if before {
        // These are answers only if pings continued after the rules were changed.
        let continued = |opposite: &Accepted| opposite.totals.last_end > rejected.first_start;
        return match &finding.opposite {
            Some(opposite) if !continued(opposite) => PacketRole::Unclear,
            _ => alone,
        };
    }
    if all().all(Packet::is_rejected) {
        return if finding.opposite.is_some() { PacketRole::Unclear } else { alone };
    }
    if after || finding.opposite.is_none() {
        return alone;
    }
    // Rejected and accepted packets of the same time must differ in their type.
    let differ = |is: fn(&Packet) -> bool| {
        readings.iter().any(|packets| {
            packets.iter().any(|packet| is(packet) && packet.is_rejected())
                && packets.iter().any(|packet| !is(packet) && !packet.is_rejected())
        })
    };
    match (differ(Packet::is_ping), differ(Packet::is_answer)) {
        (true, _) => PacketRole::Request,
        (false, true) => PacketRole::Answer,
        (false, false) => PacketRole::Unclear,
    }
}

/// Returns whether the rules may have changed since: packets of the same direction were accepted among the rejected packets or
/// after them, but today's rules allow none for certain.
pub(crate) fn may_have_been_changed(finding: &Finding, readings: &[Vec<Packet>]) -> bool {
    let Some(same) = &finding.same else { return false };
    let passes = |packet: &Packet| !packet.is_rejected();
    let always = |packet: &Packet| readings.iter().all(|packets| packets.contains(packet));
    same.totals.last_end > finding.totals.first_start
        && !readings[0].iter().any(|packet| passes(packet) && always(packet))
}

fn neighbour(network: &Network, address: IpAddr) -> Option<&Interface> {
    let of_vpc = |one: &&Interface| one.vpc_id == network.interfaces[OWN].vpc_id;
    network.interfaces.values().filter(of_vpc).find(|one| one.addresses.contains(&address))
}

/// The rules for the two sides of a flow.
struct Rules<'a> {
    network: &'a Network,
    own: &'a Interface,
    peer: IpAddr,
    member_of: &'a [&'a str],
    near: bool,
}

impl Rules<'_> {
    fn acl_denies(&self, egress: bool, kind: u8, code: u8) -> bool {
        let within = match neighbour(self.network, self.peer) {
            Some(neighbour) => neighbour.subnet_id == self.own.subnet_id,
            // The largest block of a subnet is a /16.
            None => self.near && self.peer.to_string().starts_with("10.0."),
        };
        if within {
            return false;
        }
        for number in 0..10 {
            for entry in &self.network.acls[0].entries {
                if entry.number == number
                    && entry.egress == egress
                    && entry.block.contains(&self.peer)
                    && is_for(entry.protocol, entry.icmp, kind, code)
                {
                    return !entry.allow;
                }
            }
        }
        true
    }

    fn groups_allow(&self, egress: bool, kind: u8, code: u8) -> bool {
        let groups = self.own.group_ids.iter().map(|id| &self.network.groups[&**id]);
        let mut rules = groups.flat_map(|group| if egress { &group.outbound } else { &group.inbound });
        rules.any(|rule| self.is_for_peer(rule) && is_for(rule.protocol, rule.icmp, kind, code))
    }

    fn groups_let_anything_through(&self) -> bool {
        let groups = self.own.group_ids.iter().map(|id| &self.network.groups[&**id]);
        groups.flat_map(|group| group.inbound.iter().chain(&group.outbound)).any(|rule| self.is_for_peer(rule))
    }

    fn is_for_peer(&self, rule: &GroupRule) -> bool {
        match &rule.peer {
            Peer::Block(block) => block.contains(&self.peer),
            Peer::Group(id) => match neighbour(self.network, self.peer) {
                Some(neighbour) => neighbour.group_ids.contains(id),
                None => self.member_of.contains(&&**id),
            },
            Peer::PrefixList(_) => unreachable!("not generated"),
        }
    }
}

fn is_for(protocol: RuleProtocol, icmp: IcmpRange, kind: u8, code: u8) -> bool {
    match protocol {
        RuleProtocol::All => true,
        RuleProtocol::Only(1) => {
            icmp.kind.is_none_or(|only| only == kind)
                && (icmp.kind.is_none() || icmp.code.is_none_or(|only| only == code))
        }
        RuleProtocol::Only(_) => false,
    }
}
