//! What an email is about: counters, rankings and findings of its period.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use flow_log::LogFormat;

use crate::{
    detection::{Detection, Finding, LogSource, ServicePort, Totals, Untracked, add_minutes},
    enrichment::EnrichmentRequest,
    incident::{IncidentKey, Summary},
    notification::ranking::Ranking,
};

/// What a notification is about.
#[derive(Clone, Debug, Default)]
pub struct NotificationContent {
    /// The counters.
    pub totals: Totals,
    /// Source addresses.
    pub sources: Ranking<IpAddr>,
    /// Target addresses.
    pub targets: Ranking<IpAddr>,
    /// The server's ports, of TCP and UDP.
    pub ports: Ranking<ServicePort>,
    /// What logged them: interfaces, and resources without one.
    pub interfaces: Ranking<Box<str>>,
    /// Accounts that own the interfaces.
    pub accounts: Ranking<Box<str>>,
    /// Regions.
    pub regions: Ranking<Box<str>>,
    /// The IANA numbers of the protocols.
    pub protocols: BTreeSet<u8>,
    /// Packets (or records) by the minute since the epoch.
    pub minutes: BTreeMap<u64, u64>,
    /// The flows to list, heaviest first. Those of an opened incident's batch are complete, with their records; of counters only the
    /// heaviest are kept, without records.
    pub findings: Vec<Finding>,
    /// Whether there are no other findings.
    pub complete: bool,
    /// Records of flows past [`crate::detection::MAX_FLOWS`]: in the totals, without names.
    pub untracked: Totals,
    /// Lines of the batch that could not be read, and are in none of the counters; not known of counters.
    pub unreadable: u64,
    /// Rejected records as they were logged, as evidence. Of counters the newest, the newest first.
    pub lines: Vec<String>,
    /// Where the records are.
    pub source: LogSource,
    /// The declared format of the records, where it is known.
    pub format: Option<LogFormat>,
}

impl NotificationContent {
    /// The findings of a batch that belong to one incident.
    ///
    /// `named` are the addresses that the email names, however light they are.
    pub fn batch(
        detection: &Detection,
        findings: &[&Finding],
        untracked: &Untracked,
        named: &BTreeSet<IpAddr>,
    ) -> NotificationContent {
        let exact = untracked.totals.records == 0;
        let mut totals = untracked.totals;
        let mut minutes: BTreeMap<u64, u64> = BTreeMap::new();
        for finding in findings {
            totals.add(&finding.totals);
            add_minutes(&mut minutes, &finding.minutes);
        }
        NotificationContent {
            totals,
            sources: Ranking::in_findings(findings, exact, |finding| Some(finding.flow.sender())).naming(named),
            targets: Ranking::in_findings(findings, exact, |finding| Some(finding.flow.receiver())).naming(named),
            ports: Ranking::in_findings(findings, exact, |finding| Some(finding.service()?.port)),
            interfaces: Ranking::in_findings(findings, exact, |finding| finding.flow.logged_by().map(Box::<str>::from)),
            accounts: Ranking::in_findings(findings, exact, |finding| finding.metadata.account_id.clone()),
            regions: Ranking::in_findings(findings, exact, |finding| finding.metadata.region.clone()),
            protocols: findings
                .iter()
                .map(|finding| finding.flow.protocol.0)
                .chain(untracked.protocols.clone())
                .collect(),
            minutes,
            findings: findings.iter().map(|finding| (*finding).clone()).collect(),
            complete: exact,
            untracked: untracked.totals,
            unreadable: detection.tally.unparsed,
            lines: findings.iter().flat_map(|finding| finding.lines.iter().map(|line| line.to_string())).collect(),
            source: detection.source.clone(),
            format: detection.format.clone(),
        }
    }

    /// What to request from EC2 before some notifications are sent, all of which are about one log group.
    pub fn enrichment_request(contents: &[NotificationContent]) -> EnrichmentRequest {
        let interfaces = contents.iter().flat_map(|content| &content.interfaces.ranked);
        let addresses =
            contents.iter().flat_map(|content| content.sources.ranked.iter().chain(&content.targets.ranked));
        let request = EnrichmentRequest::of(
            contents.iter().flat_map(|content| &content.findings),
            interfaces.map(|one| &*one.value),
            addresses.map(|one| one.value),
        );
        match contents.first() {
            Some(content) => request.logged_in(&content.source),
            None => request,
        }
    }

    /// The content of an incident's counters.
    pub fn counters(key: &IncidentKey, summary: &Summary) -> NotificationContent {
        let records = summary.totals.records;
        NotificationContent {
            totals: summary.totals,
            sources: Ranking::of(&summary.sources, records),
            targets: Ranking::of(&summary.targets, records),
            ports: Ranking::of(&summary.ports, records),
            interfaces: Ranking::of(&summary.interfaces, records),
            accounts: Ranking::of(&summary.accounts, records),
            regions: Ranking::of(&summary.regions, records),
            protocols: summary.protocols.clone(),
            minutes: summary.minutes.clone(),
            findings: summary.flows.iter().map(|flow| with_what_is_left_out(&flow.finding, summary)).collect(),
            complete: !summary.flows_left_out,
            untracked: Totals::default(),
            unreadable: 0,
            lines: summary.lines.iter().map(|kept| kept.line.clone()).collect(),
            source: LogSource {
                copy: summary.copy.clone(),
                ..LogSource::logged_in(&key.account, &key.region, &key.log_group)
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
