//! Broken envelopes: one clear error, and nothing is published.

use sample_events::{Batch, Counts, Damage, event_json, event_of_payload, storm};

use crate::harness::{Setup, World, event, source};

/// Sends an event that must fail. Asserts that no call was made and that the process still works. Returns the error.
async fn failure(setup: Setup, event_text: &str) -> String {
    let mut world = setup.start().await;
    let error = world.send(event_text).await.error().to_owned();
    assert_eq!(world.calls(), 0, "{error}");
    assert_eq!(world.send(&event("ping-deny")).await.counts().matched, 1, "after {error}");
    error
}

fn ping() -> Batch {
    source("ping-deny").batch()
}

#[track_caller]
fn assert_says(error: &str, words: &[&str]) {
    let lower = error.to_lowercase();
    for word in words {
        assert!(lower.contains(word), "{error:?} does not say {word:?}");
    }
}

#[tokio::test]
async fn an_error_names_the_damaged_layer() {
    let cases: [(Damage, &[&str]); 6] = [
        (Damage::Base64, &["base64"]),
        (Damage::Checksum, &["gzip", "checksum"]),
        (Damage::Length, &["gzip", "length"]),
        (Damage::CutTrailer, &["gzip"]),
        (Damage::CutData, &["gzip"]),
        (Damage::Json, &["payload", "byte"]),
    ];
    for (damage, words) in cases {
        let error = failure(Setup::aws(), &event_json(&ping(), Some(damage))).await;
        assert_says(&error, words);
    }
}

#[tokio::test]
async fn an_event_of_another_service_is_an_error() {
    let foreign = [
        r#"{}"#,
        r#"[]"#,
        r#"null"#,
        r#""awslogs""#,
        r#"{"awslogs":{}}"#,
        r#"{"awslogs":{"data":42}}"#,
        r#"{"awslogs":{"data":""}}"#,
        r#"{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"hello"}}]}"#,
        r#"{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"},"object":{"key":"AWSLogs/1/vpcflowlogs/x.log.gz"}}}]}"#,
        r#"{"deliveryStreamArn":"arn:aws:firehose:x","records":[{"recordId":"1","data":"H4sIAAAAAAAA/wMAAAAAAAAAAAA="}]}"#,
    ];
    for event_text in foreign {
        let error = failure(Setup::aws(), event_text).await;
        assert!(!error.is_empty(), "{event_text}");
    }
}

#[tokio::test]
async fn other_keys_next_to_the_data_are_skipped() {
    let mut world = World::start().await;
    let more = event("ping-deny").replacen("{\"awslogs\":{", r#"{"region":"x","awslogs":{"more":[1,{"data":2}],"#, 1);
    assert_eq!(world.send(&more).await.counts().matched, 1);
}

#[tokio::test]
async fn unknown_keys_are_skipped_and_keys_can_be_in_any_order() {
    let record = &ping().log_events[1].message;
    let events_first = format!(
        r#"{{ "logEvents" :[{{"message":"{record}","id":"1","timestamp":1795401134000}}],"policyLevel":"ACCOUNT_LEVEL_POLICY",
        "subscriptionFilters":["f"],"logStream":"eni-1-all","logGroup":"Log-Group","owner":"123456789010","messageType":"DATA_MESSAGE"}}"#
    );
    // The fields that a filter pattern with named fields adds to each event, and undocumented keys.
    let more_keys = format!(
        r#"{{"messageType":"DATA_MESSAGE","@aws.region":"eu-central-1","new":[1,{{"logEvents":[]}}],"owner":"123456789010",
        "logGroup":"Log-Group","logStream":"eni-1-all","subscriptionFilters":[],"logEvents":[{{"extractedFields":
        {{"action":"REJECT","message":"not this one"}},"id":"1","more":null,"timestamp":1795401134000,"message":"{record}"}}]}}"#
    );
    for payload in [events_first, more_keys] {
        let mut world = World::start().await;
        let counts = world.send(&event_of_payload(payload.clone(), None)).await.counts();
        assert_eq!((counts.matched, counts.unparsed, counts.alerts), (1, 0, 1), "{payload}");
    }
}

#[tokio::test]
async fn json_escapes_in_a_record_are_unescaped() {
    let json = serde_json::to_string(&ping()).expect("a batch is JSON");
    let escaped = json.replace(" REJECT OK", "\\u0020\\u0052EJECT\\tOK");
    assert_ne!(escaped, json);
    let mut world = World::start().await;
    assert_eq!(world.send(&event_of_payload(escaped, None)).await.counts().matched, 1);
}

#[tokio::test]
async fn a_payload_with_an_error_after_its_records_publishes_nothing() {
    let json = serde_json::to_string(&ping()).expect("a batch is JSON");
    for payload in [
        format!("{json}garbage"),
        json.replace("]}", "]"),
        json.replace("\"messageType\":\"DATA_MESSAGE\",", ""),
        json.replace("\"logEvents\"", "\"logevents\""),
        json.replace("\"timestamp\":1", "\"timestamp\":\"1"),
        json.replacen("DATA_MESSAGE", "\u{fffd}\",\"x\":\"", 1).replace("}]}", "}],}"),
    ] {
        assert_ne!(payload, json);
        failure(Setup::aws(), &event_of_payload(payload, None)).await;
    }
}

#[tokio::test]
async fn log_events_of_an_unknown_message_type_are_an_error() {
    for message_type in ["", "data_message", "DATA_MESSAGE ", "CONTROL_MESSAGES"] {
        let mut batch = ping();
        let log_events = batch.log_events.len();
        batch.message_type = message_type.to_owned();
        let error = failure(Setup::aws(), &event_json(&batch, None)).await;
        assert_says(&error, &["messagetype", &format!("log events in it: {log_events}")]);

        // Without log events nothing is lost, so it is not an error.
        batch.log_events.clear();
        let mut world = World::start().await;
        let counts = world.send(&event_json(&batch, None)).await.counts();
        assert_eq!((counts, world.calls()), (Counts::default(), 0), "{message_type:?}");
    }
}

#[tokio::test]
async fn an_unknown_message_type_next_to_records_publishes_nothing() {
    let known = serde_json::to_string(&ping()).expect("a batch is JSON");
    let unknown = known.replace("DATA_MESSAGE", "NEW_MESSAGE");
    for payload in [format!("{known}{unknown}"), format!("{unknown}{known}")] {
        let error = failure(Setup::aws(), &event_of_payload(payload, None)).await;
        assert_says(&error, &["messagetype"]);
    }
}

#[tokio::test]
async fn a_payload_above_the_limit_is_rejected_and_the_error_names_the_limit() {
    let event_text = event_json(&storm(2_000, 100, 1_795_401_120), None);
    let setup = || Setup::aws().set("MAX_INFLATED_BYTES", "100000");
    let error = failure(setup(), &event_text).await;
    assert_says(&error, &["100000"]);
    let mut world = Setup::aws().set("MAX_INFLATED_BYTES", "1000000").start().await;
    assert_eq!(world.send(&event_text).await.counts().matched, 2_000, "below the limit it is read");
}

#[tokio::test]
async fn a_decompression_bomb_is_rejected_without_being_inflated() {
    // 200 MB of one letter in a message shrink to 200 kB of gzip.
    let mut batch = ping();
    batch.log_events[0].message = "A".repeat(200_000_000);
    let event_text = event_json(&batch, None);
    drop(batch);
    let mut world = World::start().await;
    let error = world.send(&event_text).await.error().to_owned();
    assert_says(&error, &["67108864"]);
    assert_eq!(world.calls(), 0);
    let peak = world.peak_memory_bytes();
    assert!(peak < 120_000_000, "{peak} bytes to reject a payload above the limit of 64 MiB");
}

#[tokio::test]
async fn input_is_escaped_in_errors() {
    // The value of `messageType` and the base64 text are foreign input.
    for hostile in ["\u{1b}[31m", "a\nERROR b", "\u{2028}"] {
        let text = serde_json::json!({ "awslogs": { "data": hostile } }).to_string();
        failure(Setup::aws(), &text).await;
        let mut batch = ping();
        batch.message_type = hostile.to_owned();
        let error = failure(Setup::aws(), &event_json(&batch, None)).await;
        assert!(!error.contains(hostile), "{error:?}");
    }
}
