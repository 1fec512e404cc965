//! What is counted of an incident: totals, who and where, and when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::top::Top;
use crate::finding::{Finding, Totals};

/// Minutes of a timeline that are told apart, the latest ones; what came before is in the totals only.
pub const MAX_MINUTES: usize = 90;
/// Log lines that are kept as evidence.
pub const MAX_LINES: usize = 3;
/// Characters kept of such a line.
const MAX_LINE_CHARS: usize = 300;

/// The counters of an incident, or of a part of it. Two of them merge to one, whatever the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Everything counted.
    pub totals: Totals,
    /// Packets (or records) by source address.
    pub sources: Top,
    /// The same by target address.
    pub targets: Top,
    /// The same by interface.
    pub interfaces: Top,
    /// The same by minute since the epoch.
    #[serde(default)]
    pub minutes: BTreeMap<u64, u64>,
    /// Some log lines.
    #[serde(default)]
    pub lines: Vec<String>,
}

impl Summary {
    /// The counters of some findings.
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Summary {
        let mut summary = Summary::default();
        for finding in findings {
            let weight = finding.totals.weight();
            summary.totals.add(&finding.totals);
            summary.sources.add(&finding.flow.srcaddr.to_string(), weight);
            summary.targets.add(&finding.flow.dstaddr.to_string(), weight);
            if let Some(interface) = &finding.flow.interface_id {
                summary.interfaces.add(interface, weight);
            }
            for (minute, weight) in &finding.minutes {
                let known = summary.minutes.entry(*minute).or_default();
                *known = known.saturating_add(*weight);
            }
            let room = MAX_LINES.saturating_sub(summary.lines.len());
            let lines = finding.lines.iter().take(room.min(1));
            summary.lines.extend(lines.map(|line| line.chars().take(MAX_LINE_CHARS).collect::<String>()));
        }
        summary.trim();
        summary
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Summary) {
        self.totals.add(&other.totals);
        self.sources.merge(&other.sources);
        self.targets.merge(&other.targets);
        self.interfaces.merge(&other.interfaces);
        for (minute, weight) in &other.minutes {
            let known = self.minutes.entry(*minute).or_default();
            *known = known.saturating_add(*weight);
        }
        self.lines.extend(other.lines.iter().cloned());
        self.trim();
    }

    /// What came on top of an earlier state of the same counters.
    pub fn since(&self, earlier: &Summary) -> Summary {
        let minutes = self
            .minutes
            .iter()
            .map(|(minute, weight)| {
                (*minute, weight.saturating_sub(earlier.minutes.get(minute).copied().unwrap_or_default()))
            })
            .filter(|(_, weight)| *weight > 0)
            .collect();
        Summary {
            totals: self.totals.since(&earlier.totals),
            sources: self.sources.since(&earlier.sources),
            targets: self.targets.since(&earlier.targets),
            interfaces: self.interfaces.since(&earlier.interfaces),
            minutes,
            lines: self.lines.clone(),
        }
    }

    fn trim(&mut self) {
        while self.minutes.len() > MAX_MINUTES {
            self.minutes.pop_first();
        }
        self.lines.truncate(MAX_LINES);
    }
}
