//! The engine: carries out what [`crate::incident::plan`] decides, in the one order that loses nothing.
//!
//! ```text
//! batch   read -> arm the timer of an incident that opens -> commit claim, counters and head -> look up -> send -> record
//!                                                                                            -> publish -/    \-> chat
//! timer   read -> arm the next one                        -> commit head (and seal)          -> look up -> send -> record
//!                                                                                                             \-> chat
//! ```
//!
//! A crash at any arrow leaves a state in which whoever comes next, the batch's own retry or the timer, goes on:
//! an incident exists only if a timer message was sent before, a mail is recorded only after it was sent, and a batch counts
//! as done only after everything else.

use std::{fmt, pin::pin};

use futures_util::future::{self, Either};

use crate::{
    alert::Site,
    detect::Detection,
    finding::{Finding, Totals},
    incident::{
        GroupBy, IncidentKey, Policy, Reason, Summary, key,
        plan::{self, Due, TimerStep},
        state::{BatchDoc, Doc, DocId, HeadDoc, Lease, ShardDoc, Versioned, Write},
    },
    message::{Frame, Message, Told},
    metric::Point,
    network::{Network, Wanted},
    notice::Notice,
    operations,
    ports::{AlertSink, Commit, IncidentStore, MetricSink, NetworkSource, PortError, Timers, Wake},
    time::{self, EpochMillis, MINUTE_MILLIS, SECOND_MILLIS},
};

/// How often something is planned anew because somebody else wrote in between.
const MAX_ATTEMPTS: u32 = 8;
/// How long a batch is remembered: longer than the failure queue keeps it for replay.
const BATCH_KEPT_MILLIS: u64 = 16 * 24 * 60 * MINUTE_MILLIS;
/// How long incidents are remembered after the last change.
const INCIDENT_KEPT_MILLIS: u64 = 30 * 24 * 60 * MINUTE_MILLIS;

/// Why a batch or a timer message has to be tried again.
#[derive(Debug, PartialEq, Eq)]
pub enum EngineError {
    /// One port or more failed. What the others did is remembered.
    Ports(Vec<PortError>),
    /// Another run is at this batch and its time is not over.
    Busy,
    /// Others were quicker each time.
    Contended,
}

impl From<PortError> for EngineError {
    fn from(error: PortError) -> Self {
        EngineError::Ports(vec![error])
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Ports(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    write!(f, "{}{error}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            EngineError::Busy => f.write_str("another run is at this batch"),
            EngineError::Contended => write!(f, "others wrote first {MAX_ATTEMPTS} times in a row"),
        }
    }
}

impl std::error::Error for EngineError {}

/// What a batch or a timer message came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Mails sent.
    pub mails: u64,
    /// Findings counted without a mail.
    pub held: u64,
    /// Data points published.
    pub points: u64,
    /// Whether all of it had been done by an earlier delivery of the same batch.
    pub repeated: bool,
    /// The decisions.
    pub reasons: Vec<Reason>,
    /// Seconds from the first packet to each opening mail that was sent.
    pub delays_seconds: Vec<u64>,
    /// Mails sent that the chat was not told of. Nobody tries that again: whoever did would mail again too.
    pub untold: u64,
    /// Why some points about the monitor itself were not published.
    pub unreported: Option<PortError>,
}

impl Outcome {
    /// Adds what another message of the same invocation came to.
    pub fn add(&mut self, other: Outcome) {
        self.mails += other.mails;
        self.held += other.held;
        self.points += other.points;
        self.repeated |= other.repeated;
        self.reasons.extend(other.reasons);
        self.delays_seconds.extend(other.delays_seconds);
        self.untold += other.untold;
        self.unreported = other.unreported.or(self.unreported.take());
    }

    fn note_opening(&mut self, first: Option<EpochMillis>, now: EpochMillis) {
        self.delays_seconds.extend(first.map(|first| time::millis_between(first, now) / SECOND_MILLIS));
    }
}

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
    /// Whether what was decided and sent is published, too ([`crate::operations`]).
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

/// An opening mail that this run has to send.
struct Opening<'p, 'd> {
    part: &'p Part<'d>,
    incident: String,
    reason: Reason,
    /// The head as this run wrote it.
    head: Versioned,
}

impl<S: IncidentStore, T: Timers, A: AlertSink, M: MetricSink, N: NetworkSource> Engine<S, T, A, M, N> {
    /// Counts a batch exactly once, mails what opens with it, and publishes its metrics.
    ///
    /// `batch` is unique for the batch and the same whenever it is delivered again.
    ///
    /// # Errors
    /// It has to be delivered again; what was done is not done twice then.
    pub async fn batch(&self, batch: &str, detections: &[Detection], now: EpochMillis) -> Result<Outcome, EngineError> {
        let mut outcome = Outcome::default();
        let parts = self.parts(detections);
        if parts.is_empty() {
            return Ok(outcome);
        }
        let claim_id = DocId::Batch(batch.to_owned());
        let Some((claim, openings)) = self.claim(batch, &parts, now, &mut outcome).await? else {
            outcome.repeated = true;
            outcome.reasons = vec![Reason::Repeated];
            self.report(&mut outcome, now).await;
            return Ok(outcome);
        };

        // Sent first and recorded after: a crash in between repeats a mail and never loses one. Mails and metrics go out at the
        // same time: neither waits for the other's retries, and each is tried whatever becomes of the other.
        let name = &self.site.metric_name;
        let measured = matches!(&claim.doc, Doc::Batch(claim) if claim.measured);
        let counted = if measured { &[][..] } else { detections };
        let mut points: Vec<Point> = counted.iter().flat_map(|detection| detection.minutes.points(name, now)).collect();
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
        let told: Vec<Told> = openings.iter().map(|opening| opening.part.told()).collect();
        let network = self.network.look_up(&Wanted::of(&told)).await;
        let mut sent = Vec::with_capacity(openings.len());
        for (opening, told) in openings.iter().zip(told) {
            let previous = as_head(&opening.head).and_then(|head| head.last.as_ref());
            let frame = self.frame(&opening.part.key, opening.reason, &network, now);
            let message = Message::opening(frame, &opening.incident, told, previous);
            let notice = Notice::of(&message);
            sent.push(self.alerts.send(&notice).await.map(|()| notice));
        }
        sent
    }

    fn frame<'a>(&'a self, key: &'a IncidentKey, reason: Reason, network: &'a Network, now: EpochMillis) -> Frame<'a> {
        Frame { key, reason, network, policy: &self.policy, site: &self.site, now }
    }

    fn parts<'d>(&self, detections: &'d [Detection]) -> Vec<Part<'d>> {
        let mut parts: Vec<Part<'d>> = Vec::new();
        for detection in detections {
            for (at, (key, findings)) in key::group(detection, self.group_by).into_iter().enumerate() {
                let mut found = Summary::of(findings.iter().copied());
                let untracked = if at == 0 { detection.untracked } else { Totals::default() };
                found.totals.add(&untracked);
                match parts.iter_mut().find(|part| part.key == key) {
                    // Another document of the same payload: counted together, told by the first.
                    Some(part) => part.found.merge(&found),
                    None => parts.push(Part { key, detection, findings, untracked, found }),
                }
            }
        }
        parts
    }

    /// Reads, plans and commits until nobody else interferes. None if the batch was done before.
    async fn claim<'p, 'd>(
        &self,
        batch: &str,
        parts: &'p [Part<'d>],
        now: EpochMillis,
        outcome: &mut Outcome,
    ) -> Result<Option<(Versioned, Vec<Opening<'p, 'd>>)>, EngineError> {
        let mut read: Option<(Vec<DocId>, Vec<Option<Versioned>>)> = None;
        'attempts: for attempt in 0..MAX_ATTEMPTS {
            let (ids, docs) = match read.take() {
                Some(read) => read,
                None => {
                    let mut ids = vec![DocId::Batch(batch.to_owned())];
                    for part in parts {
                        let shard = plan::shard_of(&part.key, batch, attempt, self.policy.shards);
                        ids.extend([DocId::Head(part.key.clone()), DocId::Shard(part.key.clone(), shard)]);
                    }
                    let docs = self.store.get(&ids).await?;
                    (ids, docs)
                }
            };
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
            let mut opened = known.map(|known| known.opened.clone()).unwrap_or_default();
            outcome.reasons.clear();
            outcome.held = 0;
            for (at, part) in parts.iter().enumerate() {
                let (head_doc, shard_doc) =
                    (docs.get(1 + 2 * at).and_then(Option::as_ref), docs.get(2 + 2 * at).and_then(Option::as_ref));
                let head = head_doc.and_then(as_head);
                let kept = time::after(now, INCIDENT_KEPT_MILLIS);
                let head_write = |doc: HeadDoc| Write {
                    id: DocId::Head(part.key.clone()),
                    expected: head_doc.map(|head| head.version),
                    doc: Doc::Head(doc),
                    expires_at: kept,
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
                        });
                        writes.push(head_write(head));
                        outcome.reasons.push(Reason::TakenOver);
                    }
                    continue;
                }
                let shard = shard_doc.and_then(as_shard);
                let Some(step) = plan::on_batch(head, shard, &part.found, batch, now, &self.policy) else {
                    continue 'attempts;
                };
                let incident = step.shard.incident.clone();
                if let (Reason::New | Reason::TakenOver, Some(head)) = (step.reason, &step.head) {
                    openings.push(Opening {
                        part,
                        incident: incident.clone(),
                        reason: step.reason,
                        head: written(head_doc, head),
                    });
                    opened.push((part.key.clone(), incident.clone()));
                } else {
                    outcome.held += part.findings.len() as u64;
                }
                outcome.reasons.push(step.reason);
                writes.extend(step.head.map(head_write));
                writes.push(Write {
                    id: ids[2 + 2 * at].clone(),
                    expected: shard_doc.map(|shard| shard.version),
                    doc: Doc::Shard(step.shard),
                    expires_at: kept,
                });
                wakes.extend(step.arm.map(|(timer, delay)| (Wake { key: part.key.clone(), incident, timer }, delay)));
            }
            let claim_write = Write {
                id: ids[0].clone(),
                expected: claim.map(|claim| claim.version),
                doc: Doc::Batch(BatchDoc {
                    lease: Lease { owner: batch.to_owned(), until: time::after(now, self.policy.lease_millis()) },
                    done: false,
                    measured: known.is_some_and(|known| known.measured),
                    opened,
                }),
                expires_at: time::after(now, BATCH_KEPT_MILLIS),
            };
            // Before the commit: an incident exists only if a message to come back to it is on its way. One too many is stale.
            for (wake, delay) in &wakes {
                self.timers.arm(wake, *delay).await?;
            }
            writes.push(claim_write.clone());
            match self.store.commit(&writes).await? {
                Commit::Written => {
                    let version = next_version(claim_write.expected);
                    return Ok(Some((Versioned { version, doc: claim_write.doc }, openings)));
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
                        plan::record_mail(head, &opening.incident, batch, &opening.part.found, now)
                    } else {
                        plan::release(head, &opening.incident, batch)
                    }
                });
                writes.extend(recorded.map(|head| Write {
                    id: id.clone(),
                    expected: Some(versioned.version),
                    doc: Doc::Head(head),
                    expires_at: time::after(now, INCIDENT_KEPT_MILLIS),
                }));
            }
            if let Doc::Batch(doc) = &claim.doc {
                // What is not done is left to the next attempt, which need not wait for the lease's end.
                let lease = Lease { until: if done { doc.lease.until } else { now }, ..doc.lease.clone() };
                writes.push(Write {
                    id: claim_id.clone(),
                    expected: Some(claim.version),
                    doc: Doc::Batch(BatchDoc { done, measured, lease, ..doc.clone() }),
                    expires_at: time::after(now, BATCH_KEPT_MILLIS),
                });
            }
            if self.store.commit(&writes).await? == Commit::Written {
                return Ok(());
            }
            heads = if ids.is_empty() { Vec::new() } else { self.store.get(&ids).await? };
        }
        Err(EngineError::Contended)
    }

    /// Does what is due for an incident, and sees to it that somebody comes back.
    ///
    /// # Errors
    /// A mail could not be sent or something not be read or written; the next message does it then.
    pub async fn wake(&self, wake: &Wake, now: EpochMillis) -> Result<Outcome, EngineError> {
        let owner = format!("timer {} {} {}", wake.incident, wake.timer, now.0);
        for _ in 0..MAX_ATTEMPTS {
            let mut ids = vec![DocId::Head(wake.key.clone())];
            ids.extend((0..self.policy.shards.max(1)).map(|number| DocId::Shard(wake.key.clone(), number)));
            let docs = self.store.get(&ids).await?;
            let head_doc = docs.first().and_then(Option::as_ref);
            let head = head_doc.and_then(as_head);
            let shards: Vec<ShardDoc> = docs.iter().flatten().filter_map(as_shard).cloned().collect();
            let step = plan::on_timer(head, &shards, (&wake.incident, wake.timer), &owner, now, &self.policy);
            let TimerStep::Go(go) = step else {
                return Ok(Outcome { reasons: vec![Reason::Stale], ..Outcome::default() });
            };
            if let Some((timer, delay)) = go.arm {
                self.timers.arm(&Wake { timer, ..wake.clone() }, delay).await?;
            }
            let mut writes = vec![Write {
                id: DocId::Head(wake.key.clone()),
                expected: head_doc.map(|head| head.version),
                doc: Doc::Head(go.head.clone()),
                expires_at: time::after(now, INCIDENT_KEPT_MILLIS),
            }];
            if go.seal {
                writes.extend(ids.iter().zip(&docs).skip(1).map(|(id, doc)| seal(wake, id, doc.as_ref(), now)));
            }
            if self.store.commit(&writes).await? != Commit::Written {
                continue;
            }
            let mut outcome = Outcome { reasons: vec![go.reason], ..Outcome::default() };
            if let Some(due) = &go.due {
                let notice = self.send_due(wake, due, (&go.head, go.reason), now).await?;
                outcome.mails = 1;
                if let Due::Opening { summary } = due {
                    outcome.note_opening(summary.totals.first_start, now);
                }
                let version = next_version(writes[0].expected);
                let record = self.record(wake, due, &owner, Versioned { version, doc: Doc::Head(go.head) }, now);
                outcome.untold = self.while_telling(std::slice::from_ref(&notice), record).await?;
            }
            return Ok(outcome);
        }
        Err(EngineError::Contended)
    }

    async fn record(
        &self,
        wake: &Wake,
        due: &Due,
        owner: &str,
        mut versioned: Versioned,
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        let id = DocId::Head(wake.key.clone());
        for _ in 0..MAX_ATTEMPTS {
            let recorded = as_head(&versioned).and_then(|head| match due {
                Due::Opening { summary } | Due::Update { summary } => {
                    plan::record_mail(head, &wake.incident, owner, summary, now)
                }
                Due::AllClear { incident } => plan::record_all_clear(head, incident, owner),
            });
            let Some(head) = recorded else { return Ok(()) };
            let write = Write {
                id: id.clone(),
                expected: Some(versioned.version),
                doc: Doc::Head(head),
                expires_at: time::after(now, INCIDENT_KEPT_MILLIS),
            };
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
    async fn send_due(
        &self,
        wake: &Wake,
        due: &Due,
        (head, reason): (&HeadDoc, Reason),
        now: EpochMillis,
    ) -> Result<Notice, PortError> {
        let message = |network| {
            let frame = self.frame(&wake.key, reason, network, now);
            match (due, &head.current, &head.closing) {
                (Due::AllClear { .. }, _, Some(closing)) => Message::over(frame, closing),
                (Due::Opening { summary }, Some(open), _) => Message::late_opening(frame, open, summary),
                (Due::Update { summary }, Some(open), _) => Message::update(frame, open, summary),
                // The plan never asks for a mail about an incident that the head does not have.
                _ => unreachable!("a mail about an incident that is not there"),
            }
        };
        let nothing_yet = Network::default();
        let wanted = Wanted::of(std::slice::from_ref(&message(&nothing_yet).told));
        let network = self.network.look_up(&wanted).await;
        let notice = Notice::of(&message(&network));
        self.alerts.send(&notice).await.map(|()| notice)
    }
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
            DocId::Batch(_) => return None,
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
    let shard = used.unwrap_or_else(|| ShardDoc {
        incident: wake.incident.clone(),
        sealed: true,
        last_seen: now,
        summary: Summary::default(),
    });
    Write {
        id: id.clone(),
        expected: doc.map(|doc| doc.version),
        doc: Doc::Shard(ShardDoc { sealed: true, ..shard }),
        expires_at: time::after(now, INCIDENT_KEPT_MILLIS),
    }
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
