//! What EC2 says about the places of a finding, as values: interfaces, tags, security groups and network ACLs.
//!
//! It is the state of the moment it was asked for, which need not be the state the packets met. What could not be had is part
//! of the answer, with the reason: a mail says so instead of waiting for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;

use crate::{address::Scope, finding::Finding};

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
    /// Interfaces that were left out, as far as the messages name them.
    pub interfaces_left_out: u64,
    /// Addresses that were left out, as far as the messages name them.
    pub addresses_left_out: u64,
}

impl Wanted {
    /// What notifications ask for: first what concerns the flows that they list, then the heaviest interfaces and addresses.
    pub fn of<'f>(
        findings: impl Iterator<Item = &'f Finding>,
        heaviest_interfaces: impl Iterator<Item = &'f str>,
        heaviest_addresses: impl Iterator<Item = IpAddr>,
    ) -> Wanted {
        let mut interfaces = Limited::of(MAX_INTERFACES);
        let mut addresses = Limited::of(MAX_PEERS);
        let mut address = |address: IpAddr| {
            if Scope::of(address).is_internal() {
                addresses.add(address);
            }
        };
        for finding in findings {
            if let Some(id) = &finding.flow.interface_id {
                interfaces.add(&**id);
            }
            let flow = &finding.flow;
            [flow.srcaddr, flow.dstaddr, flow.sender(), flow.receiver()].into_iter().for_each(&mut address);
        }
        heaviest_interfaces.for_each(|id| interfaces.add(id));
        heaviest_addresses.for_each(&mut address);
        Wanted {
            interfaces: interfaces.first.into_iter().map(str::to_owned).collect(),
            addresses: addresses.first,
            interfaces_left_out: interfaces.rest.len() as u64,
            addresses_left_out: addresses.rest.len() as u64,
        }
    }

    /// What is missing because it is not even asked for.
    pub fn gap(&self) -> Option<Gap> {
        let (interfaces, addresses) = (self.interfaces_left_out, self.addresses_left_out);
        let reason = Missing::OverLimit { interfaces, addresses };
        (interfaces > 0 || addresses > 0).then_some(Gap { part: Part::Interfaces, reason })
    }
}

/// The first of some names, and the others. A batch has no more of them than [`crate::detect::MAX_FLOWS`] allows.
struct Limited<T> {
    limit: usize,
    first: BTreeSet<T>,
    rest: BTreeSet<T>,
}

impl<T: Ord> Limited<T> {
    fn of(limit: usize) -> Self {
        Limited { limit, first: BTreeSet::new(), rest: BTreeSet::new() }
    }

    fn add(&mut self, name: T) {
        if self.first.len() < self.limit {
            self.first.insert(name);
        } else if !self.first.contains(&name) {
            self.rest.insert(name);
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

    /// The interface of a VPC that owns an address. Addresses of VPCs may overlap, so without a VPC nobody does, nor where several of
    /// one VPC seem to.
    pub fn owner_of(&self, address: IpAddr, vpc_id: Option<&str>) -> Option<&Interface> {
        let vpc_id = vpc_id?;
        let of_vpc = |one: &&Interface| one.vpc_id.as_deref() == Some(vpc_id) && one.owns(address);
        let mut owners = self.interfaces.values().filter(of_vpc);
        owners.next().filter(|_| owners.next().is_none())
    }

    /// The interface that logged a finding.
    pub fn interface_of(&self, finding: &Finding) -> Option<&Interface> {
        self.interfaces.get(finding.flow.interface_id.as_deref()?)
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
    /// There were more than are asked for at once: how many were left out.
    OverLimit {
        /// Interfaces past [`MAX_INTERFACES`].
        interfaces: u64,
        /// Addresses past [`MAX_PEERS`].
        addresses: u64,
    },
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
    use super::*;
    use crate::detect::{Detector, Source};

    /// What a mail about these records would like to know: a target for each interface.
    fn wanted(interfaces: usize, senders: usize) -> Wanted {
        let formats = flow_log::Formats::default();
        let mut detector = Detector::new(&formats);
        for n in 0..interfaces.max(senders) {
            let (interface, sender) = (n % interfaces, n % senders);
            // Public addresses are not asked for, however many there are.
            let target = format!("203.0.{}.{}", n / 250, n % 250);
            let line = format!("2 1 eni-{interface} 10.0.0.{sender} {target} 0 0 1 1 84 100 160 REJECT OK");
            detector.observe(&flow_log::LogEvent::new("1", 0, line));
        }
        let detection = detector.finish(Source::default());
        Wanted::of(detection.findings.iter(), std::iter::empty(), std::iter::empty())
    }

    #[test]
    fn what_is_past_the_limits_is_counted_and_a_gap() {
        let counts = |wanted: &Wanted| {
            let asked = (wanted.interfaces.len(), wanted.addresses.len());
            (asked, (wanted.interfaces_left_out, wanted.addresses_left_out))
        };
        let fits = wanted(MAX_INTERFACES, MAX_PEERS);
        assert_eq!(counts(&fits), ((MAX_INTERFACES, MAX_PEERS), (0, 0)));
        assert_eq!(fits.gap(), None);
        let gap = |interfaces, addresses| {
            Some(Gap { part: Part::Interfaces, reason: Missing::OverLimit { interfaces, addresses } })
        };
        let more = wanted(MAX_INTERFACES + 3, 10);
        assert_eq!((counts(&more), more.gap()), (((MAX_INTERFACES, 10), (3, 0)), gap(3, 0)), "each is counted once");
        let more = wanted(1, MAX_PEERS + 7);
        assert_eq!((counts(&more), more.gap()), (((1, MAX_PEERS), (0, 7)), gap(0, 7)));
    }

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
        assert_eq!(
            Network { interfaces: [("eni-1".to_owned(), both[0].clone())].into(), ..Network::default() }
                .owner_of(address, Some("vpc-2")),
            None,
            "the only one known is of another VPC"
        );
        assert_eq!(network.owner_of("10.0.0.6".parse().unwrap(), Some("vpc-2")), None);
    }
}
