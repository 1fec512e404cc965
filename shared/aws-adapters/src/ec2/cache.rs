//! A cache of EC2's responses by resource. An email requests only what is not cached.
//!
//! That EC2 does not know a resource is cached too. A failed call is not.

use std::{borrow::Borrow, collections::BTreeMap, net::IpAddr, sync::Arc};

use ipnet::IpNet;

use super::query::Query;
use alerting::{
    enrichment::{
        Interface, NetworkAcl, PrefixList, SecurityGroup, Tags,
        response::{Tag, TagKeys},
    },
    time::EpochMillis,
};

/// How long a response is used: the default shortest time between two emails of an incident.
pub const TIME_TO_LIVE_MILLIS: u64 = 5 * 60 * 1_000;
/// Maximum cached resources of one kind. The oldest are evicted.
pub const MAX_REMEMBERED: usize = 1_000;

/// Cached resources of one kind by key, each with the time of its response.
#[derive(Clone, Debug)]
pub(super) struct Table<K, V>(BTreeMap<K, (EpochMillis, V)>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table(BTreeMap::new())
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|(_, value)| value)
    }

    /// Returns when the response about a resource came.
    pub(super) fn at<Q: Ord + ?Sized>(&self, key: &Q) -> Option<EpochMillis>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|(at, _)| *at)
    }

    pub(super) fn put(&mut self, key: K, value: V, now: EpochMillis) {
        self.0.insert(key, (now, value));
    }

    /// Returns the entries that have not expired. An entry from the future, left by a clock that was set back, counts as expired.
    fn fresh(&self, now: EpochMillis) -> Self {
        let fresh = |at: EpochMillis| at <= now && now.0 - at.0 < TIME_TO_LIVE_MILLIS;
        Table(
            self.0.iter().filter(|(_, (at, _))| fresh(*at)).map(|(key, entry)| (key.clone(), entry.clone())).collect(),
        )
    }

    /// Adds the entries of another table, and evicts the oldest ones above the limit.
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
        if self.0.len() > MAX_REMEMBERED {
            let mut ages: Vec<(EpochMillis, K)> = self.0.iter().map(|(key, (at, _))| (*at, key.clone())).collect();
            ages.sort_unstable();
            for (_, key) in &ages[..ages.len() - MAX_REMEMBERED] {
                self.0.remove(key);
            }
        }
    }
}

/// The cache. An enrichment works on a copy of the fresh entries and merges its own copy back.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    /// By interface id.
    pub(super) interfaces: Table<Box<str>, Option<Arc<Interface>>>,
    /// The interfaces that own an address, by id.
    pub(super) owners: Table<IpAddr, Arc<[Box<str>]>>,
    /// By the id of the resource.
    pub(super) tags: Table<Box<str>, Arc<Tags>>,
    /// By group id.
    pub(super) groups: Table<Box<str>, Option<Arc<SecurityGroup>>>,
    /// By the id of the subnet.
    pub(super) acls: Table<Box<str>, Option<Arc<NetworkAcl>>>,
    /// By the id of the list.
    pub(super) prefix_lists: Table<Box<str>, Arc<PrefixList>>,
}

impl Cache {
    /// The time of a response that is used for one email only, because it is not complete.
    pub(super) const NOT_KEPT: EpochMillis = EpochMillis(0);

    /// Returns a copy of the entries that have not expired.
    pub(super) fn fresh(&self, now: EpochMillis) -> Cache {
        Cache {
            interfaces: self.interfaces.fresh(now),
            owners: self.owners.fresh(now),
            tags: self.tags.fresh(now),
            groups: self.groups.fresh(now),
            acls: self.acls.fresh(now),
            prefix_lists: self.prefix_lists.fresh(now),
        }
    }

    /// Adds the entries of another cache.
    pub(super) fn merge(&mut self, other: Cache) {
        self.interfaces.merge(other.interfaces);
        self.owners.merge(other.owners);
        self.tags.merge(other.tags);
        self.groups.merge(other.groups);
        self.acls.merge(other.acls);
        self.prefix_lists.merge(other.prefix_lists);
    }

    /// Stores the response to a query for interfaces. If it is complete, EC2 does not know the interfaces that it omits.
    pub(super) fn put_interfaces(&mut self, query: &Query, found: Vec<Interface>, complete: bool, now: EpochMillis) {
        for key in query.values().iter().filter(|_| complete) {
            match key.parse::<IpAddr>() {
                Ok(address) => {
                    let owners = found.iter().filter(|interface| interface.owns(address));
                    self.owners.put(address, owners.map(|interface| interface.id.clone()).collect(), now);
                }
                Err(_) => self.interfaces.put(key.as_str().into(), None, now),
            }
        }
        for interface in found {
            self.interfaces.put(interface.id.clone(), Some(Arc::new(interface)), now);
        }
    }

    /// Stores the response to a query for the ACLs of subnets. Each ACL is matched by its own associations, as a response may
    /// contain other ACLs too.
    pub(super) fn put_acls(&mut self, query: &Query, found: Vec<NetworkAcl>, complete: bool, now: EpochMillis) {
        let found: Vec<Arc<NetworkAcl>> = found.into_iter().map(Arc::new).collect();
        for subnet in query.values() {
            let acl = found.iter().find(|acl| acl.subnet_ids.iter().any(|id| **id == **subnet));
            if acl.is_some() || complete {
                self.acls.put(subnet.as_str().into(), acl.cloned(), now);
            }
        }
    }

    /// Stores the response to a query for security groups.
    pub(super) fn put_groups(&mut self, query: &Query, found: Vec<SecurityGroup>, complete: bool, now: EpochMillis) {
        for key in query.values().iter().filter(|_| complete) {
            self.groups.put(key.as_str().into(), None, now);
        }
        for group in found {
            self.groups.put(group.id.clone(), Some(Arc::new(group)), now);
        }
    }

    /// Stores the response to a query for tags. A resource's tags may be spread over several pages, so an incomplete response is
    /// used for this email and then expires.
    pub(super) fn put_tags(
        &mut self,
        query: &Query,
        found: Vec<Tag>,
        keys: &TagKeys,
        complete: bool,
        now: EpochMillis,
    ) {
        let at = if complete { now } else { Cache::NOT_KEPT };
        let mut by_resource: BTreeMap<Box<str>, Vec<Tag>> = BTreeMap::new();
        for tag in found {
            by_resource.entry(tag.resource_id.clone()).or_default().push(tag);
        }
        for key in query.values() {
            let tags = by_resource.remove(key.as_str());
            if tags.is_some() || complete {
                self.tags.put(key.as_str().into(), Arc::new(keys.pick(tags.unwrap_or_default())), at);
            }
        }
    }

    /// Stores the entries of a prefix list. Those of an incomplete response are used for this email and then expire.
    pub(super) fn put_prefix_list(&mut self, id: &str, blocks: Vec<IpNet>, complete: bool, now: EpochMillis) {
        if complete || !blocks.is_empty() {
            let at = if complete { now } else { Cache::NOT_KEPT };
            self.prefix_lists.put(id.into(), Arc::new(PrefixList { blocks, complete }), at);
        }
    }

    /// Returns an interface that EC2 knows.
    pub(super) fn interface(&self, id: &str) -> Option<&Arc<Interface>> {
        self.interfaces.get(id)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> EpochMillis {
        EpochMillis(millis)
    }

    #[test]
    fn an_entry_expires_after_its_time_to_live() {
        let mut table = Table::default();
        table.put("a", 1, at(1_000));
        for (now, fresh) in [(1_000, true), (300_999, true), (301_000, false), (999, false)] {
            assert_eq!(table.fresh(at(now)).get("a").is_some(), fresh, "at {now}");
        }
    }

    #[test]
    fn the_oldest_entries_are_evicted() {
        let mut cache: Table<usize, ()> = Table::default();
        for n in 0..MAX_REMEMBERED + 10 {
            let mut response = Table::default();
            // Entry 0 is requested again each time, so it is never the oldest.
            response.put(n, (), at(n as u64));
            response.put(0, (), at(n as u64));
            cache.merge(response);
        }
        assert_eq!(cache.0.len(), MAX_REMEMBERED);
        assert!(cache.get(&0).is_some());
        assert_eq!((1..20).find(|n| cache.get(n).is_some()), Some(11));
    }
}
