//! Silences on the virtual clock.

use crate::harness::{Folder, three_hours};

const OURS: &str = "source=10.0.0.5";

#[test]
fn what_a_silence_covers_is_counted_and_in_no_email() {
    let folder = Folder::with(&three_hours());
    let (emails, summary) = folder.json(&["--silence", OURS]);
    assert!(emails.iter().all(|email| email["origin"] == "private"), "{emails:?}");
    assert_eq!((summary["silenced"].as_u64(), summary["incidents"].as_u64()), (Some(20), Some(1)));
    let report = folder.run(&["flow.log", "--silence", OURS, "--silence", "origin=internet"]).out;
    assert!(
        report
            .contains("\nSILENCED\n--source 10.0.0.5: 20 records, no email\n--origin internet: 0 records, no email\n"),
        "{report}"
    );
    let both = folder.run(&["flow.log", "--silence", OURS, "--compare", "", "QuietMinutes=60"]).out;
    assert!(
        both.contains("\nSILENCED, A\n--source 10.0.0.5: 20 records") && both.contains("\nSILENCED, B\n"),
        "{both}"
    );
}

#[test]
fn it_is_in_force_when_records_arrive() {
    // Our pings start at 02:52 and arrive seven minutes later; the silence ends amid them.
    let folder = Folder::with(&three_hours());
    let opened = |silence: &str| {
        let (emails, summary) = folder.json(&["--silence", silence]);
        let first = emails.iter().find(|email| email["origin"] == "own").unwrap();
        assert_eq!(first["kind"], "opened");
        (first["at"].as_str().unwrap().to_owned(), summary["silenced"].as_u64().unwrap())
    };
    assert_eq!(opened("source=10.0.0.5 until=2026-11-23T03:05Z"), ("2026-11-23T03:05:59.000Z".to_owned(), 7));
    // 37 minutes from the first record, at 02:32.
    assert_eq!(opened("source=10.0.0.5 for=37m"), ("2026-11-23T03:09:59.000Z".to_owned(), 11));
    assert_eq!(opened("source=10.0.0.5 from=2026-11-23T01:00Z for=1h"), ("2026-11-23T02:58:59.000Z".to_owned(), 0));
}

#[test]
fn a_wrong_silence_is_an_error_of_one_line() {
    let folder = Folder::with(&three_hours());
    let printed = folder.run(&["flow.log", "--silence", "source=10.0.0.256"]);
    assert!(!printed.succeeded && printed.out.is_empty());
    assert!(printed.err.contains("source=\"10.0.0.256\": allowed is an address or a CIDR block"), "{}", printed.err);
    let many: Vec<&str> = [&["flow.log"][..], &["--silence", OURS].repeat(51)].concat();
    assert_eq!(folder.run(&many).failure(), "--silence: at most 50");
}
