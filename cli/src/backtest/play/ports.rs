//! The engine's ports: what was sent and scheduled is kept until the player takes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alerting::{
    incident::state::{ItemId, TimerMessage, Versioned, Write},
    memory::MemoryIncidents,
    metrics::Point,
    notification::{NotificationKind, RenderedDigest, RenderedNotification},
    ports::{Commit, IncidentStore, MetricSink, Notifier, PortError, Sending, Timers},
    time::EpochMillis,
};

/// An email that would have been sent.
#[derive(Clone, Debug)]
pub(crate) struct SentEmail {
    pub(crate) at: EpochMillis,
    pub(crate) kind: NotificationKind,
    /// `own`, `private` or `internet`.
    pub(crate) origin: &'static str,
    /// `request` or `answer`, where the packets are own.
    pub(crate) role: Option<&'static str>,
    pub(crate) incident: String,
    pub(crate) severity: &'static str,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// Records of the incident up to this email.
    pub(crate) records: u64,
}

/// What the engine sent and scheduled in its current run.
#[derive(Debug, Default)]
pub(super) struct World(Mutex<Outbox>);

#[derive(Debug, Default)]
struct Outbox {
    emails: Vec<SentEmail>,
    timers: Vec<(u64, TimerMessage)>,
}

impl World {
    /// Takes the emails of the run that began at `now`, and the timer messages with their delay in milliseconds.
    pub(super) fn take(&self, now: EpochMillis) -> (Vec<SentEmail>, Vec<(u64, TimerMessage)>) {
        let Outbox { mut emails, timers } = std::mem::take(&mut *self.outbox());
        emails.iter_mut().for_each(|email| email.at = now);
        (emails, timers)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The world as the engine sees it.
#[derive(Clone, Debug)]
pub(super) struct Ports(pub(super) Arc<World>);

/// The incidents, without the records of batches: those tell a batch that is delivered again, which never happens here, and there are as
/// many as batches.
#[derive(Debug, Default)]
pub(super) struct Store(pub(super) MemoryIncidents);

impl IncidentStore for Store {
    async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
        self.0.get(ids).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, PortError> {
        let kept: Vec<Write> = writes.iter().filter(|write| !matches!(write.id, ItemId::Batch(_))).cloned().collect();
        self.0.commit(&kept).await
    }
}

impl Notifier for Ports {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        let RenderedNotification { email, document, .. } = notification;
        self.0.outbox().emails.push(SentEmail {
            at: EpochMillis(0),
            kind: email.kind,
            origin: document.routing.origin,
            role: document.role,
            incident: email.incident.clone(),
            severity: document.routing.severity.word(),
            subject: email.subject.clone(),
            body: email.body.clone(),
            records: email.records,
        });
        Box::pin(std::future::ready(Ok(())))
    }

    fn send_digest<'a>(&'a self, _: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Timers for Ports {
    async fn schedule(&self, message: &TimerMessage, delay_millis: u64) -> Result<(), PortError> {
        self.0.outbox().timers.push((delay_millis, message.clone()));
        Ok(())
    }
}

/// Metrics are nobody's email.
impl MetricSink for Ports {
    async fn publish(&self, _: &[Point]) -> Result<(), PortError> {
        Ok(())
    }

    fn log(&self, _: &[Point]) {}
}
