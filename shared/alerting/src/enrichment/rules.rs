//! Security groups and network ACLs with their rules.

use ipnet::IpNet;

use crate::{detection::PortRange, enrichment::interface::Tags};

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
    /// What it is for.
    pub traffic: RuleTraffic,
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
    /// A prefix list, by its id.
    PrefixList(Box<str>),
}

/// The entries of a prefix list, one of the account's or one of AWS's such as `com.amazonaws.region.s3`
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrefixList {
    /// Its blocks, as far as they were read.
    pub blocks: Vec<IpNet>,
    /// Whether these are all.
    pub complete: bool,
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
    /// What it is for.
    pub traffic: RuleTraffic,
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

/// What a rule is for: a protocol and, as far as the protocol has them, ICMP messages or destination ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleTraffic {
    /// Every protocol (`-1`), and all of it.
    All,
    /// ICMP.
    Icmp(IcmpRange),
    /// ICMPv6.
    Icmpv6(IcmpRange),
    /// TCP to these ports.
    Tcp(PortRange),
    /// UDP to these ports.
    Udp(PortRange),
    /// Another protocol, by its IANA number: all of it, whatever ports the rule names
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>, `IpProtocol`).
    Other(u8),
}

impl RuleTraffic {
    /// All of one protocol, by its IANA number.
    pub fn all_of(protocol: u8) -> RuleTraffic {
        match protocol {
            1 => RuleTraffic::Icmp(IcmpRange::default()),
            6 => RuleTraffic::Tcp(PortRange::ALL),
            17 => RuleTraffic::Udp(PortRange::ALL),
            58 => RuleTraffic::Icmpv6(IcmpRange::default()),
            number => RuleTraffic::Other(number),
        }
    }

    /// The IANA number of the protocol; none for every one.
    pub fn protocol(self) -> Option<u8> {
        match self {
            RuleTraffic::All => None,
            RuleTraffic::Icmp(_) => Some(1),
            RuleTraffic::Tcp(_) => Some(6),
            RuleTraffic::Udp(_) => Some(17),
            RuleTraffic::Icmpv6(_) => Some(58),
            RuleTraffic::Other(number) => Some(number),
        }
    }

    /// The ICMP messages that it is for; none where it is for another protocol or for every one.
    pub fn icmp(self) -> Option<IcmpRange> {
        match self {
            RuleTraffic::Icmp(range) | RuleTraffic::Icmpv6(range) => Some(range),
            _ => None,
        }
    }

    /// The ports that it is for; none where it is for another protocol than TCP and UDP or for every one.
    pub fn ports(self) -> Option<PortRange> {
        match self {
            RuleTraffic::Tcp(ports) | RuleTraffic::Udp(ports) => Some(ports),
            _ => None,
        }
    }
}

/// The ICMP messages that a rule is for; none stands for all (`-1`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct IcmpRange {
    /// The type.
    pub kind: Option<u8>,
    /// The code.
    pub code: Option<u8>,
}
