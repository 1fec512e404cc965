//! The report, the JSON lines and the files.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Folder, three_hours};

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

#[test]
fn the_report_has_a_table_and_a_timeline_in_local_time() {
    let folder = Folder::with(&three_hours());
    let report = folder.run(&["flow.log", "--set", "TimeZone=Asia/Tokyo"]).out;
    let (table, timeline) = report.split_once("\nTIMELINE\n").unwrap();
    let (emails, _) = folder.json(&[]);
    assert_eq!(timeline.lines().count(), emails.len());
    assert!(timeline.starts_with("2026-11-23 11:58:59 JST  opened    [Ping-Deny] 10.0.0.5 could not"), "{timeline}");
    assert!(table.contains("254 records: 48 of rejected ICMP, 26 NODATA\n"), "{table}");
    let total = table.lines().last().unwrap().split_whitespace().last().unwrap();
    assert_eq!(total, emails.len().to_string());
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
