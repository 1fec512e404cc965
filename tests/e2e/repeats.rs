//! The same problem again: counted and measured, not emailed.

use crate::harness::{Setup, World, event, event_of, minutes_ago, rejected};

const PEER: &str = "203.0.113.12";
const OWN: &str = "172.31.16.139";

#[tokio::test]
async fn a_problem_that_goes_on_is_sent_once_and_measured_each_time() {
    let mut world = World::start().await;
    let start = minutes_ago(9);
    let mut answers = Vec::new();
    for minute in 0..4 {
        let counts = world.send(&event_of(&[rejected(OWN, PEER, 1, 4, start + 60 * minute)])).await.counts();
        answers.push((counts.findings, counts.alerts, counts.suppressed, counts.metrics));
    }
    assert_eq!(answers, [(1, 1, 0, 2), (1, 0, 1, 2), (1, 0, 1, 2), (1, 0, 1, 2)]);
    assert_eq!(world.sns.emails().len(), 1);
    let measured: f64 = world.cloudwatch.puts().iter().map(|put| put.sum("Ping-Deny")).sum();
    assert_eq!(measured, 4.0);
}

#[tokio::test]
async fn new_sources_do_not_reopen_an_incident() {
    let mut world = World::start().await;
    world.send(&event("ping-deny")).await.counts();
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
async fn another_process_knows_nothing_of_it() {
    for _ in 0..2 {
        let mut world = Setup::aws().start().await;
        assert_eq!(world.send(&event("ping-deny")).await.counts().alerts, 1);
    }
}

/// Emails and findings held back for two batches: two sources to one target and one of them to another, then one of the sources
/// again with a third.
async fn told_apart(by: &str) -> [(u64, u64); 2] {
    let mut world = Setup::aws().set("INCIDENT_BY", by).start().await;
    let start = minutes_ago(9);
    let ping = |source, target, minute: u64| rejected(source, target, 1, 4, start + 60 * minute);
    let first = [ping("198.51.100.1", OWN, 0), ping("198.51.100.2", OWN, 0), ping("198.51.100.1", "172.31.16.140", 0)];
    let second = [ping("198.51.100.1", OWN, 1), ping("198.51.100.3", OWN, 1)];
    let mut told = [(0, 0); 2];
    for (lines, told) in [&first[..], &second[..]].into_iter().zip(&mut told) {
        let counts = world.send(&event_of(lines)).await.counts();
        *told = (counts.alerts, counts.suppressed);
    }
    assert_eq!(world.sns.emails().len() as u64, told[0].0 + told[1].0);
    told
}

#[tokio::test]
async fn incidents_are_told_apart_by_what_the_configuration_says() {
    assert_eq!(told_apart("log-group").await, [(1, 0), (0, 2)]);
    assert_eq!(told_apart("interface").await, [(1, 0), (0, 2)]);
    assert_eq!(told_apart("source").await, [(2, 0), (1, 1)]);
    assert_eq!(told_apart("destination").await, [(2, 0), (0, 2)]);
}

#[tokio::test]
async fn a_sweep_by_source_is_a_few_mails_and_not_one_for_each() {
    let mut world = Setup::aws().set("INCIDENT_BY", "source").start().await;
    let counts = world.send(&event("sweep")).await.counts();
    // Seven of 120 by their name, and one for all the others.
    assert_eq!((counts.findings, counts.alerts, counts.suppressed), (120, 8, 0));
}
