//! The report, the JSON lines and the files.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use crate::harness::{Folder, icmp, three_hours};

#[test]
fn each_email_is_a_line_of_json_and_the_summary_is_the_last() {
    let (emails, summary) = Folder::with(&three_hours()).json(&[]);
    let first = &emails[0];
    let names: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(names, ["at", "body", "incident", "kind", "origin", "records", "role", "severity", "subject"]);
    // The first rejected request starts in minute 20 and ends 59 s after its beginning.
    assert_eq!(first["at"], "2026-11-23T02:58:59.000Z");
    assert_eq!(
        (&first["kind"], &first["origin"], &first["role"]),
        (&json!("opened"), &json!("own"), &json!("request"))
    );
    assert_eq!((&first["severity"], &first["records"]), (&json!("medium"), &json!(1)));
    let subject = first["subject"].as_str().unwrap();
    assert!(subject.starts_with("[Ping-Deny] 10.0.0.5 could not send 4 pings to 8.8.8.8 (#"), "{subject}");
    assert!(first["body"].as_str().unwrap().contains("WHAT TO DO"));
    let private = emails.iter().find(|email| email["origin"] == "private").unwrap();
    assert_eq!(private.get("role"), None);
    assert_ne!(private["incident"], first["incident"]);
    let kinds: Vec<&Value> = emails.iter().map(|email| &email["kind"]).collect();
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    let ours = emails.iter().filter(|email| email["origin"] == "own").count();
    assert_eq!(
        summary,
        json!({
            "records": 180 + 26 + 26 + 22, "matched": 26 + 22, "no_data": 26, "skip_data": 0, "unparsed": 0,
            "emails": {
                "total": emails.len(),
                "by_kind": { "opened": count("opened"), "reopened": 1, "update": count("update"), "resolved": 3 },
                "by_origin": { "own": ours, "private": emails.len() - ours, "internet": 0 },
            },
            "days": 1, "first": "2026-11-23T02:32:00.000Z", "last": "2026-11-23T05:31:00.000Z",
            "incidents": 2, "background": { "records": 26, "packets": 52 }, "silenced": 0, "cost_usd": null,
        })
    );
    assert_eq!(Folder::with(&three_hours()).json(&["--set", "TimeZone=America/New_York"]).1["days"], 2);
}

#[test]
fn emails_are_written_as_files() {
    let folder = Folder::with(&three_hours());
    let (emails, _) = folder.json(&["--emails", "sent"]);
    let mut files: Vec<_> = fs::read_dir(folder.path("sent")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), emails.len());
    for (file, email) in files.iter().zip(&emails) {
        let text = fs::read_to_string(file).unwrap();
        let (subject, body) = text.split_once("\n\n").unwrap();
        assert_eq!(subject.strip_prefix("Subject: "), email["subject"].as_str());
        assert_eq!(body.trim_end(), email["body"].as_str().unwrap().trim_end());
    }
    let again = folder.run(&["flow.log", "--emails", "sent"]);
    assert_eq!(again.failure(), "--emails sent: the directory is not empty");
}

/// The parts of a report: what stands before the first heading, and what stands below each.
fn parts(report: &str) -> BTreeMap<&str, &str> {
    let mut parts = BTreeMap::new();
    for part in report.split("\n\n") {
        let (first, rest) = part.split_once('\n').unwrap_or((part, ""));
        if first.starts_with(|c: char| c.is_ascii_uppercase()) && first.chars().take(4).all(|c| c.is_ascii_uppercase())
        {
            parts.insert(first, rest.trim_end());
        } else {
            parts.entry("").or_insert(part);
        }
    }
    parts
}

#[test]
fn the_report_has_a_table_and_each_incident_in_local_time() {
    let folder = Folder::with(&three_hours());
    let report = folder.run(&["flow.log", "--set", "TimeZone=Asia/Tokyo"]).out;
    let (emails, _) = folder.json(&[]);
    let (table, _) = report.split_once("\nINCIDENTS (2)\n").unwrap();
    let total = table.lines().last().unwrap().split_whitespace().last().unwrap();
    assert_eq!(total, emails.len().to_string());
    let parts = parts(&report);
    assert!(parts[""].ends_with("254 records: 48 of rejected ICMP, 26 NODATA"), "{report}");
    let stories: Vec<&str> = parts["INCIDENTS (2)"].lines().collect();
    assert_eq!(stories.len(), 6, "{report}");
    assert!(
        stories[0].starts_with("2026-11-23 11:58:59 JST  [Ping-Deny] 10.0.0.5 could not send 4 pings to 8.8.8.8 (#")
    );
    assert_eq!(stories[1], "    own request, medium; 80 packets, 20 records; 10.0.0.5 -> 8.8.8.8");
    assert_eq!(stories[2], "    opened 11:58:59, updates 12:03:59, 12:18:59, resolved 12:32:59 (34 min)");
    assert_eq!(stories[4], "    private, medium; 6 packets, 2 records; 10.7.0.1 -> 10.0.0.6");
    // Within an hour it is the same incident.
    assert_eq!(stories[5], "    opened 12:09:02, resolved 12:24:02, reopened 13:19:42, resolved 14:19:02 (2 h 10 min)");
    assert_eq!(parts["BACKGROUND"], "52 pings from the internet, in 26 records: no email, in the digest only.");
    assert_eq!(parts["COST"], "Not estimated: the records span less than 12 hours.");
}

#[test]
fn an_incident_without_a_resolved_email_ends_all_the_same() {
    let folder = Folder::with(&three_hours());
    let report = folder.run(&["flow.log", "--set", "ResolvedEmails=no", "--set", "InternetPings=count"]).out;
    assert!(report.contains("(resolved 03:32:59 without an email, 34 min)"), "{report}");
    assert!(report.contains("26 records: no email, counted only."), "{report}");
    let all = folder.run(&["flow.log", "--set", "InternetPings=alert"]).out;
    assert!(
        all.contains("No pings from the internet but those of incidents.") && all.contains("    internet, "),
        "{all}"
    );
}

#[test]
fn a_day_is_scaled_to_a_month_of_cost() {
    // A record an hour, of a ping that is stopped in each: a batch and an hour of metrics each.
    let lines: Vec<String> = (0..24).map(|hour| icmp(hour * 3_600, "eni-a", "10.0.0.5 8.8.8.8", 1, "REJECT")).collect();
    let folder = Folder::with(&lines);
    let report = folder.run(&["flow.log"]).out;
    let cost = parts(&report)["COST"];
    let row = |name: &str| -> f64 {
        let row = cost.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {cost}"));
        row.trim().replace("< 0.01", "0").parse().unwrap()
    };
    // Six metrics in all hours: three of all pings, three of the origin. The same in 13 metrics of decisions.
    assert!((row("metrics of pings") - 1.8).abs() < 0.15, "{cost}");
    assert!((row("metrics of emails and decisions") - 3.9).abs() < 0.3, "{cost}");
    assert!((row("the same whatever the traffic") - 8.5).abs() < 1.0, "{cost}");
    let rows = cost.lines().skip(2).map(|line| line.split_whitespace().last().unwrap().parse().unwrap_or(0.0));
    let (sum, total) = (rows.sum::<f64>() - row("total"), row("total"));
    assert!((sum - total).abs() < 0.06, "{cost}");
    assert_eq!(folder.json(&[]).1["cost_usd"].as_f64().unwrap().to_bits(), total.to_bits());
    assert!(cost.contains("No bill has been seen"), "{cost}");
}

#[test]
fn no_email_is_said_in_words() {
    let folder = Folder::with(&[]);
    let report = folder.run(&["flow.log"]).out;
    assert_eq!(
        report,
        "No records with traffic\n0 records: 0 of rejected ICMP\n\nYou would have got no email but the daily digest.\n"
    );
}
