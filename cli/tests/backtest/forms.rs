//! Each form of input gives the same result.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::harness::{Folder, HEADER, START, gzip, icmp, prefix, start, text, three_hours};

fn stream(line: &str) -> String {
    format!("{}-all", line.split(' ').nth(2).unwrap())
}

/// The events of a subscription, one for each stream and so many records.
fn subscription_events(lines: &[String]) -> Vec<String> {
    let mut events = Vec::new();
    for chunk in lines.chunks(12) {
        for interface in ["eni-a", "eni-b"] {
            let mine = chunk.iter().filter(|line| line.contains(interface));
            let log_events: Vec<Value> =
                mine.map(|line| json!({ "id": "1", "timestamp": start(line) * 1_000, "message": line })).collect();
            let document = json!({
                "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "Log-Group",
                "logStream": format!("{interface}-all"), "subscriptionFilters": ["f"], "logEvents": log_events,
            });
            let data = STANDARD.encode(gzip(document.to_string().as_bytes()));
            events.push(json!({ "awslogs": { "data": data } }).to_string());
        }
    }
    events
}

/// What `aws logs filter-log-events` prints.
fn filter_log_events(lines: &[String]) -> Value {
    let event = |line: &String| {
        json!({ "logStreamName": stream(line), "timestamp": start(line) * 1_000, "message": line,
                "ingestionTime": start(line) * 1_000 + 9, "eventId": "3" })
    };
    let events: Vec<Value> = lines.iter().map(event).collect();
    json!({ "events": events, "searchedLogStreams": [], "nextToken": null })
}

/// What `aws logs get-query-results` prints, the newest record first.
fn query_results(lines: &[String]) -> Value {
    let field = |name: &str, value: &str| json!({ "field": name, "value": value });
    let result = |line: &String| {
        let time = prefix(line, ".000").replace('T', " ");
        json!([field("@timestamp", &time), field("@message", line), field("@ptr", "Cn")])
    };
    let results: Vec<Value> = lines.iter().rev().map(result).collect();
    json!({ "queryLanguage": "CWLI", "results": results, "status": "Complete",
            "statistics": { "recordsMatched": 254.0, "bytesScanned": 1.5e3 } })
}

#[test]
fn each_form_gives_the_same_result() {
    let lines = three_hours();
    let expected = Folder::with(&lines).run(&["flow.log", "--json"]);
    assert_eq!(expected.json().0.len(), 8, "{}", expected.out);
    let explained = Folder::with(&lines).command("explain", &["--file", "flow.log"], b"");
    assert!(explained.succeeded && explained.out.contains("10.7.0.1"), "{explained:?}");
    let plain = text(&lines);
    let with = |before: &dyn Fn(&str) -> String| -> String {
        lines.iter().map(|line| format!("{}{line}\n", before(line))).collect()
    };
    let (one, other) = plain.split_at(plain.match_indices('\n').nth(100).unwrap().0 + 1);
    let json = filter_log_events(&lines);
    let events = subscription_events(&lines);
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("plain", plain.clone().into()),
        ("CRLF", plain.replace('\n', "\r\n").into()),
        ("gzip", gzip(plain.as_bytes())),
        ("gzip of two members", [gzip(one.as_bytes()), gzip(other.as_bytes())].concat()),
        ("S3", format!("{HEADER}\n{plain}").into()),
        ("export", with(&|line| prefix(line, ".000Z ")).into()),
        ("tail", with(&|line| format!("{} {} ", prefix(line, "+00:00"), stream(line))).into()),
        ("tail, newer", with(&|line| format!("{} {} ", prefix(line, ".000000+00:00"), stream(line))).into()),
        ("tail --format json", with(&|line| format!("{} {} ", prefix(line, ".250000+00:00"), stream(line))).into()),
        ("tail --format short", with(&|line| prefix(line, " ")).into()),
        ("filter-log-events", serde_json::to_vec_pretty(&json).unwrap()),
        ("filter-log-events, gzip", gzip(json.to_string().as_bytes())),
        ("the events alone", json["events"].to_string().into()),
        ("get-log-events", json!({ "nextForwardToken": "f/3", "events": json["events"], "n": 1 }).to_string().into()),
        ("get-query-results", query_results(&lines).to_string().into()),
        ("get-query-results, pretty", serde_json::to_vec_pretty(&query_results(&lines)).unwrap()),
        ("subscription events", events.join("\n").into()),
    ];
    for (form, content) in forms {
        let folder = Folder::new();
        folder.write("flow.log", &content);
        assert_eq!(folder.run(&["flow.log", "--json"]).out, expected.out, "{form}");
        assert_eq!(folder.run_with(&["-", "--json"], &content).out, expected.out, "{form} on standard input");
        for (args, input) in [(&["--file", "flow.log"][..], &b""[..]), (&["-"], &content), (&[], &content)] {
            let run = folder.command("explain", args, input);
            assert_eq!((&run.out, &run.err), (&explained.out, &explained.err), "{form}: {args:?}");
        }
    }
}

#[test]
fn fields_may_have_several_spaces_between_them() {
    let lines = three_hours();
    let (expected, summary) = Folder::with(&lines).json(&[]);
    let spaced: Vec<String> =
        lines.iter().map(|line| format!(" {} ", line.replace(" REJECT ", "  REJECT   "))).collect();
    let (emails, spaced_summary) = Folder::with(&spaced).json(&[]);
    let subjects = |emails: &[Value]| emails.iter().map(|email| email["subject"].clone()).collect::<Vec<_>>();
    assert_eq!((subjects(&emails), spaced_summary), (subjects(&expected), summary));
}

#[test]
fn directories_are_read_by_path_with_all_files_in_them() {
    let lines = three_hours();
    let expected = Folder::with(&lines).run(&["flow.log", "--json"]).out;
    let folder = Folder::new();
    for (number, lines) in lines.chunks(60).enumerate() {
        let content = text(lines);
        // The order of writing is not that of the names, and the forms are mixed.
        let name = format!("logs/2026/{number}/a.log");
        if number % 2 == 0 {
            folder.write(&name, gzip(format!("{HEADER}\n{content}").as_bytes()));
        } else {
            folder.write(&name, content);
        }
    }
    for (number, event) in subscription_events(&lines).iter().enumerate() {
        folder.write(&format!("events/{number:03}.json"), event);
    }
    assert_eq!(folder.run(&["logs", "--json"]).out, expected);
    assert_eq!(folder.run(&["events", "--json"]).out, expected);
    let first = folder.run(&["logs/2026/0", "logs/2026/1", "logs/2026/2", "logs/2026/3/a.log", "--json"]);
    assert!(first.succeeded && first.out.contains("\"records\":240"), "{first:?}");
}

#[test]
fn another_format_is_declared_or_named_by_a_header() {
    let line = format!("REJECT 1 10.7.0.1 10.0.0.6 OK eni-b {} {}", START + 12, START + 62);
    let header = "action protocol srcaddr dstaddr log-status interface-id start end";
    let declared = "${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status} ${interface-id} ${start} ${end}";
    let folder = Folder::new();
    folder.write("bare", format!("{line}\n"));
    folder.write("named", format!("{header}\n{line}\n"));
    let (emails, summary) = folder.run(&["named", "--json"]).json();
    assert_eq!((emails.len(), &summary["matched"]), (2, &json!(1)));
    let default = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                   ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
    let declared = folder.run(&["bare", "--json", "--format", declared, "--format", default]).json().0;
    assert_eq!(declared[0]["subject"], emails[0]["subject"]);
    let (emails, summary) = folder.run(&["bare", "--json"]).json();
    assert_eq!((emails.len(), &summary["unparsed"]), (0, &json!(1)));
    let report = folder.run(&["bare"]).out;
    assert!(report.contains("bare:1: ") && report.contains("--format"), "{report}");
    let wrong = folder.run(&["bare", "--format", "${srcaddr}"]);
    assert!(wrong.failure().starts_with("--format: "), "{wrong:?}");
}

#[test]
fn a_format_without_a_start_needs_a_time_beside_the_line() {
    let format = "${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status}";
    let folder = Folder::new();
    folder.write("flow.log", "REJECT 1 10.7.0.1 10.0.0.6 OK\n");
    let without = folder.run(&["flow.log", "--format", format]);
    assert!(without.failure().starts_with("flow.log:1: the record has no time"), "{without:?}");
    folder.write("flow.log", "2026-11-23T02:32:14.000Z REJECT 1 10.7.0.1 10.0.0.6 OK\n");
    let (emails, _) = folder.json(&["--format", format]);
    assert_eq!(emails[0]["at"], "2026-11-23T02:38:14.000Z");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::new();
    folder.write("flow.log", text(&three_hours()));
    let mut cut = gzip(text(&three_hours()).as_bytes());
    cut.truncate(cut.len() / 2);
    folder.write("cut.gz", cut);
    folder.write("other.json", "{\"message\": 1}");
    folder.write("broken.json", "{\"events\": [{\"message\": \"x\"}, ");
    folder.write("no-comma.json", "{\"status\": ");
    folder.write("no-message.json", "{\"results\": [[{\"field\": \"@ptr\", \"value\": \"x\"}]]}");
    folder.write("columns.parquet", b"PAR1\x15\x04\x15");
    folder.write("broken-event.json", "{\"awslogs\": {\"data\": \"%%\"}}");
    for (name, reason) in [
        ("no-such-file", "cannot read no-such-file: No such file"),
        ("cut.gz", "cannot read cut.gz: line "),
        ("other.json", "cannot read other.json: the document has none of events, results with @message, and awslogs"),
        ("broken.json", "cannot read broken.json: EOF while parsing a value, after 1 log events"),
        ("no-comma.json", "cannot read no-comma.json: EOF while parsing a value, after 0 log events"),
        (
            "no-message.json",
            "cannot read no-message.json: a result of the query has no @message; begin it with fields ",
        ),
        ("columns.parquet", "cannot read columns.parquet: a Parquet file; only text is read: "),
        ("broken-event.json", "cannot read broken-event.json: "),
    ] {
        let failed = folder.run(&[name]);
        assert!(failed.failure().starts_with(reason), "{failed:?}");
        // Also before anything is read of another file.
        let both = folder.run(&["flow.log", name]);
        assert_eq!(both.failure(), failed.failure());
        assert_eq!(folder.command("explain", &["--file", name], b"").failure(), failed.failure());
    }
    assert_eq!(folder.run_with(&["-", "-"], b"").failure(), "standard input (-) is given twice");
}

#[test]
fn what_is_no_log_in_a_directory_is_left_out() {
    let folder = Folder::new();
    folder.write("logs/exported/eni-a-all/000000.gz", gzip(text(&three_hours()).as_bytes()));
    folder.write("logs/aws-logs-write-test", "Permission Check Successful");
    folder.write("logs/.DS_Store", b"\0\0\0\x01Bud1");
    let (_, summary) = folder.run(&["logs", "--json"]).json();
    assert_eq!((&summary["records"], &summary["unparsed"]), (&json!(254), &json!(0)));
    let (_, named) = folder.run(&["logs/aws-logs-write-test", "--json"]).json();
    assert_eq!(named["unparsed"], 1, "who names it wants it");
}

#[test]
fn a_bad_line_is_counted_and_the_others_are_played() {
    let mut lines = vec![icmp(0, "eni-b", "10.7.0.1 10.0.0.6", 3, "REJECT")];
    lines.push("hello world".to_owned());
    lines.push(icmp(1, "eni-b", "10.7.0.999 10.0.0.6", 3, "REJECT"));
    lines.push(icmp(2, "eni-b", "10.7.0.999 10.0.0.6", 3, "ACCEPT"));
    lines.push("x".repeat(100_000));
    let (emails, summary) = Folder::with(&lines).json(&[]);
    assert_eq!((emails.len(), &summary["unparsed"], &summary["matched"]), (2, &json!(3), &json!(1)));
    assert_eq!(summary["records"], 5);
}
