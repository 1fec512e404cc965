//! A record of a failed invocation, as Lambda puts it into the failure queue.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>

use alerting::{
    text::one_line,
    time::{self, EpochMillis, MINUTE_MILLIS},
    zone::Zone,
};
use flow_log::Decoder;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// How long before the last failure to search the log group: longer than the retries of a batch.
const SEARCH_MILLIS: u64 = 30 * MINUTE_MILLIS;
/// Maximum length of a text of the record, in characters.
const MAX_TEXT_CHARS: usize = 400;

/// A record of the failure queue. Each part is read by itself: one in an unknown form must not make it a record without its batch.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Failed<'m> {
    #[serde(borrow)]
    timestamp: Option<&'m RawValue>,
    #[serde(borrow)]
    request_context: Option<&'m RawValue>,
    #[serde(borrow)]
    response_payload: Option<&'m RawValue>,
    #[serde(borrow)]
    request_payload: Option<&'m RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    condition: Option<String>,
    approximate_invoke_count: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    error_message: Option<String>,
}

/// Reads a part of a record. One in an unknown form has nothing.
fn part<T: DeserializeOwned + Default>(raw: Option<&RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

impl<'m> Failed<'m> {
    /// Reads the body of a message. One that is no record of Lambda has nothing.
    pub(super) fn read(body: &'m str) -> Failed<'m> {
        serde_json::from_str(body).unwrap_or_default()
    }

    /// The batch as the function received it; none if the record does not have it.
    pub(super) fn event(&self) -> Option<&'m str> {
        self.request_payload.map(RawValue::get).filter(|json| json.starts_with('{'))
    }

    /// When it failed.
    fn when(&self) -> Option<String> {
        part(self.timestamp)
    }

    /// When it failed, what it is, how often it failed and why.
    pub(super) fn summary(&self) -> String {
        let (context, response): (Context, Response) = (part(self.request_context), part(self.response_payload));
        let when = self.when().unwrap_or_else(|| "at an unknown time".to_owned());
        let why = response.error_message.or(context.condition).unwrap_or_else(|| "for an unknown reason".to_owned());
        let [when, about, why] = [when, self.about(), why].map(|text| one_line(&text, MAX_TEXT_CHARS).into_owned());
        format!("{when}: {about}\n  failed {} times: {why}\n", context.approximate_invoke_count)
    }

    /// What the batch is, as far as it can be read.
    fn about(&self) -> String {
        #[derive(Deserialize)]
        struct Event {
            awslogs: Option<serde::de::IgnoredAny>,
        }
        let Some(event) = self.event() else { return "a record without its batch".to_owned() };
        if !serde_json::from_str::<Event>(event).is_ok_and(|event| event.awslogs.is_some()) {
            return "not a batch of a subscription".to_owned();
        }
        let mut decoder = Decoder::default();
        let batch = decoder.decode(event.as_bytes()).and_then(|mut payload| {
            let mut times = Vec::new();
            let metadata = payload.next_batch(|event| times.push(event.timestamp))?;
            Ok((metadata, times))
        });
        match batch {
            Ok((Some(metadata), times)) => {
                let first = times.first().and_then(|first| u64::try_from(*first).ok()).unwrap_or_default();
                let first = time::date_time(EpochMillis(first));
                format!(
                    "{} records of {} / {} from {first} UTC on",
                    times.len(),
                    metadata.log_group,
                    metadata.log_stream
                )
            }
            Ok((None, _)) => "an empty batch".to_owned(),
            Err(error) => format!("an unreadable batch ({error})"),
        }
    }

    /// The command that finds the missing batch in the log group.
    pub(super) fn search(&self, log_group: &str) -> String {
        let end = self.when().and_then(|when| Zone::UTC.point(&when));
        let times = end.map_or_else(
            || "--start-time ...".to_owned(),
            |end| format!("--start-time {} --end-time {}", time::before(end, SEARCH_MILLIS).0, end.0),
        );
        format!("aws logs filter-log-events --log-group-name '{log_group}' --filter-pattern REJECT {times}")
    }
}

/// Returns the body to send again: of Lambda's record of a failed digest the event in it, a timer message as it is.
pub(super) fn timer_body(body: &str) -> &str {
    Failed::read(body).event().unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_described_as_far_as_it_can_be_read() {
        let base64 = |name: &str| {
            let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).unwrap()
        };
        let of = |event: &str| format!(r#"{{"requestPayload":{event},"timestamp":"2026-11-23T09:00:00.000Z"}}"#);
        for (body, part) in [
            (
                of(&base64("ping-deny")),
                "2026-11-23T09:00:00.000Z: 2 records of Log-Group / eni-1235b8ca123456789-all from ",
            ),
            (of(&base64("broken-gzip")), "an unreadable batch ("),
            (of(r#"{"digest":"daily"}"#), "not a batch of a subscription"),
            (of("[1]"), "a record without its batch"),
            (
                "{}".to_owned(),
                "at an unknown time: a record without its batch\n  failed 0 times: for an unknown reason\n",
            ),
            ("no JSON".to_owned(), "at an unknown time: a record without its batch"),
            ("[]".to_owned(), "a record without its batch"),
        ] {
            let summary = Failed::read(&body).summary();
            assert!(summary.contains(part), "{body}: {summary}");
        }
        let reasons =
            r#"{"requestContext":{"condition":"RetriesExhausted","approximateInvokeCount":3},"responsePayload":null}"#;
        assert!(Failed::read(reasons).summary().contains("failed 3 times: RetriesExhausted"));
        // Nothing in an unknown form hides the batch: --drop would delete it.
        let odd =
            r#"{"requestPayload":{"awslogs":{}},"timestamp":7,"requestContext":[],"responsePayload":"timed out"}"#;
        assert!(Failed::read(odd).event().is_some());
        let error = r#"{"requestContext":{"condition":"x"},"responsePayload":{"errorMessage":"no\u0007"}}"#;
        assert!(Failed::read(error).summary().contains("failed 0 times: no\u{fffd}"));
    }

    #[test]
    fn the_search_covers_the_half_hour_before_the_failure() {
        let failed = Failed::read(r#"{"timestamp":"2026-11-23T09:00:00.000Z"}"#);
        let times = "--start-time 1795422600000 --end-time 1795424400000";
        assert_eq!(
            failed.search("Log-Group"),
            format!("aws logs filter-log-events --log-group-name 'Log-Group' --filter-pattern REJECT {times}")
        );
        assert!(Failed::read("{}").search("Log-Group").ends_with("REJECT --start-time ..."));
    }

    #[test]
    fn a_timer_message_is_sent_again_as_it_is_and_of_a_digest_its_event() {
        let timer = r#"{"key":{},"incident":"1","timer":7}"#;
        assert_eq!(timer_body(timer), timer);
        assert_eq!(timer_body("no JSON"), "no JSON");
        assert_eq!(timer_body(r#"{"requestPayload": {"digest": "daily"}}"#), r#"{"digest": "daily"}"#);
    }
}
