//! Messages about an incident, before they are put into words: mails, notifications and documents for machines are made from
//! the same values, so that they cannot disagree.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hash,
};

use flow_log::LogFormat;

use crate::{
    alert::{Kind, Site},
    detect::{Detection, Source},
    finding::{Finding, Totals},
    incident::{
        IncidentKey, Policy, Reason, Summary,
        state::{Closing, Open, Past},
        top::{Ranked, Top},
    },
    network::{Network, Wanted},
    time::EpochMillis,
};

/// A message about an incident.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Which message it is.
    pub kind: Kind,
    /// The decision behind it.
    pub reason: Reason,
    /// The key of the incident.
    pub key: &'a IncidentKey,
    /// The incident.
    pub incident: &'a str,
    /// The number of this message within the incident; the opening is 1.
    pub number: u32,
    /// When the incident's first finding was processed.
    pub opened_at: EpochMillis,
    /// When the message before this one was sent; none for an opening.
    pub mailed_at: Option<EpochMillis>,
    /// When the incident's last finding was processed, where it is over.
    pub last_seen: Option<EpochMillis>,
    /// The incident of the same key before this one, for an opening.
    pub previous: Option<&'a Past>,
    /// What the message is about: everything so far, in an update what came since the message before.
    pub told: Told,
    /// Everything counted so far.
    pub total: Totals,
    /// What came since the message before.
    pub since: Totals,
    /// What is known of the places.
    pub network: &'a Network,
    /// How often the incident may mail.
    pub policy: &'a Policy,
    /// Where it all happens.
    pub site: &'a Site,
    /// The time the message is made.
    pub now: EpochMillis,
}

/// What a message is about.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The counters.
    pub totals: Totals,
    /// Source addresses.
    pub sources: Names,
    /// Target addresses.
    pub targets: Names,
    /// What logged them: interfaces, and resources without one.
    pub interfaces: Names,
    /// Accounts that own the interfaces.
    pub accounts: Names,
    /// Regions.
    pub regions: Names,
    /// The IANA numbers of the protocols.
    pub protocols: BTreeSet<u8>,
    /// Packets (or records) by the minute since the epoch.
    pub minutes: BTreeMap<u64, u64>,
    /// The flows to tell one by one, heaviest first. Those of an opening's batch are all there, with their records; of an
    /// incident's counters only the heaviest are remembered, without records.
    pub findings: Vec<Finding>,
    /// Whether the findings are all there are.
    pub complete: bool,
    /// Records of flows past [`crate::detect::MAX_FLOWS`]: in the totals, with nobody's name.
    pub untracked: Totals,
    /// Rejected records, as evidence.
    pub lines: Vec<String>,
    /// Where the records are.
    pub source: Source,
    /// The declared format of the records, where it is known.
    pub format: Option<LogFormat>,
}

/// Names with their weights, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The heaviest, heaviest first.
    pub ranked: Vec<Name>,
    /// How many names there are, the ranked ones among them.
    pub distinct: u64,
    /// Whether that number is exact. Where it is not, a weight may lack some.
    pub exact: bool,
    /// Whether something had no name: then there may be more of them.
    pub unnamed: bool,
}

/// A name with its weight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub name: String,
    /// Packets, or records where those were not counted.
    pub weight: u64,
    /// The interface whose own address it is, where it is no other's.
    pub home: Option<String>,
}

impl Names {
    fn of(top: &Top) -> Names {
        let (distinct, exact) = top.distinct();
        let name =
            |one: Ranked<'_>| Name { name: one.name.to_owned(), weight: one.weight, home: one.home.map(str::to_owned) };
        Names { ranked: top.ranked().into_iter().map(name).collect(), distinct, exact, unnamed: top.has_unnamed() }
    }

    /// The names that findings have on one side, all of them; not exact where records were left out.
    fn in_findings<K: Hash + Eq + Ord + ToString>(
        findings: &[&Finding],
        exact: bool,
        name: impl Fn(&Finding) -> Option<K>,
    ) -> Names {
        let mut weights: HashMap<K, u64> = HashMap::new();
        let mut unnamed = false;
        for finding in findings {
            match name(finding) {
                Some(name) => {
                    let known = weights.entry(name).or_default();
                    *known = known.saturating_add(finding.totals.weight());
                }
                None => unnamed = true,
            }
        }
        let mut ranked: Vec<(K, u64)> = weights.into_iter().collect();
        ranked.sort_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.cmp(b)));
        let distinct = ranked.len() as u64;
        let ranked = ranked.into_iter().map(|(name, weight)| Name { name: name.to_string(), weight, home: None });
        Names { ranked: ranked.collect(), distinct, exact, unnamed }
    }

    /// The only name, where there is one and everything has it.
    pub fn only(&self) -> Option<&str> {
        match &self.ranked[..] {
            [only] if self.distinct == 1 && self.exact && !self.unnamed => Some(&only.name),
            _ => None,
        }
    }

    /// The interface whose own address it is, where it is no other's.
    pub fn home(&self, name: &str) -> Option<&str> {
        self.ranked.iter().find(|one| one.name == name)?.home.as_deref()
    }
}

impl Told {
    /// Some findings of a batch: all that belong to one incident.
    pub fn batch(detection: &Detection, findings: &[&Finding], untracked: Totals) -> Told {
        let exact = untracked.records == 0;
        let mut totals = untracked;
        let mut minutes: BTreeMap<u64, u64> = BTreeMap::new();
        for finding in findings {
            totals.add(&finding.totals);
            for (minute, weight) in &finding.minutes {
                let known = minutes.entry(*minute).or_default();
                *known = known.saturating_add(*weight);
            }
        }
        Told {
            totals,
            sources: Names::in_findings(findings, exact, |finding| Some(finding.flow.sender())),
            targets: Names::in_findings(findings, exact, |finding| Some(finding.flow.receiver())),
            interfaces: Names::in_findings(findings, exact, |finding| finding.flow.logged_by().map(Box::<str>::from)),
            accounts: Names::in_findings(findings, exact, |finding| finding.place.account_id.clone()),
            regions: Names::in_findings(findings, exact, |finding| finding.place.region.clone()),
            protocols: findings.iter().map(|finding| finding.flow.protocol.0).collect(),
            minutes,
            findings: findings.iter().map(|finding| (*finding).clone()).collect(),
            complete: exact,
            untracked,
            lines: findings.iter().flat_map(|finding| finding.lines.iter().map(|line| line.to_string())).collect(),
            source: detection.source.clone(),
            format: detection.format.clone(),
        }
    }

    /// What is to be asked of EC2 before some notifications are sent.
    pub fn wanted(contents: &[Told]) -> Wanted {
        let interfaces = contents.iter().flat_map(|told| &told.interfaces.ranked);
        let addresses = contents.iter().flat_map(|told| told.sources.ranked.iter().chain(&told.targets.ranked));
        Wanted::of(
            contents.iter().flat_map(|told| &told.findings),
            interfaces.map(|one| &*one.name),
            addresses.filter_map(|one| one.name.parse().ok()),
        )
    }

    /// What an incident's counters tell.
    pub fn counters(key: &IncidentKey, summary: &Summary) -> Told {
        Told {
            totals: summary.totals,
            sources: Names::of(&summary.sources),
            targets: Names::of(&summary.targets),
            interfaces: Names::of(&summary.interfaces),
            accounts: Names::of(&summary.accounts),
            regions: Names::of(&summary.regions),
            protocols: summary.protocols.clone(),
            minutes: summary.minutes.clone(),
            findings: summary.flows.iter().map(|flow| with_what_is_left_out(flow, summary)).collect(),
            complete: !summary.flows_left_out,
            untracked: Totals::default(),
            lines: summary.lines.clone(),
            source: Source {
                owner: key.owner().to_owned(),
                log_group: key.log_group().to_owned(),
                log_stream: String::new(),
            },
            format: None,
        }
    }
}

/// A flow that lacks evidence may have had some while it was not among the heaviest.
fn with_what_is_left_out(flow: &Finding, summary: &Summary) -> Finding {
    let lacks = flow.opposite.is_none() || flow.same.is_none();
    let left_out = if lacks { summary.accepted_left_out } else { 0 };
    Finding { untracked_accepted: flow.untracked_accepted.saturating_add(left_out), ..flow.clone() }
}

/// What all messages need.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The key of the incident.
    pub key: &'a IncidentKey,
    /// The decision behind the message.
    pub reason: Reason,
    /// What is known of the places.
    pub network: &'a Network,
    /// How often the incident may mail.
    pub policy: &'a Policy,
    /// Where it all happens.
    pub site: &'a Site,
    /// The time the message is made.
    pub now: EpochMillis,
}

impl<'a> Message<'a> {
    /// The opening, made from the batch that opened the incident.
    pub fn opening(frame: Frame<'a>, incident: &'a str, told: Told, previous: Option<&'a Past>) -> Message<'a> {
        let totals = told.totals;
        Message {
            kind: Kind::Opening,
            reason: frame.reason,
            key: frame.key,
            incident,
            number: 1,
            opened_at: frame.now,
            mailed_at: None,
            last_seen: None,
            previous,
            told,
            total: totals,
            since: totals,
            network: frame.network,
            policy: frame.policy,
            site: frame.site,
            now: frame.now,
        }
    }

    /// An opening made from the counters, which is late: whoever was to send it did not.
    pub fn late_opening(frame: Frame<'a>, open: &'a Open, total: &Summary) -> Message<'a> {
        let told = Told::counters(frame.key, total);
        Message { opened_at: open.opened_at, ..Message::opening(frame, &open.id, told, None) }
    }

    /// An update about what came since the message before.
    pub fn update(frame: Frame<'a>, open: &'a Open, since: &Summary, total: Totals) -> Message<'a> {
        let told = Told::counters(frame.key, since);
        Message {
            kind: Kind::Update,
            number: open.mails.saturating_add(1),
            opened_at: open.opened_at,
            mailed_at: Some(open.mailed_at),
            total,
            ..Message::opening(frame, &open.id, told, None)
        }
    }

    /// An all-clear.
    pub fn over(frame: Frame<'a>, closing: &'a Closing) -> Message<'a> {
        let told = Told::counters(frame.key, &closing.summary);
        Message {
            kind: Kind::AllClear,
            number: closing.mails.saturating_add(1),
            opened_at: closing.opened_at,
            last_seen: Some(closing.last_seen),
            since: closing.unreported,
            ..Message::opening(frame, &closing.id, told, None)
        }
    }

    /// Tells whether it is an opening that somebody else was to send earlier.
    pub fn is_late(&self) -> bool {
        self.kind == Kind::Opening && self.opened_at < self.now
    }
}
