//! Which way a flow went, seen from the interface that logged it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::address::Scope;

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

/// How a direction is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The record's `flow-direction` field says so.
    Field,
    /// One address stands in every ICMP record of the interface: it is the interface's own.
    SharedAddress,
    /// One side is an internal address and the other is not; an interface's own IPv4 address in a flow record is always its
    /// private one (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `srcaddr`).
    InternalSide,
}

/// What the ICMP records of one interface tell about its own address.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnAddress {
    seen: bool,
    candidates: [Option<IpAddr>; 2],
}

impl OwnAddress {
    /// Takes one more record of the interface into account.
    pub(crate) fn observe(&mut self, source: IpAddr, target: IpAddr) {
        if !self.seen {
            self.seen = true;
            self.candidates = [Some(source), Some(target)];
        } else {
            for candidate in &mut self.candidates {
                *candidate = candidate.filter(|address| *address == source || *address == target);
            }
        }
    }

    /// The direction of a flow between two addresses, where it can be told.
    pub(crate) fn direction(&self, source: IpAddr, target: IpAddr) -> Option<(Direction, Basis)> {
        if let [Some(own), None] | [None, Some(own)] = self.candidates {
            if own == source && own != target {
                return Some((Direction::Egress, Basis::SharedAddress));
            }
            if own == target && own != source {
                return Some((Direction::Ingress, Basis::SharedAddress));
            }
        }
        match (Scope::of(source).is_internal(), Scope::of(target).is_internal()) {
            (true, false) => Some((Direction::Egress, Basis::InternalSide)),
            (false, true) => Some((Direction::Ingress, Basis::InternalSide)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Basis::*, Direction::*, OwnAddress};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn direction(seen: &[(&str, &str)], flow: (&str, &str)) -> Option<(super::Direction, super::Basis)> {
        let mut own = OwnAddress::default();
        for (source, target) in seen {
            own.observe(ip(source), ip(target));
        }
        own.direction(ip(flow.0), ip(flow.1))
    }

    #[test]
    fn the_private_side_is_the_interface() {
        let pair = [("203.0.113.12", "10.0.0.5"), ("10.0.0.5", "203.0.113.12")];
        assert_eq!(direction(&pair, pair[0]), Some((Ingress, InternalSide)));
        assert_eq!(direction(&pair, pair[1]), Some((Egress, InternalSide)));
    }

    #[test]
    fn two_private_addresses_alone_tell_nothing() {
        assert_eq!(direction(&[("10.0.0.5", "10.0.0.6")], ("10.0.0.5", "10.0.0.6")), None);
    }

    #[test]
    fn the_address_in_every_record_is_the_interface() {
        let seen = [("10.0.0.7", "10.0.0.5"), ("10.0.0.8", "10.0.0.5"), ("10.0.0.5", "10.0.0.9")];
        assert_eq!(direction(&seen, seen[0]), Some((Ingress, SharedAddress)));
        assert_eq!(direction(&seen, seen[2]), Some((Egress, SharedAddress)));
    }

    #[test]
    fn an_interface_with_no_common_address_falls_back_to_the_scopes() {
        let seen = [("10.0.0.7", "10.0.0.5"), ("10.0.0.8", "10.0.0.6"), ("8.8.8.8", "10.0.0.5")];
        assert_eq!(direction(&seen, seen[0]), None);
        assert_eq!(direction(&seen, seen[2]), Some((Ingress, InternalSide)));
    }
}
