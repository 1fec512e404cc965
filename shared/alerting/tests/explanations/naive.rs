//! A naive second implementation of the documentation. It enumerates each packet that a flow may have consisted of. It supports
//! only IPv4, and networks without missing data.

use std::net::IpAddr;

use alerting::{
    detection::{Accepted, Direction, Finding, PortRange, ServerBasis, Side},
    enrichment::{GroupRule, Interface, Network, Peer, RuleTraffic},
    explain::PacketRole,
};
use flow_log::Protocol;

use crate::notation::OWN;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Icmp { kind: u8, code: u8 },
    Ports { protocol: Protocol, answer: bool, source: u16, target: u16 },
}

/// A packet, and the layers that reject it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) what: What,
    /// Whether the packet belongs to a connection that the groups allow.
    pub(crate) tracked: bool,
    pub(crate) by_acl: bool,
    pub(crate) by_groups: bool,
}

impl Packet {
    /// Whether it opens a connection.
    pub(crate) fn is_request(&self) -> bool {
        !self.tracked && matches!(self.what, What::Icmp { kind: 8, .. } | What::Ports { answer: false, .. })
    }

    pub(crate) fn is_answer(&self) -> bool {
        self.tracked && matches!(self.what, What::Icmp { kind: 0, .. } | What::Ports { answer: true, .. })
    }

    /// What must be rejected too for certainty: each ICMP type, or requests and answers.
    pub(crate) fn kind(&self) -> u8 {
        match self.what {
            What::Icmp { kind, .. } => kind,
            What::Ports { answer, .. } => u8::from(answer),
        }
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
    let mut packets = Vec::new();
    for (what, tracked) in possible(finding, &rules, egress) {
        let by_groups = !tracked && !own.group_ids.is_empty() && !rules.groups_allow(egress, what);
        packets.push(Packet { what, tracked, by_acl: rules.acl_denies(egress, what), by_groups });
    }
    packets
}

/// All that the packets may be, and whether they belong to a connection.
fn possible(finding: &Finding, rules: &Rules<'_>, egress: bool) -> Vec<(What, bool)> {
    let no_groups = rules.own.group_ids.is_empty();
    let answered = finding.opposite.is_some();
    let mut all = Vec::new();
    if finding.flow.protocol == Protocol::ICMP {
        let requested = answered || no_groups || rules.groups_allow(!egress, What::Icmp { kind: 8, code: 0 });
        let connected = answered || no_groups || rules.groups_let_anything_through();
        for kind in 0..=255_u8 {
            for code in 0..3_u8 {
                let echo = kind == 8 || kind == 0;
                if echo && code != 0 {
                    continue;
                }
                all.push((What::Icmp { kind, code }, false));
                // A request opens a connection. An answer belongs to a connection if a request was or may have been sent. An
                // error message may belong to any possible connection.
                if (kind == 0 && requested) || (kind != 0 && kind != 8 && connected) {
                    all.push((What::Icmp { kind, code }, true));
                }
            }
        }
        return all;
    }
    let protocol = finding.flow.protocol;
    let proof = finding.server.filter(|server| server.basis == ServerBasis::TcpFlags).map(|server| server.side);
    for source in ports(finding.flow.srcport, finding) {
        for target in ports(finding.flow.dstport, finding) {
            if proof != Some(Side::Source) {
                all.push((What::Ports { protocol, answer: false, source, target }, false));
            }
            if proof != Some(Side::Target) {
                let answer = What::Ports { protocol, answer: true, source, target };
                // The request that it answers comes from the port that the answer is for.
                let request = What::Ports { protocol, answer: false, source: target, target: source };
                all.push((answer, false));
                if answered || no_groups || rules.groups_allow(!egress, request) {
                    all.push((answer, true));
                }
            }
        }
    }
    all
}

fn ports(port: Option<u16>, finding: &Finding) -> std::ops::RangeInclusive<u16> {
    let PortRange { first, last } = port.map(PortRange::only).or(finding.client_ports).unwrap();
    first..=last
}

/// Returns the role of the packets, judged by the accepted packets.
pub(crate) fn role(finding: &Finding, readings: &[Vec<Packet>]) -> PacketRole {
    if finding.flow.protocol != Protocol::ICMP {
        return match finding.server.map(|server| server.side) {
            Some(Side::Target) => PacketRole::Request,
            Some(Side::Source) => PacketRole::Answer,
            None => PacketRole::Unclear,
        };
    }
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
    match (differ(Packet::is_request), differ(Packet::is_answer)) {
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
    fn acl_denies(&self, egress: bool, what: What) -> bool {
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
                    && is_for(entry.traffic, what)
                {
                    return !entry.allow;
                }
            }
        }
        true
    }

    fn groups_allow(&self, egress: bool, what: What) -> bool {
        let groups = self.own.group_ids.iter().map(|id| &self.network.groups[&**id]);
        let mut rules = groups.flat_map(|group| if egress { &group.outbound } else { &group.inbound });
        rules.any(|rule| self.is_for_peer(rule) && is_for(rule.traffic, what))
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
            Peer::PrefixList(id) => {
                self.network.prefix_lists[&**id].blocks.iter().any(|block| block.contains(&self.peer))
            }
        }
    }
}

fn is_for(traffic: RuleTraffic, what: What) -> bool {
    match (traffic, what) {
        (RuleTraffic::All, _) => true,
        (RuleTraffic::Icmp(range), What::Icmp { kind, code }) => {
            range.kind.is_none_or(|only| only == kind)
                && (range.kind.is_none() || range.code.is_none_or(|only| only == code))
        }
        (RuleTraffic::Tcp(ports), What::Ports { protocol: Protocol::TCP, target, .. })
        | (RuleTraffic::Udp(ports), What::Ports { protocol: Protocol::UDP, target, .. }) => {
            (ports.first..=ports.last).contains(&target)
        }
        _ => false,
    }
}

/// Returns whether the network ACL rejects answers to the requests of a flow: all, some, or none.
pub(crate) fn answers_rejected(finding: &Finding, network: &Network) -> Option<bool> {
    let egress = matches!(finding.flow.direction, Some((Direction::Egress, _)));
    let peer = if egress { finding.flow.dstaddr } else { finding.flow.srcaddr };
    let rules = Rules { network, own: &network.interfaces[OWN], peer, member_of: &[], near: false };
    let (protocol, source) = (finding.flow.protocol, finding.flow.dstport.unwrap());
    let mut targets = ports(finding.flow.srcport, finding)
        .map(|target| rules.acl_denies(!egress, What::Ports { protocol, answer: true, source, target }));
    let first = targets.next().unwrap();
    targets.all(|denied| denied == first).then_some(first)
}

/// Returns whether the other side is in another subnet for certain.
pub(crate) fn is_outside(finding: &Finding, network: &Network) -> bool {
    let egress = matches!(finding.flow.direction, Some((Direction::Egress, _)));
    let peer = if egress { finding.flow.dstaddr } else { finding.flow.srcaddr };
    match neighbour(network, peer) {
        Some(neighbour) => neighbour.subnet_id != network.interfaces[OWN].subnet_id,
        None => !peer.to_string().starts_with("10.0."),
    }
}
