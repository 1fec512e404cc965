//! The heaviest few of many, and how many there were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::hash::hash;

/// Entries that are told apart; the others are counted together.
pub const MAX_ENTRIES: usize = 12;

/// Weights by name: exact as long as no more than [`MAX_ENTRIES`] names were seen, and the heaviest of them afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Top {
    /// Names with their weights.
    #[serde(rename = "e")]
    entries: BTreeMap<String, Entry>,
    /// The weight of all names that are not among the entries.
    #[serde(rename = "r", default)]
    rest: u64,
    /// Whether there are such names.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    /// All names, once there are more of them than entries.
    #[serde(rename = "d", default, skip_serializing_if = "Distinct::is_empty")]
    distinct: Distinct,
    /// Whether something had no name.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    unnamed: bool,
}

/// A name's weight, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "w")]
    weight: u64,
    /// Where it was each time it was added; none where that differs or is not known.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    home: Option<Box<str>>,
}

/// One of the names of a [`Top`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked<'t> {
    /// The name.
    pub name: &'t str,
    /// Its weight. Where [`Top::distinct`] is not exact, it may lack what came while the name was not among the heaviest.
    pub weight: u64,
    /// Where it was each time it was added; none where that differs or is not known.
    pub home: Option<&'t str>,
}

impl Top {
    /// Adds weight to a name that is at home somewhere, for example an address at an interface.
    pub fn add(&mut self, name: &str, weight: u64, home: Option<&str>) {
        self.put(name, weight, home);
        self.trim();
    }

    /// Takes note of something that has no name.
    pub fn add_unnamed(&mut self) {
        self.unnamed = true;
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Top) {
        if self.more || other.more {
            // What is an entry of one only may be among the rest of the other, at home somewhere else.
            let forget = |entry: &mut Entry, theirs: &Top, name: &String| {
                if theirs.more && !theirs.entries.contains_key(name) {
                    entry.home = None;
                }
            };
            self.entries.iter_mut().for_each(|(name, entry)| forget(entry, other, name));
            self.remember_names();
            self.distinct.merge(&other.distinct);
            other.entries.keys().for_each(|name| self.distinct.add(name));
        }
        for (name, entry) in &other.entries {
            self.put(name, entry.weight, entry.home.as_deref());
        }
        self.rest = self.rest.saturating_add(other.rest);
        self.unnamed |= other.unnamed;
        self.trim();
    }

    /// The entries, heaviest first.
    pub fn ranked(&self) -> Vec<Ranked<'_>> {
        let mut all: Vec<Ranked<'_>> = Vec::with_capacity(self.entries.len());
        for (name, entry) in &self.entries {
            let (name, weight, home) = (name.as_str(), entry.weight, entry.home.as_deref());
            all.push(Ranked { name, weight, home });
        }
        all.sort_by_key(|one| (std::cmp::Reverse(one.weight), one.name));
        all
    }

    /// How many names there were, and whether that is exact.
    pub fn distinct(&self) -> (u64, bool) {
        let held = self.entries.len() as u64;
        if !self.more { (held, true) } else { (self.distinct.estimate().max(held + 1), false) }
    }

    /// Tells whether something had no name.
    pub fn has_unnamed(&self) -> bool {
        self.unnamed
    }

    fn put(&mut self, name: &str, weight: u64, home: Option<&str>) {
        if self.more {
            self.distinct.add(name);
        }
        match self.entries.get_mut(name) {
            Some(known) => {
                known.weight = known.weight.saturating_add(weight);
                known.home.take_if(|known| home != Some(known));
            }
            None => {
                // It may have been among the rest, at home somewhere else.
                let home = home.filter(|_| !self.more).map(Box::from);
                self.entries.insert(name.to_owned(), Entry { weight, home });
            }
        }
    }

    fn trim(&mut self) {
        while self.entries.len() > MAX_ENTRIES {
            self.remember_names();
            // The lightest goes, of equals the last by name: the same whatever the order they came in.
            let lightest =
                self.entries.iter().min_by_key(|(name, entry)| (entry.weight, std::cmp::Reverse(name.as_str())));
            let Some(name) = lightest.map(|(name, _)| name.clone()) else { return };
            let weight = self.entries.remove(&name).map_or(0, |entry| entry.weight);
            self.rest = self.rest.saturating_add(weight);
        }
    }

    /// From now on the number of names is estimated.
    fn remember_names(&mut self) {
        if !self.more {
            self.more = true;
            self.entries.keys().for_each(|name| self.distinct.add(name));
        }
    }
}

/// Registers of the estimate below.
const REGISTERS: usize = 128;

/// An estimate of how many different names were seen, off by about 9 %: HyperLogLog with linear counting for few
/// (Flajolet et al. 2007, <https://doi.org/10.46298/dmtcs.3545>).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Distinct(String);

impl Distinct {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each register is one character, `0` and up, so that the whole is text and short where it is empty.
    fn register(&self, at: usize) -> u8 {
        self.0.as_bytes().get(at).map_or(0, |byte| byte.saturating_sub(b'0'))
    }

    fn raise(&mut self, at: usize, to: u8) {
        if self.register(at) >= to {
            return;
        }
        let mut registers: Vec<u8> = (0..REGISTERS).map(|at| b'0' + self.register(at)).collect();
        registers[at] = b'0' + to;
        self.0 = String::from_utf8_lossy(&registers).into_owned();
    }

    fn add(&mut self, name: &str) {
        let hash = hash(name.as_bytes());
        let at = (hash % REGISTERS as u64) as usize;
        let zeros = ((hash / REGISTERS as u64) | (1 << 56)).trailing_zeros();
        self.raise(at, u8::try_from(zeros + 1).unwrap_or(u8::MAX).min(57));
    }

    fn merge(&mut self, other: &Distinct) {
        if !other.0.is_empty() {
            for at in 0..REGISTERS {
                self.raise(at, other.register(at));
            }
        }
    }

    fn estimate(&self) -> u64 {
        let registers = REGISTERS as f64;
        let alpha = 0.7213 / (1.0 + 1.079 / registers);
        let inverse: f64 = (0..REGISTERS).map(|at| (-f64::from(self.register(at))).exp2()).sum();
        let raw = alpha * registers * registers / inverse;
        let empty = (0..REGISTERS).filter(|at| self.register(*at) == 0).count();
        let estimate =
            if raw <= 2.5 * registers && empty > 0 { registers * (registers / empty as f64).ln() } else { raw };
        estimate.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(names: impl IntoIterator<Item = (String, u64)>) -> Top {
        let mut top = Top::default();
        for (name, weight) in names {
            top.add(&name, weight, None);
        }
        top
    }

    fn weights(top: &Top) -> Vec<(&str, u64)> {
        top.ranked().into_iter().map(|one| (one.name, one.weight)).collect()
    }

    fn home<'t>(top: &'t Top, name: &str) -> Option<&'t str> {
        top.ranked().into_iter().find(|one| one.name == name)?.home
    }

    #[test]
    fn a_name_is_at_home_where_it_always_was() {
        let mut one = Top::default();
        for (name, home) in [("a", Some("x")), ("b", Some("x")), ("a", Some("x")), ("b", Some("y")), ("c", None)] {
            one.add(name, 1, home);
        }
        assert_eq!(["a", "b", "c"].map(|name| home(&one, name)), [Some("x"), None, None]);
        let mut other = Top::default();
        other.add("a", 1, Some("y"));
        other.add("d", 1, Some("x"));
        one.merge(&other);
        assert_eq!(["a", "d"].map(|name| home(&one, name)), [None, Some("x")]);
    }

    #[test]
    fn a_name_that_may_have_been_forgotten_has_no_home() {
        let many = || top((0..20).map(|n| (format!("n{n:02}"), 5)));
        let mut later = many();
        later.add("new", 9, Some("x"));
        assert_eq!(home(&later, "new"), None, "it may have come before");
        let mut known = Top::default();
        known.add("new", 9, Some("x"));
        let mut merged = many();
        merged.merge(&known);
        assert_eq!(home(&merged, "new"), None);
        known.merge(&many());
        assert_eq!(home(&known, "new"), None);
    }

    #[test]
    fn few_names_are_exact() {
        let top = top([("a".into(), 1), ("b".into(), 5), ("a".into(), 2)]);
        assert_eq!(weights(&top), [("b", 5), ("a", 3)]);
        assert_eq!(top.distinct(), (2, true));
    }

    #[test]
    fn of_many_names_the_heaviest_stay_and_no_weight_is_lost() {
        let top = top((1..=100).map(|n| (format!("n{n:03}"), n)));
        assert_eq!(weights(&top)[0], ("n100", 100));
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
        let weight = |top: &Top| weights(top).iter().map(|(_, weight)| weight).sum::<u64>() + top.rest;
        assert_eq!(weight(&merged), weight(&whole));
    }

    #[test]
    fn it_survives_being_written_and_read() {
        let top = top((0..50).map(|n| (format!("n{n}"), n + 1)));
        let text = serde_json::to_string(&top).unwrap();
        assert!(text.len() < 500, "{} bytes", text.len());
        assert_eq!(serde_json::from_str::<Top>(&text).unwrap(), top);
    }
}
