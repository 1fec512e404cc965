//! What is counted of an incident: totals, who and where, and when.

use std::{cmp::Reverse, collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::top::Top;
use crate::finding::{Accepted, Finding, Totals};

/// Minutes of a timeline that are told apart, the latest ones; what came before is in the totals only.
pub const MAX_MINUTES: usize = 90;
/// Log lines that are kept as evidence.
pub const MAX_LINES: usize = 3;
/// Flows that are remembered with all that is known of them, the heaviest: what later mails explain.
pub const MAX_FLOWS: usize = 3;
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
    /// The heaviest flows, without their log lines and minutes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<Finding>,
    /// Some log lines.
    #[serde(default)]
    pub lines: Vec<String>,
}

impl Summary {
    /// The counters of some findings.
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Summary {
        let mut summary = Summary::default();
        let mut heaviest: Vec<&Finding> = Vec::new();
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
            heaviest.push(finding);
            heaviest.sort_by_key(|finding| rank(finding));
            heaviest.truncate(MAX_FLOWS);
            let room = MAX_LINES.saturating_sub(summary.lines.len());
            let lines = finding.lines.iter().take(room.min(1));
            summary.lines.extend(lines.map(|line| line.chars().take(MAX_LINE_CHARS).collect::<String>()));
        }
        for finding in heaviest {
            summary.add_flow(finding);
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
        for flow in &other.flows {
            self.add_flow(flow);
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
        let flows = self
            .flows
            .iter()
            .map(|flow| {
                let told = earlier.flows.iter().find(|told| told.flow == flow.flow);
                Finding { totals: told.map_or(flow.totals, |told| flow.totals.since(&told.totals)), ..flow.clone() }
            })
            .filter(|flow| flow.totals.records > 0)
            .collect();
        Summary {
            totals: self.totals.since(&earlier.totals),
            sources: self.sources.since(&earlier.sources),
            targets: self.targets.since(&earlier.targets),
            interfaces: self.interfaces.since(&earlier.interfaces),
            minutes,
            flows,
            lines: self.lines.clone(),
        }
    }

    fn add_flow(&mut self, finding: &Finding) {
        match self.flows.iter_mut().find(|known| known.flow == finding.flow) {
            Some(known) => {
                known.totals.add(&finding.totals);
                // The latest evidence, as rules change while an incident lasts.
                if let Some(opposite) = &finding.opposite {
                    known.opposite = Some(brief(opposite));
                }
            }
            None => self.flows.push(Finding {
                lines: Vec::new(),
                minutes: BTreeMap::new(),
                opposite: finding.opposite.as_ref().map(brief),
                ..finding.clone()
            }),
        }
    }

    fn trim(&mut self) {
        self.flows.sort_by_key(rank);
        self.flows.truncate(MAX_FLOWS);
        while self.minutes.len() > MAX_MINUTES {
            self.minutes.pop_first();
        }
        self.lines.truncate(MAX_LINES);
    }
}

/// The heaviest first.
fn rank(finding: &Finding) -> (Reverse<u64>, IpAddr, IpAddr) {
    (Reverse(finding.totals.weight()), finding.flow.srcaddr, finding.flow.dstaddr)
}

/// Accepted traffic with no more of its record than is kept of others.
fn brief(accepted: &Accepted) -> Accepted {
    Accepted { line: accepted.line.chars().take(MAX_LINE_CHARS).collect::<String>().into(), ..*accepted }
}
