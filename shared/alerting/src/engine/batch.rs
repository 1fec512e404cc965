//! A batch, stage by stage: claim, enrich and send what opens, publish the metrics, record what was done.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    pin::pin,
    sync::Arc,
};

use futures_util::future::{self, Either};

use crate::{
    detection::{Detection, Rule},
    engine::{
        Engine,
        claim::{Claim, Claimed, Found, OpenedEmail, Uncounted},
        error::EngineError,
        findings::IncidentFindings,
        operations,
        outcome::Outcome,
        send::Sent,
        senders, traffic,
    },
    incident::{
        Reason,
        key::{self, Grouped},
    },
    metrics::{Minutes, Point},
    ports::{Enricher, IncidentStore, MetricSink, PortError, Timers},
    time::EpochMillis,
};

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Counts a batch exactly once, sends the emails of the incidents that open with it, and publishes its metrics. A batch is one
    /// document of CloudWatch Logs: what its transaction writes is bounded.
    ///
    /// `batch` is unique for the batch and the same whenever it is delivered again.
    ///
    /// # Errors
    /// It has to be delivered again; what was done is not done twice then.
    pub async fn batch(&self, batch: &str, detection: &Detection, now: EpochMillis) -> Result<Outcome, EngineError> {
        let detection = &*self.with_health_checks(detection).await;
        let Grouped { mut groups, senders, background } = key::group(detection, self.group_by, &self.signals);
        let mut outcome = Outcome { suppressed: background, ..Outcome::default() };
        if groups.is_empty() && senders.is_empty() {
            outcome.points = self.log_points(detection, &Uncounted::default(), now);
            return Ok(outcome);
        }
        groups.extend(senders::scans(&senders));
        groups.extend(key::others(&groups, self.group_by));
        let findings = groups.into_iter().map(|group| Arc::new(IncidentFindings::new(detection, group))).collect();
        let found = Found { findings, senders: &senders };
        let mut claim = match self.claim(batch, &found, now, &mut outcome).await? {
            Claimed::Claim(claim) => *claim,
            Claimed::Uncounted(uncounted) => {
                outcome.points = self.log_points(detection, &uncounted, now);
                return Ok(outcome);
            }
            Claimed::Repeated => {
                // An earlier delivery has counted the background too.
                let set_aside = outcome.set_aside;
                outcome = Outcome { reasons: vec![Reason::Repeated], set_aside, ..Outcome::default() };
                self.report(&mut outcome, now).await;
                return Ok(outcome);
            }
        };
        self.hand_over_resumed(&mut claim.opened, now).await?;
        let points = self.points(detection, &claim, &outcome, now);
        let (sent, published) = self.send_and_publish(&claim.opened, points, &mut outcome, now).await;
        self.finish(batch, claim, sent, published, (outcome, now)).await
    }

    /// Counts a batch that has nothing but background and silenced findings. It costs no further call: nothing is stored, and what is
    /// logged becomes metrics. A batch that is delivered twice counts twice.
    fn log_points(&self, detection: &Detection, uncounted: &Uncounted, now: EpochMillis) -> u64 {
        let name = &self.site.metric_name;
        let mut points = traffic::points(&self.minutes(detection, &uncounted.scanning), name, now);
        points.extend(operations::silenced(name, &uncounted.silenced, now));
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
    fn points(&self, detection: &Detection, claim: &Claim<'_>, outcome: &Outcome, now: EpochMillis) -> Vec<Point> {
        let name = &self.site.metric_name;
        let mut points = Vec::new();
        if !claim.metrics_published() {
            points = traffic::points(&self.minutes(detection, &claim.scanning), name, now);
            points.extend(operations::silenced(name, &claim.silenced, now));
        }
        points.extend(claim.set_aside.iter().cloned());
        if self.operational_metrics {
            points.extend(operations::decided(name, outcome, now));
        }
        points
    }

    /// Sends the emails and publishes the metrics at the same time: neither waits for the other's retries, and each is tried
    /// whatever becomes of the other.
    async fn send_and_publish(
        &self,
        opened: &[OpenedEmail<'_>],
        mut points: Vec<Point>,
        outcome: &mut Outcome,
        now: EpochMillis,
    ) -> (Vec<Sent>, Result<u64, PortError>) {
        let name = &self.site.metric_name;
        let sending = pin!(self.send_opened(opened, now));
        match future::select(sending, pin!(self.metrics.publish_deadline())).await {
            // The usual case: one call publishes what was counted and what was sent.
            Either::Left((sent, _)) => {
                note_opened(outcome, opened, &sent, now);
                if self.operational_metrics {
                    points.extend(operations::sent(name, outcome, now));
                }
                (sent, self.publish(&points).await)
            }
            Either::Right(((), sending)) => {
                let (sent, published) = future::join(sending, self.publish(&points)).await;
                note_opened(outcome, opened, &sent, now);
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
        batch: &str,
        claim: Claim<'_>,
        sent: Vec<Sent>,
        published: Result<u64, PortError>,
        (mut outcome, now): (Outcome, EpochMillis),
    ) -> Result<Outcome, EngineError> {
        let mut failures = Vec::new();
        let metrics_published = claim.metrics_published() || published.is_ok();
        match published {
            Ok(points) => outcome.points += points,
            // Only metrics about the monitor itself: not worth another attempt at the batch.
            Err(error) if claim.metrics_published() => outcome.unreported = Some(error),
            Err(error) => failures.push(error),
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
        let recorded = self.record_batch(batch, &claim.batch, &emails, (done, metrics_published), now);
        outcome.best_effort_failures = self.send_best_effort(&notifications, recorded).await?;
        if failures.is_empty() { Ok(outcome) } else { Err(EngineError::Ports(failures)) }
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

    async fn publish_once(&self, points: &[Point], outcome: &mut Outcome) {
        match self.publish(points).await {
            Ok(points) => outcome.points += points,
            Err(error) => outcome.unreported = Some(error),
        }
    }
}

/// Counts the opened emails that were sent, and how late each was.
fn note_opened(outcome: &mut Outcome, emails: &[OpenedEmail<'_>], sent: &[Sent], now: EpochMillis) {
    for (email, _) in emails.iter().zip(sent).filter(|(_, sent)| sent.is_ok()) {
        outcome.emails += 1;
        outcome.note_delay(email.findings.found.totals.first_start, now);
    }
}
