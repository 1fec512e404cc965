//! What EC2 knows, and what the emails make of it.
//!
//! `tests/deployed/test_look_ups.py` has the adapter with emulated ones.

use std::time::Duration;

use crate::harness::{ACL, Act, INSTANCE, Setup, World, event, event_of, minutes_ago, rejected};

const ALL: [&str; 4] = ["DescribeNetworkAcls", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeTags"];

#[tokio::test]
async fn a_mail_names_the_instance_its_owner_and_the_rule() {
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
async fn a_second_mail_about_the_same_places_asks_nothing() {
    let mut world = Setup::aws().set("INCIDENT_BY", "source").start().await;
    for source in ["203.0.113.12", "203.0.113.13", "203.0.113.14"] {
        world.send(&event_of(&[rejected(source, "172.31.16.139", 1, 4, minutes_ago(7))])).await.counts();
    }
    assert_eq!(world.sns.emails().len(), 3);
    assert_eq!(world.ec2.attempts(), ALL);
}

#[tokio::test]
async fn switched_off_nothing_is_asked() {
    let mut world = Setup::aws().set("ENRICHMENT", "off").start().await;
    world.send(&event("ping-deny")).await.counts();
    assert!(world.sns.email().body.contains("172.31.16.139"));
    assert_eq!(world.ec2.attempts(), [""; 0]);
    let mut world = Setup::console().set("ENRICHMENT", "on").start().await;
    world.send(&event("ping-deny")).await.counts();
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn nothing_is_asked_for_what_is_not_sent() {
    let mut world = World::start().await;
    let ping = event("ping-deny");
    world.send(&ping).await.counts();
    world.send(&ping).await.counts();
    world.send(&event("no-data")).await.counts();
    assert_eq!(world.ec2.attempts(), ALL);
}

/// The exact times are in `aws-adapters`, on a clock that stands still; these here have to hold on a busy machine.
#[tokio::test]
async fn a_mail_waits_two_seconds_for_an_ec2_that_hangs_and_says_so() {
    let mut world = World::start().await;
    world.ec2.script().always(Act::Hang);
    let (outcome, took) = world.send_within(&event("ping-deny"), Duration::from_secs(20)).await;
    assert_eq!(outcome.counts().alerts, 1);
    assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&took), "{took:?}");
    assert_eq!(world.ec2.attempts(), ["DescribeNetworkInterfaces"]);
    assert!(world.sns.email().body.contains("172.31.16.139"));
}

#[tokio::test]
async fn a_mail_waits_for_two_rounds_of_calls() {
    let mut world = World::start().await;
    world.ec2.slow_down(Duration::from_millis(500));
    let (outcome, took) = world.send_within(&event("ping-deny"), Duration::from_secs(20)).await;
    assert_eq!(outcome.counts().alerts, 1);
    assert_eq!(world.ec2.attempts(), ALL);
    // One after the other the four would take two seconds, and be given up.
    assert!((Duration::from_millis(1_000)..Duration::from_millis(1_900)).contains(&took), "{took:?}");
    assert!(world.sns.email().body.contains("172.31.16.139"));
}

#[tokio::test]
async fn a_mail_is_sent_whatever_ec2_says() {
    for act in [Act::Deny, Act::Break, Act::Throttle] {
        let mut world = World::start().await;
        world.ec2.script().always(act);
        let counts = world.send(&event("ping-deny")).await.counts();
        assert_eq!((counts.alerts, counts.metrics > 0), (1, true), "{act:?}");
        assert!(world.sns.email().body.contains("172.31.16.139"), "{act:?}");
    }
}
