//! Pings from the internet: background, which costs no call, and what makes an incident of them.

use serde_json::{Value, json};

use crate::harness::{CHAT_TOPIC, Setup, World, event, event_of, minutes_ago, rejected, source};

const OWN: &str = "172.31.16.139";
const PEER: &str = "203.0.113.12";
const SCANNERS: [&str; 3] = ["198.51.100.7", "198.51.100.8", "192.0.2.9"];

/// Returns one rejected ping of each scanner in the minute from `start`.
fn scans(start: u64) -> Vec<String> {
    SCANNERS.iter().zip(start..).map(|(scanner, start)| rejected(scanner, OWN, 1, 2, start)).collect()
}

/// Returns the documents of the embedded metric format among the lines of standard output.
fn embedded(stdout: &[String]) -> Vec<Value> {
    let documents = stdout
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line:?}")));
    documents.filter(|document| document.get("_aws").is_some()).collect()
}

/// Returns the metrics that CloudWatch takes from a document: name and value. Asserts what it requires of a document.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
#[track_caller]
fn metrics_of(document: &Value) -> Vec<(&str, u64)> {
    assert!(document["_aws"]["Timestamp"].is_u64(), "{document}");
    let [directive] = &document["_aws"]["CloudWatchMetrics"].as_array().expect("a list of directives")[..] else {
        panic!("not one directive: {document}");
    };
    assert_eq!(directive["Namespace"], "Ping-Deny-Metrics", "{document}");
    // The same values without dimensions and for the origin.
    assert_eq!(directive["Dimensions"], json!([[], ["Origin"]]), "{document}");
    assert_eq!(document["Origin"], "internet", "{document}");
    let metrics = directive["Metrics"].as_array().expect("a list of metrics").iter().map(|metric| {
        assert_eq!(metric["Unit"], "Count", "{document}");
        let name = metric["Name"].as_str().expect("a name");
        (name, document[name].as_u64().expect("a number for each metric"))
    });
    metrics.collect()
}

#[tokio::test]
async fn scans_alone_make_no_call_and_become_metrics_in_the_log() {
    let start = minutes_ago(9);
    let mut lines = scans(start + 5);
    lines.extend([
        rejected(SCANNERS[0], OWN, 1, 4, start + 20),
        rejected(SCANNERS[0], OWN, 1, 3, start + 65),
        rejected("2001:db8:5a17:4::c0de", "fd12:3456:789a::5", 58, 1, start + 70),
    ]);
    // As the stack configures it: whatever could call has what it needs for that.
    let setup = Setup::aws()
        .set("INCIDENT_TABLE", "Incidents")
        .set("TIMER_QUEUE_URL", "https://sqs.ap-northeast-1.amazonaws.com/123456789010/Timers")
        .set("OPERATIONAL_METRICS", "yes")
        .set("CHAT_TOPIC_ARN", CHAT_TOPIC);
    let mut world = setup.start().await;
    let counts = world.send(&event_of(&lines)).await.counts();
    assert_eq!((counts.matched, counts.findings, counts.alerts, counts.suppressed), (6, 4, 0, 4));
    assert_eq!(world.calls(), 0, "{:?}", world.strays());
    let documents = embedded(&world.stop().await.stdout);
    let found: Vec<(u64, Vec<(&str, u64)>)> = documents
        .iter()
        .map(|document| (document["_aws"]["Timestamp"].as_u64().expect("a time"), metrics_of(document)))
        .collect();
    assert_eq!(
        found,
        [
            ((start + 5) * 1000, vec![("Ping-Deny", 4), ("Ping-Deny-Packets", 10)]),
            ((start + 65) * 1000, vec![("Ping-Deny", 2), ("Ping-Deny-V6", 1), ("Ping-Deny-Packets", 4)]),
        ]
    );
    // Each metric is a data point without dimensions, and one of the origin.
    assert_eq!(counts.metrics, 2 * (2 + 3));
}

#[tokio::test]
async fn an_email_about_ours_has_no_stranger_in_it() {
    let start = minutes_ago(9);
    let mut lines = scans(start);
    lines.push(rejected(OWN, PEER, 1, 4, start + 8));
    let mut world = World::start().await;
    let counts = world.send(&event_of(&lines)).await.counts();
    assert_eq!((counts.findings, counts.alerts, counts.suppressed), (4, 1, 3));
    let messages = world.sns.messages();
    let [message] = &messages[..] else { panic!("{} messages, not one: {messages:#?}", messages.len()) };
    assert!(message.text("email").contains(PEER), "{}", message.text("email"));
    let all = format!("{message:?}");
    for scanner in SCANNERS {
        assert!(!all.contains(scanner), "{scanner} is in {messages:#?}");
    }
    let put = world.cloudwatch.put();
    assert_eq!((put.sum("Ping-Deny"), put.sum("Ping-Deny-Packets")), (4.0, 10.0), "{put:?}");
    for (origin, records, packets) in [("own", 1.0, 4.0), ("internet", 3.0, 6.0)] {
        let sums = (put.sum_of("Ping-Deny", origin), put.sum_of("Ping-Deny-Packets", origin));
        assert_eq!(sums, (records, packets), "{origin}: {put:?}");
    }
    assert_eq!(counts.metrics, put.data.len() as u64);
    assert_eq!(embedded(&world.stop().await.stdout), [Value::Null; 0], "what is published is not logged as well");
}

/// Sends a batch to a fresh function. Returns the signal of each email, which is the last part of the incident's key.
///
/// Asserts that each finding is in an email or suppressed, and that without an email there is no call.
async fn signals_of(setup: Setup, lines: &[String]) -> Vec<String> {
    let mut world = setup.start().await;
    let counts = world.send(&event_of(lines)).await.counts();
    let messages = world.sns.messages();
    assert_eq!(counts.alerts, messages.len() as u64, "{counts:?}");
    if messages.is_empty() {
        assert_eq!((counts.suppressed, world.calls()), (counts.findings, 0), "{counts:?}");
    } else {
        assert_eq!((counts.suppressed, world.cloudwatch.puts().len()), (0, 1), "{counts:?}");
    }
    let signal = |text: &str| {
        let document: Value = serde_json::from_str(text).expect("the document is JSON");
        let key = document["incident"]["key"].as_str().expect("a key");
        key.strip_prefix("Ping-Deny|123456789010|ap-northeast-1|Log-Group|").unwrap_or(key).to_owned()
    };
    messages.iter().map(|message| signal(message.text("sqs"))).collect()
}

/// Returns one record of each of `sources` addresses of the internet, all in one minute.
fn many(sources: usize, packets: u64, start: u64) -> Vec<String> {
    (0..sources).map(|n| rejected(&format!("198.51.{}.{}", 100 + n / 250, n % 250), OWN, 1, packets, start)).collect()
}

#[tokio::test]
async fn a_persistent_ping_and_a_flood_are_incidents_by_default() {
    let start = minutes_ago(9);
    let ping = |packets, minute: u64| rejected(PEER, OWN, 1, packets, start + 60 * minute);
    let flood: &[&str] = &["flood"];
    let persistent: &[&str] = &["persistent-ping"];
    for (what, lines, expect) in [
        ("30 packets", vec![ping(30, 0)], persistent),
        ("29 packets", vec![ping(29, 0)], &[]),
        ("30 packets in two minutes", vec![ping(15, 0), ping(15, 1)], persistent),
        ("29 packets in two minutes", vec![ping(15, 0), ping(14, 1)], &[]),
        ("two sources of 29 packets", many(2, 29, start), &[]),
        ("600 packets in a minute", many(300, 2, start), flood),
        ("598 packets in a minute", many(299, 2, start), &[]),
        ("600 packets in two minutes", [many(150, 2, start), many(150, 2, start + 60)].concat(), &[]),
        ("600 packets of one source", vec![ping(600, 0)], flood),
    ] {
        assert_eq!(signals_of(Setup::aws(), &lines).await, expect, "{what}");
    }
}

#[tokio::test]
async fn what_makes_an_incident_can_be_configured() {
    let start = minutes_ago(9);
    let ping = |packets| vec![rejected(PEER, OWN, 1, packets, start)];
    for (name, value, lines, expect) in [
        ("PERSISTENT_PINGS", "5", ping(5), &["persistent-ping"][..]),
        ("PERSISTENT_PINGS", "5", ping(4), &[]),
        ("PERSISTENT_PINGS", "0", ping(599), &[]),
        ("FLOOD_PACKETS_PER_MINUTE", "20", ping(20), &["flood"]),
        ("FLOOD_PACKETS_PER_MINUTE", "20", ping(19), &[]),
        ("FLOOD_PACKETS_PER_MINUTE", "0", many(300, 2, start), &[]),
    ] {
        assert_eq!(signals_of(Setup::aws().set(name, value), &lines).await, expect, "{name}={value}");
    }
}

#[tokio::test]
async fn a_source_that_must_reach_us_is_an_incident_with_its_first_ping() {
    let ping = [rejected(PEER, OWN, 1, 1, minutes_ago(7))];
    for (must_reach, expect) in [
        ("203.0.113.0/24", &["must-reach"][..]),
        ("192.0.2.1, 203.0.113.12", &["must-reach"]),
        ("203.0.113.13", &[]),
        ("", &[]),
    ] {
        assert_eq!(signals_of(Setup::aws().set("MUST_REACH", must_reach), &ping).await, expect, "{must_reach:?}");
    }
}

#[tokio::test]
async fn a_public_sender_that_is_ours_is_an_incident() {
    let ping = [rejected(PEER, OWN, 1, 1, minutes_ago(7))];
    for (own_networks, expect) in
        [("203.0.113.0/24", &["private"][..]), ("198.51.100.0/24,203.0.113.12", &["private"]), ("198.51.100.0/24", &[])]
    {
        let setup = || Setup::aws().set("OWN_NETWORKS", own_networks);
        assert_eq!(signals_of(setup(), &ping).await, expect, "{own_networks:?}");
    }
    let mut world = Setup::aws().set("OWN_NETWORKS", "203.0.113.0/24").start().await;
    world.send(&event_of(&ping)).await.counts();
    let put = world.cloudwatch.put();
    assert_eq!((put.sum_of("Ping-Deny", "private"), put.sum_of("Ping-Deny", "internet")), (1.0, 0.0), "{put:?}");
}

#[tokio::test]
async fn a_public_sender_that_is_ours_is_an_incident_where_the_records_have_a_direction() {
    let format = source("custom-format").format.expect("the custom format's source declares one");
    for (own_networks, expect) in [("", (1, 3)), ("198.51.100.0/24", (2, 1)), ("198.51.100.0/24,203.0.113.80", (2, 0))]
    {
        let setup = Setup::aws().set("FLOW_LOG_FORMAT", &format).set("OWN_NETWORKS", own_networks);
        let mut world = setup.start().await;
        let counts = world.send(&event("custom-format")).await.counts();
        assert_eq!((counts.alerts, counts.suppressed), expect, "{own_networks:?}");
    }
}

#[tokio::test]
async fn scans_are_an_incident_if_they_are_to_be_alerted() {
    let scans = scans(minutes_ago(7));
    for (internet_pings, expect) in [("alert", &["internet"][..]), ("digest", &[]), ("count", &[]), ("", &[])] {
        let setup = Setup::aws().set("INTERNET_PINGS", internet_pings);
        assert_eq!(signals_of(setup, &scans).await, expect, "{internet_pings:?}");
    }
}

#[tokio::test]
async fn scans_that_are_only_counted_become_metrics_too() {
    let mut world = Setup::aws().set("INTERNET_PINGS", "count").start().await;
    world.send(&event_of(&scans(minutes_ago(7)))).await.counts();
    let documents = embedded(&world.stop().await.stdout);
    let [document] = &documents[..] else { panic!("{documents:#?}") };
    assert_eq!(metrics_of(document), [("Ping-Deny", 3), ("Ping-Deny-Packets", 6)]);
}
