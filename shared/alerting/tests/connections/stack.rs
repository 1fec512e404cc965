//! The engine with an incident store in memory, and what it sends.

use std::{
    future::{Future, ready},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use alerting::{
    detection::Rules,
    engine::{Engine, Outcome},
    enrichment::{EnrichmentRequest, Interface, MissingReason, Network},
    incident::{GroupBy, policy::Policy, state::TimerMessage},
    memory::MemoryIncidents,
    metrics::Point,
    notification::{Language, RenderedDigest, RenderedNotification, Site, links::console::AwsConsole},
    ports::{Enricher, MetricSink, Notifier, Notifiers, PortError, Sending, Timers},
    time::EpochMillis,
    zone::Zone,
};
use flow_log::Formats;
use serde_json::Value;

use super::{detect, policy};

/// The world of the engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    pub(crate) sent: Arc<Mutex<Vec<Value>>>,
    /// What was published by calls: name, dimensions and sum of each point.
    pub(crate) published: Arc<Mutex<Vec<Vec<String>>>>,
    /// What EC2 knows; none: it does not answer.
    pub(crate) interfaces: Option<Vec<Interface>>,
    pub(crate) asked: Arc<Mutex<u32>>,
}

impl Notifier for Ports {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        self.sent.lock().unwrap().push(serde_json::from_str(&notification.document.json()).unwrap());
        Box::pin(ready(Ok(())))
    }

    fn send_digest<'a>(&'a self, _: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(ready(Ok(())))
    }
}

impl Timers for Ports {
    async fn schedule(&self, _: &TimerMessage, _: u64) -> Result<(), PortError> {
        Ok(())
    }
}

impl MetricSink for Ports {
    async fn publish(&self, points: &[Point]) -> Result<(), PortError> {
        let text = |point: &Point| {
            let values: Vec<&str> = point.dimensions.iter().map(|(_, value)| &**value).collect();
            format!("{} {} {}", point.name, values.join(" "), point.sample.sum)
        };
        self.published.lock().unwrap().push(points.iter().map(text).collect());
        Ok(())
    }

    fn log(&self, _: &[Point]) {}
}

impl Enricher for Ports {
    async fn enrich(&self, wanted: &EnrichmentRequest) -> Network {
        *self.asked.lock().unwrap() += 1;
        let Some(known) = &self.interfaces else { return Network::unknown(MissingReason::TooSlow) };
        let known = known.iter().filter(|one| wanted.addresses.iter().any(|address| one.owns(*address)));
        Network { interfaces: known.map(|one| (one.id.to_string(), one.clone())).collect(), ..Network::default() }
    }
}

/// A deployment.
pub(crate) struct Stack {
    pub(crate) engine: Engine<MemoryIncidents, Ports, Ports, Ports>,
    pub(crate) ports: Ports,
    rules: Rules,
    batches: u32,
}

impl Stack {
    pub(crate) fn new(rules: Rules, ports: Ports) -> Stack {
        let formats = Formats::default();
        let engine = Engine {
            store: MemoryIncidents::default(),
            timers: ports.clone(),
            notifiers: Notifiers { required: vec![Box::new(ports.clone())], best_effort: Vec::new() },
            metrics: ports.clone(),
            network: ports.clone(),
            policy: Policy::default(),
            group_by: GroupBy::LogGroup,
            signals: policy(rules),
            operational_metrics: false,
            site: Site {
                account: None,
                region: "eu-west-1".into(),
                console: AwsConsole::new("eu-west-1"),
                metric_namespace: "n".into(),
                metric_name: "m".into(),
                language: Language::English,
                zone: Zone::UTC,
                stack: Some("ping-deny".into()),
                formats,
            },
        };
        Stack { engine, ports, rules, batches: 0 }
    }

    /// Delivers a batch some seconds after the records of its case.
    pub(crate) fn batch(&mut self, case: &str) -> Outcome {
        self.batches += 1;
        self.deliver(case, self.batches)
    }

    /// Delivers the batch with this number.
    pub(crate) fn deliver(&self, case: &str, number: u32) -> Outcome {
        let detection = detect(case, self.rules);
        let end = detection.totals().last_end.map_or(1_000_050_000, |end| end.0);
        poll(self.engine.batch(&format!("batch-{number}"), &detection, EpochMillis(end + 300_000))).unwrap()
    }

    /// The keys of the incidents that emails were sent about, without what all have.
    pub(crate) fn opened(&self) -> Vec<String> {
        let of = |document: &Value| document["incident"]["key"].as_str().map(|key| key.replace("|1|eu-west-1|g|", " "));
        self.ports
            .sent
            .lock()
            .unwrap()
            .iter()
            .map(|document| of(document).unwrap_or_else(|| document.to_string()))
            .collect()
    }

    pub(crate) fn asked(&self) -> u32 {
        *self.ports.asked.lock().unwrap()
    }
}

/// Runs what never waits.
pub(crate) fn poll<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}
