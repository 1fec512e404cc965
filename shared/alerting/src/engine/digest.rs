//! The digest: asked, rendered and sent once for each period. Sent first, recorded after, under a lease, as every email: a crash in between
//! repeats a digest and loses none.

use futures_util::future;

use crate::{
    digest::{Cadence, Digest, DigestInput, DigestSettings, Period},
    engine::{Engine, error::EngineError, items::Stored, outcome::Outcome},
    incident::{
        Reason, SilenceList,
        state::{BatchRecord, ItemId, Lease},
    },
    notification::RenderedDigest,
    ports::{Commit, DigestSource, Enricher, IncidentStore, MetricSink, PortError, Timers},
    time::{self, EpochMillis},
};

/// What a digest needs beside the engine.
#[derive(Clone, Copy, Debug)]
pub struct DigestRequest<'a> {
    /// How often it is sent.
    pub cadence: Cadence,
    /// What it knows of its stack.
    pub settings: &'a DigestSettings,
    /// Unique for this run.
    pub run: &'a str,
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Sends the digest that is due, unless it was sent before. The schedule may come more than once.
    ///
    /// # Errors
    /// It could not be sent or recorded, or another run is at it. It has to be tried again.
    pub async fn digest<D: DigestSource>(
        &self,
        source: &D,
        request: DigestRequest<'_>,
        now: EpochMillis,
    ) -> Result<Outcome, EngineError> {
        let DigestRequest { cadence, settings, run } = request;
        let mut outcome = Outcome::default();
        let Some(period) = Period::due(cadence, settings.hour, &self.site.zone, now) else { return Ok(outcome) };
        let key = period.key();
        let Some((claim, silences)) = self.claim_digest(&key, run, now, &mut outcome).await? else {
            outcome.reasons = vec![Reason::Repeated];
            return Ok(outcome);
        };
        let input = DigestInput {
            settings,
            namespace: &self.site.metric_namespace,
            metric: &self.site.metric_name,
            in_force: self.signals.rules,
            internet_pings: self.signals.internet_pings,
            operational_metrics: self.operational_metrics,
            resolved_emails: self.policy.resolved_emails,
            silences: &silences.0,
            now,
        };
        let answers = source.ask(&input.questions(&period)).await;
        let rendered = RenderedDigest::of(&Digest::of(period, &input, &answers), &self.site);
        let sent = self.send_digest(&rendered).await;
        let recorded = self.record_batches(&key, std::slice::from_ref(&claim), &[], (sent.is_ok(), true), now);
        if let Err(error) = sent {
            // Where this fails, the lease expires by itself.
            let _ = recorded.await;
            return Err(error.into());
        }
        outcome.emails = 1;
        let sending = async {
            let mut failures = 0;
            for notifier in &self.notifiers.best_effort {
                failures += u64::from(notifier.send_digest(&rendered).await.is_err());
            }
            failures
        };
        let (recorded, failures) = future::join(recorded, sending).await;
        recorded?;
        outcome.best_effort_failures = failures;
        Ok(outcome)
    }

    /// Takes the right to send a digest, and reads the silences. None if it was sent.
    async fn claim_digest(
        &self,
        key: &str,
        run: &str,
        now: EpochMillis,
        outcome: &mut Outcome,
    ) -> Result<Option<(Stored<BatchRecord>, SilenceList)>, EngineError> {
        let ids = [ItemId::Batch(key.to_owned()), ItemId::Silences];
        let mut found = self.read(&ids, now, &mut outcome.set_aside).await?.into_iter();
        let [id, silences] = ids;
        let stored = Stored::<BatchRecord>::new(id, found.next().flatten());
        let silences = Stored::new(silences, found.next().flatten()).value.unwrap_or_default();
        match &stored.value {
            Some(before) if before.done => return Ok(None),
            Some(before) if before.lease.until > now => return Err(EngineError::Busy),
            _ => {}
        }
        let record = BatchRecord {
            lease: Lease { owner: run.to_owned(), until: time::after(now, self.policy.lease_millis()) },
            done: false,
            metrics_published: true,
            opened: Vec::new(),
        };
        match self.store.commit(&[stored.replace(record.clone(), now)]).await? {
            Commit::Written => Ok(Some((stored.replaced(record), silences))),
            // Another run was quicker.
            Commit::Conflict(_) => Err(EngineError::Busy),
        }
    }

    async fn send_digest(&self, digest: &RenderedDigest) -> Result<(), PortError> {
        for notifier in &self.notifiers.required {
            notifier.send_digest(digest).await?;
        }
        Ok(())
    }
}
