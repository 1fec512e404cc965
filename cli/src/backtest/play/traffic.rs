//! What a batch has of rejected traffic: signal by origin, and background.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::AddAssign,
};

use alerting::{
    detection::{Detection, Origin, Rule, Totals},
    incident::{GroupBy, SignalPolicy, key},
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
    /// Divides a batch as the engine does.
    pub(super) fn of(
        detection: &Detection,
        last_end: EpochMillis,
        by: GroupBy,
        signals: &SignalPolicy,
    ) -> BatchTraffic {
        let all = detection.totals();
        let mut signal: BTreeMap<Origin, Amount> = BTreeMap::new();
        let findings = detection.findings.iter().map(|finding| (finding.rule, finding.origin, &finding.totals));
        let untracked = detection.untracked.iter().map(|(key, untracked)| (key.rule, key.origin, &untracked.totals));
        let mut background: BTreeMap<Background, Amount> = BTreeMap::new();
        for (rule, origin, totals) in findings.chain(untracked) {
            *background.entry(Background::of(rule, origin)).or_default() += Amount::of(totals);
        }
        for group in key::group(detection, by, signals).groups {
            let origin = group.key.signal.origin();
            let amount = signal.entry(origin).or_default();
            let rest = background.entry(Background::of(group.key.rule, origin)).or_default();
            let findings = group.findings.iter().map(|finding| &finding.totals);
            for totals in findings.chain([&group.untracked.totals]) {
                let part = Amount::of(totals);
                *amount += part;
                rest.records = rest.records.saturating_sub(part.records);
                rest.packets = rest.packets.saturating_sub(part.packets);
            }
        }
        background.retain(|_, amount| amount.records > 0);
        let matched = detection.minutes(|finding| Some(finding.rule)).into_keys().collect();
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
