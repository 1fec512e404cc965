//! What EC2 says about the places of a finding, as values: interfaces, tags, security groups and network ACLs.
//!
//! It is the state of the moment it was asked for, which need not be the state the packets met. What could not be had is part
//! of the answer, with the reason: a mail says so instead of waiting for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;

use crate::{address::Scope, message::Told};

/// Interfaces that are asked for at once, those of the heaviest findings. A filter takes 200 values
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html>).
pub const MAX_INTERFACES: usize = 20;
/// Addresses on the other side that are asked for at once.
pub const MAX_PEERS: usize = 50;

/// What a mail would like to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The interfaces that logged the findings, at most [`MAX_INTERFACES`].
    pub interfaces: BTreeSet<String>,
    /// Internal addresses on either side, which may belong to interfaces of ours, at most [`MAX_PEERS`].
    pub addresses: BTreeSet<IpAddr>,
}

impl Wanted {
    /// What some messages would like to know: first about the flows that they tell one by one, then about the heaviest names.
    pub fn of(messages: &[Told]) -> Wanted {
        let mut wanted = Wanted::default();
        for finding in messages.iter().flat_map(|told| &told.findings) {
            if let Some(id) = &finding.flow.interface_id {
                wanted.interface(id);
            }
            wanted.address(finding.flow.srcaddr);
            wanted.address(finding.flow.dstaddr);
        }
        for (id, _) in messages.iter().flat_map(|told| &told.interfaces.ranked) {
            wanted.interface(id);
        }
        for (name, _) in messages.iter().flat_map(|told| told.sources.ranked.iter().chain(&told.targets.ranked)) {
            if let Ok(address) = name.parse() {
                wanted.address(address);
            }
        }
        wanted
    }

    fn interface(&mut self, id: &str) {
        if self.interfaces.len() < MAX_INTERFACES {
            self.interfaces.insert(id.to_owned());
        }
    }

    fn address(&mut self, address: IpAddr) {
        if self.addresses.len() < MAX_PEERS && Scope::of(address).is_internal() {
            self.addresses.insert(address);
        }
    }
}

/// What EC2 answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Interfaces, those asked for and those that own an address asked for, by id.
    pub interfaces: BTreeMap<String, Interface>,
    /// Tags of instances, subnets, VPCs and the other resources that have any, by resource id.
    pub tags: BTreeMap<String, Tags>,
    /// Security groups of the interfaces asked for, by id.
    pub groups: BTreeMap<String, SecurityGroup>,
    /// Network ACLs of their subnets.
    pub acls: Vec<NetworkAcl>,
    /// What could not be had.
    pub gaps: Vec<Gap>,
}

impl Network {
    /// The answer where nothing was asked for, and why.
    pub fn unknown(reason: Missing) -> Network {
        let gaps = [Part::Interfaces, Part::Tags, Part::Groups, Part::Acls];
        Network { gaps: gaps.map(|part| Gap { part, reason: reason.clone() }).into(), ..Network::default() }
    }

    /// The network ACL of a subnet: each has exactly one
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>).
    pub fn acl_of(&self, subnet_id: &str) -> Option<&NetworkAcl> {
        self.acls.iter().find(|acl| acl.subnet_ids.iter().any(|id| **id == *subnet_id))
    }

    /// The interface that owns an address. None where several do, as addresses of VPCs may overlap, unless one of them is in
    /// the VPC given.
    pub fn owner_of(&self, address: IpAddr, vpc_id: Option<&str>) -> Option<&Interface> {
        let mut owners: Vec<&Interface> =
            self.interfaces.values().filter(|interface| interface.owns(address)).collect();
        if vpc_id.is_some() && owners.iter().any(|owner| owner.vpc_id.as_deref() == vpc_id) {
            owners.retain(|owner| owner.vpc_id.as_deref() == vpc_id);
        }
        if let [only] = owners[..] { Some(only) } else { None }
    }

    /// Why a part is missing, where it is.
    pub fn gap(&self, part: Part) -> Option<&Missing> {
        self.gaps.iter().find(|gap| gap.part == part).map(|gap| &gap.reason)
    }
}

/// One part of the answer that is missing, or of which something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The part.
    pub part: Part,
    /// Why.
    pub reason: Missing,
}

/// A part of the answer: what one call to EC2 tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Interfaces, with their instances, subnets and VPCs.
    Interfaces,
    /// Names and owners.
    Tags,
    /// Security groups and their rules.
    Groups,
    /// Network ACLs and their rules.
    Acls,
}

/// Why something could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Look-ups are switched off.
    SwitchedOff,
    /// EC2 did not answer in time.
    TooSlow,
    /// The function may not ask; the action that it lacks, for example `ec2:DescribeNetworkAcls`.
    Denied(Box<str>),
    /// EC2 answered with an error: its code.
    Failed(Box<str>),
    /// EC2 answered and does not know the interface: it is gone, or in another account or region.
    NotFound,
    /// Asking would have taken more calls than a mail may make.
    TooManyCalls,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its id.
    pub id: Box<str>,
    /// `interfaceType`: `interface`, `natGateway`, `lambda` and others.
    pub kind: Box<str>,
    /// Its description, which names the service that made it and what for.
    pub description: Option<Box<str>>,
    /// The account or service that made it on behalf of the owner.
    pub requester: Option<Box<str>>,
    /// The account that owns it.
    pub owner: Option<Box<str>>,
    /// Its private addresses, both families.
    pub addresses: Vec<IpAddr>,
    /// Its public IPv4 addresses.
    pub public_addresses: Vec<IpAddr>,
    /// The instance that it is attached to.
    pub instance_id: Option<Box<str>>,
    /// Its subnet.
    pub subnet_id: Option<Box<str>>,
    /// Its VPC.
    pub vpc_id: Option<Box<str>>,
    /// Its availability zone.
    pub zone: Option<Box<str>>,
    /// Its security groups, by id.
    pub group_ids: Vec<Box<str>>,
    /// Its own tags, which are not those of the instance.
    pub tags: Tags,
}

impl Interface {
    /// Tells whether an address is one of the interface's, private or public.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address) || self.public_addresses.contains(&address)
    }
}

/// The tags that mails use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// The value of `Name`.
    pub name: Option<Box<str>>,
    /// Key and value of the tags that say who owns the resource, in the order the keys were configured.
    pub owners: Vec<(Box<str>, Box<str>)>,
}

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
    /// A prefix list, by its id; its entries are not looked up.
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

#[cfg(test)]
mod tests {
    use super::{Interface, Network};

    #[test]
    fn an_address_that_two_vpcs_have_belongs_to_the_one_of_the_vpc_asked_for() {
        let address = "10.0.0.5".parse().unwrap();
        let interface = |id: &str, vpc: &str| Interface {
            id: id.into(),
            vpc_id: Some(vpc.into()),
            addresses: vec![address],
            ..Interface::default()
        };
        let both = [interface("eni-1", "vpc-1"), interface("eni-2", "vpc-2")];
        let network = Network {
            interfaces: both.iter().map(|one| (one.id.to_string(), one.clone())).collect(),
            ..Network::default()
        };
        assert_eq!(network.owner_of(address, Some("vpc-2")), Some(&both[1]));
        assert_eq!(network.owner_of(address, Some("vpc-3")), None);
        assert_eq!(network.owner_of(address, None), None);
        assert_eq!(network.owner_of("10.0.0.6".parse().unwrap(), Some("vpc-2")), None);
    }
}
