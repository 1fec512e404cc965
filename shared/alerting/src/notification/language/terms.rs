//! What phrases are about: the values between a notification and its words.

use std::net::IpAddr;

use crate::{
    detection::{Direction, PortRange, Role, Rule},
    explain::{AclEvidence, Confidence, Explanation, Group, PacketRole},
};

/// What some rejected packets are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Traffic {
    /// ICMP: pings.
    Pings,
    /// TCP and UDP: requests, and the answers to them.
    Connections,
}

impl Traffic {
    /// What the packets that a rule matches are called.
    pub fn of(rule: Rule) -> Traffic {
        if rule == Rule::Ping { Traffic::Pings } else { Traffic::Connections }
    }
}

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
    /// The service, and how it is known which side offers it.
    Service,
    /// The ports that clients took.
    ClientPorts,
    /// The server's ports, where there are several.
    Ports,
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
    /// Attempts to open a connection.
    Attempt,
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
    /// Addresses that ask a service.
    Client,
    /// Addresses that refuse.
    Host,
    /// Ports.
    Port,
    /// Addresses that check whether a service is healthy.
    Checker,
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
    /// What the packets of one flow look like. Of TCP and UDP it is known with the server: `role`.
    pub fn of(explanation: &Explanation, role: Option<Role>) -> RejectionKind {
        let role = match role {
            Some(Role::Request) => PacketRole::Request,
            Some(Role::Answer) => PacketRole::Answer,
            None => explanation.role,
        };
        match (explanation.direction, role) {
            (Some(Direction::Egress), PacketRole::Answer) => RejectionKind::AnswersStopped,
            (Some(Direction::Ingress), PacketRole::Answer) => RejectionKind::AnswersNotReceived,
            (Some(Direction::Egress), PacketRole::Request) => RejectionKind::Outbound,
            (Some(Direction::Ingress), PacketRole::Request | PacketRole::Unclear) => RejectionKind::Inbound,
            // Whether the interface sent pings or answers is open.
            (Some(Direction::Egress), PacketRole::Unclear) | (None, _) => RejectionKind::Rejected,
        }
    }

    /// The same in a list of flows, where the direction has to be stated.
    pub fn in_a_list(explanation: &Explanation, role: Option<Role>) -> RejectionKind {
        match (explanation.direction, RejectionKind::of(explanation, role)) {
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

/// What happened to packets of TCP or UDP. Who took part is in words: a name, or how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionStory {
    /// Requests of clients to a service were stopped.
    NotReached {
        /// The clients.
        clients: String,
        /// The service.
        service: String,
    },
    /// Answers of a service of ours were stopped on their way out.
    NotAnswered {
        /// The service.
        service: String,
        /// The clients.
        clients: String,
    },
    /// Answers to requests of ours were stopped on their way in.
    AnswersNotReceived {
        /// The clients.
        clients: String,
        /// The service.
        service: String,
    },
    /// Health checks of a service were stopped.
    NotChecked {
        /// Who checks.
        checker: String,
        /// The service.
        service: String,
    },
    /// One sender's requests to many hosts were stopped.
    RefusedByHosts {
        /// The sender.
        sender: String,
        /// How many hosts.
        hosts: String,
        /// The port, or how many there are.
        ports: String,
    },
    /// One sender's requests to many ports of a host were stopped.
    RefusedOnPorts {
        /// The sender.
        sender: String,
        /// How many ports.
        ports: String,
        /// The host.
        host: String,
    },
    /// Both requests and answers were stopped.
    Between {
        /// The clients.
        clients: String,
        /// The service.
        service: String,
    },
    /// It is not known which side is the server.
    Unclear {
        /// The sender with its port.
        source: String,
        /// The receiver with its port.
        target: String,
    },
}

/// What a rule has to be for, to let packets of TCP or UDP through: `tcp/5432 from sg-0aa1 (web)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// The ports that the packets are for.
    pub ports: Vec<PortRange>,
    /// Whether those are ports that clients take.
    pub of_clients: bool,
    /// Of the ports that clients take those that the network ACL's rules deny, where they deny some of them.
    pub denied: Vec<PortRange>,
    /// Who is on the other side.
    pub peer: OpeningPeer,
    /// The other side's security groups, where it is an interface near by: a rule of a security group can name them
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>), a network ACL's cannot.
    pub groups: Vec<Group>,
}

/// Who is on the other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpeningPeer {
    /// One address.
    Address(IpAddr),
    /// Several addresses.
    Several,
    /// Clients that choose us, anywhere in the internet; of IPv6 or not.
    Anywhere {
        /// Whether it is IPv6.
        v6: bool,
    },
    /// Health checkers of Route 53
    /// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-router-firewall-rules.html>).
    Route53 {
        /// The prefix list with their addresses.
        prefix_list: String,
    },
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
    /// What a rule would have to be for, of TCP and UDP.
    pub opening: Option<&'a Opening>,
}

/// Whose packets a rule may let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permission<'a> {
    /// The only address on the other side.
    pub peer: Option<IpAddr>,
    /// Whether nobody else may get in: then no rule that denies is removed.
    pub narrow: bool,
    /// Whether anybody's pings are answered then.
    pub answers_strangers: bool,
    /// What a rule has to be for, of TCP and UDP.
    pub opening: Option<&'a Opening>,
    /// The rules that would stop the answers next.
    pub way_back: Option<WayBack<'a>>,
}

/// What would stop the answers to packets that are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WayBack<'a> {
    /// The network ACL and whose rules.
    pub acl: &'a AclEvidence,
    /// The first of its rules that denies, where it is not only the one shown as `*`.
    pub before: Option<u32>,
    /// What a rule for the answers has to be for.
    pub opening: &'a Opening,
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
