//! The handler: reads an event, passes each batch to the engine, and counts the response.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use alerting::{
    address::Networks,
    detection::{Detection, Detector, DocumentDetector, Rules},
    engine::{Batch, EngineError, Outcome, Processed},
    time::{self, EpochMillis},
};
use flow_log::{Decoder, EnvelopeError, Formats, MessageType, Payload, StreamRecord};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use function_edge::{Config, Incidents, clock};

/// Time reserved at the end of an invocation for responding to Lambda.
const DEADLINE_MARGIN: Duration = Duration::from_millis(1_000);

/// The function's response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Response {
    /// To an event of CloudWatch Logs.
    Counts(Counts),
    /// To records of a stream
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>).
    #[serde(rename_all = "camelCase")]
    Stream {
        /// The records that have to come again.
        batch_item_failures: Vec<ItemFailure>,
    },
}

/// A record of a stream that could not be processed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemFailure {
    /// Its sequence number.
    item_identifier: String,
}

/// What an invocation did, in counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Log events read.
    records: u64,
    /// Records that a rule matched.
    matched: u64,
    /// NODATA records.
    no_data: u64,
    /// SKIPDATA records.
    skip_data: u64,
    /// Log events that are not readable records.
    unparsed: u64,
    /// Findings: matched records grouped by flow.
    findings: u64,
    /// Emails sent.
    alerts: u64,
    /// Findings counted without an email.
    suppressed: u64,
    /// Data points published.
    metrics: u64,
}

/// The reason an invocation failed. Lambda retries it; after the last attempt the event goes to the failure queue.
pub(crate) enum Failure {
    /// The event is not a batch from a subscription filter. Nothing was published.
    Envelope(EnvelopeError),
    /// The message has log events and an undocumented message type. Nothing was published.
    MessageType {
        /// Number of log events in the message.
        log_events: u64,
    },
    /// Something could not be published or stored. A retry does not repeat the steps that succeeded.
    Engine(EngineError),
    /// The invocation was about to time out.
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

/// One readable line, because the runtime logs a failure in its `Debug` form.
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

/// Turns batches of log events into emails and metrics.
#[derive(Debug)]
pub(crate) struct Handler {
    formats: Formats,
    own_networks: Networks,
    /// The region that records were logged in where nothing says another one: that of the function.
    region: String,
    rules: Rules,
    engine: Incidents,
    /// Reused for its buffers. Locked while a batch is read, never across an await.
    decoder: Mutex<Decoder>,
    /// Number of in-process timer messages handled. Makes each run's name unique.
    local_runs: AtomicU64,
}

impl Handler {
    pub(crate) fn new(config: Config) -> Self {
        let engine = function_edge::engine(&config);
        let decoder = Mutex::new(Decoder::new(config.max_inflated_bytes));
        let Config { formats, own_networks, signals, site, .. } = config;
        Handler {
            formats,
            own_networks,
            region: site.region,
            rules: signals.rules,
            engine,
            decoder,
            local_runs: AtomicU64::new(0),
        }
    }

    /// Handles one invocation: reads the event, sends emails, publishes metrics, and returns before `deadline`.
    ///
    /// # Errors
    /// The event could not be read, or something could not be published. An unreadable line is not an error.
    pub(crate) async fn handle(&self, event: &str, deadline: SystemTime) -> Result<Response, Failure> {
        let now = clock::now();
        let millis_left = time::millis_between(now, clock::epoch_millis(deadline));
        let time_left = Duration::from_millis(millis_left).saturating_sub(DEADLINE_MARGIN);
        let handled = tokio::time::timeout(time_left, self.handle_at(event, now)).await;
        handled.unwrap_or(Err(Failure::Deadline))
    }

    async fn handle_at(&self, event: &str, now: EpochMillis) -> Result<Response, Failure> {
        match Decoder::stream_records(event.as_bytes())? {
            None => self.subscription(event, now).await.map(Response::Counts),
            Some(records) => {
                let batch_item_failures = self.stream(&records, now).await?;
                Ok(Response::Stream { batch_item_failures })
            }
        }
    }

    /// Handles an event of CloudWatch Logs. If a part of it fails, all of it comes again.
    async fn subscription(&self, event: &str, now: EpochMillis) -> Result<Counts, Failure> {
        let detections = self.read(|decoder| decoder.decode(event.as_bytes()))?;
        let (counts, failed) = self.process(&detections.iter().collect::<Vec<_>>(), now).await?;
        failed.into_values().next().map_or(Ok(counts), |error| Err(Failure::Engine(error)))
    }

    /// Handles records of a stream, and returns those that failed. One of them costs only itself: the others are processed, and not
    /// counted again when Lambda delivers all from the first that failed.
    async fn stream(&self, records: &[StreamRecord<'_>], now: EpochMillis) -> Result<Vec<ItemFailure>, Failure> {
        let read = records.iter().map(|record| self.read(|decoder| decoder.decode_base64(record.data.as_bytes())));
        let read: Vec<Result<Vec<Detection>, Failure>> = read.collect();
        self.engine.report_unreadable(read.iter().filter(|read| read.is_err()).count() as u64, now);
        let detections: Vec<&Detection> = read.iter().flatten().flatten().collect();
        let (_, failed) = self.process(&detections, now).await?;
        let mut failures = Vec::new();
        for (record, read) in records.iter().zip(&read) {
            let reason = match read {
                Ok(batches) => batches.iter().find_map(|batch| failed.get(&batch.key())).map(EngineError::to_string),
                Err(error) => Some(error.to_string()),
            };
            if let Some(reason) = reason {
                let sequence_number = &*record.sequence_number;
                tracing::error!(sequence_number, reason, "a record of the stream failed");
                failures.push(ItemFailure { item_identifier: sequence_number.to_owned() });
            }
        }
        Ok(failures)
    }

    /// Processes batches, each of which is counted once, however often it is delivered. Returns the keys of those that failed, with the
    /// reason: the others are processed.
    ///
    /// # Errors
    /// A due email could not be sent. The batches are counted all the same.
    async fn process(
        &self,
        detections: &[&Detection],
        now: EpochMillis,
    ) -> Result<(Counts, BTreeMap<String, EngineError>), Failure> {
        let timers = self.run_due_timers(now).await;
        let keys: Vec<String> = detections.iter().map(|detection| detection.key()).collect();
        let batches: Vec<Batch<'_>> =
            keys.iter().zip(detections).map(|(key, detection)| Batch { key, detection }).collect();
        let Processed { mut outcome, failed } = self.engine.batches(&batches, now).await;
        outcome.add(timers?);
        let counts = Counts::of(detections, &outcome);
        // What failed comes again, and is logged then.
        if failed.is_empty() {
            log(detections, &counts, &outcome)
        } else {
            log_set_aside(&outcome)
        }
        Ok((counts, failed.into_iter().collect()))
    }

    /// Processes the in-process timer messages that are due.
    ///
    /// # Errors
    /// An email could not be sent. The message stays scheduled, so it is retried.
    pub(crate) async fn run_due_timers(&self, now: EpochMillis) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::default();
        let mut failed = None;
        for message in self.engine.timers.due(now) {
            let run = format!("local {}", self.local_runs.fetch_add(1, Ordering::Relaxed));
            match self.engine.timer(&message, &run, now).await {
                Ok(done) => outcome.add(done),
                Err(error) => {
                    self.engine.timers.failed(&message, now);
                    failed = failed.or(Some(error));
                }
            }
        }
        self.engine.report(&mut outcome, now).await;
        failed.map_or(Ok(outcome), |error| Err(Failure::Engine(error)))
    }

    /// Decodes data and runs detection on it. If any part of the envelope is broken, nothing of it is used.
    ///
    /// # Errors
    /// The envelope is broken, or the message type is unknown and the message has log events. Those may be flow records, so they
    /// are not dropped.
    fn read(
        &self,
        decode: impl for<'d> FnOnce(&'d mut Decoder) -> Result<Payload<'d>, EnvelopeError>,
    ) -> Result<Vec<Detection>, Failure> {
        // A poisoned lock is safe to use: the decoder overwrites what a panic left in its buffers.
        let mut decoder = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut payload = decode(&mut decoder)?;
        let mut detections = Vec::new();
        loop {
            let mut document = DocumentDetector::new(|| {
                Detector::new(&self.formats).with_own_networks(&self.own_networks).with_rules(self.rules)
            });
            let Some(metadata) = payload.next_batch(|event| document.observe(&event))? else { break };
            let batches = document.finish(&metadata, &self.region);
            match metadata.message_type {
                MessageType::Data => detections.extend(batches),
                // CloudWatch Logs checks that the function exists. The message's one log event is not a flow record.
                MessageType::Control => tracing::debug!("control message"),
                _ => {
                    let log_events = batches.iter().map(|batch| batch.tally.records).sum();
                    if log_events > 0 {
                        return Err(Failure::MessageType { log_events });
                    }
                    tracing::warn!(
                        "skipped a message without log events whose messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE"
                    );
                }
            }
        }
        Ok(detections)
    }
}

impl Counts {
    fn of(detections: &[&Detection], outcome: &Outcome) -> Counts {
        let mut counts = Counts {
            alerts: outcome.emails,
            suppressed: outcome.suppressed,
            metrics: outcome.points,
            ..Counts::default()
        };
        for detection in detections {
            let tally = &detection.tally;
            counts.records += tally.records;
            counts.matched += tally.matched;
            counts.no_data += tally.no_data;
            counts.skip_data += tally.skip_data;
            counts.unparsed += tally.unparsed;
            counts.findings += detection.flows().count() as u64;
        }
        counts
    }
}

/// Logs one line if stored documents could not be read.
fn log_set_aside(outcome: &Outcome) {
    if !outcome.set_aside.is_empty() {
        tracing::error!(copies = outcome.set_aside.join(" "), "stored documents could not be read and were set aside");
    }
}

/// Logs one line for the invocation, and one for each batch with unreadable lines.
fn log(detections: &[&Detection], counts: &Counts, outcome: &Outcome) {
    let Counts { records, matched, no_data, skip_data, unparsed, findings, alerts, suppressed, metrics } = counts;
    tracing::info!(records, matched, no_data, skip_data, unparsed, findings, alerts, suppressed, metrics, "done");
    let reasons: Vec<&str> = outcome.reasons.iter().map(|reason| reason.word()).collect();
    if !reasons.is_empty() {
        tracing::info!(reasons = reasons.join(" "), "incidents");
    }
    log_set_aside(outcome);
    if let Some(error) = &outcome.unreported {
        tracing::warn!(reason = error.to_string(), "operational metrics could not be published");
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
            "lines are not flow records of a declared format"
        );
    }
}
