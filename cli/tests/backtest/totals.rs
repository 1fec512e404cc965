//! A naive second count: each matched record of a signal is in exactly one incident.

use std::collections::BTreeMap;

use crate::harness::{Folder, icmp};

/// Worlds that are played. `SEEDS=n` plays n.
const SEEDS: u64 = 25;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// Five days of traffic with bursts and pauses, in order.
fn traffic(random: &mut Random) -> Vec<String> {
    let mut lines = Vec::new();
    let mut second = 0;
    while second < 5 * 86_400 {
        second += [5, 60, 600, 6_000][random.below(4) as usize] + random.below(50);
        let (interface, host) = (random.below(3), random.below(4));
        let addresses = match random.below(3) {
            0 => format!("10.0.{interface}.5 8.8.8.{host}"),
            1 => format!("10.9.0.{host} 10.0.{interface}.5"),
            _ => format!("9.9.9.{host} 10.0.{interface}.5"),
        };
        let action = if random.below(10) == 0 { "ACCEPT" } else { "REJECT" };
        // Accepted packets between other addresses, so that no answer is among them.
        let addresses = if action == "ACCEPT" { "10.0.9.9 10.0.9.8" } else { &addresses };
        lines.push(icmp(second, &format!("eni-{interface}"), addresses, 1 + random.below(3), action));
    }
    lines
}

#[test]
fn each_record_of_a_signal_is_in_one_incident() {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    let mut reported = 0;
    for seed in 0..seeds {
        let mut random = Random(seed);
        let lines = traffic(&mut random);
        let by = ["log-group", "interface", "source", "destination"][random.below(4) as usize];
        let (emails, summary) = Folder::with(&lines).json(&["--set", &format!("IncidentBy={by}")]);
        let mut incidents: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        for email in &emails {
            let last = (email["records"].as_u64().unwrap(), email["kind"].as_str().unwrap());
            incidents.insert(email["incident"].as_str().unwrap(), last);
        }
        assert!(incidents.values().all(|(_, kind)| *kind == "resolved"), "seed {seed}: {incidents:?}");
        let is_rejected = |line: &&String| line.contains(" REJECT ");
        let rejected = lines.iter().filter(is_rejected).count();
        let signal = lines.iter().filter(is_rejected).filter(|line| !line.contains(" 9.9.9.")).count() as u64;
        assert_eq!(summary["matched"], rejected, "seed {seed}");
        assert_eq!(summary["records"], lines.len(), "seed {seed}");
        assert_eq!(incidents.values().map(|(records, _)| records).sum::<u64>(), signal, "seed {seed}, by {by}");
        reported += signal;
    }
    assert!(reported > 50 * seeds, "too little to compare: {reported}");
}
