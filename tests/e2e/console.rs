//! Local development: emails and metrics are printed, and no call is made.

use crate::harness::{Setup, event};

#[tokio::test]
async fn the_email_and_the_metrics_are_printed_and_no_call_is_made() {
    let mut world = Setup::console().start().await;
    let counts = world.send(&event("ping-deny")).await.counts();
    assert_eq!((counts.alerts, counts.metrics), (1, 4), "the counts are those of a real run");
    assert_eq!(world.calls(), 0);
    let printed = world.stop().await.stdout.join("\n");
    for part in ["172.31.16.139", "203.0.113.12", "Ping-Deny-Metrics", "Ping-Deny-Packets", "Origin", "[Ping-Deny]"] {
        assert!(printed.contains(part), "{part:?} is not in\n{printed}");
    }
}

#[tokio::test]
async fn the_printed_email_is_the_one_that_would_be_sent() {
    // The console makes no call, so enrichment is switched off for the comparison.
    let mut sent = Setup::aws().set("ENRICHMENT", "off").start().await;
    sent.send(&event("ping-deny-v6")).await.counts();
    let email = sent.sns.email();
    let mut local = Setup::console().start().await;
    local.send(&event("ping-deny-v6")).await.counts();
    let printed = local.stop().await.stdout;
    // Without the lines with the email's delay and the time of the next one: the two are not created in the same minute.
    let missing: Vec<&str> = email
        .lines()
        .filter(|line| !line.contains("Sent ") && !line.contains("Next email at "))
        .filter(|line| !printed.iter().any(|printed| printed.contains(line.trim_end())))
        .collect();
    assert_eq!(missing, [""; 0], "in {printed:#?}");
    // Each of the two incidents has its own id.
    let (subject, _) = email.subject.rsplit_once(" (#").expect("a subject ends with the short id");
    assert!(printed.iter().any(|line| line.contains(subject)), "{printed:#?}");
}

#[tokio::test]
async fn no_credentials_or_region_are_needed() {
    let mut setup = Setup::console();
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    {
        setup = setup.unset(name);
    }
    let mut world = setup.start().await;
    assert_eq!(world.send(&event("ping-deny")).await.counts().alerts, 1);
}
