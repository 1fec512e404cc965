//! What the AWS CLI prints as JSON, as a network.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Deserialize;

use super::{RawAcl, RawGroup, RawInterface, RawPrefix, Tag, TagKeys, Unreadable};
use crate::enrichment::{
    interface::{Interface, Tags},
    missing::{MissingData, MissingReason, NetworkPart},
    network::Network,
    rules::{NetworkAcl, PrefixList, SecurityGroup},
};

/// What a command of the AWS CLI describes: `aws ec2 describe-<noun>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// `network-interfaces`.
    NetworkInterfaces,
    /// `network-acls`.
    NetworkAcls,
    /// `security-groups`.
    SecurityGroups,
    /// `subnets`.
    Subnets,
    /// `tags`.
    Tags,
}

impl Noun {
    /// Every noun.
    pub const ALL: [Noun; 5] =
        [Noun::NetworkInterfaces, Noun::NetworkAcls, Noun::SecurityGroups, Noun::Subnets, Noun::Tags];

    /// The noun as the command has it.
    pub fn word(self) -> &'static str {
        match self {
            Noun::NetworkInterfaces => "network-interfaces",
            Noun::NetworkAcls => "network-acls",
            Noun::SecurityGroups => "security-groups",
            Noun::Subnets => "subnets",
            Noun::Tags => "tags",
        }
    }
}

/// What commands of the AWS CLI printed. A command that was not run leaves its part of the network missing.
#[derive(Debug, Default)]
pub struct CliOutput {
    interfaces: Option<Vec<Interface>>,
    acls: Option<Vec<NetworkAcl>>,
    groups: Option<Vec<SecurityGroup>>,
    tags: Option<Vec<Tag>>,
    prefix_lists: BTreeMap<String, PrefixList>,
    /// The tags of subnets, as `describe-subnets` prints them.
    subnet_tags: Vec<Tag>,
}

impl CliOutput {
    /// Reads what a command printed.
    ///
    /// # Errors
    /// It is no JSON, the output of another command, or has a part that cannot be interpreted.
    pub fn read(&mut self, noun: Noun, json: &[u8], keys: &TagKeys) -> Result<(), CliOutputError> {
        match noun {
            Noun::NetworkInterfaces => {
                let Interfaces { items } = serde_json::from_slice(json)?;
                let read = each(items, |raw| raw.into_interface(keys), |interface| &interface.id);
                self.interfaces = Some(read?);
            }
            Noun::NetworkAcls => {
                let Acls { items } = serde_json::from_slice(json)?;
                self.acls = Some(each(items, |raw| raw.into_acl(keys), |acl| &acl.id)?);
            }
            Noun::SecurityGroups => {
                let Groups { items } = serde_json::from_slice(json)?;
                self.groups = Some(each(items, RawGroup::into_group, |group| &group.id)?);
            }
            Noun::Subnets => {
                let Subnets { items } = serde_json::from_slice(json)?;
                let subnets = each(items, Ok, |subnet| &subnet.subnet_id)?;
                self.subnet_tags = subnets.into_iter().flat_map(RawSubnet::into_tags).collect();
            }
            Noun::Tags => {
                let AllTags { items } = serde_json::from_slice(json)?;
                self.tags = Some(each(items, Ok, |tag| &tag.resource_id)?);
            }
        }
        Ok(())
    }

    /// The prefix lists that the rules of the security groups name. `aws ec2 get-managed-prefix-list-entries` prints one of them, without
    /// its id.
    pub fn named_prefix_lists(&self) -> BTreeSet<&str> {
        Network::named_prefix_lists(self.groups.iter().flatten())
    }

    /// Reads what `aws ec2 get-managed-prefix-list-entries --prefix-list-id <id>` printed.
    ///
    /// # Errors
    /// It is no JSON, the output of another command, or has an entry that is no block of addresses.
    pub fn read_prefix_list(&mut self, id: &str, json: &[u8]) -> Result<(), CliOutputError> {
        let Entries { items } = serde_json::from_slice(json)?;
        let blocks = items.into_iter().map(RawPrefix::into_block).collect::<Result<_, _>>();
        let blocks = blocks.map_err(|Unreadable| CliOutputError("an entry is no block of addresses".to_owned()))?;
        self.prefix_lists.insert(id.to_owned(), PrefixList { blocks, complete: true });
        Ok(())
    }

    /// The network. It has no time at which the rules were read: nothing tells how old the output is.
    pub fn into_network(self, keys: &TagKeys) -> Network {
        let has_lists = self.named_prefix_lists().into_iter().all(|id| self.prefix_lists.contains_key(id));
        let parts = [
            (NetworkPart::Interfaces, self.interfaces.is_some()),
            (NetworkPart::Tags, self.tags.is_some()),
            (NetworkPart::Groups, self.groups.is_some()),
            (NetworkPart::Acls, self.acls.is_some()),
            (NetworkPart::PrefixLists, has_lists),
        ];
        let missing = parts.into_iter().filter(|(_, given)| !given);
        let missing = missing.map(|(part, _)| MissingData { part, reason: MissingReason::NotGiven }).collect();
        // Those of subnets come last: the first of two tags of one key counts.
        let tags = picked(self.tags.unwrap_or_default().into_iter().chain(self.subnet_tags), keys);
        let by_id = |id: &str| id.to_owned();
        Network {
            interfaces: self.interfaces.into_iter().flatten().map(|one| (by_id(&one.id), one)).collect(),
            tags,
            groups: self.groups.into_iter().flatten().map(|one| (by_id(&one.id), one)).collect(),
            acls: self.acls.unwrap_or_default(),
            prefix_lists: self.prefix_lists,
            rules_read_at: None,
            missing,
        }
    }
}

/// The tags that emails use, by resource.
fn picked(tags: impl Iterator<Item = Tag>, keys: &TagKeys) -> BTreeMap<String, Tags> {
    let mut by_resource: BTreeMap<String, Vec<Tag>> = BTreeMap::new();
    for tag in tags {
        by_resource.entry(tag.resource_id.to_string()).or_default().push(tag);
    }
    let picked = by_resource.into_iter().map(|(id, tags)| (id, keys.pick(tags)));
    picked.filter(|(_, tags)| *tags != Tags::default()).collect()
}

#[derive(Deserialize)]
struct Interfaces {
    #[serde(rename = "NetworkInterfaces")]
    items: Vec<RawInterface>,
}

#[derive(Deserialize)]
struct Acls {
    #[serde(rename = "NetworkAcls")]
    items: Vec<RawAcl>,
}

#[derive(Deserialize)]
struct Groups {
    #[serde(rename = "SecurityGroups")]
    items: Vec<RawGroup>,
}

#[derive(Deserialize)]
struct Entries {
    #[serde(rename = "Entries")]
    items: Vec<RawPrefix>,
}

#[derive(Deserialize)]
struct Subnets {
    #[serde(rename = "Subnets")]
    items: Vec<RawSubnet>,
}

#[derive(Deserialize)]
struct AllTags {
    #[serde(rename = "Tags")]
    items: Vec<Tag>,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html>
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct RawSubnet {
    subnet_id: Box<str>,
    tags: Vec<Tag>,
}

impl RawSubnet {
    fn into_tags(self) -> impl Iterator<Item = Tag> {
        self.tags.into_iter().map(move |tag| Tag { resource_id: self.subnet_id.clone(), ..tag })
    }
}

/// Converts a list. Each of its items has an id.
fn each<R, T>(
    items: Vec<R>,
    convert: impl Fn(R) -> Result<T, Unreadable>,
    id: impl Fn(&T) -> &str,
) -> Result<Vec<T>, CliOutputError> {
    let numbered = items.into_iter().zip(1..);
    let convert = |(item, number)| match convert(item) {
        Ok(item) if id(&item).is_empty() => Err(CliOutputError(format!("item {number} has no id"))),
        Ok(item) => Ok(item),
        Err(Unreadable) => {
            Err(CliOutputError(format!("item {number} has a rule or a group that cannot be interpreted")))
        }
    };
    numbered.map(convert).collect()
}

/// Why an output cannot be read, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliOutputError(String);

impl From<serde_json::Error> for CliOutputError {
    fn from(error: serde_json::Error) -> Self {
        CliOutputError(error.to_string())
    }
}

impl fmt::Display for CliOutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CliOutputError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(outputs: &[(Noun, &str)]) -> Result<Network, CliOutputError> {
        let keys = TagKeys::new(vec!["owner".to_owned()]);
        let mut output = CliOutput::default();
        for (noun, json) in outputs {
            output.read(*noun, json.as_bytes(), &keys)?;
        }
        Ok(output.into_network(&keys))
    }

    #[test]
    fn a_subnet_has_the_tags_of_either_output() {
        let subnets = r#"{"Subnets": [{"SubnetId": "subnet-1", "Tags": [{"Key": "Name", "Value": "a"}]}, {"SubnetId": "subnet-2"}]}"#;
        let tags = r#"{"Tags": [{"ResourceId": "subnet-1", "Key": "Owner", "Value": "me"}, {"ResourceId": "i-1", "Key": "x", "Value": "y"}]}"#;
        let tags_of = |outputs: &[(Noun, &str)]| -> Vec<(String, Option<String>, usize)> {
            let network = network(outputs).unwrap();
            let tags = network.tags.into_iter();
            tags.map(|(id, tags)| (id, tags.name.map(String::from), tags.owners.len())).collect()
        };
        let subnet = |name: Option<&str>, owners| vec![("subnet-1".to_owned(), name.map(str::to_owned), owners)];
        assert_eq!(tags_of(&[(Noun::Subnets, subnets)]), subnet(Some("a"), 0));
        assert_eq!(tags_of(&[(Noun::Tags, tags)]), subnet(None, 1), "i-1 has no tag that emails use");
        assert_eq!(tags_of(&[(Noun::Subnets, subnets), (Noun::Tags, tags)]), subnet(Some("a"), 1));
    }

    #[test]
    fn what_was_not_printed_is_missing() {
        let missing = |outputs: &[(Noun, &str)]| -> Vec<NetworkPart> {
            network(outputs).unwrap().missing.into_iter().map(|missing| missing.part).collect()
        };
        use NetworkPart::{Acls, Groups, Interfaces, Tags};
        assert_eq!(missing(&[]), [Interfaces, Tags, Groups, Acls]);
        assert_eq!(missing(&[(Noun::Tags, r#"{"Tags": []}"#)]), [Interfaces, Groups, Acls]);
        assert_eq!(missing(&[(Noun::Subnets, r#"{"Subnets": []}"#)]), [Interfaces, Tags, Groups, Acls]);
    }

    #[test]
    fn a_rule_without_its_direction_or_its_peer_cannot_be_interpreted() {
        let entry =
            r#"{"RuleNumber": 50, "Protocol": "1", "RuleAction": "deny", "Egress": true, "CidrBlock": "0.0.0.0/0"}"#;
        let acl = |entry: &str| {
            let acl = format!(
                r#"{{"NetworkAcls": [{{"NetworkAclId": "acl-1", "IsDefault": false, "Entries": [{entry}]}}]}}"#
            );
            network(&[(Noun::NetworkAcls, &acl)]).map(|network| network.acls[0].entries.len())
        };
        assert_eq!(acl(entry), Ok(1));
        for part in [r#""Egress": true, "#, r#", "CidrBlock": "0.0.0.0/0""#, r#""RuleNumber": 50, "#] {
            let error = acl(&entry.replace(part, "")).unwrap_err().to_string();
            assert_eq!(error, "item 1 has a rule or a group that cannot be interpreted", "{part}");
        }
        assert!(acl(&entry.replace("true", "\"yes\"")).unwrap_err().to_string().contains("true or false"));
    }
}
