//! Each digest is sent once, first sent and then recorded.

use std::{
    future::{Future, ready},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use alerting::{
    digest::Cadence,
    engine::{DigestRequest, Engine, EngineError, Outcome},
    incident::{
        GroupBy, Reason, SignalPolicy,
        policy::Policy,
        state::{ItemId, StoredItem, TimerMessage},
    },
    memory::{MemoryIncidents, NoNetwork},
    metrics::Point,
    notification::{RenderedDigest, RenderedNotification},
    ports::{IncidentStore, MetricSink, Notifier, Notifiers, PortError, Sending, Timers},
    time::{EpochMillis, after},
};

use crate::stack::{HOUR, MINUTE, NOW, Stack};

/// A destination: what it got, and whether it refuses.
#[derive(Clone, Debug, Default)]
struct Topic {
    sent: Arc<Mutex<Vec<String>>>,
    refuses: Arc<Mutex<bool>>,
}

impl Topic {
    fn subjects(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

impl Notifier for Topic {
    fn send<'a>(&'a self, _: &'a RenderedNotification) -> Sending<'a> {
        Box::pin(ready(Err(PortError { call: "send", reason: "no digest".to_owned() })))
    }

    fn send_digest<'a>(&'a self, digest: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(async move {
            if *self.refuses.lock().unwrap() {
                return Err(PortError { call: "send", reason: "refused".to_owned() });
            }
            self.sent.lock().unwrap().push(digest.subject.clone());
            Ok(())
        })
    }
}

#[derive(Debug)]
struct Nothing;

impl Timers for Nothing {
    async fn schedule(&self, _: &TimerMessage, _: u64) -> Result<(), PortError> {
        panic!("a digest schedules nothing")
    }
}

impl MetricSink for Nothing {
    async fn publish(&self, _: &[Point]) -> Result<(), PortError> {
        Ok(())
    }

    fn log(&self, _: &[Point]) {}
}

struct World {
    engine: Engine<MemoryIncidents, Nothing, Nothing, NoNetwork>,
    stack: Stack,
    topic: Topic,
    chat: Topic,
}

impl World {
    fn new() -> World {
        let (stack, topic, chat) = (Stack::quiet(), Topic::default(), Topic::default());
        let engine = Engine {
            store: MemoryIncidents::default(),
            timers: Nothing,
            notifiers: Notifiers { required: vec![Box::new(topic.clone())], best_effort: vec![Box::new(chat.clone())] },
            metrics: Nothing,
            network: NoNetwork,
            policy: Policy::default(),
            group_by: GroupBy::LogGroup,
            signals: SignalPolicy::default(),
            site: stack.site(),
            operational_metrics: true,
        };
        World { engine, stack, topic, chat }
    }

    fn digest(&self, cadence: Cadence, now: EpochMillis) -> Result<Outcome, EngineError> {
        let settings = self.stack.settings();
        let request = DigestRequest { cadence, settings: &settings, run: "run" };
        poll(self.engine.digest(&self.stack.cloudwatch, request, now))
    }
}

/// Runs what never waits.
fn poll<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn a_digest_is_sent_once_however_often_its_schedule_comes() {
    let world = World::new();
    let first = world.digest(Cadence::Daily, NOW).unwrap();
    assert_eq!((first.emails, first.best_effort_failures), (1, 0));
    for later in [0, 1_000, 10 * MINUTE, 23 * HOUR] {
        let again = world.digest(Cadence::Daily, after(NOW, later)).unwrap();
        assert_eq!((again.emails, again.reasons), (0, vec![Reason::Repeated]), "{later}");
    }
    assert_eq!(world.topic.subjects(), ["[Ping-Deny] Daily digest 2026-11-30: nothing of yours was blocked"]);
    assert_eq!(world.chat.subjects(), world.topic.subjects());
    // The next day has its own, and so has the week.
    assert_eq!(world.digest(Cadence::Daily, after(NOW, 24 * HOUR)).unwrap().emails, 1);
    assert_eq!(world.digest(Cadence::Weekly, NOW).unwrap().emails, 1);
    assert_eq!(world.topic.subjects().len(), 3);
}

#[test]
fn a_digest_that_could_not_be_sent_is_sent_by_the_retry() {
    let world = World::new();
    *world.topic.refuses.lock().unwrap() = true;
    let error = world.digest(Cadence::Daily, NOW).unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(world.chat.subjects().is_empty());
    *world.topic.refuses.lock().unwrap() = false;
    assert_eq!(world.digest(Cadence::Daily, after(NOW, 1)).unwrap().emails, 1);
    assert_eq!(world.digest(Cadence::Daily, after(NOW, 2)).unwrap().emails, 0);
}

#[test]
fn a_chat_that_fails_repeats_no_digest() {
    let world = World::new();
    *world.chat.refuses.lock().unwrap() = true;
    let sent = world.digest(Cadence::Daily, NOW).unwrap();
    assert_eq!((sent.emails, sent.best_effort_failures), (1, 1));
    assert_eq!(world.digest(Cadence::Daily, after(NOW, 1)).unwrap().emails, 0);
}

/// A run that dies after sending leaves its lease.
#[test]
fn two_runs_at_the_same_time_send_one_digest() {
    let world = World::new();
    world.digest(Cadence::Daily, NOW).unwrap();
    let id = ItemId::Batch("digest|daily|2026-11-30".to_owned());
    let stored = poll(world.engine.store.get(std::slice::from_ref(&id))).unwrap().remove(0).unwrap();
    let StoredItem::Batch(mut record) = stored.doc else { panic!("{stored:?}") };
    assert!(record.done);
    record.done = false;
    let write =
        alerting::incident::state::Write { id, expected: Some(stored.version), doc: record.into(), expires_at: None };
    poll(world.engine.store.commit(&[write])).unwrap();
    assert_eq!(world.digest(Cadence::Daily, after(NOW, 1_000)), Err(EngineError::Busy));
    // After a crash the lease expires, and the retry sends it.
    assert_eq!(world.digest(Cadence::Daily, after(NOW, MINUTE)).unwrap().emails, 1);
}
