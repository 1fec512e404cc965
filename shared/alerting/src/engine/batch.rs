//! Batches, stage by stage: claim, enrich and send what opens, publish the metrics, record what was done.
//!
//! Each batch is claimed, counted and tried again by itself; what those of one call write, publish and send is together.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    net::IpAddr,
    pin::pin,
};

use futures_util::future::{self, Either};

use crate::{
    detection::{Detection, Rule},
    engine::{
        Engine,
        claim::{Claim, Claimed, Found, MAX_TOGETHER, OpenedEmail},
        error::EngineError,
        operations,
        outcome::Outcome,
        send::Sent,
        senders,
        together::{self, Batch, JoinedFindings, Lot},
        traffic,
    },
    incident::{
        Reason,
        key::{self, Grouped},
        state::ItemId,
    },
    metrics::{Minutes, Point},
    ports::{Enricher, IncidentStore, MetricSink, PortError, Timers},
    time::EpochMillis,
};

/// What became of some batches.
#[derive(Debug, Default)]
pub struct Processed {
    /// What was done.
    pub outcome: Outcome,
    /// The keys of those that have to be delivered again, with the reason. What was done for them is not done twice then.
    pub failed: Vec<(String, EngineError)>,
}

impl Processed {
    fn fail(&mut self, lot: &Lot<'_>, error: &EngineError) {
        self.failed.extend(lot.batches.iter().map(|batch| (batch.key.to_owned(), error.clone())));
    }
}

/// What the metrics count.
#[derive(Default)]
struct Traffic {
    /// Matched records by rule and [`crate::detection::Origin::word`].
    minutes: BTreeMap<(Rule, &'static str), Minutes>,
    /// Records that silences cover, by the id of the silence.
    silenced: BTreeMap<String, u64>,
}

impl Traffic {
    fn add(&mut self, minutes: BTreeMap<(Rule, &'static str), Minutes>) {
        for (kind, found) in minutes {
            self.minutes.entry(kind).or_default().merge(&found);
        }
    }

    fn add_silenced(&mut self, silenced: &BTreeMap<String, u64>) {
        for (silence, records) in silenced {
            *self.silenced.entry(silence.clone()).or_default() += records;
        }
    }

    fn points(&self, name: &str, now: EpochMillis) -> Vec<Point> {
        let mut points = traffic::points(&self.minutes, name, now);
        points.extend(operations::silenced(name, &self.silenced, now));
        points
    }
}

/// Batches that are counted together, and what this run has to do for them.
struct Counted<'d> {
    lot: &'d Lot<'d>,
    claim: Claim<'d>,
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Processes one batch: see [`Engine::batches`].
    ///
    /// # Errors
    /// It has to be delivered again; what was done is not done twice then.
    pub async fn batch(&self, batch: &str, detection: &Detection, now: EpochMillis) -> Result<Outcome, EngineError> {
        let Processed { outcome, failed } = self.batches(&[Batch { key: batch, detection }], now).await;
        failed.into_iter().next().map_or(Ok(outcome), |(_, error)| Err(error))
    }

    /// Counts each batch exactly once, sends the emails of the incidents that open with them, and publishes their metrics.
    ///
    /// What batches of one log group write is one transaction, and the emails and the metrics of all are sent at the same time. A batch
    /// that fails keeps no other one from being counted, unless both are in that transaction.
    pub async fn batches(&self, batches: &[Batch<'_>], now: EpochMillis) -> Processed {
        // Two subscription filters that match the same log events deliver them twice, mostly at the same time.
        let mut known = HashSet::new();
        let batches: Vec<Batch<'_>> = batches.iter().copied().filter(|batch| known.insert(batch.key)).collect();
        let detections = self.with_health_checks(&batches).await;
        let mut processed = Processed::default();
        let mut logged = Traffic::default();
        let mut with_findings = Vec::new();
        for (Batch { key, .. }, detection) in batches.iter().zip(&detections) {
            let detection = &**detection;
            let grouped = key::group(detection, self.group_by, &self.signals);
            if grouped.groups.is_empty() && grouped.senders.is_empty() {
                processed.outcome.suppressed += grouped.background;
                logged.add(self.minutes(detection, &BTreeSet::new()));
            } else {
                with_findings.push((Batch { key, detection }, grouped));
            }
        }
        let lots = self.lots(with_findings).await;
        let joined: Vec<JoinedFindings> = lots.iter().map(JoinedFindings::of).collect();
        // Of batches that are counted, and of those that an earlier delivery has counted.
        let mut outcome = Outcome::default();
        let mut counted = Vec::new();
        for (lot, joined) in lots.iter().zip(&joined) {
            match self.claim_lot(lot, joined, (&mut outcome, &mut processed.outcome), &mut logged, now).await {
                Ok(claim) => counted.extend(claim.map(|claim| Counted { lot, claim })),
                Err(error) => processed.fail(lot, &error),
            }
        }
        if counted.is_empty() {
            self.report(&mut outcome, now).await;
        } else {
            let (sent, published) = self.send_and_publish(&counted, &mut outcome, now).await;
            outcome.points += published.as_ref().copied().unwrap_or_default();
            for (counted, sent) in counted.iter().zip(sent) {
                if let Err(error) = self.finish(counted, sent, &published, &mut outcome, now).await {
                    processed.fail(counted.lot, &error);
                }
            }
        }
        processed.outcome.add(outcome);
        processed.outcome.points += self.log(&logged, now);
        processed
    }

    /// Tells which batches are counted together. It reads which of those that have others beside them somebody has begun with.
    async fn lots<'d>(&self, batches: Vec<(Batch<'d>, Grouped<'d>)>) -> Vec<Lot<'d>> {
        let by_log_group = together::by_log_group(batches);
        let keys = by_log_group.iter().filter(|beside| beside.len() > 1).flatten().map(|(batch, _)| batch.key);
        let keys: Vec<&str> = keys.collect();
        let mut begun = BTreeSet::new();
        if !keys.is_empty() {
            let ids: Vec<ItemId> = keys.iter().map(|key| ItemId::Batch((*key).to_owned())).collect();
            let found = self.store.get(&ids).await.unwrap_or_else(|_| vec![None; ids.len()]);
            begun.extend(keys.into_iter().zip(found).filter(|(_, found)| found.is_some()).map(|(key, _)| key));
        }
        let limits = (MAX_TOGETHER, self.group_by);
        by_log_group.into_iter().flat_map(|beside| together::lots(beside, &begun, limits)).collect()
    }

    /// Counts batches, and hands over the counters that an earlier attempt has left. None where nothing more is to be done for them but
    /// their metrics, which cost no call.
    async fn claim_lot<'d>(
        &self,
        lot: &'d Lot<'d>,
        joined: &'d JoinedFindings,
        (counted, uncounted): (&mut Outcome, &mut Outcome),
        logged: &mut Traffic,
        now: EpochMillis,
    ) -> Result<Option<Claim<'d>>, EngineError> {
        let Grouped { groups, senders, background } = joined.grouped(lot);
        let findings = together::incidents(lot, groups, &senders, self.group_by);
        let found = Found { lot, findings, senders: &senders };
        let mut outcome = Outcome { suppressed: background, ..Outcome::default() };
        match self.claim(&found, now, &mut outcome).await? {
            Claimed::Claim(mut claim) => {
                self.hand_over_resumed(&mut claim.opened, now).await?;
                counted.add(outcome);
                return Ok(Some(*claim));
            }
            // A batch that has nothing but background and silenced findings costs no further call. If it is delivered twice, it counts
            // twice.
            Claimed::Uncounted(found) => {
                lot.batches.iter().for_each(|batch| logged.add(self.minutes(batch.detection, &found.scanning)));
                logged.add_silenced(&found.silenced);
                uncounted.add(outcome);
            }
            // An earlier delivery has counted the background too.
            Claimed::Repeated => {
                let set_aside = outcome.set_aside;
                counted.add(Outcome { reasons: vec![Reason::Repeated], set_aside, ..Outcome::default() });
            }
        }
        Ok(None)
    }

    /// Writes to the log what becomes metrics without a call.
    fn log(&self, traffic: &Traffic, now: EpochMillis) -> u64 {
        let points = traffic.points(&self.site.metric_name, now);
        if !points.is_empty() {
            self.metrics.log(&points);
        }
        points.len() as u64
    }

    /// What is counted of a batch, by rule and origin.
    fn minutes(&self, detection: &Detection, scanning: &BTreeSet<IpAddr>) -> BTreeMap<(Rule, &'static str), Minutes> {
        detection.minutes(|flow| senders::counted_as(flow, self.signals.rules, scanning))
    }

    /// The data points to publish, but for those about the emails.
    fn points(&self, counted: &[Counted<'_>], outcome: &Outcome, now: EpochMillis) -> Vec<Point> {
        let name = &self.site.metric_name;
        let mut traffic = Traffic::default();
        for Counted { lot, claim } in counted.iter().filter(|counted| !counted.claim.metrics_published()) {
            lot.batches.iter().for_each(|batch| traffic.add(self.minutes(batch.detection, &claim.scanning)));
            traffic.add_silenced(&claim.silenced);
        }
        let mut points = traffic.points(name, now);
        points.extend(counted.iter().flat_map(|counted| counted.claim.set_aside.iter().cloned()));
        if self.operational_metrics {
            points.extend(operations::decided(name, outcome, now));
        }
        points
    }

    /// Sends the emails and publishes the metrics at the same time: neither waits for the other's retries, and each is tried
    /// whatever becomes of the other.
    async fn send_and_publish(
        &self,
        counted: &[Counted<'_>],
        outcome: &mut Outcome,
        now: EpochMillis,
    ) -> (Vec<Vec<Sent>>, Result<u64, PortError>) {
        let name = &self.site.metric_name;
        let mut points = self.points(counted, outcome, now);
        let sending = counted.iter().map(|counted| self.send_opened(&counted.claim.opened, now));
        let sending = pin!(future::join_all(sending));
        match future::select(sending, pin!(self.metrics.publish_deadline())).await {
            // The usual case: one call publishes what was counted and what was sent.
            Either::Left((sent, _)) => {
                note_opened(outcome, counted, &sent, now);
                if self.operational_metrics {
                    points.extend(operations::sent(name, outcome, now));
                }
                (sent, self.publish(&points).await)
            }
            Either::Right(((), sending)) => {
                let (sent, published) = future::join(sending, self.publish(&points)).await;
                note_opened(outcome, counted, &sent, now);
                if self.operational_metrics {
                    let points = operations::sent(name, outcome, now);
                    self.publish_once(&points, outcome).await;
                }
                (sent, published)
            }
        }
    }

    /// Records what was done, and returns what could not be done as an error.
    async fn finish(
        &self,
        counted: &Counted<'_>,
        sent: Vec<Sent>,
        published: &Result<u64, PortError>,
        outcome: &mut Outcome,
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        let claim = &counted.claim;
        let mut failures = Vec::new();
        let metrics_published = claim.metrics_published() || published.is_ok();
        match published {
            Ok(_) => {}
            // Only metrics about the monitor itself: not worth another attempt at the batch.
            Err(error) if claim.metrics_published() => outcome.unreported = Some(error.clone()),
            Err(error) => failures.push(error.clone()),
        }
        let emails: Vec<(&OpenedEmail<'_>, bool)> = claim.opened.iter().zip(sent.iter().map(Result::is_ok)).collect();
        let all_sent = sent.iter().all(Result::is_ok);
        let mut notifications = Vec::with_capacity(sent.len());
        for result in sent {
            match result {
                Ok(notification) => notifications.push(notification),
                Err(error) => failures.push(error),
            }
        }
        let done = all_sent && failures.is_empty();
        let recorded =
            self.record_batches(counted.lot.owner(), &claim.batches, &emails, (done, metrics_published), now);
        outcome.best_effort_failures += self.send_best_effort(&notifications, recorded).await?;
        if failures.is_empty() { Ok(()) } else { Err(EngineError::Ports(failures)) }
    }

    async fn publish(&self, points: &[Point]) -> Result<u64, PortError> {
        if !points.is_empty() {
            self.metrics.publish(points).await?;
        }
        Ok(points.len() as u64)
    }

    /// Publishes what was decided and sent, where that is configured. It is tried once; the outcome says if it failed.
    pub async fn report(&self, outcome: &mut Outcome, now: EpochMillis) {
        if self.operational_metrics {
            let name = &self.site.metric_name;
            let mut points = operations::decided(name, outcome, now);
            points.extend(operations::sent(name, outcome, now));
            self.publish_once(&points, outcome).await;
        }
    }

    /// Takes note of records of a stream that cannot be read. The metric is for an alarm: the function does not fail, so nobody else hears of
    /// them.
    pub fn report_unreadable(&self, records: u64, now: EpochMillis) {
        if records > 0 {
            self.metrics.log(&[operations::unreadable(&self.site.metric_name, records, now)]);
        }
    }

    async fn publish_once(&self, points: &[Point], outcome: &mut Outcome) {
        match self.publish(points).await {
            Ok(points) => outcome.points += points,
            Err(error) => outcome.unreported = Some(error),
        }
    }
}

/// Counts the opened emails that were sent, and how late each was.
fn note_opened(outcome: &mut Outcome, counted: &[Counted<'_>], sent: &[Vec<Sent>], now: EpochMillis) {
    let emails = counted.iter().flat_map(|counted| &counted.claim.opened).zip(sent.iter().flatten());
    for (email, _) in emails.filter(|(_, sent)| sent.is_ok()) {
        outcome.emails += 1;
        outcome.note_delay(email.findings.found.totals.first_start, now);
    }
}
