//! The engine: carries out what [`crate::incident::plan`] decides, in the one order that loses nothing.
//!
//! ```text
//! batch   read -> arm the timer of an incident that opens -> commit claim, counters and head -> look up -> send -> record
//!                                                                                            -> publish -/    \-> chat
//! timer   read -> arm the next one                        -> commit head (seal, report)      -> look up -> send -> record
//!                                                                                                             \-> chat
//! ```
//!
//! What cannot be read is set aside before anything else: a metric that an alarm looks at is published, then a copy is kept and
//! the document begins anew, in one transaction.
//!
//! A crash at any arrow leaves a state in which whoever comes next, the batch's own retry or the timer, goes on:
//! an incident exists only if a timer message was sent before, a mail is recorded only after it was sent, and a batch counts
//! as done only after everything else.

mod error;
mod operations;
mod outcome;

pub use error::EngineError;
pub use outcome::Outcome;

use std::pin::pin;

use error::MAX_ATTEMPTS;
use futures_util::future::{self, Either};

use crate::{
    detection::{Detection, Finding, Totals},
    enrichment::Network,
    incident::{
        GroupBy, IncidentKey, Reason, Summary, key,
        plan::{self, Arm, Counters, Due, ReportStep, TimerStep},
        policy::{self, Policy},
        state::{BatchDoc, Closing, Doc, DocId, HeadDoc, Lease, Open, ReportDoc, ShardDoc, Versioned, Write},
    },
    metrics::Point,
    notification::{Frame, Message, Notice, Site, Told},
    ports::{AlertSink, Commit, IncidentStore, MetricSink, NetworkSource, PortError, Timers, Wake},
    time::{self, EpochMillis, MINUTE_MILLIS},
};

/// How often the counters are handed to an email in the transaction that takes the right to send it. Batches that are counted at the
/// same time are in its way; after so many times it is done one counter after the other.
const MAX_HAND_OVERS_AT_ONCE: u32 = 3;

/// How long a batch is remembered: longer than the failure queue keeps it for replay.
const BATCH_KEPT_MILLIS: u64 = 16 * 24 * 60 * MINUTE_MILLIS;

/// How long incidents are remembered after the last change.
const INCIDENT_KEPT_MILLIS: u64 = 30 * 24 * 60 * MINUTE_MILLIS;

/// How long a copy of what could not be read is kept.
const SET_ASIDE_KEPT_MILLIS: u64 = 90 * 24 * 60 * MINUTE_MILLIS;

/// Documents of a batch's transaction: its own, and for each of its incidents the head, a counter and what of it is set aside.
/// DynamoDB takes 100
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).
const MAX_BATCH_WRITES: usize = 1 + 3 * (key::MAX_KEYS_PER_BATCH + 1);

/// Documents of the transaction that ends an incident: head, report and every counter.
const MAX_CLOSING_WRITES: usize = 2 + policy::MAX_SHARDS as usize;

const _: () = assert!(MAX_BATCH_WRITES <= 100 && MAX_CLOSING_WRITES <= 100);

/// The ports and what does not change between invocations.
#[derive(Debug)]
pub struct Engine<S, T, A, M, N> {
    /// Where incidents are remembered.
    pub store: S,
    /// How to come back to them.
    pub timers: T,
    /// Where mails go.
    pub alerts: A,
    /// Where metrics go.
    pub metrics: M,
    /// Who knows the network.
    pub network: N,
    /// How often an incident may mail.
    pub policy: Policy,
    /// How findings are put together.
    pub group_by: GroupBy,
    /// What links need.
    pub site: Site,
    /// Whether what was decided and sent is published, too (see `operations.rs`).
    pub operational_metrics: bool,
}

/// The part of a batch that belongs to one incident.
struct Part<'d> {
    key: IncidentKey,
    detection: &'d Detection,
    findings: Vec<&'d Finding>,
    /// Records of flows past the limit: counted, with nobody's name.
    untracked: Totals,
    found: Summary,
}

impl Part<'_> {
    fn told(&self) -> Told {
        Told::batch(self.detection, &self.findings, self.untracked)
    }
}

/// What a batch has to do that is counted: its claim, the openings to send, and the metric of counters that it set aside.
type Claimed<'p, 'd> = (Versioned, Vec<Opening<'p, 'd>>, Vec<Point>);

/// An opening mail that this run has to send.
struct Opening<'p, 'd> {
    part: &'p Part<'d>,
    incident: String,
    reason: Reason,
    /// The head as this run wrote it.
    head: Versioned,
    /// The counters of the incident, where others have added to them since this batch was counted: they are what is told.
    counters: Option<Summary>,
}

impl<S: IncidentStore, T: Timers, A: AlertSink, M: MetricSink, N: NetworkSource> Engine<S, T, A, M, N> {
    /// Counts a batch exactly once, mails what opens with it, and publishes its metrics. A batch is one document of CloudWatch
    /// Logs: what its transaction writes is bounded.
    ///
    /// `batch` is unique for the batch and the same whenever it is delivered again.
    ///
    /// # Errors
    /// It has to be delivered again; what was done is not done twice then.
    pub async fn batch(&self, batch: &str, detection: &Detection, now: EpochMillis) -> Result<Outcome, EngineError> {
        let mut outcome = Outcome::default();
        let parts = self.parts(detection);
        if parts.is_empty() {
            return Ok(outcome);
        }
        let claim_id = DocId::Batch(batch.to_owned());
        let Some((claim, mut openings, orphans)) = self.claim(batch, &parts, now, &mut outcome).await? else {
            outcome.repeated = true;
            outcome.reasons = vec![Reason::Repeated];
            self.report(&mut outcome, now).await;
            return Ok(outcome);
        };

        self.count_taken_over(&mut openings, now).await?;

        // Sent first and recorded after: a crash in between repeats a mail and never loses one. Mails and metrics go out at the
        // same time: neither waits for the other's retries, and each is tried whatever becomes of the other.
        let name = &self.site.metric_name;
        let measured = matches!(&claim.doc, Doc::Batch(claim) if claim.measured);
        let mut points = if measured { Vec::new() } else { detection.minutes.points(name, now) };
        points.extend(orphans);
        if self.operational_metrics {
            points.extend(operations::decided(name, &outcome, now));
        }
        let sending = pin!(self.send_openings(&openings, now));
        let (mailed, published) = match future::select(sending, pin!(self.metrics.patience())).await {
            // The usual case: one call tells what was counted and what was sent.
            Either::Left((mailed, _)) => {
                note_sent(&mut outcome, &openings, &mailed, now);
                if self.operational_metrics {
                    points.extend(operations::sent(name, &outcome, now));
                }
                (mailed, self.publish(&points).await)
            }
            Either::Right(((), sending)) => {
                let (mailed, published) = future::join(sending, self.publish(&points)).await;
                note_sent(&mut outcome, &openings, &mailed, now);
                if self.operational_metrics {
                    let sent = operations::sent(name, &outcome, now);
                    self.publish_once(&sent, &mut outcome).await;
                }
                (mailed, published)
            }
        };
        let ended: Vec<(&Opening<'_, '_>, bool)> = openings.iter().zip(mailed.iter().map(Result::is_ok)).collect();
        let mut failures = Vec::new();
        let mut sent = Vec::new();
        for result in mailed {
            match result {
                Ok(notice) => sent.push(notice),
                Err(error) => failures.push(error),
            }
        }
        let published_now = published.is_ok();
        match published {
            Ok(points) => outcome.points += points,
            // Nothing but what is said of the monitor itself: not worth another attempt at the batch.
            Err(error) if measured => outcome.unreported = Some(error),
            Err(error) => failures.push(error),
        }
        let done = (failures.is_empty(), measured || published_now);
        let recorded = self.finish(batch, (claim_id, claim), &ended, done, now);
        outcome.untold = self.while_telling(&sent, recorded).await?;
        if failures.is_empty() { Ok(outcome) } else { Err(EngineError::Ports(failures)) }
    }

    async fn publish(&self, points: &[Point]) -> Result<u64, PortError> {
        if !points.is_empty() {
            self.metrics.publish(points).await?;
        }
        Ok(points.len() as u64)
    }

    /// Publishes what was decided and sent, where that is wanted. If it fails, it is not tried again: the outcome says so.
    pub async fn report(&self, outcome: &mut Outcome, now: EpochMillis) {
        if self.operational_metrics {
            let name = &self.site.metric_name;
            let mut points = operations::decided(name, outcome, now);
            points.extend(operations::sent(name, outcome, now));
            self.publish_once(&points, outcome).await;
        }
    }

    /// Publishes what is not worth another attempt.
    async fn publish_once(&self, points: &[Point], outcome: &mut Outcome) {
        match self.publish(points).await {
            Ok(points) => outcome.points += points,
            Err(error) => outcome.unreported = Some(error),
        }
    }

    /// Records what was sent and tells the chat at the same time: a chat that fails or hangs keeps no mail from being recorded,
    /// and so repeats none. Returns how many it was not told of.
    async fn while_telling(
        &self,
        sent: &[Notice],
        record: impl Future<Output = Result<(), EngineError>>,
    ) -> Result<u64, EngineError> {
        let telling = async {
            let mut untold = 0;
            for notice in sent {
                untold += u64::from(self.alerts.tell_chat(notice).await.is_err());
            }
            untold
        };
        let (recorded, untold) = future::join(record, telling).await;
        recorded.map(|()| untold)
    }

    async fn send_openings(&self, openings: &[Opening<'_, '_>], now: EpochMillis) -> Vec<Result<Notice, PortError>> {
        if openings.is_empty() {
            return Vec::new();
        }
        let told = |opening: &Opening<'_, '_>| match &opening.counters {
            Some(summary) => Told::counters(&opening.part.key, summary),
            None => opening.part.told(),
        };
        let told: Vec<Told> = openings.iter().map(told).collect();
        let network = self.network.look_up(&Told::wanted(&told)).await;
        let mut sent = Vec::with_capacity(openings.len());
        for (opening, told) in openings.iter().zip(told) {
            let head = as_head(&opening.head);
            let previous = head.and_then(|head| head.last.as_ref());
            let frame = self.frame(&opening.part.key, opening.reason, &network, now);
            let message = match (&opening.counters, head.and_then(|head| head.current.as_ref())) {
                (Some(summary), Some(open)) => Message::late_opening(frame, open, summary),
                _ => Message::opening(frame, &opening.incident, told, previous),
            };
            let notice = Notice::of(&message);
            sent.push(self.alerts.send(&notice).await.map(|()| notice));
        }
        sent
    }

    fn frame<'a>(&'a self, key: &'a IncidentKey, reason: Reason, network: &'a Network, now: EpochMillis) -> Frame<'a> {
        Frame { key, reason, network, policy: &self.policy, site: &self.site, now }
    }

    fn parts<'d>(&self, detection: &'d Detection) -> Vec<Part<'d>> {
        let groups = key::group(detection, self.group_by).into_iter().enumerate();
        let part = |(at, (key, findings)): (usize, (IncidentKey, Vec<&'d Finding>))| {
            let untracked = if at == 0 { detection.untracked } else { Totals::default() };
            let found = Summary::of(findings.iter().copied(), &untracked);
            Part { key, detection, findings, untracked, found }
        };
        groups.map(part).collect()
    }

    /// Hands the counters to openings that somebody else, or an earlier attempt of this batch, did not send: others have been counted
    /// into the incident.
    async fn count_taken_over(&self, openings: &mut [Opening<'_, '_>], now: EpochMillis) -> Result<(), EngineError> {
        for opening in openings.iter_mut().filter(|opening| opening.reason == Reason::TakenOver) {
            if let Some(open) = as_head(&opening.head).and_then(|head| head.current.as_ref()) {
                let counters = self.hand_over(&opening.part.key, open, now).await?;
                let others = counters.total.totals != opening.part.found.totals;
                opening.counters = Some(counters.total).filter(|_| others);
            }
        }
        Ok(())
    }

    /// Hands everything that no email has reported to the next one, and returns the counters as they are then: what comes after
    /// that is for the email after it. Done by who has the right to send it, and again by who takes it over.
    async fn hand_over(&self, key: &IncidentKey, open: &Open, now: EpochMillis) -> Result<Counters, EngineError> {
        let ids = self.shard_ids(key);
        let docs = self.store.get(&ids).await?;
        let mut shards = Vec::with_capacity(ids.len());
        for (id, doc) in ids.iter().zip(docs) {
            shards.extend(self.hand_over_one(id, doc, open, now).await?);
        }
        Ok(Counters::of(&shards, open))
    }

    /// The same for one of the counters.
    async fn hand_over_one(
        &self,
        id: &DocId,
        mut doc: Option<Versioned>,
        open: &Open,
        now: EpochMillis,
    ) -> Result<Option<ShardDoc>, EngineError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(found) = doc else { return Ok(None) };
            let Some(mut shard) = as_shard(&found).filter(|shard| shard.incident == open.id).cloned() else {
                return Ok(None);
            };
            if !shard.hand_over(open.mails.saturating_add(1)) {
                return Ok(Some(shard));
            }
            let write = write(id.clone(), Some(found.version), Doc::Shard(shard.clone()), now);
            match self.store.commit(&[write]).await? {
                Commit::Written => return Ok(Some(shard)),
                Commit::Conflict(newer) => {
                    doc = match newer.into_iter().next() {
                        Some((_, newer)) => Some(newer),
                        None => self.store.get(std::slice::from_ref(id)).await?.pop().flatten(),
                    };
                }
            }
        }
        Err(EngineError::Contended)
    }

    fn shard_ids(&self, key: &IncidentKey) -> Vec<DocId> {
        (0..self.policy.shards()).map(|number| DocId::Shard(key.clone(), number)).collect()
    }

    /// Sets aside what cannot be read. The alarm's metric goes first, so that no copy is made that nobody hears of. Returns
    /// whether there was anything, and what was read has to be read again.
    async fn set_aside(
        &self,
        ids: &[DocId],
        docs: &[Option<Versioned>],
        now: EpochMillis,
        names: &mut Vec<String>,
    ) -> Result<bool, EngineError> {
        let unreadable = ids.iter().zip(docs).filter_map(|(id, doc)| Some((id, doc.as_ref()?)));
        let unreadable: Vec<(&DocId, &Versioned)> = unreadable.filter(|(id, doc)| !fits(id, &doc.doc)).collect();
        if unreadable.is_empty() {
            return Ok(false);
        }
        self.metrics.publish(&operations::set_aside(&self.site.metric_name, unreadable.len() as u64, now)).await?;
        let mut writes = Vec::with_capacity(2 * unreadable.len());
        let mut copies = Vec::with_capacity(unreadable.len());
        for (id, found) in unreadable {
            let copy = copy_of(id, found.doc.clone(), now);
            copies.push(copy.id.text());
            writes.push(copy);
            writes.push(write(id.clone(), Some(found.version), anew(id, now), now));
        }
        if self.store.commit(&writes).await? == Commit::Written {
            names.extend(copies);
        }
        Ok(true)
    }

    /// Reads, plans and commits until nobody else interferes. None if the batch was done before.
    async fn claim<'p, 'd>(
        &self,
        batch: &str,
        parts: &'p [Part<'d>],
        now: EpochMillis,
        outcome: &mut Outcome,
    ) -> Result<Option<Claimed<'p, 'd>>, EngineError> {
        let mut read: Option<(Vec<DocId>, Vec<Option<Versioned>>)> = None;
        'attempts: for attempt in 0..MAX_ATTEMPTS {
            let (ids, docs) = match read.take() {
                Some(read) => read,
                None => {
                    let mut ids = vec![DocId::Batch(batch.to_owned())];
                    for part in parts {
                        let shard = plan::shard_of(&part.key, batch, attempt, self.policy.shards());
                        ids.extend([DocId::Head(part.key.clone()), DocId::Shard(part.key.clone(), shard)]);
                    }
                    let docs = self.store.get(&ids).await?;
                    (ids, docs)
                }
            };
            if self.set_aside(&ids, &docs, now, &mut outcome.set_aside).await? {
                continue;
            }
            let claim = docs.first().and_then(Option::as_ref);
            let known = claim.and_then(|claim| if let Doc::Batch(doc) = &claim.doc { Some(doc) } else { None });
            if known.is_some_and(|known| known.done) {
                return Ok(None);
            }
            if known.is_some_and(|known| known.lease.until > now) {
                return Err(EngineError::Busy);
            }
            let mut writes = Vec::new();
            let mut openings = Vec::new();
            let mut wakes = Vec::new();
            let mut set_aside = Vec::new();
            let mut opened = known.map(|known| known.opened.clone()).unwrap_or_default();
            outcome.reasons.clear();
            outcome.held = 0;
            for (at, part) in parts.iter().enumerate() {
                let (head_doc, shard_doc) =
                    (docs.get(1 + 2 * at).and_then(Option::as_ref), docs.get(2 + 2 * at).and_then(Option::as_ref));
                let head = head_doc.and_then(as_head);
                let head_write = |doc: HeadDoc| {
                    write(DocId::Head(part.key.clone()), head_doc.map(|head| head.version), Doc::Head(doc), now)
                };
                if known.is_some() {
                    // Counted by an earlier attempt that did not get to its end.
                    outcome.reasons.push(Reason::Resumed);
                    let mine = opened.iter().find(|(key, _)| *key == part.key);
                    if let Some((_, id)) = mine
                        && let Some(head) = plan::resume_opening(head, id, batch, now, &self.policy)
                    {
                        openings.push(Opening {
                            part,
                            incident: id.clone(),
                            reason: Reason::TakenOver,
                            head: written(head_doc, &head),
                            counters: None,
                        });
                        writes.push(head_write(head));
                        outcome.reasons.push(Reason::TakenOver);
                    }
                    continue;
                }
                let shard = shard_doc.and_then(as_shard);
                let owner = (&part.key, batch);
                let Some(step) = plan::on_batch(head, shard, &part.found, owner, now, &self.policy) else {
                    continue 'attempts;
                };
                let incident = step.shard.incident.clone();
                if let (Reason::New | Reason::TakenOver, Some(head)) = (step.reason, &step.head) {
                    openings.push(Opening {
                        part,
                        incident: incident.clone(),
                        reason: step.reason,
                        head: written(head_doc, head),
                        counters: None,
                    });
                    opened.push((part.key.clone(), incident.clone()));
                } else {
                    outcome.held += part.findings.len() as u64;
                }
                outcome.reasons.push(step.reason);
                writes.extend(step.head.map(head_write));
                let shard_id = &ids[2 + 2 * at];
                if let (true, Some(orphan)) = (step.orphan, shard_doc) {
                    set_aside.push(copy_of(shard_id, orphan.doc.clone(), now));
                }
                let expected = shard_doc.map(|shard| shard.version);
                writes.push(write(shard_id.clone(), expected, Doc::Shard(step.shard), now));
                wakes.extend(step.arms.into_iter().map(|arm| wake_of(&part.key, arm)));
            }
            let doc = BatchDoc {
                lease: Lease { owner: batch.to_owned(), until: time::after(now, self.policy.lease_millis()) },
                done: false,
                measured: known.is_some_and(|known| known.measured),
                opened,
            };
            let claim_write = write(ids[0].clone(), claim.map(|claim| claim.version), Doc::Batch(doc), now);
            let copies: Vec<String> = set_aside.iter().map(|copy| copy.id.text()).collect();
            let orphans = operations::set_aside(&self.site.metric_name, copies.len() as u64, now);
            writes.extend(set_aside);
            // Before the commit: an incident exists only if a message to come back to it is on its way. One too many is stale.
            for (wake, delay) in &wakes {
                self.timers.arm(wake, *delay).await?;
            }
            writes.push(claim_write.clone());
            match self.store.commit(&writes).await? {
                Commit::Written => {
                    outcome.set_aside.extend(copies);
                    let version = next_version(claim_write.expected);
                    return Ok(Some((Versioned { version, doc: claim_write.doc }, openings, orphans)));
                }
                Commit::Conflict(newer) => read = with_newer(&ids, &docs, newer).map(|docs| (ids, docs)),
            }
        }
        Err(EngineError::Contended)
    }

    /// Records the mails that were sent, gives back the right to send those that were not, and says what of the batch is done.
    async fn finish(
        &self,
        batch: &str,
        (claim_id, claim): (DocId, Versioned),
        ended: &[(&Opening<'_, '_>, bool)],
        (done, measured): (bool, bool),
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        // Nobody else writes these for as long as the lease lasts, so the first attempt mostly needs no reading.
        let mut heads: Vec<Option<Versioned>> = ended.iter().map(|(opening, _)| Some(opening.head.clone())).collect();
        let ids: Vec<DocId> = ended.iter().map(|(opening, _)| DocId::Head(opening.part.key.clone())).collect();
        for _ in 0..MAX_ATTEMPTS {
            let mut writes = Vec::new();
            for ((opening, sent), (id, head)) in ended.iter().zip(ids.iter().zip(&heads)) {
                let Some(versioned) = head else { continue };
                let recorded = as_head(versioned).and_then(|head| {
                    if *sent {
                        plan::record_mail(head, &opening.incident, batch, now)
                    } else {
                        plan::release(head, &opening.incident, batch)
                    }
                });
                writes.extend(recorded.map(|head| write(id.clone(), Some(versioned.version), Doc::Head(head), now)));
            }
            if let Doc::Batch(doc) = &claim.doc {
                // What is not done is left to the next attempt, which need not wait for the lease's end.
                let lease = Lease { until: if done { doc.lease.until } else { now }, ..doc.lease.clone() };
                let doc = Doc::Batch(BatchDoc { done, measured, lease, ..doc.clone() });
                writes.push(write(claim_id.clone(), Some(claim.version), doc, now));
            }
            if self.store.commit(&writes).await? == Commit::Written {
                return Ok(());
            }
            heads = if ids.is_empty() { Vec::new() } else { self.store.get(&ids).await? };
        }
        Err(EngineError::Contended)
    }

    /// Does what is due for an incident, and sees to it that somebody comes back. `run` is unique for this handling of the
    /// message: two at the same time must not take each other for themselves.
    ///
    /// # Errors
    /// A mail could not be sent or something not be read or written. The message has to be delivered again: another one was
    /// sent before, or this one is the last that tries and ends in the failure queue.
    pub async fn wake(&self, wake: &Wake, run: &str, now: EpochMillis) -> Result<Outcome, EngineError> {
        let owner = format!("timer {} {} {run}", wake.incident, wake.timer);
        let mut outcome = Outcome::default();
        for attempt in 0..MAX_ATTEMPTS {
            let mut ids = vec![DocId::Head(wake.key.clone())];
            ids.extend(self.shard_ids(&wake.key));
            let docs = self.store.get(&ids).await?;
            if self.set_aside(&ids, &docs, now, &mut outcome.set_aside).await? {
                continue;
            }
            let head_doc = docs.first().and_then(Option::as_ref);
            let head = head_doc.and_then(as_head);
            let shards: Vec<ShardDoc> = docs.iter().flatten().filter_map(as_shard).cloned().collect();
            let go = match plan::on_timer(head, &shards, (&wake.incident, wake.timer), &owner, now, &self.policy) {
                TimerStep::Go(go) => go,
                TimerStep::Busy => return Err(EngineError::Busy),
                TimerStep::Ended => return self.report_ended(wake, &owner, outcome, now).await,
                TimerStep::Stale => {
                    outcome.reasons = vec![Reason::Stale];
                    return Ok(outcome);
                }
            };
            for arm in go.arms {
                let (wake, delay_millis) = wake_of(&wake.key, arm);
                self.timers.arm(&wake, delay_millis).await?;
            }
            let expected = head_doc.map(|head| head.version);
            let mut writes = vec![write(ids[0].clone(), expected, Doc::Head(go.head.clone()), now)];
            if go.seal {
                writes.extend(ids.iter().zip(&docs).skip(1).map(|(id, doc)| seal(wake, id, doc.as_ref(), now)));
            }
            let open = go.head.current.as_ref().filter(|_| matches!(go.due, Some(Due::Opening | Due::Update)));
            let at_once = open.filter(|_| attempt < MAX_HAND_OVERS_AT_ONCE);
            let counters = at_once.map(|open| hand_over_at_once(open, (&ids, &docs), &mut writes, now));
            let report = go.report.map(|closing| ReportDoc { owed: Some(closing) });
            let report_id = DocId::Report(wake.key.clone(), wake.incident.clone());
            writes.extend(report.clone().map(|report| write(report_id, None, Doc::Report(report), now)));
            if self.store.commit(&writes).await? != Commit::Written {
                continue;
            }
            outcome.reasons = vec![go.reason];
            let head = Versioned { version: next_version(expected), doc: Doc::Head(go.head) };
            return match (&go.due, report) {
                (Some(Due::Resolved), Some(report)) => {
                    let report = Versioned { version: next_version(None), doc: Doc::Report(report) };
                    self.send_report(wake, (go.reason, &owner), report, Some(head), outcome, now).await
                }
                (Some(due), _) => self.send_due(wake, *due, (go.reason, &owner), (head, counters), outcome, now).await,
                (None, _) => Ok(outcome),
            };
        }
        Err(EngineError::Contended)
    }

    /// Sends the report of an incident that is over, where that is still owed.
    async fn report_ended(
        &self,
        wake: &Wake,
        owner: &str,
        mut outcome: Outcome,
        now: EpochMillis,
    ) -> Result<Outcome, EngineError> {
        let id = DocId::Report(wake.key.clone(), wake.incident.clone());
        for _ in 0..MAX_ATTEMPTS {
            let docs = self.store.get(std::slice::from_ref(&id)).await?;
            if self.set_aside(std::slice::from_ref(&id), &docs, now, &mut outcome.set_aside).await? {
                continue;
            }
            let found = docs.first().and_then(Option::as_ref);
            let closing = match plan::on_report(found.and_then(as_report), wake.timer, owner, now, &self.policy) {
                ReportStep::Send(closing) => closing,
                ReportStep::Busy => return Err(EngineError::Busy),
                ReportStep::Stale => {
                    outcome.reasons = vec![Reason::Stale];
                    return Ok(outcome);
                }
            };
            let expected = found.map(|found| found.version);
            let doc = Doc::Report(ReportDoc { owed: Some(*closing) });
            if self.store.commit(&[write(id.clone(), expected, doc.clone(), now)]).await? != Commit::Written {
                continue;
            }
            outcome.reasons = vec![Reason::TakenOver];
            let report = Versioned { version: next_version(expected), doc };
            return self.send_report(wake, (Reason::TakenOver, owner), report, None, outcome, now).await;
        }
        Err(EngineError::Contended)
    }

    /// Sends a mail about an open incident and records that.
    async fn send_due(
        &self,
        wake: &Wake,
        due: Due,
        (reason, owner): (Reason, &str),
        (head, counters): (Versioned, Option<Counters>),
        mut outcome: Outcome,
        now: EpochMillis,
    ) -> Result<Outcome, EngineError> {
        // The plan never asks for a mail about an incident that the head does not have.
        let Some(open) = as_head(&head).and_then(|head| head.current.as_ref()) else { return Ok(outcome) };
        let counters = match counters {
            Some(counters) => counters,
            None => self.hand_over(&wake.key, open, now).await?,
        };
        let content = match due {
            Due::Update => Content::Update(open, &counters),
            Due::Opening => Content::Opening(open, &counters.total),
            Due::Resolved => return Ok(outcome),
        };
        let notice = self.send(&wake.key, reason, content, now).await?;
        outcome.mails = 1;
        if due == Due::Opening {
            outcome.note_opening(counters.total.totals.first_start, now);
        }
        let record = self.record(wake, owner, head.clone(), now);
        outcome.untold = self.while_telling(std::slice::from_ref(&notice), record).await?;
        Ok(outcome)
    }

    /// Sends the resolved email of an incident and records that, or gives the right to send it back.
    async fn send_report(
        &self,
        wake: &Wake,
        (reason, owner): (Reason, &str),
        report: Versioned,
        head: Option<Versioned>,
        mut outcome: Outcome,
        now: EpochMillis,
    ) -> Result<Outcome, EngineError> {
        let Some(closing) = as_report(&report).and_then(|report| report.owed.as_ref()) else { return Ok(outcome) };
        let sent = self.send(&wake.key, reason, Content::Resolved(closing), now).await;
        let record = self.record_report(wake, owner, sent.is_ok(), (report.clone(), head), now);
        match sent {
            Ok(notice) => {
                outcome.mails = 1;
                outcome.untold = self.while_telling(std::slice::from_ref(&notice), record).await?;
                Ok(outcome)
            }
            Err(error) => {
                // The lease ends by itself where this does not work.
                let _ = record.await;
                Err(error.into())
            }
        }
    }

    async fn record_report(
        &self,
        wake: &Wake,
        owner: &str,
        sent: bool,
        (report, mut head): (Versioned, Option<Versioned>),
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        let report_id = DocId::Report(wake.key.clone(), wake.incident.clone());
        let ids = [report_id, DocId::Head(wake.key.clone())];
        let mut report = Some(report);
        for attempt in 0..MAX_ATTEMPTS {
            if attempt > 0 || (sent && head.is_none()) {
                let mut docs = self.store.get(&ids).await?.into_iter();
                (report, head) = (docs.next().flatten(), docs.next().flatten());
            }
            let Some(versioned) = &report else { return Ok(()) };
            let Some(doc) = as_report(versioned) else { return Ok(()) };
            let (doc, changed) = if sent {
                let Some(recorded) = plan::record_report(doc, head.as_ref().and_then(as_head), owner) else {
                    return Ok(());
                };
                recorded
            } else {
                let Some(released) = plan::release_report(doc, owner, now) else { return Ok(()) };
                (released, None)
            };
            let mut writes = vec![write(ids[0].clone(), Some(versioned.version), Doc::Report(doc), now)];
            let version = head.as_ref().map(|head| head.version);
            writes.extend(changed.map(|head| write(ids[1].clone(), version, Doc::Head(head), now)));
            if self.store.commit(&writes).await? == Commit::Written {
                return Ok(());
            }
        }
        Err(EngineError::Contended)
    }

    async fn record(
        &self,
        wake: &Wake,
        owner: &str,
        mut versioned: Versioned,
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        let id = DocId::Head(wake.key.clone());
        for _ in 0..MAX_ATTEMPTS {
            let recorded = as_head(&versioned).and_then(|head| plan::record_mail(head, &wake.incident, owner, now));
            let Some(head) = recorded else { return Ok(()) };
            let write = write(id.clone(), Some(versioned.version), Doc::Head(head), now);
            if self.store.commit(&[write]).await? == Commit::Written {
                return Ok(());
            }
            let docs = self.store.get(std::slice::from_ref(&id)).await?;
            let Some(newer) = docs.into_iter().next().flatten() else { return Ok(()) };
            versioned = newer;
        }
        Err(EngineError::Contended)
    }

    /// Looks up the places of a mail that is due, and sends it.
    async fn send(
        &self,
        key: &IncidentKey,
        reason: Reason,
        content: Content<'_>,
        now: EpochMillis,
    ) -> Result<Notice, PortError> {
        let nothing_yet = Network::default();
        let wanted =
            Told::wanted(std::slice::from_ref(&content.message(self.frame(key, reason, &nothing_yet, now)).told));
        let network = self.network.look_up(&wanted).await;
        let notice = Notice::of(&content.message(self.frame(key, reason, &network, now)));
        self.alerts.send(&notice).await.map(|()| notice)
    }
}

/// What a mail of the timer is about.
#[derive(Clone, Copy)]
enum Content<'a> {
    /// An opening that is late: the incident and its counters.
    Opening(&'a Open, &'a Summary),
    /// An update.
    Update(&'a Open, &'a Counters),
    /// The end of an incident.
    Resolved(&'a Closing),
}

impl<'a> Content<'a> {
    fn message(self, frame: Frame<'a>) -> Message<'a> {
        match self {
            Content::Opening(open, summary) => Message::late_opening(frame, open, summary),
            Content::Update(open, counters) => {
                Message::update(frame, open, &counters.unreported, counters.total.totals)
            }
            Content::Resolved(closing) => Message::over(frame, closing),
        }
    }
}

/// Hands everything that no email has reported to the next one, with the writes that do it, and returns the counters as they are then.
fn hand_over_at_once(
    open: &Open,
    (ids, docs): (&[DocId], &[Option<Versioned>]),
    writes: &mut Vec<Write>,
    now: EpochMillis,
) -> Counters {
    let mut shards: Vec<ShardDoc> = Vec::new();
    for (id, doc) in ids.iter().zip(docs).filter_map(|(id, doc)| Some((id, doc.as_ref()?))) {
        let Some(mut shard) = as_shard(doc).filter(|shard| shard.incident == open.id).cloned() else { continue };
        if shard.hand_over(open.mails.saturating_add(1)) {
            writes.push(write(id.clone(), Some(doc.version), Doc::Shard(shard.clone()), now));
        }
        shards.push(shard);
    }
    Counters::of(&shards, open)
}

/// Counts the openings that were sent, and how late each was.
fn note_sent(
    outcome: &mut Outcome,
    openings: &[Opening<'_, '_>],
    mailed: &[Result<Notice, PortError>],
    now: EpochMillis,
) {
    for (opening, _) in openings.iter().zip(mailed).filter(|(_, sent)| sent.is_ok()) {
        outcome.mails += 1;
        outcome.note_opening(opening.part.found.totals.first_start, now);
    }
}

/// What was read, with what others wrote in between, where that is all that has to be known: the next attempt need not read then.
///
/// A head that was in the way is told together with its counter, as both are at one moment. A counter that comes alone is taken
/// only if it is of the incident that the head, which is not looked at again, knows as open: any other one, and one that is
/// sealed, tells that the head has changed, too.
fn with_newer(
    ids: &[DocId],
    docs: &[Option<Versioned>],
    newer: Vec<(DocId, Versioned)>,
) -> Option<Vec<Option<Versioned>>> {
    let mut docs = docs.to_vec();
    let at = |wanted: &DocId| ids.iter().position(|id| id == wanted);
    let told: Vec<DocId> = newer.iter().map(|(id, _)| id.clone()).collect();
    for (id, versioned) in newer {
        *docs.get_mut(at(&id)?)? = Some(versioned);
    }
    for id in &told {
        match id {
            DocId::Batch(_) | DocId::Report(..) | DocId::SetAside(..) => return None,
            DocId::Head(_) => {}
            DocId::Shard(key, _) => {
                let head_id = DocId::Head(key.clone());
                let head = docs.get(at(&head_id)?)?.as_ref().and_then(as_head);
                let open = head.and_then(|head| head.current.as_ref()).map(|open| open.id.as_str());
                let shard = docs.get(at(id)?)?.as_ref().and_then(as_shard)?;
                let fits = open == Some(shard.incident.as_str()) && !shard.sealed;
                if !fits && !told.contains(&head_id) {
                    return None;
                }
            }
        }
    }
    (!told.is_empty()).then_some(docs)
}

/// A document as it is after this write.
fn written(before: Option<&Versioned>, head: &HeadDoc) -> Versioned {
    Versioned { version: next_version(before.map(|before| before.version)), doc: Doc::Head(head.clone()) }
}

/// The end of a counter whose incident ends. One that was never used is written too: whoever looked for it before finds that it
/// changed.
fn seal(wake: &Wake, id: &DocId, doc: Option<&Versioned>, now: EpochMillis) -> Write {
    let used = doc.and_then(as_shard).filter(|shard| shard.incident == wake.incident).cloned();
    let shard = used.unwrap_or_else(|| ShardDoc::new(wake.incident.clone(), now));
    let sealed = Doc::Shard(ShardDoc { sealed: true, ..shard });
    write(id.clone(), doc.map(|doc| doc.version), sealed, now)
}

/// A write of a document, which expires when nobody can miss it any more. What an open incident has counted never does.
fn write(id: DocId, expected: Option<u64>, doc: Doc, now: EpochMillis) -> Write {
    let kept = match &doc {
        Doc::Head(head) if head.current.is_some() => None,
        Doc::Shard(shard) if !shard.sealed => None,
        Doc::Head(_) | Doc::Shard(_) | Doc::Report(_) => Some(INCIDENT_KEPT_MILLIS),
        Doc::Batch(_) => Some(BATCH_KEPT_MILLIS),
        Doc::Unreadable(_) => Some(SET_ASIDE_KEPT_MILLIS),
    };
    Write { id, expected, doc, expires_at: kept.map(|kept| time::after(now, kept)) }
}

/// A copy of a document that is about to be overwritten.
fn copy_of(id: &DocId, doc: Doc, now: EpochMillis) -> Write {
    let expires_at = Some(time::after(now, SET_ASIDE_KEPT_MILLIS));
    Write { id: DocId::SetAside(now.0, Box::new(id.clone())), expected: None, doc, expires_at }
}

/// Whether a document is one that belongs under this name.
fn fits(id: &DocId, doc: &Doc) -> bool {
    matches!(
        (id, doc),
        (DocId::Head(_), Doc::Head(_))
            | (DocId::Shard(..), Doc::Shard(_))
            | (DocId::Report(..), Doc::Report(_))
            | (DocId::Batch(_), Doc::Batch(_))
            | (DocId::SetAside(..), _)
    )
}

/// What takes the place of a document that cannot be read.
fn anew(id: &DocId, now: EpochMillis) -> Doc {
    match id {
        // It was written together with the counters: the batch is counted, and what follows from that may not be done.
        DocId::Batch(_) => Doc::Batch(BatchDoc {
            lease: Lease { owner: String::new(), until: EpochMillis(0) },
            done: false,
            measured: false,
            opened: Vec::new(),
        }),
        DocId::Shard(..) => Doc::Shard(ShardDoc { sealed: true, ..ShardDoc::new(String::new(), now) }),
        DocId::Report(..) => Doc::Report(ReportDoc::default()),
        DocId::Head(_) | DocId::SetAside(..) => Doc::Head(HeadDoc::default()),
    }
}

fn wake_of(key: &IncidentKey, arm: Arm) -> (Wake, u64) {
    (Wake { key: key.clone(), incident: arm.incident, timer: arm.timer }, arm.delay_millis)
}

fn as_report(versioned: &Versioned) -> Option<&ReportDoc> {
    if let Doc::Report(report) = &versioned.doc { Some(report) } else { None }
}

fn as_shard(versioned: &Versioned) -> Option<&ShardDoc> {
    if let Doc::Shard(shard) = &versioned.doc { Some(shard) } else { None }
}

fn as_head(versioned: &Versioned) -> Option<&HeadDoc> {
    if let Doc::Head(head) = &versioned.doc { Some(head) } else { None }
}

/// The version of a document after a write that expected this one.
pub fn next_version(expected: Option<u64>) -> u64 {
    expected.map_or(1, |version| version + 1)
}
