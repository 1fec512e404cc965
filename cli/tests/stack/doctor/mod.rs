//! `doctor`: a healthy deployment, one where everything is wrong, one without permissions, and the test email.

mod answers;
mod send_test;

use std::collections::BTreeMap;

use answers::{alarms, attributes, flow_log, healthy, metrics, minutes_ago, simulation, stack, subscriptions};
use serde_json::{Value, json};

use crate::harness::{Answer, Aws, Call, Printed, Tool};

const DOCTOR: &[&str] = &["doctor", "--stack", "ping-deny"];

fn doctor(answers: impl Fn(&Call) -> Answer + Send + Sync + 'static, more: &[&str]) -> Printed {
    Tool::new(&Aws::new(answers)).run(&[DOCTOR, more].concat())
}

/// The checks by name: status, what it saw and what to do. Of several lines the last.
fn checks(printed: &Printed) -> BTreeMap<String, (String, String)> {
    let report: Value = serde_json::from_str(&printed.out).unwrap_or_else(|error| panic!("{error}: {printed:?}"));
    let checks = report["checks"].as_array().unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    checks
        .iter()
        .map(|check| {
            let said = format!("{} => {}", text(check, "what"), text(check, "action"));
            (text(check, "name"), (text(check, "status"), said))
        })
        .collect()
}

#[test]
fn a_healthy_deployment() {
    let printed = doctor(healthy, &[]);
    let out = printed.success();
    assert!(out.ends_with("ping-deny in us-east-1: all is well.\n"), "{out}");
    let checks: Vec<&str> = out.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(checks.len(), 21, "a line for each: {out}");
    assert!(checks.iter().all(|line| line.starts_with("ok           ")), "{out}");
    for line in [
        "stack                ping-deny is UPDATE_COMPLETE",
        "flow-logs            fl-1 (vpc-1) to Log-Group",
        "log-group            Log-Group keeps records for 30 days",
        "last-record          records arrive: there is one from ",
        "last-batch           2 batches in 24 hours, the last one ",
        "digest               daily, at 9:00 Asia/Tokyo",
        "emails               alice@example.com: confirmed",
        "key                  key-1 is enabled",
    ] {
        assert!(out.contains(line), "{line} in:\n{out}");
    }
}

/// A deployment where everything is wrong.
fn broken(call: &Call) -> Answer {
    let configuration =
        json!({ "State": "Failed", "StateReason": "no role", "Role": "arn:aws:iam::123456789012:role/r" });
    match (&*call.service, &*call.operation) {
        ("lambda", operation) if operation.ends_with("/configuration") => Answer::json(&configuration),
        ("lambda", operation) if operation.ends_with("/concurrency") => {
            Answer::json(&json!({ "ReservedConcurrentExecutions": 0 }))
        }
        ("lambda", operation) if operation.ends_with("/policy") => {
            let message = json!({ "Type": "User", "Message": "The resource you requested does not exist." });
            Answer::json(&message).status(404).header("x-amzn-errortype", "ResourceNotFoundException")
        }
        ("lambda", _) => Answer::json(&json!({ "EventSourceMappings": [] })),
        ("sns", "ListSubscriptionsByTopic") if call.form["TopicArn"].ends_with("Chat") => {
            Answer::xml_error(404, "NotFound", "Topic does not exist")
        }
        ("sns", "ListSubscriptionsByTopic") if call.form["TopicArn"].ends_with("Health") => subscriptions(&[]),
        ("sns", "ListSubscriptionsByTopic") => subscriptions(&[("email", "alice@example.com", "PendingConfirmation")]),
        ("ec2", _) => Answer::xml(flow_log("ACCEPT", "${version}")),
        ("logs", "DescribeLogGroups") => Answer::json(&json!({ "logGroups": [] })),
        ("logs", _) => Answer::json_error(400, "ResourceNotFoundException", "The specified log group does not exist."),
        ("monitoring", "DescribeAlarms") => alarms("ALARM", "false"),
        ("monitoring", _) => metrics(call, |name| match name {
            "IncomingLogEvents" | "Ping-Deny" => None,
            "ApproximateAgeOfOldestMessage" => Some(7_200.0),
            _ => Some(3.0),
        }),
        ("sqs", _) => Answer::json(&json!({ "Attributes": { "ApproximateNumberOfMessages": "4" } })),
        ("dynamodb", _) => Answer::json_error(400, "ResourceNotFoundException", "Requested resource not found"),
        ("scheduler", _) => Answer::json(&json!({ "State": "DISABLED" })),
        ("iam", _) => Answer::xml(simulation("implicitDeny")),
        ("kms", "DescribeKey") => Answer::json(&json!({ "KeyMetadata": { "KeyState": "PendingDeletion" } })),
        ("kms", _) => Answer::json(&json!({ "Policy": "{\"Statement\":{\"Effect\":\"Deny\"}}" })),
        _ => healthy(call),
    }
}

#[test]
fn a_deployment_where_everything_is_wrong() {
    let printed = doctor(broken, &["--json"]);
    assert_eq!(printed.code, 2, "{printed:?}");
    let checks = checks(&printed);
    for (name, words) in [
        ("flow-logs", "unfit format"),
        ("log-group", "Log-Group does not exist"),
        ("last-record", "no record came in the last 24 hours"),
        ("subscription", "no subscription filter of Log-Group"),
        ("invoke-permission", "may not invoke flow-alerts"),
        ("function", "never runs"),
        ("timer-function", "never runs"),
        ("timer", "timers invokes no function"),
        (
            "failure-queue",
            "4 batches failed three times and wait: what is in them was not reported; the oldest is 2 h old",
        ),
        ("timer-failure-queue", "4 timer messages"),
        ("table", "incidents does not exist"),
        ("emails", "nobody gets the emails: alice@example.com has not confirmed"),
        ("health-emails", "nobody gets the alarms about the deployment"),
        ("chat", "the topic does not exist"),
        ("key", "the policy of key-1"),
        ("watchdog", "CloudWatch counted 3 rejected pings in 24 hours, and the function none"),
    ] {
        let (status, said) = &checks[name];
        assert!(status == "failure" && said.contains(words), "{name}: {status} {said}");
    }
    for (name, words) in
        [("alarms", "notifies nobody"), ("look-ups", "may not do ec2:DescribeNetworkInterfaces, ec2:DescribeTags")]
    {
        let (status, said) = &checks[name];
        assert!(status == "warning" && said.contains(words), "{name}: {status} {said}");
    }
    assert!(printed.out.contains("CloudWatch-Alarm-Ping-Deny-Errors is in ALARM"), "{}", printed.out);
    assert!(printed.out.contains("its schedule is DISABLED"), "{}", printed.out);
    let text = doctor(broken, &[]);
    assert_eq!(text.code, 2);
    assert!(
        text.out
            .contains("FAILURE      log-group            Log-Group does not exist\n               Something outside"),
        "{}",
        text.out
    );
}

/// A caller that may read the stack and nothing else.
fn without_permissions(call: &Call) -> Answer {
    let message = "User: arn:aws:iam::123456789012:user/alice is not authorized to perform this";
    match (&*call.service, &*call.operation) {
        ("cloudformation", "DescribeStacks") => stack(call, &[]),
        ("cloudformation" | "sns" | "iam" | "monitoring", _) => Answer::xml_error(403, "AccessDenied", message),
        ("ec2", _) => Answer::xml(format!(
            "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>{message}</Message></Error></Errors></Response>"
        ))
        .status(403),
        ("lambda" | "scheduler", _) => {
            Answer::json(&json!({ "Message": message })).status(403).header("x-amzn-errortype", "AccessDeniedException")
        }
        _ => Answer::json_error(400, "com.amazonaws#AccessDeniedException", message),
    }
}

#[test]
fn a_caller_without_permissions_is_told_which_ones_are_missing() {
    let printed = doctor(without_permissions, &["--json"]);
    assert_eq!(printed.code, 0, "nothing is known to be wrong: {printed:?}");
    let checks = checks(&printed);
    for (name, permission) in [
        ("flow-logs", "ec2:DescribeFlowLogs"),
        ("log-group", "logs:DescribeLogGroups"),
        ("last-record", "logs:FilterLogEvents"),
        ("subscription", "logs:DescribeSubscriptionFilters"),
        ("invoke-permission", "lambda:GetPolicy"),
        ("function", "lambda:GetFunctionConfiguration"),
        ("last-batch", "cloudwatch:GetMetricData"),
        ("failure-queue", "sqs:GetQueueAttributes"),
        ("look-ups", "lambda:GetFunctionConfiguration"),
        ("table", "dynamodb:DescribeTable"),
        ("timer", "cloudformation:ListStackResources"),
        ("timer-function", "cloudformation:ListStackResources"),
        ("timer-failure-queue", "sqs:GetQueueAttributes"),
        ("digest", "cloudformation:ListStackResources"),
        ("emails", "sns:ListSubscriptionsByTopic"),
        ("health-emails", "cloudformation:ListStackResources"),
        ("chat", "cloudformation:ListStackResources"),
        ("key", "cloudformation:ListStackResources"),
        ("watchdog", "cloudwatch:GetMetricData"),
        ("alarms", "cloudformation:ListStackResources"),
    ] {
        let expect = ("unknown".to_owned(), format!("needs {permission} => "));
        assert_eq!(checks[name], expect, "{name}");
    }
    assert_eq!(checks["stack"].0, "ok");
    let text = doctor(without_permissions, &[]);
    assert!(
        text.success().contains("not checked  table                needs dynamodb:DescribeTable\n"),
        "{}",
        text.out
    );
    assert!(text.out.ends_with("20 checks not made.\n"), "{}", text.out);
}

#[test]
fn one_missing_permission_hides_no_other_check() {
    let printed = doctor(
        |call| match &*call.operation {
            "GetSubscriptionAttributes" => Answer::xml_error(403, "AuthorizationError", "no"),
            "SimulatePrincipalPolicy" => Answer::xml_error(403, "AccessDenied", "no"),
            "DescribeTimeToLive" => Answer::json_error(400, "AccessDeniedException", "no"),
            _ => healthy(call),
        },
        &["--json"],
    );
    let unknown: Vec<_> = checks(&printed)
        .into_iter()
        .filter(|(_, (status, _))| status != "ok")
        .map(|(name, (_, said))| (name, said))
        .collect();
    let expect = [
        ("chat", None),
        ("emails", Some("sns:GetSubscriptionAttributes")),
        ("health-emails", Some("sns:GetSubscriptionAttributes")),
        ("look-ups", Some("iam:SimulatePrincipalPolicy")),
        ("table", Some("dynamodb:DescribeTimeToLive")),
    ];
    let expect: Vec<_> = expect
        .into_iter()
        .filter_map(|(name, permission)| Some((name.to_owned(), format!("needs {} => ", permission?))))
        .collect();
    assert_eq!(unknown, expect);
}

#[test]
fn a_subscription_that_a_link_ends_is_a_warning() {
    let printed = doctor(
        |call| match &*call.operation {
            "GetSubscriptionAttributes" => Answer::xml(attributes("false")),
            _ => healthy(call),
        },
        &["--json"],
    );
    assert_eq!(printed.code, 0);
    let (status, said) = &checks(&printed)["emails"];
    assert!(status == "warning" && said.contains("--authenticate-on-unsubscribe true"), "{said}");
}

#[test]
fn there_is_no_such_stack() {
    let aws = Aws::new(healthy);
    let printed = Tool::new(&aws).run(&["doctor", "--stack", "other"]);
    assert!(printed.failure().starts_with("there is no stack other in us-east-1"), "{printed:?}");
}

#[test]
fn hostile_text_stays_on_its_line() {
    let printed = doctor(
        |call| match &*call.operation {
            "ListSubscriptionsByTopic" => {
                subscriptions(&[("email", "a@example.com&#10;ok  emails\u{1b}[31m all is well", "PendingConfirmation")])
            }
            _ => healthy(call),
        },
        &[],
    );
    assert_eq!(printed.code, 2);
    assert!(!printed.out.contains("\nok  emails") && !printed.out.contains('\u{1b}'), "{}", printed.out);
}

#[test]
fn a_test_record_is_no_record_of_a_flow_log() {
    let printed = doctor(
        |call| match &*call.operation {
            "FilterLogEvents" => {
                let test =
                    json!({ "logStreamName": "vpc-flow-alerts-test", "timestamp": minutes_ago(3), "message": "2 ..." });
                Answer::json(&json!({ "events": [test], "searchedLogStreams": [] }))
            }
            _ => healthy(call),
        },
        &["--json"],
    );
    let (status, said) = &checks(&printed)["last-record"];
    assert!(status == "warning" && said.starts_with("no record of the last 30 minutes"), "{status} {said}");
}
