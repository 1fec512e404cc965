//! Enriching and sending emails.

use futures_util::future;

use crate::{
    engine::{Engine, claim::OpenedEmail, error::EngineError},
    enrichment::Network,
    incident::{
        IncidentKey, Reason, Silenced, Summary,
        plan::Counters,
        state::{ClosedIncident, OpenIncident},
    },
    notification::{Notification, NotificationContent, NotificationContext, RenderedNotification},
    ports::{Enricher, IncidentStore, MetricSink, PortError, Timers},
    time::EpochMillis,
};

/// What became of an email.
pub(super) type Sent = Result<RenderedNotification, PortError>;

/// An email that a timer message sends.
#[derive(Clone, Copy)]
pub(super) enum DueEmail<'a> {
    /// The opened email, late: the incident and its counters.
    Opened(&'a OpenIncident, &'a Summary),
    /// An update.
    Update(&'a OpenIncident, &'a Counters),
    /// The resolved email.
    Resolved(&'a ClosedIncident),
}

impl<'a> DueEmail<'a> {
    fn content(self, key: &IncidentKey) -> NotificationContent {
        NotificationContent::counters(
            key,
            match self {
                DueEmail::Opened(_, summary) => summary,
                DueEmail::Update(_, counters) => &counters.unreported,
                DueEmail::Resolved(closed) => &closed.summary,
            },
        )
    }

    fn silenced(self) -> &'a [Silenced] {
        match self {
            DueEmail::Opened(open, _) | DueEmail::Update(open, _) => &open.silenced,
            DueEmail::Resolved(closed) => &closed.silenced,
        }
    }

    fn notification(self, context: NotificationContext<'a>, content: &'a NotificationContent) -> Notification<'a> {
        match self {
            DueEmail::Opened(open, _) => Notification::late_opened(context, open, content),
            DueEmail::Update(open, counters) => Notification::update(context, open, content, counters.total.totals),
            DueEmail::Resolved(closed) => Notification::resolved(context, closed, content),
        }
    }
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Sends the opened emails of a batch.
    pub(super) async fn send_opened(&self, opened: &[OpenedEmail<'_>], now: EpochMillis) -> Vec<Sent> {
        if opened.is_empty() {
            return Vec::new();
        }
        let contents: Vec<NotificationContent> = opened.iter().map(OpenedEmail::content).collect();
        let network = self.network.enrich(&NotificationContent::enrichment_request(&contents)).await;
        let mut sent = Vec::with_capacity(opened.len());
        for (email, content) in opened.iter().zip(&contents) {
            let record = email.record.value.as_ref();
            let open = record.and_then(|record| record.current.as_ref());
            let silenced = open.map_or(&[][..], |open| &open.silenced);
            let context = self.context((&email.findings.key, email.reason), silenced, &network, now);
            let notification = match (&email.counters, open) {
                (Some(_), Some(open)) => Notification::late_opened(context, open, content),
                _ => {
                    let previous = record.and_then(|record| record.last.as_ref());
                    Notification::opened(context, &email.incident, content, previous)
                }
            };
            sent.push(self.send_required(&notification).await);
        }
        sent
    }

    /// Enriches an email that is due, and sends it.
    pub(super) async fn send_due(
        &self,
        key: &IncidentKey,
        reason: Reason,
        email: DueEmail<'_>,
        now: EpochMillis,
    ) -> Sent {
        let content = email.content(key);
        let request = NotificationContent::enrichment_request(std::slice::from_ref(&content));
        let network = self.network.enrich(&request).await;
        let context = self.context((key, reason), email.silenced(), &network, now);
        self.send_required(&email.notification(context, &content)).await
    }

    /// Sends a notification to all required destinations.
    async fn send_required(&self, notification: &Notification<'_>) -> Sent {
        let rendered = RenderedNotification::of(notification);
        for notifier in &self.notifiers.required {
            notifier.send(&rendered).await?;
        }
        Ok(rendered)
    }

    /// Records what was sent, and sends it to the best-effort destinations at the same time: one that fails or hangs keeps no email
    /// from being recorded, and so repeats none. Returns how often one failed.
    pub(super) async fn send_best_effort(
        &self,
        sent: &[RenderedNotification],
        record: impl Future<Output = Result<(), EngineError>>,
    ) -> Result<u64, EngineError> {
        let sending = async {
            let mut failures = 0;
            for notification in sent {
                for notifier in &self.notifiers.best_effort {
                    failures += u64::from(notifier.send(notification).await.is_err());
                }
            }
            failures
        };
        let (recorded, failures) = future::join(record, sending).await;
        recorded.map(|()| failures)
    }

    fn context<'a>(
        &'a self,
        (key, reason): (&'a IncidentKey, Reason),
        silenced: &'a [Silenced],
        network: &'a Network,
        now: EpochMillis,
    ) -> NotificationContext<'a> {
        NotificationContext {
            key,
            reason,
            silenced,
            network,
            policy: &self.policy,
            signals: &self.signals,
            site: &self.site,
            now,
        }
    }
}
