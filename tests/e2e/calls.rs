//! Which AWS calls a batch makes, and how many.

use sample_events::{event_json, storm};

use crate::harness::{Setup, World, event, event_of, minutes_ago, rejected};

#[tokio::test]
async fn a_batch_without_findings_makes_no_call() {
    let accepted = rejected("203.0.113.12", "172.31.16.139", 1, 4, minutes_ago(7)).replace("REJECT", "ACCEPT");
    let rejected_tcp = rejected("203.0.113.12", "172.31.16.139", 6, 4, minutes_ago(7));
    let mut world = World::start().await;
    for event in [event("no-data"), event_of(&[accepted, rejected_tcp]), event_of::<&str>(&[])] {
        let counts = world.send(&event).await.counts();
        assert_eq!((counts.matched, counts.alerts, counts.metrics), (0, 0, 0), "{counts:?}");
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn a_control_message_does_nothing() {
    let mut world = World::start().await;
    let counts = world.send(&event("control-message")).await.counts();
    assert_eq!(counts, sample_events::Counts::default());
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn the_number_of_calls_does_not_grow_with_the_records() {
    for records in [1, 140, 20_000] {
        // One record is no flood.
        let mut world = Setup::aws().set("INTERNET_PINGS", "alert").start().await;
        let event = event_json(&storm(records, 5_000, minutes_ago(7)), None);
        let counts = world.send(&event).await.counts();
        assert_eq!((counts.records, counts.matched, counts.alerts), (records as u64, records as u64, 1));
        assert_eq!(world.sns.attempts(), ["Publish"], "{records} records");
        assert_eq!(world.cloudwatch.attempts().len(), 1, "{records} records");
        assert_eq!(world.strays(), [""; 0]);
    }
}

#[tokio::test]
async fn unreadable_lines_alone_make_no_call() {
    let mut world = World::start().await;
    let counts = world.send(&event_of(&["", "not a record", "2 - - - - - - - - - - - - -"])).await.counts();
    assert_eq!((counts.records, counts.unparsed, counts.findings), (3, 3, 0));
    assert_eq!(world.calls(), 0);
}
