//! Rankings of addresses, interfaces, accounts and regions.

use std::{collections::HashMap, hash::Hash};

use crate::{
    detection::Finding,
    incident::{Ranked, Top},
};

/// Characters of a name that somebody gave: those of a log group and its stream are the longest.
pub(crate) const MAX_NAME_CHARS: usize = 512;

/// Names with their weights, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The heaviest, heaviest first.
    pub ranked: Vec<Name>,
    /// How many names there are, the ranked ones among them.
    pub distinct: u64,
    /// Whether that number is exact. Where it is not, a weight may lack some.
    pub exact: bool,
    /// Whether something had no name: then there may be more of them.
    pub unnamed: bool,
}

/// A name with its weight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub name: String,
    /// Packets, or records where those were not counted.
    pub weight: u64,
    /// The interface whose own address it is, where it is no other's.
    pub home: Option<String>,
}

impl Names {
    pub(super) fn of(top: &Top) -> Names {
        let (distinct, exact) = top.distinct();
        let name =
            |one: Ranked<'_>| Name { name: one.name.to_owned(), weight: one.weight, home: one.home.map(str::to_owned) };
        Names { ranked: top.ranked().into_iter().map(name).collect(), distinct, exact, unnamed: top.has_unnamed() }
    }

    /// The names that findings have on one side, all of them; not exact where records were left out.
    pub(super) fn in_findings<K: Hash + Eq + Ord + ToString>(
        findings: &[&Finding],
        exact: bool,
        name: impl Fn(&Finding) -> Option<K>,
    ) -> Names {
        let mut weights: HashMap<K, u64> = HashMap::new();
        let mut unnamed = false;
        for finding in findings {
            match name(finding) {
                Some(name) => {
                    let known = weights.entry(name).or_default();
                    *known = known.saturating_add(finding.totals.weight());
                }
                None => unnamed = true,
            }
        }
        let mut ranked: Vec<(K, u64)> = weights.into_iter().collect();
        ranked.sort_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.cmp(b)));
        let distinct = ranked.len() as u64;
        let ranked = ranked.into_iter().map(|(name, weight)| Name { name: name.to_string(), weight, home: None });
        Names { ranked: ranked.collect(), distinct, exact, unnamed }
    }

    /// The only name, where there is one and everything has it.
    pub fn only(&self) -> Option<&str> {
        match &self.ranked[..] {
            [only] if self.distinct == 1 && self.exact && !self.unnamed => Some(&only.name),
            _ => None,
        }
    }

    /// The interface whose own address it is, where it is no other's.
    pub fn home(&self, name: &str) -> Option<&str> {
        self.ranked.iter().find(|one| one.name == name)?.home.as_deref()
    }
}
