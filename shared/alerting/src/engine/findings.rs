//! The findings of batches that belong to one incident, and what silences leave of them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    detection::{Detection, Finding, Untracked},
    incident::{
        GroupBy, IncidentKey, KeyPart, Silence, Summary,
        key::{self, Group},
    },
    notification::NotificationContent,
};

/// Where findings were logged, and how.
#[derive(Clone, Copy)]
pub(super) struct Logged<'d> {
    /// One of the batches.
    batch: &'d Detection,
    /// Lines of all of them that could not be read.
    unreadable: u64,
    /// Whether they are of one log stream.
    is_one_stream: bool,
}

impl<'d> Logged<'d> {
    /// Of these batches of one log group.
    pub(super) fn of(first: &'d Detection, others: impl Iterator<Item = &'d Detection> + Clone) -> Logged<'d> {
        Logged {
            batch: first,
            unreadable: others.clone().map(|batch| batch.tally.unparsed).sum::<u64>() + first.tally.unparsed,
            is_one_stream: others.clone().all(|batch| batch.source.log_stream == first.source.log_stream),
        }
    }
}

/// The findings of batches that belong to one incident.
pub(super) struct IncidentFindings<'d> {
    pub(super) key: IncidentKey,
    logged: Logged<'d>,
    pub(super) findings: Vec<&'d Finding>,
    /// Records of flows past the limit: counted, with nobody's name.
    untracked: Untracked,
    pub(super) found: Summary,
}

impl<'d> IncidentFindings<'d> {
    pub(super) fn new(logged: Logged<'d>, group: Group<'d>) -> IncidentFindings<'d> {
        let Group { key, findings, untracked } = group;
        let found = Summary {
            copy: logged.batch.source.copy.clone(),
            ..Summary::of(findings.iter().copied(), &untracked, (key.rule, key.signal))
        };
        IncidentFindings { key, logged, findings, untracked, found }
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
        Arc::new(IncidentFindings::new(self.logged, group))
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
        Arc::new(IncidentFindings::new(self.logged, group))
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
            match silences.iter().find(|silence| silence.covers(&self.key, finding)) {
                Some(silence) => cover(silence, finding.totals.records),
                None => left.push(*finding),
            }
        }
        let mut untracked = self.untracked.clone();
        let unnamed = silences.iter().find(|silence| silence.covers_all(&self.key));
        if let Some(silence) = unnamed.filter(|_| untracked.totals.records > 0) {
            cover(silence, untracked.totals.records);
            untracked = Untracked::default();
        }
        let left = match () {
            () if covered.is_empty() => Some(Arc::clone(self)),
            () if left.is_empty() && untracked.totals.records == 0 => None,
            () => {
                let group = Group { key: self.key.clone(), findings: left, untracked };
                Some(Arc::new(IncidentFindings::new(self.logged, group)))
            }
        };
        SplitFindings { left, covered }
    }

    pub(super) fn content(&self) -> NotificationContent {
        let Logged { batch, unreadable, is_one_stream } = self.logged;
        let mut content = NotificationContent::batch(batch, &self.findings, &self.untracked, &self.found.named());
        content.unreadable = unreadable;
        if !is_one_stream {
            content.source.log_stream.clear();
        }
        content
    }
}

/// The findings of batches that belong to one incident, under silences.
pub(super) struct SplitFindings<'d> {
    /// Those that no silence covers, if any.
    pub(super) left: Option<Arc<IncidentFindings<'d>>>,
    /// Records that silences cover, by the id of the silence.
    pub(super) covered: BTreeMap<String, u64>,
}
