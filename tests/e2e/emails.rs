//! The email as a subscriber receives it.

use crate::harness::{Email, Setup, World, event, event_of, minutes_ago, rejected, source};

/// Returns the emails about an event, without enrichment. Pings from the internet are incidents.
async fn emails_of(name: &str) -> Vec<Email> {
    let mut setup = Setup::aws().set("ENRICHMENT", "off").set("INTERNET_PINGS", "alert");
    if let Some(format) = source(name).format {
        setup = setup.set("FLOW_LOG_FORMAT", &format);
    }
    let mut world = setup.start().await;
    let alerts = world.send(&event(name)).await.counts().alerts;
    let emails = world.sns.emails();
    assert_eq!(alerts, emails.len() as u64);
    emails
}

/// Returns the only email about an event, without enrichment.
async fn email_of(name: &str) -> Email {
    let emails = emails_of(name).await;
    let [email] = &emails[..] else { panic!("{} emails, not one: {emails:#?}", emails.len()) };
    email.clone()
}

#[track_caller]
fn assert_has(email: &Email, parts: &[&str]) {
    for part in parts {
        assert!(email.body.contains(part), "{part:?} is not in\n{}\n\n{}", email.subject, email.body);
    }
}

#[tokio::test]
async fn the_email_contains_what_the_records_say() {
    let email = email_of("ping-deny").await;
    assert!(email.subject.starts_with("[Ping-Deny] "), "{:?}", email.subject);
    assert!(email.subject.contains("172.31.16.139") && email.subject.contains("203.0.113.12"), "{:?}", email.subject);
    assert_has(&email, &["4 packets", "336 bytes", "1 record"]);
    assert_has(&email, &["123456789010", "ap-northeast-1", "eni-1235b8ca123456789", "Log-Group"]);
    assert_has(&email, &["2026-11-23", "02:32:14", "02:33:02", "UTC"]);
    for line in source("ping-deny").batch().log_events {
        assert_has(&email, &[&line.message]);
    }
}

#[tokio::test]
async fn a_rejected_reply_and_a_rejected_request_have_different_directions() {
    let (reply, request) = (email_of("ping-deny").await, email_of("ping-deny-inbound").await);
    assert!(reply.body.to_lowercase().contains("outbound"), "{}", reply.body);
    assert!(request.body.to_lowercase().contains("inbound"), "{}", request.body);
    assert_has(&request, &["180 packets", "3 records"]);
}

#[tokio::test]
async fn icmpv6_and_ipv6_addresses_are_shown() {
    let email = email_of("ping-deny-v6").await;
    assert_has(&email, &["2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:5a17:4::c0de", "ICMPv6"]);
    assert!(email.subject.chars().count() <= 99, "two long addresses must not make the subject too long");
}

#[tokio::test]
async fn the_metadata_of_a_custom_format_is_used() {
    let emails = emails_of("custom-format").await;
    let [own, internet] = &emails[..] else { panic!("{} emails, not two: {emails:#?}", emails.len()) };
    for email in [own, internet] {
        assert_has(email, &["i-0c50d5961bcb2d47b", "vpc-abcdefab012345678", "subnet-aaaaaaaa012345678"]);
        assert_has(email, &["ap-southeast-2"]);
    }
    assert_has(own, &["203.0.113.12"]);
    assert_has(internet, &["198.51.100.23", "203.0.113.80"]);
}

#[tokio::test]
async fn links_lead_to_records_log_stream_interface_and_metric() {
    let email = email_of("ping-deny").await;
    let links: Vec<&str> = email.body.split_whitespace().filter(|word| word.contains("https://")).collect();
    for (what, parts) in [
        ("the records", &["logsV2:logs-insights", "203.0.113.12"][..]),
        ("the log stream", &["logsV2:log-groups/log-group/Log-Group/log-events/"]),
        ("the interface", &["eni-1235b8ca123456789", "/ec2"]),
        ("the metric", &["metricsV2", "Ping-Deny"]),
    ] {
        let found = links.iter().any(|link| parts.iter().all(|part| link.contains(part)));
        assert!(found, "no link to {what} ({parts:?}) in {links:#?}");
    }
    assert!(links.iter().all(|link| link.contains("ap-northeast-1")), "{links:#?}");
}

#[tokio::test]
async fn the_email_can_be_in_japanese_and_in_local_time() {
    let mut world = Setup::aws().set("EMAIL_LANGUAGE", "ja").set("TIME_ZONE", "Asia/Tokyo").start().await;
    world.send(&event("ping-deny")).await.counts();
    let email = world.sns.email();
    let subject = "[Ping-Deny] web-1 が 203.0.113.12 からの ping 4 件に応答できませんでした (#";
    assert!(email.subject.starts_with(subject), "{}", email.subject);
    assert_has(&email, &["4 パケット、336 バイト、1 レコード", "11:32:14 JST (02:32:14 UTC), 2026-11-23"]);
}

/// Decodes the console's nested escaping: percent-encoding with `$`, then with `%`, then with `*`.
fn decoded(link: &str) -> String {
    ["$", "%", "*"].iter().fold(link.to_owned(), |text, mark| {
        let plain = text.replace('+', "%2B").replace(mark, "%");
        form_urlencoded::parse(format!("={}", plain.replace('&', "%26")).as_bytes())
            .map(|(_, value)| value.into_owned())
            .collect()
    })
}

#[tokio::test]
async fn the_query_is_for_these_two_addresses_and_their_time() {
    let email = email_of("ping-deny").await;
    let link = email.lines().find(|line| line.contains("logsV2:logs-insights")).expect("a link to the query");
    let query = decoded(link);
    for part in ["172.31.16.139", "203.0.113.12", "source~(~'Log-Group)", "timeType~'ABSOLUTE"] {
        assert!(query.contains(part), "{part:?} is not in {query:?}");
    }
    let time = |name: &str| -> jiff::Timestamp {
        let value = query.split_once(&format!("{name}~'")).expect("the window is absolute").1;
        value.split('~').next().and_then(|value| value.trim_end_matches(')').parse().ok()).expect("a time")
    };
    let (first, last) = (1_795_401_134, 1_795_401_182);
    assert!((first - 600..=first).contains(&time("start").as_second()), "{query:?}");
    assert!((last..=last + 600).contains(&time("end").as_second()), "{query:?}");
}

#[tokio::test]
async fn links_use_the_domain_of_the_partition() {
    for (region, host) in [
        ("cn-north-1", ".amazonaws.cn/"),
        ("us-gov-west-1", ".amazonaws-us-gov.com/"),
        ("eu-central-1", ".aws.amazon.com/"),
    ] {
        let mut world = Setup::aws().set("AWS_REGION", region).set("AWS_DEFAULT_REGION", region).start().await;
        world.send(&event("ping-deny")).await.counts();
        let email = world.sns.email();
        let mut links =
            email.body.split_whitespace().filter(|word| word.contains("https://") && word.contains("console"));
        assert!(links.clone().count() >= 3 && links.all(|link| link.contains(host)), "{region}: {}", email.body);
    }
}

#[tokio::test]
async fn many_sources_are_counted_and_the_email_stays_short() {
    let email = email_of("sweep").await;
    assert_has(&email, &["120 sources", "1 target", "140 records", "172.31.16.139"]);
    assert!(email.subject.contains("120"), "{:?}", email.subject);
    assert!(email.body.len() < 64 * 1024, "{} bytes are too much for an email on a phone", email.body.len());
}

#[tokio::test]
async fn the_first_lines_are_enough_on_a_lock_screen() {
    let email = email_of("ping-deny").await;
    let first: String = email.lines().take(3).collect::<Vec<_>>().join(" ");
    assert!(first.contains("172.31.16.139") && first.contains("203.0.113.12") && first.contains('4'), "{first:?}");
}

#[tokio::test]
async fn the_email_states_its_delay() {
    let mut world = World::start().await;
    let start = minutes_ago(7);
    world.send(&event_of(&[rejected("172.31.16.139", "203.0.113.12", 1, 4, start)])).await.counts();
    let email = world.sns.email();
    assert!(["7 min", "8 min"].iter().any(|late| email.body.contains(late)), "{}", email.body);
}

#[tokio::test]
async fn the_command_that_silences_names_the_stack() {
    for (stack, command) in [
        ("prod-ping", "vpc-flow-alerts silence add --stack prod-ping --source 172.31.16.139 --for 8h"),
        ("", "vpc-flow-alerts silence add --source 172.31.16.139 --for 8h"),
    ] {
        let mut world = Setup::aws().set("STACK_NAME", stack).start().await;
        world.send(&event("ping-deny")).await.counts();
        assert_has(&world.sns.email(), &[command]);
    }
}
