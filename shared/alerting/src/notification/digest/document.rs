//! The digest as a document for machines, described in `schema/digest-1.0.json`. Its versions follow the same rules as those of
//! [`crate::notification::document`]: what is not known is left out and named in `unknown`, never null.

use serde::Serialize;

use crate::{
    detection::Rule,
    digest::{
        Amount, Background, Connections, Coverage, Digest, DigestIncident, HeldBack, Interfaces, RankedAddress, Unknown,
    },
    notification::{
        document::{EmailDoc, Time},
        ranking::MAX_NAME_CHARS,
        severity::Severity,
        site::Site,
    },
    text::one_line,
};

/// The version of the document's schema.
pub const VERSION: &str = "1.0";

/// Incidents, interfaces and silences listed, of each.
const MAX_LISTED: usize = 50;

/// Characters of a text from outside.
const MAX_TEXT_CHARS: usize = 120;

/// The kind of the message.
const KIND: &str = "digest";

/// What a digest can be routed by. It has no origin: a policy that asks for one never matches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DigestRouting {
    /// The rule, by its stable name.
    pub rule: &'static str,
    /// `digest`.
    pub kind: &'static str,
    /// `info`, whatever it states.
    pub severity: Severity,
    /// The region of the log group.
    pub region: String,
    /// The log group.
    pub log_group: String,
}

impl DigestRouting {
    /// The names with their values.
    pub fn values(&self) -> Vec<(&'static str, Vec<&str>)> {
        let mut values = vec![
            ("rule", vec![self.rule]),
            ("kind", vec![self.kind]),
            ("severity", vec![self.severity.word()]),
            ("region", vec![self.region.as_str()]),
            ("log_group", vec![self.log_group.as_str()]),
        ];
        values.retain(|(_, values)| values.iter().any(|value| !value.is_empty()));
        values
    }
}

/// The document of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DigestDocument {
    /// [`VERSION`].
    pub version: &'static str,
    /// What subscribers can filter by, at the top.
    #[serde(flatten)]
    pub routing: DigestRouting,
    /// `daily` or `weekly`.
    pub cadence: &'static str,
    /// The day of the digest in the readers' zone.
    pub date: String,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Time>,
    /// The time that it covers.
    pub period: PeriodDoc,
    /// What it comes to: see [`crate::digest::Verdict::word`].
    pub verdict: &'static str,
    /// Rejected records of ours and of private networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_records: Option<u64>,
    /// Incidents that opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<u64>,
    /// The incidents with an email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incidents: Option<IncidentsDoc>,
    /// Pings from the internet, where they are background.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<BackgroundDoc>,
    /// Rejected TCP and UDP, where rules about them are in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<ConnectionsDoc>,
    /// Silences that were in force in the period or are now, at most 50.
    pub silences: Vec<SilenceDoc>,
    /// Silences that are not among them.
    pub silences_left_out: u64,
    /// What was seen.
    pub coverage: CoverageDoc,
    /// What is not known.
    pub unknown: Vec<UnknownDoc>,
    /// The same as an email.
    pub email: EmailDoc,
}

/// A span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeriodDoc {
    /// Its first moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Its end, which is not in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
}

/// The incidents with an email in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentsDoc {
    /// How many.
    pub count: u64,
    /// Whether these are all.
    pub complete: bool,
    /// The incidents, the first one first, at most [`MAX_LISTED`].
    pub list: Vec<IncidentDoc>,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentDoc {
    /// Its id, as in all its messages.
    pub id: String,
    /// Why it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<&'static str>,
    /// How it stood after its latest email: see [`crate::digest::IncidentState::word`].
    pub state: &'static str,
    /// Emails in the period.
    pub emails: u64,
    /// The minute of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_email_at: Option<Time>,
    /// The minute of the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_email_at: Option<Time>,
    /// The subject of the latest.
    pub subject: String,
}

/// Pings from the internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackgroundDoc {
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountDoc>,
    /// The median of the periods before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<AmountDoc>,
    /// How many periods that is.
    pub periods: u64,
    /// The heaviest sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<AddressDoc>>,
    /// Those of them that are new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_sources: Option<Vec<String>>,
    /// The heaviest targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<AddressDoc>>,
}

/// Rejected TCP and UDP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionsDoc {
    /// From the internet, without late packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet: Option<AmountDoc>,
    /// The median of the periods before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<AmountDoc>,
    /// How many periods that is.
    pub periods: u64,
    /// Records of late packets, of every origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_records: Option<u64>,
    /// Records of ours and of private networks, without late packets; they are in the document's `own_records`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_records: Option<u64>,
}

/// How many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AmountDoc {
    /// Records.
    pub records: u64,
    /// Packets; 0 if the records do not count them.
    pub packets: u64,
}

/// An address with its packets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressDoc {
    /// The address.
    pub address: String,
    /// Its packets.
    pub packets: u64,
}

/// A silence that was in force in the period or is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SilenceDoc {
    /// Its id.
    pub id: String,
    /// What it silences: its conditions, as the command takes them.
    pub what: String,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// Records that it held back in the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<u64>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageDoc {
    /// Records that the log group got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_events: Option<u64>,
    /// The minute in which the newest one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_at: Option<Time>,
    /// Interfaces that sent records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interfaces: Option<InterfacesDoc>,
    /// SKIPDATA records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
    /// Lines that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unparsed: Option<u64>,
    /// Batches in the failure queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_batches: Option<u64>,
    /// Messages in the timers' failure queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_timers: Option<u64>,
    /// Whether something shows that records or emails may be missing.
    pub gaps: bool,
}

/// Interfaces that sent records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InterfacesDoc {
    /// How many.
    pub sent: u64,
    /// Whether that is exact.
    pub exact: bool,
    /// Those that sent some in the 7 days before and none in the period, at most [`MAX_LISTED`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone: Option<Vec<String>>,
    /// Such interfaces that are not among them.
    pub gone_left_out: u64,
}

/// Something that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownDoc {
    /// What: see [`crate::digest::Part::word`].
    pub part: &'static str,
    /// Why: see [`Unknown::word`].
    pub reason: &'static str,
    /// The words of the service, or the setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl DigestDocument {
    /// The document of a digest and its email.
    pub(super) fn of(digest: &Digest, site: &Site, (subject, body): (&str, &str)) -> DigestDocument {
        DigestDocument {
            version: VERSION,
            routing: DigestRouting {
                rule: Rule::Ping.name(),
                kind: KIND,
                severity: Severity::Info,
                region: site.region.clone(),
                log_group: one_line(&digest.log_group, MAX_NAME_CHARS).into_owned(),
            },
            cadence: digest.period.cadence.word(),
            date: digest.period.date.clone(),
            sent_at: Time::of(digest.now),
            period: PeriodDoc { from: Time::of(digest.period.span.from), to: Time::of(digest.period.span.to) },
            verdict: digest.verdict().word(),
            own_records: digest.own_records.as_ref().ok().copied(),
            opened: digest.opened.as_ref().ok().copied(),
            incidents: digest.incidents.as_ref().ok().map(|incidents| IncidentsDoc {
                count: incidents.len() as u64,
                complete: digest.incidents_complete,
                list: incidents.iter().take(MAX_LISTED).map(IncidentDoc::from).collect(),
            }),
            background: digest.background.as_ref().map(BackgroundDoc::from),
            connections: digest.connections.as_ref().map(ConnectionsDoc::from),
            silences: digest.silences.iter().take(MAX_LISTED).map(SilenceDoc::from).collect(),
            silences_left_out: digest.silences.len().saturating_sub(MAX_LISTED) as u64,
            coverage: CoverageDoc::of(&digest.coverage, digest.coverage.has_gaps(digest.now)),
            unknown: digest.missing().into_iter().map(|(part, unknown)| unknown_doc(part.word(), unknown)).collect(),
            email: EmailDoc { subject: subject.to_owned(), text: Some(body.to_owned()) },
        }
    }

    /// Takes away what is missed least, for a destination with a limit: first the copy of the email, then half of each list. Returns false
    /// where nothing is left to take.
    pub fn shorten(&mut self) -> bool {
        if self.email.text.take().is_some() {
            return true;
        }
        let mut shorter = false;
        if let Some(incidents) = &mut self.incidents {
            // What is not listed is in their number.
            shorter |= halve(&mut incidents.list) > 0;
        }
        let silences = halve(&mut self.silences);
        self.silences_left_out += silences;
        shorter |= silences > 0;
        if let Some(interfaces) = &mut self.coverage.interfaces
            && let Some(gone) = &mut interfaces.gone
        {
            let left_out = halve(gone);
            interfaces.gone_left_out += left_out;
            shorter |= left_out > 0;
        }
        shorter
    }

    /// The document as JSON.
    pub fn json(&self) -> String {
        // As with the document of an incident: nothing in it can refuse to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&DigestIncident> for IncidentDoc {
    fn from(incident: &DigestIncident) -> Self {
        IncidentDoc {
            id: text(&incident.id),
            signal: incident.signal.map(|signal| signal.word()),
            state: incident.state.word(),
            emails: incident.emails,
            first_email_at: Time::of(incident.first),
            last_email_at: Time::of(incident.last),
            subject: text(&incident.subject),
        }
    }
}

impl From<&Amount> for AmountDoc {
    fn from(Amount { records, packets }: &Amount) -> Self {
        AmountDoc { records: *records, packets: *packets }
    }
}

impl From<&Connections> for ConnectionsDoc {
    fn from(connections: &Connections) -> Self {
        ConnectionsDoc {
            internet: connections.internet.as_ref().ok().map(AmountDoc::from),
            median: connections.median.as_ref().ok().map(AmountDoc::from),
            periods: connections.periods,
            late_records: connections.late.as_ref().ok().copied(),
            own_records: connections.ours.as_ref().ok().copied(),
        }
    }
}

impl From<&Background> for BackgroundDoc {
    fn from(background: &Background) -> Self {
        let address = |one: &RankedAddress| AddressDoc { address: one.address.to_string(), packets: one.packets };
        let addresses = |ranked: &[RankedAddress]| ranked.iter().map(address).collect();
        BackgroundDoc {
            amount: background.amount.as_ref().ok().map(AmountDoc::from),
            median: background.median.as_ref().ok().map(AmountDoc::from),
            periods: background.periods,
            sources: background.sources.as_deref().ok().map(addresses),
            new_sources: background.new_sources.as_ref().ok().map(|new| new.iter().map(ToString::to_string).collect()),
            targets: background.targets.as_deref().ok().map(addresses),
        }
    }
}

impl From<&HeldBack> for SilenceDoc {
    fn from(HeldBack { silence, records }: &HeldBack) -> Self {
        SilenceDoc {
            id: text(&silence.id),
            what: text(&silence.conditions()),
            until: Time::of(silence.ends_at()),
            reason: text(&silence.reason),
            by: text(&silence.by),
            held_back: records.as_ref().ok().copied(),
        }
    }
}

impl CoverageDoc {
    fn of(coverage: &Coverage, gaps: bool) -> CoverageDoc {
        let known = |count: &Result<u64, Unknown>| count.as_ref().ok().copied();
        CoverageDoc {
            log_events: known(&coverage.log_events),
            newest_at: coverage.newest.as_ref().ok().copied().flatten().and_then(Time::of),
            interfaces: coverage.interfaces.as_ref().ok().map(|Interfaces { sent, exact, gone }| InterfacesDoc {
                sent: *sent,
                exact: *exact,
                gone: gone.as_ref().ok().map(|gone| gone.iter().take(MAX_LISTED).map(|name| text(name)).collect()),
                gone_left_out: gone.as_ref().map_or(0, |gone| gone.len().saturating_sub(MAX_LISTED) as u64),
            }),
            skipped: known(&coverage.skipped),
            unparsed: known(&coverage.unparsed),
            failed_batches: known(&coverage.failed_batches),
            failed_timers: known(&coverage.failed_timers),
            gaps,
        }
    }
}

/// Keeps the first half of a list, and returns how many were taken away.
fn halve<T>(list: &mut Vec<T>) -> u64 {
    let left_out = list.len().div_ceil(2);
    list.truncate(list.len() - left_out);
    left_out as u64
}

fn unknown_doc(part: &'static str, unknown: &Unknown) -> UnknownDoc {
    let detail = match unknown {
        Unknown::SwitchedOff(setting) => Some((*setting).to_owned()),
        Unknown::Failed(reason) => Some(text(reason)),
        _ => None,
    };
    UnknownDoc { part, reason: unknown.word(), detail }
}

/// Text from outside, fit for one line.
fn text(foreign: &str) -> String {
    one_line(foreign, MAX_TEXT_CHARS).into_owned()
}
