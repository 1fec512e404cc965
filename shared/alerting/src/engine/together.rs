//! Batches of one log group that are counted together: with one transaction, and one email for each incident that opens.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use crate::{
    detection::{Detection, Finding},
    engine::{
        findings::{IncidentFindings, Logged},
        senders,
    },
    incident::{
        GroupBy,
        key::{self, Group, Grouped, Sender},
    },
};

/// A batch: what one log group has in one document of CloudWatch Logs.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'d> {
    /// Unique for the batch, and the same whenever it is delivered again.
    pub key: &'d str,
    /// What it tells.
    pub detection: &'d Detection,
}

impl Batch<'_> {
    /// Tells whether another batch has the same incidents: it was logged in the same log group.
    fn is_beside(&self, other: &Batch<'_>) -> bool {
        let (one, other) = (&self.detection.source, &other.detection.source);
        (&one.account, &one.region, &one.log_group) == (&other.account, &other.region, &other.log_group)
    }
}

/// Batches that are counted together, and what of them belongs to incidents.
pub(super) struct Lot<'d> {
    pub(super) batches: Vec<Batch<'d>>,
    grouped: Grouped<'d>,
}

impl<'d> Lot<'d> {
    fn of(batches: Vec<(Batch<'d>, Grouped<'d>)>, by: GroupBy) -> Lot<'d> {
        let (batches, grouped): (Vec<_>, Vec<_>) = batches.into_iter().unzip();
        Lot { batches, grouped: key::together(grouped, by) }
    }

    /// The batch that owns what all share.
    pub(super) fn owner(&self) -> &'d str {
        self.batches.first().map_or("", |batch| batch.key)
    }
}

/// The batches of each log group, in their order.
pub(super) fn by_log_group<'d>(batches: Vec<(Batch<'d>, Grouped<'d>)>) -> Vec<Vec<(Batch<'d>, Grouped<'d>)>> {
    let mut all: Vec<Vec<(Batch<'_>, Grouped<'_>)>> = Vec::new();
    for batch in batches {
        match all.iter_mut().find(|beside| beside.first().is_some_and(|(known, _)| known.is_beside(&batch.0))) {
            Some(beside) => beside.push(batch),
            None => all.push(vec![batch]),
        }
    }
    all
}

/// Which of the batches of a log group are counted together: those that nobody has begun with, at most so many, and as can be without a sender
/// or an incident giving way to others. Each of the rest goes on by itself.
pub(super) fn lots<'d>(
    batches: Vec<(Batch<'d>, Grouped<'d>)>,
    begun: &BTreeSet<&str>,
    (most, by): (usize, GroupBy),
) -> Vec<Lot<'d>> {
    let mut lots = Vec::new();
    let mut new = Vec::new();
    for one in batches {
        if begun.contains(one.0.key) {
            lots.push(Lot::of(vec![one], by));
            continue;
        }
        let with_it = new.iter().chain(std::slice::from_ref(&one)).map(|(_, grouped)| grouped);
        if new.len() == most || !key::has_room(with_it) {
            lots.push(Lot::of(std::mem::take(&mut new), by));
        }
        new.push(one);
    }
    if !new.is_empty() {
        lots.push(Lot::of(new, by));
    }
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
    /// Those of a lot; nothing of a single batch, whose findings are as they are.
    pub(super) fn of(lot: &Lot<'_>) -> JoinedFindings {
        let mut joined = JoinedFindings::default();
        if lot.batches.len() > 1 {
            lot.grouped.groups.iter().for_each(|group| joined.add(&group.findings));
            // What of a sender is in no group stays beside what is.
            lot.grouped.senders.iter().for_each(|sender| joined.add(&sender.findings));
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

    /// What of the lot belongs to incidents.
    pub(super) fn grouped<'j>(&'j self, lot: &'j Lot<'_>) -> Grouped<'j> {
        if lot.batches.len() == 1 {
            return lot.grouped.clone();
        }
        let Grouped { groups, senders, background } = lot.grouped.clone();
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

/// The findings of each incident of a lot, and those without any that findings may move to.
pub(super) fn incidents<'d>(
    lot: &'d Lot<'d>,
    mut groups: Vec<Group<'d>>,
    senders: &[Sender<'d>],
    by: GroupBy,
) -> Vec<Arc<IncidentFindings<'d>>> {
    let [first, others @ ..] = &lot.batches[..] else { return Vec::new() };
    let logged = Logged::of(first.detection, others.iter().map(|batch| batch.detection));
    groups.extend(senders::scans(senders));
    groups.extend(key::others(&groups, by));
    groups.into_iter().map(|group| Arc::new(IncidentFindings::new(logged, group))).collect()
}
