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
    emails: usize,
    metrics: BTreeMap<String, Vec<Point>>,
    failures: Vec<Value>,
    function_log: Vec<String>,
    /// The responses, as the function logged them.
    counts: Vec<Counts>,
    alarms: BTreeMap<String, String>,
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
    arrived_at: f64,
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

/// Deploys, feeds and reports. One at a time: the builds share a directory, and only the first one has to build.
async fn deployed(arguments: &[&str]) -> Report {
    static BUILT: Mutex<bool> = Mutex::const_new(false);
    let mut built = BUILT.lock().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join(".venv/bin/python");
    assert!(python.exists(), "the deployed tests need the tools of `make setup`: there is no .venv in the project");
    let mut command = Command::new(python);
    command.arg(root.join("tools/deployed.py")).args(arguments).stdin(Stdio::null());
    if *built {
        command.arg("--no-build");
    }
    let output = run(command).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    *built = true;
    let text = String::from_utf8(output.stdout).expect("the tool prints JSON");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in the report: {text}\n{errors}"))
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
    let report = deployed(&arguments).await;
    let subjects: Vec<&str> = report.mails.iter().map(|mail| mail.subject.as_str()).collect();
    let [opening, update, all_clear] = subjects[..] else { panic!("{subjects:#?}\n{:#?}", report.function_log) };
    assert_eq!(opening, "[Ping-Deny] 172.31.16.139 could not answer 4 pings from 203.0.113.12");
    assert!(update.starts_with("[Ping-Deny] still going on: 180 rejected pings more from 198.51.100.23"), "{update}");
    assert!(all_clear.starts_with("[Ping-Deny] over after "), "{all_clear}");
    assert!(all_clear.contains(": 184 rejected pings from 2 sources to 2 targets"), "{all_clear}");
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
