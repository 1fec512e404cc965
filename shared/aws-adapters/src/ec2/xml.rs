//! Reads EC2's XML responses, which [`alerting::enrichment::response`] converts.

#[cfg(test)]
mod tests;

use alerting::enrichment::{
    Interface, NetworkAcl, SecurityGroup,
    response::{Items, RawAcl, RawGroup, RawInterface, RawPrefix, Tag, TagKeys, Unreadable},
};
use ipnet::IpNet;
use quick_xml::de::from_str;
use serde::{Deserialize, de::DeserializeOwned};

/// One page of a response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Token of the next page, if there is one.
    pub(super) next_token: Option<String>,
}

/// Reads the interfaces from a response.
pub(super) fn interfaces(xml: &[u8], keys: &TagKeys) -> Result<Page<Interface>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        network_interface_set: Items<RawInterface>,
        next_token: Option<String>,
    }
    let answer: Answer = read(xml)?;
    page(answer.network_interface_set, answer.next_token, |raw| raw.into_interface(keys))
}

/// Reads the tags from a response.
pub(super) fn tags(xml: &[u8], _: &TagKeys) -> Result<Page<Tag>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        tag_set: Items<Tag>,
        next_token: Option<String>,
    }
    let answer: Answer = read(xml)?;
    page(answer.tag_set, answer.next_token, Ok)
}

/// Reads the security groups from a response.
pub(super) fn groups(xml: &[u8], _: &TagKeys) -> Result<Page<SecurityGroup>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        security_group_info: Items<RawGroup>,
        next_token: Option<String>,
    }
    let answer: Answer = read(xml)?;
    page(answer.security_group_info, answer.next_token, RawGroup::into_group)
}

/// Reads the network ACLs from a response.
pub(super) fn acls(xml: &[u8], keys: &TagKeys) -> Result<Page<NetworkAcl>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        network_acl_set: Items<RawAcl>,
        next_token: Option<String>,
    }
    let answer: Answer = read(xml)?;
    page(answer.network_acl_set, answer.next_token, |raw| raw.into_acl(keys))
}

/// Reads the entries of a prefix list from a response.
pub(super) fn prefix_list(xml: &[u8], _: &TagKeys) -> Result<Page<IpNet>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        entry_set: Items<RawPrefix>,
        next_token: Option<String>,
    }
    let answer: Answer = read(xml)?;
    page(answer.entry_set, answer.next_token, RawPrefix::into_block)
}

fn read<T: DeserializeOwned>(xml: &[u8]) -> Result<T, Unreadable> {
    str::from_utf8(xml).ok().and_then(|xml| from_str(xml).ok()).ok_or(Unreadable)
}

fn page<R, T>(
    items: Items<R>,
    next_token: Option<String>,
    convert: impl FnMut(R) -> Result<T, Unreadable>,
) -> Result<Page<T>, Unreadable> {
    let items = items.item.into_iter().map(convert).collect::<Result<_, _>>()?;
    Ok(Page { items, next_token: next_token.filter(|token| !token.is_empty()) })
}
