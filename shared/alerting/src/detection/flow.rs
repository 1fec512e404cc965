//! The flow: what all records of a finding have in common.

use std::net::IpAddr;

use flow_log::Protocol;
use serde::{Deserialize, Serialize};

use crate::detection::direction::{Basis, Direction};

/// The flow that a finding is about: what all its records have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// The interface that logged it; none for a regional NAT gateway, whose records carry `-`.
    #[serde(rename = "on", default, skip_serializing_if = "Option::is_none")]
    pub interface_id: Option<Box<str>>,
    /// `resource-id`: the regional NAT gateway that logged it, where there is no interface.
    #[serde(rename = "at", default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<Box<str>>,
    /// The direction and how it is known; none where neither the records nor the addresses tell.
    #[serde(rename = "way", default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<(Direction, Basis)>,
    /// The `srcaddr` of its records.
    #[serde(rename = "from")]
    pub srcaddr: IpAddr,
    /// The `dstaddr` of its records.
    #[serde(rename = "to")]
    pub dstaddr: IpAddr,
    /// `pkt-srcaddr` where it differs from `srcaddr`, which then is the interface's own address: the sender behind a NAT gateway, a
    /// transit gateway or a node of containers
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `pkt-srcaddr`).
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub packet_source: Option<IpAddr>,
    /// `pkt-dstaddr` where it differs from `dstaddr`, which then is the interface's own address: the receiver behind it, or a
    /// secondary address of the interface.
    #[serde(rename = "via", default, skip_serializing_if = "Option::is_none")]
    pub packet_target: Option<IpAddr>,
    /// The IANA protocol number.
    #[serde(rename = "ip", with = "protocol_number")]
    pub protocol: Protocol,
    /// The source port of TCP and UDP; none where it is the client's, of which a finding has one for each connection:
    /// [`crate::detection::Finding::client_ports`].
    #[serde(rename = "sport", default, skip_serializing_if = "Option::is_none")]
    pub srcport: Option<u16>,
    /// The destination port, likewise.
    #[serde(rename = "dport", default, skip_serializing_if = "Option::is_none")]
    pub dstport: Option<u16>,
    /// `reject-reason`, as AWS spells it; [`Flow::NO_REASON`] for none of those, none where the format does not have the field. Part
    /// of the flow, as packets between the same two addresses may be rejected for one reason today and for another one tomorrow.
    #[serde(rename = "why", default, skip_serializing_if = "Option::is_none")]
    pub reject_reason: Option<Box<str>>,
}

impl Flow {
    /// What AWS writes for any reason but those that `reject-reason` tells.
    pub const NO_REASON: &'static str = "-";

    /// The sender of the packets: `pkt-srcaddr`, or `srcaddr` where they are the same or only that is known.
    pub fn sender(&self) -> IpAddr {
        self.packet_source.unwrap_or(self.srcaddr)
    }

    /// The receiver of the packets: `pkt-dstaddr`, or `dstaddr` where they are the same or only that is known.
    pub fn receiver(&self) -> IpAddr {
        self.packet_target.unwrap_or(self.dstaddr)
    }

    /// The id of what logged it: the interface or, where there is none, the resource.
    pub fn logged_by(&self) -> Option<&str> {
        self.interface_id.as_deref().or(self.resource_id.as_deref())
    }

    /// The id of the regional NAT gateway that logged it, where one did. Other kinds of resources may come with other prefixes
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `resource-id`).
    pub fn nat_gateway(&self) -> Option<&str> {
        self.resource_id.as_deref().filter(|id| id.starts_with("nat-"))
    }

    /// Tells whether another flow is this one. A direction that only one of them knows is no difference: another batch need not have
    /// the records that show it.
    pub fn is(&self, other: &Flow) -> bool {
        let ways = (self.direction.map(|(way, _)| way), other.direction.map(|(way, _)| way));
        let agree = !matches!(ways, (Some(one), Some(other)) if one != other);
        agree && Flow { direction: None, ..self.clone() } == Flow { direction: None, ..other.clone() }
    }

    /// Tells whether the flow left the interface.
    pub fn is_egress(&self) -> bool {
        matches!(self.direction, Some((Direction::Egress, _)))
    }

    /// Tells whether the flow was bound for the interface.
    pub fn is_ingress(&self) -> bool {
        matches!(self.direction, Some((Direction::Ingress, _)))
    }
}

/// Writes and reads a protocol as its number.
mod protocol_number {
    use flow_log::Protocol;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(protocol: &Protocol, serializer: S) -> Result<S::Ok, S::Error> {
        protocol.0.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Protocol, D::Error> {
        u8::deserialize(deserializer).map(Protocol)
    }
}
