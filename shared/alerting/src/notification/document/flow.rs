//! Flows in a document: who, to whom, where, and why it was rejected.

use std::net::IpAddr;

use flow_log::Protocol;
use serde::Serialize;

use crate::{
    address::Scope,
    detection::{Accepted, Basis, Direction, Finding, Late, PortRange, Role, Rule, ServicePort, Side},
    explain::{Confidence, Explanation, Layer, PacketRole},
    notification::{
        document::{
            evidence::EvidenceDoc,
            values::{TotalsDoc, text},
        },
        explained::{Endpoint, ExplainedFinding, Location},
    },
    text::one_line,
};

/// Characters of the accepted record that is shown.
const MAX_RECORD_CHARS: usize = 700;

/// Owners of one resource.
const MAX_OWNERS: usize = 5;

/// Tags that the records of one flow carry.
const MAX_TAGS: usize = 10;

/// A flow whose records were rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowDoc {
    /// The interface that logged it; none for a regional NAT gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The resource that logged it, where there is no interface: the id of a regional NAT gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// `ingress` or `egress`, seen from what logged it; none where neither the records nor the addresses show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<&'static str>,
    /// How the direction is known: `field`, `packet-address`, `interface-addresses`, `internal-side` or
    /// `other-records`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction_basis: Option<Basis>,
    /// How it is known where the packets came from: `direction`, `accepted-opposite`, `own-networks`, `same-ipv6-block`,
    /// `address-scope` or `undecided`.
    pub origin_basis: &'static str,
    /// The IANA protocol number.
    pub protocol: u8,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_name: Option<&'static str>,
    /// The rule that matched, in a word: of TCP and UDP. In the incident of a scan it is the rule of each finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// The service, of TCP and UDP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerDoc>,
    /// What the packets are: `request` or `answer`; none where it is not known which side is the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// The lowest and the highest of the ports that clients took; none where it is not known which side is the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ports: Option<PortRange>,
    /// The `tcp-flags` of all its records, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_flags: Option<u8>,
    /// Why its packets are late ones, where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<&'static str>,
    /// The sender.
    pub from: SideDoc,
    /// The receiver.
    pub to: SideDoc,
    /// Its records together.
    pub totals: TotalsDoc,
    /// Where it was seen.
    pub metadata: LocationDoc,
    /// Why it was rejected.
    pub explanation: ExplanationDoc,
    /// ICMP accepted the opposite way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opposite: Option<Opposite>,
    /// ICMP accepted the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<Opposite>,
}

/// The service of a flow of TCP or UDP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerDoc {
    /// Its port: `5432/tcp`. Where it is not known which side is the server, the receiver's.
    pub port: String,
    /// The service that is usually offered on the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<&'static str>,
    /// `from` or `to`; none where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<&'static str>,
    /// How that is known: `tcp-flags`, `accepted-opposite`, `known-port`, `many-ports` or `low-port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<&'static str>,
}

impl ServerDoc {
    fn of(finding: &Finding) -> Option<ServerDoc> {
        let port: ServicePort = finding.service()?.port;
        let side = |side: Side| match side {
            Side::Source => "from",
            Side::Target => "to",
        };
        Some(ServerDoc {
            port: port.to_string(),
            service: port.name(),
            side: finding.server.map(|server| side(server.side)),
            basis: finding.server.map(|server| server.basis.word()),
        })
    }
}

/// One side of a flow. Beside the address it has what the record and EC2 say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideDoc {
    /// The address in the record.
    pub address: IpAddr,
    /// What it is by its number: `private`, `shared-nat`, `link-local`, `own`, `multicast`, `documentation` or `public`.
    pub scope: &'static str,
    /// The port; none of ICMP, and where it is the client's: see [`FlowDoc::client_ports`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The address in the packet, where it is another: behind a NAT gateway, for example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet_address: Option<IpAddr>,
    /// The AWS service that the address belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The interface on this side: the one that logged it, or the one that has the address by EC2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The instance that it is attached to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The `Name` tag of the instance, or else of the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Owner tags of the instance, and those of the interface with other keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
}

/// A tag that says who owns a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// The tag's key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Where a flow was seen, as the record says it or else EC2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocationDoc {
    /// The account that owns the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The log group that the records were written to first, where this one holds copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
    /// The availability zone, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
    /// The subnet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// The instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Values of the tags that the records carry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Why a flow was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplanationDoc {
    /// `block-public-access`, `encryption-controls`, `acl`, `security-group`, `both`, `either`, `neither` or `other`.
    pub layer: &'static str,
    /// The direction of the layer's rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<&'static str>,
    /// `certain`, `likely` or `possible`, given that the rules were then what they are now.
    pub confidence: &'static str,
    /// What the packets look like, as far as what was accepted shows it: `pings`, `answers`, or `unclear`.
    pub role: &'static str,
    /// The evidence, most important first.
    pub evidence: Vec<EvidenceDoc>,
}

/// What was accepted the opposite way, or the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opposite {
    /// Its records together.
    pub totals: TotalsDoc,
    /// The first of them.
    pub record: String,
}

impl From<&ExplainedFinding<'_>> for FlowDoc {
    fn from(explained: &ExplainedFinding<'_>) -> Self {
        let ExplainedFinding { finding, explanation, location, source, target } = explained;
        let flow = &finding.flow;
        FlowDoc {
            interface: flow.interface_id.as_deref().map(text),
            resource: flow.resource_id.as_deref().map(text),
            direction: explanation.direction.map(Direction::word),
            direction_basis: explanation.direction_basis,
            origin_basis: finding.origin_basis.word(),
            protocol: flow.protocol.0,
            protocol_name: match flow.protocol {
                Protocol::ICMP => Some("icmp"),
                Protocol::ICMPV6 => Some("icmpv6"),
                Protocol::TCP => Some("tcp"),
                Protocol::UDP => Some("udp"),
                _ => None,
            },
            rule: (finding.rule != Rule::Ping).then(|| finding.rule.word()),
            server: ServerDoc::of(finding),
            role: finding.role().map(Role::word),
            client_ports: finding.client_ports,
            tcp_flags: finding.tcp_flags.map(|flags| flags.0),
            late: finding.late.map(Late::word),
            from: SideDoc { port: flow.srcport, ..SideDoc::from(source) },
            to: SideDoc { port: flow.dstport, ..SideDoc::from(target) },
            totals: TotalsDoc::from(&finding.totals),
            metadata: LocationDoc::of(location, &finding.metadata.tags),
            explanation: ExplanationDoc::from(explanation),
            opposite: finding.opposite.as_ref().map(Opposite::of),
            same: finding.same.as_ref().map(Opposite::of),
        }
    }
}

impl Opposite {
    fn of(accepted: &Accepted) -> Opposite {
        Opposite {
            totals: TotalsDoc::from(&accepted.totals),
            record: one_line(&accepted.line, MAX_RECORD_CHARS).into_owned(),
        }
    }
}

impl From<&Endpoint<'_>> for SideDoc {
    fn from(endpoint: &Endpoint<'_>) -> Self {
        let host = &endpoint.record;
        let owner = |(key, value): (&str, &str)| Owner { key: text(key), value: text(value) };
        SideDoc {
            address: host.address,
            scope: scope(host.address),
            port: None,
            packet_address: endpoint.packet.as_ref().map(|packet| packet.address),
            service: endpoint.service.map(text),
            interface: host.interface_id.map(text),
            instance: host.instance_id.map(text),
            name: host.names().next().map(text),
            owners: host.owners().into_iter().take(MAX_OWNERS).map(owner).collect(),
        }
    }
}

/// The scope of an address as one stable word.
fn scope(address: IpAddr) -> &'static str {
    match Scope::of(address) {
        Scope::Private => "private",
        Scope::SharedNat => "shared-nat",
        Scope::LinkLocal => "link-local",
        Scope::Own => "own",
        Scope::Multicast => "multicast",
        Scope::Documentation => "documentation",
        Scope::Public => "public",
    }
}

impl LocationDoc {
    fn of(location: &Location<'_>, tags: &[Box<str>]) -> LocationDoc {
        LocationDoc {
            account: location.account.map(text),
            region: location.region.map(text),
            log_group: location.log_group.map(text),
            zone: location.zone.map(text),
            vpc: location.vpc.map(text),
            subnet: location.subnet.map(text),
            instance: location.instance.map(text),
            tags: tags.iter().take(MAX_TAGS).map(|tag| text(tag)).collect(),
        }
    }
}

impl From<&Explanation> for ExplanationDoc {
    fn from(explanation: &Explanation) -> Self {
        ExplanationDoc {
            layer: match explanation.layer {
                Layer::BlockPublicAccess => "block-public-access",
                Layer::EncryptionControls => "encryption-controls",
                Layer::Acl => "acl",
                Layer::SecurityGroup => "security-group",
                Layer::Both => "both",
                Layer::Either => "either",
                Layer::Neither => "neither",
                Layer::Late => "late-packet",
                Layer::Other => "other",
            },
            direction: explanation.direction.map(|way| way.word()),
            confidence: match explanation.confidence {
                Confidence::Certain => "certain",
                Confidence::Likely => "likely",
                Confidence::Possible => "possible",
            },
            role: match explanation.role {
                PacketRole::Request => "request",
                PacketRole::Answer => "answer",
                PacketRole::Unclear => "unclear",
            },
            evidence: explanation.evidence.iter().map(EvidenceDoc::from).collect(),
        }
    }
}
