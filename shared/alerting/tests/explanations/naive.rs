//! The documentation read a second time: each packet that a flow may have consisted of, one after the other. For IPv4 and networks of
//! which all is known.

use std::net::IpAddr;

use alerting::{
    Finding,
    direction::Direction,
    network::{GroupRule, IcmpRange, Interface, Network, Peer, RuleProtocol},
};

use crate::notation::OWN;

/// A packet, and who rejects it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) kind: u8,
    /// It belongs to a connection that the groups let through.
    pub(crate) tracked: bool,
    pub(crate) by_acl: bool,
    pub(crate) by_groups: bool,
}

/// The packets that a flow may have consisted of.
pub(crate) fn packets(finding: &Finding, network: &Network) -> Vec<Packet> {
    let own = &network.interfaces[OWN];
    let (egress, peer) = match finding.flow.direction {
        Some((Direction::Egress, _)) => (true, finding.flow.dstaddr),
        _ => (false, finding.flow.srcaddr),
    };
    let mut packets = Vec::new();
    for kind in 0..=255_u8 {
        for code in 0..3_u8 {
            let echo = kind == 8 || kind == 0;
            if echo && code != 0 {
                continue;
            }
            for tracked in [false, true] {
                // A request opens a connection. An answer belongs to one if there was a request, or can have been one.
                let requested = finding.opposite.is_some() || groups_allow(network, own, !egress, peer, 8, 0);
                if tracked && (kind == 8 || (kind == 0 && !requested)) {
                    continue;
                }
                packets.push(Packet {
                    kind,
                    tracked,
                    by_acl: acl_denies(network, own, egress, peer, kind, code),
                    by_groups: !tracked
                        && !own.group_ids.is_empty()
                        && !groups_allow(network, own, egress, peer, kind, code),
                });
            }
        }
    }
    packets
}

fn neighbour(network: &Network, address: IpAddr) -> Option<&Interface> {
    network.interfaces.values().find(|interface| interface.addresses.contains(&address))
}

fn acl_denies(network: &Network, own: &Interface, egress: bool, peer: IpAddr, kind: u8, code: u8) -> bool {
    if neighbour(network, peer).is_some_and(|neighbour| neighbour.subnet_id == own.subnet_id) {
        return false;
    }
    for number in 0..10 {
        for entry in &network.acls[0].entries {
            if entry.number == number
                && entry.egress == egress
                && entry.block.contains(&peer)
                && is_for(entry.protocol, entry.icmp, kind, code)
            {
                return !entry.allow;
            }
        }
    }
    true
}

fn groups_allow(network: &Network, own: &Interface, egress: bool, peer: IpAddr, kind: u8, code: u8) -> bool {
    let groups = own.group_ids.iter().map(|id| &network.groups[&**id]);
    let mut rules = groups.flat_map(|group| if egress { &group.outbound } else { &group.inbound });
    rules.any(|GroupRule { protocol, icmp, peer: side }| {
        let from = match side {
            Peer::Block(block) => block.contains(&peer),
            Peer::Group(id) => neighbour(network, peer).is_some_and(|neighbour| neighbour.group_ids.contains(id)),
            Peer::PrefixList(_) => unreachable!("not generated"),
        };
        from && is_for(*protocol, *icmp, kind, code)
    })
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
