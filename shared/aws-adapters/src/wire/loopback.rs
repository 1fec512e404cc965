//! The real HTTP client on 127.0.0.1: a lost connection has the same effect as in the in-memory service.

use alerting::{
    detection::{LogSource, Rule},
    incident::{IncidentKey, Signal, state::TimerMessage},
    metrics::{Point, Sample, Unit},
    ports::{MetricSink, Timers},
    time::EpochMillis,
};
use serde_json::json;

use super::{
    assert_fails,
    service::{Answer, Fault, Service},
    times,
};
use crate::{CloudWatchMetrics, SqsTimers, client::MAX_ATTEMPTS};

const QUEUE: &str = "https://sqs.ap-northeast-1.amazonaws.com/123456789010/timers";

fn queue() -> Service {
    let answer = json!({"MessageId": "c80e8021-a70a-42c7-a470-796e1186f753", "MD5OfMessageBody": "0"});
    Service::new(move |_| Answer::new(200, "application/x-amz-json-1.0", answer.to_string()))
}

fn timer_message() -> TimerMessage {
    TimerMessage {
        key: IncidentKey::new(Rule::Ping, &LogSource::logged_in("a", "eu-west-1", "b"), Signal::Private),
        incident: "i-1".to_owned(),
        timer: 7,
    }
}

#[tokio::test]
async fn a_lost_connection_is_retried_whenever_it_is_lost() {
    let service = queue();
    let (shared, _listening) = service.listen().await;
    let timers = SqsTimers::new(shared, QUEUE);
    for fault in [Fault::None, Fault::RequestLost, Fault::AnswerLost, Fault::AnswerCut] {
        service.expect([fault.clone()]);
        assert_eq!(timers.schedule(&timer_message(), 1).await, Ok(()), "{fault:?}");
        let requests = service.requests();
        assert_eq!(requests.len(), if matches!(fault, Fault::None) { 1 } else { 2 }, "{fault:?}");
        let first = &requests[0];
        assert_eq!((first.line.as_str(), first.header("x-amz-target")), ("POST /", "AmazonSQS.SendMessage"));
        assert!(requests.iter().all(|request| request.body == first.body));
    }
    service.expect(times(4, &Fault::AnswerLost));
    assert_fails(timers.schedule(&timer_message(), 1).await, "sqs SendMessage", "dispatch failure");
    assert_eq!(service.requests().len() as u32, MAX_ATTEMPTS);
}

#[tokio::test]
async fn a_refused_connection_is_an_error() {
    let (shared, listening) = queue().listen().await;
    drop(listening);
    assert_fails(SqsTimers::new(shared, QUEUE).schedule(&timer_message(), 1).await, "sqs SendMessage", "refused");
}

/// 50 kB of points, sent compressed, and a response of one byte.
#[tokio::test]
async fn a_large_body_arrives_whole() {
    let answer = Answer::new(200, "application/cbor", [0xa0]).header("smithy-protocol", "rpc-v2-cbor");
    let service = Service::new(move |_| answer.clone());
    let (shared, _listening) = service.listen().await;
    let point = |index| Point {
        name: format!("metric-{index}"),
        at: EpochMillis(1_795_425_134_250),
        sample: Sample::of(index),
        unit: Unit::Count,
        dimensions: Vec::new(),
    };
    let points: Vec<Point> = (0..1_000).map(point).collect();
    CloudWatchMetrics::new(shared, "pings").publish(&points).await.unwrap();
    let requests = service.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("content-encoding"), "gzip");
    // The last eight bytes of gzip are the checksum and the uncompressed length (RFC 1952, section 2.3.1).
    let end = requests[0].body.len();
    let length = u32::from_le_bytes(requests[0].body[end - 4..].try_into().unwrap());
    assert!(length > 50_000, "{length} bytes");
}
