//! An invalid configuration stops the start with one line that names the variable, its value, and what is allowed.

use sample_events::DEFAULT_FORMAT;

use crate::harness::{Setup, event, source};

/// Starts the function and asserts that it exits with one line that contains all `words`.
async fn assert_rejected(setup: Setup, words: &[&str]) {
    let (output, init_error) = setup.start().await.failed_start().await;
    assert!(!output.status.success(), "{words:?}: {}", output.status);
    let lines: Vec<&str> = output.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1, "one line, not {lines:#?} (words {words:?})");
    // A line of the function's JSON log, so that Lambda shows it with its level.
    let logged: serde_json::Value = serde_json::from_str(lines[0]).unwrap_or_else(|error| panic!("{error}: {lines:?}"));
    assert_eq!(logged["level"], "ERROR", "{logged}");
    let message = logged["message"].as_str().unwrap_or_default();
    for word in words {
        assert!(message.contains(word), "{message:?} does not say {word:?}");
    }
    assert!((1..1_000).contains(&message.len()), "not a readable line: {} bytes", message.len());
    assert!(!message.chars().any(char::is_control), "{message:?}");
    if let Some(reported) = init_error {
        assert!(reported.contains(words[0]), "{reported:?} does not name the variable");
    }
}

#[tokio::test]
async fn an_invalid_destination_is_rejected() {
    assert_rejected(Setup::aws().set("PUBLISH_TO", "amazon"), &["PUBLISH_TO", "amazon", "aws", "console"]).await;
    assert_rejected(Setup::aws().set("PUBLISH_TO", "a\nb"), &["PUBLISH_TO", "aws", "console"]).await;
}

#[tokio::test]
async fn a_missing_or_invalid_topic_is_rejected() {
    assert_rejected(Setup::aws().unset("ALERT_TOPIC_ARN"), &["ALERT_TOPIC_ARN"]).await;
    assert_rejected(Setup::aws().set("ALERT_TOPIC_ARN", ""), &["ALERT_TOPIC_ARN"]).await;
    assert_rejected(Setup::aws().set("ALERT_TOPIC_ARN", "Ping-Deny"), &["ALERT_TOPIC_ARN", "Ping-Deny", "arn:"]).await;
}

#[tokio::test]
async fn an_invalid_format_is_rejected() {
    for (format, named) in [
        ("version action protocol srcaddr dstaddr log-status", "version"),
        ("${version} {action}", "{action}"),
        ("${version} ${action", "${action"),
        ("${version}${action}", "${version}${action}"),
        ("${version} ${} ${action}", "${}"),
        ("${version} $action", "$action"),
    ] {
        assert_rejected(Setup::aws().set("FLOW_LOG_FORMAT", format), &["FLOW_LOG_FORMAT", named]).await;
    }
}

#[tokio::test]
async fn a_format_without_a_required_field_is_rejected() {
    for field in ["action", "protocol", "srcaddr", "dstaddr", "log-status"] {
        let without = DEFAULT_FORMAT.replace(&format!("${{{field}}}"), "").replace("  ", " ");
        assert_rejected(Setup::aws().set("FLOW_LOG_FORMAT", without.trim()), &["FLOW_LOG_FORMAT", field]).await;
    }
}

#[tokio::test]
async fn ambiguous_formats_are_rejected() {
    let other = DEFAULT_FORMAT.replace("${version}", "${vpc-id}");
    let both = format!("{DEFAULT_FORMAT}\n{other}");
    assert_rejected(Setup::aws().set("FLOW_LOG_FORMAT", &both), &["FLOW_LOG_FORMAT", "14"]).await;
    let twice = format!("{DEFAULT_FORMAT} ${{action}}");
    assert_rejected(Setup::aws().set("FLOW_LOG_FORMAT", &twice), &["FLOW_LOG_FORMAT", "action"]).await;
}

#[tokio::test]
async fn metric_names_that_cloudwatch_rejects_are_rejected() {
    assert_rejected(Setup::aws().set("METRIC_NAMESPACE", "AWS/EC2"), &["METRIC_NAMESPACE", "AWS/EC2"]).await;
    assert_rejected(Setup::aws().set("METRIC_NAMESPACE", &"N".repeat(256)), &["METRIC_NAMESPACE", "255"]).await;
    assert_rejected(Setup::aws().set("METRIC_NAME", &"n".repeat(256)), &["METRIC_NAME"]).await;
    assert_rejected(Setup::aws().set("METRIC_NAME", "a\tb"), &["METRIC_NAME"]).await;
}

#[tokio::test]
async fn an_unknown_language_or_time_zone_is_rejected() {
    assert_rejected(Setup::aws().set("EMAIL_LANGUAGE", "fr"), &["EMAIL_LANGUAGE", "fr", "en, ja"]).await;
    assert_rejected(Setup::aws().set("STACK_NAME", "a;b"), &["STACK_NAME", "a;b"]).await;
    assert_rejected(Setup::aws().set("TIME_ZONE", "Tokyo"), &["TIME_ZONE", "Tokyo", "Asia/Tokyo"]).await;
}

#[tokio::test]
async fn invalid_numbers_are_rejected() {
    for (name, value) in [
        ("UPDATE_INTERVALS_MINUTES", "5,soon"),
        ("UPDATE_INTERVALS_MINUTES", "5,0"),
        ("UPDATE_INTERVALS_MINUTES", "5,,15"),
        ("QUIET_MINUTES", "-1"),
        ("QUIET_MINUTES", "15m"),
        ("MAX_INFLATED_BYTES", "64MiB"),
        ("MAX_INFLATED_BYTES", "0"),
    ] {
        assert_rejected(Setup::aws().set(name, value), &[name, value]).await;
    }
}

#[tokio::test]
async fn field_names_that_aws_adds_later_are_accepted() {
    let format = format!("{DEFAULT_FORMAT} ${{field-of-2031}}");
    let mut world = Setup::aws().set("FLOW_LOG_FORMAT", &format).start().await;
    let mut with_field = source("ping-deny").batch();
    for event in &mut with_field.log_events {
        event.message.push_str(" something");
    }
    let counts = world.send(&sample_events::event_json(&with_field, None)).await.counts();
    assert_eq!((counts.matched, counts.unparsed), (1, 0));
}

#[tokio::test]
async fn several_formats_are_distinguished_by_their_number_of_fields() {
    let custom = source("custom-format").format.expect("the custom format's source declares one");
    let both = format!("{DEFAULT_FORMAT}\n{custom}\n");
    let mut world = Setup::aws().set("FLOW_LOG_FORMAT", &both).start().await;
    for name in ["ping-deny", "custom-format"] {
        let expected = source(name).expected.expect("counts");
        let counts = world.send(&event(name)).await.counts();
        assert_eq!((counts.matched, counts.unparsed), (expected.matched, 0), "{name}");
    }
}

#[tokio::test]
async fn lines_of_another_format_are_unparsed() {
    let mut world = Setup::aws().start().await;
    let counts = world.send(&event("custom-format")).await.counts();
    assert_eq!((counts.records, counts.unparsed, counts.matched), (9, 9, 0));
}
