//! The timer function's binary with the event of the digest's schedule.

mod harness;

use serde_json::{Value, json};

use crate::harness::{Act, Asked, Setup, World};

const RULES: [(&str, &str); 5] = [
    ("SOURCES_RULE", "sources"),
    ("SOURCES_V6_RULE", "sources-v6"),
    ("TARGETS_RULE", "targets"),
    ("INTERFACES_RULE", "interfaces"),
    ("EMAILS_RULE", "emails"),
];
const DAILY: &str = r#"{"digest":"daily"}"#;

/// Returns the environment that `template.yaml` configures.
fn timer() -> Setup {
    let setup = Setup::aws()
        .set("LOG_GROUP", "Log-Group")
        .set("FAILURE_QUEUE_NAME", "failed")
        .set("TIMER_FAILURE_QUEUE_NAME", "failed-timers")
        .set("CONTRIBUTOR_INSIGHTS", "on")
        .set("OPERATIONAL_METRICS", "yes");
    RULES.iter().fold(setup, |setup, (variable, name)| setup.set(variable, name))
}

/// Sends an event and returns the response.
async fn response(world: &mut World, event: &str) -> Value {
    match world.send(event).await {
        harness::Outcome::Response(value) => value,
        harness::Outcome::Error { message, .. } => panic!("{message}"),
    }
}

#[tokio::test]
async fn the_schedule_sends_one_digest_however_often_it_comes() {
    let mut world = timer().start().await;
    world
        .cloudwatch
        .contributor("emails", &["i-1", "private", "opened", "[Ping-Deny] 4 pings to web-1 were rejected (#k3f9)"]);
    world.cloudwatch.contributor("interfaces", &["eni-1"]);
    assert_eq!(response(&mut world, DAILY).await, json!({"emails": 1}));
    let email = world.sns.email();
    assert!(email.subject.starts_with("[Ping-Deny] Daily digest "), "{}", email.subject);
    assert!(email.subject.ends_with(": 1 incident, 7 background pings"), "{}", email.subject);
    for expect in ["4 pings to web-1 were rejected (#k3f9)", "1 interface sent records", "failed batches"] {
        assert!(email.body.contains(expect), "{expect} is missing: {}", email.body);
    }
    // Everything was asked and answered, and the days before have no records here.
    let unknown = email.body.split_once("Not known: ").expect("no baseline").1;
    assert_eq!(unknown.trim(), "what is usual, which sources are new (no records before).");
    let message = &world.sns.messages()[0];
    let document: Value = serde_json::from_str(message.text("sqs")).expect("machines get the document");
    assert_eq!((&document["kind"], &document["incidents"]["count"]), (&json!("digest"), &json!(1)));
    assert_eq!(message.attributes["kind"], ("String".to_owned(), "digest".to_owned()));
    let asked = world.cloudwatch.asked();
    for (name, dimension) in [
        ("Ping-Deny", "Origin=own"),
        ("Ping-Deny", "Origin=private"),
        ("Ping-Deny-Packets", "Origin=internet"),
        ("Ping-Deny-Unparsed", "="),
        ("Ping-Deny-Decisions", "Reason=new"),
        ("IncomingLogEvents", "LogGroupName=Log-Group"),
        ("ApproximateNumberOfMessagesVisible", "QueueName=failed-timers"),
    ] {
        assert!(asked.contains(&Asked::Metric(name.to_owned(), dimension.to_owned())), "{name} {dimension}: {asked:?}");
    }
    // The day, and the seven days before where it is compared with them.
    for ((_, rule), reports) in RULES.iter().zip([8, 8, 1, 8, 1]) {
        let found = asked.iter().filter(|one| **one == Asked::Report((*rule).to_owned())).count();
        // A day with 25 hours has two reports.
        assert!((reports..=reports + 1).contains(&found), "{rule}: {found}");
    }
    // Again, from the schedule and from a replay of the failure queue.
    assert_eq!(response(&mut world, DAILY).await, json!({"emails": 0}));
    let replayed = json!({"Records": [{"messageId": "1", "body": DAILY}]}).to_string();
    assert_eq!(response(&mut world, &replayed).await, json!({"batchItemFailures": []}));
    assert_eq!(world.sns.emails().len(), 1);
    let lines = world.stop().await;
    assert_eq!(lines.lines().filter(|line| line.contains("digest sent")).count(), 1, "{lines:#?}");
}

#[tokio::test]
async fn a_cloudwatch_that_refuses_is_said_and_not_taken_for_nothing() {
    let mut world = timer().start().await;
    world.cloudwatch.script().always(Act::Deny);
    assert_eq!(response(&mut world, DAILY).await, json!({"emails": 1}));
    let email = world.sns.email();
    assert!(email.subject.ends_with(": not known whether anything was blocked"), "{}", email.subject);
    assert!(email.body.contains("Not known: ") && email.body.contains("AccessDenied"), "{}", email.body);
    assert!(!email.body.contains(" 0 ") && !email.body.contains("no SKIPDATA"), "{}", email.body);
}

#[tokio::test]
async fn a_digest_that_cannot_be_sent_fails_the_invocation_and_the_retry_sends_it() {
    let mut world = timer().start().await;
    world.sns.script().first(&[Act::Deny]);
    let outcome = world.send(DAILY).await;
    assert!(outcome.error().contains("AuthorizationError"), "{}", outcome.error());
    assert_eq!(response(&mut world, DAILY).await, json!({"emails": 1}));
    assert_eq!(world.sns.emails().len(), 1);
}

#[tokio::test]
async fn messages_of_the_queue_are_processed_as_before() {
    let mut world = timer().start().await;
    let messages = json!({"Records": [{"messageId": "1", "body": "{}"}]}).to_string();
    assert!(world.send(&messages).await.error().contains("all 1 timer messages failed"));
    assert_eq!(response(&mut world, r#"{"Records":[]}"#).await, json!({"batchItemFailures": []}));
    assert!(world.sns.attempts().is_empty());
}
