//! The handler: the one place that knows the order of things.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use alerting::{
    detection::{Detection, Detector, LogSource, batch_key},
    engine::{EngineError, Outcome},
    time::{self, EpochMillis},
};
use flow_log::{Decoder, EnvelopeError, Formats, MessageType};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use function_edge::{Config, Incidents, clock};

/// Kept from the invocation's time for answering Lambda.
const DEADLINE_MARGIN: Duration = Duration::from_millis(1_000);

/// What an invocation did, counted; the function's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Response {
    /// Log events read.
    records: u64,
    /// Records that a rule matched.
    matched: u64,
    /// NODATA records.
    no_data: u64,
    /// SKIPDATA records.
    skip_data: u64,
    /// Log events that are no readable record.
    unparsed: u64,
    /// Findings: matched records by flow.
    findings: u64,
    /// Emails sent.
    alerts: u64,
    /// Findings that were added to an open incident without an email.
    suppressed: u64,
    /// Data points published.
    metrics: u64,
}

/// Why an invocation failed; Lambda tries it again and keeps it in the failure queue after the last attempt.
pub(crate) enum Failure {
    /// The event is no subscription's batch. Nothing was published.
    Envelope(EnvelopeError),
    /// Log events came in a message that is neither of the documented types. Nothing was published.
    MessageType {
        /// How many log events.
        log_events: u64,
    },
    /// Something could not be published or remembered; what was done is not done again.
    Engine(EngineError),
    /// The invocation's time was nearly over.
    Deadline,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Envelope(error) => write!(f, "cannot read the event: {error}"),
            Failure::MessageType { log_events } => write!(
                f,
                "cannot read the event: its messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE; log events in it: {log_events}"
            ),
            Failure::Engine(error) => write!(f, "cannot finish the batch: {error}"),
            Failure::Deadline => {
                let margin = DEADLINE_MARGIN.as_millis();
                write!(f, "not done {margin} ms before the end of the invocation: a service did not answer in time")
            }
        }
    }
}

/// The runtime logs a failure by its `Debug` form: one line, as people read it.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<EnvelopeError> for Failure {
    fn from(error: EnvelopeError) -> Self {
        Failure::Envelope(error)
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = match failure {
            Failure::Envelope(_) | Failure::MessageType { .. } => "FlowAlerts.Envelope",
            Failure::Engine(_) => "FlowAlerts.Publish",
            Failure::Deadline => "FlowAlerts.Deadline",
        };
        Diagnostic { error_type: error_type.to_owned(), error_message: failure.to_string() }
    }
}

/// Takes batches from bytes to emails and metrics.
#[derive(Debug)]
pub(crate) struct Handler {
    formats: Formats,
    engine: Incidents,
    /// Kept for its buffers. Locked while a batch is read, never across an await.
    decoder: Mutex<Decoder>,
    /// Messages of timers within this process that were handled: tells two of them apart.
    wakes: AtomicU64,
}

impl Handler {
    pub(crate) fn new(config: Config) -> Self {
        let engine = function_edge::engine(&config);
        let decoder = Mutex::new(Decoder::new(config.max_inflated_bytes));
        Handler { formats: config.formats, engine, decoder, wakes: AtomicU64::new(0) }
    }

    /// Handles one invocation: reads the event, emails and publishes what was found, and answers before `deadline`.
    ///
    /// # Errors
    /// The event could not be read, or something could not be published. A line that could not be read is no error.
    pub(crate) async fn handle(&self, event: &str, deadline: SystemTime) -> Result<Response, Failure> {
        let now = clock::now();
        let millis_left = time::millis_between(now, clock::epoch_millis(deadline));
        let time_left = Duration::from_millis(millis_left).saturating_sub(DEADLINE_MARGIN);
        let handled = tokio::time::timeout(time_left, self.handle_at(event, now)).await;
        handled.unwrap_or(Err(Failure::Deadline))
    }

    async fn handle_at(&self, event: &str, now: EpochMillis) -> Result<Response, Failure> {
        let detections = self.read(event)?;
        let mut response = Response::default();
        for detection in &detections {
            response.count(detection);
        }
        // An email that is due and cannot be sent must not keep the batch from being counted.
        let woken = self.wake_due(now).await;
        let mut outcome = Outcome::default();
        let mut failed = None;
        for detection in &detections {
            // Each document is a batch of its own, counted once however often the event comes: one that fails keeps no other
            // from being done, and brings the event again.
            match self.engine.batch(&batch_key(std::slice::from_ref(detection)), detection, now).await {
                Ok(done) => outcome.add(done),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        outcome.add(woken?);
        if let Some(error) = failed {
            log_set_aside(&outcome);
            return Err(Failure::Engine(error));
        }
        response.alerts = outcome.emails;
        response.suppressed = outcome.suppressed;
        response.metrics = outcome.points;
        log(&detections, &response, &outcome);
        Ok(response)
    }

    /// Does what is due for open incidents.
    ///
    /// # Errors
    /// An email could not be sent; the engine has seen to it that this is tried again.
    pub(crate) async fn wake_due(&self, now: EpochMillis) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::default();
        let mut failed = None;
        for wake in self.engine.timers.due(now) {
            let run = format!("local {}", self.wakes.fetch_add(1, Ordering::Relaxed));
            match self.engine.timer(&wake, &run, now).await {
                Ok(done) => outcome.add(done),
                Err(error) => {
                    self.engine.timers.failed(&wake, now);
                    failed = failed.or(Some(error));
                }
            }
        }
        self.engine.report(&mut outcome, now).await;
        failed.map_or(Ok(outcome), |error| Err(Failure::Engine(error)))
    }

    /// Decodes the event and detects what is in it. An event whose envelope is broken anywhere yields nothing at all.
    ///
    /// # Errors
    /// The envelope is broken, or log events came under a message type that is not known: they may be records, so they are
    /// not dropped.
    fn read(&self, event: &str) -> Result<Vec<Detection>, Failure> {
        // OK because the decoder starts each event anew: what a panic left in its buffers is overwritten.
        let mut decoder = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut payload = decoder.decode(event.as_bytes())?;
        let mut detections = Vec::new();
        loop {
            let mut detector = Detector::new(&self.formats);
            let Some(metadata) = payload.next_batch(|event| detector.observe(&event))? else { break };
            match metadata.message_type {
                MessageType::Data => detections.push(detector.finish(LogSource::of(&metadata))),
                // A check whether the function is there. Its one log event is no flow record.
                MessageType::Control => tracing::debug!("control message"),
                _ => {
                    let log_events = detector.finish(LogSource::of(&metadata)).tally.records;
                    if log_events > 0 {
                        return Err(Failure::MessageType { log_events });
                    }
                    tracing::warn!("a message without log events that is neither DATA_MESSAGE nor CONTROL_MESSAGE");
                }
            }
        }
        Ok(detections)
    }
}

impl Response {
    fn count(&mut self, detection: &Detection) {
        let tally = &detection.tally;
        self.records += tally.records;
        self.matched += tally.matched;
        self.no_data += tally.no_data;
        self.skip_data += tally.skip_data;
        self.unparsed += tally.unparsed;
        self.findings += detection.findings.len() as u64;
    }
}

/// One line for stored documents that could not be read, where there were any.
fn log_set_aside(outcome: &Outcome) {
    if !outcome.set_aside.is_empty() {
        tracing::error!(copies = outcome.set_aside.join(" "), "stored documents could not be read and were set aside");
    }
}

/// One line for an invocation, and one for each batch with lines that could not be read.
fn log(detections: &[Detection], response: &Response, outcome: &Outcome) {
    let Response { records, matched, no_data, skip_data, unparsed, findings, alerts, suppressed, metrics } = response;
    tracing::info!(records, matched, no_data, skip_data, unparsed, findings, alerts, suppressed, metrics, "done");
    let reasons: Vec<&str> = outcome.reasons.iter().map(|reason| reason.word()).collect();
    if !reasons.is_empty() {
        tracing::info!(reasons = reasons.join(" "), "incidents");
    }
    log_set_aside(outcome);
    if let Some(error) = &outcome.unreported {
        tracing::warn!(reason = error.to_string(), "metrics of what was decided and sent are not published");
    }
    for detection in detections.iter().filter(|detection| detection.tally.unparsed > 0) {
        let reasons: Vec<String> =
            detection.tally.unparsed_reasons.iter().map(|(reason, lines)| format!("{reason}: {lines}")).collect();
        let samples: Vec<String> =
            detection.tally.unparsed_samples.iter().map(|(reason, line)| format!("{reason}: {line:?}")).collect();
        tracing::warn!(
            lines = detection.tally.unparsed,
            reasons = reasons.join(", "),
            samples = samples.join(" | "),
            log_stream = detection.source.log_stream,
            "lines that are no flow record of a declared format"
        );
    }
}
