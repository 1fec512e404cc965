//! Network interfaces in a response.

use std::net::IpAddr;

use serde::Deserialize;

use crate::enrichment::{
    interface::Interface,
    response::{
        Unreadable,
        parts::{Items, RawGroupId, text},
        tags::{Tag, TagKeys},
    },
};

/// A network interface in a response.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RawInterface {
    #[serde(alias = "NetworkInterfaceId")]
    network_interface_id: String,
    #[serde(alias = "InterfaceType")]
    interface_type: Option<String>,
    #[serde(alias = "Description")]
    description: Option<String>,
    #[serde(alias = "RequesterId")]
    requester_id: Option<String>,
    #[serde(alias = "OwnerId")]
    owner_id: Option<String>,
    #[serde(alias = "SubnetId")]
    subnet_id: Option<String>,
    #[serde(alias = "VpcId")]
    vpc_id: Option<String>,
    #[serde(alias = "AvailabilityZone")]
    availability_zone: Option<String>,
    #[serde(alias = "PrivateIpAddress")]
    private_ip_address: Option<String>,
    #[serde(alias = "PrivateIpAddresses")]
    private_ip_addresses_set: Items<RawAddress>,
    #[serde(alias = "Ipv6Addresses")]
    ipv6_addresses_set: Items<RawAddress>,
    #[serde(alias = "Association")]
    association: RawAssociation,
    #[serde(alias = "Attachment")]
    attachment: RawAttachment,
    #[serde(alias = "Groups")]
    group_set: Items<RawGroupId>,
    #[serde(alias = "TagSet")]
    tag_set: Items<Tag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawAddress {
    #[serde(alias = "PrivateIpAddress")]
    private_ip_address: Option<String>,
    #[serde(alias = "Ipv6Address")]
    ipv6_address: Option<String>,
    #[serde(alias = "Association")]
    association: RawAssociation,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawAssociation {
    #[serde(alias = "PublicIp")]
    public_ip: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawAttachment {
    #[serde(alias = "InstanceId")]
    instance_id: Option<String>,
}

impl RawInterface {
    /// Converts it.
    ///
    /// # Errors
    /// [`Unreadable`] if a security group has no id: without it, the interface would seem to allow less than it does.
    pub fn into_interface(self, keys: &TagKeys) -> Result<Interface, Unreadable> {
        let (private, v6) = (&self.private_ip_addresses_set.item, &self.ipv6_addresses_set.item);
        let addresses = self.private_ip_address.iter().chain(private.iter().flat_map(|one| &one.private_ip_address));
        let addresses = addresses.chain(v6.iter().flat_map(|one| &one.ipv6_address));
        let public = self.association.public_ip.iter();
        let public = public.chain(private.iter().flat_map(|one| &one.association.public_ip));
        Ok(Interface {
            addresses: each_once(addresses),
            public_addresses: each_once(public),
            id: self.network_interface_id.into(),
            kind: text(self.interface_type).unwrap_or_else(|| "interface".into()),
            description: text(self.description),
            requester: text(self.requester_id),
            owner: text(self.owner_id),
            instance_id: text(self.attachment.instance_id),
            subnet_id: text(self.subnet_id),
            vpc_id: text(self.vpc_id),
            zone: text(self.availability_zone),
            group_ids: self.group_set.item.into_iter().map(RawGroupId::into_id).collect::<Result<_, _>>()?,
            tags: keys.pick(self.tag_set.item),
        })
    }
}

fn each_once<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in texts.filter_map(|text| text.parse().ok()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}
