//! Messages about an incident, before they are put into words: emails, notifications and documents for machines are made from
//! the same values, so that they cannot disagree.

use crate::{
    detection::Totals,
    enrichment::Network,
    incident::{
        IncidentKey, Reason, Summary,
        policy::Policy,
        state::{ClosedIncident, OpenIncident, PastIncident},
    },
    notification::{content::NotificationContent, kind::NotificationKind, site::Site},
    time::EpochMillis,
};

/// A message about an incident.
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    /// Which message it is.
    pub kind: NotificationKind,
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
    pub last_email_at: Option<EpochMillis>,
    /// When the incident's last finding was processed, where it is over.
    pub last_seen: Option<EpochMillis>,
    /// The incident of the same key before this one, for an opening.
    pub previous: Option<&'a PastIncident>,
    /// What the message is about: everything so far, in an update what came since the message before.
    pub content: NotificationContent,
    /// Everything counted so far.
    pub total: Totals,
    /// What came since the message before.
    pub since: Totals,
    /// What is known of the places.
    pub network: &'a Network,
    /// How often the incident may email.
    pub policy: &'a Policy,
    /// Where it all happens.
    pub site: &'a Site,
    /// The time the message is made.
    pub now: EpochMillis,
}

/// What all messages need.
#[derive(Clone, Copy, Debug)]
pub struct NotificationContext<'a> {
    /// The key of the incident.
    pub key: &'a IncidentKey,
    /// The decision behind the message.
    pub reason: Reason,
    /// What is known of the places.
    pub network: &'a Network,
    /// How often the incident may email.
    pub policy: &'a Policy,
    /// Where it all happens.
    pub site: &'a Site,
    /// The time the message is made.
    pub now: EpochMillis,
}

impl<'a> Notification<'a> {
    /// The opening, made from the batch that opened the incident.
    pub fn opened(
        context: NotificationContext<'a>,
        incident: &'a str,
        content: NotificationContent,
        previous: Option<&'a PastIncident>,
    ) -> Notification<'a> {
        let totals = content.totals;
        Notification {
            kind: NotificationKind::Opened,
            reason: context.reason,
            key: context.key,
            incident,
            number: 1,
            opened_at: context.now,
            last_email_at: None,
            last_seen: None,
            previous,
            content,
            total: totals,
            since: totals,
            network: context.network,
            policy: context.policy,
            site: context.site,
            now: context.now,
        }
    }

    /// An opening made from the counters, which is late: whoever was to send it did not.
    pub fn late_opened(context: NotificationContext<'a>, open: &'a OpenIncident, total: &Summary) -> Notification<'a> {
        let content = NotificationContent::counters(context.key, total);
        Notification { opened_at: open.opened_at, ..Notification::opened(context, &open.id, content, None) }
    }

    /// An update about what came since the message before.
    pub fn update(
        context: NotificationContext<'a>,
        open: &'a OpenIncident,
        since: &Summary,
        total: Totals,
    ) -> Notification<'a> {
        let content = NotificationContent::counters(context.key, since);
        Notification {
            kind: NotificationKind::Update,
            number: open.emails.saturating_add(1),
            opened_at: open.opened_at,
            last_email_at: Some(open.last_email_at),
            total,
            ..Notification::opened(context, &open.id, content, None)
        }
    }

    /// An resolved.
    pub fn resolved(context: NotificationContext<'a>, closing: &'a ClosedIncident) -> Notification<'a> {
        let content = NotificationContent::counters(context.key, &closing.summary);
        Notification {
            kind: NotificationKind::Resolved,
            number: closing.emails.saturating_add(1),
            opened_at: closing.opened_at,
            last_seen: Some(closing.last_seen),
            since: closing.unreported,
            ..Notification::opened(context, &closing.id, content, None)
        }
    }

    /// Tells whether it is an opening that somebody else was to send earlier.
    pub fn is_late(&self) -> bool {
        self.kind == NotificationKind::Opened && self.opened_at < self.now
    }
}
