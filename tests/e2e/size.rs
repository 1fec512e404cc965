//! Size limits: a storm at the limit of an asynchronous invocation.

use sample_events::{event_json, storm};

use crate::harness::{World, event_of, minutes_ago};

/// Maximum size of the event of an asynchronous invocation: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

#[tokio::test]
async fn a_storm_at_the_size_limit_becomes_one_email_within_the_limit_of_sns() {
    let event = event_json(&storm(20_000, 5_000, minutes_ago(7)), None);
    assert!((900_000..MAX_EVENT_BYTES).contains(&event.len()), "{} bytes are not a storm at the limit", event.len());
    let mut world = World::start().await;
    let counts = world.send(&event).await.counts();
    assert_eq!((counts.records, counts.matched, counts.unparsed, counts.alerts), (20_000, 20_000, 0, 1));
    let email = world.sns.email();
    assert!(email.body.len() <= 256 * 1024, "{} bytes", email.body.len());
    // What does not fit is counted: the email states the number of all records.
    let put = world.cloudwatch.put();
    assert_eq!(put.sum("Ping-Deny"), 20_000.0);
    assert!(email.body.contains("20,000 records"), "{}", &email.body[..email.body.len().min(3_000)]);
}

#[tokio::test]
async fn a_storm_fits_into_the_memory_of_a_small_function() {
    let mut world = World::start().await;
    for minute in 0..3 {
        world.send(&event_json(&storm(20_000, 100_000, minutes_ago(9) + 60 * minute), None)).await.counts();
    }
    // This is a debug build. The README states the peak of a release build.
    let peak = world.peak_memory_bytes();
    assert!(peak < 64_000_000, "{peak} bytes at the peak");
}

#[tokio::test]
async fn extreme_numbers_stop_neither_the_process_nor_the_email() {
    let record = |packets: &str, bytes: &str, start: &str, end: &str| {
        format!(
            "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 65535 1 {packets} {bytes} {start} {end} REJECT OK"
        )
    };
    let max = u64::MAX.to_string();
    let (now, later) = (minutes_ago(7).to_string(), minutes_ago(6).to_string());
    let lines = [
        record(&max, &max, &now, &later),
        record(&max, &max, &now, &later),
        record("0", "0", "0", "0"),
        record("1", "84", &max, &max),
        record("1", "84", &later, &now),
        record("1", "84", "0", &max),
        record("-", "-", "-", "-"),
    ];
    let mut world = World::start().await;
    for line in &lines {
        // Each line alone is counted, as matched or unparsed.
        let counts = world.send(&event_of(&[line])).await.counts();
        assert_eq!((counts.records, counts.matched + counts.unparsed), (1, 1), "{line}");
    }
    let mut world = World::start().await;
    let counts = world.send(&event_of(&lines)).await.counts();
    assert_eq!((counts.records, counts.matched + counts.unparsed, counts.alerts), (7, 7, 1));
    assert!(world.sns.email().body.contains("203.0.113.12"));
}
