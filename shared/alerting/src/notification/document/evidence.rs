//! Evidence in a document: the rules in question, by their ids and numbers.

use std::net::IpAddr;

use serde::Serialize;

use crate::{
    detection::PortRange,
    enrichment::{AclEntry, GroupRule, MissingData, MissingReason, NetworkPart, Peer, RuleTraffic},
    explain::{AclEvidence, AclVerdict, ClientPorts, Evidence, GroupsEvidence, GroupsVerdict, Same, Undecided},
    notification::document::values::{TotalsDoc, text},
};

/// Rules of one piece of evidence.
const MAX_RULES: usize = 20;

/// One thing that speaks for or against a layer; `type` says which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum EvidenceDoc {
    /// The record's `reject-reason`.
    RejectReason {
        /// The value, as AWS spells it.
        value: String,
    },
    /// ICMP was accepted the opposite way at about the same time.
    OppositeAccepted {
        /// How much.
        totals: TotalsDoc,
    },
    /// ICMP was accepted the same way at about the same time.
    SameAccepted {
        /// How much.
        totals: TotalsDoc,
        /// `answers`, `kind-or-change` or `change`.
        shows: &'static str,
    },
    /// There was more accepted ICMP than is remembered.
    AcceptedUntracked {
        /// How many records of it are not.
        records: u64,
    },
    /// What the rules of the subnet's network ACL say.
    Acl(AclDoc),
    /// What they say of the way back, where they would reject the answers next.
    ReturnPath(AclDoc),
    /// What the rules of the interface's security groups say.
    SecurityGroups {
        /// The groups.
        groups: Vec<GroupName>,
        /// Whose rules: `ingress` or `egress`.
        direction: &'static str,
        /// `allows`, `no-rule` or `depends`.
        verdict: &'static str,
        /// The rules that allow it, or may.
        rules: Vec<GroupRuleDoc>,
    },
    /// The interface has no security groups.
    NoSecurityGroups {
        /// The interface's type, as EC2 spells it.
        interface_type: String,
    },
    /// Both sides are in one subnet: its network ACL has no say.
    SameSubnet {
        /// The subnet.
        subnet: String,
        /// The interface on the other side.
        peer_interface: String,
    },
    /// The other side may be in the same subnet.
    MaybeSameSubnet {
        /// Its address.
        peer: IpAddr,
    },
    /// The records name no interface.
    NoInterface,
    /// The packets came after their connection was over.
    LatePacket {
        /// How that is known: `closed`, `idle` or `no-request`.
        basis: &'static str,
    },
    /// Something that would tell more could not be had.
    MissingData(MissingDataDoc),
}

/// What a network ACL's rules say of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AclDoc {
    /// The network ACL.
    pub id: String,
    /// Its `Name` tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The subnet that it guards here.
    pub subnet: String,
    /// Whose rules: `ingress` or `egress`.
    pub direction: &'static str,
    /// `denies`, `allows`, or `depends`: on the ICMP type, which no record carries, or on the client's port.
    pub verdict: &'static str,
    /// The rules that decide.
    pub rules: Vec<AclRule>,
    /// What they say of the ports that clients take, where the packets are for those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ports: Option<ClientPortsDoc>,
}

/// What a network ACL's rules say of the ports 1024 to 65535.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientPortsDoc {
    /// Those that are allowed.
    pub allowed: Vec<PortsDoc>,
    /// Those that are denied.
    pub denied: Vec<PortsDoc>,
}

/// Ports from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortsDoc {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

/// A rule of a network ACL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AclRule {
    /// Its number; none for the rule shown as `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// `allow` or `deny`.
    pub action: &'static str,
    /// What it is for.
    #[serde(flatten)]
    pub protocol: ProtocolDoc,
    /// The other side, as a block of addresses.
    pub block: String,
}

/// The protocol that a rule is for; what is left out is any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtocolDoc {
    /// The IANA number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u8>,
    /// The ICMP type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_type: Option<u8>,
    /// The ICMP code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_code: Option<u8>,
    /// The ports of TCP or UDP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<PortsDoc>,
}

/// A security group by its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupName {
    /// Its id.
    pub id: String,
    /// Its name; none where its rules could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A rule of a security group: it allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupRuleDoc {
    /// The group that it is in.
    pub group: String,
    /// What it is for.
    #[serde(flatten)]
    pub protocol: ProtocolDoc,
    /// The other side: a block of addresses, or the id of a security group or a prefix list.
    pub peer: String,
    /// What it depends on whether it fits: `icmp-type`, `client-port`, `peer-address`, `peer-group` or `prefix-list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<&'static str>,
}

/// Something that could not be had from EC2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingDataDoc {
    /// `interfaces`, `tags`, `security-groups`, `acls` or `prefix-lists`.
    pub part: &'static str,
    /// `switched-off`, `not-given`, `too-slow`, `denied`, `failed`, `not-found`, `too-many-calls` or `over-limit`.
    pub reason: &'static str,
    /// The action that is not allowed, or the code of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How many were left out, where there were more than are asked for at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
}

/// What was not asked for, as there was too much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Interfaces.
    pub interfaces: u64,
    /// Addresses.
    pub addresses: u64,
}

impl From<&Evidence> for EvidenceDoc {
    fn from(evidence: &Evidence) -> Self {
        match evidence {
            Evidence::RejectReason(value) => EvidenceDoc::RejectReason { value: text(value) },
            Evidence::OppositeAccepted(totals) => EvidenceDoc::OppositeAccepted { totals: totals.into() },
            Evidence::SameAccepted(totals, same) => EvidenceDoc::SameAccepted {
                totals: totals.into(),
                shows: match same {
                    Same::Answers => "answers",
                    Same::KindOrChange => "kind-or-change",
                    Same::Change => "change",
                },
            },
            Evidence::AcceptedUntracked(records) => EvidenceDoc::AcceptedUntracked { records: *records },
            Evidence::Acl(acl) => EvidenceDoc::Acl(acl.into()),
            Evidence::ReturnPath(acl) => EvidenceDoc::ReturnPath(acl.into()),
            Evidence::Late(late) => EvidenceDoc::LatePacket { basis: late.word() },
            Evidence::Groups(groups) => security_groups(groups),
            Evidence::NoGroups { kind } => EvidenceDoc::NoSecurityGroups { interface_type: text(kind) },
            Evidence::SameSubnet { subnet_id, peer_interface_id } => {
                EvidenceDoc::SameSubnet { subnet: text(subnet_id), peer_interface: text(peer_interface_id) }
            }
            Evidence::MaybeSameSubnet { peer } => EvidenceDoc::MaybeSameSubnet { peer: *peer },
            Evidence::NoInterface => EvidenceDoc::NoInterface,
            Evidence::MissingData(missing) => EvidenceDoc::MissingData(missing.into()),
        }
    }
}

fn security_groups(evidence: &GroupsEvidence) -> EvidenceDoc {
    let (verdict, rules) = match &evidence.verdict {
        GroupsVerdict::Allows { group_id, rule } => ("allows", vec![group_rule(group_id, rule, None)]),
        GroupsVerdict::NoRule => ("no-rule", Vec::new()),
        GroupsVerdict::Depends(rules) => {
            let rules = rules.iter().take(MAX_RULES);
            ("depends", rules.map(|open| group_rule(&open.group_id, &open.rule, Some(open.on))).collect())
        }
    };
    let groups = evidence.groups.iter().take(MAX_RULES);
    EvidenceDoc::SecurityGroups {
        groups: groups.map(|group| GroupName { id: text(&group.id), name: group.name.as_deref().map(text) }).collect(),
        direction: evidence.direction.word(),
        verdict,
        rules,
    }
}

fn group_rule(group: &str, rule: &GroupRule, on: Option<Undecided>) -> GroupRuleDoc {
    GroupRuleDoc {
        group: text(group),
        protocol: rule.traffic.into(),
        peer: match &rule.peer {
            Peer::Block(block) => block.to_string(),
            Peer::Group(id) | Peer::PrefixList(id) => text(id),
        },
        depends_on: on.map(|on| match on {
            Undecided::IcmpType => "icmp-type",
            Undecided::ClientPort => "client-port",
            Undecided::PeerAddress => "peer-address",
            Undecided::PeerGroup => "peer-group",
            Undecided::PrefixList => "prefix-list",
        }),
    }
}

impl From<&AclEntry> for AclRule {
    fn from(entry: &AclEntry) -> Self {
        AclRule {
            number: (!entry.is_default()).then_some(entry.number),
            action: if entry.allow { "allow" } else { "deny" },
            protocol: entry.traffic.into(),
            block: entry.block.to_string(),
        }
    }
}

impl From<RuleTraffic> for ProtocolDoc {
    fn from(traffic: RuleTraffic) -> Self {
        let (icmp, ports) =
            (traffic.icmp().unwrap_or_default(), traffic.ports().filter(|ports| *ports != PortRange::ALL));
        ProtocolDoc {
            protocol: traffic.protocol(),
            icmp_type: icmp.kind,
            icmp_code: icmp.code,
            ports: ports.map(Into::into),
        }
    }
}

impl From<PortRange> for PortsDoc {
    fn from(range: PortRange) -> Self {
        PortsDoc { first: range.first, last: range.last }
    }
}

impl From<&ClientPorts> for ClientPortsDoc {
    fn from(ports: &ClientPorts) -> Self {
        let ranges = |ranges: &[PortRange]| ranges.iter().take(MAX_RULES).map(|range| (*range).into()).collect();
        ClientPortsDoc { allowed: ranges(&ports.allowed), denied: ranges(&ports.denied) }
    }
}

impl From<&AclEvidence> for AclDoc {
    fn from(acl: &AclEvidence) -> Self {
        AclDoc {
            id: text(&acl.id),
            name: acl.name.as_deref().map(text),
            subnet: text(&acl.subnet_id),
            direction: acl.direction.word(),
            verdict: match acl.verdict {
                AclVerdict::Denies => "denies",
                AclVerdict::Allows => "allows",
                AclVerdict::Depends => "depends",
            },
            rules: acl.rules.iter().take(MAX_RULES).map(AclRule::from).collect(),
            client_ports: acl.client_ports.as_ref().map(ClientPortsDoc::from),
        }
    }
}

impl From<&MissingData> for MissingDataDoc {
    fn from(missing: &MissingData) -> Self {
        let (reason, detail) = match &missing.reason {
            MissingReason::SwitchedOff => ("switched-off", None),
            MissingReason::NotGiven => ("not-given", None),
            MissingReason::TooSlow => ("too-slow", None),
            MissingReason::Denied(action) => ("denied", Some(text(action))),
            MissingReason::Failed(code) => ("failed", Some(text(code))),
            MissingReason::NotFound => ("not-found", None),
            MissingReason::Elsewhere => ("elsewhere", None),
            MissingReason::TooManyCalls => ("too-many-calls", None),
            MissingReason::OverLimit { .. } => ("over-limit", None),
        };
        let part = match missing.part {
            NetworkPart::Interfaces => "interfaces",
            NetworkPart::Tags => "tags",
            NetworkPart::Groups => "security-groups",
            NetworkPart::Acls => "acls",
            NetworkPart::PrefixLists => "prefix-lists",
        };
        let left_out = match missing.reason {
            MissingReason::OverLimit { interfaces, addresses } => Some(LeftOut { interfaces, addresses }),
            _ => None,
        };
        MissingDataDoc { part, reason, detail, left_out }
    }
}
