//! Enriches interfaces and addresses from EC2 twice, first without and then with cached responses. Prints the result and both
//! durations as JSON.
//!
//! ```text
//! cargo run -p aws-adapters --example enrich -- eni-0a1b2c3d4e5f60718 10.1.2.3
//! ```
//!
//! Region, credentials and endpoint come from the environment, as for every AWS tool. `tests/deployed/test_enrichment.py` sets
//! `AWS_ENDPOINT_URL_EC2` to an emulator.

#![expect(clippy::print_stdout, reason = "the example prints its result")]

use std::time::Duration;

use alerting::{
    enrichment::{EnrichmentRequest, GroupRule, Interface, Network, NetworkAcl, SecurityGroup, Tags},
    ports::Enricher,
    time::EpochMillis,
};
use aws_adapters::{Ec2Network, client::Shared};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut request = EnrichmentRequest::default();
    for argument in std::env::args().skip(1) {
        match argument.parse() {
            Ok(address) => drop(request.addresses.insert(address)),
            Err(_) => drop(request.interfaces.insert(argument)),
        }
    }
    let source = Ec2Network::new(Shared::default(), vec!["owner".to_owned(), "team".to_owned()], || EpochMillis(1));
    let (cold, cold_time) = timed(&source, &request).await;
    let (warm, warm_time) = timed(&source, &request).await;
    let mut found = shown(&cold);
    found["cold_millis"] = json!(cold_time.as_millis());
    found["warm_millis"] = json!(warm_time.as_millis());
    found["warm_is_the_same"] = json!(warm == cold);
    println!("{found:#}");
}

async fn timed(source: &Ec2Network, request: &EnrichmentRequest) -> (Network, Duration) {
    let start = Instant::now();
    (source.enrich(request).await, start.elapsed())
}

fn shown(network: &Network) -> Value {
    json!({
        "interfaces": network.interfaces.values().map(|one| (one.id.to_string(), interface(one))).collect::<Map<_, _>>(),
        "tags": network.tags.iter().map(|(id, one)| (id.clone(), tags(one))).collect::<Map<_, _>>(),
        "groups": network.groups.iter().map(|(id, one)| (id.clone(), group(one))).collect::<Map<_, _>>(),
        "acls": network.acls.iter().map(acl).collect::<Vec<_>>(),
        "missing": network.missing.iter().map(|missing| format!("{:?}: {:?}", missing.part, missing.reason)).collect::<Vec<_>>(),
    })
}

fn interface(one: &Interface) -> Value {
    json!({
        "kind": one.kind, "description": one.description, "owner": one.owner, "addresses": one.addresses,
        "instance": one.instance_id, "subnet": one.subnet_id, "vpc": one.vpc_id, "groups": one.group_ids,
        "tags": tags(&one.tags),
    })
}

fn tags(one: &Tags) -> Value {
    json!({ "name": one.name, "owners": one.owners })
}

fn group(one: &SecurityGroup) -> Value {
    let rules = |rules: &[GroupRule]| {
        rules.iter().map(|rule| format!("{:?} {:?}", rule.traffic, rule.peer)).collect::<Vec<_>>()
    };
    json!({ "name": one.name, "inbound": rules(&one.inbound), "outbound": rules(&one.outbound) })
}

fn acl(one: &NetworkAcl) -> Value {
    let entry = |entry: &alerting::enrichment::AclEntry| {
        let direction = if entry.egress { "outbound" } else { "inbound" };
        let action = if entry.allow { "allow" } else { "deny" };
        format!("{direction} {} {action} {:?} {}", entry.number, entry.traffic, entry.block)
    };
    json!({
        "id": one.id, "subnets": one.subnet_ids, "default": one.is_default, "tags": tags(&one.tags),
        "entries": one.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}
