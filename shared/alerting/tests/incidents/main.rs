//! Whole incidents, judged by a second, naive program: it keeps every log line, takes each apart at its spaces, and recomputes what
//! an email states from all records of the time that the email is about. It also knows the network that the records are from, which
//! no record tells: who has an address, what each packet was, and which layer rejected it.
//!
//! Each seed is a world. A failure names its seed; `SEED=n cargo test -p alerting --test incidents` plays that one alone and
//! shows its emails, `SEEDS=n` plays more of them.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test, and its seeds come from the environment")]

mod format;
mod judge;
mod lies;
mod naive;
mod play;
mod text;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use judge::Check;

/// Worlds that are played where nothing else is asked for.
const SEEDS: u64 = 1_000;
/// Checks that are left out: none, but for a while during work on what they find.
const LEFT_OUT: [Check; 0] = [];

#[test]
fn every_statement_of_every_email_is_true() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let one = number("SEED");
    let seeds = one.map_or(0..number("SEEDS").unwrap_or(SEEDS), |seed| seed..seed + 1);
    let mut found: BTreeMap<Check, Vec<(u64, String)>> = BTreeMap::new();
    let mut emails = 0;
    for seed in seeds {
        let story = std::panic::catch_unwind(|| play::play(seed)).unwrap_or_else(|cause| {
            eprintln!("SEED={seed}");
            std::panic::resume_unwind(cause)
        });
        let verdict = naive::judge(&story, one.is_some());
        emails += verdict.emails;
        for fault in verdict.faults.into_iter().filter(|fault| !LEFT_OUT.contains(&fault.check)) {
            found.entry(fault.check).or_default().push((seed, fault.text));
        }
    }
    eprintln!("{emails} emails");
    for (check, faults) in &mut found {
        // Those of simple worlds first.
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
    assert!(found.is_empty(), "statements that are not true: see above");
}
