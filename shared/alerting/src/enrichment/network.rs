//! What EC2 says about the places of a finding, as values: interfaces, tags, security groups, network ACLs and prefix lists.
//!
//! It is the state of the moment it was asked for, which need not be the state the packets met. What could not be had is part
//! of the answer, with the reason: an email says so instead of waiting for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::{
    detection::Finding,
    enrichment::{
        interface::{Interface, Tags},
        missing::{MissingData, MissingReason, NetworkPart},
        rules::{NetworkAcl, Peer, PrefixList, SecurityGroup},
    },
    time::EpochMillis,
};

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
    /// Prefix lists that the rules of these groups name, by id, as far as they were read.
    pub prefix_lists: BTreeMap<String, PrefixList>,
    /// When the rules of these groups and ACLs and their prefix lists were read, the oldest of them; none where there are none.
    pub rules_read_at: Option<EpochMillis>,
    /// What could not be had.
    pub missing: Vec<MissingData>,
}

impl Network {
    /// The answer where nothing was asked for, and why.
    pub fn unknown(reason: MissingReason) -> Network {
        let missing = [NetworkPart::Interfaces, NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls];
        Network {
            missing: missing.map(|part| MissingData { part, reason: reason.clone() }).into(),
            ..Network::default()
        }
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

    /// The prefix lists that the rules of security groups name.
    pub fn named_prefix_lists<'a>(groups: impl Iterator<Item = &'a SecurityGroup>) -> BTreeSet<&'a str> {
        let rules = groups.flat_map(|group| group.inbound.iter().chain(&group.outbound));
        rules.filter_map(|rule| if let Peer::PrefixList(id) = &rule.peer { Some(&**id) } else { None }).collect()
    }

    /// Why a part is missing, where it is.
    pub fn why_missing(&self, part: NetworkPart) -> Option<&MissingReason> {
        self.missing.iter().find(|missing| missing.part == part).map(|missing| &missing.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
