//! Which way a flow went, seen from the interface that logged it.

use std::net::IpAddr;

use flow_log::{FlowDirection, FlowRecord};
use serde::{Deserialize, Serialize};

use crate::address::{Networks, Scope};

/// The direction of a flow relative to the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Towards the interface.
    Ingress,
    /// Away from the interface.
    Egress,
}

impl Direction {
    /// The direction as AWS spells it in `flow-direction`.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }

    /// The other one.
    pub fn opposite(self) -> Direction {
        match self {
            Direction::Ingress => Direction::Egress,
            Direction::Egress => Direction::Ingress,
        }
    }
}

/// How a direction is known, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The record's `flow-direction` field says so.
    Field,
    /// The packet carries another address than the record on one side: the record's address there is the interface's own
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `pkt-srcaddr`, `pkt-dstaddr`).
    PacketAddress,
    /// The interface has the address on one side and not the one on the other, by EC2.
    InterfaceAddresses,
    /// One side is an internal address, or one of `OwnNetworks`, and the other is not; an interface's own IPv4 address in a flow record
    /// is always its private one (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `srcaddr`).
    InternalSide,
    /// Other records of the interface show whose address it is, by one of the ways above.
    OtherRecords,
}

impl Basis {
    /// Tells whether it proves the direction. That one side is private is no proof: the addresses of a VPC may be taken from public
    /// blocks (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>).
    pub fn is_proof(self) -> bool {
        self < Basis::InternalSide
    }
}

/// The direction of a record's flow, where the record tells it.
pub(crate) fn of_record(record: &FlowRecord<'_>, own_networks: &Networks) -> Option<(Direction, Basis)> {
    match record.flow_direction() {
        Some(FlowDirection::Ingress) => return Some((Direction::Ingress, Basis::Field)),
        Some(FlowDirection::Egress) => return Some((Direction::Egress, Basis::Field)),
        _ => {}
    }
    let differs = |packet: Option<IpAddr>, address| packet.is_some_and(|packet| packet != address);
    match (differs(record.pkt_srcaddr, record.srcaddr), differs(record.pkt_dstaddr, record.dstaddr)) {
        (true, false) => return Some((Direction::Egress, Basis::PacketAddress)),
        (false, true) => return Some((Direction::Ingress, Basis::PacketAddress)),
        // Intermediates on both sides: the addresses contradict each other.
        (true, true) => return None,
        (false, false) => {}
    }
    // Without an interface no side is anybody's own: a regional NAT gateway has private addresses on its left and public ones on
    // its right.
    record.interface_id()?;
    let ours = |address| Scope::of(address).is_internal() || own_networks.contains(address);
    match (ours(record.srcaddr), ours(record.dstaddr)) {
        (true, false) => Some((Direction::Egress, Basis::InternalSide)),
        (false, true) => Some((Direction::Ingress, Basis::InternalSide)),
        _ => None,
    }
}

/// The addresses of one interface that its own records show, at most [`OwnAddresses::MAX`].
///
/// They come from records that tell their direction. That all records share an address tells nothing: an interface with many
/// addresses and one peer looks the same as an interface with one address and many peers.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnAddresses(Vec<IpAddr>);

impl OwnAddresses {
    /// Of an interface with more addresses nothing is concluded.
    pub(crate) const MAX: usize = 8;

    /// Takes a record's direction into account.
    pub(crate) fn observe(&mut self, (direction, _): (Direction, Basis), source: IpAddr, target: IpAddr) {
        let own = if direction == Direction::Egress { source } else { target };
        if self.0.len() <= OwnAddresses::MAX && !self.0.contains(&own) {
            self.0.push(own);
        }
    }

    /// The direction of another flow, where exactly one of its addresses is the interface's.
    pub(crate) fn direction(&self, source: IpAddr, target: IpAddr) -> Option<(Direction, Basis)> {
        if self.0.len() > OwnAddresses::MAX {
            return None;
        }
        match (self.0.contains(&source), self.0.contains(&target)) {
            (true, false) => Some((Direction::Egress, Basis::OtherRecords)),
            (false, true) => Some((Direction::Ingress, Basis::OtherRecords)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, Line};

    use super::{Basis::*, Direction::*, OwnAddresses, of_record};
    use crate::address::Networks;

    const FORMAT: &str = "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${protocol} \
                          ${action} ${log-status}";

    fn direction(line: &str) -> Option<(super::Direction, super::Basis)> {
        let formats = Formats::parse(FORMAT).unwrap();
        let line = format!("{line} 1 REJECT OK");
        let Ok(Line::Flow(flow)) = formats.read(&line) else { panic!("not a flow: {line}") };
        of_record(&flow.to_record().unwrap(), &Networks::default())
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

    #[test]
    fn an_internal_side_and_other_records_prove_nothing() {
        let proofs = [Field, PacketAddress, InterfaceAddresses, InternalSide, OtherRecords].map(super::Basis::is_proof);
        assert_eq!(proofs, [true, true, true, false, false]);
    }

    #[test]
    fn up_to_eight_addresses_are_an_interface_s_own() {
        let ip = |n: usize| format!("10.0.1.{n}").parse().unwrap();
        let peer = "8.8.8.8".parse().unwrap();
        let mut own = OwnAddresses::default();
        for n in 0..OwnAddresses::MAX {
            // The same address again is no other one.
            (0..3).for_each(|_| own.observe((Egress, Field), ip(n), peer));
        }
        assert_eq!(own.direction(ip(7), peer), Some((Egress, OtherRecords)));
        own.observe((Egress, Field), ip(8), peer);
        assert_eq!(own.direction(ip(7), peer), None);
    }

    #[test]
    fn other_records_tell_whose_address_it_is() {
        let ip = |text: &str| text.parse().unwrap();
        let mut own = OwnAddresses::default();
        assert_eq!(own.direction(ip("10.0.0.7"), ip("10.0.0.5")), None);
        own.observe((Ingress, InternalSide), ip("8.8.8.8"), ip("10.0.0.5"));
        assert_eq!(own.direction(ip("10.0.0.7"), ip("10.0.0.5")), Some((Ingress, OtherRecords)));
        assert_eq!(own.direction(ip("10.0.0.5"), ip("10.0.0.7")), Some((Egress, OtherRecords)));
        assert_eq!(own.direction(ip("10.0.0.7"), ip("10.0.0.8")), None, "neither is known");
        own.observe((Egress, Field), ip("10.0.0.7"), ip("10.0.0.9"));
        assert_eq!(own.direction(ip("10.0.0.7"), ip("10.0.0.5")), None, "both are its own");
        for n in 0..OwnAddresses::MAX {
            own.observe((Egress, Field), ip(&format!("10.0.1.{n}")), ip("10.0.0.9"));
        }
        assert_eq!(own.direction(ip("10.0.0.8"), ip("10.0.0.5")), None, "too many to conclude anything");
    }
}
