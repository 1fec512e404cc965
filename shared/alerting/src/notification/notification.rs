//! A notification about an incident: email, document and chat message are made from the same values, so that they cannot disagree.

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

/// A notification about an incident.
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    /// Opened, update or resolved.
    pub kind: NotificationKind,
    /// The decision behind it.
    pub reason: Reason,
    /// The key of the incident.
    pub key: &'a IncidentKey,
    /// The incident.
    pub incident: &'a str,
    /// The number of this notification within the incident; the opened one is 1.
    pub number: u32,
    /// When the incident's first finding was processed.
    pub opened_at: EpochMillis,
    /// When the previous email was sent; none for an opened one.
    pub last_email_at: Option<EpochMillis>,
    /// When the incident's last finding was processed, in a resolved one.
    pub last_seen: Option<EpochMillis>,
    /// The previous incident of the same key, in an opened one.
    pub previous: Option<&'a PastIncident>,
    /// What it is about: everything so far, in an update what came since the previous email.
    pub content: NotificationContent,
    /// Everything counted so far.
    pub total: Totals,
    /// What came since the previous email.
    pub since: Totals,
    /// What EC2 knows.
    pub network: &'a Network,
    /// When emails are sent.
    pub policy: &'a Policy,
    /// What stays the same for all notifications.
    pub site: &'a Site,
    /// When the notification is made.
    pub now: EpochMillis,
}

/// What all notifications need.
#[derive(Clone, Copy, Debug)]
pub struct NotificationContext<'a> {
    /// The key of the incident.
    pub key: &'a IncidentKey,
    /// The decision behind it.
    pub reason: Reason,
    /// What EC2 knows.
    pub network: &'a Network,
    /// When emails are sent.
    pub policy: &'a Policy,
    /// What stays the same for all notifications.
    pub site: &'a Site,
    /// When the notification is made.
    pub now: EpochMillis,
}

impl<'a> Notification<'a> {
    /// The opened notification, made from the batch that opened the incident.
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

    /// An opened notification made from the counters: it is late, because the run that should have sent it stopped.
    pub fn late_opened(context: NotificationContext<'a>, open: &'a OpenIncident, total: &Summary) -> Notification<'a> {
        let content = NotificationContent::counters(context.key, total);
        Notification { opened_at: open.opened_at, ..Notification::opened(context, &open.id, content, None) }
    }

    /// An update about what came since the previous email.
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

    /// A resolved notification.
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

    /// Tells whether it is an opened notification that another run should have sent earlier.
    pub fn is_late(&self) -> bool {
        self.kind == NotificationKind::Opened && self.opened_at < self.now
    }
}
