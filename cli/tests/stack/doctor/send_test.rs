//! `doctor --send-test`: what is written, and what is waited for.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use super::{
    DOCTOR,
    answers::{healthy, minutes_ago, stack},
};
use crate::harness::{Answer, Aws, Call, Printed, Tool};

const KEY: &str = "incident#Ping-Deny|123456789012|us-east-1|Log-Group|private|test";

/// The answer to a read of the table: the record of the test incident.
fn table(incident: Option<(&str, u32)>) -> Answer {
    let items: Vec<Value> = incident
        .map(|(id, emails)| {
            let current = json!({
                "id": id, "opened_at": minutes_ago(1), "emails": emails, "last_email_at": minutes_ago(1), "lease": null,
                "timer": 0, "timer_at": minutes_ago(0),
            });
            let body = json!({ "incident": { "current": current } }).to_string();
            json!({ "id": { "S": KEY }, "version": { "N": "3" }, "body": { "S": body } })
        })
        .into_iter()
        .collect();
    Answer::json(&json!({ "Responses": { "incidents": items }, "UnprocessedKeys": {} }))
}

/// Runs a test where the table has had these states, one for each read after the record was written; the last one stays.
fn run(
    before: Option<(&'static str, u32)>,
    after: Vec<Option<(&'static str, u32)>>,
    more: &[&str],
) -> (Printed, Vec<Call>) {
    let (reads, written): (AtomicUsize, Arc<Mutex<bool>>) = (AtomicUsize::new(0), Arc::default());
    let aws = Aws::new(move |call| match &*call.operation {
        "BatchGetItem" => {
            assert!(call.json.to_string().contains(KEY), "{call:?}");
            if !*written.lock().unwrap() {
                return table(before);
            }
            let read = reads.fetch_add(1, Ordering::SeqCst).min(after.len() - 1);
            table(after[read])
        }
        "CreateLogStream" => {
            Answer::json_error(400, "ResourceAlreadyExistsException", "The specified log stream already exists")
        }
        "PutLogEvents" => {
            *written.lock().unwrap() = true;
            Answer::json(&json!({ "nextSequenceToken": "1" }))
        }
        _ => healthy(call),
    });
    let printed = Tool::new(&aws).run(&[DOCTOR, &["--send-test"], more].concat());
    let calls = aws.calls();
    (printed, calls)
}

#[test]
fn a_record_is_written_and_its_email_waited_for() {
    let id = "1795401534000-0badcafe";
    let (printed, calls) = run(None, vec![None, Some((id, 0)), Some((id, 1))], &["--yes"]);
    let out = printed.success();
    assert!(out.contains("\nok: test (#qq4s): the email was handed to SNS "), "{out}");
    assert!(out.contains("A resolved email follows after 15 minutes."), "{out}");
    let put = calls.iter().find(|call| call.operation == "PutLogEvents").unwrap();
    assert_eq!(
        (&put.json["logGroupName"], &put.json["logStreamName"]),
        (&json!("Log-Group"), &json!("vpc-flow-alerts-test"))
    );
    let events = put.json["logEvents"].as_array().unwrap();
    let (message, at) = (events[0]["message"].as_str().unwrap(), events[0]["timestamp"].as_u64().unwrap());
    let seconds = at / 1_000;
    let expect = format!(
        "2 123456789012 eni-00000000000000000 169.254.0.1 169.254.0.2 0 0 1 1 84 {seconds} {} REJECT OK",
        seconds + 60
    );
    assert_eq!((events.len(), message), (1, &*expect));
    assert!(at <= minutes_ago(1) && at >= minutes_ago(2), "{at}");
}

#[test]
fn the_next_email_of_an_open_test_is_an_update() {
    let id = "1795401534000-0badcafe";
    let (printed, _) = run(Some((id, 1)), vec![Some((id, 1)), Some((id, 2))], &["--yes", "--json"]);
    let report: Value = serde_json::from_str(printed.success()).unwrap();
    assert_eq!((&report["test"]["sent"], &report["test"]["incident"]), (&json!(true), &json!("qq4s")));
}

#[test]
fn a_test_whose_next_email_is_far_away_is_not_repeated() {
    let (printed, calls) = run(Some(("1795401534000-0badcafe", 3)), vec![None], &["--yes", "--json"]);
    assert!(
        printed.failure().starts_with("the test #qq4s is still open, and its next email is due in 5"),
        "{printed:?}"
    );
    assert!(calls.iter().all(|call| call.operation != "PutLogEvents"));
}

#[test]
fn nobody_is_sent_a_test_that_nobody_has_confirmed() {
    let (printed, calls) = run(None, vec![None], &[]);
    assert_eq!(printed.code, 1);
    assert!(printed.err.contains("pass --yes"), "{printed:?}");
    assert!(calls.iter().all(|call| call.operation != "PutLogEvents" && call.operation != "CreateLogStream"));
    let (printed, _) = run(None, vec![None], &["--help"]);
    assert!(printed.out.contains("--send-test"));
}

#[test]
fn a_record_that_cloudwatch_logs_does_not_take() {
    let aws = Aws::new(|call| match &*call.operation {
        "BatchGetItem" => table(None),
        "CreateLogStream" => Answer::json(&json!({})),
        "PutLogEvents" => Answer::json(&json!({ "rejectedLogEventsInfo": { "tooNewLogEventStartIndex": 0 } })),
        _ => healthy(call),
    });
    let printed = Tool::new(&aws).run(&[DOCTOR, &["--send-test", "--yes"]].concat());
    assert_eq!(printed.code, 1);
    assert!(printed.err.contains("is the clock of this machine right?"), "{printed:?}");
}

#[test]
fn a_test_has_the_stack_s_own_format() {
    let format = "${action} ${protocol} ${srcaddr} ${dstaddr} ${flow-direction} ${log-status}";
    let written: Arc<Mutex<Option<String>>> = Arc::default();
    let kept = Arc::clone(&written);
    let aws = Aws::new(move |call| match &*call.operation {
        "DescribeStacks" => {
            stack(call, &[("FlowLogFormat", format), ("OwnNetworks", "0.0.0.0/0"), ("ResolvedEmails", "no")])
        }
        "BatchGetItem" => table(kept.lock().unwrap().as_ref().map(|_| ("1", 1))),
        "CreateLogStream" => Answer::json(&json!({})),
        "PutLogEvents" => {
            *kept.lock().unwrap() = call.json["logEvents"][0]["message"].as_str().map(str::to_owned);
            Answer::json(&json!({}))
        }
        _ => healthy(call),
    });
    let printed = Tool::new(&aws).run(&[DOCTOR, &["--send-test", "--yes"]].concat());
    assert!(printed.out.contains("No resolved email follows"), "{printed:?}");
    assert_eq!(written.lock().unwrap().as_deref(), Some("REJECT 1 169.254.0.1 169.254.0.2 ingress OK"));
}
