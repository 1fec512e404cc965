//! The function's own log: JSON that Lambda understands, and no line per record.

use sample_events::{event_json, storm};
use serde_json::Value;

use crate::harness::{Act, Output, Setup, event, event_of, minutes_ago, rejected};

/// Parses every line as JSON. Asserts the two keys without which Lambda assigns its own time and the level INFO.
fn parsed(output: &Output) -> Vec<Value> {
    let parse = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let timestamp = value["timestamp"].as_str().unwrap_or_default();
        timestamp.parse::<jiff::Timestamp>().unwrap_or_else(|error| panic!("{error}: {line}"));
        let level = value["level"].as_str().unwrap_or_default();
        assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&level), "{line}");
        value
    };
    output.lines().map(parse).collect()
}

/// Returns the log of a function that handles these events. No metrics are in it: every finding is an incident.
async fn log_of(events: &[String]) -> Vec<Value> {
    let mut world = Setup::aws().set("INTERNET_PINGS", "alert").start().await;
    for event in events {
        world.send(event).await;
    }
    parsed(&world.stop().await)
}

#[tokio::test]
async fn lines_are_json_with_a_timestamp_and_a_level() {
    let events = ["ping-deny", "broken-line", "broken-gzip", "control-message"].map(event);
    let lines = log_of(&events).await;
    assert!(!lines.is_empty(), "a batch with findings is logged");
    let levels: Vec<&str> = lines.iter().filter_map(|line| line["level"].as_str()).collect();
    assert!(levels.contains(&"ERROR"), "a broken envelope is logged as an error: {lines:#?}");
}

#[tokio::test]
async fn nothing_is_logged_per_record() {
    let start = minutes_ago(7);
    let count = |lines: Vec<Value>| lines.len();
    let few = count(log_of(&[event_json(&storm(2, 2, start), None)]).await);
    let many = count(log_of(&[event_json(&storm(3_000, 1_000, start), None)]).await);
    assert_eq!(few, many, "2 and 3,000 matched records");
    let broken = |lines: usize| event_of(&vec!["not a record"; lines]);
    let (few, many) = (count(log_of(&[broken(10)]).await), count(log_of(&[broken(3_000)]).await));
    assert_eq!(few, many, "10 and 3,000 unreadable lines");
    assert!(few > 0, "unreadable lines are logged");
}

/// A Contributor Insights rule reads these fields (`EmailsSent` in template.yaml).
#[tokio::test]
async fn each_email_is_a_line_with_its_incident() {
    let mut world = Setup::aws().start().await;
    world.sns.script().first(&[Act::Deny]);
    world.send(&event("ping-deny")).await.error();
    world.send(&event("ping-deny")).await.counts();
    let (message, email) = (world.sns.messages().remove(0), world.sns.email());
    let document: Value = serde_json::from_str(message.text("sqs")).expect("a document");
    let lines = parsed(&world.stop().await);
    let sent: Vec<&Value> = lines.iter().filter(|line| line["message"] == "email sent").collect();
    let [line] = sent[..] else { panic!("not one line for the one email: {lines:#?}") };
    assert_eq!(line["incident"], document["incident"]["id"]);
    assert_eq!((&line["signal"], &line["kind"]), (&document["signal"], &Value::from("opened")));
    assert_eq!((&line["subject"], &line["level"]), (&Value::from(email.subject), &Value::from("INFO")));
}

#[tokio::test]
async fn a_batch_without_findings_logs_about_one_line() {
    let quiet = log_of(&vec![event("no-data"); 50]).await.len();
    assert!(quiet <= 60, "{quiet} lines for 50 batches without findings");
}

#[tokio::test]
async fn neither_the_payload_nor_a_secret_is_logged() {
    let mut world = Setup::aws().set("AWS_LAMBDA_LOG_LEVEL", "DEBUG").start().await;
    world.sns.script().first(&[Act::Deny]);
    let event_text = event("ping-deny");
    world.send(&event_text).await.error();
    let output = world.stop().await;
    parsed(&output);
    let data = &event_text[20..120];
    for line in output.lines() {
        assert!(!line.contains(data) && !line.contains("wJalrXUtnFEMI"), "{line}");
        assert!(line.len() < 8_000, "a log line of {} bytes", line.len());
    }
}

#[tokio::test]
async fn the_log_level_is_the_one_that_lambda_sets() {
    let mut world = Setup::aws().set("AWS_LAMBDA_LOG_LEVEL", "ERROR").start().await;
    world.send(&event("ping-deny")).await.counts();
    world.send(&event("broken-line")).await.counts();
    assert_eq!(parsed(&world.stop().await), [Value::Null; 0]);
    let mut world = Setup::aws().set("AWS_LAMBDA_LOG_LEVEL", "ERROR").start().await;
    let bad = rejected("203.0.113.12", "10.0.0.1", 1, 1, 7).replace("REJECT", "DENY");
    world.send(&event_of(&[bad])).await.counts();
    world.send(&event("broken-base64")).await.error();
    assert_eq!(parsed(&world.stop().await).len(), 1);
}
