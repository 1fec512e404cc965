//! A notification as a document for machines: versioned, with stable names, each described in `schema/alert-1.0.json`.
//!
//! Versions: 1.x adds fields and values, and never takes away or changes the meaning of one; a reader ignores what it does not
//! know. Anything else is a new major version. What is not known is left out, never null.

mod evidence;
mod flow;
mod values;

pub use evidence::{AclRule, EvidenceDoc, GroupName, GroupRuleDoc, LeftOut, MissingDataDoc, ProtocolDoc};
pub use flow::{ExplanationDoc, FlowDoc, Opposite, Owner, PlaceDoc, Side};
use values::text;
pub use values::{Time, TotalsDoc};

use serde::Serialize;

use crate::{
    notification::{email::Email, links::Links, names::Names, notification::Notification, routing::Routing},
    text::one_line,
};

/// The version of the document's schema.
pub const VERSION: &str = "1.0";

/// Flows listed; the others are a number.
pub const MAX_FLOWS: usize = 50;

/// Records shown.
pub const MAX_RECORDS: usize = 10;

/// Characters of a record.
const MAX_RECORD_CHARS: usize = 700;

/// Addresses and interfaces of each ranking.
const MAX_RANKED: usize = 20;

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Document {
    /// [`VERSION`].
    pub version: &'static str,
    /// What subscribers can filter by, at the top.
    #[serde(flatten)]
    pub routing: Routing,
    /// The decision behind it: see [`crate::incident::Reason::word`].
    pub reason: &'static str,
    /// When the notification was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Time>,
    /// Whether it is an opened notification that another run should have sent earlier.
    pub late: bool,
    /// The incident.
    pub incident: Incident,
    /// Where it all happens.
    pub site: SiteDoc,
    /// Everything counted so far.
    pub totals: TotalsDoc,
    /// What came since the previous email.
    pub since: TotalsDoc,
    /// Who and where: of an update what came since the previous email, otherwise of everything.
    pub ranking: Ranking,
    /// The flows, heaviest first, at most [`MAX_FLOWS`].
    pub flows: Vec<FlowDoc>,
    /// Flows that are known and not among them.
    pub flows_left_out: u64,
    /// Whether there are no other flows than these: later messages remember the heaviest alone.
    pub flows_complete: bool,
    /// What could not be had from EC2.
    pub missing: Vec<MissingDataDoc>,
    /// Rejected records as they were logged, at most [`MAX_RECORDS`].
    pub records: Vec<String>,
    /// Links into the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
    /// The same notification as an email.
    pub email: EmailDoc,
}

/// The incident that a notification is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Unique for each incident: the same in all its messages.
    pub id: String,
    /// The same for all incidents of the same rule and place.
    pub key: String,
    /// The number of the notification within the incident; the opened one is 1.
    pub number: u32,
    /// When its first finding was processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Time>,
    /// When the previous email was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_sent_at: Option<Time>,
    /// When its last finding was processed; in a resolved email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// The previous incident of the same key; in an opened notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// A resolved incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Previous {
    /// The incident.
    pub id: String,
    /// When its first finding was processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Time>,
    /// When its last finding was processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// What it counted.
    pub totals: TotalsDoc,
}

/// Where the records and the metrics are. Region and log group stand at the top of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SiteDoc {
    /// The account that owns the log group.
    pub log_account: String,
    /// The log stream, where all of it is from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream: Option<String>,
    /// The namespace of the metrics.
    pub metric_namespace: String,
    /// The metric that counts the records.
    pub metric_name: String,
}

/// Who and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ranking {
    /// Source addresses.
    pub sources: NamesDoc,
    /// Target addresses.
    pub targets: NamesDoc,
    /// Interfaces.
    pub interfaces: NamesDoc,
}

/// Names with their weights, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamesDoc {
    /// How many there are.
    pub distinct: u64,
    /// Whether that number is exact; otherwise an estimate, or a lower bound where records were counted without their names.
    pub exact: bool,
    /// The heaviest, heaviest first.
    pub top: Vec<NameDoc>,
}

/// A name with its weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NameDoc {
    /// The name.
    pub name: String,
    /// Packets, or records where those were not counted.
    pub weight: u64,
}

impl From<&Names> for NamesDoc {
    fn from(names: &Names) -> Self {
        let top = names.ranked.iter().take(MAX_RANKED);
        let top = top.map(|one| NameDoc { name: text(&one.name), weight: one.weight }).collect();
        NamesDoc { distinct: names.distinct, exact: names.exact && !names.unnamed, top }
    }
}

/// The notification as an email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmailDoc {
    /// Its subject.
    pub subject: String,
    /// Its text; left out where the SNS message would be too large with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Document {
    /// The document of a notification and its email.
    pub fn of(notification: &Notification<'_>, email: &Email) -> Document {
        let content = &notification.content;
        let records = content.lines.iter().take(MAX_RECORDS);
        Document {
            version: VERSION,
            routing: Routing::of(notification),
            reason: notification.reason.word(),
            sent_at: Time::of(notification.now),
            late: notification.is_late(),
            incident: incident(notification),
            site: SiteDoc {
                log_account: text(notification.key.owner()),
                log_stream: Some(text(&content.source.log_stream)).filter(|name| !name.is_empty()),
                metric_namespace: text(&notification.site.metric_namespace),
                metric_name: text(&notification.site.metric_name),
            },
            totals: TotalsDoc::from(&notification.total),
            since: TotalsDoc::from(&notification.since),
            ranking: Ranking {
                sources: NamesDoc::from(&content.sources),
                targets: NamesDoc::from(&content.targets),
                interfaces: NamesDoc::from(&content.interfaces),
            },
            flows: content
                .findings
                .iter()
                .take(MAX_FLOWS)
                .map(|finding| FlowDoc::of(finding, notification.network))
                .collect(),
            flows_left_out: content.findings.len().saturating_sub(MAX_FLOWS) as u64,
            flows_complete: content.complete && content.findings.len() <= MAX_FLOWS,
            missing: notification.network.missing.iter().map(MissingDataDoc::from).collect(),
            records: records.map(|line| one_line(line, MAX_RECORD_CHARS).into_owned()).collect(),
            links: Some(Links::of(notification)),
            email: EmailDoc { subject: email.subject.clone(), text: Some(email.body.clone()) },
        }
    }

    /// The document as JSON.
    pub fn json(&self) -> String {
        // Writing fails for keys that are no text and for values that refuse it; there are none of either here.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn incident(notification: &Notification<'_>) -> Incident {
    Incident {
        id: text(notification.incident),
        key: text(&notification.key.0),
        number: notification.number,
        opened_at: Time::of(notification.opened_at),
        previous_sent_at: notification.last_email_at.and_then(Time::of),
        ended_at: notification.last_seen.and_then(Time::of),
        previous: notification.previous.map(|past| Previous {
            id: text(&past.id),
            opened_at: Time::of(past.opened_at),
            ended_at: Time::of(past.last_seen),
            totals: TotalsDoc::from(&past.totals),
        }),
    }
}
