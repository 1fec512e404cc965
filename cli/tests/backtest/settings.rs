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
    assert!(unknown.failure().starts_with("there is no setting \"Quiet\"; allowed are InternetPings, "));
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
