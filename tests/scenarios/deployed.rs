//! The real template with the real binary, deployed by SAM into an emulator of AWS on this machine.
//!
//! `tools/deployed.py` builds, deploys, feeds and reports; here is what the report has to say.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use integration_tests::{Counts, DEFAULT_FORMAT};
use serde::Deserialize;
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::harness::{events_dir, source};

/// A release build from nothing takes some minutes on two cores; a deployment less than one.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// What the tool reports, as far as it is looked at here.
#[derive(Debug, Deserialize)]
struct Report {
    outputs: BTreeMap<String, String>,
    resources: BTreeMap<String, String>,
    inputs: Vec<Input>,
    mails: Vec<Mail>,
    filtered: Vec<Filtered>,
    chats: Vec<Value>,
    emails: usize,
    metrics: BTreeMap<String, Vec<Point>>,
    failures: Vec<Value>,
    replays: Vec<Replay>,
    function_log: Vec<String>,
    /// The responses, as the function logged them.
    counts: Vec<Counts>,
    alarms: BTreeMap<String, String>,
    /// What was built for the functions to look up, by id.
    network: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
struct Input {
    sent_at: f64,
    answered: bool,
}

#[derive(Debug, Deserialize)]
struct Mail {
    subject: String,
    body: String,
    document: Value,
    attributes: BTreeMap<String, String>,
    arrived_at: f64,
}

/// What a queue with a filter policy got.
#[derive(Debug, Deserialize)]
struct Filtered {
    scope: String,
    documents: Vec<Value>,
}

/// A run of `make replay`'s tool.
#[derive(Debug, Deserialize)]
struct Replay {
    status: i32,
    output: String,
}

#[derive(Debug, Deserialize)]
struct Point {
    sum: f64,
}

impl Report {
    fn sum(&self, metric: &str) -> f64 {
        self.metrics.get(metric).map_or(0.0, |points| points.iter().map(|point| point.sum).sum())
    }
}

/// The tool's inputs, in a directory that goes with it.
struct Inputs(PathBuf);

impl Inputs {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deployed-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("the target directory is writable");
        Self(dir)
    }

    /// Writes a scenario's records, one per line, as `--put` takes them.
    fn records(&self, scenario: &str) -> String {
        let path = self.0.join(format!("{scenario}.txt"));
        let mut file = std::fs::File::create(&path).expect("the directory is there");
        for event in source(scenario).batch().log_events {
            writeln!(file, "{}", event.message).expect("there is room for some lines");
        }
        path.display().to_string()
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        // Some files of a few kB below the target directory are no reason to fail a test that passed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Deploys, feeds and reports.
async fn deployed(arguments: &[&str]) -> Report {
    let text = tool("deployed.py", arguments).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in the report: {text}"))
}

/// Runs a tool that deploys, and returns what it printed. One at a time: the builds share a directory, and only the first one
/// has to build.
async fn tool(name: &str, arguments: &[&str]) -> String {
    static BUILT: Mutex<bool> = Mutex::const_new(false);
    let mut built = BUILT.lock().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join(".venv/bin/python");
    assert!(python.exists(), "the deployed tests need the tools of `make setup`: there is no .venv in the project");
    let mut command = Command::new(python);
    command.arg(root.join("tools").join(name)).args(arguments).stdin(Stdio::null());
    if *built {
        command.arg("--no-build");
    }
    let output = run(command).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    *built = true;
    String::from_utf8(output.stdout).expect("the tool prints JSON")
}

/// Runs the tool; one that takes too long is asked to end, so that it takes its emulator down, and fails the test.
async fn run(mut command: Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the tool starts");
    let id = child.id().expect("it has not been waited for").to_string();
    let mut output = std::pin::pin!(child.wait_with_output());
    if let Ok(output) = timeout(LIMIT, &mut output).await {
        return output.expect("a child can be waited for");
    }
    let ended = Command::new("kill").args(["-TERM", &id]).status().await;
    let output = output.await.expect("a child can be waited for");
    panic!("not done after {LIMIT:?} (kill: {ended:?}): {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_rejected_ping_becomes_a_mail_and_a_metric_and_a_broken_batch_is_kept() {
    let inputs = Inputs::new("ping");
    let (ping, mixed) = (inputs.records("ping-deny"), inputs.records("mixed-traffic"));
    let broken = events_dir().join("broken-gzip.json").display().to_string();
    let arguments =
        ["--put", &ping, "--put", &mixed, "--invoke", &broken, "--expect-mails", "1", "--expect-failures", "1"];
    let report = deployed(&arguments).await;

    assert!(report.inputs.iter().all(|input| input.answered), "{:#?}", report.inputs);
    let [mail] = report.mails.as_slice() else { panic!("{} mails, not one: {:#?}", report.mails.len(), report.mails) };
    assert!(mail.subject.starts_with("[Ping-Deny] "), "{}", mail.subject);
    for part in ["172.31.16.139", "203.0.113.12", "4 packets", "eni-1235b8ca123456789", "123456789010", "eu-central-1"]
    {
        assert!(mail.body.contains(part), "{part:?} is not in\n{}", mail.body);
    }
    assert_eq!(report.emails, 1, "the e-mail subscription gets it too");
    let seconds = mail.arrived_at - report.inputs[0].sent_at;
    assert!((0.0..20.0).contains(&seconds), "{seconds} s from put to mail");

    let mixed_matched = source("mixed-traffic").expected.expect("counts").matched;
    let told: Vec<_> = report.counts.iter().map(|counts| (counts.matched, counts.alerts, counts.suppressed)).collect();
    assert_eq!(told, [(1, 1, 0), (mixed_matched, 0, 4)], "one incident: the second batch is counted and not mailed");
    assert_eq!(report.sum("Ping-Deny"), (1 + mixed_matched) as f64, "{:#?}", report.metrics);
    assert!(report.sum("Ping-Deny-Packets") > report.sum("Ping-Deny"), "{:#?}", report.metrics);

    let [failure] = report.failures.as_slice() else { panic!("{:#?}", report.failures) };
    let original: Value = serde_json::from_str(&crate::harness::event("broken-gzip")).expect("an event is JSON");
    assert_eq!(failure["requestPayload"], original, "the batch is kept whole");
    let message = failure["responsePayload"]["errorMessage"].as_str().unwrap_or_default();
    assert!(message.contains("gzip"), "{failure:#}");
}

#[tokio::test]
async fn two_formats_given_as_a_parameter_reach_the_function_as_they_are() {
    let inputs = Inputs::new("formats");
    let (ping, custom) = (inputs.records("ping-deny"), inputs.records("custom-format"));
    let format = source("custom-format").format.expect("the custom format's source declares one");
    let parameter = format!("FlowLogFormat={DEFAULT_FORMAT}|{format}");
    let arguments = ["--parameter", &parameter, "--put", &custom, "--put", &ping, "--expect-mails", "1", "--as-is"];
    let report = deployed(&arguments).await;
    let told: Vec<_> = report.counts.iter().map(|counts| (counts.matched, counts.no_data, counts.unparsed)).collect();
    assert_eq!(told, [(4, 1, 0), (1, 0, 0)], "{:#?}", report.function_log);
    assert!(report.mails[0].body.contains("i-0c50d5961bcb2d47b"), "{}", report.mails[0].body);
}

#[tokio::test]
async fn the_stack_has_what_a_person_needs_next() {
    let report = deployed(&[]).await;
    assert_eq!(report.mails.len(), 0, "silence as long as nothing happens: {:#?}", report.mails);
    for kind in [
        "AWS::Logs::SubscriptionFilter",
        "AWS::Lambda::Permission",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::Logs::LogGroup",
    ] {
        assert!(report.resources.values().any(|there| there == kind), "no {kind} in {:#?}", report.resources);
    }
    assert!(report.alarms.contains_key("CloudWatch-Alarm-Ping-Deny"), "{:#?}", report.alarms);
    assert_eq!(report.outputs["LogGroupName"], "Log-Group");
    assert!(report.outputs["AlertTopicArn"].ends_with(":CloudWatch-Alarms-Ping-Deny"), "{:#?}", report.outputs);
}

/// Short times, so that an incident's whole life fits into a test: functions of 3 s, updates after 6 s, over after 12 quiet ones.
const SHORT: [&str; 6] =
    ["--parameter", "TimeoutSeconds=3", "--parameter", "UpdateIntervalsMinutes=0.1", "--parameter", "QuietMinutes=0.2"];

#[tokio::test]
async fn an_incident_is_opened_updated_and_ended_by_its_timer() {
    let inputs = Inputs::new("incident");
    let (ping, inbound) = (inputs.records("ping-deny"), inputs.records("ping-deny-inbound"));
    let mut arguments = SHORT.to_vec();
    arguments.extend(["--put", &ping, "--put", &inbound, "--wait", "90", "--expect-mails", "3"]);
    arguments.extend(["--parameter", "ChatTopic=yes", "--filter", r#"{"kind":["all-clear"],"severity":["info"]}"#]);
    let report = deployed(&arguments).await;
    let subjects: Vec<&str> = report.mails.iter().map(|mail| mail.subject.as_str()).collect();
    let [opening, update, all_clear] = subjects[..] else { panic!("{subjects:#?}\n{:#?}", report.function_log) };
    assert_eq!(opening, "[Ping-Deny] 172.31.16.139 could not answer 4 pings from 203.0.113.12");
    assert!(update.starts_with("[Ping-Deny] still going on: 180 more rejected pings from 198.51.100.23"), "{update}");
    assert!(all_clear.starts_with("[Ping-Deny] over after "), "{all_clear}");
    assert!(all_clear.contains(": 184 rejected pings between 172.31.16.139 and 2 addresses"), "{all_clear}");
    let gap = report.mails[1].arrived_at - report.mails[0].arrived_at;
    // Six seconds from one decision to the next; each mail takes some time of its own from there to here.
    assert!(gap >= 5.5, "an update {gap} s after the opening, sooner than the interval");

    // Each decision under its reason, those of both functions.
    for reason in ["new", "open", "update-due", "quiet"] {
        assert_eq!(report.sum(&format!("Ping-Deny-Decisions,Reason={reason}")), 1.0, "{reason}: {:#?}", report.metrics);
    }
    assert_eq!(report.sum("Ping-Deny-Mails"), 3.0, "{:#?}", report.metrics);
    assert_eq!(report.sum("Ping-Deny-Suppressed"), 1.0, "{:#?}", report.metrics);
    assert!(report.sum("Ping-Deny-Mail-Delay") >= 60.0, "the packets are a minute old: {:#?}", report.metrics);
    check_routing(&report);
}

/// Of an incident's three messages a queue for all-clears gets one, whichever way it asks; the chat gets all in one thread.
fn check_routing(report: &Report) {
    let incident = &report.mails[0].document["incident"]["id"];
    for (number, (mail, kind)) in report.mails.iter().zip(["opening", "update", "all-clear"]).enumerate() {
        assert_eq!(mail.attributes["kind"], kind);
        assert_eq!((&mail.document["kind"], &mail.document["incident"]["id"]), (&Value::from(kind), incident));
        assert_eq!(mail.document["incident"]["number"], number + 1);
        assert_eq!(mail.document["version"], "1.0");
    }
    let scopes: Vec<&str> = report.filtered.iter().map(|filtered| filtered.scope.as_str()).collect();
    assert_eq!(scopes, ["MessageAttributes", "MessageBody"]);
    for Filtered { scope, documents } in &report.filtered {
        let kinds: Vec<&Value> = documents.iter().map(|document| &document["kind"]).collect();
        assert_eq!(kinds, ["all-clear"], "by {scope}");
    }
    let titles: Vec<&Value> = report.chats.iter().map(|chat| &chat["content"]["title"]).collect();
    let subjects: Vec<&String> = report.mails.iter().map(|mail| &mail.subject).collect();
    assert_eq!(titles, subjects);
    assert!(report.chats.iter().all(|chat| chat["metadata"]["threadId"] == *incident), "{:#?}", report.chats);
}

#[tokio::test]
async fn a_batch_that_is_delivered_twice_is_counted_once() {
    let event = events_dir().join("ping-deny.json").display().to_string();
    let report = deployed(&["--invoke", &event, "--invoke", &event, "--expect-mails", "1"]).await;
    let told: Vec<_> = report.counts.iter().map(|counts| (counts.matched, counts.alerts, counts.metrics)).collect();
    // Two points of traffic the first time; a decision, a mail and its delay with them, and one more decision the second time.
    assert_eq!(told, [(1, 1, 5), (1, 0, 1)], "{:#?}", report.function_log);
    for reason in ["new", "repeated"] {
        assert_eq!(report.sum(&format!("Ping-Deny-Decisions,Reason={reason}")), 1.0, "{:#?}", report.metrics);
    }
    assert_eq!(report.mails.len(), 1, "{:#?}", report.mails);
}

#[tokio::test]
async fn incidents_by_interface_are_told_apart() {
    let inputs = Inputs::new("interface");
    let (ping, custom) = (inputs.records("ping-deny"), inputs.records("ping-deny-inbound"));
    let v6 = inputs.records("ping-deny-v6");
    let mut arguments = vec!["--parameter", "IncidentBy=interface"];
    arguments.extend(["--put", &ping, "--put", &custom, "--put", &v6, "--expect-mails", "2"]);
    let report = deployed(&arguments).await;
    let told: Vec<_> = report.counts.iter().map(|counts| (counts.alerts, counts.suppressed)).collect();
    // The first two are of one interface, the third of another.
    assert_eq!(told, [(1, 0), (0, 1), (1, 0)], "{:#?}", report.function_log);
    assert_eq!(report.mails.len(), 2, "{:#?}", report.mails);
    assert!(report.mails[0].body.contains("eni-1235b8ca123456789"), "{}", report.mails[0].body);
    assert!(report.mails[1].body.contains("eni-0d7e5a1f9c3b2846e"), "{}", report.mails[1].body);
}

#[tokio::test]
async fn a_replay_finishes_what_failed_and_leaves_what_it_cannot() {
    let inputs = Inputs::new("replay");
    let ping = events_dir().join("ping-deny.json").display().to_string();
    let broken = events_dir().join("broken-gzip.json").display().to_string();
    // What the documentation says of a record: the payload is in it unless something kept it out.
    let empty = inputs.0.join("empty.json");
    let record = r#"{"version": "1.0", "timestamp": "2026-11-23T09:00:00.000Z", "requestContext":
        {"condition": "RetriesExhausted", "approximateInvokeCount": 3}, "responsePayload": {"errorMessage": "no"}}"#;
    std::fs::write(&empty, record).expect("the directory is there");
    let empty = empty.display().to_string();
    let report = deployed(&[
        // A batch that fails because the table is not there, one that can never be read, and one that is not in its record.
        "--table",
        "wrong",
        "--invoke",
        &ping,
        "--invoke",
        &broken,
        "--fail",
        &empty,
        "--replay",
        "show",
        "--replay",
        "now",
        "--table",
        "right",
        "--replay",
        "show",
        "--replay",
        "now",
        "--replay",
        "drop",
        "--expect-failures",
        "1",
    ])
    .await;
    let [shown, too_early, shown_again, replayed, dropped] = &report.replays[..] else {
        panic!("{:#?}", report.replays)
    };
    for (replay, last) in [
        (shown, "0 done, 3 left in the queue"),
        (too_early, "0 done, 3 left in the queue"),
        (shown_again, "0 done, 3 left in the queue"),
        (replayed, "1 done, 2 left in the queue"),
        (dropped, "0 done, 1 left in the queue"),
    ] {
        assert_eq!((replay.status, replay.output.trim_end().lines().last()), (1, Some(last)), "{}", replay.output);
    }
    for part in [
        "2 records of Log-Group / eni-1235b8ca123456789-all from ",
        "failed 3 times: cannot finish the batch: dynamodb ",
    ] {
        assert!(shown.output.contains(part), "{part:?} is not in\n{}", shown.output);
    }
    assert!(!shown.output.contains("failed again"), "showing sends nothing:\n{}", shown.output);
    assert!(
        too_early.output.contains("failed again, left in the queue: cannot finish the batch"),
        "{}",
        too_early.output
    );
    let done = r#"done:{"records":2,"matched":1,"#;
    assert!(replayed.output.replace(' ', "").contains(done), "{}", replayed.output);
    assert!(replayed.output.contains("failed again, left in the queue: cannot read the event"), "{}", replayed.output);
    // Half an hour up to the record's time, in milliseconds.
    let search = "aws logs filter-log-events --log-group-name 'Log-Group' --filter-pattern REJECT \
                  --start-time 1795422600000 --end-time 1795424400000";
    assert!(replayed.output.contains(search), "{}", replayed.output);

    let [failure] = &report.failures[..] else { panic!("{:#?}", report.failures) };
    assert!(failure["requestPayload"]["awslogs"].is_object(), "the broken batch is what is left: {failure:#}");
    let counted: Vec<u64> = report.counts.iter().map(|counts| counts.matched).collect();
    // The alarms on errors and on the failure queue mail, too.
    let mails = report.mails.iter().filter(|mail| mail.subject.starts_with("[Ping-Deny] ")).count();
    assert_eq!((counted, mails), (vec![1], 1), "the replayed batch is counted and mailed once: {:#?}", report.mails);
}

#[tokio::test]
async fn nothing_is_lost_while_services_fail_and_functions_die() {
    // The tool ends with an error unless every record is in the counters exactly once and every incident has its mails.
    let text = tool("chaos.py", &["--batches", "90", "--json"]).await;
    let told: Value = serde_json::from_str(&text).expect("the tool prints JSON");
    assert_eq!(told["counted"], told["records"], "{told:#}");
    for service in ["dynamodb", "sns", "cloudwatch"] {
        assert!(told["faults"][service]["failed"].as_u64() > Some(0), "no fault of {service}: {told:#}");
    }
    assert!(told["killed_at_work"].as_u64() > Some(0), "{told:#}");
}

#[tokio::test]
async fn a_storm_is_one_incident_and_few_calls() {
    // Here, too, the tool ends with an error unless it is so.
    let text = tool("storm.py", &["--small", "--json"]).await;
    let told: Value = serde_json::from_str(&text).expect("the tool prints JSON");
    for name in ["one to many", "many to one", "a million"] {
        let storm = &told["storms"][name];
        assert_eq!(
            (&storm["counted"], &storm["openings"], &storm["all_clears"]),
            (&storm["records"], &1.into(), &1.into())
        );
        assert!(storm["most_calls"].as_u64() <= Some(4), "{told:#}");
    }
}

#[tokio::test]
async fn the_deployed_function_looks_its_network_up() {
    let inputs = Inputs::new("network");
    let report = deployed(&["--network", "--put", &inputs.records("ping-deny"), "--expect-mails", "1"]).await;
    let network = report.network.expect("the tool built one");
    let [mail] = report.mails.as_slice() else { panic!("{} mails, not one: {:#?}", report.mails.len(), report.mails) };
    assert!(mail.body.contains(&network["interface"]), "{}", mail.body);
    for part in ["web-1", "owner team-a", &network["instance"], &network["acl"], "rule 50"] {
        assert!(mail.body.contains(part), "{part:?} is not in\n{}", mail.body);
    }
    // No record says which VPC it was.
    assert_eq!(mail.attributes.get("vpc"), network.get("vpc"), "{:?}", mail.attributes);
}
