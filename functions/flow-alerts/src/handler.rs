//! The handler: the one place that knows the order of things.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use alerting::{
    Alert, Detection, Detector, Incident, IncidentKey,
    detect::Source,
    incident, mail,
    ports::{AlertSink, IncidentStore, MetricSink, PortError},
    time::EpochMillis,
};
use flow_log::{Decoder, EnvelopeError, MessageType};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::config::Config;

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
    /// Mails sent.
    alerts: u64,
    /// Findings that were added to an open incident without a mail.
    suppressed: u64,
    /// Data points published.
    metrics: u64,
}

/// Why an invocation failed; Lambda tries it again and keeps it in the failure queue after the last attempt.
pub(crate) enum Failure {
    /// The event is no subscription's batch. Nothing was published.
    Envelope(EnvelopeError),
    /// One port or more failed, or did not answer in time; what the others did is done.
    Ports(Vec<PortError>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Envelope(error) => write!(f, "cannot read the event: {error}"),
            Failure::Ports(errors) => {
                f.write_str("cannot publish: ")?;
                for (index, error) in errors.iter().enumerate() {
                    write!(f, "{}{error}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
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

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = match failure {
            Failure::Envelope(_) => "FlowAlerts.Envelope",
            Failure::Ports(_) => "FlowAlerts.Publish",
        };
        Diagnostic { error_type: error_type.to_owned(), error_message: failure.to_string() }
    }
}

/// Takes batches from bytes to mails and metrics.
#[derive(Debug)]
pub(crate) struct Handler<A, M, S> {
    config: Config,
    alerts: A,
    metrics: M,
    incidents: S,
    /// Kept for its buffers. Locked while a batch is read, never across an await.
    decoder: Mutex<Decoder>,
}

impl<A: AlertSink, M: MetricSink, S: IncidentStore> Handler<A, M, S> {
    pub(crate) fn new(config: Config, alerts: A, metrics: M, incidents: S) -> Self {
        let decoder = Mutex::new(Decoder::new(config.max_inflated_bytes));
        Handler { config, alerts, metrics, incidents, decoder }
    }

    /// Handles one invocation: reads the event, mails and publishes what was found, and answers before `deadline`.
    ///
    /// # Errors
    /// The event could not be read, or something could not be published. A line that could not be read is no error.
    pub(crate) async fn handle(&self, event: &str, deadline: SystemTime) -> Result<Response, Failure> {
        #[expect(clippy::disallowed_methods, reason = "the edge: read once per invocation and passed on")]
        let now = SystemTime::now();
        let time_left = deadline.duration_since(now).unwrap_or_default().saturating_sub(DEADLINE_MARGIN);
        self.handle_at(event, epoch_millis(now), time_left).await
    }

    async fn handle_at(&self, event: &str, now: EpochMillis, time_left: Duration) -> Result<Response, Failure> {
        let detections = self.read(event).map_err(Failure::Envelope)?;
        let mut response = Response::default();
        for detection in &detections {
            response.count(detection);
        }
        // At once, so that neither waits for the other's retries, and each is tried whatever becomes of the other.
        let (alerts, metrics) = tokio::join!(
            within(time_left, "mail", self.alert(&detections, now)),
            within(time_left, "metrics", self.publish(&detections, now)),
        );
        let mut errors = Vec::new();
        match alerts {
            Ok((alerts, suppressed)) => (response.alerts, response.suppressed) = (alerts, suppressed),
            Err(error) => errors.push(error),
        }
        match metrics {
            Ok(points) => response.metrics = points,
            Err(error) => errors.push(error),
        }
        if !errors.is_empty() {
            return Err(Failure::Ports(errors));
        }
        log(&detections, &response);
        Ok(response)
    }

    /// Decodes the event and detects what is in it. An event whose envelope is broken anywhere yields nothing at all.
    fn read(&self, event: &str) -> Result<Vec<Detection>, EnvelopeError> {
        // OK because the decoder starts each event anew: what a panic left in its buffers is overwritten.
        let mut decoder = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut payload = decoder.decode(event.as_bytes())?;
        let mut detections = Vec::new();
        loop {
            let mut detector = Detector::new(&self.config.formats);
            let Some(header) = payload.next_batch(|event| detector.observe(&event))? else { break };
            match header.message_type {
                MessageType::Data => detections.push(detector.finish(Source::of(&header))),
                // A check whether the function is there. Its one log event is no flow record.
                MessageType::Control => tracing::debug!("control message"),
                _ => tracing::warn!("a message that is neither DATA_MESSAGE nor CONTROL_MESSAGE is left alone"),
            }
        }
        Ok(detections)
    }

    /// Mails what is due; returns the mails sent and the findings held back.
    async fn alert(&self, detections: &[Detection], now: EpochMillis) -> Result<(u64, u64), PortError> {
        let (mut sent, mut suppressed) = (0, 0);
        for detection in detections {
            let Some(first) = detection.findings.first() else { continue };
            let key = IncidentKey::of(first.rule, detection);
            let known = self.incidents.load(&key).await?;
            let decision = incident::decide(&self.config.policy, known.as_ref(), now);
            if decision.is_mail() {
                let mail = mail::render(&Alert {
                    detection,
                    decision,
                    incident: known.as_ref(),
                    policy: &self.config.policy,
                    site: &self.config.site,
                    now,
                });
                self.alerts.send(&mail).await?;
                sent += 1;
            } else {
                suppressed += detection.findings.len() as u64;
            }
            tracing::info!(reason = decision.reason(), log_group = key.log_group, "incident");
            // Recorded only now that the mail is sent: a crash in between repeats a mail and never loses one.
            let recorded = Incident::record(known, decision, &detection.totals(), now);
            self.incidents.save(&key, &recorded).await?;
        }
        Ok((sent, suppressed))
    }

    /// Publishes the metrics of all batches together; returns the number of data points.
    async fn publish(&self, detections: &[Detection], now: EpochMillis) -> Result<u64, PortError> {
        let name = &self.config.site.metric_name;
        let points: Vec<_> = detections.iter().flat_map(|detection| detection.minutes.points(name, now)).collect();
        if !points.is_empty() {
            self.metrics.publish(&points).await?;
        }
        Ok(points.len() as u64)
    }
}

/// Ends what takes longer than there is time.
async fn within<T>(
    time_left: Duration,
    call: &'static str,
    future: impl Future<Output = Result<T, PortError>>,
) -> Result<T, PortError> {
    let in_time = tokio::time::timeout(time_left, future).await;
    in_time.unwrap_or_else(|_| {
        let margin = DEADLINE_MARGIN.as_millis();
        Err(PortError { call, reason: format!("no answer until {margin} ms before the end of the invocation") })
    })
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

/// One line for an invocation, and one for each batch with lines that could not be read.
fn log(detections: &[Detection], response: &Response) {
    let Response { records, matched, no_data, skip_data, unparsed, findings, alerts, suppressed, metrics } = response;
    tracing::info!(records, matched, no_data, skip_data, unparsed, findings, alerts, suppressed, metrics, "done");
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

fn epoch_millis(at: SystemTime) -> EpochMillis {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    EpochMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
