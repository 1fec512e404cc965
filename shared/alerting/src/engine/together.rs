//! Batches of one log group that are counted together: with one transaction, and one email for each incident that opens.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use crate::{
    detection::{Detection, Finding},
    engine::{
        claim::MAX_TOGETHER,
        findings::{IncidentFindings, Logged},
        senders,
    },
    incident::{
        GroupBy,
        key::{self, Group, Grouped, Sender},
    },
};

/// A batch, and what of it belongs to incidents.
pub(super) struct GroupedBatch<'d> {
    pub(super) key: &'d str,
    pub(super) detection: &'d Detection,
    pub(super) grouped: Grouped<'d>,
}

impl GroupedBatch<'_> {
    /// Tells whether another batch has the same incidents: it was logged in the same log group.
    fn is_beside(&self, other: &GroupedBatch<'_>) -> bool {
        let (one, other) = (&self.detection.source, &other.detection.source);
        (&one.account, &one.region, &one.log_group) == (&other.account, &other.region, &other.log_group)
    }
}

/// The batches of each log group, in their order.
pub(super) fn by_log_group(batches: Vec<GroupedBatch<'_>>) -> Vec<Vec<GroupedBatch<'_>>> {
    let mut all: Vec<Vec<GroupedBatch<'_>>> = Vec::new();
    for batch in batches {
        match all.iter_mut().find(|beside| beside.first().is_some_and(|known| known.is_beside(&batch))) {
            Some(beside) => beside.push(batch),
            None => all.push(vec![batch]),
        }
    }
    all
}

/// Which of the batches of a log group are counted together: those that nobody has begun with, as many as a transaction takes and as can be
/// without a sender or an incident giving way to others. Each of the rest goes on by itself.
pub(super) fn lots<'d>(
    batches: Vec<GroupedBatch<'d>>,
    is_begun: impl Fn(&GroupedBatch<'d>) -> bool,
) -> Vec<Vec<GroupedBatch<'d>>> {
    let (begun, new): (Vec<_>, Vec<_>) = batches.into_iter().partition(is_begun);
    let mut lots: Vec<Vec<GroupedBatch<'d>>> = begun.into_iter().map(|batch| vec![batch]).collect();
    let mut lot: Vec<GroupedBatch<'d>> = Vec::new();
    for batch in new {
        let with_it = lot.iter().chain(std::slice::from_ref(&batch)).map(|batch| &batch.grouped);
        if lot.len() == MAX_TOGETHER || !key::has_room(with_it) {
            lots.push(std::mem::take(&mut lot));
        }
        lot.push(batch);
    }
    lots.push(lot);
    lots.retain(|lot| !lot.is_empty());
    lots
}

/// The findings of batches that are counted together, where those of the same flow are one.
#[derive(Default)]
pub(super) struct JoinedFindings {
    findings: Vec<Finding>,
    /// The place of each finding of the batches, by its address in memory.
    places: HashMap<usize, usize>,
}

impl JoinedFindings {
    /// Those of some batches; nothing of a single one, whose findings are as they are.
    pub(super) fn of(batches: &[GroupedBatch<'_>], by: GroupBy) -> JoinedFindings {
        let mut joined = JoinedFindings::default();
        if batches.len() > 1 {
            let Grouped { groups, senders, .. } = together(batches, by);
            groups.iter().for_each(|group| joined.add(&group.findings));
            // What of a sender is in no group stays beside what is.
            senders.iter().for_each(|sender| joined.add(&sender.findings));
        }
        joined
    }

    /// Adds the findings of one incident or sender.
    fn add(&mut self, findings: &[&Finding]) {
        let mut by_addresses: HashMap<(IpAddr, IpAddr), Vec<usize>> = HashMap::new();
        for finding in findings.iter().copied() {
            if self.places.contains_key(&address(finding)) {
                continue;
            }
            let known = by_addresses.entry((finding.flow.srcaddr, finding.flow.dstaddr)).or_default();
            let same = known.iter().copied().find(|place| self.findings[*place].is_of_same_flow(finding));
            let place = match same {
                Some(place) => {
                    self.findings[place].add(finding);
                    place
                }
                None => {
                    known.push(self.findings.len());
                    self.findings.push(finding.clone());
                    self.findings.len() - 1
                }
            };
            self.places.insert(address(finding), place);
        }
    }

    /// What of the batches belongs to incidents.
    pub(super) fn grouped<'j>(&'j self, batches: &'j [GroupedBatch<'_>], by: GroupBy) -> Grouped<'j> {
        if let [only] = batches {
            return only.grouped.clone();
        }
        let Grouped { groups, senders, background } = together(batches, by);
        let groups = groups.into_iter().map(|group| Group { findings: self.joined(&group.findings), ..group });
        let senders = senders.into_iter().map(|sender| Sender { findings: self.joined(&sender.findings), ..sender });
        Grouped { groups: groups.collect(), senders: senders.collect(), background }
    }

    /// The findings that these are part of, each of them once, those with most packets first.
    fn joined(&self, findings: &[&Finding]) -> Vec<&Finding> {
        let places = findings.iter().filter_map(|finding| self.places.get(&address(finding)));
        let mut places: Vec<usize> = places.copied().collect();
        places.sort_unstable();
        places.dedup();
        let mut joined: Vec<&Finding> = places.into_iter().map(|place| &self.findings[place]).collect();
        joined.sort_by_cached_key(|finding| finding.rank());
        joined
    }
}

/// Where a finding is in memory: each is in one place.
fn address(finding: &Finding) -> usize {
    std::ptr::from_ref(finding).addr()
}

fn together<'d>(batches: &[GroupedBatch<'d>], by: GroupBy) -> Grouped<'d> {
    key::together(batches.iter().map(|batch| batch.grouped.clone()), by)
}

/// The findings of each incident of batches, and those without any that findings may move to.
pub(super) fn incidents<'d>(
    batches: &'d [GroupedBatch<'d>],
    mut groups: Vec<Group<'d>>,
    senders: &[Sender<'d>],
    by: GroupBy,
) -> Vec<Arc<IncidentFindings<'d>>> {
    let [first, others @ ..] = batches else { return Vec::new() };
    let logged = Logged::of(first.detection, others.iter().map(|batch| batch.detection));
    groups.extend(senders::scans(senders));
    groups.extend(key::others(&groups, by));
    groups.into_iter().map(|group| Arc::new(IncidentFindings::new(logged, group))).collect()
}
