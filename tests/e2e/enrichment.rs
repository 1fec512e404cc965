//! Enrichment from EC2 and its use in emails.
//!
//! `tests/deployed/test_enrichment.py` tests the adapter with emulators of EC2.

use std::time::Duration;

use crate::harness::{ACL, Act, INSTANCE, Setup, World, event, event_of, minutes_ago, rejected};

const ALL: [&str; 4] = ["DescribeNetworkAcls", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeTags"];

#[tokio::test]
async fn an_email_names_the_instance_its_owner_and_the_rule() {
    let mut world = World::start().await;
    world.send(&event("ping-deny")).await.counts();
    let email = world.sns.email();
    assert!(email.subject.contains("web-1"), "{}", email.subject);
    for part in ["web-1", INSTANCE, "team-a", ACL, "rule 50"] {
        assert!(email.body.contains(part), "{part:?} is not in\n{}", email.body);
    }
    assert_eq!(world.ec2.attempts(), ALL);
    assert_eq!(world.strays(), [""; 0]);
}

#[tokio::test]
async fn a_second_email_about_the_same_interface_makes_no_call() {
    let mut world = Setup::aws().set("INCIDENT_BY", "source").set("INTERNET_PINGS", "alert").start().await;
    for source in ["203.0.113.12", "203.0.113.13", "203.0.113.14"] {
        world.send(&event_of(&[rejected(source, "172.31.16.139", 1, 4, minutes_ago(7))])).await.counts();
    }
    assert_eq!(world.sns.emails().len(), 3);
    assert_eq!(world.ec2.attempts(), ALL);
}

#[tokio::test]
async fn without_enrichment_no_call_is_made() {
    let mut world = Setup::aws().set("ENRICHMENT", "off").start().await;
    world.send(&event("ping-deny")).await.counts();
    assert!(world.sns.email().body.contains("172.31.16.139"));
    assert_eq!(world.ec2.attempts(), [""; 0]);
    let mut world = Setup::console().set("ENRICHMENT", "on").start().await;
    world.send(&event("ping-deny")).await.counts();
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn without_an_email_no_call_is_made() {
    let mut world = World::start().await;
    let ping = event("ping-deny");
    world.send(&ping).await.counts();
    world.send(&ping).await.counts();
    world.send(&event("no-data")).await.counts();
    assert_eq!(world.ec2.attempts(), ALL);
}

/// `aws-adapters` tests the exact times with a paused clock. These bounds must hold on a busy machine.
#[tokio::test]
async fn an_email_waits_two_seconds_if_ec2_hangs() {
    let mut world = World::start().await;
    world.ec2.script().always(Act::Hang);
    let (outcome, took) = world.send_within(&event("ping-deny"), Duration::from_secs(20)).await;
    assert_eq!(outcome.counts().alerts, 1);
    assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&took), "{took:?}");
    assert_eq!(world.ec2.attempts(), ["DescribeNetworkInterfaces"]);
    assert!(world.sns.email().body.contains("172.31.16.139"));
}

#[tokio::test]
async fn an_email_waits_for_two_rounds_of_calls() {
    let mut world = World::start().await;
    world.ec2.slow_down(Duration::from_millis(500));
    let (outcome, took) = world.send_within(&event("ping-deny"), Duration::from_secs(20)).await;
    assert_eq!(outcome.counts().alerts, 1);
    assert_eq!(world.ec2.attempts(), ALL);
    // In sequence, the four calls would take two seconds and time out.
    assert!((Duration::from_millis(1_000)..Duration::from_millis(1_900)).contains(&took), "{took:?}");
    assert!(world.sns.email().body.contains("172.31.16.139"));
}

#[tokio::test]
async fn an_email_is_sent_whatever_ec2_responds() {
    for act in [Act::Deny, Act::Break, Act::Throttle] {
        let mut world = World::start().await;
        world.ec2.script().always(act);
        let counts = world.send(&event("ping-deny")).await.counts();
        assert_eq!((counts.alerts, counts.metrics > 0), (1, true), "{act:?}");
        assert!(world.sns.email().body.contains("172.31.16.139"), "{act:?}");
    }
}
