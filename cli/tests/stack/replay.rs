//! `vpc-flow-alerts replay`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::{Answer, Aws, Call, Queues, Tool, stack};

const INVOKE: &str = "lambda POST /2015-03-31/functions/flow-alerts/invocations";
const FAILURES: &str = "failures";
const TIMERS: &str = "timers";
const FAILED_TIMERS: &str = "timer-failures";

/// A stack whose function answers so.
fn aws(queues: &Queues, function: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Aws {
    let queues = queues.clone();
    Aws::new(move |call| {
        stack(call, |call| if call.service == "lambda" { function(call) } else { queues.answer(call) })
    })
}

/// A function that counts what it gets, and fails with what names an error.
fn function(call: &Call) -> Answer {
    match call.json["error"].as_str() {
        Some("function") => {
            let error = json!({ "errorType": "Error", "errorMessage": "cannot finish the batch: no" });
            Answer::json(&error).header("x-amz-function-error", "Unhandled")
        }
        Some(status) => Answer::json_error(status.parse().unwrap(), "ServiceException", "not now"),
        None => Answer::json(&json!({ "records": 2, "matched": 1 })),
    }
}

/// A record of a failed invocation with this event.
fn record(event: &Value) -> String {
    json!({
        "version": "1.0",
        "timestamp": "2026-11-23T09:00:00.000Z",
        "requestContext": { "condition": "RetriesExhausted", "approximateInvokeCount": 3 },
        "requestPayload": event,
        "responsePayload": { "errorMessage": "no" },
    })
    .to_string()
}

/// A record without its batch.
fn empty() -> String {
    json!({ "timestamp": "2026-11-23T09:00:00.000Z", "requestContext": { "condition": "RetriesExhausted" } })
        .to_string()
}

fn last_line(out: &str) -> &str {
    out.lines().last().unwrap()
}

#[test]
fn what_the_function_processes_is_deleted_and_the_rest_is_released() {
    let (good, refused) = (record(&json!({ "n": 1 })), record(&json!({ "error": "function" })));
    let queues = Queues::default().with(FAILURES, &good).with(FAILURES, &refused).with(FAILURES, &empty());
    let aws = aws(&queues, function);
    let printed = Tool::new(&aws).run(&["replay"]);
    assert_eq!((printed.code, last_line(&printed.out)), (1, "1 done, 2 left in the queue"), "{printed:?}");
    assert_eq!(printed.err, "In account 123456789012, region us-east-1, stack ping-deny:\n");
    for part in [
        "2026-11-23T09:00:00.000Z: not a batch of a subscription\n  failed 3 times: no\n  done: {\"matched\":1,\"records\":2}\n",
        "  failed again, left in the queue: cannot finish the batch: no\n",
        ": a record without its batch\n",
        "--filter-pattern REJECT --start-time 1795422600000 --end-time 1795424400000\n",
        "To drop it: vpc-flow-alerts replay --drop\n",
    ] {
        assert!(printed.out.contains(part), "{part}: {}", printed.out);
    }
    assert_eq!(queues.bodies(FAILURES), (vec![refused, empty()], vec![]));
    let invoked: Vec<Value> =
        aws.calls().into_iter().filter(|call| call.service == "lambda").map(|call| call.json).collect();
    assert_eq!(invoked, [json!({ "n": 1 }), json!({ "error": "function" })]);
}

#[test]
fn nothing_left_is_a_success() {
    for queues in [Queues::default(), Queues::default().with(FAILURES, &record(&json!({})))] {
        let printed = Tool::new(&aws(&queues, function)).run(&["replay"]);
        assert!(printed.success().ends_with(" done, 0 left in the queue\n"));
        assert_eq!(queues.bodies(FAILURES), (vec![], vec![]));
    }
}

#[test]
fn a_failed_call_is_not_repeated_and_leaves_the_batch() {
    let failing = record(&json!({ "error": "500" }));
    let queues = Queues::default().with(FAILURES, &failing);
    let aws = aws(&queues, function);
    let printed = Tool::new(&aws).run(&["replay"]);
    assert_eq!(last_line(&printed.out), "0 done, 1 left in the queue");
    assert!(
        printed.out.contains("left in the queue: lambda:InvokeFunction: ServiceException: not now"),
        "{}",
        printed.out
    );
    let invocations = aws.operations().iter().filter(|operation| *operation == INVOKE).count();
    assert_eq!((invocations, queues.bodies(FAILURES).0), (1, vec![failing]));
}

#[test]
fn a_slow_function_is_waited_for() {
    let queues = Queues::default().with(FAILURES, &record(&json!({})));
    let aws = aws(&queues, |call| {
        // Longer than one attempt of other calls may take.
        thread::sleep(Duration::from_secs(4));
        function(call)
    });
    assert_eq!(last_line(Tool::new(&aws).run(&["replay"]).success()), "1 done, 0 left in the queue");
    assert_eq!(aws.operations().iter().filter(|operation| *operation == INVOKE).count(), 1);
}

#[test]
fn show_changes_nothing() {
    let bodies = [record(&json!({ "n": 1 })), empty()];
    let queues =
        bodies.iter().fold(Queues::default(), |queues, body| queues.with(FAILURES, body)).with(FAILED_TIMERS, "{}");
    let aws = aws(&queues, function);
    let printed = Tool::new(&aws).run(&["replay", "--show", "--drop"]);
    let end = "1 timer messages are in their failure queue\n0 done, 2 left in the queue\n";
    assert!(printed.code == 1 && printed.out.ends_with(end), "{printed:?}");
    assert_eq!(queues.bodies(FAILURES), (bodies.to_vec(), vec![]));
    assert_eq!((queues.bodies(FAILED_TIMERS).0.len(), queues.bodies(TIMERS).0.len()), (1, 0));
    let changes = ["DeleteMessage", "SendMessage", "/invocations"];
    let changed = |operation: &String| changes.iter().any(|change| operation.ends_with(change));
    assert!(!aws.operations().iter().any(changed), "{:?}", aws.operations());
}

#[test]
fn a_record_without_its_batch_is_dropped_only_if_asked_for() {
    // Its batch is there, whatever the rest of it is.
    let odd =
        json!({ "requestPayload": { "error": "function" }, "requestContext": 7, "responsePayload": "x" }).to_string();
    let queues = Queues::default().with(FAILURES, &empty()).with(FAILURES, &odd);
    let printed = Tool::new(&aws(&queues, function)).run(&["replay", "--drop"]);
    assert_eq!(last_line(&printed.out), "0 done, 1 left in the queue");
    assert!(printed.out.contains("They were not reported or counted. Dropped.\n"), "{}", printed.out);
    assert_eq!(queues.bodies(FAILURES), (vec![odd], vec![]));
}

#[test]
fn failed_timer_messages_are_sent_before_they_are_deleted() {
    let timer = r#"{"key":{},"incident":"1","timer":7}"#;
    let digest = record(&json!({ "digest": "daily" }));
    let queues = Queues::default().with(FAILED_TIMERS, timer).with(FAILED_TIMERS, &digest);
    let aws = aws(&queues, function);
    let printed = Tool::new(&aws).run(&["replay"]);
    assert_eq!(printed.success(), "2 timer messages were sent again\n0 done, 0 left in the queue\n");
    assert_eq!(queues.bodies(TIMERS).0, [timer, r#"{"digest":"daily"}"#]);
    assert_eq!(queues.bodies(FAILED_TIMERS), (vec![], vec![]));
    let changes: Vec<String> = aws
        .operations()
        .into_iter()
        .filter(|one| one.ends_with("DeleteMessage") || one.ends_with("SendMessage"))
        .collect();
    assert_eq!(changes, ["sqs SendMessage", "sqs DeleteMessage", "sqs SendMessage", "sqs DeleteMessage"]);
}

#[test]
fn a_queue_and_a_function_by_their_names_need_no_stack() {
    let queues = Queues::default().with(FAILURES, &record(&json!({})));
    let aws = aws(&queues, function);
    let tool = Tool::new(&aws);
    let printed = tool.run(&["replay", "--queue-url", "https://sqs.example/1/failures", "--function", "flow-alerts"]);
    assert_eq!(last_line(printed.success()), "1 done, 0 left in the queue");
    assert!(!aws.operations().iter().any(|operation| operation.starts_with("cloudformation")));
    assert_eq!(tool.run(&["replay", "--function", "flow-alerts"]).code, 1, "one without the other");
}

#[test]
fn a_message_that_becomes_visible_again_is_not_sent_twice_and_hides_no_other_one() {
    let failing = record(&json!({ "error": "function" }));
    let queues = (0..4).fold(Queues::default(), |queues, _| queues.with(FAILURES, &failing));
    let (invoked, of_all) = (Arc::new(AtomicUsize::new(0)), queues.clone());
    let count = Arc::clone(&invoked);
    let aws = aws(&queues, move |call| {
        // Each invocation takes as long as the visibility timeout.
        of_all.time_out();
        count.fetch_add(1, Ordering::SeqCst);
        function(call)
    });
    let printed = Tool::new(&aws).run(&["replay"]);
    assert_eq!((last_line(&printed.out), invoked.load(Ordering::SeqCst)), ("0 done, 4 left in the queue", 4));
    assert_eq!(queues.bodies(FAILURES).1, [""; 0]);
}

#[test]
fn a_failure_in_between_releases_what_was_received() {
    let queues =
        Queues::default().with(FAILURES, &record(&json!({ "error": "function" }))).with(FAILURES, &record(&json!({})));
    let of_all = queues.clone();
    let aws = Aws::new(move |call| {
        stack(call, |call| match (&*call.service, &*call.operation) {
            ("lambda", _) => function(call),
            (_, "DeleteMessage") => Answer::json_error(403, "AccessDenied", "not you"),
            _ => of_all.answer(call),
        })
    });
    let printed = Tool::new(&aws).run(&["replay"]);
    assert_eq!(printed.failure(), "sqs:DeleteMessage: AccessDenied: not you");
    assert_eq!(last_line(&printed.out), "1 done, 2 left in the queue");
    assert_eq!(queues.bodies(FAILURES).1, [""; 0]);
}

#[test]
fn a_large_queue_shows_progress() {
    let queues = (0..60).fold(Queues::default(), |queues, _| queues.with(FAILURES, &record(&json!({}))));
    let printed = Tool::new(&aws(&queues, function)).run(&["replay"]);
    assert_eq!(last_line(printed.success()), "60 done, 0 left in the queue");
    assert!(printed.err.ends_with("\nvpc-flow-alerts: 50 of about 60: 50 done, 0 left\n"), "{}", printed.err);
}

#[cfg(unix)]
#[test]
fn ctrl_c_releases_what_was_received() {
    let queues =
        Queues::default().with(FAILURES, &record(&json!({ "error": "function" }))).with(FAILURES, &record(&json!({})));
    let running = Arc::new(AtomicBool::new(false));
    let is_running = Arc::clone(&running);
    let aws = aws(&queues, move |call| {
        if call.json["error"].is_null() {
            is_running.store(true, Ordering::SeqCst);
            // Longer than the command waits for anything after Ctrl-C.
            thread::sleep(Duration::from_secs(5));
        }
        function(call)
    });
    let tool = Tool::new(&aws);
    let child = tool.start(&["replay"]);
    while !running.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let printed = tool.wait(child);
    assert!(printed.failure().starts_with("interrupted: what was not done is in the queue"), "{printed:?}");
    assert_eq!(last_line(&printed.out), "0 done, 2 left in the queue");
    assert_eq!(queues.bodies(FAILURES), (vec![record(&json!({ "error": "function" })), record(&json!({}))], vec![]));
}
