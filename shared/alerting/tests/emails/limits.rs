//! Limits that hold for every email.

use alerting::{
    detection::{Detection, MAX_FLOWS},
    enrichment::{MissingReason, Network},
    incident::KeyPart,
    notification::email::{Email, MAX_BODY_BYTES, MAX_SUBJECT_CHARS},
};

use sample_notifications::{CONNECTIONS, Scenario, Setting, counted, detected, largest, scenario};

pub(crate) fn check(email: &Email) {
    assert!(email.subject.chars().count() <= MAX_SUBJECT_CHARS, "{}", email.subject);
    assert!(!email.subject.chars().any(char::is_control), "{:?}", email.subject);
    assert!(email.body.len() <= MAX_BODY_BYTES);
    let id = email.subject.rsplit_once(" (#").and_then(|(_, id)| id.strip_suffix(')'));
    assert!(id.is_some_and(|id| id.len() == 4 && id.bytes().all(|c| c.is_ascii_alphanumeric())), "{}", email.subject);
    let foreign = email.body.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(foreign, None, "a control character in the body");
    assert!(!email.body.contains("\n\n\n") && !email.body.contains(" \n"), "{}", email.body);
    // RFC 5322, 2.1.1. A link cannot be broken, and is longer where a query has many addresses.
    let longest = email.body.lines().filter(|line| !line.starts_with("https://")).map(str::len).max().unwrap();
    assert!(longest <= 998, "a line of {longest} octets:\n{}", email.body);
    // What to do stands before the facts, and links behind everything but the one to act on.
    let at = |english: &str, japanese: &str| {
        let found = |heading: &str| email.body.find(&format!("\n\n{heading}\n"));
        found(english).or_else(|| found(japanese)).unwrap_or_else(|| panic!("no {english} in\n{}", email.body))
    };
    let order = [
        at("WHAT TO DO", "対応"),
        // Records without flows have no explanation.
        if email.body.contains("unknown") || email.body.contains("不明な") {
            at("DETAILS", "詳細")
        } else {
            at("WHY", "原因")
        },
        at("DETAILS", "詳細"),
        at("RECORDS", "ログレコード"),
        at("LINKS", "リンク"),
    ];
    assert!(order.is_sorted(), "{}", email.body);
    assert!(!email.body[..order[0]].contains("https://"), "{}", email.body);
    assert!(!email.body[order[1]..order[4]].contains("\nhttps://"), "{}", email.body);
    let links: Vec<&str> = email.body.lines().filter(|line| line.starts_with("https://")).collect();
    let distinct: std::collections::BTreeSet<&str> = links.iter().copied().collect();
    assert_eq!(distinct.len(), links.len(), "a link stands there twice: {}", email.body);
}

#[test]
fn the_first_two_lines_have_the_essential_facts() {
    for setting in Setting::all() {
        let email = scenario("ping-deny", setting).email();
        let two: Vec<&str> = email.body.lines().take(2).collect();
        let two = two.join(" ");
        for word in [if setting.enriched { "web-1" } else { "172.31.16.139" }, "203.0.113.12", "ping", "4"] {
            assert!(two.contains(word), "no {word} in: {two}");
        }
        let body = scenario("request", setting).email().body;
        let two = body.lines().take(2).collect::<Vec<_>>().join(" ");
        let (client, server) = if setting.enriched { ("web-1", "db-1") } else { ("10.0.1.10", "10.0.2.20") };
        for word in [client, &format!("{server}:5432 (postgresql"), "4 "] {
            assert!(two.contains(word), "no {word} in: {two}");
        }
    }
}

#[test]
fn an_email_about_tcp_or_udp_speaks_of_no_pings() {
    for setting in Setting::all() {
        for name in CONNECTIONS {
            let email = scenario(name, setting).email();
            let lines = email.body.lines().filter(|line| !line.starts_with("https://"));
            // The name of the stack is its owner's.
            let text =
                lines.map(|line| line.replace("--stack ping-deny", "") + "\n").collect::<String>() + &email.subject;
            for word in ["ping", "Ping", "ICMP", "echo"] {
                assert!(!text.contains(word), "{}: {word} in {text}", setting.name(name));
            }
        }
    }
}

#[test]
fn a_subject_keeps_the_service_and_its_port_however_long_the_names_are() {
    let long = "a-name-of-forty-characters-for-a-server-1";
    for setting in Setting::all() {
        for (name, service) in
            [("request", "5432"), ("request-update", "5432"), ("request-resolved", "5432"), ("dns", "53/udp")]
        {
            let mut network = scenario(name, Setting::ENRICHED).network().clone();
            for (number, tags) in network.tags.values_mut().enumerate() {
                tags.name = Some(format!("{number}-{long}").into());
            }
            for known in [network, Network::default()] {
                let email = scenario(name, setting).enriched_with(known).email();
                check(&email);
                assert!(email.subject.contains(&format!(":{service}")), "{}", email.subject);
            }
        }
        let email = scenario("request-v6", setting).enriched_with(Network::default()).email();
        check(&email);
        assert!(email.subject.contains("]:5432"), "{}", email.subject);
    }
}

#[test]
fn foreign_text_creates_no_line_and_no_link() {
    for setting in Setting::all() {
        for name in ["hostile", "hostile-names", "hostile-service"] {
            let email = scenario(name, setting).email();
            for line in email.body.lines() {
                assert!(
                    line.starts_with("https://ap-northeast-1.console.aws.amazon.com/") || !line.contains("://"),
                    "{line}"
                );
                assert!(!line.contains("www."), "{line}");
            }
            for label in ["WHAT TO DO", "対応", "LINKS", "リンク"] {
                let lines = email.body.lines().filter(|line| line.starts_with(label)).count();
                assert!(lines <= 1, "{lines} lines start with {label}:\n{}", email.body);
            }
        }
    }
}

/// Returns more flows than the limit.
fn storm() -> Detection {
    let line =
        |n| format!("2 1 eni-1 10.{}.{}.1 10.0.0.1 0 0 1 2 168 1795401134 1795401190 REJECT OK", n / 250, n % 250);
    detected((0..MAX_FLOWS + 500).map(line))
}

#[test]
fn numbers_beyond_the_limit_of_flows_are_stated_as_at_least() {
    let detection = storm();
    let storm = Scenario::opened(&detection).enriched_with(Network::unknown(MissingReason::TooSlow));
    for setting in Setting::all() {
        let email = storm.clone().read_in(setting).email();
        check(&email);
        assert!(email.body.len() < 16 * 1024, "{} bytes", email.body.len());
    }
    let email = storm.email();
    let subject = "[Ping-Deny] 5,000 rejected pings from at least 2,000 sources to at least 1 target (#";
    assert!(email.subject.starts_with(subject), "{}", email.subject);
    for expect in [
        "5,000 pings from at least 2,000 sources to at least 1 target were",
        "\nNot listed: 500 records past the limit of 2,000 flows: they are",
        "\n- and at least 1,950 more\n",
    ] {
        assert!(email.body.contains(expect), "{expect}\n{}", email.body);
    }
}

#[test]
fn an_email_can_have_the_largest_numbers() {
    for setting in Setting::all() {
        let email = largest().read_in(setting).email();
        assert!(email.body.contains("18,446,744,073,709,551,615"), "{}", email.body);
    }
}

#[test]
fn an_incident_without_kept_flows_has_an_email() {
    let mut since = counted("sweep");
    since.flows.clear();
    let update = Scenario::update(&since, since.totals).enriched_with(Network::unknown(MissingReason::NotFound));
    for setting in Setting::all() {
        check(&update.clone().read_in(setting).email());
    }
}

#[test]
fn an_email_of_untracked_records_names_no_addresses() {
    let others = Scenario::untracked(&storm(), KeyPart::OtherSources);
    for setting in Setting::all() {
        check(&others.clone().read_in(setting).email());
    }
    let email = others.email();
    let subject = "[Ping-Deny] 1,000 rejected pings from unknown sources to unknown targets (#";
    assert!(email.subject.starts_with(subject), "{}", email.subject);
    for expect in ["500 records past the limit of 2,000 flows", "; this incident is about all other sources"] {
        assert!(email.body.contains(expect), "{expect}\n{}", email.body);
    }
}
