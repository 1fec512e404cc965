//! What EC2 knows, asked of two emulated ones over HTTP: `tools/look_ups.py` builds the same network in each and lets the
//! adapter look it up.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::harness::look_up_example;

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
        let ping = "Only(1) IcmpRange { kind: None, code: None } Block(0.0.0.0/0)";
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
