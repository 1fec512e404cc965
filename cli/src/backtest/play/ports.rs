//! The engine's ports: what was sent, scheduled, resolved and silenced is kept until the player takes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alerting::{
    detection::Origin,
    incident::{
        Signal,
        state::{ItemId, PastIncident, StoredItem, TimerMessage, Versioned, Write},
    },
    memory::MemoryIncidents,
    metrics::Point,
    notification::{
        NotificationKind, RenderedDigest, RenderedNotification, Severity,
        document::{Document, RankingDoc},
    },
    ports::{Commit, IncidentStore, MetricSink, Notifier, PortError, Sending, Timers},
    time::EpochMillis,
};

use super::traffic::BatchTraffic;

/// Names kept of a ranking: the heaviest.
const MAX_NAMES: usize = 3;

/// The metric's dimension that names a silence.
const SILENCE: &str = "Silence";

/// What happens in a backtest.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A batch is complete. It arrives later.
    Batch(BatchTraffic),
    /// An email is sent.
    Email(Box<SentEmail>),
    /// An incident is resolved, with or without an email. May come more than once, with the same values.
    Resolved(Box<PastIncident>),
    /// A silence covers records.
    Silenced(Silenced),
}

/// Records that a silence covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Silenced {
    /// The id of the silence.
    pub(crate) silence: String,
    pub(crate) records: u64,
}

/// An email that would have been sent.
#[derive(Clone, Debug)]
pub(crate) struct SentEmail {
    pub(crate) at: EpochMillis,
    pub(crate) kind: NotificationKind,
    pub(crate) origin: Origin,
    pub(crate) incident: String,
    /// What people call the incident.
    pub(crate) short_id: String,
    /// The account and the name of the log group.
    pub(crate) log_group: (String, String),
    pub(crate) severity: Severity,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// Records of the incident up to this email.
    pub(crate) records: u64,
    /// Packets of the incident up to this email, where records carry their number.
    pub(crate) packets: Option<u64>,
    /// The senders that the email states.
    pub(crate) senders: Listed,
    /// The receivers that the email states.
    pub(crate) receivers: Listed,
}

/// How many addresses there are, and the heaviest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) number: u64,
    /// Whether there are exactly so many.
    pub(crate) is_exact: bool,
    pub(crate) names: Vec<String>,
}

impl From<&RankingDoc> for Listed {
    fn from(ranking: &RankingDoc) -> Self {
        let names = ranking.top.iter().take(MAX_NAMES).map(|ranked| ranked.name.clone()).collect();
        Listed { number: ranking.distinct, is_exact: ranking.exact, names }
    }
}

impl SentEmail {
    fn of(RenderedNotification { email, document, .. }: &RenderedNotification) -> SentEmail {
        SentEmail {
            at: EpochMillis(0),
            kind: email.kind,
            origin: origin(document),
            incident: email.incident.clone(),
            short_id: document.incident.short_id.clone(),
            log_group: (document.site.log_account.clone(), document.routing.log_group.clone()),
            severity: document.routing.severity,
            subject: email.subject.clone(),
            body: email.body.clone(),
            records: email.records,
            packets: document.totals.packets,
            senders: Listed::from(&document.ranking.sources),
            receivers: Listed::from(&document.ranking.targets),
        }
    }
}

/// The origin that a document states with its signal.
fn origin(document: &Document) -> Origin {
    let signal = Signal::ALL.into_iter().find(|signal| signal.word() == document.signal);
    signal.map_or(Origin::default(), Signal::origin)
}

/// What came of the engine's current run.
#[derive(Debug, Default)]
pub(super) struct World(Mutex<Outbox>);

#[derive(Debug, Default)]
struct Outbox {
    events: Vec<Event>,
    timers: Vec<(u64, TimerMessage)>,
}

impl World {
    /// Takes the events of the run that began at `now`, and the timer messages with their delay in milliseconds.
    pub(super) fn take(&self, now: EpochMillis) -> (Vec<Event>, Vec<(u64, TimerMessage)>) {
        let Outbox { mut events, timers } = std::mem::take(&mut *self.outbox());
        for event in &mut events {
            if let Event::Email(email) = event {
                email.at = now;
            }
        }
        (events, timers)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what silences cover from the metric that counts it.
    fn note_silenced(&self, points: &[Point]) {
        for point in points {
            if let [(SILENCE, silence)] = &point.dimensions[..] {
                let silenced = Silenced { silence: silence.to_string(), records: point.sample.sum };
                self.outbox().events.push(Event::Silenced(silenced));
            }
        }
    }
}

/// The world as the engine sees it.
#[derive(Clone, Debug)]
pub(super) struct Ports(pub(super) Arc<World>);

/// The incidents, without the records of batches: those tell a batch that is delivered again, which never happens here, and there are as
/// many as batches.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) incidents: MemoryIncidents,
    world: Arc<World>,
}

impl Store {
    pub(super) fn new(world: Arc<World>) -> Store {
        Store { incidents: MemoryIncidents::default(), world }
    }

    /// Notes incidents that a commit has closed: not each of them has a resolved email.
    fn note_resolved<'w>(&self, writes: impl Iterator<Item = &'w Write>) {
        for write in writes {
            if let StoredItem::Incident(record) = &write.doc
                && let (None, Some(past)) = (&record.current, &record.last)
            {
                self.world.outbox().events.push(Event::Resolved(Box::new(past.clone())));
            }
        }
    }
}

impl IncidentStore for Store {
    async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
        self.incidents.get(ids).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, PortError> {
        let kept = writes.iter().filter(|write| !matches!(write.id, ItemId::Batch(_)));
        let commit = self.incidents.commit_all(kept.clone());
        if commit == Commit::Written {
            self.note_resolved(kept);
        }
        Ok(commit)
    }
}

impl Notifier for Ports {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        self.0.outbox().events.push(Event::Email(Box::new(SentEmail::of(notification))));
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

/// Metrics are nobody's email. Those of silences tell what no email does.
impl MetricSink for Ports {
    async fn publish(&self, points: &[Point]) -> Result<(), PortError> {
        self.0.note_silenced(points);
        Ok(())
    }

    fn log(&self, points: &[Point]) {
        self.0.note_silenced(points);
    }
}
