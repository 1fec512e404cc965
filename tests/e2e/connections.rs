//! Rejected TCP and UDP: one email for a connection of ours, none for what is background or late.

use serde_json::Value;

use crate::harness::{Message, Setup, World, event, event_of, minutes_ago};

const WEB: &str = "172.31.16.139";
const DATABASE: &str = "172.31.32.20";
const FLAGS: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} \
                     ${bytes} ${start} ${end} ${action} ${log-status} ${tcp-flags}";

/// The function with all rules.
fn all_rules() -> Setup {
    Setup::aws().set("RULES", "ping,request,reply,helper,scan")
}

/// A record of ends like `10.0.0.1:40000 10.0.0.2:22`.
fn record(ends: &str, packets_and_bytes: &str, action: &str, start: u64) -> String {
    let words: Vec<&str> = ends.split([' ', ':']).collect();
    let [source, from, target, to] = words[..] else { panic!("not two ends: {ends}") };
    let size = packets_and_bytes.replace('/', " ");
    let end = start + 48;
    format!("2 123456789010 eni-1235b8ca123456789 {source} {target} {from} {to} 6 {size} {start} {end} {action} OK")
}

fn key_of(message: &Message) -> String {
    let document: Value = serde_json::from_str(message.text("sqs")).expect("the document is JSON");
    document["incident"]["key"].as_str().expect("a key").to_owned()
}

#[tokio::test]
async fn a_rejected_database_connection_is_one_email_that_names_who_and_what() {
    let mut world = all_rules().start().await;
    let counts = world.send(&event("request-deny")).await.counts();
    // Two attempts of one client are one finding.
    assert_eq!((counts.matched, counts.findings, counts.alerts, counts.suppressed), (2, 1, 1, 0));
    let messages = world.sns.messages();
    let [message] = &messages[..] else { panic!("{} messages, not one: {messages:#?}", messages.len()) };
    assert_eq!(
        key_of(message),
        format!("Request-Deny|123456789010|ap-northeast-1|Log-Group|private|service={DATABASE}:5432/tcp")
    );
    let email = world.sns.email();
    let subject = format!("[Request-Deny] web-1 could not reach {DATABASE}:5432 (postgresql) (#");
    assert!(email.subject.starts_with(&subject), "{}", email.subject);
    let blocked = "Blocked by the security group sg-0ddd (db): no inbound rule allows tcp/5432 from sg-0ccc (certain;";
    assert!(email.body.contains(blocked), "{}", email.body);
    let put = world.cloudwatch.put();
    let points: Vec<(&str, f64)> = put.data.iter().map(|datum| (datum.name.as_str(), datum.statistics.sum)).collect();
    assert_eq!(points, [("Reject", 2.0), ("Reject-Packets", 7.0)], "{put:?}");
}

#[tokio::test]
async fn an_answer_that_the_network_acl_stops_is_one_email() {
    let mut world = all_rules().set("FLOW_LOG_FORMAT", FLAGS).start().await;
    assert_eq!(world.send(&event("reply-deny")).await.counts().alerts, 1);
    let email = world.sns.email();
    assert!(
        email.subject.starts_with("[Reply-Deny] web-1:443 (https) could not answer 203.0.113.80"),
        "{}",
        email.subject
    );
}

#[tokio::test]
async fn a_scan_of_a_private_host_is_one_email_about_it() {
    let mut world = all_rules().start().await;
    let counts = world.send(&event("scan-deny")).await.counts();
    assert_eq!((counts.findings, counts.alerts, counts.suppressed), (16, 1, 0));
    let messages = world.sns.messages();
    assert_eq!(key_of(&messages[0]), "Scan-Deny|123456789010|ap-northeast-1|Log-Group|private|source=172.31.40.9");
}

#[tokio::test]
async fn scanners_and_late_packets_make_no_call() {
    for (name, format) in [("scanners", None), ("late-packets", Some(FLAGS))] {
        // As the stack configures it: whatever could call has what it needs for that.
        let mut setup = all_rules()
            .set("OPERATIONAL_METRICS", "yes")
            .set("INCIDENT_TABLE", "Incidents")
            .set("TIMER_QUEUE_URL", "https://sqs.ap-northeast-1.amazonaws.com/123456789010/Timers");
        if let Some(format) = format {
            setup = setup.set("FLOW_LOG_FORMAT", format);
        }
        let mut world = setup.start().await;
        let counts = world.send(&event(name)).await.counts();
        assert!(counts.matched > 3 && counts.suppressed == counts.findings && counts.metrics > 0, "{name}: {counts:?}");
        assert_eq!((counts.alerts, world.calls()), (0, 0), "{name}: {:?}", world.strays());
        let stdout = world.stop().await.stdout;
        let logged = |line: &&String| line.contains("\"Reject\"") && line.contains("_aws");
        assert!(stdout.iter().filter(logged).count() > 0, "{name}: its metrics are not in the log: {stdout:#?}");
    }
}

#[tokio::test]
async fn with_pings_alone_none_of_it_counts() {
    let mut world = World::start().await;
    for name in ["request-deny", "scan-deny", "scanners"] {
        let counts = world.send(&event(name)).await.counts();
        assert_eq!(
            (counts.matched, counts.findings, counts.alerts, counts.metrics),
            (0, 0, 0, 0),
            "{name}: {counts:?}"
        );
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn background_in_the_same_batch_hides_no_connection_of_ours() {
    let start = minutes_ago(9);
    let mut lines: Vec<String> = (0..300)
        .map(|n| record(&format!("198.51.{}.{}:40000 {WEB}:22", 100 + n / 250, n % 250), "3/132", "REJECT", start))
        .collect();
    lines.push(record(&format!("{WEB}:41022 {DATABASE}:5432"), "4/240", "REJECT", start));
    let mut world = all_rules().start().await;
    let counts = world.send(&event_of(&lines)).await.counts();
    assert_eq!((counts.findings, counts.alerts, counts.suppressed), (301, 1, 300));
    let message = format!("{:?}", world.sns.messages());
    assert!(message.contains(DATABASE) && !message.contains("198.51.10"), "{message}");
}
