//! Each check by table: what differs from a healthy deployment, and what is said about it.

use alerting::time::{self, EpochMillis, HOUR_MILLIS, MINUTE_MILLIS};

use super::{
    Status::{self, Failure, Unknown, Warning},
    all,
};
use crate::{
    aws::{Resource, Stack},
    doctor::{
        expected::{FLOWS_PATTERN, PINGS_PATTERN, default_format},
        facts::*,
    },
};

const NOW: EpochMillis = EpochMillis(1_795_401_534_000);

fn ago(millis: u64) -> EpochMillis {
    time::before(NOW, millis)
}

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> std::collections::BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn stack() -> Stack {
    Stack {
        name: "ping-deny".to_owned(),
        status: "UPDATE_COMPLETE".to_owned(),
        outputs: texts([
            ("AlertTopicArn", "arn:aws:sns:eu-west-1:123456789012:pings"),
            ("FunctionName", "flow-alerts"),
            ("LogGroupName", "Log-Group"),
            ("FailureQueueUrl", "https://sqs.eu-west-1.amazonaws.com/123456789012/failures"),
            ("TimerQueueUrl", "https://sqs.eu-west-1.amazonaws.com/123456789012/timers"),
            ("TimerFailureQueueUrl", "https://sqs.eu-west-1.amazonaws.com/123456789012/timer-failures"),
            ("IncidentTableName", "incidents"),
        ]),
        parameters: texts([
            ("TopicKey", "create"),
            ("FilterPattern", "[a, b]"),
            ("Rules", "ping"),
            ("NativeFilterPattern", "[a]"),
            ("MetricName", "Ping-Deny"),
            ("AlarmName", "Pings"),
            ("Digest", "daily"),
            ("DigestHour", "9"),
            ("TimeZone", "Asia/Tokyo"),
            ("Enrichment", "on"),
        ]),
    }
}

fn function(name: &str) -> Read<Option<Function>> {
    Ok(Some(Function {
        name: name.to_owned(),
        state: "Active".to_owned(),
        last_update: "Successful".to_owned(),
        reason: String::new(),
        role: format!("arn:aws:iam::123456789012:role/{name}-role"),
        reserved: Ok(None),
    }))
}

fn subscription(endpoint: &str, state: SubscriptionState) -> Subscription {
    Subscription { protocol: "email".to_owned(), endpoint: endpoint.to_owned(), state }
}

fn confirmed(protected: bool) -> Subscription {
    subscription("a@example.com", SubscriptionState::Confirmed(Ok(protected)))
}

fn alarm(name: &str) -> Alarm {
    Alarm { name: name.to_owned(), state: "OK".to_owned(), description: "Look.".to_owned(), actions_enabled: true }
}

fn statement(service: &str, actions: &[&str], arns: &[&str]) -> Statement {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Statement { services: vec![service.to_owned()], actions: owned(actions), source_arns: owned(arns) }
}

fn counted(sum: u64, newest: u64) -> Metric {
    Metric { sum, last: sum, newest: Some(ago(newest)), points: 9 }
}

fn healthy() -> Facts {
    let runs = Runs { invocations: counted(9, 20 * MINUTE_MILLIS), ..Runs::default() };
    let resource = |name: &str| Resource {
        logical: name.to_owned(),
        kind: "AWS::CloudWatch::Alarm".to_owned(),
        physical: name.to_owned(),
    };
    let flow_log = FlowLog {
        id: "fl-1".to_owned(),
        resource: "vpc-1".to_owned(),
        status: "ACTIVE".to_owned(),
        delivery: "SUCCESS".to_owned(),
        traffic: "ALL".to_owned(),
        format: default_format(),
        interval_seconds: 60,
        ..FlowLog::default()
    };
    let may_encrypt = statement("cloudwatch.amazonaws.com", &["kms:Decrypt", "kms:GenerateDataKey*"], &[]);
    Facts {
        stack: stack(),
        region: "eu-west-1".to_owned(),
        resources: Ok(vec![resource("Pings"), resource("Pings-Errors")]),
        function: function("flow-alerts"),
        timer_function: function("incident-timer"),
        alert_topic: Ok(Some(vec![confirmed(true)])),
        health_topic: Some(Ok(Some(vec![confirmed(true)]))),
        chat_topic: Some(Ok(Some(vec![confirmed(true)]))),
        flow_logs: Ok(vec![flow_log]),
        log_group: Ok(Some(LogGroup { class: "STANDARD".to_owned(), retention_days: None })),
        filters: Ok(vec![filter("arn:aws:lambda:eu-west-1:123456789012:function:flow-alerts")]),
        invokers: Ok(vec![statement(
            "logs.amazonaws.com",
            &["lambda:InvokeFunction"],
            &["arn:aws:logs:eu-west-1:123456789012:log-group:Log-Group:*"],
        )]),
        recent_record: Ok(Some(ago(6 * MINUTE_MILLIS))),
        metrics: Ok(Metrics {
            incoming: counted(500, 5 * MINUTE_MILLIS),
            function: runs,
            native: counted(3, HOUR_MILLIS),
            published: counted(3, HOUR_MILLIS),
            ..Metrics::default()
        }),
        failures: Ok(Some(Queue { messages: 0 })),
        timer_failures: Ok(Some(Queue { messages: 0 })),
        alarms: Ok(vec![alarm("Pings"), alarm("Pings-Errors")]),
        table: Ok(Some(Table { status: "ACTIVE".to_owned(), expiry: Ok("ENABLED".to_owned()) })),
        mappings: Ok(vec![Mapping {
            source: "arn:aws:sqs:eu-west-1:123456789012:timers".to_owned(),
            state: "Enabled".to_owned(),
            id: "m-1".to_owned(),
        }]),
        schedule: Some(Ok(Some(Schedule {
            state: "ENABLED".to_owned(),
            expression: "cron(0 9 * * ? *)".to_owned(),
            time_zone: "Asia/Tokyo".to_owned(),
        }))),
        look_ups: Some(Ok(Vec::new())),
        key: Some(Ok(Key {
            id: "key-1".to_owned(),
            state: Ok("Enabled".to_owned()),
            statements: Ok(vec![may_encrypt]),
        })),
    }
}

fn filter(destination: &str) -> SubscriptionFilter {
    SubscriptionFilter {
        name: "ping-deny-flow-alerts".to_owned(),
        pattern: "[a, b]".to_owned(),
        destination: destination.to_owned(),
    }
}

/// What is said about a deployment that differs from a healthy one: of checks that are not ok the name, the status, what it saw and what
/// to do.
fn said(change: impl FnOnce(&mut Facts)) -> Vec<(&'static str, Status, String)> {
    let mut facts = healthy();
    change(&mut facts);
    let checks = all(&facts, NOW).into_iter().filter(|check| check.status != Status::Ok);
    checks
        .map(|check| {
            assert_eq!(check.action.is_some(), check.status != Unknown, "what to do: {check:?}");
            (check.name, check.status, format!("{} => {}", check.what, check.action.unwrap_or_default()))
        })
        .collect()
}

/// Asserts that one thing is said: which check, its status, and words of it.
#[track_caller]
fn one(change: impl FnOnce(&mut Facts), name: &str, status: Status, words: &[&str]) {
    let found = said(change);
    assert_eq!(found.len(), 1, "{found:?}");
    let (found_name, found_status, text) = &found[0];
    assert_eq!((*found_name, *found_status), (name, status), "{text}");
    for word in words {
        assert!(text.contains(word), "{word} in: {text}");
    }
}

fn denied<T>() -> Read<T> {
    Err(Unread::Denied("service:Action"))
}

fn first<T>(read: &mut Read<Vec<T>>) -> &mut T {
    &mut read.as_mut().unwrap()[0]
}

fn some<T>(read: &mut Read<Option<T>>) -> &mut T {
    read.as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn a_healthy_deployment_is_ok_in_each_check() {
    assert_eq!(said(|_| {}), []);
    let checks = all(&healthy(), NOW);
    assert_eq!(checks.len(), 21);
    let mut names: Vec<_> = checks.iter().map(|check| check.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), checks.len(), "a name for each");
}

#[test]
fn a_stack_in_the_middle_of_something_or_after_a_failure() {
    for (status, expect) in [
        ("UPDATE_IN_PROGRESS", Warning),
        ("CREATE_IN_PROGRESS", Warning),
        ("REVIEW_IN_PROGRESS", Warning),
        ("UPDATE_ROLLBACK_COMPLETE", Warning),
        ("ROLLBACK_COMPLETE", Failure),
        ("ROLLBACK_FAILED", Failure),
        ("UPDATE_ROLLBACK_FAILED", Failure),
        ("UPDATE_FAILED", Failure),
        ("CREATE_FAILED", Failure),
        ("DELETE_IN_PROGRESS", Failure),
        ("DELETE_COMPLETE", Failure),
    ] {
        one(|facts| facts.stack.status = status.to_owned(), "stack", expect, &[status]);
    }
    for status in ["CREATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"] {
        assert_eq!(said(|facts| facts.stack.status = status.to_owned()), []);
    }
}

#[test]
fn flow_logs() {
    let change = |change: fn(&mut FlowLog)| move |facts: &mut Facts| change(first(&mut facts.flow_logs));
    let name = "flow-logs";
    one(change(|one| one.status = "INACTIVE".to_owned()), name, Failure, &["fl-1 (vpc-1)", "delete-flow-logs"]);
    one(change(|one| one.delivery = "FAILED".to_owned()), name, Failure, &["no reason given"]);
    let access = |one: &mut FlowLog| one.delivery_error = "Access error".to_owned();
    one(change(access), name, Failure, &["Access error", "logs:PutLogEvents"]);
    one(change(|one| one.delivery_error = "Rate limited".to_owned()), name, Failure, &["Rate limited", "quota"]);
    one(change(|one| one.traffic = "ACCEPT".to_owned()), name, Failure, &["nothing to detect"]);
    one(change(|one| one.traffic = "REJECT".to_owned()), name, Warning, &["network ACL"]);
    one(change(|one| one.interval_seconds = 600), name, Warning, &["600 s", "Nitro"]);
    let other = "${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status}";
    let unlike = |facts: &mut Facts| first(&mut facts.flow_logs).format = other.to_owned();
    one(unlike, name, Failure, &["does not declare", "FlowLogFormat"]);
    let undetectable = |one: &mut FlowLog| one.format = "${srcaddr}".to_owned();
    one(change(undetectable), name, Failure, &["unfit format"]);
    assert_eq!(said(change(|one| one.format.clear())), [], "the default format");
    let declared = |facts: &mut Facts| {
        unlike(facts);
        facts.stack.parameters.insert("FlowLogFormat".to_owned(), format!("{}|{other}", default_format()));
    };
    assert_eq!(said(declared), []);
    one(|facts| facts.flow_logs = denied(), name, Unknown, &["needs service:Action"]);
}

#[test]
fn a_log_group_without_flow_logs() {
    one(|facts| facts.flow_logs = Ok(Vec::new()), "flow-logs", Warning, &["but records arrive"]);
    let found = said(|facts| {
        facts.flow_logs = Ok(Vec::new());
        facts.recent_record = Ok(None);
    });
    assert_eq!(found[0].1, Failure, "{found:?}");
}

#[test]
fn the_log_group() {
    let name = "log-group";
    one(|facts| facts.log_group = Ok(None), name, Failure, &["Log-Group does not exist"]);
    let class = |facts: &mut Facts| some(&mut facts.log_group).class = "INFREQUENT_ACCESS".to_owned();
    one(class, name, Failure, &["INFREQUENT_ACCESS", "STANDARD"]);
    one(|facts| facts.log_group = denied(), name, Unknown, &["needs"]);
}

#[test]
fn the_newest_record() {
    let name = "last-record";
    let newest = |metric: Option<u64>| {
        move |facts: &mut Facts| {
            facts.recent_record = Ok(None);
            facts.metrics.as_mut().unwrap().incoming.newest = metric.map(ago);
        }
    };
    one(newest(Some(3 * HOUR_MILLIS)), name, Warning, &["the newest came in 3 h ago"]);
    one(newest(None), name, Failure, &["24 hours"]);
    assert_eq!(said(|facts| facts.recent_record = denied()), [], "the metric has it");
    let both = said(|facts| {
        facts.recent_record = denied();
        facts.metrics = denied();
    });
    assert!(both.iter().any(|(found, status, _)| (*found, *status) == (name, Unknown)), "{both:?}");
    let unsure = said(|facts| {
        facts.recent_record = Ok(None);
        facts.metrics = denied();
    });
    let unsure = unsure.iter().find(|(found, ..)| *found == name).unwrap();
    assert!(unsure.1 == Unknown && unsure.2.contains("no record of the last 30 minutes"), "{unsure:?}");
}

#[test]
fn the_subscription_filter() {
    let name = "subscription";
    let function = "arn:aws:lambda:eu-west-1:123456789012:function";
    one(|facts| facts.filters = Ok(Vec::new()), name, Failure, &["no subscription filter of Log-Group"]);
    let elsewhere = |facts: &mut Facts| facts.filters = Ok(vec![filter(&format!("{function}:flow-alerts-2"))]);
    one(elsewhere, name, Failure, &["leads to arn", "flow-alerts-2", "not to flow-alerts"]);
    let pattern = |facts: &mut Facts| first(&mut facts.filters).pattern = "REJECT".to_owned();
    one(pattern, name, Warning, &["another pattern than the parameter FilterPattern", "REJECT"]);
    let format = format!("{} ${{vpc-id}}", default_format());
    for (rules, format, expected) in [
        ("ping", "", PINGS_PATTERN),
        ("ping:count", "", PINGS_PATTERN),
        ("ping,request", "", FLOWS_PATTERN),
        ("request", "", FLOWS_PATTERN),
        ("ping", &*format, FLOWS_PATTERN),
    ] {
        let chosen = |facts: &mut Facts, pattern: &str| {
            let chosen = [("FilterPattern", "auto"), ("Rules", rules)];
            facts.stack.parameters.extend(texts(chosen));
            first(&mut facts.filters).pattern = pattern.to_owned();
        };
        let with_format = |facts: &mut Facts| {
            chosen(facts, expected);
            facts.stack.parameters.insert("FlowLogFormat".to_owned(), format.to_owned());
            first(&mut facts.flow_logs).format = if format.is_empty() { default_format() } else { format.to_owned() };
        };
        assert_eq!(said(with_format), [], "{rules} {format}");
        if format.is_empty() {
            let said = format!("another pattern than FilterPattern=auto with Rules={rules}");
            one(|facts| chosen(facts, "REJECT"), name, Warning, &[&said, "REJECT"]);
        }
    }
    let alias = format!("{function}:flow-alerts:live");
    assert_eq!(said(|facts| facts.filters = Ok(vec![filter(&alias)])), []);
    let twice = |facts: &mut Facts| facts.filters = Ok(vec![filter(&alias), filter(&alias)]);
    one(twice, name, Failure, &["counted twice", "delete-subscription-filter"]);
    one(|facts| facts.filters = denied(), name, Unknown, &["needs"]);
}

#[test]
fn whether_cloudwatch_logs_may_invoke_the_function() {
    let with = |statement: Statement| move |facts: &mut Facts| facts.invokers = Ok(vec![statement]);
    let (logs, invoke) = ("logs.amazonaws.com", "lambda:InvokeFunction");
    let arn = |name: &str| format!("arn:aws:logs:eu-west-1:123456789012:log-group:{name}");
    for refused in [
        statement("sns.amazonaws.com", &[invoke], &[]),
        statement(logs, &["lambda:GetFunction"], &[]),
        statement(logs, &[invoke], &[&arn("Log-Group-2:*")]),
        statement(logs, &[invoke], &[&arn("Other*")]),
        statement("logs.us-east-1.amazonaws.com", &[invoke], &[]),
    ] {
        one(with(refused), "invoke-permission", Failure, &["may not invoke flow-alerts"]);
    }
    for allowed in [
        statement(logs, &[invoke], &[]),
        statement(logs, &["lambda:*"], &["*"]),
        statement("logs.eu-west-1.amazonaws.com", &[invoke], &[&arn("Log-Group:*")]),
        statement(logs, &[invoke], &[&arn("Log*")]),
        statement(logs, &[invoke], &[&arn("*")]),
    ] {
        assert_eq!(said(with(allowed.clone())), [], "{allowed:?}");
    }
    one(|facts| facts.invokers = denied(), "invoke-permission", Unknown, &["needs"]);
}

#[test]
fn functions() {
    let change = |change: fn(&mut Function)| move |facts: &mut Facts| change(some(&mut facts.function));
    let name = "function";
    one(|facts| facts.function = Ok(None), name, Failure, &["does not exist"]);
    one(|facts| facts.timer_function = Ok(None), "timer-function", Failure, &["does not exist"]);
    one(change(|one| one.state = "Pending".to_owned()), name, Warning, &["being created"]);
    one(change(|one| one.state = "Inactive".to_owned()), name, Warning, &["Inactive"]);
    let failed = |one: &mut Function| {
        one.state = "Failed".to_owned();
        one.reason = "no image".to_owned();
    };
    one(change(failed), name, Failure, &["Failed: no image"]);
    one(change(|one| one.last_update = "Failed".to_owned()), name, Failure, &["the last update"]);
    one(change(|one| one.last_update = "InProgress".to_owned()), name, Warning, &["being updated"]);
    one(change(|one| one.reserved = Ok(Some(0))), name, Failure, &["never runs", "delete-function-concurrency"]);
    assert_eq!(said(change(|one| one.reserved = Ok(Some(5)))), []);
    one(change(|one| one.reserved = denied()), name, Unknown, &["needs"]);
    one(|facts| facts.function = denied(), name, Unknown, &["needs"]);
}

#[test]
fn runs_of_the_functions() {
    let change = |change: fn(&mut Metrics)| move |facts: &mut Facts| change(facts.metrics.as_mut().unwrap());
    let name = "last-batch";
    one(
        change(|all| all.function.errors = counted(2, 0)),
        name,
        Warning,
        &["2 of 9 runs of the function", "logs tail"],
    );
    one(change(|all| all.function.errors = counted(9, 0)), name, Failure, &["9 of 9"]);
    one(
        change(|all| all.timer_function.errors = counted(1, 0)),
        name,
        Failure,
        &["timer's function", "incident-timer"],
    );
    one(change(|all| all.function.throttles = counted(4, 0)), name, Warning, &["throttled 4 times"]);
    assert_eq!(said(change(|all| all.function.invocations = Metric::default())), [], "nothing passed the filter");
}

#[test]
fn the_watchdog() {
    let change = |change: fn(&mut Metrics)| move |facts: &mut Facts| change(facts.metrics.as_mut().unwrap());
    let name = "watchdog";
    one(change(|all| all.published = Metric::default()), name, Failure, &["counted 3", "the function none"]);
    one(change(|all| all.native = Metric::default()), name, Warning, &["Ping-Deny-Native", "nothing watches"]);
    let quiet = |all: &mut Metrics| {
        all.native = Metric { points: 9, ..Metric::default() };
        all.published = Metric::default();
    };
    assert_eq!(said(change(quiet)), []);
    let off = |facts: &mut Facts| {
        facts.stack.parameters.remove("NativeFilterPattern");
        facts.metrics.as_mut().unwrap().native = Metric::default();
    };
    assert_eq!(said(off), []);
    for (rules, compares) in [("request", false), ("request,ping:off", false), ("request,ping", true)] {
        let rules = |facts: &mut Facts| {
            facts.stack.parameters.insert("Rules".to_owned(), rules.to_owned());
            facts.metrics.as_mut().unwrap().published = Metric::default();
        };
        assert_eq!(said(rules).len(), usize::from(compares), "no rule ping, no metric of it");
    }
    let found = said(|facts| facts.metrics = denied());
    let names: Vec<_> = found.iter().map(|(name, status, _)| (*name, *status)).collect();
    assert_eq!(names, [("last-batch", Unknown), (name, Unknown)]);
}

#[test]
fn alarms() {
    let name = "alarms";
    let second = |facts: &mut Facts| facts.alarms.as_mut().unwrap().remove(1);
    one(|facts| drop(second(facts)), name, Failure, &["Pings-Errors does not exist"]);
    let alarmed = |facts: &mut Facts| facts.alarms.as_mut().unwrap()[1].state = "ALARM".to_owned();
    one(alarmed, name, Failure, &["Pings-Errors is in ALARM: Look.", "docs/operations.md"]);
    assert_eq!(said(|facts| first(&mut facts.alarms).state = "ALARM".to_owned()), [], "it is about pings");
    assert_eq!(said(|facts| first(&mut facts.alarms).state = "INSUFFICIENT_DATA".to_owned()), []);
    one(
        |facts| first(&mut facts.alarms).actions_enabled = false,
        name,
        Warning,
        &["notifies nobody", "enable-alarm-actions"],
    );
    one(|facts| facts.alarms = denied(), name, Unknown, &["needs"]);
    one(|facts| facts.resources = denied(), name, Unknown, &["needs"]);
    one(|facts| facts.resources = Ok(Vec::new()), name, Unknown, &["no alarms"]);
}

#[test]
fn queues_of_what_failed() {
    let waiting = |facts: &mut Facts| facts.failures = Ok(Some(Queue { messages: 7 }));
    one(waiting, "failure-queue", Failure, &["7 batches", "replay --stack ping-deny"]);
    let old = |facts: &mut Facts| {
        waiting(facts);
        facts.metrics.as_mut().unwrap().failure_age.last = 50 * 3_600;
    };
    one(old, "failure-queue", Failure, &["the oldest is 50 h old and is lost after 14 days"]);
    one(|facts| facts.failures = Ok(None), "failure-queue", Failure, &["does not exist"]);
    one(|facts| facts.failures = denied(), "failure-queue", Unknown, &["needs"]);
    let timers = |facts: &mut Facts| facts.timer_failures = Ok(Some(Queue { messages: 1 }));
    one(timers, "timer-failure-queue", Failure, &["1 timer messages or digests"]);
}

#[test]
fn the_table() {
    let name = "table";
    one(|facts| facts.table = Ok(None), name, Failure, &["incidents does not exist"]);
    one(|facts| some(&mut facts.table).status = "ARCHIVED".to_owned(), name, Failure, &["ARCHIVED"]);
    assert_eq!(said(|facts| some(&mut facts.table).status = "UPDATING".to_owned()), []);
    let off = |facts: &mut Facts| some(&mut facts.table).expiry = Ok("DISABLED".to_owned());
    one(off, name, Warning, &["DISABLED", "update-time-to-live"]);
    one(|facts| some(&mut facts.table).expiry = denied(), name, Unknown, &["needs"]);
    one(|facts| facts.table = denied(), name, Unknown, &["needs"]);
}

#[test]
fn the_timer() {
    let state = |state: &'static str| move |facts: &mut Facts| first(&mut facts.mappings).state = state.to_owned();
    one(state("Disabled"), "timer", Failure, &["no updates", "--uuid m-1 --enabled"]);
    one(state("Enabling"), "timer", Warning, &["Enabling"]);
    one(|facts| facts.mappings = Ok(Vec::new()), "timer", Failure, &["timers invokes no function"]);
    let other = |facts: &mut Facts| first(&mut facts.mappings).source += "-2";
    one(other, "timer", Failure, &["invokes no function"]);
    one(|facts| facts.mappings = denied(), "timer", Unknown, &["needs"]);
}

#[test]
fn the_digest() {
    let schedule = |facts: &mut Facts, change: fn(&mut Schedule)| {
        change(some(facts.schedule.as_mut().unwrap()));
    };
    let name = "digest";
    one(|facts| schedule(facts, |one| one.state = "DISABLED".to_owned()), name, Failure, &["no digest is sent"]);
    one(|facts| schedule(facts, |one| one.time_zone = "UTC".to_owned()), name, Warning, &["UTC, not Asia/Tokyo"]);
    let hour = |facts: &mut Facts| drop(facts.stack.parameters.insert("DigestHour".to_owned(), "8".to_owned()));
    one(hour, name, Warning, &["cron(0 9 * * ? *), not cron(0 8 * * ? *)"]);
    one(|facts| facts.schedule = Some(Ok(None)), name, Failure, &["does not exist"]);
    one(|facts| facts.schedule = Some(denied()), name, Unknown, &["needs"]);
    assert_eq!(said(|facts| facts.schedule = None), [], "Digest=off");
}

#[test]
fn subscribers() {
    let to = |all: Vec<Subscription>| move |facts: &mut Facts| facts.alert_topic = Ok(Some(all));
    let pending = || subscription("b@example.com", SubscriptionState::Pending);
    let deleted = || subscription("c@example.com", SubscriptionState::Deleted);
    let name = "emails";
    one(to(vec![]), name, Failure, &["nobody gets the emails", "aws sns subscribe"]);
    one(to(vec![deleted()]), name, Failure, &["nobody gets the emails", "has unsubscribed"]);
    one(to(vec![pending()]), name, Failure, &["nobody gets the emails: b@example.com", "confirm-subscription"]);
    one(to(vec![pending(), deleted()]), name, Failure, &["b@example.com has not confirmed"]);
    one(to(vec![confirmed(true), pending()]), name, Warning, &["b@example.com has not confirmed"]);
    assert_eq!(said(to(vec![confirmed(true), deleted()])), []);
    one(to(vec![confirmed(false)]), name, Warning, &["a@example.com", "scanner", "--authenticate-on-unsubscribe true"]);
    let unknown = subscription("a@example.com", SubscriptionState::Confirmed(denied()));
    one(to(vec![unknown]), name, Unknown, &["needs"]);
    one(|facts| facts.alert_topic = Ok(None), name, Failure, &["does not exist"]);
    one(|facts| facts.alert_topic = denied(), name, Unknown, &["needs"]);
    let health = |facts: &mut Facts| facts.health_topic = Some(Ok(Some(vec![])));
    one(health, "health-emails", Failure, &["alarms about the deployment", "pings-Health"]);
    one(|facts| facts.chat_topic = Some(Ok(Some(vec![]))), "chat", Warning, &["Amazon Q"]);
    let without = |facts: &mut Facts| (facts.health_topic, facts.chat_topic) = (None, None);
    assert_eq!(said(without), []);
}

#[test]
fn look_ups_and_the_key() {
    let role = "arn:aws:iam::123456789012:role/flow-alerts-role".to_owned();
    let refused = |facts: &mut Facts| {
        facts.look_ups = Some(Ok(vec![Denied { role, action: "ec2:DescribeTags".to_owned() }]));
    };
    one(refused, "look-ups", Warning, &["flow-alerts-role may not do ec2:DescribeTags"]);
    one(|facts| facts.look_ups = Some(denied()), "look-ups", Unknown, &["needs"]);
    assert_eq!(said(|facts| facts.look_ups = None), [], "Enrichment=off");
    fn key(facts: &mut Facts) -> &mut Key {
        facts.key.as_mut().unwrap().as_mut().unwrap()
    }
    one(|facts| key(facts).state = Ok("Disabled".to_owned()), "key", Failure, &["Disabled", "enable-key"]);
    let deletion = |facts: &mut Facts| key(facts).state = Ok("PendingDeletion".to_owned());
    one(deletion, "key", Failure, &["cancel-key-deletion"]);
    one(|facts| key(facts).statements = Ok(Vec::new()), "key", Failure, &["no alarm notifies anybody"]);
    let half = vec![statement("cloudwatch.amazonaws.com", &["kms:Decrypt"], &[])];
    one(|facts| key(facts).statements = Ok(half), "key", Failure, &["no alarm"]);
    let all = vec![statement("cloudwatch.amazonaws.com", &["kms:*"], &[])];
    assert_eq!(said(|facts| key(facts).statements = Ok(all)), []);
    one(|facts| key(facts).statements = denied(), "key", Unknown, &["needs"]);
    one(|facts| facts.key = Some(denied()), "key", Unknown, &["needs"]);
    assert_eq!(said(|facts| facts.key = None), [], "TopicKey=none");
}
