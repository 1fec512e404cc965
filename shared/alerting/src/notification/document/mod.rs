//! A notification as a document for machines: versioned, with stable names, each described in `schema/alert-1.0.json`.
//!
//! Versions: 1.x adds fields and values, and never takes away or changes the meaning of one; a reader ignores what it does not
//! know. Anything else is a new major version. What is not known is left out, never null.

mod evidence;
mod flow;
mod shorten;
mod silence;
mod values;

pub use evidence::{AclRule, EvidenceDoc, GroupName, GroupRuleDoc, LeftOut, MissingDataDoc, ProtocolDoc};
pub use flow::{ExplanationDoc, FlowDoc, LocationDoc, Opposite, Owner, ServerDoc, SideDoc};
pub use silence::SilenceDoc;
use values::text;
pub use values::{Time, TotalsDoc};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    detection::{Role, ServicePort, is_zero},
    incident::short_id,
    notification::{
        email::Email,
        links::{Links, Metric, Target},
        notification::Notification,
        ranking::Ranking,
        routing::Routing,
    },
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
    /// Why it is an incident: see [`crate::incident::Signal::word`].
    pub signal: &'static str,
    /// `request` or `answer`, where the packets are ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// The decision behind it: see [`crate::incident::Reason::word`].
    pub reason: &'static str,
    /// Whether it is about test records.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
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
    pub ranking: RankingsDoc,
    /// The flows, heaviest first, at most [`MAX_FLOWS`].
    pub flows: Vec<FlowDoc>,
    /// Flows that are known and not among them.
    pub flows_left_out: u64,
    /// Whether there are no other flows than these: later messages remember the heaviest alone.
    pub flows_complete: bool,
    /// Lines of the batch that could not be read, and are counted nowhere; in an opened notification.
    #[serde(skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// When the rules were read that explanations are made from, the oldest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_read_at: Option<Time>,
    /// What could not be had from EC2.
    pub missing: Vec<MissingDataDoc>,
    /// Rejected records as they were logged, at most [`MAX_RECORDS`]; in later messages the newest, the newest first.
    pub records: Vec<String>,
    /// Links into the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<LinksDoc>,
    /// The same notification as an email.
    pub email: EmailDoc,
}

/// The incident that a notification is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Unique for each incident: the same in all its messages.
    pub id: String,
    /// What people call it, four characters: derived from the id, and seldom that of two open incidents.
    pub short_id: String,
    /// The same for all incidents of the same rule and place.
    pub key: String,
    /// The number of the notification within the incident; the opened one is 1.
    pub number: u32,
    /// When its first finding was processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Time>,
    /// How often it was reopened after it had been resolved.
    pub reopened: u32,
    /// When the previous email was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_sent_at: Option<Time>,
    /// When its last finding was processed; in a resolved email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// The previous incident of the same key; in an opened notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// Silences that have covered findings of the incident since the previous email.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silences: Vec<SilenceDoc>,
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
    /// Its dimensions; left out where it has none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metric_dimensions: BTreeMap<&'static str, &'static str>,
}

/// Who and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RankingsDoc {
    /// Source addresses.
    pub sources: RankingDoc,
    /// Target addresses.
    pub targets: RankingDoc,
    /// Interfaces.
    pub interfaces: RankingDoc,
    /// The server's ports, of TCP and UDP: `5432/tcp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<RankingDoc>,
}

/// Names with their weights, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RankingDoc {
    /// How many there are.
    pub distinct: u64,
    /// Whether that number is exact; otherwise an estimate, or a lower bound where records were counted without their names.
    pub exact: bool,
    /// The heaviest, heaviest first.
    pub top: Vec<RankedDoc>,
}

/// A name with its weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RankedDoc {
    /// The name.
    pub name: String,
    /// Packets, or records where those were not counted.
    pub weight: u64,
    /// The service that is usually offered on a port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<&'static str>,
}

impl RankingDoc {
    fn of<K: Clone + Ord + ToString>(ranking: &Ranking<K>) -> RankingDoc {
        let top = ranking.ranked.iter().take(MAX_RANKED);
        let top = top
            .map(|one| RankedDoc { name: text(&one.value.to_string()), weight: one.weight, service: None })
            .collect();
        RankingDoc { distinct: ranking.distinct, exact: ranking.is_complete(), top }
    }

    /// The ranking of the server's ports; none where nothing has one.
    fn of_ports(ranking: &Ranking<ServicePort>) -> Option<RankingDoc> {
        let mut ports = RankingDoc::of(ranking);
        for (one, ranked) in ports.top.iter_mut().zip(&ranking.ranked) {
            one.service = ranked.value.name();
        }
        (!ports.top.is_empty()).then_some(ports)
    }
}

/// Links into the AWS console. Their form is not documented by AWS: see [`crate::notification::links::console`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinksDoc {
    /// The records in Logs Insights.
    pub records: String,
    /// The metric around that time.
    pub metric: String,
    /// The first network ACL whose rules matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl: Option<String>,
    /// The first security group whose rules matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group: Option<String>,
    /// The first instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The first interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The first NAT gateway without an interface of its own: a regional one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nat_gateway: Option<String>,
    /// The log stream of an opened incident's batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream: Option<String>,
}

impl From<&Links> for LinksDoc {
    fn from(links: &Links) -> Self {
        let to = |is: fn(&Target) -> bool| links.to(is).map(str::to_owned);
        LinksDoc {
            records: to(Target::is_records).unwrap_or_default(),
            metric: to(|target| matches!(target, Target::Metric(_))).unwrap_or_default(),
            acl: to(|target| matches!(target, Target::Acl(_))),
            security_group: to(|target| matches!(target, Target::SecurityGroup(_))),
            instance: to(|target| matches!(target, Target::Instance(_))),
            interface: to(|target| matches!(target, Target::Interface(_))),
            nat_gateway: to(|target| matches!(target, Target::NatGateway(_))),
            log_stream: to(|target| matches!(target, Target::LogStream)),
        }
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
        let content = notification.content;
        let records = content.lines.iter().take(MAX_RECORDS);
        let metric = Metric::of(notification.key, notification.site);
        Document {
            version: VERSION,
            routing: Routing::of(notification),
            signal: notification.key.signal.word(),
            role: notification.key.signal.origin().role().map(Role::word),
            reason: notification.reason.word(),
            test: notification.is_test(),
            sent_at: Time::of(notification.now),
            late: notification.is_late(),
            incident: incident(notification),
            site: SiteDoc {
                log_account: text(&notification.key.account),
                log_stream: Some(text(&content.source.log_stream)).filter(|name| !name.is_empty()),
                metric_namespace: text(&notification.site.metric_namespace),
                metric_name: text(metric.name),
                metric_dimensions: metric.dimensions.into_iter().collect(),
            },
            totals: TotalsDoc::from(&notification.total),
            since: TotalsDoc::from(&notification.since),
            ranking: RankingsDoc {
                sources: RankingDoc::of(&content.sources),
                targets: RankingDoc::of(&content.targets),
                interfaces: RankingDoc::of(&content.interfaces),
                ports: RankingDoc::of_ports(&content.ports),
            },
            flows: notification.flows.iter().take(MAX_FLOWS).map(FlowDoc::from).collect(),
            flows_left_out: notification.flows.len().saturating_sub(MAX_FLOWS) as u64,
            flows_complete: content.complete && notification.flows.len() <= MAX_FLOWS,
            unreadable: content.unreadable,
            rules_read_at: notification.network.rules_read_at.and_then(Time::of),
            missing: notification.network.missing.iter().map(MissingDataDoc::from).collect(),
            records: records.map(|line| one_line(line, MAX_RECORD_CHARS).into_owned()).collect(),
            links: Some(LinksDoc::from(&notification.links)),
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
        short_id: short_id(notification.incident),
        key: text(&notification.key.to_string()),
        number: notification.number,
        opened_at: Time::of(notification.opened_at),
        reopened: notification.earlier.map_or(0, |earlier| earlier.reopened),
        previous_sent_at: notification.last_email_at.and_then(Time::of),
        ended_at: notification.last_seen.and_then(Time::of),
        previous: notification.previous.map(|past| Previous {
            id: text(&past.id),
            opened_at: Time::of(past.opened_at),
            ended_at: Time::of(past.last_seen),
            totals: TotalsDoc::from(&past.totals),
        }),
        silences: notification.silenced.iter().map(SilenceDoc::from).collect(),
    }
}
