//! Sending the digest that is due.

use alerting::{
    digest::DigestSettings,
    engine::{DigestRequest, Engine, Outcome},
    incident::Reason,
    ports::{DigestSource, Enricher, IncidentStore, MetricSink, Timers},
};
use function_edge::clock;

use crate::event::DigestDue;

/// What a digest needs beside the engine.
#[derive(Debug)]
pub(crate) struct DigestSender<D> {
    /// Where its numbers come from.
    pub(crate) source: D,
    /// What it knows of its stack; none where it is not configured.
    pub(crate) settings: Option<DigestSettings>,
}

impl<D: DigestSource> DigestSender<D> {
    /// Sends the digest that is due, unless it was sent before, and logs what was done.
    ///
    /// # Errors
    /// The function has no settings for it, or it could not be sent or recorded.
    pub(crate) async fn send<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher>(
        &self,
        engine: &Engine<S, T, M, N>,
        DigestDue { digest: cadence }: DigestDue,
        run: &str,
    ) -> Result<Outcome, String> {
        let settings = self.settings.as_ref().ok_or("LOG_GROUP is not set, and a digest is due")?;
        let request = DigestRequest { cadence, settings, run };
        let outcome = engine.digest(&self.source, request, clock::now()).await.map_err(|error| error.to_string())?;
        if !outcome.set_aside.is_empty() {
            tracing::error!(
                copies = outcome.set_aside.join(" "),
                "stored documents could not be read and were set aside"
            );
        }
        let repeated = outcome.reasons.contains(&Reason::Repeated);
        tracing::info!(digest = cadence.word(), emails = outcome.emails, repeated, "digest processed");
        Ok(outcome)
    }
}
