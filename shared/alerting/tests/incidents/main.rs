//! Checks whole incidents with a second, naive implementation. It keeps every log line, splits it at its spaces, and recomputes
//! what an email states from all records of the email's period. It also knows facts that no record contains: the owner of each address,
//! the type of each packet, and the layer that rejected it.
//!
//! Each seed gives a different world. A failure names its seed. `SEED=n cargo test -p alerting --test incidents` plays only that
//! seed and prints its emails, `SEEDS=n` plays n seeds.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test, and its seeds come from the environment")]

mod advice;
mod format;
mod judge;
mod lies;
mod naive;
mod play;
mod signal;
mod text;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use judge::Check;

/// Default number of worlds.
const SEEDS: u64 = 600;
/// Checks to ignore. Empty, except temporarily while the faults that they find are being fixed.
const LEFT_OUT: [Check; 0] = [];

#[test]
fn every_statement_of_every_email_is_true() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let one = number("SEED");
    let seeds = one.map_or(0..number("SEEDS").unwrap_or(SEEDS), |seed| seed..seed + 1);
    let mut found: BTreeMap<Check, Vec<(u64, String)>> = BTreeMap::new();
    let mut emails = 0;
    for seed in seeds {
        let played = std::panic::catch_unwind(|| play::play(seed)).unwrap_or_else(|cause| {
            eprintln!("SEED={seed}");
            std::panic::resume_unwind(cause)
        });
        let verdict = naive::judge(&played, one.is_some());
        emails += verdict.emails;
        for fault in verdict.faults.into_iter().filter(|fault| !LEFT_OUT.contains(&fault.check)) {
            found.entry(fault.check).or_default().push((seed, fault.text));
        }
    }
    eprintln!("{emails} emails");
    for (check, faults) in &mut found {
        // Faults of simple worlds come first.
        faults.sort_by_key(|(seed, text)| {
            (text.contains(judge::SEVERAL_DOCUMENTS), text.contains(judge::NOT_SENT), *seed)
        });
        let seeds: BTreeSet<u64> = faults.iter().map(|(seed, _)| *seed).collect();
        eprintln!("{check:?}: {} statements in {} worlds", faults.len(), seeds.len());
        let mut shown = BTreeSet::new();
        let each = faults.iter().filter(|(seed, _)| one.is_some() || shown.insert(*seed));
        for (seed, text) in each.take(if one.is_some() { 100 } else { 3 }) {
            eprintln!("  SEED={seed} {text}");
        }
    }
    assert!(found.is_empty(), "false statements: see above");
}
