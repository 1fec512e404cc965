//! Alerts: messages about an incident, before they are put into words.

use flow_log::EpochMillis;

use crate::{
    console_link::Console,
    detect::Detection,
    incident::{
        IncidentKey, Policy, Summary,
        state::{Closing, Open, Past},
    },
};

/// Where the function runs and what it publishes to: what links and signatures need.
#[derive(Clone, Debug)]
pub struct Site {
    /// The region of the log group.
    pub region: String,
    /// The links of that region.
    pub console: Console,
    /// The namespace of the published metrics.
    pub metric_namespace: String,
    /// The name of the metric that counts matched records.
    pub metric_name: String,
}

/// Which message of an incident it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The first one.
    Opening,
    /// One while the incident goes on.
    Update,
    /// The last one.
    AllClear,
}

/// The opening message, made from the batch that opened the incident.
#[derive(Clone, Debug)]
pub struct Alert<'a> {
    /// The key of the incident.
    pub key: &'a IncidentKey,
    /// The incident.
    pub incident: &'a str,
    /// What was found, at least one finding.
    pub detection: &'a Detection,
    /// The incident before it.
    pub previous: Option<&'a Past>,
    /// How often the incident may mail.
    pub policy: &'a Policy,
    /// Where it all happens.
    pub site: &'a Site,
    /// The time the message is made.
    pub now: EpochMillis,
}

/// A message made from an incident's counters: updates, all-clears, and an opening whose batch is gone.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Which message it is.
    pub kind: Kind,
    /// The key of the incident.
    pub key: &'a IncidentKey,
    /// The incident.
    pub incident: &'a str,
    /// When its first finding was processed.
    pub opened_at: EpochMillis,
    /// When the message before this one was sent; none for an opening.
    pub mailed_at: Option<EpochMillis>,
    /// When its last finding was processed, where it is over.
    pub last_seen: Option<EpochMillis>,
    /// The number of this message within the incident.
    pub number: u32,
    /// What came since the message before.
    pub since: Summary,
    /// Everything counted.
    pub total: &'a Summary,
    /// How often the incident may mail.
    pub policy: &'a Policy,
    /// Where it all happens.
    pub site: &'a Site,
    /// The time the message is made.
    pub now: EpochMillis,
}

impl<'a> Report<'a> {
    /// An opening that is late: whoever was to send it did not.
    pub fn opening(
        key: &'a IncidentKey,
        open: &'a Open,
        total: &'a Summary,
        site: &'a Site,
        policy: &'a Policy,
        now: EpochMillis,
    ) -> Self {
        Report { kind: Kind::Opening, mailed_at: None, ..Report::update(key, open, total, site, policy, now) }
    }

    /// An update.
    pub fn update(
        key: &'a IncidentKey,
        open: &'a Open,
        total: &'a Summary,
        site: &'a Site,
        policy: &'a Policy,
        now: EpochMillis,
    ) -> Self {
        Report {
            kind: Kind::Update,
            key,
            incident: &open.id,
            opened_at: open.opened_at,
            mailed_at: Some(open.mailed_at),
            last_seen: None,
            number: open.mails.saturating_add(1),
            since: total.since(&open.mailed),
            total,
            policy,
            site,
            now,
        }
    }

    /// An all-clear.
    pub fn over(
        key: &'a IncidentKey,
        closing: &'a Closing,
        site: &'a Site,
        policy: &'a Policy,
        now: EpochMillis,
    ) -> Self {
        Report {
            kind: Kind::AllClear,
            key,
            incident: &closing.id,
            opened_at: closing.opened_at,
            mailed_at: None,
            last_seen: Some(closing.last_seen),
            number: closing.mails.saturating_add(1),
            since: closing.summary.since(&closing.mailed),
            total: &closing.summary,
            policy,
            site,
            now,
        }
    }
}
