//! What a batch has of rejected traffic: signal by origin, and background.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::AddAssign,
};

use alerting::{
    detection::{Detection, Finding, Origin, Rule, Totals, Treatment},
    incident::{
        GroupBy, SignalPolicy,
        key::{self, Grouped, Sender},
        scan::{SenderRecord, SenderVerdict},
    },
    time::EpochMillis,
};

/// Records and packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) records: u64,
    /// Packets, or records where they carry no number of packets.
    pub(crate) packets: u64,
}

impl Amount {
    fn of(totals: &Totals) -> Amount {
        Amount { records: totals.records, packets: totals.weight() }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        self.records = self.records.saturating_add(other.records);
        self.packets = self.packets.saturating_add(other.packets);
    }
}

/// What belongs to no incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Background {
    /// Pings from the internet.
    Pings,
    /// TCP and UDP from the internet.
    Connections,
    /// Late packets of connections that were over.
    Late,
    /// What is of ours or of private networks: single packets, and what rules match that send no emails.
    Ours,
}

impl Background {
    fn of(rule: Rule, origin: Origin) -> Background {
        match (rule, origin) {
            (Rule::Late, _) => Background::Late,
            (Rule::Ping, Origin::Internet) => Background::Pings,
            (_, Origin::Internet) => Background::Connections,
            _ => Background::Ours,
        }
    }
}

/// The rejected traffic of a batch.
#[derive(Clone, Debug)]
pub(crate) struct BatchTraffic {
    /// When its first rejected record starts; without one, when its last record ends.
    pub(crate) at: EpochMillis,
    /// What belongs to incidents, unless a silence covers it.
    pub(crate) signal: BTreeMap<Origin, Amount>,
    /// What belongs to none.
    pub(crate) background: BTreeMap<Background, Amount>,
    /// The rules that matched, each with an [`Origin::word`]: the metrics that get a value.
    pub(crate) matched: BTreeSet<(Rule, &'static str)>,
}

impl BatchTraffic {
    /// Divides a batch as the engine does. `stored` returns what the engine remembers of a sender after the batch.
    pub(super) fn of(
        detection: &Detection,
        last_end: EpochMillis,
        (by, signals): (GroupBy, &SignalPolicy),
        stored: impl Fn(&Sender<'_>) -> Option<SenderRecord>,
    ) -> BatchTraffic {
        let all = detection.totals();
        let mut signal: BTreeMap<Origin, Amount> = BTreeMap::new();
        let flows = detection.flows().map(|flow| (flow.rule, flow.origin, &flow.totals));
        let untracked = detection.untracked.iter().map(|(key, untracked)| (key.rule, key.origin, &untracked.totals));
        let mut background: BTreeMap<Background, Amount> = BTreeMap::new();
        for (rule, origin, totals) in flows.chain(untracked) {
            *background.entry(Background::of(rule, origin)).or_default() += Amount::of(totals);
        }
        let mut move_to_signal = |rule: Rule, origin: Origin, totals: &Totals| {
            let part = Amount::of(totals);
            *signal.entry(origin).or_default() += part;
            let rest = background.entry(Background::of(rule, origin)).or_default();
            rest.records = rest.records.saturating_sub(part.records);
            rest.packets = rest.packets.saturating_sub(part.packets);
        };
        let Grouped { groups, senders, .. } = key::group(detection, by, signals);
        for group in &groups {
            let (rule, origin) = (group.key.rule, group.key.signal.origin());
            let findings = group.findings.iter().map(|finding| &finding.totals);
            findings.chain([&group.untracked.totals]).for_each(|totals| move_to_signal(rule, origin, totals));
        }
        // Single packets are in no group, and belong to the scan of their sender.
        let grouped: HashSet<*const Finding> =
            groups.iter().flat_map(|group| &group.findings).map(|finding| std::ptr::from_ref(*finding)).collect();
        let alerts = signals.rules.treatment(Rule::Scan) == Treatment::Alert;
        for sender in senders.iter().filter(|_| alerts) {
            let Some(record) = stored(sender) else { continue };
            let scanned = sender.findings.iter().filter(|finding| record.verdict(finding) == SenderVerdict::Scan);
            scanned
                .filter(|finding| !grouped.contains(&std::ptr::from_ref(**finding)))
                .for_each(|finding| move_to_signal(finding.rule, finding.origin, &finding.totals));
        }
        background.retain(|_, amount| amount.records > 0);
        let matched = detection.minutes(|flow| Some(flow.rule)).into_keys().collect();
        BatchTraffic { at: all.first_start.unwrap_or(last_end), signal, background, matched }
    }
}

/// The words for an origin with its role.
pub(crate) fn origin_words(origin: Origin) -> &'static str {
    match origin {
        Origin::OwnRequest => "own request",
        Origin::OwnAnswer => "own answer",
        Origin::Private => "private",
        Origin::Internet => "internet",
    }
}
