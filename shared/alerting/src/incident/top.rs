//! The heaviest few of many, and how many there were.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::incident::distinct::Distinct;

/// Values that are kept with their weights; the others are counted together.
pub const MAX_ENTRIES: usize = 12;

/// Weights by value, such as packets by address: exact as long as no more than [`MAX_ENTRIES`] values were seen, and those of the
/// heaviest values afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Ord + Serialize", deserialize = "K: Ord + Deserialize<'de>"))]
pub struct Top<K> {
    /// Values with their weights.
    #[serde(rename = "e")]
    entries: BTreeMap<K, Entry>,
    /// The weight of all values that are not among the entries.
    #[serde(rename = "r", default)]
    rest: u64,
    /// Whether there are such values.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    /// All values, once there are more of them than entries.
    #[serde(rename = "d", default, skip_serializing_if = "Distinct::is_empty")]
    distinct: Distinct,
    /// Whether something had no value.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    unknown: bool,
}

/// A value's weight, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "w")]
    weight: u64,
    /// Where it was each time it was added; none where that differs or is not known.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    home: Option<Box<str>>,
}

/// One of the heaviest values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked<K> {
    /// The value.
    pub value: K,
    /// Its weight. Where [`Top::distinct`] is not exact, it may lack what came while the value was not among the heaviest.
    pub weight: u64,
    /// Where it was each time it was added; none where that differs or is not known.
    pub home: Option<Box<str>>,
}

impl<K> Default for Top<K> {
    fn default() -> Self {
        Top { entries: BTreeMap::new(), rest: 0, more: false, distinct: Distinct::default(), unknown: false }
    }
}

impl<K: Ord + Clone + fmt::Display> Top<K> {
    /// Adds weight to a value that is at home somewhere, for example an address at an interface.
    pub fn add(&mut self, value: K, weight: u64, home: Option<&str>) {
        self.put(value, weight, home);
        self.trim();
    }

    /// Takes note of something whose value is not known.
    pub fn add_unknown(&mut self) {
        self.unknown = true;
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Top<K>) {
        if self.more || other.more {
            // What is an entry of one only may be among the rest of the other, at home somewhere else.
            for (value, entry) in &mut self.entries {
                if other.more && !other.entries.contains_key(value) {
                    entry.home = None;
                }
            }
            self.remember_values();
            self.distinct.merge(&other.distinct);
            other.entries.keys().for_each(|value| self.distinct.add(&value.to_string()));
        }
        for (value, entry) in &other.entries {
            self.put(value.clone(), entry.weight, entry.home.as_deref());
        }
        self.rest = self.rest.saturating_add(other.rest);
        self.unknown |= other.unknown;
        self.trim();
    }

    /// The entries, heaviest first.
    pub fn ranked(&self) -> Vec<Ranked<K>> {
        let ranked = |(value, entry): (&K, &Entry)| Ranked {
            value: value.clone(),
            weight: entry.weight,
            home: entry.home.clone(),
        };
        let mut all: Vec<Ranked<K>> = self.entries.iter().map(ranked).collect();
        // In order of their values already.
        all.sort_by_key(|one| Reverse(one.weight));
        all
    }

    /// How many values there were, and whether that is exact.
    pub fn distinct(&self) -> (u64, bool) {
        let held = self.entries.len() as u64;
        if !self.more { (held, true) } else { (self.distinct.estimate().max(held + 1), false) }
    }

    /// Tells whether something had no known value.
    pub fn has_unknown(&self) -> bool {
        self.unknown
    }

    fn put(&mut self, value: K, weight: u64, home: Option<&str>) {
        if self.more {
            self.distinct.add(&value.to_string());
        }
        match self.entries.get_mut(&value) {
            Some(known) => {
                known.weight = known.weight.saturating_add(weight);
                known.home.take_if(|known| home != Some(known));
            }
            None => {
                // It may have been among the rest, at home somewhere else.
                let home = home.filter(|_| !self.more).map(Box::from);
                self.entries.insert(value, Entry { weight, home });
            }
        }
    }

    fn trim(&mut self) {
        while self.entries.len() > MAX_ENTRIES {
            self.remember_values();
            // The lightest goes, of equals the last: the same whatever the order they came in.
            let lightest = self.entries.iter().min_by_key(|(value, entry)| (entry.weight, Reverse(*value)));
            let Some(value) = lightest.map(|(value, _)| value.clone()) else { return };
            let weight = self.entries.remove(&value).map_or(0, |entry| entry.weight);
            self.rest = self.rest.saturating_add(weight);
        }
    }

    /// From now on the number of values is estimated.
    fn remember_values(&mut self) {
        if !self.more {
            self.more = true;
            self.entries.keys().for_each(|value| self.distinct.add(&value.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Names = Top<String>;

    fn top(names: impl IntoIterator<Item = (String, u64)>) -> Names {
        let mut top = Top::default();
        for (name, weight) in names {
            top.add(name, weight, None);
        }
        top
    }

    fn weights(top: &Names) -> Vec<(String, u64)> {
        top.ranked().into_iter().map(|one| (one.value, one.weight)).collect()
    }

    fn home(top: &Names, name: &str) -> Option<Box<str>> {
        top.ranked().into_iter().find(|one| one.value == name)?.home
    }

    #[test]
    fn a_name_is_at_home_where_it_always_was() {
        let mut one = Top::default();
        for (name, home) in [("a", Some("x")), ("b", Some("x")), ("a", Some("x")), ("b", Some("y")), ("c", None)] {
            one.add(name.to_owned(), 1, home);
        }
        assert_eq!(["a", "b", "c"].map(|name| home(&one, name)), [Some("x".into()), None, None]);
        let mut other = Top::default();
        other.add("a".to_owned(), 1, Some("y"));
        other.add("d".to_owned(), 1, Some("x"));
        one.merge(&other);
        assert_eq!(["a", "d"].map(|name| home(&one, name)), [None, Some("x".into())]);
    }

    #[test]
    fn a_name_that_may_have_been_forgotten_has_no_home() {
        let many = || top((0..20).map(|n| (format!("n{n:02}"), 5)));
        let mut later = many();
        later.add("new".to_owned(), 9, Some("x"));
        assert_eq!(home(&later, "new"), None, "it may have come before");
        let mut known = Top::default();
        known.add("new".to_owned(), 9, Some("x"));
        let mut merged = many();
        merged.merge(&known);
        assert_eq!(home(&merged, "new"), None);
        known.merge(&many());
        assert_eq!(home(&known, "new"), None);
    }

    #[test]
    fn few_names_are_exact() {
        let top = top([("a".into(), 1), ("b".into(), 5), ("a".into(), 2)]);
        assert_eq!(weights(&top), [("b".to_owned(), 5), ("a".to_owned(), 3)]);
        assert_eq!(top.distinct(), (2, true));
    }

    #[test]
    fn of_many_names_the_heaviest_stay_and_no_weight_is_lost() {
        let top = top((1..=100).map(|n| (format!("n{n:03}"), n)));
        assert_eq!(weights(&top)[0], ("n100".to_owned(), 100));
        assert_eq!(top.ranked().len(), MAX_ENTRIES);
        assert_eq!(weights(&top).iter().map(|(_, weight)| weight).sum::<u64>() + top.rest, 5050);
    }

    #[test]
    fn the_number_of_names_is_estimated_within_a_quarter() {
        for names in [20, 100, 500, 5_000, 100_000] {
            let (estimate, exact) = top((0..names).map(|n| (format!("10.0.{}.{}", n / 256, n % 256), 1))).distinct();
            assert!(!exact);
            assert!(estimate.abs_diff(names) * 4 <= names, "{estimate} for {names}");
        }
    }

    #[test]
    fn halves_merge_to_the_whole() {
        let all: Vec<(String, u64)> = (0..300).map(|n| (format!("n{}", n % 40), n % 7)).collect();
        let mut merged = top(all[..150].to_vec());
        merged.merge(&top(all[150..].to_vec()));
        let whole = top(all);
        assert_eq!(merged.distinct, whole.distinct);
        let weight = |top: &Names| weights(top).iter().map(|(_, weight)| weight).sum::<u64>() + top.rest;
        assert_eq!(weight(&merged), weight(&whole));
    }

    #[test]
    fn it_survives_being_written_and_read() {
        let top = top((0..50).map(|n| (format!("n{n}"), n + 1)));
        let text = serde_json::to_string(&top).unwrap();
        assert!(text.len() < 500, "{} bytes", text.len());
        assert_eq!(serde_json::from_str::<Names>(&text).unwrap(), top);
    }
}
