//! The elements of the responses as they are in the XML, and their conversion.

use std::net::IpAddr;

use alerting::enrichment::{AclEntry, GroupRule, IcmpRange, Interface, NetworkAcl, Peer, RuleProtocol, SecurityGroup};
use ipnet::IpNet;
use serde::Deserialize;

use super::{
    super::tags::{Tag, TagKeys},
    Unreadable,
};

/// A list, which EC2 writes as `item` elements.
#[derive(Deserialize)]
pub(super) struct Items<T> {
    #[serde(default = "Vec::new")]
    pub(super) item: Vec<T>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Items { item: Vec::new() }
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawInterface {
    network_interface_id: String,
    interface_type: Option<String>,
    description: Option<String>,
    requester_id: Option<String>,
    owner_id: Option<String>,
    subnet_id: Option<String>,
    vpc_id: Option<String>,
    availability_zone: Option<String>,
    private_ip_address: Option<String>,
    private_ip_addresses_set: Items<RawAddress>,
    ipv6_addresses_set: Items<RawAddress>,
    association: RawAssociation,
    attachment: RawAttachment,
    group_set: Items<RawGroupId>,
    tag_set: Items<RawTag>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawAddress {
    private_ip_address: Option<String>,
    ipv6_address: Option<String>,
    association: RawAssociation,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawAssociation {
    public_ip: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawAttachment {
    instance_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawGroupId {
    group_id: Option<String>,
}

impl RawGroupId {
    fn into_id(self) -> Result<Box<str>, Unreadable> {
        text(self.group_id).ok_or(Unreadable)
    }
}

impl RawInterface {
    /// Fails if a security group has no id: without it, the interface would seem to allow less than it does.
    pub(super) fn into_interface(self, keys: &TagKeys) -> Result<Interface, Unreadable> {
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
            tags: keys.pick(self.tag_set.item.into_iter().map(RawTag::into_tag)),
        })
    }
}

/// A tag. `resource_id` is present only in responses of DescribeTags.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagDescription.html>
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawTag {
    resource_id: String,
    key: String,
    value: String,
}

impl RawTag {
    pub(super) fn into_tag(self) -> Tag {
        Tag { resource_id: self.resource_id.into(), key: self.key.into(), value: self.value.into() }
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroup.html>
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawGroup {
    group_id: String,
    group_name: String,
    ip_permissions: Items<RawPermission>,
    ip_permissions_egress: Items<RawPermission>,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawPermission {
    ip_protocol: String,
    from_port: Option<i32>,
    to_port: Option<i32>,
    groups: Items<RawGroupId>,
    ip_ranges: Items<RawRange>,
    ipv6_ranges: Items<RawRange>,
    prefix_list_ids: Items<RawRange>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawRange {
    cidr_ip: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
}

impl RawGroup {
    pub(super) fn into_group(self) -> Result<SecurityGroup, Unreadable> {
        Ok(SecurityGroup {
            id: self.group_id.into(),
            name: self.group_name.into(),
            inbound: rules(self.ip_permissions)?,
            outbound: rules(self.ip_permissions_egress)?,
        })
    }
}

/// Returns one rule for each peer of each permission. A permission without a peer is of an unknown kind and an error.
fn rules(permissions: Items<RawPermission>) -> Result<Vec<GroupRule>, Unreadable> {
    let mut rules = Vec::new();
    for permission in permissions.item {
        let protocol = protocol(&permission.ip_protocol)?;
        let icmp = icmp(protocol, permission.from_port, permission.to_port)?;
        let peers = peers(permission)?;
        rules.extend(peers.into_iter().map(|peer| GroupRule { protocol, icmp, peer }));
    }
    Ok(rules)
}

/// Returns the peers of a permission.
fn peers(permission: RawPermission) -> Result<Vec<Peer>, Unreadable> {
    let mut peers: Vec<Peer> = Vec::new();
    for group in permission.groups.item {
        peers.push(Peer::Group(group.into_id()?));
    }
    let lists = [permission.ip_ranges, permission.ipv6_ranges, permission.prefix_list_ids];
    for range in lists.into_iter().flat_map(|list| list.item) {
        peers.push(match (range.cidr_ip.or(range.cidr_ipv6), range.prefix_list_id) {
            (Some(cidr), _) => Peer::Block(block(&cidr)?),
            (None, id) => Peer::PrefixList(text(id).ok_or(Unreadable)?),
        });
    }
    if peers.is_empty() { Err(Unreadable) } else { Ok(peers) }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAcl.html>
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawAcl {
    network_acl_id: String,
    #[serde(rename = "default")]
    is_default: String,
    entry_set: Items<RawEntry>,
    association_set: Items<RawSubnet>,
    tag_set: Items<RawTag>,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html>
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawEntry {
    rule_number: Option<u32>,
    protocol: String,
    rule_action: String,
    egress: String,
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
    icmp_type_code: RawIcmp,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawIcmp {
    r#type: Option<i32>,
    code: Option<i32>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawSubnet {
    subnet_id: Option<String>,
}

impl RawAcl {
    pub(super) fn into_acl(self, keys: &TagKeys) -> Result<NetworkAcl, Unreadable> {
        Ok(NetworkAcl {
            id: self.network_acl_id.into(),
            subnet_ids: self.association_set.item.into_iter().filter_map(|one| text(one.subnet_id)).collect(),
            is_default: yes(&self.is_default)?,
            entries: self.entry_set.item.into_iter().map(RawEntry::into_entry).collect::<Result<_, _>>()?,
            tags: keys.pick(self.tag_set.item.into_iter().map(RawTag::into_tag)),
        })
    }
}

impl RawEntry {
    fn into_entry(self) -> Result<AclEntry, Unreadable> {
        let protocol = protocol(&self.protocol)?;
        Ok(AclEntry {
            number: self.rule_number.ok_or(Unreadable)?,
            egress: yes(&self.egress)?,
            allow: match self.rule_action.as_str() {
                "allow" => true,
                "deny" => false,
                _ => return Err(Unreadable),
            },
            protocol,
            icmp: icmp(protocol, self.icmp_type_code.r#type, self.icmp_type_code.code)?,
            block: block(&self.cidr_block.or(self.ipv6_cidr_block).ok_or(Unreadable)?)?,
        })
    }
}

/// Parses a protocol: a number or, for four of them, a name.
fn protocol(text: &str) -> Result<RuleProtocol, Unreadable> {
    match text {
        "-1" | "all" => Ok(RuleProtocol::All),
        "icmp" => Ok(RuleProtocol::Only(1)),
        "tcp" => Ok(RuleProtocol::Only(6)),
        "udp" => Ok(RuleProtocol::Only(17)),
        "icmpv6" => Ok(RuleProtocol::Only(58)),
        number => number.parse().map(RuleProtocol::Only).map_err(|_| Unreadable),
    }
}

/// Returns the ICMP type and code of a rule for ICMP or ICMPv6; -1 and no value both mean all. For other protocols the two numbers
/// are ports.
fn icmp(protocol: RuleProtocol, kind: Option<i32>, code: Option<i32>) -> Result<IcmpRange, Unreadable> {
    if !matches!(protocol, RuleProtocol::Only(1 | 58)) {
        return Ok(IcmpRange::default());
    }
    let number = |number: Option<i32>| match number {
        None | Some(-1) => Ok(None),
        Some(number) => u8::try_from(number).map(Some).map_err(|_| Unreadable),
    };
    Ok(IcmpRange { kind: number(kind)?, code: number(code)? })
}

fn block(cidr: &str) -> Result<IpNet, Unreadable> {
    cidr.parse().map_err(|_| Unreadable)
}

fn yes(text: &str) -> Result<bool, Unreadable> {
    match text {
        "true" | "True" => Ok(true),
        "false" | "False" => Ok(false),
        _ => Err(Unreadable),
    }
}

/// Returns the text if it is not empty.
fn text(text: Option<String>) -> Option<Box<str>> {
    text.filter(|text| !text.is_empty()).map(String::into_boxed_str)
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
