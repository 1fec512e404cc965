//! Plays records against the real engine on a virtual clock.
//!
//! ```text
//! record -> batches: by interface and minute, kept until no older record may come -> detection
//!        -> queue: arrives --delay after its last record's end -> engine -> emails, resolved incidents, silenced records
//! ```

mod batches;
mod ports;
mod traffic;

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use alerting::{
    engine::{Engine, EngineError},
    incident::{
        key::Sender,
        scan::SenderRecord,
        state::{ItemId, TimerMessage},
    },
    memory::NoNetwork,
    ports::{IncidentStore as _, Notifiers},
    time::{self, EpochMillis, HOUR_MILLIS},
};
use flow_log::Formats;

use super::{
    settings::Settings,
    silence::{self, SilenceArg},
};
use crate::records::InputRecord;
use batches::{Batch, Batches};
pub(crate) use ports::{Event, Listed, SentEmail};
use ports::{Ports, Store, World};
pub(crate) use traffic::{Amount, Background, BatchTraffic, origin_words};

/// How records reach the engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    /// Milliseconds from the end of a batch's last record to its arrival.
    pub(crate) delay_millis: u64,
    /// By how many milliseconds a record may be older than one before it.
    pub(crate) window_millis: u64,
}

/// Plays records with one set of settings.
pub(crate) struct Player<'s> {
    engine: Engine<Store, Ports, Ports, NoNetwork>,
    world: Arc<World>,
    batches: Batches<'s>,
    delivery: Delivery,
    /// By time; of the same time batches first, then by their number.
    queue: BTreeMap<(EpochMillis, u8, u64), Due>,
    queued: u64,
    /// Silences to store with the first record, as they may begin with it.
    silences: &'s [SilenceArg],
    now: EpochMillis,
    forgotten_at: EpochMillis,
}

enum Due {
    Batch(Batch),
    Timer(TimerMessage),
}

impl<'s> Player<'s> {
    /// Creates a player that has played nothing.
    ///
    /// # Errors
    /// The settings contradict each other. One line.
    pub(crate) fn new(
        settings: &'s Settings,
        delivery: Delivery,
        silences: &'s [SilenceArg],
        (region, formats): (&str, &Formats),
    ) -> Result<Self, String> {
        let world = Arc::new(World::default());
        let ports = Ports(Arc::clone(&world));
        let engine = Engine {
            store: Store::new(Arc::clone(&world)),
            timers: ports.clone(),
            notifiers: Notifiers { required: vec![Box::new(ports.clone())], best_effort: Vec::new() },
            metrics: ports,
            network: NoNetwork,
            policy: settings.policy()?,
            group_by: settings.group_by,
            signals: settings.signals.clone(),
            site: settings.site(region, formats),
            operational_metrics: false,
        };
        let batches = Batches::new(&settings.own_networks, settings.signals.rules, delivery.window_millis);
        let start = EpochMillis(0);
        let queue = BTreeMap::new();
        Ok(Player { engine, world, batches, delivery, queue, queued: 0, silences, now: start, forgotten_at: start })
    }

    /// Adds a record, and plays what is due before any record that may still come. Calls `on_event` for what happens.
    ///
    /// # Errors
    /// The record is older than what was played, or the engine failed. One line.
    pub(crate) fn add(&mut self, record: &InputRecord, on_event: &mut impl OnEvent) -> Result<(), String> {
        // Another setting looks at it: it does not reach this one's function.
        if !self.engine.signals.rules.look_at(record.protocol) {
            return Ok(());
        }
        if let Some(start) = record.start {
            self.store_silences(start)?;
        }
        if let Some(complete_until) = self.batches.add(record)? {
            while let Some(batch) = self.batches.next_before(complete_until) {
                self.enqueue(batch);
            }
            // A later batch arrives after this: its records end after they start.
            self.play(time::after(complete_until, self.delivery.delay_millis), on_event)?;
        }
        Ok(())
    }

    /// Plays the rest, until no incident is open.
    ///
    /// # Errors
    /// The engine failed. One line.
    pub(crate) fn finish(&mut self, on_event: &mut impl OnEvent) -> Result<(), String> {
        while let Some(batch) = self.batches.next_before(EpochMillis(u64::MAX)) {
            self.enqueue(batch);
        }
        self.play(EpochMillis(u64::MAX), on_event)
    }

    /// Stores the silences where the engine reads them, once it is known when the records begin.
    fn store_silences(&mut self, first: EpochMillis) -> Result<(), String> {
        if self.silences.is_empty() {
            return Ok(());
        }
        let write = silence::write(std::mem::take(&mut self.silences), first);
        let stored = ready(self.engine.store.commit(&[write])).ok_or(WAITS)?;
        stored.map(|_| ()).map_err(|error| error.to_string())
    }

    fn enqueue(&mut self, batch: Batch) {
        let at = time::after(batch.last_end(), self.delivery.delay_millis);
        self.schedule(at, Due::Batch(batch));
    }

    fn schedule(&mut self, at: EpochMillis, due: Due) {
        self.queued += 1;
        let class = u8::from(matches!(due, Due::Timer(_)));
        self.queue.insert((at, class, self.queued), due);
    }

    /// Plays what is due before a point in time.
    fn play(&mut self, until: EpochMillis, on_event: &mut impl OnEvent) -> Result<(), String> {
        while let Some(next) = self.queue.first_entry() {
            if next.key().0 >= until {
                break;
            }
            let ((at, _, number), due) = next.remove_entry();
            self.now = self.now.max(at);
            let failed = |error: EngineError| format!("cannot play {}: {error}", time::date_time(at));
            match due {
                Due::Batch(batch) => {
                    let last_end = batch.last_end();
                    let (key, detection) = self.batches.detect(batch);
                    let played = ready(self.engine.batch(&key, &detection, self.now));
                    let by = (self.engine.group_by, &self.engine.signals);
                    let stored = |sender: &Sender<'_>| self.stored(sender);
                    on_event(Event::Batch(BatchTraffic::of(&detection, last_end, by, stored)))?;
                    played
                }
                Due::Timer(message) => ready(self.engine.timer(&message, &number.to_string(), self.now)),
            }
            .ok_or(WAITS)?
            .map_err(failed)?;
            let (events, timers) = self.world.take(self.now);
            for (delay_millis, message) in timers {
                self.schedule(time::after(self.now, delay_millis), Due::Timer(message));
            }
            events.into_iter().try_for_each(&mut *on_event)?;
            if time::millis_between(self.forgotten_at, self.now) >= HOUR_MILLIS {
                self.forgotten_at = self.now;
                self.engine.store.incidents.forget_expired(self.now);
            }
        }
        Ok(())
    }

    /// What is stored of a sender.
    fn stored(&self, sender: &Sender<'_>) -> Option<SenderRecord> {
        let id = [ItemId::Sender(sender.scan.clone())];
        let found = ready(self.engine.store.get(&id))?.ok()?.pop()??;
        found.doc.try_into().ok()
    }
}

/// Takes what happens, in the order of its time. Its error ends the backtest.
pub(crate) trait OnEvent: FnMut(Event) -> Result<(), String> {}

impl<F: FnMut(Event) -> Result<(), String>> OnEvent for F {}

/// The message of an error that has no other.
const WAITS: &str = "the engine waits, although nothing here does";

/// Runs a future that never waits, as everything here is in memory. `None` if it waits.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
