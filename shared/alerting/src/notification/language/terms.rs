//! What phrases are about: the values between a notification and its words.

use crate::{
    detection::Direction,
    explain::{AclEvidence, Explanation, Group, PacketRole},
};

/// A part of an email, with a label of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// How much.
    What,
    /// Who sent it.
    From,
    /// To whom.
    To,
    /// Account, region, network, log group.
    Where,
    /// The direction.
    Which,
    /// From when to when.
    When,
    /// The flows one by one.
    Flows,
    /// The explanation.
    Why,
    /// What to do.
    Next,
    /// The log lines.
    Records,
}

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Noun {
    /// Packets of ICMP, as people call them.
    Ping,
    /// Packets.
    Packet,
    /// Bytes.
    Byte,
    /// Flow records.
    Record,
    /// Addresses that sent.
    Source,
    /// Addresses that were to receive.
    Target,
    /// Addresses.
    Address,
    /// Flows.
    Flow,
    /// Accounts.
    Account,
    /// Regions.
    Region,
    /// Log groups.
    LogGroup,
    /// Availability zones.
    Zone,
    /// VPCs.
    Vpc,
    /// Subnets.
    Subnet,
    /// Network interfaces.
    Interface,
    /// Instances.
    Instance,
}

/// A number that may not be exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// So many.
    Exactly(u64),
    /// An estimate.
    About(u64),
    /// So many are known, and there may be more.
    AtLeast(u64),
    /// None is known, and there are some.
    Unknown,
}

/// What the rejected packets look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionKind {
    /// The interface's answers were stopped on their way out.
    AnswersStopped,
    /// The answers to the interface's own pings were stopped on their way in.
    AnswersNotReceived,
    /// The interface's own packets were stopped on their way out.
    Outbound,
    /// Somebody's packets to the interface were stopped.
    Inbound,
    /// Packets of one interface, in more than one of these ways.
    Between,
    /// Rejected, in a direction that is not known, or in different ones.
    Rejected,
}

impl RejectionKind {
    /// What the packets of one flow look like.
    pub fn of(explanation: &Explanation) -> RejectionKind {
        match (explanation.direction, explanation.role) {
            (Some(Direction::Egress), PacketRole::Answer) => RejectionKind::AnswersStopped,
            (Some(Direction::Ingress), PacketRole::Answer) => RejectionKind::AnswersNotReceived,
            (Some(Direction::Egress), PacketRole::Request) => RejectionKind::Outbound,
            (Some(Direction::Ingress), PacketRole::Request | PacketRole::Unclear) => RejectionKind::Inbound,
            // Whether the interface sent pings or answers is open.
            (Some(Direction::Egress), PacketRole::Unclear) | (None, _) => RejectionKind::Rejected,
        }
    }

    /// The same in a list of flows, where the direction has to be stated.
    pub fn in_a_list(explanation: &Explanation) -> RejectionKind {
        match (explanation.direction, RejectionKind::of(explanation)) {
            (Some(Direction::Egress), RejectionKind::Rejected) => RejectionKind::Outbound,
            (_, kind) => kind,
        }
    }
}

/// Who took part: the interface's side and the other, for [`RejectionKind::Rejected`] the sources and the targets.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// The interface's side, or the sources.
    pub own: &'a str,
    /// The other side, or the targets.
    pub other: &'a str,
}

/// What would let the packets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix<'a> {
    /// Rules of a network ACL that deny.
    AclRules {
        /// The ACL and whose rules.
        acl: &'a AclEvidence,
        /// Their numbers.
        numbers: Vec<u32>,
    },
    /// A rule that a network ACL lacks.
    AclRuleMissing {
        /// The ACL and whose rules.
        acl: &'a AclEvidence,
        /// The first of its rules that denies, where it is not only the one shown as `*`.
        before: Option<u32>,
    },
    /// A network ACL whose rules are not known.
    Acl(Option<Direction>),
    /// A rule that security groups lack.
    GroupRuleMissing {
        /// The groups.
        groups: &'a [Group],
        /// Whose rules.
        direction: Direction,
    },
    /// Security groups whose rules are not known.
    Groups(Option<Direction>),
    /// Both: what the network ACL needs, and a rule that security groups lack.
    Both {
        /// What the network ACL needs.
        acl: Box<Fix<'a>>,
        /// The groups.
        groups: &'a [Group],
        /// Whose rules.
        direction: Direction,
    },
    /// What the network ACL needs, and, if the packets are pings, a rule that security groups lack.
    AclThenGroups {
        /// What the network ACL needs.
        acl: Box<Fix<'a>>,
        /// The groups.
        groups: &'a [Group],
        /// Whose rules.
        direction: Direction,
    },
    /// The network ACL or the security groups.
    Either(Option<Direction>),
    /// Nothing in today's rules.
    Neither,
    /// An exclusion from VPC Block Public Access.
    BlockPublicAccess,
    /// Encryption controls.
    EncryptionControls,
    /// What the record names.
    Other,
}
