//! What tells a flow from the others of a batch.

use std::{hash::BuildHasher, net::IpAddr};

use flow_log::{FlowRecord, Protocol};
use foldhash::fast::FixedState;

use crate::{
    address::Networks,
    detection::{
        direction::{self, Basis, Direction},
        server::has_ports,
    },
};

/// What tells a flow from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FlowKey {
    pub(super) tuple: FiveTuple,
    /// Its `flow-direction`.
    pub(super) stated: Option<Direction>,
    /// The number of its `reject-reason`.
    pub(super) reason: Option<u16>,
}

/// The addresses of a record as its logger saw them, and its protocol and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FiveTuple {
    /// A hash of all but the ports.
    addresses_hash: u64,
    /// The logger's number.
    pub(crate) logger: usize,
    pub(crate) srcaddr: IpAddr,
    pub(crate) dstaddr: IpAddr,
    pub(crate) protocol: Protocol,
    /// Those of TCP and UDP.
    pub(crate) ports: Option<(u16, u16)>,
    /// Those in the packet, where they are others.
    pub(crate) packet_source: Option<IpAddr>,
    pub(crate) packet_target: Option<IpAddr>,
}

impl FiveTuple {
    /// The sender of the packets.
    pub(crate) fn sender(&self) -> IpAddr {
        self.packet_source.unwrap_or(self.srcaddr)
    }

    /// The receiver of the packets.
    pub(crate) fn receiver(&self) -> IpAddr {
        self.packet_target.unwrap_or(self.dstaddr)
    }

    /// That of a packet that goes the opposite way.
    pub(crate) fn opposite(&self) -> FiveTuple {
        let FiveTuple { logger, srcaddr, dstaddr, protocol, ports, packet_source, packet_target, .. } = *self;
        FiveTuple {
            addresses_hash: hash_of(logger, protocol, (dstaddr, srcaddr), (packet_target, packet_source)),
            srcaddr: dstaddr,
            dstaddr: srcaddr,
            ports: ports.map(|(source, target)| (target, source)),
            packet_source: packet_target,
            packet_target: packet_source,
            ..*self
        }
    }

    /// The same with other ports.
    pub(crate) fn with_ports(&self, ports: (u16, u16)) -> FiveTuple {
        FiveTuple { ports: Some(ports), ..*self }
    }

    /// The same as if the addresses of the packets were those that the interface sees.
    pub(crate) fn as_seen(&self) -> FiveTuple {
        if self.packet_source.or(self.packet_target).is_none() {
            return *self;
        }
        let FiveTuple { logger, srcaddr, dstaddr, protocol, .. } = *self;
        let addresses_hash = hash_of(logger, protocol, (srcaddr, dstaddr), (None, None));
        FiveTuple { addresses_hash, packet_source: None, packet_target: None, ..*self }
    }

    /// A hash of all of it.
    #[inline]
    pub(super) fn hash(&self) -> u64 {
        let (source, target) = self.ports.unwrap_or_default();
        let ports = u64::from(source) << 16 | u64::from(target);
        FixedState::default().hash_one(u128::from(self.addresses_hash) << 64 | u128::from(ports))
    }
}

impl FlowKey {
    /// The key of a record that a logger wrote, without the reason.
    // Inlined: the key is read at once, and the processor waits if it was copied in other pieces than it was written in.
    #[inline]
    pub(super) fn of(logger: usize, record: &FlowRecord<'_>) -> FlowKey {
        let FlowRecord { srcaddr, dstaddr, protocol, .. } = *record;
        let other = |packet: Option<IpAddr>, seen| packet.filter(|address| *address != seen);
        let packet_source = other(record.pkt_srcaddr, srcaddr);
        let packet_target = other(record.pkt_dstaddr, dstaddr);
        let tuple = FiveTuple {
            addresses_hash: hash_of(logger, protocol, (srcaddr, dstaddr), (packet_source, packet_target)),
            logger,
            srcaddr,
            dstaddr,
            protocol,
            ports: record.srcport.zip(record.dstport).filter(|_| has_ports(protocol)),
            packet_source,
            packet_target,
        };
        FlowKey { tuple, stated: direction::stated(record), reason: None }
    }

    /// The direction of the flow, where its own records tell it. Without an interface no side is anybody's own: a regional NAT gateway has
    /// private addresses on its left and public ones on its right.
    pub(super) fn direction(&self, has_interface: bool, own_networks: &Networks) -> Option<(Direction, Basis)> {
        let FiveTuple { srcaddr, dstaddr, packet_source, packet_target, .. } = self.tuple;
        if let Some(direction) = self.stated {
            return Some((direction, Basis::Field));
        }
        match (packet_source.is_some(), packet_target.is_some()) {
            (true, false) => Some((Direction::Egress, Basis::PacketAddress)),
            (false, true) => Some((Direction::Ingress, Basis::PacketAddress)),
            // Intermediates on both sides: the addresses contradict each other.
            (true, true) => None,
            (false, false) if has_interface => direction::by_internal_side(srcaddr, dstaddr, own_networks),
            (false, false) => None,
        }
    }
}

/// A hash of addresses, of a record or of one the opposite way. It is not made against chosen addresses: with so few they cost little.
#[inline]
fn hash_of(
    logger: usize,
    protocol: Protocol,
    (srcaddr, dstaddr): (IpAddr, IpAddr),
    packet: (Option<IpAddr>, Option<IpAddr>),
) -> u64 {
    let state = FixedState::default();
    let rest = (logger as u64) << 8 | u64::from(protocol.0);
    let seen = match (srcaddr, dstaddr) {
        (IpAddr::V4(srcaddr), IpAddr::V4(dstaddr)) => {
            let addresses = u64::from(srcaddr.to_bits()) << 32 | u64::from(dstaddr.to_bits());
            state.hash_one(u128::from(addresses) << 64 | u128::from(rest))
        }
        other => state.hash_one((rest, other)),
    };
    // Mostly the packets have no other ones.
    if packet == (None, None) { seen } else { state.hash_one((seen, packet)) }
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, Line};

    use super::{Basis::*, Direction::*, FlowKey};
    use crate::address::Networks;

    const FORMAT: &str = "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${protocol} \
                          ${action} ${log-status}";

    fn direction(line: &str) -> Option<(super::Direction, super::Basis)> {
        let formats = Formats::parse(FORMAT).unwrap();
        let line = format!("{line} 1 REJECT OK");
        let Ok(Line::Flow(flow)) = formats.read(&line) else { panic!("not a flow: {line}") };
        let record = flow.to_record().unwrap();
        FlowKey::of(0, &record).direction(record.interface_id().is_some(), &Networks::default())
    }

    #[test]
    fn the_record_tells_the_direction_or_nobody_does() {
        for (line, expect) in [
            ("eni-1 10.0.0.5 8.8.8.8 10.0.0.5 8.8.8.8 ingress", Some((Ingress, Field))),
            ("eni-1 203.0.113.12 10.0.0.5 203.0.113.12 10.0.0.5 -", Some((Ingress, InternalSide))),
            ("eni-1 10.0.0.5 203.0.113.12 - - -", Some((Egress, InternalSide))),
            ("eni-1 10.0.0.5 10.0.0.6 10.0.0.5 10.0.0.6 -", None),
            ("eni-1 8.8.8.8 203.0.113.12 - - -", None),
            // AWS's examples: a NAT gateway's interface 10.0.0.220, and a transit gateway's attachment 10.40.1.175.
            ("eni-1 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 -", Some((Ingress, PacketAddress))),
            ("eni-1 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5 -", Some((Egress, PacketAddress))),
            ("eni-1 10.40.1.175 10.40.2.236 10.20.33.164 10.40.2.236 -", Some((Egress, PacketAddress))),
            // The private side would say otherwise.
            ("eni-1 10.0.0.220 203.0.113.5 10.0.0.220 198.51.100.7 -", Some((Ingress, PacketAddress))),
            ("eni-1 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 -", None),
            ("eni-1 10.0.0.1 8.8.8.8 10.0.0.3 9.9.9.9 -", None),
            // A regional NAT gateway.
            ("- 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 -", None),
            ("- 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 egress", Some((Egress, Field))),
        ] {
            assert_eq!(direction(line), expect, "{line}");
        }
    }
}
