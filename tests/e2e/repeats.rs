//! Further findings of an open incident: counted and published as metrics, without an email.

use crate::harness::{Setup, World, event, event_of, minutes_ago, rejected};

const PEER: &str = "203.0.113.12";
const OWN: &str = "172.31.16.139";

#[tokio::test]
async fn an_open_incident_sends_one_email_and_publishes_metrics_each_time() {
    let mut world = World::start().await;
    let start = minutes_ago(9);
    let mut responses = Vec::new();
    for minute in 0..4 {
        let counts = world.send(&event_of(&[rejected(OWN, PEER, 1, 4, start + 60 * minute)])).await.counts();
        responses.push((counts.findings, counts.alerts, counts.suppressed, counts.metrics));
    }
    assert_eq!(responses, [(1, 1, 0, 4), (1, 0, 1, 4), (1, 0, 1, 4), (1, 0, 1, 4)]);
    assert_eq!(world.sns.emails().len(), 1);
    let published: f64 = world.cloudwatch.puts().iter().map(|put| put.sum("Ping-Deny")).sum();
    assert_eq!(published, 4.0);
}

#[tokio::test]
async fn new_sources_do_not_reopen_an_incident() {
    let mut world = Setup::aws().set("INTERNET_PINGS", "alert").start().await;
    let first = world.send(&event_of(&[rejected(PEER, OWN, 1, 4, minutes_ago(9))])).await.counts();
    assert_eq!((first.alerts, first.suppressed), (1, 0));
    let counts = world.send(&event("sweep")).await.counts();
    assert_eq!((counts.findings, counts.alerts, counts.suppressed), (120, 0, 120));
    assert_eq!(world.sns.emails().len(), 1);
}

#[tokio::test]
async fn another_log_group_is_another_incident() {
    let mut world = World::start().await;
    world.send(&event("ping-deny")).await.counts();
    let mut other = crate::harness::source("ping-deny");
    other.log_group = "Log-Group-2".to_owned();
    let counts = world.send(&other.event()).await.counts();
    assert_eq!((counts.alerts, counts.suppressed), (1, 0));
    assert_eq!(world.sns.emails().len(), 2);
}

#[tokio::test]
async fn without_a_table_each_process_has_its_own_incidents() {
    for _ in 0..2 {
        let mut world = Setup::aws().start().await;
        assert_eq!(world.send(&event("ping-deny")).await.counts().alerts, 1);
    }
}

/// Returns emails and suppressed findings for each of two batches. The first has two sources to one target and one of them to
/// another target; the second has one of these sources and a third one.
async fn emails_and_suppressed(by: &str) -> [(u64, u64); 2] {
    let mut world = Setup::aws().set("INCIDENT_BY", by).set("INTERNET_PINGS", "alert").start().await;
    let start = minutes_ago(9);
    let ping = |source, target, minute: u64| rejected(source, target, 1, 4, start + 60 * minute);
    let first = [ping("198.51.100.1", OWN, 0), ping("198.51.100.2", OWN, 0), ping("198.51.100.1", "172.31.16.140", 0)];
    let second = [ping("198.51.100.1", OWN, 1), ping("198.51.100.3", OWN, 1)];
    let mut results = [(0, 0); 2];
    for (lines, result) in [&first[..], &second[..]].into_iter().zip(&mut results) {
        let counts = world.send(&event_of(lines)).await.counts();
        *result = (counts.alerts, counts.suppressed);
    }
    assert_eq!(world.sns.emails().len() as u64, results[0].0 + results[1].0);
    results
}

#[tokio::test]
async fn incidents_are_grouped_as_configured() {
    assert_eq!(emails_and_suppressed("log-group").await, [(1, 0), (0, 2)]);
    assert_eq!(emails_and_suppressed("interface").await, [(1, 0), (0, 2)]);
    assert_eq!(emails_and_suppressed("source").await, [(2, 0), (1, 1)]);
    assert_eq!(emails_and_suppressed("destination").await, [(2, 0), (0, 2)]);
}

#[tokio::test]
async fn a_sweep_grouped_by_source_sends_a_limited_number_of_emails() {
    let mut world = Setup::aws().set("INCIDENT_BY", "source").set("INTERNET_PINGS", "alert").start().await;
    let counts = world.send(&event("sweep")).await.counts();
    // Seven of 120 sources get their own email; all others share one.
    assert_eq!((counts.findings, counts.alerts, counts.suppressed), (120, 8, 0));
}
