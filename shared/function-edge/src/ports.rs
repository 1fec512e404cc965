//! Which ports are behind the traits: AWS's services, the console, or this process.

use alerting::{
    engine::Engine,
    enrichment::{EnrichmentRequest, MissingReason, Network},
    incident::state::{ItemId, Versioned, Write},
    memory::MemoryIncidents,
    metrics::Point,
    notification::RenderedNotification,
    ports::{Commit, Enricher, IncidentStore, MetricSink, Notifier, PortError, TimerMessage, Timers},
};
use aws_adapters::{CloudWatchMetrics, DynamoIncidents, Ec2Network, SnsAlerts, SqsTimers, client::Shared};

use crate::{
    clock,
    config::{Config, PublishTo},
    console::Console,
    local_timers::LocalTimers,
};

/// The engine with a choice of ports behind each trait.
pub type Incidents = Engine<Store, Timer, Alerts, Metrics, Networks>;

/// The engine with the ports that the configuration asks for. Nothing is connected before it is needed.
pub fn engine(config: &Config) -> Incidents {
    let shared = Shared::default();
    let (alerts, metrics) = match &config.publish_to {
        PublishTo::Console { shows } => {
            let console = Console { shows: *shows };
            (Alerts::Console(console), Metrics::Console(console))
        }
        PublishTo::Aws { topic_arn, chat_topic_arn } => (
            Alerts::Sns(SnsAlerts::new(shared.clone(), topic_arn, chat_topic_arn.clone())),
            Metrics::CloudWatch(CloudWatchMetrics::new(shared.clone(), &config.site.metric_namespace)),
        ),
    };
    let (store, timers) = match &config.remember_in {
        None => (Store::Memory(MemoryIncidents::default()), Timer::Local(LocalTimers::default())),
        Some(tables) => (
            Store::DynamoDb(DynamoIncidents::new(shared.clone(), &tables.table)),
            Timer::Sqs(SqsTimers::new(shared.clone(), &tables.timer_queue_url)),
        ),
    };
    let network = network(config, &shared);
    let (policy, site) = (config.policy.clone(), config.site.clone());
    let operational_metrics = config.operational_metrics;
    Engine { store, timers, alerts, metrics, network, policy, group_by: config.group_by, site, operational_metrics }
}

/// The source of names, owners and rules that the configuration asks for. It keeps what it learns: make one for a process.
fn network(config: &Config, shared: &Shared) -> Networks {
    match &config.look_ups {
        None => Networks::Off,
        Some(look_ups) => {
            let keys = look_ups.owner_tag_keys.clone();
            Networks::Ec2(Box::new(Ec2Network::new(shared.clone(), keys, clock::now)))
        }
    }
}

/// Where incidents are remembered.
#[derive(Debug)]
pub enum Store {
    /// In this process.
    Memory(MemoryIncidents),
    /// In a table.
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

/// How to come back to incidents.
#[derive(Debug)]
pub enum Timer {
    /// Within this process.
    Local(LocalTimers),
    /// By delayed messages.
    Sqs(SqsTimers),
}

impl Timer {
    /// The messages that are due and that nobody else delivers.
    pub fn due(&self, now: alerting::time::EpochMillis) -> Vec<TimerMessage> {
        match self {
            Timer::Local(timers) => timers.due(now),
            Timer::Sqs(_) => Vec::new(),
        }
    }

    /// Keeps a message that was due and failed, for another time.
    pub fn failed(&self, wake: &TimerMessage, now: alerting::time::EpochMillis) {
        if let Timer::Local(timers) = self {
            timers.failed(wake, now);
        }
    }
}

impl Timers for Timer {
    async fn arm(&self, wake: &TimerMessage, delay_millis: u64) -> Result<(), PortError> {
        match self {
            Timer::Local(timers) => timers.arm(wake, delay_millis).await,
            Timer::Sqs(timers) => timers.arm(wake, delay_millis).await,
        }
    }
}

/// Where mails go.
#[derive(Debug)]
pub enum Alerts {
    /// To standard output.
    Console(Console),
    /// To a topic.
    Sns(SnsAlerts),
}

impl Notifier for Alerts {
    async fn send(&self, notice: &RenderedNotification) -> Result<(), PortError> {
        match self {
            Alerts::Console(sink) => sink.send(notice).await,
            Alerts::Sns(sink) => sink.send(notice).await,
        }
    }

    async fn tell_chat(&self, notice: &RenderedNotification) -> Result<(), PortError> {
        let content = match self {
            Alerts::Console(sink) => sink.tell_chat(notice).await,
            Alerts::Sns(sink) => sink.tell_chat(notice).await,
        };
        content.inspect_err(|error| {
            // The one place that says so: the mail is sent and recorded, and nobody tries this again.
            let (incident, kind) = (&notice.email.incident, notice.email.kind.word());
            tracing::warn!(incident, kind, "the mail was sent, but the chat was not told: {error}");
        })
    }
}

/// Where metrics go.
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

    async fn publish_deadline(&self) {
        match self {
            Metrics::Console(sink) => sink.publish_deadline().await,
            Metrics::CloudWatch(sink) => sink.publish_deadline().await,
        }
    }
}

/// Who knows names, owners and rules.
#[derive(Debug)]
pub enum Networks {
    /// Nobody: mails go by the records alone.
    Off,
    /// EC2.
    Ec2(Box<Ec2Network>),
}

impl Enricher for Networks {
    async fn enrich(&self, wanted: &EnrichmentRequest) -> Network {
        match self {
            Networks::Off => Network::unknown(MissingReason::SwitchedOff),
            Networks::Ec2(source) => source.enrich(wanted).await,
        }
    }
}
