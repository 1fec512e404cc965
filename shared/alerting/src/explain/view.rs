//! A flow as its interface saw it: which way it went, who is on the other side, and what stands around it.

use std::net::IpAddr;

use crate::{
    detection::{Basis, Direction, Finding},
    enrichment::{Interface, Network},
    explain::{answer::Answer, packets::Packets},
};

/// A flow with a direction, and what is known of its two sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) network: &'a Network,
    pub(super) interface: Option<&'a Interface>,
    pub(super) subnet_id: Option<&'a str>,
    pub(super) direction: Direction,
    pub(super) packets: Packets,
    vpc_id: Option<&'a str>,
    own: IpAddr,
    peer: IpAddr,
    /// The other side's address in the packet, where the record's is another: an intermediate stands between.
    packet_peer: Option<IpAddr>,
}

/// Whether a flow crossed the border of the interface's subnet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Border<'a> {
    Crossed,
    /// The interface on the other side is in the same subnet.
    Within(&'a Interface),
    /// It may be, as far as its address goes.
    Unknown(IpAddr),
}

impl<'a> View<'a> {
    pub(super) fn new(finding: &'a Finding, network: &'a Network, direction: Direction) -> View<'a> {
        let (flow, metadata) = (&finding.flow, &finding.metadata);
        let interface = flow.interface_id.as_deref().and_then(|id| network.interfaces.get(id));
        let (own, peer, packet_peer) = match direction {
            Direction::Ingress => (flow.dstaddr, flow.srcaddr, flow.packet_source),
            Direction::Egress => (flow.srcaddr, flow.dstaddr, flow.packet_target),
        };
        View {
            network,
            interface,
            subnet_id: metadata.subnet_id.as_deref().or_else(|| interface?.subnet_id.as_deref()),
            direction,
            packets: Packets::of(finding),
            vpc_id: metadata.vpc_id.as_deref().or_else(|| interface?.vpc_id.as_deref()),
            own,
            peer,
            packet_peer,
        }
    }

    /// The opposite way: of the answers to these packets, or of the requests that these may answer.
    pub(super) fn back(self) -> View<'a> {
        View { direction: self.direction.opposite(), packets: self.packets.back(), ..self }
    }

    /// Asks the same of the other side's address in the record and, where it differs, of the one in the packet. AWS does not say
    /// which of the two the rules are held against, so what they disagree on is open.
    pub(super) fn of_peers(&self, question: impl Fn(IpAddr) -> Answer) -> Answer {
        let first = question(self.peer);
        match self.packet_peer {
            Some(other) => Answer::agreed([first, question(other)]),
            None => first,
        }
    }

    /// The other side's addresses: the record's and, where it differs, the packet's.
    pub(super) fn peers(&self) -> impl Iterator<Item = IpAddr> {
        std::iter::once(self.peer).chain(self.packet_peer)
    }

    /// Tells whether the other side is a network interface in a security group.
    ///
    /// It is open for all but an interface of the same VPC that EC2 showed, whose groups are known. Interfaces of other accounts and of
    /// peered VPCs can be members too
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>). An address of the internet is a member's where a
    /// load balancer of the group passes on what a client sent and keeps the client's address: a rule that names the group fits
    /// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html>). That a member's packets
    /// came through a middlebox, which makes the rule useless, does not show.
    pub(super) fn is_peer_in_group(&self, group_id: &str) -> Answer {
        self.of_peers(|peer| match self.neighbour(peer) {
            Some(neighbour) => Answer::of(neighbour.group_ids.iter().any(|id| **id == *group_id)),
            None => Answer::Open,
        })
    }

    /// Tells whether the flow crossed the border of the interface's subnet, by the addresses of its two sides.
    ///
    /// An intermediate inside the subnet does not show in them. AWS says of one kind that the network ACL has no say there: what a
    /// transit gateway's attachment hands to an instance in its own subnet
    /// (<https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>).
    pub(super) fn border(&self) -> Border<'a> {
        let mut border = None;
        for peer in self.peers() {
            let one = match self.neighbour(peer) {
                Some(neighbour) if self.subnet_id.is_some() && neighbour.subnet_id.as_deref() == self.subnet_id => {
                    Border::Within(neighbour)
                }
                Some(neighbour) if neighbour.subnet_id.is_some() => Border::Crossed,
                _ if can_share_subnet(self.own, peer) => Border::Unknown(peer),
                _ => Border::Crossed,
            };
            border = match (border, one) {
                (None, one) => Some(one),
                (Some(Border::Crossed), Border::Crossed) => Some(Border::Crossed),
                (Some(Border::Within(neighbour)), Border::Within(_)) => Some(Border::Within(neighbour)),
                (Some(_), _) => Some(Border::Unknown(peer)),
            };
        }
        border.unwrap_or(Border::Unknown(self.peer))
    }

    /// The interface in the same VPC that has an address as a private one. Another VPC's may have the same address and be somebody
    /// else. Interfaces of one subnet are of one VPC, whether or not the record names it.
    fn neighbour(&self, address: IpAddr) -> Option<&'a Interface> {
        let near = |one: &&Interface| {
            let same_vpc = self.vpc_id.is_some() && one.vpc_id.as_deref() == self.vpc_id;
            let same_subnet = self.subnet_id.is_some() && one.subnet_id.as_deref() == self.subnet_id;
            (same_vpc || same_subnet) && one.addresses.contains(&address)
        };
        let mut neighbours = self.network.interfaces.values().filter(near);
        neighbours.next().filter(|_| neighbours.next().is_none())
    }
}

/// The direction of a flow, and how it is known: the record's word, or else the side on which the interface has the address, or else
/// what the addresses tell.
pub(crate) fn direction(finding: &Finding, network: &Network) -> Option<(Direction, Basis)> {
    let flow = &finding.flow;
    if let Some((direction, Basis::Field)) = flow.direction {
        return Some((direction, Basis::Field));
    }
    let interface = flow.interface_id.as_deref().and_then(|id| network.interfaces.get(id));
    if let Some(interface) = interface {
        match (interface.owns(flow.srcaddr), interface.owns(flow.dstaddr)) {
            (true, false) => return Some((Direction::Egress, Basis::InterfaceAddresses)),
            (false, true) => return Some((Direction::Ingress, Basis::InterfaceAddresses)),
            _ => {}
        }
    }
    flow.direction
}

/// Tells whether two addresses can be in one subnet: an IPv4 subnet has a /16 block at most, an IPv6 one a /44 block
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>).
fn can_share_subnet(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => one.to_bits() >> 16 == other.to_bits() >> 16,
        (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() >> 84 == other.to_bits() >> 84,
        _ => false,
    }
}
