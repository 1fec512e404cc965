//! Services that deny, fail or hang: nothing is lost, errors are reported, and the deadline is met.

use std::time::Duration;

use crate::harness::{Act, World, event};

/// Shorter than the function's timeout in `template.yaml`, and long enough for the SDK's retries.
const DEADLINE: Duration = Duration::from_secs(8);

#[tokio::test]
async fn throttling_is_retried_and_nothing_is_sent_twice() {
    let mut world = World::start().await;
    world.sns.script().first(&[Act::Throttle, Act::Throttle]);
    world.cloudwatch.script().first(&[Act::Throttle, Act::Throttle]);
    let counts = world.send(&event("ping-deny")).await.counts();
    assert_eq!((counts.alerts, counts.metrics), (1, 4));
    assert_eq!((world.sns.attempts().len(), world.sns.emails().len()), (3, 1));
    assert_eq!((world.cloudwatch.attempts().len(), world.cloudwatch.puts().len()), (3, 1));
}

#[tokio::test]
async fn one_server_error_is_retried() {
    let mut world = World::start().await;
    world.sns.script().first(&[Act::Break]);
    world.cloudwatch.script().first(&[Act::Break]);
    assert_eq!(world.send(&event("ping-deny")).await.counts().alerts, 1);
    assert_eq!((world.sns.emails().len(), world.cloudwatch.puts().len()), (1, 1));
}

#[tokio::test]
async fn an_email_that_cannot_be_sent_fails_the_invocation_after_the_metrics_were_published() {
    for act in [Act::Deny, Act::Break] {
        let mut world = World::start().await;
        world.sns.script().always(act);
        let outcome = world.send(&event("ping-deny")).await;
        assert!(outcome.error().to_lowercase().contains("sns"), "{:?}", outcome.error());
        assert_eq!((world.sns.emails().len(), world.cloudwatch.puts().len()), (0, 1), "{act:?}");
    }
}

#[tokio::test]
async fn metrics_that_cannot_be_published_fail_the_invocation_after_the_email_was_sent() {
    for act in [Act::Deny, Act::Break] {
        let mut world = World::start().await;
        world.cloudwatch.script().always(act);
        let outcome = world.send(&event("ping-deny")).await;
        assert!(outcome.error().to_lowercase().contains("cloudwatch"), "{:?}", outcome.error());
        assert_eq!((world.sns.emails().len(), world.cloudwatch.puts().len()), (1, 0), "{act:?}");
    }
}

#[tokio::test]
async fn an_email_that_was_not_sent_is_sent_when_lambda_retries() {
    let mut world = World::start().await;
    world.sns.script().first(&[Act::Deny]);
    world.send(&event("ping-deny")).await.error();
    let counts = world.send(&event("ping-deny")).await.counts();
    assert_eq!((counts.alerts, counts.suppressed), (1, 0), "an unsent email must not count as sent");
    assert_eq!((world.sns.emails().len(), world.cloudwatch.puts().len()), (1, 1), "nothing is sent twice");
}

#[tokio::test]
async fn an_email_that_was_sent_is_not_repeated_when_lambda_retries_for_the_metrics() {
    let mut world = World::start().await;
    world.cloudwatch.script().first(&[Act::Deny]);
    world.send(&event("ping-deny")).await.error();
    let counts = world.send(&event("ping-deny")).await.counts();
    assert_eq!(
        (counts.alerts, counts.suppressed, counts.metrics),
        (0, 0, 4),
        "the findings were counted the first time"
    );
    assert_eq!((world.sns.emails().len(), world.cloudwatch.puts().len()), (1, 1));
}

/// Sends an event while services hang. Asserts that both are called and that the error is returned before the deadline.
async fn assert_fails_in_time(sns: Act, cloudwatch: Act, emails: usize, puts: usize) {
    let mut world = World::start().await;
    world.sns.script().always(sns);
    world.cloudwatch.script().always(cloudwatch);
    let (outcome, took) = world.send_within(&event("ping-deny"), DEADLINE).await;
    outcome.error();
    assert!(took < DEADLINE, "{took:?}");
    assert!(!world.sns.attempts().is_empty() && !world.cloudwatch.attempts().is_empty());
    assert_eq!((world.sns.emails().len(), world.cloudwatch.puts().len()), (emails, puts));
}

#[tokio::test]
async fn an_email_service_that_hangs_fails_the_invocation_before_its_deadline() {
    assert_fails_in_time(Act::Hang, Act::Work, 0, 1).await;
}

#[tokio::test]
async fn a_metric_service_that_hangs_fails_the_invocation_before_its_deadline() {
    assert_fails_in_time(Act::Work, Act::Hang, 1, 0).await;
}

#[tokio::test]
async fn two_services_that_hang_fail_the_invocation_before_its_deadline() {
    assert_fails_in_time(Act::Hang, Act::Hang, 0, 0).await;
}

#[tokio::test]
async fn a_call_that_hangs_once_is_retried() {
    let mut world = World::start().await;
    world.sns.script().first(&[Act::Hang]);
    let counts = world.send_within(&event("ping-deny"), Duration::from_secs(30)).await.0.counts();
    assert_eq!((counts.alerts, world.sns.emails().len()), (1, 1));
}

#[tokio::test]
async fn the_process_survives_a_failed_invocation() {
    let mut world = World::start().await;
    world.sns.script().first(&[Act::Deny]);
    world.send(&event("ping-deny")).await.error();
    assert_eq!(world.send(&event("no-data")).await.counts().no_data, 5);
    assert_eq!(world.send(&event("ping-deny-v6")).await.counts().alerts, 1);
}
