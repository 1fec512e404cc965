//! Settings and their errors.

use crate::harness::{Folder, icmp, three_hours};

#[test]
fn settings_change_what_is_sent() {
    let folder = Folder::with(&three_hours());
    let emails = |set: &[&str]| {
        let args: Vec<&str> = set.iter().flat_map(|pair| ["--set", pair]).collect();
        folder.json(&args).0
    };
    let of = |set: &[&str], name: &str, value: &str| emails(set).iter().filter(|email| email[name] == value).count();
    assert_eq!(of(&[], "kind", "resolved"), 3);
    assert_eq!(of(&["ResolvedEmails=no"], "kind", "resolved"), 0);
    assert_eq!(of(&[], "origin", "internet"), 0);
    assert!(of(&["InternetPings=alert"], "origin", "internet") > 2);
    assert!(of(&["MustReach=9.9.9.0/24"], "origin", "internet") > 2);
    assert_eq!(of(&["OwnNetworks=9.9.9.0/24"], "origin", "internet"), 0);
    assert!(of(&["OwnNetworks=9.9.9.0/24"], "origin", "private") > of(&[], "origin", "private"));
    assert!(of(&["UpdateIntervalsMinutes=1"], "kind", "update") > of(&[], "kind", "update"));
    assert!(emails(&["EmailLanguage=ja"])[0]["body"].as_str().unwrap().contains("を"));
    assert!(emails(&["TimeZone=Asia/Tokyo"])[0]["body"].as_str().unwrap().contains(" JST "));
}

#[test]
fn incidents_are_as_narrow_as_set() {
    let two = [icmp(1, "eni-a", "10.0.0.5 8.8.8.8", 4, "REJECT"), icmp(1, "eni-b", "10.0.0.6 8.8.8.8", 4, "REJECT")];
    let folder = Folder::with(&two);
    for (by, emails) in [("log-group", 3), ("interface", 4), ("source", 4), ("destination", 3)] {
        assert_eq!(folder.json(&["--set", &format!("IncidentBy={by}")]).0.len(), emails, "{by}");
    }
}

#[test]
fn a_wrong_setting_is_one_line_with_what_is_allowed() {
    let folder = Folder::with(&three_hours());
    for (pair, expected) in [
        ("InternetPings=loud", "InternetPings=\"loud\": allowed is digest, alert, count"),
        ("IncidentBy=host", "IncidentBy=\"host\": allowed is log-group, interface, source, destination"),
        ("EmailLanguage=fr", "EmailLanguage=\"fr\": allowed is en, ja"),
    ] {
        assert_eq!(folder.run(&["flow.log", "--set", pair]).failure(), expected);
    }
    let unknown = folder.run(&["flow.log", "--set", "Quiet=1"]);
    assert!(unknown.failure().starts_with("there is no setting \"Quiet\"; allowed are Rules, InternetPings, "));
}

#[test]
fn two_lists_of_settings_are_compared() {
    let folder = Folder::with(&three_hours());
    let report = folder.run(&["flow.log", "--compare", "", "ResolvedEmails=no InternetPings=alert"]).out;
    let row = |name: &str| {
        report
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect::<Vec<u64>>())
    };
    let alone = |set: &[&str]| folder.json(set).0.len() as u64;
    let both = ["--set", "ResolvedEmails=no", "--set", "InternetPings=alert"];
    assert_eq!(row("total"), Some(vec![alone(&[]), alone(&both)]), "{report}");
    assert_eq!(row("resolved"), Some(vec![3, 0]), "{report}");
    assert!(report.contains("A: defaults\nB: ResolvedEmails=no InternetPings=alert\n"), "{report}");
}

#[test]
fn a_comparison_names_what_one_list_sends_later_or_never() {
    // Seven minutes of answers, and half an hour of pings from the internet.
    let mut lines: Vec<String> =
        (0..7).map(|minute| icmp(minute * 60, "eni-a", "10.0.0.5 8.8.8.8", 4, "REJECT")).collect();
    lines.extend((120..150).map(|minute| icmp(minute * 60, "eni-a", "9.9.9.9 10.0.0.5", 20, "REJECT")));
    lines.extend((200..205).map(|minute| icmp(minute * 60, "eni-a", "10.0.0.5 8.8.8.8", 4, "REJECT")));
    let folder = Folder::with(&lines);
    let differences = |a: &str, b: &str| {
        let report = folder.run(&["flow.log", "--compare", a, b]).out;
        let (_, rest) = report.split_once("\nIN A, AND LATER OR NEVER IN B\n").unwrap();
        let (of_a, of_b) = rest.split_once("\nIN B, AND LATER OR NEVER IN A\n").unwrap();
        (of_a.to_owned(), of_b.to_owned())
    };
    let nothing = "nothing\n".to_owned();
    assert_eq!(differences("", "ResolvedEmails=no"), (nothing.clone(), nothing.clone()));
    // 20 packets a batch are a persistent ping for one of them.
    let (of_a, of_b) = differences("PersistentPings=20", "");
    assert!(
        of_a.starts_with("2026-11-23 04:38:50 UTC  [Ping-Deny] ") && of_a.ends_with("\n    no email in B\n"),
        "{of_a}"
    );
    assert_eq!((of_a.lines().count(), of_b), (2, nothing.clone()));
    // With quiet hours the second incident of ours is part of the first, which has an update every four hours by then.
    let (of_a, of_b) = differences("", "QuietMinutes=300");
    assert!(of_a.contains("later in B, in an email of kind update"), "{of_a}");
    assert_eq!((of_a.lines().count(), of_b), (2, nothing));
}

#[test]
fn the_resolved_email_of_earlier_pings_is_no_email_about_later_ones() {
    // Pings of a second source begin when those of the first have ended, and before its incident is resolved.
    let mut lines: Vec<String> =
        (0..3).map(|minute| icmp(minute * 60, "eni-a", "9.9.9.9 10.0.0.5", 40, "REJECT")).collect();
    lines.extend((5..9).map(|minute| icmp(minute * 60, "eni-a", "8.8.8.8 10.0.0.5", 20, "REJECT")));
    let folder = Folder::with(&lines);
    let report = folder.run(&["flow.log", "--compare", "PersistentPings=20 IncidentBy=source", ""]).out;
    let (_, differences) = report.split_once("\nIN A, AND LATER OR NEVER IN B\n").unwrap();
    let lines: Vec<&str> = differences.lines().take(3).collect();
    assert!(lines[0].contains("20 rejected pings from 8.8.8.8"), "{report}");
    assert_eq!(lines[1..], ["    no email in B", ""], "{report}");
}
