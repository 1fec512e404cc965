//! Decides which queries a request needs beyond what is cached, and builds the resulting network. Makes no call.
//!
//! Interfaces are queried first, because everything else depends on them: by address if a peer in the account is likely; by id if
//! not, or if the addresses did not find them. ACLs, security groups and tags are then queried concurrently.

use std::{collections::BTreeSet, net::IpAddr};

use alerting::enrichment::{
    EnrichmentRequest, Interface, MissingData, MissingReason, Network, NetworkPart, response::TagKeys,
};

use super::{
    cache::Cache,
    query::{Action, Filter, MAX_FILTER_VALUES, Query},
};

/// Maximum calls for one email, further pages included, without those for prefix lists.
pub const MAX_CALLS: u32 = 4;
/// Maximum prefix lists that one email reads, of those that rules of its security groups name.
pub(super) const MAX_PREFIX_LISTS: usize = 4;
/// Maximum calls for the prefix lists of one email, further pages included. A page has 100 entries and a list 1,000 at most
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>), so that this is one list of any size and three short ones.
pub(super) const MAX_PREFIX_LIST_CALLS: u32 = 13;
/// Maximum of these calls for interfaces. Two must remain for ACLs and security groups, which explain the rejection.
pub(super) const MAX_INTERFACE_CALLS: u32 = 2;

/// Returns a query for interfaces by address, if a peer may be in the account too. That is assumed if there are more addresses
/// than interfaces, as an interface usually has one address.
///
/// EC2 combines filters with AND, so a query can't match IPv4 and IPv6 addresses. It is for the more frequent family only.
pub(super) fn interfaces_by_address(request: &EnrichmentRequest, cache: &Cache) -> Option<Query> {
    if request.addresses.len() <= request.interfaces.len() {
        return None;
    }
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = unknown_addresses(request, cache).partition(IpAddr::is_ipv4);
    let (name, addresses) =
        if v4.len() >= v6.len() { ("addresses.private-ip-address", v4) } else { ("ipv6-addresses.ipv6-address", v6) };
    Query::by(Action::Interfaces, name, addresses.iter().map(IpAddr::to_string).collect())
}

/// Returns a query by id for the interfaces that are not cached.
pub(super) fn interfaces_by_id(request: &EnrichmentRequest, cache: &Cache) -> Option<Query> {
    let unknown = request.interfaces.iter().filter(|id| is_id(id) && cache.interfaces.get(id.as_str()).is_none());
    Query::by(Action::Interfaces, "network-interface-id", unknown.cloned().collect())
}

/// Returns the addresses to query. Leaves out link-local addresses, which EC2 does not list, and those of cached interfaces that
/// logged the findings.
fn unknown_addresses<'a>(request: &'a EnrichmentRequest, cache: &'a Cache) -> impl Iterator<Item = IpAddr> + 'a {
    let link_local = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let logged = |address: &IpAddr| own(request, cache).any(|interface| interface.owns(*address));
    let addresses = request.addresses.iter().copied();
    addresses.filter(move |address| !link_local(address) && cache.owners.get(address).is_none() && !logged(address))
}

/// The remaining queries, in the order of their importance for an explanation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) acls: Option<Query>,
    pub(super) groups: Option<Query>,
    pub(super) tags: Option<Query>,
    /// What does not fit into a query.
    pub(super) missing: Vec<MissingData>,
}

/// Returns the queries for ACLs, security groups and tags of the interfaces.
pub(super) fn rest(request: &EnrichmentRequest, cache: &Cache, keys: &TagKeys) -> Rest {
    let mut missing = Vec::new();
    let mut cut = |part, ids: BTreeSet<&str>| -> Vec<String> {
        if ids.len() > MAX_FILTER_VALUES {
            missing.push(MissingData { part, reason: MissingReason::TooManyCalls });
        }
        ids.into_iter().take(MAX_FILTER_VALUES).map(str::to_owned).collect()
    };
    let subnets = own(request, cache).filter_map(|own| own.subnet_id.as_deref());
    let subnets = cut(NetworkPart::Acls, subnets.filter(|id| cache.acls.get(*id).is_none()).collect());
    let groups = own(request, cache).flat_map(|own| own.group_ids.iter().map(|id| &**id));
    let groups = cut(NetworkPart::Groups, groups.filter(|id| cache.groups.get(*id).is_none()).collect());
    let tagged = interfaces(request, cache).flat_map(tagged);
    let tagged = cut(NetworkPart::Tags, tagged.filter(|id| cache.tags.get(*id).is_none()).collect());
    Rest {
        acls: Query::by(Action::Acls, "association.subnet-id", subnets),
        groups: Query::by(Action::Groups, "group-id", groups),
        tags: Query::by(Action::Tags, "resource-id", tagged).map(|mut query| {
            query.filters.push(Filter { name: "key", values: keys.requested() });
            query
        }),
        missing,
    }
}

/// Returns the queries for prefix lists that rules of the interfaces' security groups name, and whether some were left out.
pub(super) fn prefix_lists(request: &EnrichmentRequest, cache: &Cache) -> (Vec<Query>, bool) {
    let unknown: Vec<&str> =
        named(request, cache).into_iter().filter(|id| cache.prefix_lists.get(*id).is_none()).collect();
    let queries = unknown.iter().take(MAX_PREFIX_LISTS).map(|id| Query::prefix_list(id));
    (queries.collect(), unknown.len() > MAX_PREFIX_LISTS)
}

/// Returns the prefix lists that rules of the interfaces' security groups name.
fn named<'a>(request: &'a EnrichmentRequest, cache: &'a Cache) -> BTreeSet<&'a str> {
    let groups = own(request, cache).flat_map(|own| &own.group_ids).filter_map(|id| cache.groups.get(id)?.as_deref());
    Network::named_prefix_lists(groups)
}

/// Builds the network for an email. `missing` is what the calls could not return.
pub(super) fn network(request: &EnrichmentRequest, cache: &Cache, missing: Vec<MissingData>) -> Network {
    let mut network = Network::default();
    for interface in interfaces(request, cache) {
        network.interfaces.insert(interface.id.to_string(), interface.clone());
        for id in tagged(interface) {
            if let Some(tags) = cache.tags.get(id).filter(|tags| tags.name.is_some() || !tags.owners.is_empty()) {
                network.tags.insert(id.to_owned(), (**tags).clone());
            }
        }
    }
    let mut lost = BTreeSet::new();
    for own in own(request, cache) {
        let groups = own.group_ids.iter().filter(|id| matches!(cache.groups.get(*id), Some(Some(_))));
        let acl = own.subnet_id.iter().filter(|id| matches!(cache.acls.get(*id), Some(Some(_))));
        let read = groups.filter_map(|id| cache.groups.at(id)).chain(acl.filter_map(|id| cache.acls.at(id)));
        network.rules_read_at = network.rules_read_at.into_iter().chain(read).min();
        for id in &own.group_ids {
            match cache.groups.get(id) {
                Some(Some(group)) => drop(network.groups.insert(id.to_string(), (**group).clone())),
                Some(None) => drop(lost.insert(NetworkPart::Groups)),
                None => {}
            }
        }
        match own.subnet_id.as_ref().and_then(|id| cache.acls.get(id)) {
            Some(Some(acl)) if network.acls.iter().all(|other| other.id != acl.id) => {
                network.acls.push((**acl).clone());
            }
            Some(None) => drop(lost.insert(NetworkPart::Acls)),
            _ => {}
        }
    }
    for id in named(request, cache) {
        if let Some(list) = cache.prefix_lists.get(id) {
            network.prefix_lists.insert(id.to_owned(), (**list).clone());
            let read = cache.prefix_lists.at(id).filter(|at| *at != Cache::NOT_KEPT);
            network.rules_read_at = network.rules_read_at.into_iter().chain(read).min();
        }
    }
    network.missing = missing;
    let unknown = |id: &String| !is_id(id) || matches!(cache.interfaces.get(id.as_str()), Some(None));
    if request.interfaces.iter().any(unknown) {
        lost.insert(NetworkPart::Interfaces);
    }
    if unknown_addresses(request, cache).next().is_some() && request.addresses.len() > request.interfaces.len() {
        add(&mut network.missing, NetworkPart::Interfaces, &MissingReason::TooManyCalls);
    }
    for part in lost {
        add(&mut network.missing, part, &MissingReason::NotFound);
    }
    // Without its interfaces, the rest cannot be queried and is missing for the same reason.
    if !request.interfaces.is_empty() && own(request, cache).next().is_none() {
        let reason = network.why_missing(NetworkPart::Interfaces).cloned().unwrap_or(MissingReason::NotFound);
        for part in [NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls] {
            add(&mut network.missing, part, &reason);
        }
    }
    network.missing.extend(request.missing());
    network
}

/// Adds missing data, unless the part has an entry already.
fn add(missing: &mut Vec<MissingData>, part: NetworkPart, reason: &MissingReason) {
    if missing.iter().all(|other| other.part != part) {
        missing.push(MissingData { part, reason: reason.clone() });
    }
}

/// Returns the interfaces that logged the findings.
fn own<'a>(request: &'a EnrichmentRequest, cache: &'a Cache) -> impl Iterator<Item = &'a Interface> {
    request.interfaces.iter().filter_map(|id| cache.interface(id)).map(AsRef::as_ref)
}

/// Returns the interfaces that logged the findings, and those that own the addresses.
fn interfaces<'a>(request: &'a EnrichmentRequest, cache: &'a Cache) -> impl Iterator<Item = &'a Interface> {
    let owners = request.addresses.iter().filter_map(|address| cache.owners.get(address));
    let owners = owners.flat_map(|ids| ids.iter()).filter_map(|id| cache.interface(id)).map(AsRef::as_ref);
    own(request, cache).chain(owners)
}

/// Returns the ids of an interface's resources whose tags are wanted.
fn tagged(interface: &Interface) -> impl Iterator<Item = &str> {
    [&interface.instance_id, &interface.subnet_id, &interface.vpc_id].into_iter().filter_map(|id| id.as_deref())
}

/// Returns whether a text is an interface id. The text comes from a log line and could contain a filter wildcard, for example.
fn is_id(text: &str) -> bool {
    const MAX_CHARS: usize = 40;
    let rest = text.strip_prefix("eni-").unwrap_or_default();
    (1..=MAX_CHARS).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
