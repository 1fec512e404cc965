//! Which way a flow went, seen from the interface that logged it.

use std::net::IpAddr;

use flow_log::{Field, FlowDirection, FlowRecord, LogFormat};
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

/// The `flow-direction` of a record.
pub(super) fn stated(record: &FlowRecord<'_>) -> Option<Direction> {
    match record.flow_direction()? {
        FlowDirection::Ingress => Some(Direction::Ingress),
        FlowDirection::Egress => Some(Direction::Egress),
        _ => None,
    }
}

/// The direction on an interface that the two addresses tell: one is internal, and the other is not.
pub(super) fn by_internal_side(source: IpAddr, target: IpAddr, own_networks: &Networks) -> Option<(Direction, Basis)> {
    let ours = |address| Scope::of(address).is_internal() || own_networks.contains(address);
    match (ours(source), ours(target)) {
        (true, false) => Some((Direction::Egress, Basis::InternalSide)),
        (false, true) => Some((Direction::Ingress, Basis::InternalSide)),
        _ => None,
    }
}

/// Tells whether the records of a format can tell a direction by [`by_internal_side`] only.
pub(super) fn has_addresses_only(format: &LogFormat) -> bool {
    let others = [Field::FlowDirection, Field::PktSrcAddr, Field::PktDstAddr];
    others.into_iter().all(|field| format.position(field).is_none())
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
        self.add(if direction == Direction::Egress { source } else { target });
    }

    fn add(&mut self, own: IpAddr) {
        if self.0.len() <= OwnAddresses::MAX && !self.0.contains(&own) {
            self.0.push(own);
        }
    }

    /// These and others.
    pub(super) fn with(&self, others: &OwnAddresses) -> OwnAddresses {
        let mut all = self.clone();
        others.0.iter().for_each(|own| all.add(*own));
        all
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
    use super::{Basis::*, Direction::*, OwnAddresses};

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
