//! What EC2 knows, and what the mails make of it.
//!
//! First the function with a loopback EC2; then the adapter with two emulated ones, in each of which `tools/look_ups.py` builds
//! the same network.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::harness::{ACL, Act, INSTANCE, Setup, World, event, event_of, look_up_example, minutes_ago, rejected};

const ALL: [&str; 4] = ["DescribeNetworkAcls", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeTags"];

#[tokio::test]
async fn a_mail_names_the_instance_its_owner_and_the_rule() {
    let mut world = World::start().await;
    world.send(&event("ping-deny")).await.counts();
    let mail = world.sns.mail();
    assert!(mail.subject.contains("web-1"), "{}", mail.subject);
    for part in ["web-1", INSTANCE, "team-a", ACL, "rule 50"] {
        assert!(mail.body.contains(part), "{part:?} is not in\n{}", mail.body);
    }
    assert_eq!(world.ec2.attempts(), ALL);
    assert_eq!(world.strays(), [""; 0]);
}

#[tokio::test]
async fn a_second_mail_about_the_same_places_asks_nothing() {
    let mut world = Setup::aws().set("INCIDENT_BY", "source").start().await;
    for source in ["203.0.113.12", "203.0.113.13", "203.0.113.14"] {
        world.send(&event_of(&[rejected(source, "172.31.16.139", 1, 4, minutes_ago(7))])).await.counts();
    }
    assert_eq!(world.sns.mails().len(), 3);
    assert_eq!(world.ec2.attempts(), ALL);
}

#[tokio::test]
async fn switched_off_nothing_is_asked() {
    let mut world = Setup::aws().set("LOOK_UPS", "off").start().await;
    world.send(&event("ping-deny")).await.counts();
    assert!(world.sns.mail().body.contains("172.31.16.139"));
    assert_eq!(world.ec2.attempts(), [""; 0]);
    let mut world = Setup::console().set("LOOK_UPS", "on").start().await;
    world.send(&event("ping-deny")).await.counts();
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn nothing_is_asked_for_what_is_not_mailed() {
    let mut world = World::start().await;
    let ping = event("ping-deny");
    world.send(&ping).await.counts();
    world.send(&ping).await.counts();
    world.send(&event("no-data")).await.counts();
    assert_eq!(world.ec2.attempts(), ALL);
}

/// The exact times are in `aws-adapters`, on a clock that stands still; these here have to hold on a busy machine.
#[tokio::test]
async fn a_mail_waits_two_seconds_for_an_ec2_that_hangs_and_says_so() {
    let mut world = World::start().await;
    world.ec2.script().always(Act::Hang);
    let (outcome, took) = world.send_within(&event("ping-deny"), Duration::from_secs(20)).await;
    assert_eq!(outcome.counts().alerts, 1);
    assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&took), "{took:?}");
    assert_eq!(world.ec2.attempts(), ["DescribeNetworkInterfaces"]);
    assert!(world.sns.mail().body.contains("172.31.16.139"));
}

#[tokio::test]
async fn a_mail_waits_for_two_rounds_of_calls() {
    let mut world = World::start().await;
    world.ec2.slow_down(Duration::from_millis(500));
    let (outcome, took) = world.send_within(&event("ping-deny"), Duration::from_secs(20)).await;
    assert_eq!(outcome.counts().alerts, 1);
    assert_eq!(world.ec2.attempts(), ALL);
    // One after the other the four would take two seconds, and be given up.
    assert!((Duration::from_millis(1_000)..Duration::from_millis(1_900)).contains(&took), "{took:?}");
    assert!(world.sns.mail().body.contains("172.31.16.139"));
}

#[tokio::test]
async fn a_mail_is_sent_whatever_ec2_says() {
    for act in [Act::Deny, Act::Break, Act::Throttle] {
        let mut world = World::start().await;
        world.ec2.script().always(act);
        let counts = world.send(&event("ping-deny")).await.counts();
        assert_eq!((counts.alerts, counts.metrics > 0), (1, true), "{act:?}");
        assert!(world.sns.mail().body.contains("172.31.16.139"), "{act:?}");
    }
}

/// Two emulators and eight look-ups take some seconds.
const LIMIT: Duration = Duration::from_secs(180);

#[derive(Debug, Deserialize)]
struct Report {
    built: Built,
    by_address: Value,
    by_id: Value,
    unknown: Value,
}

/// The network, by its ids.
#[derive(Debug, Deserialize)]
struct Built {
    vpc: String,
    subnet: String,
    group: String,
    acl: String,
    interface: String,
    instance: String,
    address: String,
}

async fn looked_up(emulator: &str) -> Report {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join(".venv/bin/python");
    assert!(python.exists(), "this test needs the tools of `make setup`: there is no .venv in the project");
    let mut command = Command::new(python);
    command.arg(root.join("tools/look_ups.py")).arg(look_up_example()).arg(emulator);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(LIMIT, output).await.expect("the tool ends in time").expect("the tool starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

/// What both of them get right.
fn check(report: &Report) {
    let built = &report.built;
    for found in [&report.by_address, &report.by_id] {
        let interface = &found["interfaces"][&built.interface];
        assert_eq!(interface["addresses"], json!([built.address]), "{found:#}");
        assert_eq!(interface["instance"], *built.instance, "{found:#}");
        assert_eq!(interface["subnet"], *built.subnet, "{found:#}");
        assert_eq!(interface["vpc"], *built.vpc, "{found:#}");
        assert_eq!(interface["groups"], json!([built.group]), "{found:#}");
        let expect = json!({ "name": "web-1", "owners": [["owner", "team-a"]] });
        assert_eq!(found["tags"][&built.instance], expect, "{found:#}");
        assert_eq!(found["tags"][&built.vpc]["name"], "shop", "{found:#}");
        let group = &found["groups"][&built.group];
        assert_eq!(group["name"], "web", "{found:#}");
        let ping = "Only(1) IcmpRange { kind: None, code: None } Block(203.0.113.0/24)";
        assert_eq!(group["inbound"], json!([ping]), "{found:#}");
        // The second look-up, right after it.
        assert_eq!((&found["warm_millis"], &found["warm_is_the_same"]), (&json!(0), &json!(true)), "{found:#}");
    }
    assert_eq!(report.unknown["gaps"][0], "Interfaces: NotFound");
    assert_eq!(report.unknown["interfaces"], json!({}));
}

#[tokio::test]
async fn moto_knows_everything() {
    let report = looked_up("moto").await;
    check(&report);
    for found in [&report.by_address, &report.by_id] {
        let acl = &found["acls"][0];
        assert_eq!(acl["id"], *report.built.acl, "{found:#}");
        assert_eq!(acl["subnets"], json!([report.built.subnet]), "{found:#}");
        let deny = "outbound 50 deny Only(1) IcmpRange { kind: None, code: None } 0.0.0.0/0";
        assert_eq!(acl["entries"][0], deny, "{found:#}");
        assert_eq!(found["gaps"], json!([]), "{found:#}");
    }
}

#[tokio::test]
async fn ministack_associates_no_subnet_with_an_acl_and_is_told_so() {
    let report = looked_up("ministack").await;
    check(&report);
    assert_eq!(report.by_id["gaps"], json!(["Acls: NotFound"]));
    assert_eq!(report.by_id["acls"], json!([]));
}
