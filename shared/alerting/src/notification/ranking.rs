//! Rankings of addresses, interfaces, accounts and regions.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    fmt,
    hash::Hash,
};

use crate::{
    detection::Finding,
    incident::{Ranked, Top},
};

/// Characters of a name that somebody gave: those of a log group and its stream are the longest.
pub(crate) const MAX_NAME_CHARS: usize = 512;

/// Values with their weights, and how many values there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking<K> {
    /// The heaviest, heaviest first.
    pub ranked: Vec<Ranked<K>>,
    /// How many values there are, the ranked ones among them.
    pub distinct: u64,
    /// Whether that number is exact. Where it is not, a weight may lack some.
    pub exact: bool,
    /// Whether something had no known value: then there may be more of them.
    pub unknown: bool,
}

impl<K> Default for Ranking<K> {
    fn default() -> Self {
        Ranking { ranked: Vec::new(), distinct: 0, exact: false, unknown: false }
    }
}

impl<K: Clone + Ord> Ranking<K> {
    /// The ranking of an incident's counters of so many records: there are no more values than records.
    pub(super) fn of(top: &Top<K>, records: u64) -> Ranking<K>
    where
        K: fmt::Display,
    {
        let (distinct, exact) = top.distinct();
        Ranking { ranked: top.ranked(), distinct: distinct.min(records), exact, unknown: top.has_unknown() }
    }

    /// The values that findings have, all of them; not exact where records were left out.
    pub(super) fn in_findings(findings: &[&Finding], exact: bool, value: impl Fn(&Finding) -> Option<K>) -> Ranking<K>
    where
        K: Hash,
    {
        let mut weights: HashMap<K, u64> = HashMap::new();
        let mut unknown = false;
        for finding in findings {
            match value(finding) {
                Some(value) => {
                    let known = weights.entry(value).or_default();
                    *known = known.saturating_add(finding.totals.weight());
                }
                None => unknown = true,
            }
        }
        let ranked =
            weights.into_iter().map(|(value, weight)| Ranked { value, weight, exact: true, home: None, named: false });
        let mut ranked: Vec<Ranked<K>> = ranked.collect();
        ranked.sort_by(|a, b| (Reverse(a.weight), &a.value).cmp(&(Reverse(b.weight), &b.value)));
        Ranking { distinct: ranked.len() as u64, ranked, exact, unknown }
    }

    /// The same, where these values must be named.
    pub(super) fn naming(mut self, named: &BTreeSet<K>) -> Ranking<K> {
        self.ranked.iter_mut().for_each(|one| one.named = named.contains(&one.value));
        self
    }

    /// Tells whether nothing has a value beside the ranked ones.
    pub fn is_complete(&self) -> bool {
        self.exact && !self.unknown
    }

    /// The only value, where there is one and everything has it.
    pub fn only(&self) -> Option<&K> {
        match &self.ranked[..] {
            [only] if self.distinct == 1 && self.is_complete() => Some(&only.value),
            _ => None,
        }
    }

    /// The interface whose own address it is, where it is no other's.
    pub fn home(&self, value: &K) -> Option<&str> {
        self.ranked.iter().find(|one| one.value == *value)?.home.as_deref()
    }
}
