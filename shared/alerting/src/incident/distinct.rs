//! An estimate of how many different values were seen.

use serde::{Deserialize, Serialize};

use crate::hash::hash;

/// Registers of the estimate.
const REGISTERS: usize = 128;

/// The estimate, off by about 9 %: HyperLogLog with linear counting for few values
/// (Flajolet et al. 2007, <https://doi.org/10.46298/dmtcs.3545>).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Distinct(String);

impl Distinct {
    pub(super) fn is_empty(&self) -> bool {
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
        let mut registers: Vec<u8> = (0..REGISTERS).map(|at| self.register(at)).collect();
        registers[at] = to;
        self.set(registers);
    }

    fn set(&mut self, registers: Vec<u8>) {
        self.0 = registers.into_iter().map(|register| char::from(b'0' + register)).collect();
    }

    pub(super) fn add(&mut self, value: &str) {
        let hash = hash(value.as_bytes());
        let at = (hash % REGISTERS as u64) as usize;
        let zeros = ((hash / REGISTERS as u64) | (1 << 56)).trailing_zeros();
        self.raise(at, u8::try_from(zeros + 1).unwrap_or(u8::MAX).min(57));
    }

    pub(super) fn merge(&mut self, other: &Distinct) {
        if !other.0.is_empty() {
            self.set((0..REGISTERS).map(|at| self.register(at).max(other.register(at))).collect());
        }
    }

    pub(super) fn estimate(&self) -> u64 {
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
