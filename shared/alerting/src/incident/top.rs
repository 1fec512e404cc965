//! The heaviest few of many, those that must be named, and how many there were.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{detection::is_zero, incident::distinct::Distinct};

/// Values that are kept with their weights because they are heavy; the others are counted together.
pub const MAX_ENTRIES: usize = 12;

/// Values that are kept because they must be named, the first ones.
pub const MAX_NAMED: usize = 50;

/// Weights by value, such as packets by address: exact as long as no more than [`MAX_ENTRIES`] values were seen, and those of the
/// heaviest values afterwards, by Space-Saving (Metwally, Agrawal, El Abbadi 2005): a new value takes the place of the lightest one and
/// inherits its count as a possible error, so that a value with more than one in [`MAX_ENTRIES`] of the weight is always among them.
///
/// Values that must be named are exact and never make room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Ord + Serialize", deserialize = "K: Ord + Deserialize<'de>"))]
pub struct Top<K> {
    /// Values with their weights.
    #[serde(rename = "e")]
    entries: BTreeMap<K, Entry>,
    /// Whether there are values that are not among the entries.
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
    /// At most so much.
    #[serde(rename = "w")]
    weight: u64,
    /// How much of the weight may be that of values whose place it took.
    #[serde(rename = "x", default, skip_serializing_if = "is_zero")]
    error: u64,
    /// Where it was each time it was added; none where that differs or is not known.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    home: Option<Box<str>>,
    /// Whether it must be named.
    #[serde(rename = "n", default, skip_serializing_if = "std::ops::Not::not")]
    named: bool,
}

/// One of the heaviest values, or one that must be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked<K> {
    /// The value.
    pub value: K,
    /// Its weight, or at least so much of it.
    pub weight: u64,
    /// Whether the weight is all of it.
    pub exact: bool,
    /// Where it was each time it was added; none where that differs or is not known.
    pub home: Option<Box<str>>,
    /// Whether it must be named, however light it is.
    pub named: bool,
}

impl<K> Default for Top<K> {
    fn default() -> Self {
        Top { entries: BTreeMap::new(), more: false, distinct: Distinct::default(), unknown: false }
    }
}

impl<K> Top<K> {
    /// Tells whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.unknown
    }
}

impl<K: Ord + Clone + fmt::Display> Top<K> {
    /// Adds weight to a value that is at home somewhere, for example an address at an interface.
    pub fn add(&mut self, value: K, weight: u64, home: Option<&str>) {
        self.put(value, &Entry { weight, error: 0, home: home.map(Box::from), named: false });
        self.trim();
    }

    /// The same for a value that must be named, as long as there are not more than [`MAX_NAMED`] of those.
    pub fn add_named(&mut self, value: K, weight: u64, home: Option<&str>) {
        self.put(value, &Entry { weight, error: 0, home: home.map(Box::from), named: true });
        self.trim();
    }

    /// Takes note of something whose value is not known.
    pub fn add_unknown(&mut self) {
        self.unknown = true;
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Top<K>) {
        if self.more || other.more {
            self.remember_values();
            self.distinct.merge(&other.distinct);
            other.entries.keys().for_each(|value| self.distinct.add(&value.to_string()));
        }
        let mine = (self.floor(), self.more);
        let missing = other.floor();
        let names_every = other.named().count() < MAX_NAMED;
        for (value, entry) in &mut self.entries {
            // What is an entry of one only may be among the rest of the other, at home somewhere else.
            let left_out = other.more && !(entry.named && names_every);
            if left_out && !other.entries.contains_key(value) {
                entry.home = None;
                entry.weight = entry.weight.saturating_add(missing);
                entry.error = entry.error.saturating_add(missing);
            }
        }
        let mut names = self.named().count();
        for (value, entry) in &other.entries {
            self.put_with(value.clone(), entry, mine, &mut names);
        }
        self.more |= other.more;
        self.unknown |= other.unknown;
        self.trim();
    }

    /// The entries, heaviest first.
    pub fn ranked(&self) -> Vec<Ranked<K>> {
        let ranked = |(value, entry): (&K, &Entry)| Ranked {
            value: value.clone(),
            weight: entry.weight.saturating_sub(entry.error),
            exact: entry.error == 0,
            home: entry.home.clone(),
            named: entry.named,
        };
        let mut all: Vec<Ranked<K>> = self.entries.iter().map(ranked).collect();
        // In order of their values already.
        all.sort_by_key(|one| Reverse(one.weight));
        all
    }

    /// The values that must be named.
    pub fn named(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.entries.iter().filter(|(_, entry)| entry.named).map(|(value, _)| value)
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

    /// The most that a value can have that is not among the entries.
    fn floor(&self) -> u64 {
        let heavy = self.entries.values().filter(|entry| !entry.named).map(|entry| entry.weight);
        if self.more { heavy.min().unwrap_or_default() } else { 0 }
    }

    fn put(&mut self, value: K, entry: &Entry) {
        if self.more {
            self.distinct.add(&value.to_string());
        }
        let mut names = self.named().count();
        self.put_with(value, entry, (self.floor(), self.more), &mut names);
    }

    /// Adds an entry where a value that is not among the entries has at most `floor`, and may have been there before if there are `more`
    /// values than entries. `names` is the number of entries that must be named.
    fn put_with(&mut self, value: K, entry: &Entry, (floor, more): (u64, bool), names: &mut usize) {
        let may_name = entry.named && *names < MAX_NAMED;
        match self.entries.get_mut(&value) {
            Some(known) => {
                known.weight = known.weight.saturating_add(entry.weight);
                known.error = known.error.saturating_add(entry.error);
                known.home.take_if(|known| entry.home.as_ref() != Some(known));
                *names += usize::from(may_name && !known.named);
                known.named |= may_name;
            }
            None => {
                *names += usize::from(may_name);
                // One that must be named was never left out.
                let (floor, more) = if may_name { (0, false) } else { (floor, more) };
                self.entries.insert(
                    value,
                    Entry {
                        weight: entry.weight.saturating_add(floor),
                        error: entry.error.saturating_add(floor),
                        home: entry.home.clone().filter(|_| !more),
                        named: may_name,
                    },
                );
            }
        }
    }

    fn trim(&mut self) {
        let heavy = self.entries.values().filter(|entry| !entry.named).count();
        for _ in MAX_ENTRIES..heavy {
            self.remember_values();
            // The lightest goes, of equals the last: the same whatever the order they came in.
            let heavy = self.entries.iter().filter(|(_, entry)| !entry.named);
            let lightest = heavy.min_by_key(|(value, entry)| (entry.weight, Reverse(*value)));
            let Some(value) = lightest.map(|(value, _)| value.clone()) else { return };
            self.entries.remove(&value);
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
    fn of_many_names_the_heaviest_stay() {
        let top = top((1..=100).map(|n| (format!("n{n:03}"), n)));
        assert_eq!(weights(&top)[0].0, "n100");
        assert_eq!(top.ranked().len(), MAX_ENTRIES);
    }

    #[test]
    fn a_heavy_name_is_seen_behind_twelve_early_ones() {
        let mut one = top((0..MAX_ENTRIES).map(|n| (format!("early{n:02}"), 10)));
        for _ in 0..500 {
            one.add("late".to_owned(), 1, None);
        }
        let ranked = one.ranked();
        assert_eq!((ranked[0].value.as_str(), ranked[0].exact), ("late", false));
        assert!((490..=500).contains(&ranked[0].weight), "at least {}", ranked[0].weight);
        assert!(ranked[1..].iter().all(|other| other.weight == 10 && other.exact));
    }

    /// Names of random weights, few of them heavy, one after the other.
    fn stream(seed: u64) -> Vec<(String, u64)> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = |bound: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % bound
        };
        (0..400)
            .map(|_| {
                let names = 1 + next(60);
                (format!("n{}", next(names)), 1 + next(9))
            })
            .collect()
    }

    #[test]
    fn a_weight_is_at_least_what_is_stated_and_the_heavy_ones_are_all_there() {
        for seed in 1..=200 {
            let all = stream(seed);
            let mut truth: BTreeMap<&str, u64> = BTreeMap::new();
            all.iter().for_each(|(name, weight)| *truth.entry(name).or_default() += weight);
            let total: u64 = truth.values().sum();
            let whole = top(all.clone());
            // In parts, each added up by itself, and in another order.
            let mut merged = Names::default();
            all.chunks(37).rev().for_each(|part| merged.merge(&top(part.to_vec())));
            for (kind, found) in [("whole", &whole), ("merged", &merged)] {
                for one in found.ranked() {
                    let weight = truth[one.value.as_str()];
                    let fits = if one.exact { one.weight == weight } else { one.weight <= weight };
                    assert!(fits, "seed {seed}, {kind}: {one:?}, true {weight}");
                }
                let kept = |name: &str| found.entries.get(name);
                for (name, weight) in &truth {
                    assert!(kept(name).is_none_or(|entry| entry.weight >= *weight), "seed {seed}, {kind}: {name}");
                    let heavy = *weight > total / MAX_ENTRIES as u64;
                    assert!(!heavy || kept(name).is_some(), "seed {seed}, {kind}: {name} is not there");
                }
            }
        }
    }

    #[test]
    fn what_must_be_named_makes_no_room_for_heavier_ones() {
        let mut one = Names::default();
        one.add_named("ours".to_owned(), 1, Some("x"));
        for n in 0..1_000 {
            one.add(format!("n{n:04}"), 100, None);
        }
        one.add_named("later".to_owned(), 2, Some("y"));
        let light: Vec<Ranked<String>> = one.ranked().into_iter().filter(|one| one.named).collect();
        let found: Vec<_> =
            light.iter().map(|one| (one.value.as_str(), one.weight, one.exact, one.home.as_deref())).collect();
        assert_eq!(found, [("later", 2, true, Some("y")), ("ours", 1, true, Some("x"))]);
        // The same whoever is merged into whom.
        for order in [[&one, &top([])], [&top([]), &one]] {
            let mut merged = order[0].clone();
            merged.merge(order[1]);
            assert_eq!(merged.named().collect::<Vec<_>>(), ["later", "ours"]);
        }
    }

    #[test]
    fn the_first_fifty_are_named_and_the_others_counted() {
        let mut one = Names::default();
        for n in 0..MAX_NAMED + 20 {
            one.add_named(format!("n{n:03}"), 1, None);
        }
        assert_eq!(one.named().count(), MAX_NAMED);
        assert_eq!(one.named().next_back().map(String::as_str), Some("n049"));
        assert!(!one.distinct().1);
        let mut other = Names::default();
        other.add_named("a".to_owned(), 1, None);
        one.merge(&other);
        assert_eq!(one.named().filter(|name| *name == "a").count(), 0, "the first ones stay");
        other.merge(&one);
        assert_eq!((other.named().count(), other.named().next().map(String::as_str)), (MAX_NAMED, Some("a")));
        // It may have been left out there.
        assert!(!other.ranked().iter().any(|one| one.value == "a" && one.exact));
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
    }

    #[test]
    fn it_survives_being_written_and_read() {
        let top = top((0..50).map(|n| (format!("n{n}"), n + 1)));
        let text = serde_json::to_string(&top).unwrap();
        assert!(text.len() < 500, "{} bytes", text.len());
        assert_eq!(serde_json::from_str::<Names>(&text).unwrap(), top);
    }
}
