//! Incidents under everything that goes wrong: batches delivered twice, timer messages lost, doubled and late, processes that
//! die at any call, services that fail before or after they did what was asked or do it when nobody waits any more, documents
//! that change between the reading of one and the next, clocks that differ.
//!
//! Each seed is a world of its own. A failure names its seed; `SEED=n cargo test -p alerting --test simulation` runs that one
//! alone, `SEEDS=n` runs more of them.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test, and its seeds come from the environment")]

mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use alerting::{
    Detection, Detector,
    alert::{Kind, Site},
    console_link::Console,
    detect::Source,
    engine::{Engine, EngineError, Outcome},
    incident::{GroupBy, IncidentKey, Policy},
    memory::MemoryIncidents,
    ports::{IncidentStore, Wake},
    time::{EpochMillis, MINUTE_MILLIS},
};
use flow_log::{Formats, LogEvent};
use world::{Event, Faults, Late, Ports, Random, World};

const START: u64 = 1_795_401_134_000;
/// Lambda ends an invocation after this.
const TIMEOUT_MILLIS: u64 = 30_000;
/// Clocks of two machines differ by up to twice this.
const SKEW_MILLIS: u64 = 1_000;
/// Store calls of one batch whose commits nobody disturbed.
const MAX_STORE_CALLS: u64 = 3;

type Run = Pin<Box<dyn Future<Output = bool> + Send>>;

struct Task {
    run: u64,
    started: u64,
    event: Event,
    future: Run,
}

struct Simulation {
    world: Arc<Mutex<World>>,
    store: Arc<MemoryIncidents>,
    batches: Arc<Vec<(String, Detection)>>,
    tasks: Vec<Task>,
    runs: u64,
    /// Runs that ended well.
    succeeded: BTreeSet<u64>,
    done: BTreeSet<usize>,
    failure_queue: Vec<usize>,
}

/// Whether a run ended well; why not is printed for the seed that failed.
fn told(result: Result<Outcome, EngineError>) -> bool {
    if let Err(error) = &result {
        eprintln!("{error}");
    }
    result.is_ok()
}

fn batch(random: &mut Random, number: usize, log_groups: u64) -> (String, Detection) {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for _ in 0..=random.below(4) {
        let line = format!(
            "2 1 eni-{} 10.0.0.{} 8.8.8.8 0 0 1 {} 84 1795401134 1795401190 REJECT OK",
            random.below(9),
            random.below(40),
            1 + random.below(9)
        );
        detector.observe(&LogEvent::new("1", 0, line));
    }
    let log_group = format!("group-{}", random.below(log_groups));
    let source = Source { owner: "1".into(), log_group, log_stream: "s".into() };
    (format!("batch-{number}"), detector.finish(source))
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let log_groups = 1 + random.below(2);
        let batches = (0..4 + random.below(30)).map(|number| batch(&mut random, number as usize, log_groups)).collect();
        let faults = Faults {
            crash: random.below(60),
            error: random.below(60),
            lost_timer: random.below(100),
            repeat: random.below(200),
            slow: random.below(60),
            late: random.below(40),
        };
        // From all at once to one in a long while.
        let spread = [1_000, 60_000, 20 * MINUTE_MILLIS, 200 * MINUTE_MILLIS][random.below(4) as usize];
        let mut world = World {
            random,
            now: START,
            faults,
            queue: BTreeSet::new(),
            queued: 0,
            mails: Vec::new(),
            crashed: BTreeSet::new(),
            store_calls: BTreeMap::new(),
            late: Vec::new(),
        };
        let batches: Vec<(String, Detection)> = batches;
        // Now and then each comes at the very moment at which the quiet time after the one before it ends.
        let quiet = world.random.permille(200).then(|| Policy::default().quiet_millis());
        let mut before = START;
        for number in 0..batches.len() {
            let at = match quiet {
                Some(quiet) => before + quiet + world.random.below(4_000),
                None => START + world.random.below(spread),
            };
            before = at;
            world.schedule(at, Event::Batch { number, attempt: 0 });
            if world.random.permille(world.faults.repeat) {
                let again = at + world.random.below(100_000);
                world.schedule(again, Event::Batch { number, attempt: 0 });
            }
        }
        Simulation {
            world: Arc::new(Mutex::new(world)),
            store: Arc::default(),
            batches: Arc::new(batches),
            tasks: Vec::new(),
            runs: 0,
            succeeded: BTreeSet::new(),
            done: BTreeSet::new(),
            failure_queue: Vec::new(),
        }
    }

    fn start(&mut self, event: Event) {
        if let Event::Late { number } = event {
            return self.do_late(number);
        }
        self.runs += 1;
        let run = self.runs;
        let ports = Ports { world: Arc::clone(&self.world), store: Arc::clone(&self.store), run };
        let (started, now) = {
            let mut world = self.world.lock().unwrap();
            let skewed = world.now + world.random.below(2 * SKEW_MILLIS) - SKEW_MILLIS;
            (world.now, EpochMillis(skewed))
        };
        let region = "eu-west-1";
        let engine = Engine {
            store: ports.clone(),
            timers: ports.clone(),
            alerts: ports.clone(),
            metrics: ports,
            policy: Policy::default(),
            group_by: GroupBy::LogGroup,
            operational_metrics: true,
            site: Site {
                region: region.into(),
                console: Console::new(region),
                metric_namespace: "n".into(),
                metric_name: "m".into(),
            },
        };
        let batches = Arc::clone(&self.batches);
        let doing = event.clone();
        let future: Run = Box::pin(async move {
            match doing {
                Event::Batch { number, .. } => {
                    let (key, detection) = &batches[number];
                    told(engine.batch(key, std::slice::from_ref(detection), now).await)
                }
                Event::Timer { wake: (key, incident, timer), .. } => {
                    told(engine.wake(&Wake { key, incident, timer }, now).await)
                }
                Event::Late { .. } => unreachable!("it is nobody's run"),
            }
        });
        self.tasks.push(Task { run, started, event, future });
    }

    /// What a service does whose caller gave up.
    fn do_late(&mut self, number: usize) {
        let late = self.world.lock().unwrap().late[number].clone();
        match late {
            Late::Commit(writes) => {
                // In memory: it is done at once, or refused because the world has gone on.
                let commit = pin!(self.store.commit(&writes));
                assert!(commit.poll(&mut Context::from_waker(Waker::noop())).is_ready());
            }
            Late::Mail(sent) => {
                let mut world = self.world.lock().unwrap();
                let at = world.now;
                world.mails.push(world::Sent { at, ..sent });
            }
        }
    }

    /// Lets one task go on, or the next event happen. False when there is nothing left.
    fn step(&mut self) -> bool {
        let next = {
            let mut world = self.world.lock().unwrap();
            let running = self.tasks.len() as u64;
            let due = world.queue.first().is_some_and(|(at, _, _)| *at <= world.now);
            if running == 0 || due {
                world.queue.pop_first().map(|(at, _, event)| {
                    world.now = world.now.max(at);
                    event
                })
            } else {
                None
            }
        };
        if let Some(event) = next {
            self.start(event);
            return true;
        }
        if self.tasks.is_empty() {
            return false;
        }
        let chosen = self.world.lock().unwrap().random.below(self.tasks.len() as u64) as usize;
        let task = &mut self.tasks[chosen];
        let polled = task.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let ended = match polled {
            Poll::Ready(succeeded) => Some(succeeded),
            Poll::Pending => {
                let world = self.world.lock().unwrap();
                let dead = world.crashed.contains(&task.run) || world.now > task.started + TIMEOUT_MILLIS;
                dead.then_some(false)
            }
        };
        if let Some(succeeded) = ended {
            let task = self.tasks.swap_remove(chosen);
            self.ended(task, succeeded);
        }
        true
    }

    /// What Lambda and SQS do with the result.
    fn ended(&mut self, task: Task, succeeded: bool) {
        if succeeded {
            self.succeeded.insert(task.run);
        }
        let mut world = self.world.lock().unwrap();
        match task.event {
            Event::Batch { number, .. } if succeeded => {
                self.done.insert(number);
            }
            Event::Batch { number, attempt } if attempt < 2 => {
                let at = world.now + u64::from(attempt + 1) * MINUTE_MILLIS;
                world.schedule(at, Event::Batch { number, attempt: attempt + 1 });
            }
            Event::Batch { number, .. } => self.failure_queue.push(number),
            Event::Timer { wake, receive } if !succeeded && receive < 20 => {
                let at = world.now + 3 * MINUTE_MILLIS;
                world.schedule(at, Event::Timer { wake, receive: receive + 1 });
            }
            Event::Timer { .. } | Event::Late { .. } => {}
        }
    }

    fn drain(&mut self) {
        for _ in 0..200_000 {
            if !self.step() {
                return;
            }
        }
        panic!("it never ends: {:?}", self.world.lock().unwrap().queue);
    }

    /// Plays the world to its end: the bad times, then good ones in which what was left over is done.
    fn play(&mut self) {
        self.drain();
        self.world.lock().unwrap().faults = Faults::default();
        for number in std::mem::take(&mut self.failure_queue) {
            let mut world = self.world.lock().unwrap();
            let at = world.now + 5 * MINUTE_MILLIS;
            world.schedule(at, Event::Batch { number, attempt: 0 });
        }
        self.drain();
        assert!(self.failure_queue.is_empty(), "a replay failed in good times");
        // A timer message may have been lost with nothing behind it. The next batch of that log group notices.
        let mut random = Random(7);
        let groups: BTreeSet<String> =
            self.batches.iter().map(|(_, detection)| detection.source.log_group.clone()).collect();
        let mut batches = self.batches.as_ref().clone();
        for log_group in groups {
            let number = batches.len();
            let (key, mut detection) = batch(&mut random, number, 1);
            detection.source.log_group = log_group;
            batches.push((key, detection));
            let mut world = self.world.lock().unwrap();
            let at = world.now + 20 * MINUTE_MILLIS;
            world.schedule(at, Event::Batch { number, attempt: 0 });
        }
        self.batches = Arc::new(batches);
        self.drain();
    }

    fn check(&self) {
        let world = self.world.lock().unwrap();
        assert_eq!(self.done.len(), self.batches.len(), "a batch was never done");

        // Every record in exactly one incident, and in a mail: the all-clears tell everything there was.
        let mut told: BTreeMap<&str, u64> = BTreeMap::new();
        for mail in world.mails.iter().filter(|mail| mail.kind == Kind::AllClear) {
            let before = told.insert(&mail.incident, mail.records);
            assert!(before.is_none_or(|before| before == mail.records), "two all-clears disagree: {}", mail.incident);
        }
        let counted: u64 = told.values().sum();
        let expected: u64 = self.batches.iter().map(|(_, detection)| detection.tally.matched).sum();
        assert_eq!(counted, expected, "records in all-clears, and records there were");

        // One opening and one all-clear; another one only where its sender could not record it.
        let mut once: BTreeMap<(&str, Kind), u64> = BTreeMap::new();
        for mail in world.mails.iter().filter(|mail| self.succeeded.contains(&mail.run)) {
            *once.entry((&mail.incident, mail.kind)).or_default() += 1;
        }
        for ((incident, kind), mails) in &once {
            assert!(*mails == 1 || *kind == Kind::Update, "{mails} recorded mails of kind {kind:?} for {incident}");
        }
        for incident in told.keys() {
            let opened = world.mails.iter().any(|mail| mail.incident == *incident && mail.kind == Kind::Opening);
            assert!(opened, "no opening mail for {incident}");
        }
        assert_eq!(
            world.mails.iter().map(|mail| mail.incident.as_str()).collect::<BTreeSet<_>>(),
            told.keys().copied().collect::<BTreeSet<_>>(),
            "incidents with mails, and those with an all-clear"
        );

        // Updates no closer than the interval says.
        let policy = Policy::default();
        let mut recorded: BTreeMap<&str, Vec<&world::Sent>> = BTreeMap::new();
        for mail in world.mails.iter().filter(|mail| mail.kind != Kind::AllClear && self.succeeded.contains(&mail.run))
        {
            recorded.entry(&mail.incident).or_default().push(mail);
        }
        for (incident, mails) in recorded {
            for (at, pair) in mails.windows(2).enumerate() {
                let interval = policy.interval_millis(at as u32 + 1);
                let gap = pair[1].at - pair[0].at;
                // The clocks of both senders may differ, and both measure from their start.
                let slack = 2 * SKEW_MILLIS + TIMEOUT_MILLIS;
                assert!(gap + slack >= interval, "{gap} ms between mails {at} and {} of {incident}", at + 1);
            }
        }
    }
}

fn run(seed: u64) {
    let result = std::panic::catch_unwind(|| {
        let mut simulation = Simulation::new(seed);
        simulation.play();
        simulation.check();
    });
    if let Err(cause) = result {
        eprintln!("SEED={seed}");
        std::panic::resume_unwind(cause);
    }
}

#[test]
fn nothing_is_lost_and_nothing_doubled() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("SEED") {
        return run(seed);
    }
    for seed in 0..number("SEEDS").unwrap_or(10_000) {
        run(seed);
    }
}

#[test]
fn a_batch_that_nobody_disturbs_makes_few_store_calls() {
    for seed in 0..200 {
        let mut simulation = Simulation::new(seed);
        simulation.world.lock().unwrap().faults = Faults::default();
        // One after the other: whoever is alone never meets a conflict.
        let events: Vec<Event> = {
            let mut world = simulation.world.lock().unwrap();
            std::mem::take(&mut world.queue).into_iter().map(|(_, _, event)| event).collect()
        };
        for event in events {
            simulation.start(event);
            while !simulation.tasks.is_empty() {
                simulation.step();
            }
        }
        let world = simulation.world.lock().unwrap();
        let most = world.store_calls.values().max().copied().unwrap_or_default();
        assert!(most <= MAX_STORE_CALLS, "seed {seed}: {most} store calls");
        assert!(most > 0);
    }
}

#[test]
fn keys_name_their_parts() {
    let key = IncidentKey("Ping-Deny|123456789012|Log-Group|source=10.0.0.1".into());
    assert_eq!((key.rule(), key.owner(), key.log_group()), ("Ping-Deny", "123456789012", "Log-Group"));
    assert_eq!(key.part(), Some(("source", "10.0.0.1")));
}
