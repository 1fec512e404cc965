//! A naive second count: each matched record of a signal is in exactly one incident.

use std::collections::BTreeMap;

use crate::harness::{Folder, Random, seeds, traffic};

#[test]
fn each_record_of_a_signal_is_in_one_incident() {
    let seeds = seeds(25);
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
