//! Which side of a TCP or UDP flow is the server, and how that is known.

use flow_log::Protocol;
use serde::{Deserialize, Serialize};

use crate::detection::{role::Role, side::Side};

/// The side of a flow that offers the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Server {
    /// The side.
    pub side: Side,
    /// How that is known.
    pub basis: ServerBasis,
}

impl Server {
    /// What packets are, between a client and this server.
    pub fn role_of_packets(self) -> Role {
        match self.side {
            Side::Source => Role::Answer,
            Side::Target => Role::Request,
        }
    }
}

/// How the server is known, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerBasis {
    /// `tcp-flags` has a SYN without ACK, which the client sends, or a SYN with ACK, which the server sends
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `tcp-flags`).
    TcpFlags,
    /// Only the opposite way was accepted in the same batch: the rejected packets answer it.
    AcceptedOpposite,
    /// One port is that of a known service, and the other is one that clients take.
    KnownPort,
    /// Several ports that clients are given have to do with one port of the other side in the same batch.
    ManyPorts,
    /// One port is below 1024, and the other is not (RFC 6335: the system ports).
    LowPort,
}

impl ServerBasis {
    /// The basis as one stable word, for documents.
    pub fn word(self) -> &'static str {
        match self {
            ServerBasis::TcpFlags => "tcp-flags",
            ServerBasis::AcceptedOpposite => "accepted-opposite",
            ServerBasis::KnownPort => "known-port",
            ServerBasis::ManyPorts => "many-ports",
            ServerBasis::LowPort => "low-port",
        }
    }

    /// Tells whether the side cannot be another one.
    pub fn is_proof(self) -> bool {
        self == ServerBasis::TcpFlags
    }
}

/// The first port that clients may take, by what AWS advises for network ACLs
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html>, ephemeral ports).
pub const FIRST_CLIENT_PORT: u16 = 1_024;

/// Tells whether the records of a protocol carry ports: TCP and UDP.
pub fn has_ports(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::TCP | Protocol::UDP)
}

/// Ports from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: PortRange = PortRange { first: 0, last: u16::MAX };

    /// A single port.
    pub fn only(port: u16) -> PortRange {
        PortRange { first: port, last: port }
    }

    /// Tells whether all ports of another range are in this one.
    pub fn contains(self, other: PortRange) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// Tells whether the two have a port in common.
    pub fn overlaps(self, other: PortRange) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// The smallest range with all ports of both.
    #[must_use]
    pub fn with(self, other: PortRange) -> PortRange {
        PortRange { first: self.first.min(other.first), last: self.last.max(other.last) }
    }

    /// The same, as far as they are known.
    pub fn both(one: Option<PortRange>, other: Option<PortRange>) -> Option<PortRange> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.with(other)),
            (one, other) => one.or(other),
        }
    }
}
