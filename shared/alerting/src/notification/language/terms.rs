//! What phrases are about: the values between a notification and its words.

use std::net::IpAddr;

use crate::{
    detection::Direction,
    explain::{AclEvidence, Confidence, Explanation, Group, PacketRole},
};

/// A part of an email with a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// What to do.
    Actions,
    /// The explanation.
    Why,
    /// The facts.
    Details,
    /// The log lines.
    Records,
    /// The links.
    Links,
}

/// A fact with a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// How much.
    What,
    /// How much in the whole incident, where the email covers a part of it.
    Total,
    /// Records that are counted without their flow.
    Untracked,
    /// Lines that could not be read.
    Unreadable,
    /// Who sent it.
    From,
    /// To whom.
    To,
    /// Account, region, network.
    Where,
    /// The log group.
    LogGroup,
    /// The direction.
    Direction,
    /// From when to when.
    When,
    /// The flows one by one.
    Flows,
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
    /// Lines of a log.
    Line,
    /// Addresses that sent.
    Source,
    /// Addresses that were to receive.
    Target,
    /// Addresses.
    Address,
    /// Ports of hosts.
    Service,
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
    /// Whether the own side is one address or its name, and no number of them.
    pub own_named: bool,
    /// The same of the other side.
    pub other_named: bool,
}

/// How sure an explanation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade<'a> {
    /// How sure.
    pub confidence: Confidence,
    /// Whether it is known of the heaviest flows only.
    pub heaviest: bool,
    /// The flows that it is for, where others have another one.
    pub flows: Option<&'a str>,
    /// When the rules were read that it is made from, where there are any.
    pub rules_read: Option<String>,
}

/// Whose packets a rule may let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// The only address on the other side.
    pub peer: Option<IpAddr>,
    /// Whether nobody else may get in: then no rule that denies is removed.
    pub narrow: bool,
    /// Whether anybody's pings are answered then.
    pub answers_strangers: bool,
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

impl Fix<'_> {
    /// Tells whether it changes rules, so that more is let through.
    pub fn lets_through(&self) -> bool {
        !matches!(self, Fix::Neither | Fix::BlockPublicAccess | Fix::EncryptionControls | Fix::Other)
    }
}

/// A silence, in words: foreign text is made inert, and times are in the readers' zone.
#[derive(Clone, Copy, Debug)]
pub struct SilenceWords<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its conditions.
    pub conditions: &'a str,
    /// When it ends.
    pub until: &'a str,
    /// Who made it.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When it covered a finding for the first time.
    pub since: &'a str,
    /// When it ended, where it has.
    pub ended: Option<&'a str>,
}
