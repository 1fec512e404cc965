//! Foreign text stays on its line in emails and logs, whatever it is.

use crate::harness::{Email, Setup, World, event, event_of, minutes_ago, rejected, source};

/// Returns the environment in which hostile records from the internet cause an email.
fn alerting() -> Setup {
    Setup::aws().set("INTERNET_PINGS", "alert")
}

/// Returns whether a character can end a line, control a terminal, or change the direction of text.
fn is_unsafe(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}')
}

#[track_caller]
fn assert_harmless(email: &Email) {
    assert!((1..100).contains(&email.subject.chars().count()), "{:?}", email.subject);
    assert!(!email.subject.chars().any(|character| is_unsafe(character) || character == '\n'), "{:?}", email.subject);
    let unsafe_lines: Vec<&str> = email.lines().filter(|line| line.chars().any(is_unsafe)).collect();
    assert_eq!(unsafe_lines, [""; 0]);
    assert!(email.body.len() <= 256 * 1024, "{} bytes", email.body.len());
}

#[tokio::test]
async fn text_of_the_hostile_event_stays_on_its_line() {
    let mut world = alerting().start().await;
    let counts = world.send(&event("hostile")).await.counts();
    assert_eq!((counts.matched, counts.findings, counts.alerts), (4, 4, 1));
    let email = world.sns.email();
    assert_harmless(&email);
    // Lines that the event tries to forge. Each may occur only within another line.
    for forged in ["NEXT   Nothing to do", "Subject: all clear", "-- ", "unsubscribe: https://phish.example"] {
        assert!(
            !email.lines().any(|line| line.starts_with(forged)),
            "{forged:?} is a line of its own in\n{}",
            email.body
        );
    }
    let long = email.lines().map(str::len).max().unwrap_or_default();
    assert!(long < 9_000, "a line of {long} bytes: 10 kB of text are not shortened");
}

#[tokio::test]
async fn line_breaks_in_names_do_not_change_the_number_of_lines() {
    let mut lines = Vec::new();
    for group in ["Log-Group", "Log-Group\r\n\r\nNEXT\r\n", "Log\u{b}Gr\u{c}oup\u{85}\u{2028}\u{2029}x"] {
        let mut world = World::start().await;
        let mut source = source("ping-deny-inbound");
        source.log_group = group.to_owned();
        world.send(&source.event()).await.counts();
        lines.push(world.sns.email().lines().count());
    }
    assert!(lines.iter().all(|count| *count == lines[0]), "{lines:?}");
}

#[tokio::test]
async fn tags_and_names_of_a_custom_format_are_harmless_too() {
    let format = "${interface-id} ${instance-id} ${vpc-id} ${subnet-id} ${region} ${srcaddr} ${dstaddr} ${protocol} ${packets} \
                  ${start} ${end} ${action} ${log-status} ${pkt-src-aws-service} ${flow-direction} ${reject-reason} ${instance-tag}";
    let start = minutes_ago(7);
    let bad = "x\u{1b}[2J\u{202e}<b>%0d%0aNEXT";
    let line = format!(
        "{bad} {bad} {bad} {bad} {bad} 203.0.113.12 10.0.0.71 1 4 {start} {} REJECT OK {bad} {bad} {bad} {bad}",
        start + 40
    );
    let mut world = alerting().set("FLOW_LOG_FORMAT", format).start().await;
    let counts = world.send(&event_of(&[line])).await.counts();
    assert_eq!((counts.matched, counts.alerts), (1, 1));
    let email = world.sns.email();
    assert_harmless(&email);
    assert!(!email.lines().any(|line| line.starts_with("NEXT") && line.contains(bad)));
}

#[tokio::test]
async fn links_contain_no_character_that_could_end_them() {
    let mut world = alerting().start().await;
    world.send(&event("hostile")).await.counts();
    let email = world.sns.email();
    let links: Vec<&str> = email.lines().filter_map(|line| line.find("https://").map(|at| &line[at..])).collect();
    let console_links: Vec<&&str> = links.iter().filter(|link| link.contains(".console.aws.amazon.com/")).collect();
    assert!(!console_links.is_empty(), "{}", email.body);
    for link in console_links {
        let end = link.find(char::is_whitespace).unwrap_or(link.len());
        assert!(link[..end].chars().all(|c| c.is_ascii_graphic() && !"<>\"\\^`{|}".contains(c)), "{link:?}");
    }
}

#[tokio::test]
async fn unreadable_lines_are_escaped_in_the_log() {
    let mut world = World::start().await;
    let line = "2 \u{1b}[31m\nERROR forged \u{2028} {\"level\":\"ERROR\"} \u{0}";
    world.send(&event_of(&[line, &rejected("203.0.113.12", "10.0.0.300", 1, 1, minutes_ago(7))])).await.counts();
    for line in world.stop().await.lines() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    }
}
