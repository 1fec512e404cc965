//! The choice of ports: AWS services, the console, or this process.

use alerting::{
    engine::Engine,
    enrichment::{EnrichmentRequest, MissingReason, Network},
    incident::state::{ItemId, TimerMessage, Versioned, Write},
    memory::MemoryIncidents,
    metrics::Point,
    notification::{RenderedDigest, RenderedNotification},
    ports::{Commit, Enricher, IncidentStore, MetricSink, Notifier, Notifiers, PortError, Sending, Timers},
};
use aws_adapters::{
    AlertTopic, ChatTopic, CloudWatchDigest, CloudWatchMetrics, DynamoIncidents, Ec2Network, Sns, SqsTimers,
    client::Shared,
};

use crate::{
    clock,
    config::{Config, PublishTo},
    console::Console,
    local_timers::LocalTimers,
};

/// The engine with the configured ports.
pub type Incidents = Engine<Store, Timer, Metrics, Networks>;

/// Returns the engine with the configured ports. No connection is opened before it is needed.
pub fn engine(config: &Config) -> Incidents {
    let shared = Shared::default();
    let (notifiers, metrics) = match &config.publish_to {
        PublishTo::Console { shows } => {
            let console = Console { shows: *shows };
            let required: Vec<Box<dyn Notifier>> = vec![Box::new(console)];
            (Notifiers { required, best_effort: Vec::new() }, Metrics::Console(console))
        }
        PublishTo::Aws { topic_arn, chat_topic_arn } => {
            let metrics = CloudWatchMetrics::new(shared.clone(), &config.site.metric_namespace);
            (topics(&Sns::new(shared.clone()), topic_arn, chat_topic_arn.as_deref()), Metrics::CloudWatch(metrics))
        }
    };
    let (store, timers) = match &config.incident_storage {
        None => (Store::Memory(MemoryIncidents::default()), Timer::Local(LocalTimers::default())),
        Some(tables) => (
            Store::DynamoDb(DynamoIncidents::new(shared.clone(), &tables.table)),
            Timer::Sqs(SqsTimers::new(shared.clone(), &tables.timer_queue_url)),
        ),
    };
    let network = network(config, &shared);
    Engine {
        store,
        timers,
        notifiers,
        metrics,
        network,
        policy: config.policy.clone(),
        group_by: config.group_by,
        signals: config.signals.clone(),
        site: config.site.clone(),
        operational_metrics: config.operational_metrics,
    }
}

/// Returns where a digest gets its numbers.
pub fn digest_source() -> CloudWatchDigest {
    CloudWatchDigest::new(Shared::default())
}

/// Returns the SNS destinations.
fn topics(sns: &Sns, topic_arn: &str, chat_topic_arn: Option<&str>) -> Notifiers {
    let chat = chat_topic_arn
        .map(|topic_arn| Box::new(BestEffort(ChatTopic::new(sns.clone(), topic_arn))) as Box<dyn Notifier>);
    Notifiers {
        required: vec![Box::new(Emails(AlertTopic::new(sns.clone(), topic_arn)))],
        best_effort: chat.into_iter().collect(),
    }
}

/// Returns the configured enricher. It caches responses, so create one for each process.
fn network(config: &Config, shared: &Shared) -> Networks {
    match &config.enrichment {
        None => Networks::Off,
        Some(enrichment) => {
            let keys = enrichment.owner_tag_keys.clone();
            Networks::Ec2(Box::new(OwnNetwork {
                ec2: Ec2Network::new(shared.clone(), keys, clock::now),
                account: config.site.account.clone(),
                region: config.site.region.clone(),
            }))
        }
    }
}

/// Where incidents are stored.
#[derive(Debug)]
pub enum Store {
    /// In this process's memory.
    Memory(MemoryIncidents),
    /// In a DynamoDB table.
    DynamoDb(DynamoIncidents),
}

impl IncidentStore for Store {
    async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
        match self {
            Store::Memory(store) => store.get(ids).await,
            Store::DynamoDb(store) => store.get(ids).await,
        }
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, PortError> {
        match self {
            Store::Memory(store) => store.commit(writes).await,
            Store::DynamoDb(store) => store.commit(writes).await,
        }
    }
}

/// How timer messages are scheduled.
#[derive(Debug)]
pub enum Timer {
    /// Within this process.
    Local(LocalTimers),
    /// Through delayed SQS messages.
    Sqs(SqsTimers),
}

impl Timer {
    /// Returns the messages that are due. Empty for SQS, which delivers its messages itself.
    pub fn due(&self, now: alerting::time::EpochMillis) -> Vec<TimerMessage> {
        match self {
            Timer::Local(timers) => timers.due(now),
            Timer::Sqs(_) => Vec::new(),
        }
    }

    /// Schedules a due message that failed again. SQS does this itself.
    pub fn failed(&self, message: &TimerMessage, now: alerting::time::EpochMillis) {
        if let Timer::Local(timers) = self {
            timers.failed(message, now);
        }
    }
}

impl Timers for Timer {
    async fn schedule(&self, message: &TimerMessage, delay_millis: u64) -> Result<(), PortError> {
        match self {
            Timer::Local(timers) => timers.schedule(message, delay_millis).await,
            Timer::Sqs(timers) => timers.schedule(message, delay_millis).await,
        }
    }
}

/// A best-effort destination whose failures are logged, because the engine only counts them.
#[derive(Debug)]
struct BestEffort<N>(N);

impl<N: Notifier> Notifier for BestEffort<N> {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        Box::pin(async move {
            self.0.send(notification).await.inspect_err(|error| {
                let (incident, kind) = (&notification.email.incident, notification.email.kind.word());
                tracing::warn!(incident, kind, "the email was sent, a best-effort destination failed: {error}");
            })
        })
    }

    fn send_digest<'a>(&'a self, digest: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(async move {
            self.0.send_digest(digest).await.inspect_err(|error| {
                let kind = digest.document.routing.kind;
                tracing::warn!(kind, "the email was sent, a best-effort destination failed: {error}");
            })
        })
    }
}

/// The destination of emails. A line is logged for each that was accepted: a Contributor Insights rule reads these lines
/// (`template.yaml`), and the digest lists the incidents from its report.
#[derive(Debug)]
struct Emails<N>(N);

impl<N: Notifier> Notifier for Emails<N> {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        Box::pin(async move {
            self.0.send(notification).await?;
            let (email, signal) = (&notification.email, notification.document.signal);
            tracing::info!(
                incident = email.incident,
                signal,
                kind = email.kind.word(),
                subject = email.subject,
                "email sent"
            );
            Ok(())
        })
    }

    fn send_digest<'a>(&'a self, digest: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(async move {
            self.0.send_digest(digest).await?;
            tracing::info!(kind = digest.document.routing.kind, subject = digest.subject, "digest sent");
            Ok(())
        })
    }
}

/// Where metrics are published.
#[derive(Debug)]
pub enum Metrics {
    /// To standard output.
    Console(Console),
    /// To CloudWatch.
    CloudWatch(CloudWatchMetrics),
}

impl MetricSink for Metrics {
    async fn publish(&self, points: &[Point]) -> Result<(), PortError> {
        match self {
            Metrics::Console(sink) => sink.publish(points).await,
            Metrics::CloudWatch(sink) => sink.publish(points).await,
        }
    }

    fn log(&self, points: &[Point]) {
        match self {
            Metrics::Console(sink) => sink.log(points),
            Metrics::CloudWatch(sink) => sink.log(points),
        }
    }

    async fn publish_deadline(&self) {
        match self {
            Metrics::Console(sink) => sink.publish_deadline().await,
            Metrics::CloudWatch(sink) => sink.publish_deadline().await,
        }
    }
}

/// Where enrichment data comes from.
#[derive(Debug)]
pub enum Networks {
    /// Nowhere: emails contain only what the records say.
    Off,
    /// From EC2.
    Ec2(Box<OwnNetwork>),
}

/// The network of the function's own account and region. In another one an address and an id are of something else.
#[derive(Debug)]
pub struct OwnNetwork {
    ec2: Ec2Network,
    /// The account, where it is known.
    account: Option<String>,
    region: String,
}

impl OwnNetwork {
    fn has(&self, request: &EnrichmentRequest) -> bool {
        self.region == request.region && self.account.as_ref().is_none_or(|account| *account == request.account)
    }
}

impl Enricher for Networks {
    async fn enrich(&self, request: &EnrichmentRequest) -> Network {
        match self {
            Networks::Off => Network::unknown(MissingReason::SwitchedOff),
            Networks::Ec2(own) if own.has(request) => own.ec2.enrich(request).await,
            Networks::Ec2(_) => Network::unknown(MissingReason::Elsewhere),
        }
    }
}
