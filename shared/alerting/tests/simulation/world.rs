//! The world around the engine: a clock, queues that repeat, delay and lose, services that fail, and processes that die.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use alerting::{
    alert::Kind,
    incident::{IncidentKey, state::DocId, state::Versioned, state::Write},
    mail::Mail,
    memory::MemoryIncidents,
    metric::Point,
    ports::{AlertSink, Commit, IncidentStore, MetricSink, PortError, Timers, Wake},
};

/// A small generator of random numbers, the same for the same seed everywhere (SplitMix64).
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

    /// Happens in so many of 1,000 cases.
    pub(crate) fn permille(&mut self, of: u64) -> bool {
        self.below(1_000) < of
    }
}

/// How bad the world is, in cases of 1,000.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// A process dies at a call, before or after it took effect.
    pub(crate) crash: u64,
    /// A call fails, before or after it took effect.
    pub(crate) error: u64,
    /// A timer message is lost.
    pub(crate) lost_timer: u64,
    /// A message or a batch is delivered once more.
    pub(crate) repeat: u64,
    /// A call takes long.
    pub(crate) slow: u64,
    /// A caller gives up, and what it asked for is done after that.
    pub(crate) late: u64,
}

/// A mail as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) run: u64,
    pub(crate) at: u64,
    pub(crate) kind: Kind,
    pub(crate) incident: String,
    pub(crate) records: u64,
}

/// Something that will happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    Batch {
        number: usize,
        attempt: u32,
    },
    Timer {
        wake: (IncidentKey, String, u32),
        receive: u32,
    },
    /// What is done after its caller gave up: its number.
    Late {
        number: usize,
    },
}

/// What is done after its caller gave up.
#[derive(Clone, Debug)]
pub(crate) enum Late {
    Commit(Vec<Write>),
    Mail(Sent),
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now: u64,
    pub(crate) faults: Faults,
    pub(crate) queue: BTreeSet<(u64, u64, Event)>,
    pub(crate) queued: u64,
    pub(crate) mails: Vec<Sent>,
    pub(crate) crashed: BTreeSet<u64>,
    pub(crate) store_calls: BTreeMap<u64, u64>,
    pub(crate) late: Vec<Late>,
}

/// How late something may be done whose caller gave up: not as late as the message that the same run armed may come.
const LATE_MILLIS: u64 = 5_000;

impl World {
    fn schedule_late(&mut self, late: Late) {
        let (number, at) = (self.late.len(), self.now + self.random.below(LATE_MILLIS));
        self.late.push(late);
        self.schedule(at, Event::Late { number });
    }

    pub(crate) fn schedule(&mut self, at: u64, event: Event) {
        self.queued += 1;
        self.queue.insert((at, self.queued, event));
    }
}

/// The ports of one run, that is, of one invocation.
#[derive(Clone, Debug)]
pub(crate) struct Ports {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) store: Arc<MemoryIncidents>,
    pub(crate) run: u64,
}

/// Lets others run first; after that the process may be dead.
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
    /// One call: may be slow, die before or after its effect, or fail before or after it.
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
        let result = effect().await;
        self.maybe_die().await;
        if self.draw(|world| world.random.permille(world.faults.error)) {
            return failed();
        }
        Ok(result)
    }

    /// Now and then: the call ends in an error, and what was asked for happens later.
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

    fn count_store_call(&self) {
        self.draw(|world| *world.store_calls.entry(self.run).or_default() += 1);
    }
}

impl IncidentStore for Ports {
    /// One document after the other, and others may write in between: what DynamoDB's BatchGetItem promises, and no more.
    async fn get(&self, ids: &[DocId]) -> Result<Vec<Option<Versioned>>, PortError> {
        self.count_store_call();
        self.call("get", async || {
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
        self.gives_up("commit", || Late::Commit(writes.to_vec())).await?;
        self.call("commit", async || self.store.commit(writes).await).await?
    }
}

impl Timers for Ports {
    async fn arm(&self, wake: &Wake, delay_millis: u64) -> Result<(), PortError> {
        self.call("arm", async || {
            self.draw(|world| {
                if world.random.permille(world.faults.lost_timer) {
                    return;
                }
                let at = world.now + delay_millis + world.random.below(2_000);
                let event = Event::Timer { wake: (wake.key.clone(), wake.incident.clone(), wake.timer), receive: 0 };
                world.schedule(at, event.clone());
                if world.random.permille(world.faults.repeat) {
                    let again = at + world.random.below(300_000);
                    world.schedule(again, event);
                }
            });
        })
        .await
    }
}

impl AlertSink for Ports {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        let sent =
            |at| Sent { run: self.run, at, kind: mail.kind, incident: mail.incident.clone(), records: mail.records };
        self.gives_up("send", || Late::Mail(sent(0))).await?;
        self.call("send", async || {
            self.draw(|world| {
                let at = world.now;
                world.mails.push(sent(at));
            });
        })
        .await
    }
}

impl MetricSink for Ports {
    async fn publish(&self, _: &[Point]) -> Result<(), PortError> {
        self.call("publish", async || ()).await
    }

    async fn patience(&self) {
        while self.draw(|world| world.random.permille(500)) {
            self.turn().await;
        }
    }
}
