//! Security groups and network ACLs in a response.

use ipnet::IpNet;
use serde::Deserialize;

use crate::{
    detection::PortRange,
    enrichment::{
        response::{
            Unreadable,
            parts::{Flag, Items, RawGroupId, text},
            tags::{Tag, TagKeys},
        },
        rules::{AclEntry, GroupRule, IcmpRange, NetworkAcl, Peer, RuleTraffic, SecurityGroup},
    },
};

/// A security group in a response.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroup.html>
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RawGroup {
    #[serde(alias = "GroupId")]
    group_id: String,
    #[serde(alias = "GroupName")]
    group_name: String,
    #[serde(alias = "IpPermissions")]
    ip_permissions: Items<RawPermission>,
    #[serde(alias = "IpPermissionsEgress")]
    ip_permissions_egress: Items<RawPermission>,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawPermission {
    #[serde(alias = "IpProtocol")]
    ip_protocol: String,
    #[serde(alias = "FromPort")]
    from_port: Option<i32>,
    #[serde(alias = "ToPort")]
    to_port: Option<i32>,
    #[serde(alias = "UserIdGroupPairs")]
    groups: Items<RawGroupId>,
    #[serde(alias = "IpRanges")]
    ip_ranges: Items<RawRange>,
    #[serde(alias = "Ipv6Ranges")]
    ipv6_ranges: Items<RawRange>,
    #[serde(alias = "PrefixListIds")]
    prefix_list_ids: Items<RawRange>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawRange {
    #[serde(alias = "CidrIp")]
    cidr_ip: Option<String>,
    #[serde(alias = "CidrIpv6")]
    cidr_ipv6: Option<String>,
    #[serde(alias = "PrefixListId")]
    prefix_list_id: Option<String>,
}

impl RawGroup {
    /// Converts it with its rules.
    ///
    /// # Errors
    /// [`Unreadable`] if a rule cannot be interpreted.
    pub fn into_group(self) -> Result<SecurityGroup, Unreadable> {
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
        let (first, second) = (permission.from_port, permission.to_port);
        let traffic = match protocol(&permission.ip_protocol)? {
            // Of ICMP, these are the type and the code.
            Some(number @ (ICMP | ICMPV6)) => icmp(number, first, second)?,
            protocol => traffic(protocol, first, second)?,
        };
        let peers = peers(permission)?;
        rules.extend(peers.into_iter().map(|peer| GroupRule { traffic, peer }));
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

/// A network ACL in a response.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAcl.html>
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RawAcl {
    #[serde(alias = "NetworkAclId")]
    network_acl_id: String,
    #[serde(rename = "default", alias = "IsDefault")]
    is_default: Option<Flag>,
    #[serde(alias = "Entries")]
    entry_set: Items<RawEntry>,
    #[serde(alias = "Associations")]
    association_set: Items<RawSubnet>,
    #[serde(alias = "Tags")]
    tag_set: Items<Tag>,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html>
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawEntry {
    #[serde(alias = "RuleNumber")]
    rule_number: Option<u32>,
    #[serde(alias = "Protocol")]
    protocol: String,
    #[serde(alias = "RuleAction")]
    rule_action: String,
    #[serde(alias = "Egress")]
    egress: Option<Flag>,
    #[serde(alias = "CidrBlock")]
    cidr_block: Option<String>,
    #[serde(alias = "Ipv6CidrBlock")]
    ipv6_cidr_block: Option<String>,
    #[serde(alias = "IcmpTypeCode")]
    icmp_type_code: RawIcmp,
    #[serde(alias = "PortRange")]
    port_range: RawPorts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawIcmp {
    #[serde(alias = "Type")]
    r#type: Option<i32>,
    #[serde(alias = "Code")]
    code: Option<i32>,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PortRange.html>
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawPorts {
    #[serde(alias = "From")]
    from: Option<i32>,
    #[serde(alias = "To")]
    to: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawSubnet {
    #[serde(alias = "SubnetId")]
    subnet_id: Option<String>,
}

impl RawAcl {
    /// Converts it with its rules.
    ///
    /// # Errors
    /// [`Unreadable`] if a rule cannot be interpreted.
    pub fn into_acl(self, keys: &TagKeys) -> Result<NetworkAcl, Unreadable> {
        Ok(NetworkAcl {
            id: self.network_acl_id.into(),
            subnet_ids: self.association_set.item.into_iter().filter_map(|one| text(one.subnet_id)).collect(),
            is_default: self.is_default.ok_or(Unreadable)?.0,
            entries: self.entry_set.item.into_iter().map(RawEntry::into_entry).collect::<Result<_, _>>()?,
            tags: keys.pick(self.tag_set.item),
        })
    }
}

impl RawEntry {
    fn into_entry(self) -> Result<AclEntry, Unreadable> {
        let traffic = match protocol(&self.protocol)? {
            Some(number @ (ICMP | ICMPV6)) => icmp(number, self.icmp_type_code.r#type, self.icmp_type_code.code)?,
            protocol => traffic(protocol, self.port_range.from, self.port_range.to)?,
        };
        Ok(AclEntry {
            number: self.rule_number.ok_or(Unreadable)?,
            egress: self.egress.ok_or(Unreadable)?.0,
            allow: match self.rule_action.as_str() {
                "allow" => true,
                "deny" => false,
                _ => return Err(Unreadable),
            },
            traffic,
            block: block(&self.cidr_block.or(self.ipv6_cidr_block).ok_or(Unreadable)?)?,
        })
    }
}

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// Parses a protocol: a number or, for four of them, a name; none for every one.
fn protocol(text: &str) -> Result<Option<u8>, Unreadable> {
    match text {
        "-1" | "all" => Ok(None),
        "icmp" => Ok(Some(ICMP)),
        "tcp" => Ok(Some(TCP)),
        "udp" => Ok(Some(UDP)),
        "icmpv6" => Ok(Some(ICMPV6)),
        number => number.parse().map(Some).map_err(|_| Unreadable),
    }
}

/// Returns what a rule for ICMP or ICMPv6 is for, by its type and code; -1 and no value both mean all.
fn icmp(protocol: u8, kind: Option<i32>, code: Option<i32>) -> Result<RuleTraffic, Unreadable> {
    let number = |number: Option<i32>| match number {
        None | Some(-1) => Ok(None),
        Some(number) => u8::try_from(number).map(Some).map_err(|_| Unreadable),
    };
    let range = IcmpRange { kind: number(kind)?, code: number(code)? };
    Ok(if protocol == ICMP { RuleTraffic::Icmp(range) } else { RuleTraffic::Icmpv6(range) })
}

/// Returns what a rule for any protocol but ICMP is for. TCP and UDP have ports, of which -1 and no value both mean all; those of other
/// protocols are without effect
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>, `IpProtocol`).
fn traffic(protocol: Option<u8>, from: Option<i32>, to: Option<i32>) -> Result<RuleTraffic, Unreadable> {
    match protocol {
        None => Ok(RuleTraffic::All),
        Some(TCP) => ports(from, to).map(RuleTraffic::Tcp),
        Some(UDP) => ports(from, to).map(RuleTraffic::Udp),
        Some(number) => Ok(RuleTraffic::Other(number)),
    }
}

fn ports(from: Option<i32>, to: Option<i32>) -> Result<PortRange, Unreadable> {
    let port = |number: i32| u16::try_from(number).map_err(|_| Unreadable);
    match (from, to) {
        (None | Some(-1), None | Some(-1)) => Ok(PortRange::ALL),
        (Some(from), Some(to)) if from <= to => Ok(PortRange { first: port(from)?, last: port(to)? }),
        _ => Err(Unreadable),
    }
}

/// An entry of a prefix list in a response.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PrefixListEntry.html>
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RawPrefix {
    #[serde(alias = "Cidr")]
    cidr: String,
}

impl RawPrefix {
    /// Converts it.
    ///
    /// # Errors
    /// [`Unreadable`] if it is no block of addresses.
    pub fn into_block(self) -> Result<IpNet, Unreadable> {
        block(&self.cidr)
    }
}

fn block(cidr: &str) -> Result<IpNet, Unreadable> {
    cidr.parse().map_err(|_| Unreadable)
}
