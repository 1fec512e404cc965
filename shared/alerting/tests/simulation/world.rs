//! The simulated surroundings of the engine: a clock, queues that repeat, delay and lose messages, failing services, and dying
//! processes.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use alerting::{
    digest::{Answers, Contributor, DataPoint, Measure, Questions, Report, Rule},
    enrichment::{EnrichmentRequest, Interface, MissingReason, Network},
    incident::{
        IncidentKey, Summary,
        plan::MAX_DELAY_MILLIS,
        state::{ItemId, StoredItem, TimerMessage, Versioned, Write},
    },
    memory::MemoryIncidents,
    metrics::Point,
    notification::{NotificationKind, RenderedDigest, RenderedNotification},
    ports::{Commit, DigestSource, Enricher, IncidentStore, MetricSink, Notifier, PortError, Sending, Timers},
    time::EpochMillis,
};

/// A pseudo-random number generator (SplitMix64), reproducible by its seed.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Returns true in `of` of 1,000 cases.
    pub(crate) fn permille(&mut self, of: u64) -> bool {
        self.below(1_000) < of
    }
}

/// The frequency of each fault, in cases of 1,000.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// A process dies at a call, before or after it takes effect.
    pub(crate) crash: u64,
    /// A call fails, before or after it takes effect.
    pub(crate) error: u64,
    /// A timer message is lost.
    pub(crate) lost_timer: u64,
    /// A message or a batch is delivered again.
    pub(crate) repeat: u64,
    /// A call is slow.
    pub(crate) slow: u64,
    /// A call takes effect after its caller has given up.
    pub(crate) late: u64,
    /// A process dies between sending an email and recording it.
    pub(crate) unrecorded: u64,
    /// A commit conflicts with another one in progress, or its conflict does not include the newer items.
    pub(crate) conflict: u64,
}

/// The records that the counters of an incident hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    /// Records by counter.
    pub(crate) shards: BTreeMap<ItemId, u64>,
    /// The start times of the runs that added records, and whether they added an address that must be named and was not there before.
    pub(crate) added: Vec<(u64, bool)>,
}

/// The incident that a reopened one continues, and how often it was reopened.
pub(crate) fn first_id(incident: &str) -> (&str, u32) {
    incident.split_once('.').map_or((incident, 0), |(first, number)| (first, number.parse().unwrap()))
}

impl Counted {
    pub(crate) fn records(&self) -> u64 {
        self.shards.values().sum()
    }
}

/// A sent email.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) run: u64,
    pub(crate) at: u64,
    pub(crate) kind: NotificationKind,
    /// The incident, with a number of its own each time it is reopened.
    pub(crate) incident: String,
    /// The total of the incident that the email states.
    pub(crate) records: u64,
    /// The number since the previous email that the email states.
    pub(crate) since: u64,
    /// The key of the incident.
    pub(crate) key: String,
    /// Why it is an incident.
    pub(crate) signal: &'static str,
    /// The ids of silences in force that cover findings of the incident, as the email states.
    pub(crate) silences: BTreeSet<String>,
    /// The senders and receivers that the email names.
    pub(crate) addresses: BTreeSet<String>,
}

/// A scheduled event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    Batch {
        number: usize,
        attempt: u32,
    },
    /// Several batches in one call, as a stream delivers them.
    Stream {
        numbers: Vec<usize>,
        attempt: u32,
    },
    Timer {
        timer_message: (IncidentKey, String, u32),
        receive: u32,
    },
    /// The schedule of the digest.
    Digest {
        attempt: u32,
    },
    /// The late effect with this number.
    Late {
        number: usize,
    },
}

/// The effect of a call, applied after its caller has given up.
#[derive(Clone, Debug)]
pub(crate) enum Late {
    /// The run and its writes.
    Commit(u64, Vec<Write>),
    Email(Sent),
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now: u64,
    pub(crate) faults: Faults,
    pub(crate) queue: BTreeSet<(u64, u64, Event)>,
    pub(crate) queued: u64,
    pub(crate) emails: Vec<Sent>,
    /// The digests sent: when, and the document.
    pub(crate) digests: Vec<(u64, serde_json::Value)>,
    pub(crate) crashed: BTreeSet<u64>,
    pub(crate) store_calls: BTreeMap<u64, u64>,
    pub(crate) late: Vec<Late>,
    /// Start time of each run.
    pub(crate) started: BTreeMap<u64, u64>,
    /// Counted records by incident.
    pub(crate) counted: BTreeMap<String, Counted>,
    /// The addresses that must be named, by the first id of the incident.
    pub(crate) named: BTreeMap<String, BTreeSet<IpAddr>>,
    /// Items are deleted as soon as they expire. Otherwise they are never deleted.
    pub(crate) expires_at_once: bool,
    /// Kinds of emails whose sender died before it could record them.
    pub(crate) unrecorded: BTreeSet<NotificationKind>,
    /// Emails of this kind can never be sent for this number of incidents, the first ones.
    pub(crate) poison: Option<(NotificationKind, usize)>,
    /// The incidents whose emails can never be sent.
    pub(crate) poisoned: BTreeSet<String>,
    /// Attempts to send such emails: time and incident.
    pub(crate) refused: Vec<(u64, String)>,
    /// Names of calls. The process of the next call with the first name dies, then the second name counts, and so on.
    pub(crate) kills: Vec<&'static str>,
    /// The batches of a run from a stream that were not processed, by their places.
    pub(crate) failed: BTreeMap<u64, Vec<usize>>,
    /// Runs that ended because another run was doing the work.
    pub(crate) busy: u64,
    /// The sum of the published metric of items that were set aside.
    pub(crate) alarmed: u64,
    /// The minimum delay of a timer message.
    pub(crate) min_delay_millis: u64,
    /// What EC2 knows. Without any it does not answer.
    pub(crate) interfaces: Vec<Interface>,
}

/// Maximum delay of a late effect. It is shorter than the delay of the timer message that the same run scheduled.
const LATE_MILLIS: u64 = 5_000;

impl World {
    /// Creates a world without events and faults.
    pub(crate) fn new(random: Random, now: u64) -> World {
        World {
            random,
            now,
            faults: Faults::default(),
            queue: BTreeSet::new(),
            queued: 0,
            emails: Vec::new(),
            digests: Vec::new(),
            crashed: BTreeSet::new(),
            store_calls: BTreeMap::new(),
            late: Vec::new(),
            started: BTreeMap::new(),
            counted: BTreeMap::new(),
            named: BTreeMap::new(),
            expires_at_once: true,
            unrecorded: BTreeSet::new(),
            poison: None,
            poisoned: BTreeSet::new(),
            refused: Vec::new(),
            kills: Vec::new(),
            failed: BTreeMap::new(),
            busy: 0,
            alarmed: 0,
            min_delay_millis: 0,
            interfaces: Vec::new(),
        }
    }

    fn schedule_late(&mut self, late: Late) {
        let (number, at) = (self.late.len(), self.now + self.random.below(LATE_MILLIS));
        self.late.push(late);
        self.schedule(at, Event::Late { number });
    }

    /// Returns whether such an email can never be sent, and records the attempt.
    fn poisons(&mut self, kind: NotificationKind, incident: &str) -> bool {
        let Some((poison, incidents)) = self.poison else { return false };
        if poison != kind || (!self.poisoned.contains(incident) && self.poisoned.len() >= incidents) {
            return false;
        }
        self.poisoned.insert(incident.to_owned());
        self.refused.push((self.now, incident.to_owned()));
        true
    }

    pub(crate) fn schedule(&mut self, at: u64, event: Event) {
        self.queued += 1;
        self.queue.insert((at, self.queued, event));
    }
}

/// The ports of one run. A run is one invocation.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) store: Arc<MemoryIncidents>,
    pub(crate) run: u64,
}

/// Lets other tasks run first. The process may be dead afterwards.
struct Turn<'p> {
    ports: &'p Ports,
    waited: bool,
}

impl Future for Turn<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if !self.waited {
            self.waited = true;
            return Poll::Pending;
        }
        if self.ports.world.lock().unwrap().crashed.contains(&self.ports.run) { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Ports {
    /// Makes one call. It may be slow, and the process may die or the call fail before or after the effect.
    async fn call<T>(&self, call: &'static str, effect: impl AsyncFnOnce() -> T) -> Result<T, PortError> {
        self.turn().await;
        let failed = || Err(PortError { call, reason: "planned".to_owned() });
        if self.draw(|world| {
            world.now += world.random.below(40);
            if world.random.permille(world.faults.slow) {
                world.now += world.random.below(9_000);
            }
            world.random.permille(world.faults.error)
        }) {
            return failed();
        }
        self.maybe_die().await;
        if self.draw(|world| world.kills.first() == Some(&call) && world.kills.remove(0) == call) {
            self.die().await;
        }
        let result = effect().await;
        self.maybe_die().await;
        if self.draw(|world| world.random.permille(world.faults.error)) {
            return failed();
        }
        Ok(result)
    }

    /// Sometimes fails the call and schedules its effect for later.
    async fn gives_up(&self, call: &'static str, what: impl FnOnce() -> Late) -> Result<(), PortError> {
        if self.draw(|world| world.random.permille(world.faults.late)) {
            self.turn().await;
            self.draw(|world| world.schedule_late(what()));
            self.turn().await;
            return Err(PortError { call, reason: "planned, and done later".to_owned() });
        }
        Ok(())
    }

    fn draw<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        with(&mut self.world.lock().unwrap())
    }

    async fn turn(&self) {
        Turn { ports: self, waited: false }.await;
    }

    async fn maybe_die(&self) {
        let dies = self.draw(|world| {
            let dies = world.random.permille(world.faults.crash);
            if dies {
                world.crashed.insert(self.run);
            }
            dies
        });
        if dies {
            self.turn().await;
        }
    }

    async fn die(&self) {
        self.draw(|world| world.crashed.insert(self.run));
        self.turn().await;
    }

    /// Adds the records that a commit has counted.
    pub(crate) fn applied(&self, writes: &[Write]) {
        self.draw(|world| {
            for write in writes {
                if let StoredItem::Counters(shard) = &write.doc
                    && !shard.closed
                    && matches!(write.id, ItemId::Counters(..))
                {
                    let started = world.started[&self.run];
                    let counted = world.counted.entry(shard.incident.clone()).or_default();
                    let mut total = Summary::default();
                    shard.add_total_to(&mut total);
                    let before = counted.shards.insert(write.id.clone(), total.totals.records);
                    // Records that are handed over to an email were counted before.
                    if before != Some(total.totals.records) {
                        let known = world.named.entry(first_id(&shard.incident).0.to_owned()).or_default();
                        let names = known.len();
                        known.extend(total.named());
                        counted.added.push((started, known.len() > names));
                    }
                }
            }
        });
    }

    fn forget_expired(&self) {
        if let Some(now) = self.draw(|world| world.expires_at_once.then_some(world.now)) {
            self.store.forget_expired(EpochMillis(now));
        }
    }

    /// Commits like the DynamoDB adapter. If the stored item is equal to the item to write, it counts as written by an earlier
    /// attempt whose answer was lost. Commits may conflict with others in progress. A conflict may lack the newer items.
    async fn write(&self, writes: &[Write]) -> Result<Commit, PortError> {
        self.forget_expired();
        if self.draw(|world| world.random.permille(world.faults.conflict)) {
            return Ok(Commit::Conflict(Vec::new()));
        }
        match self.store.commit(writes).await? {
            Commit::Written => {
                self.applied(writes);
                Ok(Commit::Written)
            }
            Commit::Conflict(newer) => {
                if let ([write], [(_, there)]) = (writes, &newer[..])
                    && (there.version, &there.doc) == (write.expected.map_or(1, |version| version + 1), &write.doc)
                {
                    return Ok(Commit::Written);
                }
                let silent = self.draw(|world| world.random.permille(10 * world.faults.conflict));
                Ok(Commit::Conflict(if silent || writes.len() == 1 { Vec::new() } else { newer }))
            }
        }
    }

    fn count_store_call(&self) {
        self.draw(|world| *world.store_calls.entry(self.run).or_default() += 1);
    }
}

impl IncidentStore for Ports {
    /// Reads the items one by one. As with BatchGetItem, others may write in between.
    async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
        self.count_store_call();
        self.call("get", async || {
            self.forget_expired();
            let first = self.draw(|world| world.random.below(ids.len() as u64)) as usize;
            let mut docs = vec![None; ids.len()];
            for at in (first..ids.len()).chain(0..first) {
                if self.draw(|world| world.random.permille(300)) {
                    self.turn().await;
                }
                docs[at] = self.store.get(std::slice::from_ref(&ids[at])).await?.pop().flatten();
            }
            Ok(docs)
        })
        .await?
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, PortError> {
        self.count_store_call();
        self.gives_up("commit", || Late::Commit(self.run, writes.to_vec())).await?;
        self.call("commit", async || self.write(writes).await).await?
    }
}

impl Timers for Ports {
    async fn schedule(&self, message: &TimerMessage, delay_millis: u64) -> Result<(), PortError> {
        // A message that arrives before its change is written has no effect, and SQS refuses a delay above its limit.
        let shortest = self.draw(|world| world.min_delay_millis);
        assert!((shortest..=MAX_DELAY_MILLIS).contains(&delay_millis), "a message is delayed by {delay_millis} ms");
        self.call("schedule", async || {
            self.draw(|world| {
                if world.random.permille(world.faults.lost_timer) {
                    return;
                }
                let at = world.now + delay_millis + world.random.below(2_000);
                let event = Event::Timer {
                    timer_message: (message.key.clone(), message.incident.clone(), message.timer),
                    receive: 0,
                };
                world.schedule(at, event.clone());
                if world.random.permille(world.faults.repeat) {
                    let later = if world.random.permille(500) { 0 } else { world.random.below(300_000) };
                    world.schedule(at + later, event);
                }
            });
        })
        .await
    }
}

impl Notifier for Ports {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        Box::pin(async move {
            let email = &notification.email;
            let incident = match notification.document.incident.reopened {
                0 => email.incident.clone(),
                number => format!("{}.{number}", email.incident),
            };
            let sent = |at| Sent {
                run: self.run,
                at,
                kind: email.kind,
                incident: incident.clone(),
                records: email.records,
                since: notification.document.since.records,
                key: notification.document.incident.key.clone(),
                signal: notification.document.signal,
                silences: {
                    let silences = notification.document.incident.silences.iter();
                    silences.filter(|silence| silence.ended_at.is_none()).map(|silence| silence.id.clone()).collect()
                },
                addresses: {
                    let ranking = &notification.document.ranking;
                    ranking.sources.top.iter().chain(&ranking.targets.top).map(|one| one.name.clone()).collect()
                },
            };
            if self.draw(|world| world.poisons(email.kind, &incident)) {
                self.turn().await;
                return Err(PortError { call: "send", reason: "it can never be sent".to_owned() });
            }
            self.gives_up("send", || Late::Email(sent(0))).await?;
            self.call("send", async || {
                self.draw(|world| {
                    let at = world.now;
                    world.emails.push(sent(at));
                });
            })
            .await?;
            let unrecorded = self.draw(|world| {
                let dies = world.random.permille(world.faults.unrecorded);
                if dies {
                    world.unrecorded.insert(email.kind);
                }
                dies
            });
            if unrecorded {
                self.die().await;
            }
            Ok(())
        })
    }

    fn send_digest<'a>(&'a self, digest: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(async move {
            let document: serde_json::Value = serde_json::from_str(&digest.document.json()).unwrap();
            self.call("send", async || self.draw(|world| world.digests.push((world.now, document.clone())))).await
        })
    }
}

/// A best-effort destination that fails more often than any other, to show that nothing depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Chat(pub(crate) Ports);

impl Notifier for Chat {
    fn send<'a>(&'a self, _: &'a RenderedNotification) -> Sending<'a> {
        Box::pin(async move {
            if self.0.draw(|world| world.random.below(2) == 0) {
                return Err(PortError { call: "chat", reason: "planned".to_owned() });
            }
            self.0.call("chat", async || ()).await
        })
    }

    fn send_digest<'a>(&'a self, _: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(async move { Err(PortError { call: "chat", reason: "planned".to_owned() }) })
    }
}

/// A CloudWatch that knows the emails sent in this world, and that records came all the time.
impl DigestSource for Ports {
    async fn ask(&self, questions: &Questions) -> Answers {
        self.turn().await;
        let mut answers = Answers::default();
        for request in &questions.metrics {
            let step = u64::from(request.period_seconds) * 1_000;
            let times = (request.span.from.0..request.span.to.0).step_by(step as usize);
            let steady: Vec<DataPoint> = times.map(|at| DataPoint { at: EpochMillis(at), value: 1 }).collect();
            for metric in &request.metrics {
                let comes = matches!(metric.measure, Measure::LogEvents | Measure::Arrivals);
                answers.metrics.insert(metric.measure.clone(), Ok(if comes { steady.clone() } else { Vec::new() }));
            }
        }
        for question in &questions.reports {
            assert_eq!(question.rule, Rule::Emails);
            let contributors = self.draw(|world| {
                let sent = world.emails.iter().filter(|email| question.span.contains(EpochMillis(email.at)));
                let contributor = |email: &Sent| Contributor {
                    keys: [&email.incident, email.signal, email.kind.word(), "subject"].map(str::to_owned).into(),
                    weight: 1,
                    points: vec![DataPoint { at: EpochMillis(email.at), value: 1 }],
                };
                sent.map(contributor).collect::<Vec<_>>()
            });
            let distinct = contributors.len() as u64;
            answers.reports.push((question.clone(), Ok(Report { contributors, distinct })));
        }
        answers
    }
}

impl Enricher for Ports {
    async fn enrich(&self, request: &EnrichmentRequest) -> Network {
        self.draw(|world| {
            if world.interfaces.is_empty() {
                return Network::unknown(MissingReason::SwitchedOff);
            }
            let asked = |one: &&Interface| request.addresses.iter().any(|address| one.owns(*address));
            let known = world.interfaces.iter().filter(asked).map(|one| (one.id.to_string(), one.clone()));
            Network { interfaces: known.collect(), ..Network::default() }
        })
    }
}

impl MetricSink for Ports {
    async fn publish(&self, points: &[Point]) -> Result<(), PortError> {
        let alarmed = points.iter().filter(|point| point.name.ends_with("-Set-Aside")).map(|point| point.sample.sum);
        let alarmed: u64 = alarmed.sum();
        self.call("publish", async || self.draw(|world| world.alarmed += alarmed)).await
    }

    fn log(&self, _: &[Point]) {}

    async fn publish_deadline(&self) {
        while self.draw(|world| world.random.permille(500)) {
            self.turn().await;
        }
    }
}
