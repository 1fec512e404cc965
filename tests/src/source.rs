//! A scenario's readable source, and the event generated from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::eventid::{event_id, seed};
use crate::gzip::{Damage, pack};

/// The default format of flow logs: the 14 fields of version 2.
pub const DEFAULT_FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
     ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// One file of `events/src/`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// What the scenario shows, for the table in `events/README.md`.
    pub description: String,
    /// The expected response, in a fresh process.
    pub expected: Option<Counts>,
    /// A word that the error must contain, if the invocation must fail.
    pub fails: Option<String>,
    /// The `FLOW_LOG_FORMAT` to run the function with, if not the default.
    pub format: Option<String>,
    /// The `RULES` to run the function with, if not the default.
    pub rules: Option<String>,
    /// What to damage in the event.
    pub damage: Option<Damage>,
    /// Placeholders in the lines, and the number of characters that replaces each.
    #[serde(default)]
    pub expand: BTreeMap<String, usize>,
    /// The account whose logs these are.
    pub owner: String,
    /// The log group's name.
    pub log_group: String,
    /// The log stream's name: one per network interface.
    pub log_stream: String,
    /// The subscription filters' names.
    pub subscription_filters: Vec<String>,
    /// `DATA_MESSAGE` if not given.
    pub message_type: Option<String>,
    /// Only in the payloads of account-wide subscriptions.
    pub policy_level: Option<String>,
    /// The flow log records.
    pub lines: Vec<Line>,
}

/// A record, or a whole log event if its id and time cannot be derived from a record.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// A flow log record: the event's time is its `start`.
    Record(String),
    /// A complete log event.
    Event(LogEvent),
}

/// The response's counts, under their public names.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Log events read.
    pub records: u64,
    /// Records that a rule matched.
    pub matched: u64,
    /// NODATA records.
    pub no_data: u64,
    /// SKIPDATA records.
    pub skip_data: u64,
    /// Lines that are not records of a declared format.
    pub unparsed: u64,
    /// Matched records grouped by flow.
    pub findings: u64,
    /// Emails sent by this invocation.
    pub alerts: u64,
    /// Findings counted without an email: of an open incident, and background.
    pub suppressed: u64,
    /// Metric data points published or logged, those of each origin too.
    pub metrics: u64,
}

/// One log event of a payload.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct LogEvent {
    /// 56 digits.
    pub id: String,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// The record.
    pub message: String,
    /// What the subscription filter adds: the fields of its pattern, and the origin of the event.
    #[serde(default, rename = "extractedFields", skip_serializing_if = "Option::is_none")]
    pub extracted_fields: Option<serde_json::Value>,
}

/// A subscription's payload before it is packed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// `DATA_MESSAGE` or `CONTROL_MESSAGE`.
    pub message_type: String,
    /// The account whose logs these are.
    pub owner: String,
    /// The log group's name.
    pub log_group: String,
    /// The log stream's name.
    pub log_stream: String,
    /// The subscription filters' names.
    pub subscription_filters: Vec<String>,
    /// Only with an account-wide subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_level: Option<String>,
    /// The records.
    pub log_events: Vec<LogEvent>,
}

impl Source {
    /// Builds the payload, with ids and timestamps as CloudWatch Logs adds them.
    pub fn batch(&self) -> Batch {
        let start_at = start_position(self.format.as_deref().unwrap_or(DEFAULT_FORMAT));
        let mut batch = Batch {
            message_type: self.message_type.clone().unwrap_or_else(|| "DATA_MESSAGE".to_owned()),
            owner: self.owner.clone(),
            log_group: self.log_group.clone(),
            log_stream: self.log_stream.clone(),
            subscription_filters: self.subscription_filters.clone(),
            policy_level: self.policy_level.clone(),
            log_events: Vec::with_capacity(self.lines.len()),
        };
        for line in &self.lines {
            match line {
                Line::Record(text) => batch.push(&self.expanded(text), start_at),
                Line::Event(event) => batch.log_events.push(event.clone()),
            }
        }
        batch
    }

    /// Returns the Lambda event, as the text of a file in `events/`.
    pub fn event(&self) -> String {
        event_json(&self.batch(), self.damage)
    }

    fn expanded(&self, text: &str) -> String {
        self.expand
            .iter()
            .fold(text.to_owned(), |text, (placeholder, &len)| text.replace(placeholder, &"A".repeat(len)))
    }
}

impl Batch {
    /// Adds one record. A line without a readable `start` gets the time of the previous one.
    pub fn push(&mut self, message: &str, start_at: usize) {
        let start = message.split_whitespace().nth(start_at).and_then(|start| start.parse::<u64>().ok());
        // Seconds or milliseconds; any other number is not a time.
        let timestamp = match start {
            Some(seconds @ 1_000_000_000..10_000_000_000) => seconds * 1000,
            Some(millis @ 1_000_000_000_000..10_000_000_000_000) => millis,
            _ => self.log_events.last().map_or(0, |event| event.timestamp),
        };
        let id = event_id(timestamp, seed(&[&self.log_stream, message]), self.log_events.len() as u64);
        self.log_events.push(LogEvent { id, timestamp, message: message.to_owned(), extracted_fields: None });
    }
}

/// Packs a payload into a Lambda event: `{"awslogs":{"data":"<base64 of gzip of JSON>"}}`.
pub fn event_json(batch: &Batch, damage: Option<Damage>) -> String {
    event_of_payload(serde_json::to_string(batch).expect("a batch is always JSON"), damage)
}

/// Packs any text as the payload of a Lambda event.
pub fn event_of_payload(json: String, damage: Option<Damage>) -> String {
    format!("{{\"awslogs\":{{\"data\":\"{}\"}}}}\n", pack(json, damage))
}

/// Returns the position of `start`, which is the event's time.
fn start_position(format: &str) -> usize {
    format.split_whitespace().position(|field| field == "${start}").unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Source, start_position};

    fn source(lines: &[&str]) -> Source {
        let json = serde_json::json!({
            "description": "", "owner": "123456789010", "logGroup": "Log-Group", "logStream": "eni-1-all",
            "subscriptionFilters": ["Flowlog-Cloudwatch"], "expand": {"@10@": 10}, "lines": lines,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_event_has_the_time_of_its_record_and_an_id_of_its_own() {
        let good = "2 123456789010 eni-1 10.0.0.1 10.0.0.2 0 0 1 1 84 1795401134 1795401150 REJECT OK";
        let events = source(&[good, "not a record", good]).batch().log_events;
        assert!(events.iter().all(|event| event.timestamp == 1_795_401_134_000), "{events:?}");
        assert!(events[0].id.len() == 56 && events[0].id != events[2].id, "{events:?}");
    }

    #[test]
    fn a_placeholder_becomes_text_of_the_given_length() {
        assert_eq!(source(&["a @10@ b"]).batch().log_events[0].message, "a AAAAAAAAAA b");
    }

    #[test]
    fn the_start_is_found_in_any_format() {
        assert_eq!(start_position(super::DEFAULT_FORMAT), 10);
        assert_eq!(start_position("${start} ${action}"), 0);
    }
}
