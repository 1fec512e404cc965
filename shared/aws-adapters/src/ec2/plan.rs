//! Which questions an email's wishes come down to, given what is known already; and what the email gets in the end. No call is
//! made here.
//!
//! Interfaces come first, as they lead to all else: by address where a peer of ours is likely, by id where it is not or where the
//! address did not find them. Then ACLs, security groups and tags, which do not depend on each other, are asked for at once.

use std::{collections::BTreeSet, net::IpAddr};

use alerting::enrichment::{EnrichmentRequest, Interface, MissingData, MissingReason, Network, NetworkPart};

use super::{
    known::Known,
    query::{Action, Filter, MAX_FILTER_VALUES, Query},
    tags::TagKeys,
};

/// Calls that an email may make, further pages included.
pub const MAX_CALLS: u32 = 4;
/// How many of them may be for interfaces: two have to remain for what says why a packet was rejected.
pub(super) const MAX_INTERFACE_CALLS: u32 = 2;

/// Asks for interfaces by their addresses, if some address may be that of a peer of ours: if there are more addresses than
/// interfaces, which have one each as a rule.
///
/// A filter for IPv4 addresses and one for IPv6 would both have to hold, so only the more frequent family is asked for.
pub(super) fn interfaces_by_address(wanted: &EnrichmentRequest, known: &Known) -> Option<Query> {
    if wanted.addresses.len() <= wanted.interfaces.len() {
        return None;
    }
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = unknown_addresses(wanted, known).partition(IpAddr::is_ipv4);
    let (name, asked) =
        if v4.len() >= v6.len() { ("addresses.private-ip-address", v4) } else { ("ipv6-addresses.ipv6-address", v6) };
    Query::by(Action::Interfaces, name, asked.iter().map(IpAddr::to_string).collect())
}

/// Asks for the interfaces that are not known yet by their ids.
pub(super) fn interfaces_by_id(wanted: &EnrichmentRequest, known: &Known) -> Option<Query> {
    let unknown = wanted.interfaces.iter().filter(|id| is_id(id) && known.interfaces.get(id.as_str()).is_none());
    Query::by(Action::Interfaces, "network-interface-id", unknown.cloned().collect())
}

/// The addresses that EC2 is worth asking about: no link-local one, which it does not list, and none of an interface that is
/// known to log them.
fn unknown_addresses<'a>(wanted: &'a EnrichmentRequest, known: &'a Known) -> impl Iterator<Item = IpAddr> + 'a {
    let link_local = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let logged = |address: &IpAddr| own(wanted, known).any(|interface| interface.owns(*address));
    let addresses = wanted.addresses.iter().copied();
    addresses.filter(move |address| !link_local(address) && known.owners.get(address).is_none() && !logged(address))
}

/// What else is to be asked for, in the order in which it matters for an explanation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) acls: Option<Query>,
    pub(super) groups: Option<Query>,
    pub(super) tags: Option<Query>,
    /// What does not fit into a question.
    pub(super) missing: Vec<MissingData>,
}

/// Asks for what the interfaces lead to.
pub(super) fn rest(wanted: &EnrichmentRequest, known: &Known, keys: &TagKeys) -> Rest {
    let mut missing = Vec::new();
    let mut cut = |part, ids: BTreeSet<&str>| -> Vec<String> {
        if ids.len() > MAX_FILTER_VALUES {
            missing.push(MissingData { part, reason: MissingReason::TooManyCalls });
        }
        ids.into_iter().take(MAX_FILTER_VALUES).map(str::to_owned).collect()
    };
    let subnets = own(wanted, known).filter_map(|own| own.subnet_id.as_deref());
    let subnets = cut(NetworkPart::Acls, subnets.filter(|id| known.acls.get(*id).is_none()).collect());
    let groups = own(wanted, known).flat_map(|own| own.group_ids.iter().map(|id| &**id));
    let groups = cut(NetworkPart::Groups, groups.filter(|id| known.groups.get(*id).is_none()).collect());
    let tagged = interfaces(wanted, known).flat_map(tagged);
    let tagged = cut(NetworkPart::Tags, tagged.filter(|id| known.tags.get(*id).is_none()).collect());
    Rest {
        acls: Query::by(Action::Acls, "association.subnet-id", subnets),
        groups: Query::by(Action::Groups, "group-id", groups),
        tags: Query::by(Action::Tags, "resource-id", tagged).map(|mut query| {
            query.filters.push(Filter { name: "key", values: keys.asked_for() });
            query
        }),
        missing,
    }
}

/// Puts together what an email gets. `missing` are those of the calls.
pub(super) fn network(wanted: &EnrichmentRequest, known: &Known, missing: Vec<MissingData>) -> Network {
    let mut network = Network::default();
    for interface in interfaces(wanted, known) {
        network.interfaces.insert(interface.id.to_string(), interface.clone());
        for id in tagged(interface) {
            if let Some(tags) = known.tags.get(id).filter(|tags| tags.name.is_some() || !tags.owners.is_empty()) {
                network.tags.insert(id.to_owned(), (**tags).clone());
            }
        }
    }
    let mut lost = BTreeSet::new();
    for own in own(wanted, known) {
        for id in &own.group_ids {
            match known.groups.get(id) {
                Some(Some(group)) => drop(network.groups.insert(id.to_string(), (**group).clone())),
                Some(None) => drop(lost.insert(NetworkPart::Groups)),
                None => {}
            }
        }
        match own.subnet_id.as_ref().and_then(|id| known.acls.get(id)) {
            Some(Some(acl)) if network.acls.iter().all(|known| known.id != acl.id) => {
                network.acls.push((**acl).clone());
            }
            Some(None) => drop(lost.insert(NetworkPart::Acls)),
            _ => {}
        }
    }
    network.missing = missing;
    let unknown = |id: &String| !is_id(id) || matches!(known.interfaces.get(id.as_str()), Some(None));
    if wanted.interfaces.iter().any(unknown) {
        lost.insert(NetworkPart::Interfaces);
    }
    if unknown_addresses(wanted, known).next().is_some() && wanted.addresses.len() > wanted.interfaces.len() {
        add(&mut network.missing, NetworkPart::Interfaces, &MissingReason::TooManyCalls);
    }
    for part in lost {
        add(&mut network.missing, part, &MissingReason::NotFound);
    }
    // Without the interface nothing leads to the rest, which is then missing for the same reason.
    if !wanted.interfaces.is_empty() && own(wanted, known).next().is_none() {
        let reason = network.gap(NetworkPart::Interfaces).cloned().unwrap_or(MissingReason::NotFound);
        for part in [NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls] {
            add(&mut network.missing, part, &reason);
        }
    }
    network.missing.extend(wanted.gap());
    network
}

/// Notes a gap, unless the part has one: the first says enough.
fn add(missing: &mut Vec<MissingData>, part: NetworkPart, reason: &MissingReason) {
    if missing.iter().all(|gap| gap.part != part) {
        missing.push(MissingData { part, reason: reason.clone() });
    }
}

/// The interfaces that logged the findings.
fn own<'a>(wanted: &'a EnrichmentRequest, known: &'a Known) -> impl Iterator<Item = &'a Interface> {
    wanted.interfaces.iter().filter_map(|id| known.interface(id)).map(AsRef::as_ref)
}

/// The interfaces that logged the findings, and those that own the addresses.
fn interfaces<'a>(wanted: &'a EnrichmentRequest, known: &'a Known) -> impl Iterator<Item = &'a Interface> {
    let owners = wanted.addresses.iter().filter_map(|address| known.owners.get(address));
    let owners = owners.flat_map(|ids| ids.iter()).filter_map(|id| known.interface(id)).map(AsRef::as_ref);
    own(wanted, known).chain(owners)
}

/// The resources of an interface that have names and owners.
fn tagged(interface: &Interface) -> impl Iterator<Item = &str> {
    [&interface.instance_id, &interface.subnet_id, &interface.vpc_id].into_iter().filter_map(|id| id.as_deref())
}

/// Tells whether a text is an interface's id. It comes from a log line; anything else, a wildcard above all, is not asked for.
fn is_id(text: &str) -> bool {
    const MAX_CHARS: usize = 40;
    let rest = text.strip_prefix("eni-").unwrap_or_default();
    (1..=MAX_CHARS).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
