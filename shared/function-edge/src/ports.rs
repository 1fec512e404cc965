//! Which ports are behind the traits: AWS's services, the console, or this process.

use alerting::{
    engine::Engine,
    incident::state::{DocId, Versioned, Write},
    mail::Mail,
    memory::MemoryIncidents,
    metric::Point,
    ports::{AlertSink, Commit, IncidentStore, MetricSink, PortError, Timers, Wake},
};
use aws_adapters::{CloudWatchMetrics, DynamoIncidents, SnsAlerts, SqsTimers, client::Shared};

use crate::{
    config::{Config, PublishTo},
    console::Console,
    local_timers::LocalTimers,
};

/// The engine with the ports that the configuration asks for. Nothing is connected before it is needed.
pub fn engine(config: &Config) -> Engine<Store, Timer, Alerts, Metrics> {
    let shared = Shared::default();
    let (alerts, metrics) = match &config.publish_to {
        PublishTo::Console => (Alerts::Console(Console), Metrics::Console(Console)),
        PublishTo::Aws { topic_arn } => (
            Alerts::Sns(SnsAlerts::new(shared.clone(), topic_arn)),
            Metrics::CloudWatch(CloudWatchMetrics::new(shared.clone(), &config.site.metric_namespace)),
        ),
    };
    let (store, timers) = match &config.remember_in {
        None => (Store::Memory(MemoryIncidents::default()), Timer::Local(LocalTimers::default())),
        Some(tables) => (
            Store::DynamoDb(DynamoIncidents::new(shared.clone(), &tables.table)),
            Timer::Sqs(SqsTimers::new(shared, &tables.timer_queue_url)),
        ),
    };
    let (policy, site) = (config.policy.clone(), config.site.clone());
    let operational_metrics = config.operational_metrics;
    Engine { store, timers, alerts, metrics, policy, group_by: config.group_by, site, operational_metrics }
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
    async fn get(&self, ids: &[DocId]) -> Result<Vec<Option<Versioned>>, PortError> {
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
    pub fn due(&self, now: alerting::time::EpochMillis) -> Vec<Wake> {
        match self {
            Timer::Local(timers) => timers.due(now),
            Timer::Sqs(_) => Vec::new(),
        }
    }
}

impl Timers for Timer {
    async fn arm(&self, wake: &Wake, delay_millis: u64) -> Result<(), PortError> {
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

impl AlertSink for Alerts {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        match self {
            Alerts::Console(sink) => sink.send(mail).await,
            Alerts::Sns(sink) => sink.send(mail).await,
        }
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

    async fn patience(&self) {
        match self {
            Metrics::Console(sink) => sink.patience().await,
            Metrics::CloudWatch(sink) => sink.patience().await,
        }
    }
}
