//! The heaviest few of many, and how many there were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Entries that are told apart; the others are counted together.
pub const MAX_ENTRIES: usize = 12;

/// Weights by name: exact as long as no more than [`MAX_ENTRIES`] names were seen, and the heaviest of them afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Top {
    /// Names with their weights.
    #[serde(rename = "e")]
    entries: BTreeMap<String, u64>,
    /// The weight of all names that are not among the entries.
    #[serde(rename = "r", default)]
    rest: u64,
    #[serde(rename = "d", default)]
    distinct: Distinct,
}

impl Top {
    /// Adds weight to a name.
    pub fn add(&mut self, name: &str, weight: u64) {
        self.distinct.add(name);
        match self.entries.get_mut(name) {
            Some(known) => *known = known.saturating_add(weight),
            None => {
                self.entries.insert(name.to_owned(), weight);
            }
        }
        self.trim();
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Top) {
        for (name, weight) in &other.entries {
            let known = self.entries.entry(name.clone()).or_default();
            *known = known.saturating_add(*weight);
        }
        self.rest = self.rest.saturating_add(other.rest);
        self.distinct.merge(&other.distinct);
        self.trim();
    }

    /// What came on top of an earlier state of the same counters.
    pub fn since(&self, earlier: &Top) -> Top {
        let mut since = self.clone();
        for (name, weight) in &mut since.entries {
            *weight = weight.saturating_sub(earlier.entries.get(name).copied().unwrap_or_default());
        }
        since.entries.retain(|_, weight| *weight > 0);
        since.rest = self.rest.saturating_sub(earlier.rest);
        since
    }

    /// The entries, heaviest first.
    pub fn ranked(&self) -> Vec<(&str, u64)> {
        let mut ranked: Vec<(&str, u64)> = self.entries.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
        ranked.sort_by_key(|(name, weight)| (std::cmp::Reverse(*weight), *name));
        ranked
    }

    /// How many names there were, and whether that is exact.
    pub fn distinct(&self) -> (u64, bool) {
        let held = self.entries.len() as u64;
        if self.rest == 0 { (held, true) } else { (self.distinct.estimate().max(held + 1), false) }
    }

    fn trim(&mut self) {
        while self.entries.len() > MAX_ENTRIES {
            // The lightest goes, of equals the last by name: the same whatever the order they came in.
            let lightest =
                self.entries.iter().min_by_key(|(name, weight)| (**weight, std::cmp::Reverse(name.as_str())));
            let Some(name) = lightest.map(|(name, _)| name.clone()) else { return };
            let weight = self.entries.remove(&name).unwrap_or_default();
            self.rest = self.rest.saturating_add(weight);
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

/// FNV-1a with a finishing mix: the same on every machine and in every version, which the standard library's is not.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    for (shift, factor) in [(33, 0xff51_afd7_ed55_8ccd_u64), (33, 0xc4ce_b9fe_1a85_ec53)] {
        hash = (hash ^ (hash >> shift)).wrapping_mul(factor);
    }
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(names: impl IntoIterator<Item = (String, u64)>) -> Top {
        let mut top = Top::default();
        for (name, weight) in names {
            top.add(&name, weight);
        }
        top
    }

    #[test]
    fn few_names_are_exact() {
        let top = top([("a".into(), 1), ("b".into(), 5), ("a".into(), 2)]);
        assert_eq!(top.ranked(), [("b", 5), ("a", 3)]);
        assert_eq!(top.distinct(), (2, true));
    }

    #[test]
    fn of_many_names_the_heaviest_stay_and_no_weight_is_lost() {
        let top = top((1..=100).map(|n| (format!("n{n:03}"), n)));
        assert_eq!(top.ranked()[0], ("n100", 100));
        assert_eq!(top.ranked().len(), MAX_ENTRIES);
        assert_eq!(top.ranked().iter().map(|(_, weight)| weight).sum::<u64>() + top.rest, 5050);
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
        let weight = |top: &Top| top.entries.values().sum::<u64>() + top.rest;
        assert_eq!(weight(&merged), weight(&whole));
    }

    #[test]
    fn a_difference_is_what_came_since() {
        let earlier = top([("a".into(), 1), ("b".into(), 5)]);
        let mut later = earlier.clone();
        later.add("a", 4);
        later.add("c", 2);
        assert_eq!(later.since(&earlier).ranked(), [("a", 4), ("c", 2)]);
    }

    #[test]
    fn it_survives_being_written_and_read() {
        let top = top((0..50).map(|n| (format!("n{n}"), n + 1)));
        let text = serde_json::to_string(&top).unwrap();
        assert!(text.len() < 500, "{} bytes", text.len());
        assert_eq!(serde_json::from_str::<Top>(&text).unwrap(), top);
    }
}
