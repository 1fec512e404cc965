//! Envelopes and lines for the tests.

use std::io::Write;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flow_log::{BatchMetadata, Decoder, EnvelopeError, Formats, LogEvent};

/// Compresses to one gzip member, as CloudWatch Logs does.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Returns the event with these compressed bytes.
pub(crate) fn wrap(gz: &[u8]) -> Vec<u8> {
    format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, STANDARD.encode(gz)).into_bytes()
}

/// Returns the event with this payload.
pub(crate) fn event(payload: &str) -> Vec<u8> {
    wrap(&gzip(payload.as_bytes()))
}

/// Returns a payload as CloudWatch Logs writes it, with these log events.
pub(crate) fn payload(log_events: &str) -> String {
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"Log-Group","logStream":"eni-1-all","subscriptionFilters":["f"],"logEvents":[{log_events}]}}"#
    )
}

/// Returns a log event as CloudWatch Logs writes it.
pub(crate) fn log_event(id: usize, message: &str) -> String {
    let message = serde_json::to_string(message).unwrap();
    format!(r#"{{"id":"{id:056}","timestamp":1432917027000,"message":{message}}}"#)
}

/// All log events of all documents, and the headers.
pub(crate) type Batch = (Vec<LogEvent<'static>>, Vec<BatchMetadata<'static>>);

/// Decodes an event completely.
pub(crate) fn decode(event: &[u8]) -> Result<Batch, EnvelopeError> {
    decode_with(&mut Decoder::default(), event)
}

/// Decodes an event completely, with the buffers of an existing decoder.
pub(crate) fn decode_with(decoder: &mut Decoder, event: &[u8]) -> Result<Batch, EnvelopeError> {
    let mut payload = decoder.decode(event)?;
    let mut batch: Batch = Default::default();
    while let Some(header) = payload.next_batch(|event| batch.0.push(owned(event)))? {
        batch.1.push(owned_header(header));
    }
    Ok(batch)
}

fn owned(event: LogEvent<'_>) -> LogEvent<'static> {
    LogEvent::new(event.id.into_owned(), event.timestamp, event.message.into_owned())
}

fn owned_header(header: BatchMetadata<'_>) -> BatchMetadata<'static> {
    header.into_owned()
}

/// Reads a scenario of `testdata/`: the formats and the lines.
pub(crate) fn scenario(name: &str) -> (Formats, Vec<String>) {
    let path = testdata().join(format!("{name}.txt"));
    let text = std::fs::read_to_string(path).unwrap();
    let is_format = |line: &&str| line.starts_with("${");
    let formats = text.lines().find(is_format).map_or_else(Formats::default, |f| Formats::parse(f).unwrap());
    let lines = text.lines().filter(|line| !line.starts_with('#') && !is_format(line));
    (formats, lines.map(str::to_owned).collect())
}

pub(crate) fn testdata() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata")
}
