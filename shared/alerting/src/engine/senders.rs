//! Senders whose requests are rejected: what is remembered of them, and which findings belong to a scan.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use crate::{
    detection::{Finding, Origin, RejectedFlow, Rule, Rules, Treatment},
    engine::{findings::IncidentFindings, items::Stored},
    incident::{
        GroupBy, IncidentKey,
        key::{self, Group, Sender},
        scan::{SenderRecord, SenderVerdict},
        state::{ItemId, Write},
    },
    time::EpochMillis,
};

/// The id of what is remembered of a sender.
pub(super) fn id(sender: &Sender<'_>) -> ItemId {
    ItemId::Sender(sender.scan.clone())
}

/// Groups without findings for the scans that senders may turn out to be.
pub(super) fn scans<'d>(senders: &[Sender<'d>]) -> Vec<Group<'d>> {
    senders.iter().map(|sender| Group::without_findings(sender.scan.clone())).collect()
}

/// The senders of a batch, judged with what was rejected of them before.
#[derive(Default)]
pub(super) struct JudgedSenders<'d, 's> {
    /// What becomes of findings, by their address in memory: a finding is in one place.
    verdicts: HashMap<*const Finding, SenderVerdict>,
    /// The findings that belong to scans.
    scanned: Vec<(&'s IncidentKey, &'d Finding)>,
    /// The senders that are taken for scans.
    pub(super) scanning: BTreeSet<IpAddr>,
    /// What is to be remembered of them.
    pub(super) writes: Vec<Write>,
}

impl<'d, 's> JudgedSenders<'d, 's> {
    pub(super) fn new(
        senders: &'s [Sender<'d>],
        stored: &[Stored<SenderRecord>],
        now: EpochMillis,
    ) -> JudgedSenders<'d, 's> {
        let mut judged = JudgedSenders::default();
        for (sender, stored) in senders.iter().zip(stored) {
            let before = stored.value.clone().unwrap_or_default();
            let record = before.with(&sender.findings, now);
            for finding in &sender.findings {
                let verdict = record.verdict(finding);
                judged.verdicts.insert(std::ptr::from_ref(*finding), verdict);
                if verdict == SenderVerdict::Scan {
                    judged.scanning.insert(sender.address);
                    judged.scanned.push((&sender.scan, finding));
                }
            }
            if record.is_news_to(&before) {
                judged.writes.push(stored.replace(record, now));
            }
        }
        judged
    }

    fn verdict(&self, finding: &Finding) -> SenderVerdict {
        self.verdicts.get(&std::ptr::from_ref(finding)).copied().unwrap_or(SenderVerdict::Own)
    }

    /// The findings of each incident, in the same order, after those of scans and those of further services of a sender have moved.
    pub(super) fn regroup(
        &self,
        findings: &[Arc<IncidentFindings<'d>>],
        (rules, by): (Rules, GroupBy),
    ) -> Regrouped<'d> {
        if self.verdicts.values().all(|verdict| *verdict == SenderVerdict::Own) {
            return Regrouped { findings: findings.to_vec(), ..Regrouped::default() };
        }
        let alerts = rules.treatment(Rule::Scan) == Treatment::Alert;
        let requests = || findings.iter().filter(|group| group.key.rule == Rule::Request);
        let grouped = requests().flat_map(|group| &group.findings).filter(|finding| self.is_scanned(finding)).count();
        let others: Vec<(IncidentKey, &'d Finding)> = requests()
            .flat_map(|group| group.findings.iter().map(|finding| (key::others_of(&group.key, by), *finding)))
            .filter(|(_, finding)| self.verdict(finding) == SenderVerdict::Others)
            .collect();
        let regrouped = findings.iter().map(|group| match group.key.rule {
            Rule::Request => {
                let own = group.findings.iter().copied();
                let stay = own.filter(|finding| self.verdict(finding) == SenderVerdict::Own);
                let moved = others.iter().filter(|(key, _)| *key == group.key);
                group.with_findings(stay.chain(moved.map(|(_, finding)| *finding)).collect())
            }
            Rule::Scan if alerts => {
                let own = self.scanned.iter().filter(|(scan, _)| **scan == group.key);
                group.with_findings(own.map(|(_, finding)| *finding).collect())
            }
            _ => Arc::clone(group),
        });
        let findings = regrouped.collect();
        match alerts {
            true => {
                Regrouped { findings, from_background: self.scanned.len().saturating_sub(grouped) as u64, dropped: 0 }
            }
            false => Regrouped { findings, from_background: 0, dropped: grouped as u64 },
        }
    }

    fn is_scanned(&self, finding: &Finding) -> bool {
        self.verdict(finding) == SenderVerdict::Scan
    }
}

/// The findings of each incident once the senders are judged.
#[derive(Default)]
pub(super) struct Regrouped<'d> {
    pub(super) findings: Vec<Arc<IncidentFindings<'d>>>,
    /// Findings of scans that were background by themselves.
    pub(super) from_background: u64,
    /// Findings that are only counted, as their scan is.
    pub(super) dropped: u64,
}

/// The rule that a flow counts as in the metrics: none where its rule is off.
pub(super) fn counted_as(flow: &RejectedFlow, rules: Rules, scanning: &BTreeSet<IpAddr>) -> Option<Rule> {
    let ours = matches!(flow.origin, Origin::OwnRequest | Origin::Private);
    let rule = match flow.rule {
        Rule::Request if ours && scanning.contains(&flow.sender()) => Rule::Scan,
        rule => rule,
    };
    rules.is_on(rule).then_some(rule)
}
