//! The findings of a batch that belong to one incident, and what silences leave of them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    detection::{Detection, Finding, Untracked},
    incident::{
        GroupBy, IncidentKey, KeyPart, Silence, Summary,
        key::{self, Group},
    },
    notification::NotificationContent,
};

/// The findings of a batch that belong to one incident.
pub(super) struct IncidentFindings<'d> {
    pub(super) key: IncidentKey,
    detection: &'d Detection,
    pub(super) findings: Vec<&'d Finding>,
    /// Records of flows past the limit: counted, with nobody's name.
    untracked: Untracked,
    pub(super) found: Summary,
}

impl<'d> IncidentFindings<'d> {
    pub(super) fn new(detection: &'d Detection, group: Group<'d>) -> IncidentFindings<'d> {
        let Group { key, findings, untracked } = group;
        let found = Summary {
            copy: detection.source.copy.clone(),
            ..Summary::of(findings.iter().copied(), &untracked, (key.rule, key.signal))
        };
        IncidentFindings { key, detection, findings, untracked, found }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.untracked.totals.records == 0
    }

    /// The same incident with these findings.
    pub(super) fn with_findings(self: &Arc<Self>, findings: Vec<&'d Finding>) -> Arc<Self> {
        let same = findings.len() == self.findings.len()
            && findings.iter().zip(&self.findings).all(|(one, other)| std::ptr::eq(*one, *other));
        if same {
            return Arc::clone(self);
        }
        let group = Group { key: self.key.clone(), findings, untracked: self.untracked.clone() };
        Arc::new(IncidentFindings::new(self.detection, group))
    }

    /// The same with those of other incidents of the same signal, where it is the incident of all others.
    pub(super) fn with(self: &Arc<Self>, excess: &[Arc<Self>], by: GroupBy) -> Arc<Self> {
        let mut group =
            Group { key: self.key.clone(), findings: self.findings.clone(), untracked: self.untracked.clone() };
        let own = excess.iter().filter(|one| key::is_other(&one.key, &self.key, by));
        own.for_each(|one| group.findings.extend(&one.findings));
        if group.findings.len() == self.findings.len() {
            return Arc::clone(self);
        }
        Arc::new(IncidentFindings::new(self.detection, group))
    }

    /// What is left of it under silences, and what they cover. They cover no test: whoever sends one waits for its email.
    pub(super) fn split(self: &Arc<Self>, silences: &[&Silence]) -> SplitFindings<'d> {
        let silences = if self.key.part == KeyPart::Test { &[] } else { silences };
        let mut covered: BTreeMap<String, u64> = BTreeMap::new();
        let mut cover = |silence: &Silence, records: u64| {
            *covered.entry(silence.id.clone()).or_default() += records;
        };
        let mut left = Vec::new();
        for finding in &self.findings {
            match silences.iter().find(|silence| silence.covers(self.key.rule, finding)) {
                Some(silence) => cover(silence, finding.totals.records),
                None => left.push(*finding),
            }
        }
        let mut untracked = self.untracked.clone();
        let unnamed = silences.iter().find(|silence| silence.covers_all(self.key.rule, self.key.signal.origin()));
        if let Some(silence) = unnamed.filter(|_| untracked.totals.records > 0) {
            cover(silence, untracked.totals.records);
            untracked = Untracked::default();
        }
        let left = match () {
            () if covered.is_empty() => Some(Arc::clone(self)),
            () if left.is_empty() && untracked.totals.records == 0 => None,
            () => {
                let group = Group { key: self.key.clone(), findings: left, untracked };
                Some(Arc::new(IncidentFindings::new(self.detection, group)))
            }
        };
        SplitFindings { left, covered }
    }

    pub(super) fn content(&self) -> NotificationContent {
        NotificationContent::batch(self.detection, &self.findings, &self.untracked, &self.found.named())
    }
}

/// The findings of a batch that belong to one incident, under silences.
pub(super) struct SplitFindings<'d> {
    /// Those that no silence covers, if any.
    pub(super) left: Option<Arc<IncidentFindings<'d>>>,
    /// Records that silences cover, by the id of the silence.
    pub(super) covered: BTreeMap<String, u64>,
}
