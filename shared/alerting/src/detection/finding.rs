//! Findings: the records a rule matched, grouped by flow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detection::{
    accepted::Accepted,
    flow::Flow,
    metadata::FlowMetadata,
    origin::{Origin, OriginBasis},
    rule::Rule,
    totals::{Totals, is_zero},
};

/// The records a rule matched, for one flow, within one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that matched.
    pub rule: Rule,
    /// The flow.
    pub flow: Flow,
    /// Where its packets came from.
    pub origin: Origin,
    /// How that is known.
    pub origin_basis: OriginBasis,
    /// Its records together.
    pub totals: Totals,
    /// Metadata of the first record that carried each field.
    #[serde(default)]
    pub metadata: FlowMetadata,
    /// The first of its records, at most [`crate::detection::limits::MAX_LINES_PER_FLOW`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Box<str>>,
    /// Packets (or records) by the minute since the epoch in which their record starts, at most [`crate::detection::MAX_FLOW_MINUTES`] of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minutes: BTreeMap<u64, u64>,
    /// The longest time from `start` to `end` of one of its records, in seconds.
    #[serde(skip)]
    pub longest_record_seconds: u64,
    /// ICMP accepted the opposite way: for a rejected reply, the request that was let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite: Option<Accepted>,
    /// ICMP accepted the same way: packets of another kind, or from before or after a change of the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<Accepted>,
    /// Accepted ICMP records of the batch that are past [`crate::detection::limits::MAX_ACCEPTED_FLOWS`], where `opposite` or `same` is missing:
    /// it may be among them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untracked_accepted: u64,
}

impl Finding {
    /// Tells whether two findings are about one flow. Where nothing names what logged it, the accounts are the same.
    pub fn is_of_same_flow(&self, other: &Finding) -> bool {
        let same_place = self.flow.logged_by().is_some() || self.metadata.account_id == other.metadata.account_id;
        same_place && self.flow.is(&other.flow)
    }
}
