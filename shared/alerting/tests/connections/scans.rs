//! Scans of senders of ours, over many batches; and the health checks of load balancers.

use alerting::{
    detection::Rules,
    enrichment::Interface,
    incident::{IncidentKey, state::ItemId},
    ports::IncidentStore,
};

use super::stack::{Ports, Stack};

fn all() -> Stack {
    Stack::new(Rules::all(), Ports::default())
}

/// What a host logs of a request from 10.0.9.5 to a port of it, some seconds later.
fn request(host: usize, port: usize, packets: u32, later: u64) -> String {
    format!("10.0.0.{host}: 10.0.9.5:45000>10.0.0.{host}:{port} tcp {packets}/{} R 2 +{later}", packets * 60)
}

/// What a host logs of requests from 10.0.9.5 to many ports.
fn ports(number: usize) -> String {
    let records: Vec<String> =
        (0..number).map(|n| format!("10.0.9.5:45000>10.0.0.53:{} tcp 1/60 R 2", 5_000 + n)).collect();
    format!("10.0.0.53: {}", records.join("; "))
}

const SCAN: &str = "Scan-Deny private|source=10.0.9.5";

#[test]
fn a_scan_of_ports_is_one_incident_and_its_single_rejects_are_none() {
    let mut stack = all();
    let outcome = stack.batch(&ports(15));
    assert_eq!(stack.opened(), [SCAN]);
    assert_eq!((outcome.emails, outcome.suppressed), (1, 0));
    let document = &stack.ports.sent.lock().unwrap()[0];
    assert_eq!(document["totals"]["records"], 15, "{document}");
}

#[test]
fn fourteen_ports_with_a_packet_each_are_strays() {
    let mut stack = all();
    let outcome = stack.batch(&ports(14));
    assert_eq!((stack.opened().len(), outcome.suppressed), (0, 14));
}

#[test]
fn a_scan_of_hosts_is_found_in_the_batches_of_many_interfaces() {
    let mut stack = all();
    for host in 1..25 {
        stack.batch(&request(host, 22, 2, host as u64));
    }
    let before = stack.opened();
    assert_eq!(
        before,
        [
            "Request-Deny private|service=10.0.0.1:22/tcp",
            "Request-Deny private|service=10.0.0.2:22/tcp",
            "Request-Deny private|service=10.0.0.3:22/tcp",
            "Request-Deny private|service=others",
        ],
        "three services, and all others"
    );
    stack.batch(&request(25, 22, 2, 25));
    assert_eq!(stack.opened()[4..], [SCAN]);
    // What follows belongs to it, single packets too.
    stack.batch(&request(26, 5_432, 1, 30));
    stack.batch(&request(1, 22, 9, 40));
    assert_eq!(stack.opened().len(), 5);
    assert_eq!(counted(&stack, SCAN), 3);
    assert_eq!(counted(&stack, "Request-Deny private|service=10.0.0.1:22/tcp"), 1);
    assert_eq!(counted(&stack, "Request-Deny private|service=others"), 21);
}

/// The records that are counted into an incident.
fn counted(stack: &Stack, key: &str) -> u64 {
    let (rule, rest) = key.split_once(' ').unwrap();
    let key = IncidentKey::parse(&format!("{rule}|1|eu-west-1|g|{rest}")).unwrap();
    let shards: Vec<ItemId> = (0..16).map(|number| ItemId::Counters(key.clone(), number)).collect();
    let mut total = alerting::incident::Summary::default();
    let found = super::stack::poll(stack.engine.store.get(&shards)).unwrap();
    for shard in found.into_iter().flatten() {
        let shard: alerting::incident::state::CounterShard = shard.doc.try_into().unwrap();
        shard.add_total_to(&mut total);
    }
    total.totals.records
}

#[test]
fn ten_minutes_after_a_scan_a_reject_is_a_request_again() {
    let mut stack = all();
    stack.batch(&ports(15));
    stack.batch(&request(7, 5_432, 4, 599));
    assert_eq!(stack.opened(), [SCAN]);
    stack.batch(&request(8, 5_432, 4, 599 + 601));
    assert_eq!(stack.opened()[1..], ["Request-Deny private|service=10.0.0.8:5432/tcp"]);
}

#[test]
fn another_sender_is_no_part_of_a_scan() {
    let mut stack = all();
    stack.batch(&ports(15));
    stack.batch("10.0.0.53: 10.0.9.6:45000>10.0.0.53:5432 tcp 4/240 R 2");
    assert_eq!(stack.opened(), [SCAN, "Request-Deny private|service=10.0.0.53:5432/tcp"]);
}

#[test]
fn a_host_of_ours_that_may_not_send_is_a_scan_of_own_origin() {
    let records: Vec<String> = (1..26).map(|host| format!("10.0.9.5:45000>10.0.0.{host}:22 tcp 1/60 R 2")).collect();
    let mut stack = all();
    stack.batch(&format!("10.0.9.5: {}", records.join("; ")));
    assert_eq!(stack.opened(), ["Scan-Deny own-request|source=10.0.9.5"]);
}

#[test]
fn a_batch_that_is_delivered_again_changes_nothing() {
    let mut stack = all();
    stack.batch(&ports(15));
    let again = stack.deliver(&ports(15), 1);
    assert_eq!((again.emails, again.points), (0, 0));
    assert_eq!(counted(&stack, SCAN), 15);
}

#[test]
fn what_becomes_of_a_scan_is_a_setting() {
    let opened = |rules: &str| {
        let mut stack = Stack::new(Rules::parse(rules).unwrap(), Ports::default());
        let outcome = stack.batch(&ports(15).replace("1/60", "4/240"));
        (stack.opened().len(), outcome.suppressed)
    };
    // The first seven services have incidents of their own, and all others share one.
    assert_eq!(opened("request"), (8, 0));
    assert_eq!(opened("request,scan"), (1, 0));
    assert_eq!(opened("request,scan:digest"), (0, 15));
    assert_eq!(opened("scan"), (1, 0));
    assert_eq!(opened("request:digest,scan"), (1, 0));
    assert_eq!(opened("request:digest"), (0, 15));
}

#[test]
fn the_internet_and_late_packets_make_no_scan() {
    let mut stack = all();
    stack.batch(&ports(40).replace("10.0.9.5", "159.89.148.43"));
    stack.batch(&ports(40).replace(" R 2", " R 4"));
    assert_eq!(stack.opened(), [""; 0]);
}

fn load_balancer(address: &str) -> Interface {
    Interface {
        id: format!("eni-{address}").into(),
        kind: "interface".into(),
        description: Some("ELB app/my-alb/50dc6c495c0c9188".into()),
        addresses: vec![address.parse().unwrap()],
        ..Interface::default()
    }
}

#[test]
fn the_requests_of_a_load_balancer_are_health_checks() {
    let ports = Ports { interfaces: Some(vec![load_balancer("10.0.9.5")]), ..Ports::default() };
    let mut stack = Stack::new(Rules::all(), ports.clone());
    stack.batch(&request(1, 8_080, 3, 0));
    stack.batch("10.0.0.1: 10.0.9.6:45000>10.0.0.1:22 tcp 4/240 R 2");
    assert_eq!(
        stack.opened(),
        ["Helper-Deny private|service=10.0.0.1:8080/tcp", "Request-Deny private|service=10.0.0.1:22/tcp"]
    );
    // A check that fails once a port is no scan.
    let many: Vec<String> = (0..30).map(|n| format!("10.0.9.5:45000>10.0.0.53:{} tcp 2/120 R 2", 5_000 + n)).collect();
    stack.batch(&format!("10.0.0.53: {}", many.join("; ")));
    assert!(stack.opened().iter().all(|key| !key.starts_with("Scan")), "{:?}", stack.opened());
}

#[test]
fn an_answer_of_a_load_balancer_is_no_check() {
    let ports = Ports { interfaces: Some(vec![load_balancer("10.0.9.5")]), ..Ports::default() };
    let mut stack = Stack::new(Rules::all(), ports);
    stack.batch("10.0.1.10: 10.0.9.5:443>10.0.1.10:41022 tcp 4/240 R 18");
    assert_eq!(stack.opened(), ["Request-Deny own-request|service=10.0.9.5:443/tcp"]);
}

#[test]
fn without_an_answer_of_ec2_a_check_is_a_request() {
    let mut stack = all();
    stack.batch(&request(1, 8_080, 3, 0));
    assert_eq!(stack.opened(), ["Request-Deny private|service=10.0.0.1:8080/tcp"]);
    // An address that somebody else has too.
    let two = vec![
        load_balancer("10.0.9.5"),
        Interface { description: None, id: "eni-2".into(), ..load_balancer("10.0.9.5") },
    ];
    let mut stack = Stack::new(Rules::all(), Ports { interfaces: Some(two), ..Ports::default() });
    stack.batch(&request(1, 8_080, 3, 0));
    assert_eq!(stack.opened(), ["Request-Deny private|service=10.0.0.1:8080/tcp"]);
}

#[test]
fn ec2_is_asked_only_where_a_request_of_ours_is_enough() {
    let mut stack = all();
    stack.batch(&request(1, 8_080, 1, 0));
    stack.batch("10.0.0.53: 159.89.148.43:56911>10.0.0.53:22 tcp 9/540 R 2");
    stack.batch("10.0.1.10: 10.0.2.20:443>10.0.1.10:41022 tcp 9/400 R 4");
    assert_eq!(stack.asked(), 0);
    stack.batch(&request(1, 8_080, 2, 60));
    assert_eq!(stack.asked(), 2, "for the sender, and for the email");
}
