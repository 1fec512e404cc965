//! What is published to CloudWatch.

use crate::harness::{Datum, Put, Setup, World, batch_of, event, event_of, minutes_ago, rejected};
use integration_tests::event_json;

const PEER: &str = "203.0.113.12";
const OWN: &str = "172.31.16.139";

async fn published(event: &str) -> Put {
    let mut world = World::start().await;
    let counts = world.send(event).await.counts();
    let put = world.cloudwatch.put();
    assert_eq!(counts.metrics, put.data.len() as u64, "the response counts data points");
    put
}

fn named<'p>(put: &'p Put, name: &str) -> Vec<&'p Datum> {
    put.data.iter().filter(|datum| datum.name == name).collect()
}

#[tokio::test]
async fn records_count_one_each_and_packets_are_added_up() {
    let start = minutes_ago(7);
    let lines = [
        rejected(OWN, PEER, 1, 4, start + 9),
        rejected(OWN, PEER, 1, 1, start + 2),
        rejected(PEER, OWN, 1, 7, start + 30),
    ];
    let put = published(&event_of(&lines)).await;
    assert_eq!(put.namespace, "Ping-Deny-Metrics");
    assert_eq!(put.names(), ["Ping-Deny", "Ping-Deny-Packets"]);
    let [records] = named(&put, "Ping-Deny")[..] else { panic!("{put:?}") };
    // As the metric filter would: value 1 per record, so that Sum counts records and Average is 1.
    assert_eq!((records.statistics.samples, records.statistics.sum), (3.0, 3.0));
    assert_eq!((records.statistics.minimum, records.statistics.maximum), (1.0, 1.0));
    let [packets] = named(&put, "Ping-Deny-Packets")[..] else { panic!("{put:?}") };
    assert_eq!((packets.statistics.sum, packets.statistics.minimum, packets.statistics.maximum), (12.0, 1.0, 7.0));
    for datum in &put.data {
        assert_eq!(datum.unit, "Count", "{datum:?}");
        assert_eq!(datum.dimensions, [""; 0], "{datum:?}");
        assert_eq!(datum.timestamp_ms / 60_000, i64::try_from(start / 60).expect("small"), "{datum:?}");
    }
}

#[tokio::test]
async fn each_minute_gets_its_own_points_at_the_log_events_time() {
    let start = minutes_ago(9);
    let lines: Vec<String> = (0..3).map(|minute| rejected(OWN, PEER, 1, 4, start + 60 * minute + 5)).collect();
    let put = published(&event_of(&lines)).await;
    let times: Vec<i64> = named(&put, "Ping-Deny").iter().map(|datum| datum.timestamp_ms).collect();
    let expected: Vec<i64> =
        (0..3).map(|minute| i64::try_from(start + 60 * minute + 5).expect("small") * 1000).collect();
    assert_eq!(times, expected);
}

#[tokio::test]
async fn icmpv6_is_counted_in_the_whole_and_apart() {
    let start = minutes_ago(7);
    let (own, peer) = ("2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:5a17:4::c0de");
    let lines = [rejected(own, peer, 58, 4, start), rejected(OWN, PEER, 1, 3, start), rejected(own, peer, 1, 1, start)];
    let put = published(&event_of(&lines)).await;
    assert_eq!(put.names(), ["Ping-Deny", "Ping-Deny-Packets", "Ping-Deny-V6"]);
    assert_eq!((put.sum("Ping-Deny"), put.sum("Ping-Deny-V6"), put.sum("Ping-Deny-Packets")), (3.0, 1.0, 8.0));
}

#[tokio::test]
async fn the_names_are_those_of_the_configuration() {
    let setup = Setup::aws().set("METRIC_NAMESPACE", "Shop/Network").set("METRIC_NAME", "IcmpRefused");
    let mut world = setup.start().await;
    world.send(&event("ping-deny-v6")).await.counts();
    let put = world.cloudwatch.put();
    assert_eq!(put.namespace, "Shop/Network");
    assert_eq!(put.names(), ["IcmpRefused", "IcmpRefused-Packets", "IcmpRefused-V6"]);
}

#[tokio::test]
async fn times_that_cloudwatch_refuses_do_not_fail_the_batch() {
    // A batch can be replayed from the failure queue after two weeks; the service would refuse all of its points.
    let lines = [rejected(OWN, PEER, 1, 4, minutes_ago(20 * 24 * 60)), rejected(OWN, PEER, 1, 4, minutes_ago(7))];
    let put = published(&event_of(&lines)).await;
    assert_eq!(put.sum("Ping-Deny"), 2.0, "{put:?}");
}

#[tokio::test]
async fn five_hours_in_one_batch_fit_one_compressed_call() {
    // Three metrics for 300 minutes are far above the 10 KiB from which the SDK compresses.
    let start = minutes_ago(310);
    let lines: Vec<String> = (0..300)
        .flat_map(|minute| {
            [rejected(OWN, PEER, 1, 2, start + 60 * minute), rejected(OWN, PEER, 58, 2, start + 60 * minute)]
        })
        .collect();
    let put = published(&event_json(&batch_of(&lines), None)).await;
    assert_eq!((put.sum("Ping-Deny"), put.sum("Ping-Deny-V6"), put.sum("Ping-Deny-Packets")), (600.0, 300.0, 1200.0));
}
