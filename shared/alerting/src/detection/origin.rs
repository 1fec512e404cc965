//! Whose packet was rejected: one of ours, or one from the internet.
//!
//! What is ours is reported at once, what comes from the internet is background: docs/decisions.md has the figures.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    address::{Networks, Scope},
    detection::{direction::Direction, flow_key::FiveTuple, role::Role},
};

/// Where a rejected packet came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The interface: a request of ours that was stopped, or the answer to it.
    OwnRequest,
    /// The interface: its answer to a request that was accepted. Behind a network ACL that denies outbound ICMP, strangers' pings
    /// cause these all day.
    OwnAnswer,
    /// A private network or one of [`Networks`] that are ours: another host, a peer, a VPN. Also what cannot be decided.
    #[default]
    Private,
    /// Anywhere else.
    Internet,
}

impl Origin {
    /// All of them, ours first.
    pub const ALL: [Origin; 4] = [Origin::OwnRequest, Origin::OwnAnswer, Origin::Private, Origin::Internet];

    /// The origin as one stable word, for metrics and documents.
    pub fn word(self) -> &'static str {
        match self {
            Origin::OwnRequest | Origin::OwnAnswer => "own",
            Origin::Private => "private",
            Origin::Internet => "internet",
        }
    }

    /// The origin with the role as one stable word, as silences have it.
    pub fn full_word(self) -> &'static str {
        match self {
            Origin::OwnRequest => "own-request",
            Origin::OwnAnswer => "own-answer",
            Origin::Private => "private",
            Origin::Internet => "internet",
        }
    }

    /// The role of the packets, where they are ours.
    pub fn role(self) -> Option<Role> {
        match self {
            Origin::OwnRequest => Some(Role::Request),
            Origin::OwnAnswer => Some(Role::Answer),
            Origin::Private | Origin::Internet => None,
        }
    }
}

/// How an origin is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginBasis {
    /// The flow's direction: it left the interface.
    Direction,
    /// Packets were accepted the opposite way in the same batch, or the flags of these are those of an answer.
    AcceptedOpposite,
    /// `OwnNetworks` has the sender's address.
    OwnNetworks,
    /// The sender's IPv6 address is in the same /56 as the interface's
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>: a VPC's IPv6 block is a /44 to /60, a /56 by default).
    SameIpv6Block,
    /// The scope of the sender's address.
    AddressScope,
    /// Nothing tells.
    #[default]
    Undecided,
}

impl OriginBasis {
    /// The basis as one stable word, for documents.
    pub fn word(self) -> &'static str {
        match self {
            OriginBasis::Direction => "direction",
            OriginBasis::AcceptedOpposite => "accepted-opposite",
            OriginBasis::OwnNetworks => "own-networks",
            OriginBasis::SameIpv6Block => "same-ipv6-block",
            OriginBasis::AddressScope => "address-scope",
            OriginBasis::Undecided => "undecided",
        }
    }
}

/// Prefix length of the IPv6 block that a VPC has by default.
const IPV6_BLOCK_BITS: u32 = 56;

/// The origin of the rejected packets of a flow. `answers` tells whether they answer what was accepted the opposite way.
///
/// A flow that came in and answers what was let out is a request of ours that failed. What cannot be decided is
/// [`Origin::Private`], which is reported.
pub(crate) fn origin(
    direction: Option<Direction>,
    tuple: &FiveTuple,
    answers: bool,
    own_networks: &Networks,
) -> (Origin, OriginBasis) {
    match direction {
        Some(Direction::Egress) if answers => (Origin::OwnAnswer, OriginBasis::AcceptedOpposite),
        Some(Direction::Egress) => (Origin::OwnRequest, OriginBasis::Direction),
        Some(Direction::Ingress) if answers => (Origin::OwnRequest, OriginBasis::AcceptedOpposite),
        Some(Direction::Ingress) => inbound(tuple.sender(), tuple.dstaddr, own_networks),
        None => (Origin::Private, OriginBasis::Undecided),
    }
}

/// The origin of packets that this sender sent to the interface with this address.
fn inbound(sender: IpAddr, interface: IpAddr, own_networks: &Networks) -> (Origin, OriginBasis) {
    if own_networks.contains(sender) {
        return (Origin::Private, OriginBasis::OwnNetworks);
    }
    if share_ipv6_block(sender, interface) {
        return (Origin::Private, OriginBasis::SameIpv6Block);
    }
    match Scope::of(sender) {
        scope if scope.is_internal() => (Origin::Private, OriginBasis::AddressScope),
        Scope::Public | Scope::Documentation => (Origin::Internet, OriginBasis::AddressScope),
        // No sender has such an address.
        _ => (Origin::Private, OriginBasis::Undecided),
    }
}

fn share_ipv6_block(one: IpAddr, other: IpAddr) -> bool {
    match (one.to_canonical(), other.to_canonical()) {
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            (one.to_bits() ^ other.to_bits()).leading_zeros() >= IPV6_BLOCK_BITS
                && Scope::of(IpAddr::V6(one)).is_routable()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::{Origin::*, OriginBasis::*, *};
    use crate::detection::{Detector, LogSource};

    const FORMAT: &str = "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${action} \
                          ${protocol} ${log-status}";
    const OWN: &str = "198.51.100.0/24,2001:db8:77::/48,100.20.0.0/16";

    /// The origins of the rejected flows in some records: source, target, direction and action, without their interface.
    fn origins(lines: &[&str], own_networks: &str) -> Vec<(Origin, OriginBasis)> {
        let (formats, own) = (Formats::parse(FORMAT).unwrap(), Networks::parse(own_networks).unwrap());
        let mut detector = Detector::new(&formats).with_own_networks(&own);
        for line in lines {
            let [source, target, direction, action] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let protocol = if source.contains(':') { 58 } else { 1 };
            let line = format!("eni-1 {source} {target} {source} {target} {direction} {action} {protocol} OK");
            detector.observe(&LogEvent::new("1", 0, line));
        }
        let detection = detector.finish(LogSource::default());
        detection.findings().iter().map(|finding| (finding.origin, finding.origin_basis)).collect()
    }

    #[test]
    fn one_record_tells_its_origin() {
        for (line, expect) in [
            ("10.0.0.5 8.8.8.8 egress REJECT", (OwnRequest, Direction)),
            ("10.0.0.5 10.0.9.9 egress REJECT", (OwnRequest, Direction)),
            // A VPC of public addresses.
            ("8.8.8.8 9.9.9.9 egress REJECT", (OwnRequest, Direction)),
            ("10.0.0.5 8.8.8.8 - REJECT", (OwnRequest, Direction)),
            ("8.8.8.8 10.0.0.5 ingress REJECT", (Internet, AddressScope)),
            ("8.8.8.8 10.0.0.5 - REJECT", (Internet, AddressScope)),
            ("203.0.113.9 10.0.0.5 ingress REJECT", (Internet, AddressScope)),
            ("10.0.9.9 10.0.0.5 ingress REJECT", (Private, AddressScope)),
            ("100.64.0.9 10.0.0.5 ingress REJECT", (Private, AddressScope)),
            ("169.254.3.4 10.0.0.5 ingress REJECT", (Private, AddressScope)),
            ("198.51.100.7 10.0.0.5 ingress REJECT", (Private, OwnNetworks)),
            ("127.0.0.1 10.0.0.5 ingress REJECT", (Private, Undecided)),
            ("224.0.0.1 10.0.0.5 ingress REJECT", (Private, Undecided)),
            ("10.0.9.9 10.0.0.5 - REJECT", (Private, Undecided)),
            ("8.8.8.8 9.9.9.9 - REJECT", (Private, Undecided)),
            // Both are ours, so neither is the interface's alone.
            ("100.20.0.1 10.0.0.5 - REJECT", (Private, Undecided)),
            ("8.8.8.8 100.20.0.1 - REJECT", (Internet, AddressScope)),
            ("100.20.0.1 8.8.8.8 - REJECT", (OwnRequest, Direction)),
            ("2406:da14:1:100::1 2600:1f::9 egress REJECT", (OwnRequest, Direction)),
            ("2406:da14:1:100::1 2406:da14:1:1ff::9 ingress REJECT", (Private, SameIpv6Block)),
            ("2406:da14:1:200::1 2406:da14:1:1ff::9 ingress REJECT", (Internet, AddressScope)),
            ("2001:db8:77:9::1 2406:da14:1:1ff::9 ingress REJECT", (Private, OwnNetworks)),
            ("2600:1f::9 2001:db8:77:9::1 - REJECT", (Internet, AddressScope)),
            ("2600:1f::9 2406:da14:1:1ff::9 - REJECT", (Private, Undecided)),
            ("fd00::1 2406:da14:1:1ff::9 ingress REJECT", (Private, AddressScope)),
            ("fe80::1 fe80::2 ingress REJECT", (Private, AddressScope)),
        ] {
            assert_eq!(origins(&[line], OWN), [expect], "{line}");
        }
    }

    #[test]
    fn icmp_that_was_accepted_the_opposite_way_tells_the_role() {
        for (lines, expect) in [
            (["8.8.8.8 10.0.0.5 ingress ACCEPT", "10.0.0.5 8.8.8.8 egress REJECT"], (OwnAnswer, AcceptedOpposite)),
            (["8.8.8.8 10.0.0.5 - ACCEPT", "10.0.0.5 8.8.8.8 - REJECT"], (OwnAnswer, AcceptedOpposite)),
            (["10.0.9.9 10.0.0.5 ingress ACCEPT", "10.0.0.5 10.0.9.9 egress REJECT"], (OwnAnswer, AcceptedOpposite)),
            // The inbound network ACL stops the answers to our request.
            (["10.0.0.5 8.8.8.8 egress ACCEPT", "8.8.8.8 10.0.0.5 ingress REJECT"], (OwnRequest, AcceptedOpposite)),
            (["10.0.0.5 10.0.9.9 egress ACCEPT", "10.0.9.9 10.0.0.5 ingress REJECT"], (OwnRequest, AcceptedOpposite)),
            // Somebody else's, or the same way: no answer.
            (["9.9.9.9 10.0.0.5 ingress ACCEPT", "10.0.0.5 8.8.8.8 egress REJECT"], (OwnRequest, Direction)),
            (["10.0.0.5 8.8.8.8 egress ACCEPT", "10.0.0.5 8.8.8.8 egress REJECT"], (OwnRequest, Direction)),
            // Nobody knows whose interface it is.
            (["10.0.0.5 10.0.9.9 - ACCEPT", "10.0.9.9 10.0.0.5 - REJECT"], (Private, Undecided)),
        ] {
            for order in [lines, [lines[1], lines[0]]] {
                assert_eq!(origins(&order, ""), [expect], "{order:?}");
            }
        }
    }

    #[test]
    fn the_interface_s_own_addresses_in_the_batch_tell_what_a_record_does_not() {
        let other = "10.0.0.5 8.8.8.8 - ACCEPT";
        assert_eq!(origins(&[other, "10.0.0.5 10.0.9.9 - REJECT"], ""), [(OwnRequest, Direction)]);
        assert_eq!(origins(&["10.0.9.9 10.0.0.5 - REJECT", other], ""), [(Private, AddressScope)]);
    }
}
