//! Security groups and network ACLs with their rules.

use ipnet::IpNet;

use crate::enrichment::interface::Tags;

/// A security group: allows only, and stateful
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its id.
    pub id: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Rules for traffic to the interface.
    pub inbound: Vec<GroupRule>,
    /// Rules for traffic from the interface.
    pub outbound: Vec<GroupRule>,
}

/// A rule of a security group: it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    /// The protocol that it is for.
    pub protocol: RuleProtocol,
    /// The ICMP messages that it is for, where the protocol is ICMP or ICMPv6.
    pub icmp: IcmpRange,
    /// The other side.
    pub peer: Peer,
}

/// The other side of a security group's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A block of addresses.
    Block(IpNet),
    /// The interfaces of a security group, by its id.
    Group(Box<str>),
    /// A prefix list, by its id; its entries are not read.
    PrefixList(Box<str>),
}

/// A network ACL: rules by number, the first that fits decides, stateless
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAcl {
    /// Its id.
    pub id: Box<str>,
    /// The subnets that it guards.
    pub subnet_ids: Vec<Box<str>>,
    /// Whether it is the VPC's default one.
    pub is_default: bool,
    /// Its rules, both directions, in any order.
    pub entries: Vec<AclEntry>,
    /// Its tags.
    pub tags: Tags,
}

/// A rule of a network ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// Its number; from [`AclEntry::DEFAULT`] on it is the rule shown as `*`, which denies what no other rule fits.
    pub number: u32,
    /// Whether it is for traffic that leaves the subnet.
    pub egress: bool,
    /// Whether it allows.
    pub allow: bool,
    /// The protocol that it is for.
    pub protocol: RuleProtocol,
    /// The ICMP messages that it is for, where the protocol is ICMP or ICMPv6.
    pub icmp: IcmpRange,
    /// The other side.
    pub block: IpNet,
}

impl AclEntry {
    /// Numbers from here on are reserved for the rules that AWS makes itself
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html>).
    pub const DEFAULT: u32 = 32_767;

    /// Tells whether it is the rule shown as `*`.
    pub fn is_default(&self) -> bool {
        self.number >= AclEntry::DEFAULT
    }
}

/// The protocol that a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleProtocol {
    /// Every one (`-1`).
    All,
    /// One, by its IANA number.
    Only(u8),
}

/// The ICMP messages that a rule is for; none stands for all (`-1`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct IcmpRange {
    /// The type.
    pub kind: Option<u8>,
    /// The code.
    pub code: Option<u8>,
}
