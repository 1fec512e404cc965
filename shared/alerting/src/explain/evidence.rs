//! What shows why a flow was rejected.

use std::net::IpAddr;

use crate::{
    detection::{Direction, Late, PortRange, Totals},
    enrichment::{AclEntry, GroupRule, MissingData},
};

/// One thing that speaks for or against a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The record's `reject-reason`, as AWS spells it
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>).
    RejectReason(Box<str>),
    /// What was accepted the opposite way at about the same time: for rejected answers, the requests. Security groups let
    /// the answers through by themselves, a network ACL does not
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>).
    OppositeAccepted(Totals),
    /// What was accepted the same way at about the same time, and what that shows.
    SameAccepted(Totals, Same),
    /// Accepted records that are not remembered, where they might show whether the packets are requests or answers.
    AcceptedUntracked(u64),
    /// What the rules of the subnet's network ACL say.
    Acl(AclEvidence),
    /// What the rules of the subnet's network ACL say of the way back: they reject the answers to these packets, or some of them. Opening
    /// what rejects the packets is not enough.
    ReturnPath(AclEvidence),
    /// What the rules of the interface's security groups say.
    Groups(GroupsEvidence),
    /// The interface has no security groups, as that of a NAT gateway
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>).
    NoGroups {
        /// The interface's type, as EC2 spells it: `natGateway`.
        kind: Box<str>,
    },
    /// Both sides are in one subnet: its network ACL has no say
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>).
    SameSubnet {
        /// The subnet.
        subnet_id: Box<str>,
        /// The interface on the other side.
        peer_interface_id: Box<str>,
    },
    /// Whose the address on the other side is was not found; by its number it may be in the interface's own subnet, where the
    /// network ACL has no say.
    MaybeSameSubnet {
        /// The address.
        peer: IpAddr,
    },
    /// The records name no interface, as those of a regional NAT gateway or of a format without the field
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `interface-id`).
    NoInterface,
    /// The packets came after their connection was over, and how that is known.
    Late(Late),
    /// Something that would tell more could not be had.
    MissingData(MissingData),
}

/// What it shows that packets were accepted the same way as the rejected ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Same {
    /// The opposite way was let through too, so that these are the answers: the rejected packets look like pings. Of ICMP only.
    Answers,
    /// The accepted packets are of another kind than the rejected ones, or the rules were changed in between.
    KindOrChange,
    /// The rules were changed in between: those of today let nothing through.
    Change,
}

/// What a network ACL's rules say about a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEvidence {
    /// The network ACL.
    pub id: Box<str>,
    /// Its `Name` tag.
    pub name: Option<Box<str>>,
    /// The subnet that it guards here.
    pub subnet_id: Box<str>,
    /// Whose rules, inbound or outbound.
    pub direction: Direction,
    /// What they come to.
    pub verdict: AclVerdict,
    /// The rules that decide, in their order: one, or several where it depends on the ICMP type or the port which is the first that
    /// fits. A rule that [`AclEntry::is_default`] has no number to show, but `*`.
    pub rules: Vec<AclEntry>,
    /// What they say of the client's ports, where the packets are for those.
    pub client_ports: Option<ClientPorts>,
}

/// The ports that clients take, 1024 to 65535 by AWS's advice, and what a network ACL's rules say of them for one peer
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html>, ephemeral ports). Those that the finding's clients took
/// are [`crate::detection::Finding::client_ports`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientPorts {
    /// Those that the rules allow, ascending.
    pub allowed: Vec<PortRange>,
    /// Those that the rules deny, ascending.
    pub denied: Vec<PortRange>,
}

impl AclEvidence {
    /// The rules that deny, of those that decide.
    pub fn denying(&self) -> impl Iterator<Item = &AclEntry> {
        self.rules.iter().filter(|rule| !rule.allow)
    }
}

/// What the rules of a network ACL come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AclVerdict {
    /// They deny it, whatever its ICMP type and for every port.
    Denies,
    /// They allow it, likewise.
    Allows,
    /// It depends: on the ICMP type, which no flow record carries, on which of the client's ports it is, or on which of two addresses
    /// counts.
    Depends,
}

/// What the rules of an interface's security groups say about a flow, as a new connection. What belongs to a connection that they
/// let through before needs no rule
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupsEvidence {
    /// The interface's security groups.
    pub groups: Vec<Group>,
    /// Whose rules, inbound or outbound.
    pub direction: Direction,
    /// What they come to, all groups together.
    pub verdict: GroupsVerdict,
}

/// A security group by its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Its id.
    pub id: Box<str>,
    /// Its name; none where its rules could not be had.
    pub name: Option<Box<str>>,
}

/// What the rules of the security groups come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupsVerdict {
    /// A rule allows it, whatever its ICMP type and for every port.
    Allows {
        /// The group that the rule is in, by its id.
        group_id: Box<str>,
        /// The rule.
        rule: GroupRule,
    },
    /// No rule allows it.
    NoRule,
    /// It depends on what cannot be known: on these rules, and on those of groups without a name in [`GroupsEvidence::groups`].
    Depends(Vec<OpenRule>),
}

/// A rule of a security group that may allow a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRule {
    /// The group that the rule is in, by its id.
    pub group_id: Box<str>,
    /// The rule.
    pub rule: GroupRule,
    /// What it depends on.
    pub on: Undecided,
}

/// What it depends on whether a rule fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Undecided {
    /// The ICMP type, which no flow record carries.
    IcmpType,
    /// Which of the client's ports it is: the rule is for some of them.
    ClientPort,
    /// Which of two addresses counts: the other side's in the record, or the one that the packet carries.
    PeerAddress,
    /// Whether the other side is in the group that the rule names.
    PeerGroup,
    /// Whether the other side is in the prefix list that the rule names, whose entries were not all read.
    PrefixList,
}
