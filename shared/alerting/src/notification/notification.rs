//! Messages about an incident, before they are put into words: mails, notifications and documents for machines are made from
//! the same values, so that they cannot disagree.

use crate::{
    detection::Totals,
    enrichment::Network,
    incident::{
        IncidentKey, Reason, Summary,
        policy::Policy,
        state::{Closing, Open, Past},
    },
    notification::{content::Told, kind::Kind, site::Site},
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
