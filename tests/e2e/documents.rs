//! Events with several documents: each is processed on its own.

use sample_events::{Batch, event_of_payload};

use crate::harness::{World, batch_of, minutes_ago, rejected};

const OWN: &str = "172.31.16.139";

/// Returns a document of its own log stream, with one rejected ping from the private address `source`, or without a match if there is no source.
fn document(number: usize, source: Option<&str>) -> Batch {
    let line = match source {
        Some(source) => rejected(source, OWN, 1, 4, minutes_ago(9)),
        None => rejected("198.51.100.9", OWN, 6, 4, minutes_ago(9)),
    };
    let mut batch = batch_of(&[line]);
    batch.log_stream = format!("eni-{number:017x}-all");
    for event in &mut batch.log_events {
        event.id = format!("{number:056}");
    }
    batch
}

fn event_of_documents(documents: &[Batch]) -> String {
    let texts: Vec<String> = documents.iter().map(|one| serde_json::to_string(one).expect("a batch is JSON")).collect();
    event_of_payload(texts.concat(), None)
}

#[tokio::test]
async fn findings_of_the_second_of_three_documents_are_sent() {
    let mut world = World::start().await;
    let event = event_of_documents(&[document(1, None), document(2, Some("10.20.0.12")), document(3, None)]);
    let counts = world.send(&event).await.counts();
    assert_eq!((counts.records, counts.matched, counts.findings, counts.alerts), (3, 1, 1, 1));
    assert!(world.sns.emails()[0].body.contains("10.20.0.12"), "{}", world.sns.emails()[0].body);
    let again = world.send(&event).await.counts();
    assert_eq!((again.alerts, again.metrics), (0, 0), "no document is processed twice");
}

/// A log group that collects those of other accounts.
#[tokio::test]
async fn copies_of_two_accounts_are_two_incidents() {
    let mut world = World::start().await;
    let mut batch = batch_of(&[
        rejected("10.20.0.12", OWN, 1, 4, minutes_ago(9)),
        rejected("10.20.0.13", OWN, 1, 4, minutes_ago(9)),
        rejected("10.20.0.14", OWN, 1, 4, minutes_ago(9)),
    ]);
    batch.log_group = "/central/flow-logs".to_owned();
    for (event, account) in batch.log_events.iter_mut().zip(["111111111111", "222222222222", "111111111111"]) {
        let origin =
            serde_json::json!({"@aws.account": account, "@aws.region": "eu-west-1", "@source.log": "/vpc/flow"});
        event.extracted_fields = Some(origin);
    }
    let event = event_of_documents(&[batch]);
    let counts = world.send(&event).await.counts();
    assert_eq!((counts.records, counts.findings, counts.alerts), (3, 3, 2));
    let mut emails = world.sns.emails();
    emails.sort_by_key(|email| !email.body.contains("10.20.0.12"));
    for (email, account, others) in
        [(&emails[0], "111111111111", "10.20.0.13"), (&emails[1], "222222222222", "10.20.0.12")]
    {
        assert!(email.body.contains("/central/flow-logs; copied from /vpc/flow"), "{}", email.body);
        assert!(email.body.contains("eu-west-1") && !email.body.contains(others), "{account}: {}", email.body);
    }
    let again = world.send(&event).await.counts();
    assert_eq!((again.alerts, again.metrics), (0, 0), "neither is counted twice");
}

#[tokio::test]
async fn sixty_documents_are_each_counted_once_and_cause_one_email() {
    let mut world = World::start().await;
    let documents: Vec<Batch> = (1..=60).map(|number| document(number, Some(&format!("10.20.0.{number}")))).collect();
    let event = event_of_documents(&documents);
    let counts = world.send(&event).await.counts();
    // The email has the findings of the eleven documents of the first transaction. Those of the others are in the next email.
    assert_eq!((counts.matched, counts.findings, counts.alerts, counts.suppressed), (60, 60, 1, 49));
    let emails = world.sns.emails();
    assert_eq!(emails.len(), 1);
    assert!(emails[0].body.contains("11 sources"), "{}", emails[0].body);
    assert_eq!(world.cloudwatch.put().sum("Ping-Deny"), 60.0, "one call");
    let again = world.send(&event).await.counts();
    assert_eq!((again.alerts, again.suppressed, again.metrics), (0, 0, 0));
}

#[tokio::test]
async fn a_document_that_fails_does_not_stop_the_others() {
    let mut world = World::start().await;
    world.sns.script().first(&[crate::harness::Act::Deny]);
    let mut other = document(2, Some("10.20.0.13"));
    other.log_group = "Log-Group-2".to_owned();
    let event = event_of_documents(&[document(1, Some("10.20.0.12")), other]);
    assert!(!world.send(&event).await.error().is_empty());
    assert_eq!(world.sns.emails().len(), 1, "the email of the second document");
    assert_eq!(world.send(&event).await.counts().alerts, 1, "the email of the first document");
    assert_eq!(world.sns.emails().len(), 2);
}
