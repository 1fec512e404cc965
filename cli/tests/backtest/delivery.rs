//! When records arrive, in which batches, and in which order.

use serde_json::Value;

use crate::harness::{Folder, icmp, three_hours};

fn times(emails: &[Value]) -> Vec<(&str, &str)> {
    emails.iter().map(|email| (email["kind"].as_str().unwrap(), email["at"].as_str().unwrap())).collect()
}

#[test]
fn a_batch_arrives_after_its_last_record_and_timers_keep_their_time() {
    // Two records of one minute, which end at 02:33:10 and 02:33:40.
    let two = [10, 40].map(|second| icmp(second + 10, "eni-a", "10.0.0.5 8.8.8.8", 4, "REJECT"));
    let folder = Folder::with(&two);
    let expected = |opened, resolved| [("opened", opened), ("resolved", resolved)];
    let (emails, _) = folder.json(&[]);
    assert_eq!(times(&emails), expected("2026-11-23T02:39:40.000Z", "2026-11-23T02:54:40.000Z"));
    let (emails, _) = folder.json(&["--delay", "30s", "--set", "QuietMinutes=5"]);
    assert_eq!(times(&emails), expected("2026-11-23T02:34:10.000Z", "2026-11-23T02:39:10.000Z"));
}

#[test]
fn a_long_record_arrives_after_shorter_ones_that_start_later() {
    let long = icmp(0, "eni-a", "10.0.0.5 8.8.8.8", 4, "REJECT").replace("1795401170", "1795401720");
    let mut lines = vec![long];
    lines.extend((1..60).map(|minute| icmp(minute * 60, "eni-b", "10.7.0.1 10.0.0.6", 1, "REJECT")));
    let (emails, _) = Folder::with(&lines).json(&["--window", "0s"]);
    assert_eq!(emails[0]["origin"], "private");
    let own: Vec<&Value> = emails.iter().filter(|email| email["origin"] == "own").collect();
    assert_eq!(own[0]["at"], "2026-11-23T02:48:00.000Z");
    let mut at: Vec<&str> = emails.iter().map(|email| email["at"].as_str().unwrap()).collect();
    let as_printed = at.clone();
    at.sort_unstable();
    assert_eq!(as_printed, at, "emails come in the order of their time");
}

#[test]
fn thresholds_of_a_batch_see_one_interface_and_minute() {
    let ping = |second, packets| icmp(second, "eni-b", "9.9.9.9 10.0.0.6", packets, "REJECT");
    // 20 packets in each of two minutes are no persistent ping of 30 packets; 40 in one minute are.
    let (emails, summary) = Folder::with(&[ping(50, 20), ping(70, 20)]).json(&[]);
    assert_eq!((emails.len(), summary["matched"].as_u64()), (0, Some(2)));
    let (emails, _) = Folder::with(&[ping(30, 20), ping(50, 20)]).json(&[]);
    assert_eq!((emails.len(), emails[0]["origin"].as_str()), (2, Some("internet")));
    // Another interface does not count.
    let other = icmp(30, "eni-c", "9.9.9.9 10.0.0.6", 20, "REJECT");
    assert_eq!(Folder::with(&[ping(50, 20), other]).json(&[]).0.len(), 0);
}

#[test]
fn a_minute_that_is_too_large_for_one_batch_comes_in_several() {
    // Two records of one ping with 20 packets each, the first and the last of the minute, and strangers between them.
    let ping = |second| icmp(second, "eni-b", "9.9.9.9 10.0.0.6", 20, "REJECT");
    let stranger = |number: u64| {
        let addresses = format!("8.8.{}.{} 10.0.0.6", 100 + number / 100, 100 + number % 100);
        icmp(30, "eni-b", &addresses, 1, "REJECT")
    };
    let bytes = |line: String| line.len() as u64 + 26;
    let fit = ((1 << 20) - 2 * bytes(ping(0))) / bytes(stranger(0));
    assert!((5_000..9_998).contains(&fit), "the size is the limit, not the number: {fit}");
    let emails = |strangers: u64| {
        let mut lines: Vec<String> = (0..strangers).map(stranger).collect();
        lines.extend([ping(0), ping(59)]);
        Folder::with(&lines).json(&["--set", "FloodPacketsPerMinute=1000000"]).0.len()
    };
    assert_eq!(emails(fit), 2, "a persistent ping of 40 packets");
    assert_eq!(emails(fit + 1), 0, "neither batch has 30 packets of it");
}

#[test]
fn an_accepted_request_makes_the_rejected_packet_an_answer() {
    let answer = icmp(1, "eni-a", "10.0.0.5 9.9.9.9", 4, "REJECT");
    let request = icmp(1, "eni-a", "9.9.9.9 10.0.0.5", 4, "ACCEPT");
    let role = |lines: &[String]| Folder::with(lines).json(&[]).0[0]["role"].clone();
    assert_eq!(role(std::slice::from_ref(&answer)), "request");
    assert_eq!(role(&[answer.clone(), request.clone()]), "answer");
    assert_eq!(role(&[request, answer]), "answer");
}

#[test]
fn records_within_the_window_may_come_in_any_order() {
    let lines = three_hours();
    let expected = Folder::with(&lines).run(&["flow.log", "--json"]).out;
    // Blocks of some ten minutes, each read backwards.
    let backwards: Vec<String> = lines.chunks(12).flat_map(|lines| lines.iter().rev().cloned()).collect();
    assert_eq!(Folder::with(&backwards).run(&["flow.log", "--json"]).out, expected);
}

#[test]
fn a_record_as_old_as_the_window_is_played_and_an_older_one_refused() {
    let at = |second| icmp(second, "eni-a", "10.0.0.5 8.8.8.8", 4, "REJECT");
    let (emails, _) = Folder::with(&[at(900), at(0)]).json(&[]);
    assert_eq!(emails.len(), 3, "the older record opens the incident, 15 minutes before: {emails:?}");
    let failed = Folder::with(&[at(960), at(0)]).run(&["flow.log"]);
    assert_eq!(
        failed.failure(),
        "flow.log:2: this record starts at 2026-11-23 02:32:00 UTC, and flow.log:1 has one of 2026-11-23 02:48:00 UTC: \
         records may be 15 minutes out of order; sort the input, or allow more with --window 1h"
    );
}
