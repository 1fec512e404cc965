//! What EC2 answered, remembered for a while by resource, so that a warm email asks for nothing and a partly warm one only for
//! what is missing.
//!
//! That EC2 knows no such resource is an answer too and remembered like the others; that it could not be asked is not.

use std::{borrow::Borrow, collections::BTreeMap, net::IpAddr, sync::Arc};

use super::{
    query::Query,
    tags::{Tag, TagKeys},
};
use alerting::{
    enrichment::{Interface, NetworkAcl, SecurityGroup, Tags},
    time::EpochMillis,
};

/// How long an answer is used again: the shortest time between two emails of an incident, by default.
pub const TIME_TO_LIVE_MILLIS: u64 = 5 * 60 * 1_000;
/// Resources of one kind that are remembered; the oldest are forgotten.
pub const MAX_REMEMBERED: usize = 1_000;

/// Answers of one kind, by what was asked for, each with the time at which it was.
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

    pub(super) fn put(&mut self, key: K, value: V, now: EpochMillis) {
        self.0.insert(key, (now, value));
    }

    /// Those that are not too old. An answer from the future, which a clock that was set back makes, is too old.
    fn fresh(&self, now: EpochMillis) -> Self {
        let fresh = |at: EpochMillis| at <= now && now.0 - at.0 < TIME_TO_LIVE_MILLIS;
        Table(
            self.0.iter().filter(|(_, (at, _))| fresh(*at)).map(|(key, entry)| (key.clone(), entry.clone())).collect(),
        )
    }

    fn keep(&mut self, other: Self) {
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

/// Everything that is known. A look-up works on a copy of what is fresh and hands back what it learnt.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
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
}

impl Known {
    /// A copy of what is not too old.
    pub(super) fn fresh(&self, now: EpochMillis) -> Known {
        Known {
            interfaces: self.interfaces.fresh(now),
            owners: self.owners.fresh(now),
            tags: self.tags.fresh(now),
            groups: self.groups.fresh(now),
            acls: self.acls.fresh(now),
        }
    }

    /// Takes over what another one knows.
    pub(super) fn keep(&mut self, other: Known) {
        self.interfaces.keep(other.interfaces);
        self.owners.keep(other.owners);
        self.tags.keep(other.tags);
        self.groups.keep(other.groups);
        self.acls.keep(other.acls);
    }

    /// Learns what came of a question for interfaces. Of what a `whole` answer does not name, EC2 knows nothing.
    pub(super) fn learn_interfaces(&mut self, query: &Query, found: Vec<Interface>, whole: bool, now: EpochMillis) {
        for asked in query.values().iter().filter(|_| whole) {
            match asked.parse::<IpAddr>() {
                Ok(address) => {
                    let owners = found.iter().filter(|interface| interface.owns(address));
                    self.owners.put(address, owners.map(|interface| interface.id.clone()).collect(), now);
                }
                Err(_) => self.interfaces.put(asked.as_str().into(), None, now),
            }
        }
        for interface in found {
            self.interfaces.put(interface.id.clone(), Some(Arc::new(interface)), now);
        }
    }

    /// Learns what came of a question for the ACLs of subnets. Each ACL counts for the subnets that it says it guards,
    /// whatever else the answer has in it.
    pub(super) fn learn_acls(&mut self, query: &Query, found: Vec<NetworkAcl>, whole: bool, now: EpochMillis) {
        let found: Vec<Arc<NetworkAcl>> = found.into_iter().map(Arc::new).collect();
        for subnet in query.values() {
            let acl = found.iter().find(|acl| acl.subnet_ids.iter().any(|id| **id == **subnet));
            if acl.is_some() || whole {
                self.acls.put(subnet.as_str().into(), acl.cloned(), now);
            }
        }
    }

    /// Learns what came of a question for security groups.
    pub(super) fn learn_groups(&mut self, query: &Query, found: Vec<SecurityGroup>, whole: bool, now: EpochMillis) {
        for asked in query.values().iter().filter(|_| whole) {
            self.groups.put(asked.as_str().into(), None, now);
        }
        for group in found {
            self.groups.put(group.id.clone(), Some(Arc::new(group)), now);
        }
    }

    /// Learns what came of a question for tags. A resource's may stand on several pages: what an answer that is not `whole` says
    /// is good for this email and forgotten afterwards.
    pub(super) fn learn_tags(&mut self, query: &Query, found: Vec<Tag>, keys: &TagKeys, whole: bool, now: EpochMillis) {
        let at = if whole { now } else { EpochMillis(0) };
        let mut by_resource: BTreeMap<Box<str>, Vec<Tag>> = BTreeMap::new();
        for tag in found {
            by_resource.entry(tag.resource_id.clone()).or_default().push(tag);
        }
        for asked in query.values() {
            let tags = by_resource.remove(asked.as_str());
            if tags.is_some() || whole {
                self.tags.put(asked.as_str().into(), Arc::new(keys.pick(tags.unwrap_or_default())), at);
            }
        }
    }

    /// An interface that EC2 knows.
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
    fn an_answer_is_used_again_until_its_time_is_over() {
        let mut table = Table::default();
        table.put("a", 1, at(1_000));
        for (now, known) in [(1_000, true), (300_999, true), (301_000, false), (999, false)] {
            assert_eq!(table.fresh(at(now)).get("a").is_some(), known, "at {now}");
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut memory: Table<usize, ()> = Table::default();
        for n in 0..MAX_REMEMBERED + 10 {
            let mut learnt = Table::default();
            // The first ones are asked for again, late: then they are not the oldest.
            learnt.put(n, (), at(n as u64));
            learnt.put(0, (), at(n as u64));
            memory.keep(learnt);
        }
        assert_eq!(memory.0.len(), MAX_REMEMBERED);
        assert!(memory.get(&0).is_some());
        assert_eq!((1..20).find(|n| memory.get(n).is_some()), Some(11));
    }
}
