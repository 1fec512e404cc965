//! The first stage of batches: counting each exactly once, with the right to send what opens.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use crate::{
    engine::{
        Engine,
        error::{EngineError, MAX_ATTEMPTS},
        findings::IncidentFindings,
        items::Stored,
        operations,
        outcome::Outcome,
        senders,
        together::Lot,
    },
    incident::{
        Reason, SilenceList, Summary,
        key::{self, Sender},
        plan, policy,
        scan::SenderRecord,
        state::{BatchRecord, CounterShard, HourlyEmails, IncidentRecord, ItemId, Lease, Versioned, Write},
    },
    metrics::Point,
    notification::NotificationContent,
    ports::{Commit, Enricher, IncidentStore, MetricSink, Timers},
    time::{self, EpochMillis},
};

/// Items that a transaction may write
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
const MAX_WRITES: usize = 100;

/// Items that batches write but for their own: the emails of the hour, what is remembered of senders, and for each of the incidents the
/// record, a counter shard and a copy of an unknown one.
const MAX_SHARED_WRITES: usize = 1 + key::MAX_SENDERS_PER_BATCH + 3 * key::MAX_KEYS_PER_BATCH;

/// Batches of one log group that are counted together, at most.
pub(super) const MAX_TOGETHER: usize = MAX_WRITES - MAX_SHARED_WRITES;

/// Items of the transaction that closes an incident: record, report and every counter shard.
const MAX_CLOSING_WRITES: usize = 2 + policy::MAX_SHARDS as usize;

const _: () = assert!(MAX_TOGETHER > 1 && MAX_CLOSING_WRITES <= MAX_WRITES);

/// Attempts at a batch that write what is remembered of senders.
const MAX_SENDER_ATTEMPTS: u32 = 4;

/// What there is for incidents in one batch, or in several that nobody has counted.
pub(super) struct Found<'d, 's> {
    pub(super) lot: &'s Lot<'d>,
    /// The findings of each incident, and those without any that findings may move to.
    pub(super) findings: Vec<Arc<IncidentFindings<'d>>>,
    /// The senders that may be scans.
    pub(super) senders: &'s [Sender<'d>],
}

/// An opened email that this run has to send.
pub(super) struct OpenedEmail<'d> {
    pub(super) findings: Arc<IncidentFindings<'d>>,
    pub(super) incident: String,
    pub(super) reason: Reason,
    /// The incident's record as this run wrote it.
    pub(super) record: Stored<IncidentRecord>,
    /// The counters of the incident, where others have added to them since this batch was counted: then the email reports these.
    pub(super) counters: Option<Summary>,
}

impl OpenedEmail<'_> {
    /// The addresses that it names, of those that must be named.
    pub(super) fn named(&self) -> BTreeSet<IpAddr> {
        self.counters.as_ref().unwrap_or(&self.findings.found).named()
    }

    pub(super) fn content(&self) -> NotificationContent {
        match &self.counters {
            Some(counters) => NotificationContent::counters(&self.findings.key, counters),
            None => self.findings.content(),
        }
    }
}

/// What there is to do for batches.
pub(super) enum Claimed<'d> {
    /// Nothing: an earlier delivery has done everything.
    Repeated,
    /// Nothing but what is remembered of senders: silences cover all of its findings, and no open incident has to know, or none of them is
    /// an incident.
    Uncounted(Uncounted),
    /// This run has counted it, or goes on with it.
    Claim(Box<Claim<'d>>),
}

/// What the metrics need of batches that are not counted.
#[derive(Default)]
pub(super) struct Uncounted {
    /// Records that silences cover, by the id of the silence.
    pub(super) silenced: BTreeMap<String, u64>,
    /// Senders that are taken for scans.
    pub(super) scanning: BTreeSet<IpAddr>,
}

/// Batches that this run has counted, or one that it goes on with.
pub(super) struct Claim<'d> {
    pub(super) batches: Vec<Stored<BatchRecord>>,
    pub(super) opened: Vec<OpenedEmail<'d>>,
    /// The metric of counters that were set aside.
    pub(super) set_aside: Vec<Point>,
    /// Records that silences cover, by the id of the silence.
    pub(super) silenced: BTreeMap<String, u64>,
    /// Senders that are taken for scans.
    pub(super) scanning: BTreeSet<IpAddr>,
}

impl Claim<'_> {
    /// Tells whether an earlier attempt has published the metrics.
    pub(super) fn metrics_published(&self) -> bool {
        let mut records = self.batches.iter().filter_map(|batch| batch.value.as_ref());
        records.any(|batch| batch.metrics_published)
    }
}

/// What is stored about batches and their incidents.
pub(super) struct BatchState {
    pub(super) batches: Vec<Stored<BatchRecord>>,
    pub(super) silences: SilenceList,
    /// The emails of this hour, where they are limited.
    pub(super) emails: Option<Stored<HourlyEmails>>,
    pub(super) incidents: Vec<IncidentState>,
    /// What is remembered of senders.
    pub(super) senders: Vec<Stored<SenderRecord>>,
}

/// What a batch reads of one incident: the record, and the counter shard that it adds to.
pub(super) struct IncidentState {
    pub(super) record: Stored<IncidentRecord>,
    pub(super) counters: Stored<CounterShard>,
}

impl BatchState {
    /// What an earlier attempt has left of a batch. Of several there is nothing.
    pub(super) fn before(&self) -> Option<&BatchRecord> {
        self.batches.iter().find_map(|batch| batch.value.as_ref())
    }

    /// The state with what others wrote in between, where that is all that has to be known: then the next attempt need not read.
    fn with_newer(mut self, newer: Vec<(ItemId, Versioned)>) -> Option<BatchState> {
        if newer.is_empty() {
            return None;
        }
        let mut newer: HashMap<ItemId, Versioned> = newer.into_iter().collect();
        for incident in &mut self.incidents {
            incident.refresh(&mut newer)?;
        }
        for sender in &mut self.senders {
            if let Some(record) = newer.remove(&sender.id) {
                sender.refresh(record)?;
            }
        }
        newer.is_empty().then_some(self)
    }
}

impl IncidentState {
    /// Takes what others wrote to this incident. A record that was in the way is known as of the same moment as its counters.
    /// Counters that come alone are taken only if they belong to the incident that the record has as open: others, and closed ones,
    /// show that the record has changed too.
    fn refresh(&mut self, newer: &mut HashMap<ItemId, Versioned>) -> Option<()> {
        let record = newer.remove(&self.record.id);
        let with_record = record.is_some();
        if let Some(record) = record {
            self.record.refresh(record)?;
        }
        if let Some(counters) = newer.remove(&self.counters.id) {
            self.counters.refresh(counters)?;
            let open = self.record.value.as_ref().and_then(|record| record.current.as_ref());
            let counters = open.and_then(|open| self.counters.of(&open.id));
            if !with_record && counters.is_none_or(|counters| counters.closed) {
                return None;
            }
        }
        Some(())
    }
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Counts batches, together with the right to send what opens with them. Reads, plans and commits until nobody else interferes.
    pub(super) async fn claim<'d>(
        &self,
        found: &Found<'d, '_>,
        now: EpochMillis,
        outcome: &mut Outcome,
    ) -> Result<Claimed<'d>, EngineError> {
        let mut known: Option<BatchState> = None;
        for attempt in 0..MAX_ATTEMPTS {
            let state = match known.take() {
                Some(state) => state,
                None => self.read_batches(found, attempt, now, &mut outcome.set_aside).await?,
            };
            let before = state.before();
            if let Some(before) = before {
                // Somebody else has begun with one of several after it was seen that nobody had.
                let is_busy = before.lease.until > now || found.lot.batches.len() > 1;
                match before.done && found.lot.batches.len() == 1 {
                    true => return Ok(Claimed::Repeated),
                    false if is_busy => return Err(EngineError::Busy),
                    false => {}
                }
            }
            let Some(mut plan) = self.plan_claim(found, &state, now) else { continue };
            // What is remembered of senders is worth some attempts, and not the batch: the next reject shows it again.
            let remembered =
                if attempt < MAX_SENDER_ATTEMPTS { std::mem::take(&mut plan.remembered) } else { Vec::new() };
            if before.is_none() && plan.writes.is_empty() {
                if let Commit::Conflict(newer) = self.remember(&remembered).await? {
                    known = state.with_newer(newer);
                    continue;
                }
                outcome.reasons = plan.reasons;
                outcome.suppressed = (outcome.suppressed + plan.suppressed).saturating_sub(plan.from_background);
                return Ok(Claimed::Uncounted(Uncounted { silenced: plan.silenced, scanning: plan.scanning }));
            }
            plan.writes.extend(remembered);
            let record = |batch: &str| BatchRecord {
                lease: Lease { owner: batch.to_owned(), until: time::after(now, self.policy.lease_millis()) },
                done: false,
                metrics_published: before.is_some_and(|before| before.metrics_published),
                opened: plan.opened.clone(),
            };
            let records: Vec<BatchRecord> = found.lot.batches.iter().map(|batch| record(batch.key)).collect();
            let batches = state.batches.iter().zip(records);
            plan.writes.extend(batches.clone().map(|(stored, record)| stored.replace(record, now)));
            // Before the commit: an incident exists only if a timer message for it is on its way. An extra one is ignored.
            for (message, delay_millis) in &plan.timers {
                self.timers.schedule(message, *delay_millis).await?;
            }
            match self.store.commit(&plan.writes).await? {
                Commit::Written => {
                    outcome.reasons = plan.reasons;
                    outcome.suppressed = (outcome.suppressed + plan.suppressed).saturating_sub(plan.from_background);
                    let set_aside = operations::set_aside(&self.site.metric_name, plan.copies.len() as u64, now);
                    outcome.set_aside.extend(plan.copies);
                    let batches = batches.map(|(stored, record)| stored.replaced(record)).collect();
                    let (opened, silenced, scanning) = (plan.emails, plan.silenced, plan.scanning);
                    let claim = Claim { batches, opened, set_aside, silenced, scanning };
                    return Ok(Claimed::Claim(Box::new(claim)));
                }
                Commit::Conflict(newer) => known = state.with_newer(newer),
            }
        }
        Err(EngineError::Contended)
    }

    /// Writes what is remembered of senders.
    async fn remember(&self, writes: &[Write]) -> Result<Commit, EngineError> {
        if writes.is_empty() { Ok(Commit::Written) } else { Ok(self.store.commit(writes).await?) }
    }

    async fn read_batches(
        &self,
        found: &Found<'_, '_>,
        attempt: u32,
        now: EpochMillis,
        set_aside: &mut Vec<String>,
    ) -> Result<BatchState, EngineError> {
        let Found { lot, findings, senders } = found;
        let batch_ids: Vec<ItemId> = lot.batches.iter().map(|batch| ItemId::Batch(batch.key.to_owned())).collect();
        let incident_ids: Vec<[ItemId; 2]> = findings
            .iter()
            .map(|findings| {
                let key = &findings.key;
                let shard = plan::shard_of(key, lot.owner(), attempt, self.policy.shards());
                [ItemId::Incident(key.clone()), ItemId::Counters(key.clone(), shard)]
            })
            .collect();
        let capped = findings.iter().any(|findings| findings.key.part.is_capped()).then_some(ItemId::HourlyEmails);
        let fixed = batch_ids.iter().cloned().chain([ItemId::Silences]).chain(capped.clone());
        let sender_ids: Vec<ItemId> = senders.iter().map(senders::id).collect();
        let ids: Vec<ItemId> = fixed.chain(sender_ids.clone()).chain(incident_ids.iter().flatten().cloned()).collect();
        let mut found = self.read(&ids, now, set_aside).await?.into_iter();
        let batches = batch_ids.into_iter().map(|id| Stored::new(id, found.next().flatten())).collect();
        let silences = Stored::new(ItemId::Silences, found.next().flatten()).value.unwrap_or_default();
        let emails = capped.map(|id| Stored::new(id, found.next().flatten()));
        let senders = sender_ids.into_iter().map(|id| Stored::new(id, found.next().flatten())).collect();
        let incidents = incident_ids
            .into_iter()
            .map(|[record, counters]| IncidentState {
                record: Stored::new(record, found.next().flatten()),
                counters: Stored::new(counters, found.next().flatten()),
            })
            .collect();
        Ok(BatchState { batches, silences, emails, incidents, senders })
    }
}
