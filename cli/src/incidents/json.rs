//! Incidents as JSON.

use alerting::{
    incident::{Silenced, Top, plan::NextEmail, short_id},
    time::{EpochMillis, iso_millis},
};
use serde::Serialize;
use std::net::IpAddr;

use super::read::{Entry, Incident, State};

/// An incident. What is not known is left out.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum Doc {
    Open(Box<IncidentDoc>),
    Resolved(Box<IncidentDoc>),
    /// An item that this version cannot read.
    Unreadable {
        item: String,
    },
}

#[derive(Serialize)]
struct IncidentDoc {
    id: String,
    short_id: String,
    signal: &'static str,
    key: String,
    opened_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_packet: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_packet: Option<String>,
    records: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets: Option<u64>,
    /// Records that no email has reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreported_records: Option<u64>,
    emails: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_email_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_email: Option<NextDoc>,
    /// When it is resolved, if nothing else is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolves_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<AddressDoc>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<AddressDoc>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    silences: Vec<SilencedDoc>,
}

#[derive(Serialize)]
struct NextDoc {
    kind: &'static str,
    /// Absent: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

#[derive(Serialize)]
struct AddressDoc {
    address: IpAddr,
    /// Packets, or records where no record counts packets: all of them, or at least so many.
    weight: u64,
    exact: bool,
}

#[derive(Serialize)]
struct SilencedDoc {
    id: String,
    since: String,
    until: String,
}

/// Returns one object a line.
pub(super) fn lines(entries: &[&Entry]) -> String {
    let docs = entries.iter().map(|entry| match entry {
        Entry::Unreadable(item) => Doc::Unreadable { item: item.clone() },
        Entry::Incident(incident) if incident.is_open() => Doc::Open(Box::new(doc(incident))),
        Entry::Incident(incident) => Doc::Resolved(Box::new(doc(incident))),
    });
    // Texts and numbers are always JSON.
    docs.map(|doc| format!("{}\n", serde_json::to_string(&doc).unwrap_or_default())).collect()
}

fn doc(incident: &Incident) -> IncidentDoc {
    let totals = incident.totals();
    let (emails, last_email_at) = incident.emails();
    let (resolved_at, resolves_at, unreported) = match &incident.state {
        State::Open(open) => (None, Some(open.outlook.resolved_at), Some(open.counters.unreported.totals.records)),
        State::Resolved(resolved) => (Some(resolved.record.resolved_at), None, None),
    };
    let summary = incident.summary();
    let time = |at: Option<EpochMillis>| at.map(iso_millis);
    IncidentDoc {
        id: incident.seen_id().to_owned(),
        short_id: short_id(incident.seen_id()),
        signal: incident.key.signal.word(),
        key: incident.key.to_string(),
        opened_at: iso_millis(incident.opened_at()),
        resolved_at: time(resolved_at),
        first_packet: time(totals.first_start),
        last_packet: time(totals.last_end),
        records: totals.records,
        packets: totals.packets,
        unreported_records: unreported,
        emails,
        last_email_at: time(Some(last_email_at).filter(|_| emails > 0)),
        next_email: incident.next_email().and_then(next_doc),
        resolves_at: time(resolves_at),
        sources: summary.map(|summary| addresses(&summary.sources)).unwrap_or_default(),
        targets: summary.map(|summary| addresses(&summary.targets)).unwrap_or_default(),
        silences: incident.silenced().iter().map(silenced_doc).collect(),
    }
}

fn next_doc(next: NextEmail) -> Option<NextDoc> {
    let (kind, at) = match next {
        NextEmail::Opened => ("opened", None),
        NextEmail::Update(at) => ("update", Some(at)),
        NextEmail::Resolved(at) => ("resolved", Some(at)),
        NextEmail::None => return None,
    };
    Some(NextDoc { kind, at: at.map(iso_millis) })
}

fn addresses(top: &Top<IpAddr>) -> Vec<AddressDoc> {
    let ranked = top.ranked().into_iter();
    ranked.map(|one| AddressDoc { address: one.value, weight: one.weight, exact: one.exact }).collect()
}

fn silenced_doc(Silenced { silence, since, ended }: &Silenced) -> SilencedDoc {
    let until = ended.unwrap_or_else(|| silence.ends_at());
    SilencedDoc { id: silence.id.clone(), since: iso_millis(*since), until: iso_millis(until) }
}
