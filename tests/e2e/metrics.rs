//! The metrics published to CloudWatch.

use std::time::Duration;

use crate::harness::{Act, Put, Setup, World, batch_of, event, event_of, minutes_ago, rejected};
use sample_events::event_json;

const PEER: &str = "203.0.113.12";
const OWN: &str = "172.31.16.139";

async fn published(event: &str) -> Put {
    let mut world = World::start().await;
    let counts = world.send(event).await.counts();
    let put = world.cloudwatch.put();
    assert_eq!(counts.metrics, put.data.len() as u64, "the response counts data points");
    put
}

#[tokio::test]
async fn each_record_counts_one_and_packets_are_summed() {
    let start = minutes_ago(7);
    let lines = [
        rejected(OWN, PEER, 1, 4, start + 9),
        rejected(OWN, PEER, 1, 1, start + 2),
        rejected(PEER, OWN, 1, 7, start + 30),
    ];
    let put = published(&event_of(&lines)).await;
    assert_eq!(put.namespace, "Ping-Deny-Metrics");
    assert_eq!(put.names(), ["Ping-Deny", "Ping-Deny-Packets"]);
    let [records] = put.named("Ping-Deny", &[])[..] else { panic!("{put:?}") };
    // Like the metric filter: value 1 per record, so that Sum counts records and Average is 1.
    assert_eq!((records.statistics.samples, records.statistics.sum), (3.0, 3.0));
    assert_eq!((records.statistics.minimum, records.statistics.maximum), (1.0, 1.0));
    let [packets] = put.named("Ping-Deny-Packets", &[])[..] else { panic!("{put:?}") };
    assert_eq!((packets.statistics.sum, packets.statistics.minimum, packets.statistics.maximum), (12.0, 1.0, 7.0));
    assert_eq!(put.data.len(), 6, "each metric once for all and once for each of two origins: {put:?}");
    for (origin, records, packets) in [("own", 2.0, 5.0), ("internet", 1.0, 7.0)] {
        let sums = (put.sum_of("Ping-Deny", origin), put.sum_of("Ping-Deny-Packets", origin));
        assert_eq!(sums, (records, packets), "{origin}: {put:?}");
    }
    for datum in &put.data {
        assert_eq!(datum.unit, "Count", "{datum:?}");
        assert_eq!(datum.timestamp_ms / 60_000, i64::try_from(start / 60).expect("small"), "{datum:?}");
    }
}

#[tokio::test]
async fn each_minute_gets_its_own_points_at_the_log_events_time() {
    let start = minutes_ago(9);
    let lines: Vec<String> = (0..3).map(|minute| rejected(OWN, PEER, 1, 4, start + 60 * minute + 5)).collect();
    let put = published(&event_of(&lines)).await;
    let expected: Vec<i64> =
        (0..3).map(|minute| i64::try_from(start + 60 * minute + 5).expect("small") * 1000).collect();
    for dimensions in [&[][..], &["Origin=own"]] {
        let times: Vec<i64> = put.named("Ping-Deny", dimensions).iter().map(|datum| datum.timestamp_ms).collect();
        assert_eq!(times, expected, "{dimensions:?}");
    }
}

#[tokio::test]
async fn icmpv6_is_counted_in_the_total_and_separately() {
    let start = minutes_ago(7);
    let (own, peer) = ("2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:5a17:4::c0de");
    let lines = [rejected(own, peer, 58, 4, start), rejected(OWN, PEER, 1, 3, start), rejected(own, peer, 1, 1, start)];
    let put = published(&event_of(&lines)).await;
    assert_eq!(put.names(), ["Ping-Deny", "Ping-Deny-Packets", "Ping-Deny-V6"]);
    assert_eq!((put.sum("Ping-Deny"), put.sum("Ping-Deny-V6"), put.sum("Ping-Deny-Packets")), (3.0, 1.0, 8.0));
    // Nothing tells which of two public addresses is ours.
    assert_eq!(put.sum_of("Ping-Deny-V6", "private"), 1.0, "{put:?}");
}

#[tokio::test]
async fn namespace_and_metric_name_are_configurable() {
    let setup = Setup::aws().set("METRIC_NAMESPACE", "Shop/Network").set("METRIC_NAME", "IcmpRefused");
    let mut world = setup.start().await;
    world.send(&event("ping-deny-v6")).await.counts();
    let put = world.cloudwatch.put();
    assert_eq!(put.namespace, "Shop/Network");
    assert_eq!(put.names(), ["IcmpRefused", "IcmpRefused-Packets", "IcmpRefused-V6"]);
}

#[tokio::test]
async fn timestamps_that_cloudwatch_rejects_do_not_fail_the_batch() {
    // A batch can be replayed from the failure queue after two weeks; CloudWatch would reject all of its points.
    let lines = [rejected(OWN, PEER, 1, 4, minutes_ago(20 * 24 * 60)), rejected(OWN, PEER, 1, 4, minutes_ago(7))];
    let put = published(&event_of(&lines)).await;
    assert_eq!(put.sum("Ping-Deny"), 2.0, "{put:?}");
}

#[tokio::test]
async fn five_hours_in_one_batch_fit_one_compressed_call() {
    // Of 300 minutes, 77 are told apart. Three metrics for all and for each of three origins are far above the 10 KiB from which the
    // SDK compresses, and just below the 1,000 data points of one call.
    let start = minutes_ago(310);
    let pairs = [(OWN, PEER), ("10.20.0.9", OWN), (PEER, OWN)];
    let lines: Vec<String> = (0..300)
        .flat_map(|minute| pairs.map(|pair| (pair, start + 60 * minute)))
        .flat_map(|((from, to), start)| [1, 58].map(|protocol| rejected(from, to, protocol, 2, start)))
        .collect();
    let put = published(&event_json(&batch_of(&lines), None)).await;
    assert_eq!(put.data.len(), 77 * 3 * 4);
    assert_eq!((put.sum("Ping-Deny"), put.sum("Ping-Deny-V6"), put.sum("Ping-Deny-Packets")), (1800.0, 900.0, 3600.0));
    for origin in ["own", "private", "internet"] {
        let of = |name| put.sum_of(name, origin);
        let sums = (of("Ping-Deny"), of("Ping-Deny-V6"), of("Ping-Deny-Packets"));
        assert_eq!(sums, (600.0, 300.0, 1200.0), "{origin}");
    }
}

/// Returns the operational metrics of one call: name with dimensions, unit, sum.
fn operations(put: &Put) -> Vec<(String, String, f64)> {
    let operations = put.data.iter().filter(|datum| !["Ping-Deny", "Ping-Deny-Packets"].contains(&datum.name.as_str()));
    operations
        .map(|datum| {
            (format!("{} {}", datum.name, datum.dimensions.join(" ")), datum.unit.clone(), datum.statistics.sum)
        })
        .collect()
}

fn expected<const N: usize>(metrics: [(&str, &str, f64); N]) -> Vec<(String, String, f64)> {
    metrics.map(|(name, unit, sum)| (name.to_owned(), unit.to_owned(), sum)).into()
}

#[tokio::test]
async fn operational_metrics_are_published_if_configured() {
    let mut world = Setup::aws().set("OPERATIONAL_METRICS", "yes").start().await;
    let start = minutes_ago(7);
    let first = world.send(&event_of(&[rejected(OWN, PEER, 1, 4, start)])).await.counts();
    let put = world.cloudwatch.put();
    assert_eq!(first.metrics, put.data.len() as u64, "the response counts these points too");
    let [new, emails, delay] = &operations(&put)[..] else { panic!("{put:#?}") };
    assert_eq!(
        [new.clone(), emails.clone()][..],
        expected([("Ping-Deny-Decisions Reason=new", "Count", 1.0), ("Ping-Deny-Emails ", "Count", 1.0)])
    );
    assert_eq!((delay.0.as_str(), delay.1.as_str()), ("Ping-Deny-Email-Delay ", "Seconds"));
    assert!((420.0..540.0).contains(&delay.2), "{} s since a packet of 7 to 8 minutes ago", delay.2);

    let lines = [rejected(OWN, PEER, 1, 4, start + 60), rejected(PEER, OWN, 1, 2, start + 60)];
    let again = event_of(&lines);
    world.send(&again).await.counts();
    world.send(&again).await.counts();
    let puts = world.cloudwatch.puts();
    let open = expected([("Ping-Deny-Decisions Reason=open", "Count", 1.0), ("Ping-Deny-Suppressed ", "Count", 2.0)]);
    assert_eq!(operations(&puts[1]), open);
    let repeated = expected([("Ping-Deny-Decisions Reason=repeated", "Count", 1.0)]);
    assert_eq!((puts[2].data.len(), operations(&puts[2])), (1, repeated), "traffic is not counted twice");
}

#[tokio::test]
async fn a_slow_email_does_not_delay_the_metrics_and_is_counted_when_it_is_sent() {
    let mut world = Setup::aws().set("OPERATIONAL_METRICS", "yes").start().await;
    world.sns.script().first(&[Act::Hang]);
    world.send_within(&event("ping-deny"), Duration::from_secs(30)).await.0.counts();
    let names: Vec<Vec<String>> = world
        .cloudwatch
        .puts()
        .iter()
        .map(|put| operations(put).into_iter().map(|(name, ..)| name).collect())
        .collect();
    assert_eq!(names, [vec!["Ping-Deny-Decisions Reason=new"], vec!["Ping-Deny-Emails ", "Ping-Deny-Email-Delay "]]);
}

#[tokio::test]
async fn operational_metrics_never_fail_a_batch() {
    let mut world = Setup::aws().set("OPERATIONAL_METRICS", "yes").start().await;
    world.send(&event("ping-deny")).await.counts();
    world.cloudwatch.script().always(Act::Deny);
    let counts = world.send(&event("ping-deny")).await.counts();
    assert_eq!(
        (counts.matched, counts.metrics),
        (1, 0),
        "the batch was processed before, and its operational metrics are lost"
    );
}
