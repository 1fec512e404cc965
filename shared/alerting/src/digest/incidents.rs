//! The incidents of a period, from the emails that were sent about them.

use std::collections::BTreeMap;

use crate::{
    digest::{
        input::DigestInput,
        known::Known,
        period::Period,
        source::{Answers, Contributor, Report, Rule},
    },
    incident::Signal,
    time::EpochMillis,
};

/// How an incident stood at the end of the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentState {
    /// Its latest email said that it was resolved.
    Resolved,
    /// Its latest email did not.
    Open,
    /// No email says when an incident is resolved.
    NotReported,
}

impl IncidentState {
    /// The state as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            IncidentState::Resolved => "resolved",
            IncidentState::Open => "open",
            IncidentState::NotReported => "not-reported",
        }
    }
}

/// An incident with an email in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestIncident {
    /// Its id.
    pub id: String,
    /// Why it is one; none where this version does not know the word.
    pub signal: Option<Signal>,
    /// The minute of its first email in the period.
    pub first: EpochMillis,
    /// The minute of its latest one.
    pub last: EpochMillis,
    /// Emails in the period.
    pub emails: u64,
    /// The subject of the latest one.
    pub subject: String,
    /// How it stood.
    pub state: IncidentState,
}

/// An email, as the functions log it.
struct Sent<'a> {
    incident: &'a str,
    signal: &'a str,
    kind: &'a str,
    subject: &'a str,
    first: EpochMillis,
    last: EpochMillis,
    emails: u64,
}

/// The word of the kind of a resolved email.
const RESOLVED: &str = "resolved";

impl<'a> Sent<'a> {
    fn of(contributor: &'a Contributor) -> Option<Sent<'a>> {
        let [incident, signal, kind, subject] = &contributor.keys[..] else { return None };
        let times = || contributor.points.iter().filter(|point| point.value > 0).map(|point| point.at);
        let (first, last, emails) = (times().min()?, times().max()?, contributor.weight);
        Some(Sent { incident, signal, kind, subject, first, last, emails })
    }
}

/// The incidents of a period, and whether these are all.
pub(super) fn of(period: &Period, input: &DigestInput<'_>, answers: &Answers) -> Known<(Vec<DigestIncident>, bool)> {
    input.settings.rules.name(Rule::Emails)?;
    let reports = answers.reports(Rule::Emails, period.span)?;
    let complete = reports.iter().all(|report| Report::is_complete(report));
    let mut by_incident: BTreeMap<&str, Vec<Sent<'_>>> = BTreeMap::new();
    for sent in reports.iter().flat_map(|report| &report.contributors).filter_map(Sent::of) {
        by_incident.entry(sent.incident).or_default().push(sent);
    }
    let mut incidents: Vec<DigestIncident> =
        by_incident.into_values().filter_map(|emails| incident(&emails, input.resolved_emails)).collect();
    incidents.sort_by(|one, other| (one.first, &one.id).cmp(&(other.first, &other.id)));
    Ok((incidents, complete))
}

fn incident(emails: &[Sent<'_>], resolved_emails: bool) -> Option<DigestIncident> {
    // Within a minute nothing but the kind tells which one was the last.
    let latest = emails.iter().max_by_key(|sent| (sent.last, sent.kind == RESOLVED))?;
    Some(DigestIncident {
        id: latest.incident.to_owned(),
        signal: Signal::ALL.into_iter().find(|signal| signal.word() == latest.signal),
        first: emails.iter().map(|sent| sent.first).min()?,
        last: latest.last,
        emails: emails.iter().map(|sent| sent.emails).sum(),
        subject: latest.subject.to_owned(),
        state: match (latest.kind == RESOLVED, resolved_emails) {
            (true, _) => IncidentState::Resolved,
            (false, true) => IncidentState::Open,
            (false, false) => IncidentState::NotReported,
        },
    })
}
