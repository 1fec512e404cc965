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
        plan::{self, Counters, Due, ReportStep, ScheduledTimer, TimerStep},
        policy::{self, Policy},
        state::{
            BatchRecord, ClosedIncident, CounterShard, IncidentRecord, ItemId, Lease, OpenIncident, ReportRecord,
            StoredItem, Versioned, Write,
        },
    },
    metrics::Point,
    notification::{Notification, NotificationContent, NotificationContext, RenderedNotification, Site},
    ports::{Commit, Enricher, IncidentStore, MetricSink, Notifier, PortError, TimerMessage, Timers},
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
struct IncidentFindings<'d> {
    key: IncidentKey,
    detection: &'d Detection,
    findings: Vec<&'d Finding>,
    /// Records of flows past the limit: counted, with nobody's name.
    untracked: Totals,
    found: Summary,
}

impl IncidentFindings<'_> {
    fn content(&self) -> NotificationContent {
        NotificationContent::batch(self.detection, &self.findings, self.untracked)
    }
}

/// What a batch has to do that is counted: its claim, the openings to send, and the metric of counters that it set aside.
type Claimed<'p, 'd> = (Versioned, Vec<Opened<'p, 'd>>, Vec<Point>);

/// An opening mail that this run has to send.
struct Opened<'p, 'd> {
    part: &'p IncidentFindings<'d>,
    incident: String,
    reason: Reason,
    /// The head as this run wrote it.
    head: Versioned,
    /// The counters of the incident, where others have added to them since this batch was counted: they are what is told.
    counters: Option<Summary>,
}

impl<S: IncidentStore, T: Timers, A: Notifier, M: MetricSink, N: Enricher> Engine<S, T, A, M, N> {
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
        let claim_id = ItemId::Batch(batch.to_owned());
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
        let metrics_published = matches!(&claim.doc, StoredItem::Batch(claim) if claim.metrics_published);
        let mut points = if metrics_published { Vec::new() } else { detection.minutes.points(name, now) };
        points.extend(orphans);
        if self.operational_metrics {
            points.extend(operations::decided(name, &outcome, now));
        }
        let sending = pin!(self.send_openings(&openings, now));
        let (mailed, published) = match future::select(sending, pin!(self.metrics.publish_deadline())).await {
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
        let ended: Vec<(&Opened<'_, '_>, bool)> = openings.iter().zip(mailed.iter().map(Result::is_ok)).collect();
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
            Err(error) if metrics_published => outcome.unreported = Some(error),
            Err(error) => failures.push(error),
        }
        let done = (failures.is_empty(), metrics_published || published_now);
        let recorded = self.finish(batch, (claim_id, claim), &ended, done, now);
        outcome.chat_failures = self.while_telling(&sent, recorded).await?;
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
        sent: &[RenderedNotification],
        record: impl Future<Output = Result<(), EngineError>>,
    ) -> Result<u64, EngineError> {
        let telling = async {
            let mut chat_failures = 0;
            for notice in sent {
                chat_failures += u64::from(self.alerts.tell_chat(notice).await.is_err());
            }
            chat_failures
        };
        let (recorded, chat_failures) = future::join(record, telling).await;
        recorded.map(|()| chat_failures)
    }

    async fn send_openings(
        &self,
        openings: &[Opened<'_, '_>],
        now: EpochMillis,
    ) -> Vec<Result<RenderedNotification, PortError>> {
        if openings.is_empty() {
            return Vec::new();
        }
        let content = |opening: &Opened<'_, '_>| match &opening.counters {
            Some(summary) => NotificationContent::counters(&opening.part.key, summary),
            None => opening.part.content(),
        };
        let content: Vec<NotificationContent> = openings.iter().map(content).collect();
        let network = self.network.enrich(&NotificationContent::wanted(&content)).await;
        let mut sent = Vec::with_capacity(openings.len());
        for (opening, content) in openings.iter().zip(content) {
            let head = as_head(&opening.head);
            let previous = head.and_then(|head| head.last.as_ref());
            let frame = self.frame(&opening.part.key, opening.reason, &network, now);
            let message = match (&opening.counters, head.and_then(|head| head.current.as_ref())) {
                (Some(summary), Some(open)) => Notification::late_opened(frame, open, summary),
                _ => Notification::opening(frame, &opening.incident, content, previous),
            };
            let notice = RenderedNotification::of(&message);
            sent.push(self.alerts.send(&notice).await.map(|()| notice));
        }
        sent
    }

    fn frame<'a>(
        &'a self,
        key: &'a IncidentKey,
        reason: Reason,
        network: &'a Network,
        now: EpochMillis,
    ) -> NotificationContext<'a> {
        NotificationContext { key, reason, network, policy: &self.policy, site: &self.site, now }
    }

    fn parts<'d>(&self, detection: &'d Detection) -> Vec<IncidentFindings<'d>> {
        let groups = key::group(detection, self.group_by).into_iter().enumerate();
        let part = |(at, (key, findings)): (usize, (IncidentKey, Vec<&'d Finding>))| {
            let untracked = if at == 0 { detection.untracked } else { Totals::default() };
            let found = Summary::of(findings.iter().copied(), &untracked);
            IncidentFindings { key, detection, findings, untracked, found }
        };
        groups.map(part).collect()
    }

    /// Hands the counters to openings that somebody else, or an earlier attempt of this batch, did not send: others have been counted
    /// into the incident.
    async fn count_taken_over(&self, openings: &mut [Opened<'_, '_>], now: EpochMillis) -> Result<(), EngineError> {
        for opening in openings.iter_mut().filter(|opening| opening.reason == Reason::LeaseExpired) {
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
    async fn hand_over(
        &self,
        key: &IncidentKey,
        open: &OpenIncident,
        now: EpochMillis,
    ) -> Result<Counters, EngineError> {
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
        id: &ItemId,
        mut doc: Option<Versioned>,
        open: &OpenIncident,
        now: EpochMillis,
    ) -> Result<Option<CounterShard>, EngineError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(found) = doc else { return Ok(None) };
            let Some(mut shard) = as_shard(&found).filter(|shard| shard.incident == open.id).cloned() else {
                return Ok(None);
            };
            if !shard.hand_over(open.emails.saturating_add(1)) {
                return Ok(Some(shard));
            }
            let write = write(id.clone(), Some(found.version), StoredItem::Shard(shard.clone()), now);
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

    fn shard_ids(&self, key: &IncidentKey) -> Vec<ItemId> {
        (0..self.policy.shards()).map(|number| ItemId::Shard(key.clone(), number)).collect()
    }

    /// Sets aside what cannot be read. The alarm's metric goes first, so that no copy is made that nobody hears of. Returns
    /// whether there was anything, and what was read has to be read again.
    async fn set_aside(
        &self,
        ids: &[ItemId],
        docs: &[Option<Versioned>],
        now: EpochMillis,
        names: &mut Vec<String>,
    ) -> Result<bool, EngineError> {
        let unreadable = ids.iter().zip(docs).filter_map(|(id, doc)| Some((id, doc.as_ref()?)));
        let unreadable: Vec<(&ItemId, &Versioned)> = unreadable.filter(|(id, doc)| !fits(id, &doc.doc)).collect();
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
        parts: &'p [IncidentFindings<'d>],
        now: EpochMillis,
        outcome: &mut Outcome,
    ) -> Result<Option<Claimed<'p, 'd>>, EngineError> {
        let mut read: Option<(Vec<ItemId>, Vec<Option<Versioned>>)> = None;
        'attempts: for attempt in 0..MAX_ATTEMPTS {
            let (ids, docs) = match read.take() {
                Some(read) => read,
                None => {
                    let mut ids = vec![ItemId::Batch(batch.to_owned())];
                    for part in parts {
                        let shard = plan::shard_of(&part.key, batch, attempt, self.policy.shards());
                        ids.extend([ItemId::Head(part.key.clone()), ItemId::Shard(part.key.clone(), shard)]);
                    }
                    let docs = self.store.get(&ids).await?;
                    (ids, docs)
                }
            };
            if self.set_aside(&ids, &docs, now, &mut outcome.set_aside).await? {
                continue;
            }
            let claim = docs.first().and_then(Option::as_ref);
            let known = claim.and_then(|claim| if let StoredItem::Batch(doc) = &claim.doc { Some(doc) } else { None });
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
            outcome.suppressed = 0;
            for (at, part) in parts.iter().enumerate() {
                let (head_doc, shard_doc) =
                    (docs.get(1 + 2 * at).and_then(Option::as_ref), docs.get(2 + 2 * at).and_then(Option::as_ref));
                let head = head_doc.and_then(as_head);
                let head_write = |doc: IncidentRecord| {
                    write(ItemId::Head(part.key.clone()), head_doc.map(|head| head.version), StoredItem::Head(doc), now)
                };
                if known.is_some() {
                    // Counted by an earlier attempt that did not get to its end.
                    outcome.reasons.push(Reason::Resumed);
                    let mine = opened.iter().find(|(key, _)| *key == part.key);
                    if let Some((_, id)) = mine
                        && let Some(head) = plan::resume_opening(head, id, batch, now, &self.policy)
                    {
                        openings.push(Opened {
                            part,
                            incident: id.clone(),
                            reason: Reason::LeaseExpired,
                            head: written(head_doc, &head),
                            counters: None,
                        });
                        writes.push(head_write(head));
                        outcome.reasons.push(Reason::LeaseExpired);
                    }
                    continue;
                }
                let shard = shard_doc.and_then(as_shard);
                let owner = (&part.key, batch);
                let Some(step) = plan::on_batch(head, shard, &part.found, owner, now, &self.policy) else {
                    continue 'attempts;
                };
                let incident = step.shard.incident.clone();
                if let (Reason::New | Reason::LeaseExpired, Some(head)) = (step.reason, &step.head) {
                    openings.push(Opened {
                        part,
                        incident: incident.clone(),
                        reason: step.reason,
                        head: written(head_doc, head),
                        counters: None,
                    });
                    opened.push((part.key.clone(), incident.clone()));
                } else {
                    outcome.suppressed += part.findings.len() as u64;
                }
                outcome.reasons.push(step.reason);
                writes.extend(step.head.map(head_write));
                let shard_id = &ids[2 + 2 * at];
                if let (true, Some(orphan)) = (step.orphan, shard_doc) {
                    set_aside.push(copy_of(shard_id, orphan.doc.clone(), now));
                }
                let expected = shard_doc.map(|shard| shard.version);
                writes.push(write(shard_id.clone(), expected, StoredItem::Shard(step.shard), now));
                wakes.extend(step.arms.into_iter().map(|arm| wake_of(&part.key, arm)));
            }
            let doc = BatchRecord {
                lease: Lease { owner: batch.to_owned(), until: time::after(now, self.policy.lease_millis()) },
                done: false,
                metrics_published: known.is_some_and(|known| known.metrics_published),
                opened,
            };
            let claim_write = write(ids[0].clone(), claim.map(|claim| claim.version), StoredItem::Batch(doc), now);
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
        (claim_id, claim): (ItemId, Versioned),
        ended: &[(&Opened<'_, '_>, bool)],
        (done, metrics_published): (bool, bool),
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        // Nobody else writes these for as long as the lease lasts, so the first attempt mostly needs no reading.
        let mut heads: Vec<Option<Versioned>> = ended.iter().map(|(opening, _)| Some(opening.head.clone())).collect();
        let ids: Vec<ItemId> = ended.iter().map(|(opening, _)| ItemId::Head(opening.part.key.clone())).collect();
        for _ in 0..MAX_ATTEMPTS {
            let mut writes = Vec::new();
            for ((opening, sent), (id, head)) in ended.iter().zip(ids.iter().zip(&heads)) {
                let Some(versioned) = head else { continue };
                let recorded = as_head(versioned).and_then(|head| {
                    if *sent {
                        plan::record_email(head, &opening.incident, batch, now)
                    } else {
                        plan::release(head, &opening.incident, batch)
                    }
                });
                writes.extend(
                    recorded.map(|head| write(id.clone(), Some(versioned.version), StoredItem::Head(head), now)),
                );
            }
            if let StoredItem::Batch(doc) = &claim.doc {
                // What is not done is left to the next attempt, which need not wait for the lease's end.
                let lease = Lease { until: if done { doc.lease.until } else { now }, ..doc.lease.clone() };
                let doc = StoredItem::Batch(BatchRecord { done, metrics_published, lease, ..doc.clone() });
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
    pub async fn wake(&self, wake: &TimerMessage, run: &str, now: EpochMillis) -> Result<Outcome, EngineError> {
        let owner = format!("timer {} {} {run}", wake.incident, wake.timer);
        let mut outcome = Outcome::default();
        for attempt in 0..MAX_ATTEMPTS {
            let mut ids = vec![ItemId::Head(wake.key.clone())];
            ids.extend(self.shard_ids(&wake.key));
            let docs = self.store.get(&ids).await?;
            if self.set_aside(&ids, &docs, now, &mut outcome.set_aside).await? {
                continue;
            }
            let head_doc = docs.first().and_then(Option::as_ref);
            let head = head_doc.and_then(as_head);
            let shards: Vec<CounterShard> = docs.iter().flatten().filter_map(as_shard).cloned().collect();
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
            let mut writes = vec![write(ids[0].clone(), expected, StoredItem::Head(go.head.clone()), now)];
            if go.seal {
                writes.extend(ids.iter().zip(&docs).skip(1).map(|(id, doc)| seal(wake, id, doc.as_ref(), now)));
            }
            let open = go.head.current.as_ref().filter(|_| matches!(go.due, Some(Due::Opened | Due::Update)));
            let at_once = open.filter(|_| attempt < MAX_HAND_OVERS_AT_ONCE);
            let counters = at_once.map(|open| hand_over_at_once(open, (&ids, &docs), &mut writes, now));
            let report = go.report.map(|closing| ReportRecord { owed: Some(closing) });
            let report_id = ItemId::Report(wake.key.clone(), wake.incident.clone());
            writes.extend(report.clone().map(|report| write(report_id, None, StoredItem::Report(report), now)));
            if self.store.commit(&writes).await? != Commit::Written {
                continue;
            }
            outcome.reasons = vec![go.reason];
            let head = Versioned { version: next_version(expected), doc: StoredItem::Head(go.head) };
            return match (&go.due, report) {
                (Some(Due::Resolved), Some(report)) => {
                    let report = Versioned { version: next_version(None), doc: StoredItem::Report(report) };
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
        wake: &TimerMessage,
        owner: &str,
        mut outcome: Outcome,
        now: EpochMillis,
    ) -> Result<Outcome, EngineError> {
        let id = ItemId::Report(wake.key.clone(), wake.incident.clone());
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
            let doc = StoredItem::Report(ReportRecord { owed: Some(*closing) });
            if self.store.commit(&[write(id.clone(), expected, doc.clone(), now)]).await? != Commit::Written {
                continue;
            }
            outcome.reasons = vec![Reason::LeaseExpired];
            let report = Versioned { version: next_version(expected), doc };
            return self.send_report(wake, (Reason::LeaseExpired, owner), report, None, outcome, now).await;
        }
        Err(EngineError::Contended)
    }

    /// Sends a mail about an open incident and records that.
    async fn send_due(
        &self,
        wake: &TimerMessage,
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
            Due::Opened => Content::Opened(open, &counters.total),
            Due::Resolved => return Ok(outcome),
        };
        let notice = self.send(&wake.key, reason, content, now).await?;
        outcome.emails = 1;
        if due == Due::Opened {
            outcome.note_opening(counters.total.totals.first_start, now);
        }
        let record = self.record(wake, owner, head.clone(), now);
        outcome.chat_failures = self.while_telling(std::slice::from_ref(&notice), record).await?;
        Ok(outcome)
    }

    /// Sends the resolved email of an incident and records that, or gives the right to send it back.
    async fn send_report(
        &self,
        wake: &TimerMessage,
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
                outcome.emails = 1;
                outcome.chat_failures = self.while_telling(std::slice::from_ref(&notice), record).await?;
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
        wake: &TimerMessage,
        owner: &str,
        sent: bool,
        (report, mut head): (Versioned, Option<Versioned>),
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        let report_id = ItemId::Report(wake.key.clone(), wake.incident.clone());
        let ids = [report_id, ItemId::Head(wake.key.clone())];
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
            let mut writes = vec![write(ids[0].clone(), Some(versioned.version), StoredItem::Report(doc), now)];
            let version = head.as_ref().map(|head| head.version);
            writes.extend(changed.map(|head| write(ids[1].clone(), version, StoredItem::Head(head), now)));
            if self.store.commit(&writes).await? == Commit::Written {
                return Ok(());
            }
        }
        Err(EngineError::Contended)
    }

    async fn record(
        &self,
        wake: &TimerMessage,
        owner: &str,
        mut versioned: Versioned,
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        let id = ItemId::Head(wake.key.clone());
        for _ in 0..MAX_ATTEMPTS {
            let recorded = as_head(&versioned).and_then(|head| plan::record_email(head, &wake.incident, owner, now));
            let Some(head) = recorded else { return Ok(()) };
            let write = write(id.clone(), Some(versioned.version), StoredItem::Head(head), now);
            if self.store.commit(&[write]).await? == Commit::Written {
                return Ok(());
            }
            let docs = self.store.get(std::slice::from_ref(&id)).await?;
            let Some(newer) = docs.into_iter().next().flatten() else { return Ok(()) };
            versioned = newer;
        }
        Err(EngineError::Contended)
    }

    /// Enriches an email that is due, and sends it.
    async fn send(
        &self,
        key: &IncidentKey,
        reason: Reason,
        content: Content<'_>,
        now: EpochMillis,
    ) -> Result<RenderedNotification, PortError> {
        let nothing_yet = Network::default();
        let wanted = NotificationContent::wanted(std::slice::from_ref(
            &content.message(self.frame(key, reason, &nothing_yet, now)).content,
        ));
        let network = self.network.enrich(&wanted).await;
        let notice = RenderedNotification::of(&content.message(self.frame(key, reason, &network, now)));
        self.alerts.send(&notice).await.map(|()| notice)
    }
}

/// What a mail of the timer is about.
#[derive(Clone, Copy)]
enum Content<'a> {
    /// An opening that is late: the incident and its counters.
    Opened(&'a OpenIncident, &'a Summary),
    /// An update.
    Update(&'a OpenIncident, &'a Counters),
    /// The end of an incident.
    Resolved(&'a ClosedIncident),
}

impl<'a> Content<'a> {
    fn message(self, frame: NotificationContext<'a>) -> Notification<'a> {
        match self {
            Content::Opened(open, summary) => Notification::late_opened(frame, open, summary),
            Content::Update(open, counters) => {
                Notification::update(frame, open, &counters.unreported, counters.total.totals)
            }
            Content::Resolved(closing) => Notification::over(frame, closing),
        }
    }
}

/// Hands everything that no email has reported to the next one, with the writes that do it, and returns the counters as they are then.
fn hand_over_at_once(
    open: &OpenIncident,
    (ids, docs): (&[ItemId], &[Option<Versioned>]),
    writes: &mut Vec<Write>,
    now: EpochMillis,
) -> Counters {
    let mut shards: Vec<CounterShard> = Vec::new();
    for (id, doc) in ids.iter().zip(docs).filter_map(|(id, doc)| Some((id, doc.as_ref()?))) {
        let Some(mut shard) = as_shard(doc).filter(|shard| shard.incident == open.id).cloned() else { continue };
        if shard.hand_over(open.emails.saturating_add(1)) {
            writes.push(write(id.clone(), Some(doc.version), StoredItem::Shard(shard.clone()), now));
        }
        shards.push(shard);
    }
    Counters::of(&shards, open)
}

/// Counts the openings that were sent, and how late each was.
fn note_sent(
    outcome: &mut Outcome,
    openings: &[Opened<'_, '_>],
    mailed: &[Result<RenderedNotification, PortError>],
    now: EpochMillis,
) {
    for (opening, _) in openings.iter().zip(mailed).filter(|(_, sent)| sent.is_ok()) {
        outcome.emails += 1;
        outcome.note_opening(opening.part.found.totals.first_start, now);
    }
}

/// What was read, with what others wrote in between, where that is all that has to be known: the next attempt need not read then.
///
/// A head that was in the way is told together with its counter, as both are at one moment. A counter that comes alone is taken
/// only if it is of the incident that the head, which is not looked at again, knows as open: any other one, and one that is
/// sealed, tells that the head has changed, too.
fn with_newer(
    ids: &[ItemId],
    docs: &[Option<Versioned>],
    newer: Vec<(ItemId, Versioned)>,
) -> Option<Vec<Option<Versioned>>> {
    let mut docs = docs.to_vec();
    let at = |wanted: &ItemId| ids.iter().position(|id| id == wanted);
    let content: Vec<ItemId> = newer.iter().map(|(id, _)| id.clone()).collect();
    for (id, versioned) in newer {
        *docs.get_mut(at(&id)?)? = Some(versioned);
    }
    for id in &content {
        match id {
            ItemId::Batch(_) | ItemId::Report(..) | ItemId::SetAside(..) => return None,
            ItemId::Head(_) => {}
            ItemId::Shard(key, _) => {
                let head_id = ItemId::Head(key.clone());
                let head = docs.get(at(&head_id)?)?.as_ref().and_then(as_head);
                let open = head.and_then(|head| head.current.as_ref()).map(|open| open.id.as_str());
                let shard = docs.get(at(id)?)?.as_ref().and_then(as_shard)?;
                let fits = open == Some(shard.incident.as_str()) && !shard.closed;
                if !fits && !content.contains(&head_id) {
                    return None;
                }
            }
        }
    }
    (!content.is_empty()).then_some(docs)
}

/// A document as it is after this write.
fn written(before: Option<&Versioned>, head: &IncidentRecord) -> Versioned {
    Versioned { version: next_version(before.map(|before| before.version)), doc: StoredItem::Head(head.clone()) }
}

/// The end of a counter whose incident ends. One that was never used is written too: whoever looked for it before finds that it
/// changed.
fn seal(wake: &TimerMessage, id: &ItemId, doc: Option<&Versioned>, now: EpochMillis) -> Write {
    let used = doc.and_then(as_shard).filter(|shard| shard.incident == wake.incident).cloned();
    let shard = used.unwrap_or_else(|| CounterShard::new(wake.incident.clone(), now));
    let closed = StoredItem::Shard(CounterShard { closed: true, ..shard });
    write(id.clone(), doc.map(|doc| doc.version), closed, now)
}

/// A write of a document, which expires when nobody can miss it any more. What an open incident has counted never does.
fn write(id: ItemId, expected: Option<u64>, doc: StoredItem, now: EpochMillis) -> Write {
    let kept = match &doc {
        StoredItem::Head(head) if head.current.is_some() => None,
        StoredItem::Shard(shard) if !shard.closed => None,
        StoredItem::Head(_) | StoredItem::Shard(_) | StoredItem::Report(_) => Some(INCIDENT_KEPT_MILLIS),
        StoredItem::Batch(_) => Some(BATCH_KEPT_MILLIS),
        StoredItem::Unreadable(_) => Some(SET_ASIDE_KEPT_MILLIS),
    };
    Write { id, expected, doc, expires_at: kept.map(|kept| time::after(now, kept)) }
}

/// A copy of a document that is about to be overwritten.
fn copy_of(id: &ItemId, doc: StoredItem, now: EpochMillis) -> Write {
    let expires_at = Some(time::after(now, SET_ASIDE_KEPT_MILLIS));
    Write { id: ItemId::SetAside(now.0, Box::new(id.clone())), expected: None, doc, expires_at }
}

/// Whether a document is one that belongs under this name.
fn fits(id: &ItemId, doc: &StoredItem) -> bool {
    matches!(
        (id, doc),
        (ItemId::Head(_), StoredItem::Head(_))
            | (ItemId::Shard(..), StoredItem::Shard(_))
            | (ItemId::Report(..), StoredItem::Report(_))
            | (ItemId::Batch(_), StoredItem::Batch(_))
            | (ItemId::SetAside(..), _)
    )
}

/// What takes the place of a document that cannot be read.
fn anew(id: &ItemId, now: EpochMillis) -> StoredItem {
    match id {
        // It was written together with the counters: the batch is counted, and what follows from that may not be done.
        ItemId::Batch(_) => StoredItem::Batch(BatchRecord {
            lease: Lease { owner: String::new(), until: EpochMillis(0) },
            done: false,
            metrics_published: false,
            opened: Vec::new(),
        }),
        ItemId::Shard(..) => StoredItem::Shard(CounterShard { closed: true, ..CounterShard::new(String::new(), now) }),
        ItemId::Report(..) => StoredItem::Report(ReportRecord::default()),
        ItemId::Head(_) | ItemId::SetAside(..) => StoredItem::Head(IncidentRecord::default()),
    }
}

fn wake_of(key: &IncidentKey, arm: ScheduledTimer) -> (TimerMessage, u64) {
    (TimerMessage { key: key.clone(), incident: arm.incident, timer: arm.timer }, arm.delay_millis)
}

fn as_report(versioned: &Versioned) -> Option<&ReportRecord> {
    if let StoredItem::Report(report) = &versioned.doc { Some(report) } else { None }
}

fn as_shard(versioned: &Versioned) -> Option<&CounterShard> {
    if let StoredItem::Shard(shard) = &versioned.doc { Some(shard) } else { None }
}

fn as_head(versioned: &Versioned) -> Option<&IncidentRecord> {
    if let StoredItem::Head(head) = &versioned.doc { Some(head) } else { None }
}

/// The version of a document after a write that expected this one.
pub fn next_version(expected: Option<u64>) -> u64 {
    expected.map_or(1, |version| version + 1)
}
