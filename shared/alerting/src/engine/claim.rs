//! The first stage of a batch: counting it exactly once, with the right to send what opens.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
};

use crate::{
    detection::{Detection, Finding, Untracked},
    engine::{
        Engine,
        error::{EngineError, MAX_ATTEMPTS},
        items::Stored,
        operations,
        outcome::Outcome,
        timer_message,
    },
    incident::{
        IncidentKey, Reason, Silence, SilenceList, Summary,
        key::{self, Group},
        plan::{self, BatchFindings, BatchStep, Silences},
        policy,
        state::{BatchRecord, CounterShard, IncidentRecord, ItemId, Lease, TimerMessage, Versioned, Write},
    },
    metrics::Point,
    notification::NotificationContent,
    ports::{Commit, Enricher, IncidentStore, MetricSink, Timers},
    time::{self, EpochMillis},
};

/// Items of a batch's transaction: its own, and for each of its incidents the record, a counter shard and a copy of an unknown one.
/// DynamoDB takes 100
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
const MAX_BATCH_WRITES: usize = 1 + 3 * (key::MAX_KEYS_PER_BATCH + 1);

/// Items of the transaction that closes an incident: record, report and every counter shard.
const MAX_CLOSING_WRITES: usize = 2 + policy::MAX_SHARDS as usize;

const _: () = assert!(MAX_BATCH_WRITES <= 100 && MAX_CLOSING_WRITES <= 100);

/// The findings of a batch that belong to one incident.
pub(super) struct IncidentFindings<'d> {
    pub(super) key: IncidentKey,
    detection: &'d Detection,
    findings: Vec<&'d Finding>,
    /// Records of flows past the limit: counted, with nobody's name.
    untracked: Untracked,
    pub(super) found: Summary,
}

impl<'d> IncidentFindings<'d> {
    pub(super) fn new(detection: &'d Detection, group: Group<'d>) -> IncidentFindings<'d> {
        let Group { key, findings, untracked } = group;
        let found = Summary::of(findings.iter().copied(), &untracked, key.signal);
        IncidentFindings { key, detection, findings, untracked, found }
    }

    /// What is left of it under silences, and what they cover.
    fn split(self: &Arc<Self>, silences: &[&Silence]) -> SplitFindings<'d> {
        let mut covered: BTreeMap<String, u64> = BTreeMap::new();
        let mut cover = |silence: &Silence, records: u64| {
            *covered.entry(silence.id.clone()).or_default() += records;
        };
        let mut left = Vec::new();
        for finding in &self.findings {
            match silences.iter().find(|silence| silence.covers(finding)) {
                Some(silence) => cover(silence, finding.totals.records),
                None => left.push(*finding),
            }
        }
        let mut untracked = self.untracked.clone();
        let unnamed = silences.iter().find(|silence| silence.covers_all(self.key.rule, self.key.signal.origin()));
        if let Some(silence) = unnamed.filter(|_| untracked.totals.records > 0) {
            cover(silence, untracked.totals.records);
            untracked = Untracked::default();
        }
        let left = match () {
            () if covered.is_empty() => Some(Arc::clone(self)),
            () if left.is_empty() && untracked.totals.records == 0 => None,
            () => {
                let group = Group { key: self.key.clone(), findings: left, untracked };
                Some(Arc::new(IncidentFindings::new(self.detection, group)))
            }
        };
        SplitFindings { left, covered }
    }

    fn content(&self) -> NotificationContent {
        NotificationContent::batch(self.detection, &self.findings, &self.untracked, &self.found.named())
    }
}

/// The findings of a batch that belong to one incident, under silences.
struct SplitFindings<'d> {
    /// Those that no silence covers, if any.
    left: Option<Arc<IncidentFindings<'d>>>,
    /// Records that silences cover, by the id of the silence.
    covered: BTreeMap<String, u64>,
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

/// What there is to do for a batch.
pub(super) enum Claimed<'d> {
    /// Nothing: an earlier delivery has done everything.
    Repeated,
    /// Silences cover all of its findings, and no open incident has to know. Nothing was written.
    Silenced(BTreeMap<String, u64>),
    /// This run has counted it, or goes on with it.
    Claim(Box<Claim<'d>>),
}

/// A batch that this run has counted, or goes on with.
pub(super) struct Claim<'d> {
    pub(super) batch: Stored<BatchRecord>,
    pub(super) opened: Vec<OpenedEmail<'d>>,
    /// The metric of counters that were set aside.
    pub(super) set_aside: Vec<Point>,
    /// Records that silences cover, by the id of the silence.
    pub(super) silenced: BTreeMap<String, u64>,
}

impl Claim<'_> {
    /// Tells whether an earlier attempt has published the metrics of the batch.
    pub(super) fn metrics_published(&self) -> bool {
        self.batch.value.as_ref().is_some_and(|batch| batch.metrics_published)
    }
}

/// What is stored about a batch and its incidents.
struct BatchState {
    batch: Stored<BatchRecord>,
    silences: SilenceList,
    incidents: Vec<IncidentState>,
}

/// What a batch reads of one incident: the record, and the counter shard that it adds to.
struct IncidentState {
    record: Stored<IncidentRecord>,
    counters: Stored<CounterShard>,
}

impl BatchState {
    /// The state with what others wrote in between, where that is all that has to be known: then the next attempt need not read.
    fn with_newer(mut self, newer: Vec<(ItemId, Versioned)>) -> Option<BatchState> {
        if newer.is_empty() {
            return None;
        }
        let mut newer: HashMap<ItemId, Versioned> = newer.into_iter().collect();
        for incident in &mut self.incidents {
            incident.refresh(&mut newer)?;
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

/// What one attempt to count a batch comes to.
#[derive(Default)]
struct ClaimPlan<'d> {
    writes: Vec<Write>,
    timers: Vec<(TimerMessage, u64)>,
    emails: Vec<OpenedEmail<'d>>,
    /// The incidents that the batch has opened, in this attempt or an earlier one.
    opened: Vec<(IncidentKey, String)>,
    reasons: Vec<Reason>,
    suppressed: u64,
    /// Records that silences cover, by the id of the silence.
    silenced: BTreeMap<String, u64>,
    /// The names of the copies of unknown counters.
    copies: Vec<String>,
}

impl<'d> ClaimPlan<'d> {
    /// Counts findings into their incident.
    fn count(
        &mut self,
        findings: &Arc<IncidentFindings<'d>>,
        state: &IncidentState,
        step: BatchStep,
        now: EpochMillis,
    ) {
        let incident = step.counters.incident.clone();
        self.reasons.push(step.reason);
        if let Some(copy) = state.counters.copy(now).filter(|_| step.orphan) {
            self.copies.push(copy.id.text());
            self.writes.push(copy);
        }
        self.writes.push(state.counters.replace(step.counters, now));
        self.timers.extend(step.timers.into_iter().map(|timer| timer_message(&findings.key, timer)));
        match step.record {
            Some(record) if matches!(step.reason, Reason::New | Reason::LeaseExpired) => {
                self.opened.push((findings.key.clone(), incident.clone()));
                self.send(findings, (incident, step.reason), state, record, now);
            }
            record => {
                self.suppressed += findings.findings.len() as u64;
                self.writes.extend(record.map(|record| state.record.replace(record, now)));
            }
        }
    }

    /// Takes the right to send the opened email of an incident.
    fn send(
        &mut self,
        findings: &Arc<IncidentFindings<'d>>,
        (incident, reason): (String, Reason),
        state: &IncidentState,
        record: IncidentRecord,
        now: EpochMillis,
    ) {
        self.writes.push(state.record.replace(record.clone(), now));
        let record = state.record.replaced(record);
        self.emails.push(OpenedEmail { findings: Arc::clone(findings), incident, reason, record, counters: None });
    }
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Counts a batch, together with the right to send what opens with it. Reads, plans and commits until nobody else interferes.
    pub(super) async fn claim<'d>(
        &self,
        batch: &str,
        findings: &[Arc<IncidentFindings<'d>>],
        now: EpochMillis,
        outcome: &mut Outcome,
    ) -> Result<Claimed<'d>, EngineError> {
        let mut known: Option<BatchState> = None;
        for attempt in 0..MAX_ATTEMPTS {
            let state = match known.take() {
                Some(state) => state,
                None => self.read_batch(batch, findings, attempt, now, &mut outcome.set_aside).await?,
            };
            let before = state.batch.value.as_ref();
            if before.is_some_and(|before| before.done) {
                return Ok(Claimed::Repeated);
            }
            if before.is_some_and(|before| before.lease.until > now) {
                return Err(EngineError::Busy);
            }
            let Some(mut plan) = self.plan_claim(batch, findings, &state, now) else { continue };
            if before.is_none() && plan.writes.is_empty() {
                outcome.reasons = plan.reasons;
                outcome.suppressed += plan.suppressed;
                return Ok(Claimed::Silenced(plan.silenced));
            }
            let record = BatchRecord {
                lease: Lease { owner: batch.to_owned(), until: time::after(now, self.policy.lease_millis()) },
                done: false,
                metrics_published: before.is_some_and(|before| before.metrics_published),
                opened: plan.opened,
            };
            plan.writes.push(state.batch.replace(record.clone(), now));
            // Before the commit: an incident exists only if a timer message for it is on its way. An extra one is ignored.
            for (message, delay_millis) in &plan.timers {
                self.timers.schedule(message, *delay_millis).await?;
            }
            match self.store.commit(&plan.writes).await? {
                Commit::Written => {
                    outcome.reasons = plan.reasons;
                    outcome.suppressed += plan.suppressed;
                    let set_aside = operations::set_aside(&self.site.metric_name, plan.copies.len() as u64, now);
                    outcome.set_aside.extend(plan.copies);
                    let batch = state.batch.replaced(record);
                    let (opened, silenced) = (plan.emails, plan.silenced);
                    let claim = Claim { batch, opened, set_aside, silenced };
                    return Ok(Claimed::Claim(Box::new(claim)));
                }
                Commit::Conflict(newer) => known = state.with_newer(newer),
            }
        }
        Err(EngineError::Contended)
    }

    async fn read_batch(
        &self,
        batch: &str,
        findings: &[Arc<IncidentFindings<'_>>],
        attempt: u32,
        now: EpochMillis,
        set_aside: &mut Vec<String>,
    ) -> Result<BatchState, EngineError> {
        let batch_id = ItemId::Batch(batch.to_owned());
        let incident_ids: Vec<[ItemId; 2]> = findings
            .iter()
            .map(|findings| {
                let key = &findings.key;
                let shard = plan::shard_of(key, batch, attempt, self.policy.shards());
                [ItemId::Incident(key.clone()), ItemId::Counters(key.clone(), shard)]
            })
            .collect();
        let ids: Vec<ItemId> =
            [batch_id.clone(), ItemId::Silences].into_iter().chain(incident_ids.iter().flatten().cloned()).collect();
        let mut found = self.read(&ids, now, set_aside).await?.into_iter();
        let batch = Stored::new(batch_id, found.next().flatten());
        let silences = Stored::new(ItemId::Silences, found.next().flatten()).value.unwrap_or_default();
        let incidents = incident_ids
            .into_iter()
            .map(|[record, counters]| IncidentState {
                record: Stored::new(record, found.next().flatten()),
                counters: Stored::new(counters, found.next().flatten()),
            })
            .collect();
        Ok(BatchState { batch, silences, incidents })
    }

    /// What the batch changes. None if what was read does not fit together, as an incident was closed in between.
    fn plan_claim<'d>(
        &self,
        batch: &str,
        findings: &[Arc<IncidentFindings<'d>>],
        state: &BatchState,
        now: EpochMillis,
    ) -> Option<ClaimPlan<'d>> {
        let mut claim = ClaimPlan::default();
        if let Some(before) = state.batch.value.as_ref() {
            claim.opened.clone_from(&before.opened);
            for (findings, state) in findings.iter().zip(&state.incidents) {
                self.plan_resumed(&mut claim, batch, findings, state, now);
            }
            return Some(claim);
        }
        let in_force = Silences::in_force(&state.silences, now);
        for (findings, state) in findings.iter().zip(&state.incidents) {
            self.plan_new(&mut claim, (batch, &in_force), findings, state, now)?;
        }
        Some(claim)
    }

    /// What a batch changes that an earlier attempt has counted, without getting to its end. What silences have covered then is not
    /// known any more: an email that is sent reports the counters, which do not have it.
    fn plan_resumed<'d>(
        &self,
        claim: &mut ClaimPlan<'d>,
        batch: &str,
        findings: &Arc<IncidentFindings<'d>>,
        state: &IncidentState,
        now: EpochMillis,
    ) {
        claim.reasons.push(Reason::Resumed);
        let opened = claim.opened.iter().find(|(key, _)| *key == findings.key).map(|(_, incident)| incident.clone());
        if let Some(incident) = opened
            && let Some(record) = plan::resume_opening(state.record.value.as_ref(), &incident, batch, now, &self.policy)
        {
            claim.reasons.push(Reason::LeaseExpired);
            claim.send(findings, (incident, Reason::LeaseExpired), state, record, now);
        }
    }

    /// What a batch changes in one incident that nobody has counted into it.
    fn plan_new<'d>(
        &self,
        claim: &mut ClaimPlan<'d>,
        (batch, in_force): (&str, &Silences<'_>),
        findings: &Arc<IncidentFindings<'d>>,
        state: &IncidentState,
        now: EpochMillis,
    ) -> Option<()> {
        let SplitFindings { left, covered } = findings.split(&in_force.in_force);
        let silences = in_force.covering(&covered);
        for (silence, records) in covered {
            *claim.silenced.entry(silence).or_default() += records;
        }
        let record = state.record.value.as_ref();
        let Some(left) = left else {
            claim.reasons.push(Reason::Silenced);
            claim.suppressed += findings.findings.len() as u64;
            if let Some((record, timer)) = plan::on_silenced(record, &silences, now, &self.policy) {
                claim.writes.push(state.record.replace(record, now));
                claim.timers.extend(timer.map(|timer| timer_message(&findings.key, timer)));
            }
            return Some(());
        };
        claim.suppressed += (findings.findings.len() - left.findings.len()) as u64;
        let found = BatchFindings { key: &left.key, batch, found: &left.found, silences: &silences };
        let step = plan::on_batch(record, state.counters.value.as_ref(), &found, now, &self.policy)?;
        claim.count(&left, state, step, now);
        Some(())
    }
}
