//! A notification about an incident: every output is rendered from its values, so that none disagrees with another.

use crate::{
    detection::Totals,
    enrichment::Network,
    incident::{
        IncidentKey, KeyPart, Reason, SignalPolicy, Silenced, plan,
        policy::Policy,
        state::{ClosedIncident, Earlier, OpenIncident, PastIncident},
    },
    notification::{
        content::NotificationContent, explained::ExplainedFinding, kind::NotificationKind, language::Traffic,
        links::Links, severity::Severity, site::Site,
    },
    time::EpochMillis,
};

/// A notification about an incident.
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    /// Opened, reopened, update or resolved.
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
    /// What the incident was before it was reopened, where it was.
    pub earlier: Option<&'a Earlier>,
    /// Milliseconds without a finding after which the incident is resolved.
    pub quiet_millis: u64,
    /// The previous incident of the same key, in an opened one.
    pub previous: Option<&'a PastIncident>,
    /// What it is about: everything so far, in an update what came since the previous email.
    pub content: &'a NotificationContent,
    /// The findings of the content, explained, heaviest first.
    pub flows: Vec<ExplainedFinding<'a>>,
    /// Links into the console.
    pub links: Links,
    /// Everything counted so far.
    pub total: Totals,
    /// What came since the previous email.
    pub since: Totals,
    /// Silences that have covered findings of the incident: those are in none of the numbers.
    pub silenced: &'a [Silenced],
    /// What EC2 knows.
    pub network: &'a Network,
    /// When emails are sent.
    pub policy: &'a Policy,
    /// What makes findings from the internet an incident.
    pub signals: &'a SignalPolicy,
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
    /// Silences that have covered findings of the incident: those are in none of the numbers.
    pub silenced: &'a [Silenced],
    /// What EC2 knows.
    pub network: &'a Network,
    /// When emails are sent.
    pub policy: &'a Policy,
    /// What makes findings from the internet an incident.
    pub signals: &'a SignalPolicy,
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
        content: &'a NotificationContent,
        previous: Option<&'a PastIncident>,
    ) -> Notification<'a> {
        Notification { previous, ..Notification::of(context, (incident, context.now), content) }
    }

    fn of(
        context: NotificationContext<'a>,
        (incident, opened_at): (&'a str, EpochMillis),
        content: &'a NotificationContent,
    ) -> Notification<'a> {
        let NotificationContext { key, reason, silenced, network, policy, signals, site, now } = context;
        let flows: Vec<ExplainedFinding<'a>> =
            content.findings.iter().map(|finding| ExplainedFinding::of(finding, network)).collect();
        let first = content.totals.first_start.unwrap_or(opened_at);
        let last = content.totals.last_end.unwrap_or(now).max(first);
        Notification {
            kind: NotificationKind::Opened,
            reason,
            key,
            incident,
            number: 1,
            opened_at,
            last_email_at: None,
            last_seen: None,
            earlier: None,
            quiet_millis: policy.quiet_millis(),
            previous: None,
            content,
            links: Links::of(content, &flows, site, key, (first, last)),
            flows,
            total: content.totals,
            since: content.totals,
            silenced,
            network,
            policy,
            signals,
            site,
            now,
        }
    }

    /// An opened notification made from the counters: it is late, because the run that should have sent it stopped.
    pub fn late_opened(
        context: NotificationContext<'a>,
        open: &'a OpenIncident,
        content: &'a NotificationContent,
    ) -> Notification<'a> {
        Notification::of(context, (&open.id, open.opened_at), content)
    }

    /// An update about what came since the previous email.
    pub fn update(
        context: NotificationContext<'a>,
        open: &'a OpenIncident,
        content: &'a NotificationContent,
        total: Totals,
    ) -> Notification<'a> {
        let number = open.emails.saturating_add(1);
        let notification = Notification {
            kind: if open.is_reopening() { NotificationKind::Reopened } else { NotificationKind::Update },
            number,
            last_email_at: Some(open.last_email_at),
            total,
            ..Notification::of(context, (&open.id, open.opened_at), content)
        };
        notification.reopened(open.earlier.as_ref(), number)
    }

    /// A resolved notification.
    pub fn resolved(
        context: NotificationContext<'a>,
        closing: &'a ClosedIncident,
        content: &'a NotificationContent,
    ) -> Notification<'a> {
        let notification = Notification {
            kind: NotificationKind::Resolved,
            number: closing.emails.saturating_add(1),
            last_seen: Some(closing.last_seen),
            since: closing.unreported,
            ..Notification::of(context, (&closing.id, closing.opened_at), content)
        };
        notification.reopened(closing.earlier.as_ref(), closing.emails)
    }

    /// The same for an incident that may have been reopened, once it has so many emails: readers see it as the one that it continues.
    fn reopened(self, earlier: Option<&'a Earlier>, emails: u32) -> Notification<'a> {
        let Some(before) = earlier else { return self };
        let mut total = before.totals;
        total.add(&self.total);
        Notification {
            incident: &before.incident,
            opened_at: before.opened_at,
            earlier,
            quiet_millis: plan::quiet_millis(earlier, emails, self.policy),
            total,
            ..self
        }
    }

    /// What its packets are called.
    pub fn traffic(&self) -> Traffic {
        Traffic::of(self.key.rule)
    }

    /// Tells whether it is about test records.
    pub fn is_test(&self) -> bool {
        self.key.part == KeyPart::Test
    }

    /// Tells whether silences are in force that cover findings of the incident: nothing else may come of it.
    pub fn is_silenced(&self) -> bool {
        self.silenced.iter().any(|one| one.ended.is_none())
    }

    /// Tells whether it is an opened notification that another run should have sent earlier.
    pub fn is_late(&self) -> bool {
        self.kind == NotificationKind::Opened && self.opened_at < self.now
    }

    /// How urgent it is.
    pub fn severity(&self) -> Severity {
        Severity::of(self.kind, self.key.rule, self.key.signal, self.content.targets.distinct)
    }

    /// Tells whether it is sent as soon as its incident was found.
    pub fn is_prompt(&self) -> bool {
        self.kind == NotificationKind::Opened && !self.is_late()
    }
}
