//! Tests of the CloudWatch adapter. Metrics are sent as CBOR:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>,
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use alerting::{
    incident::Reason,
    metrics::{Point, Sample, Unit},
    ports::MetricSink,
    time::EpochMillis,
};
use ciborium::Value;

use super::{
    assert_fails,
    service::{Answer, Fault, Request, Service, timed},
    times,
};
use crate::{
    client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, OPERATION_TIMEOUT},
    cloudwatch::{CloudWatchMetrics, MAX_POINTS_PER_CALL, MAX_WAIT_FOR_EMAILS},
};

const CALL: &str = "cloudwatch PutMetricData";
const LINE: &str = "POST /service/GraniteServiceVersion20100801/operation/PutMetricData";
/// The SDK compresses bodies of at least this size:
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-compression.html>.
const COMPRESSED_FROM_BYTES: usize = 10_240;
const AT: EpochMillis = EpochMillis(1_795_425_134_250);

/// A data point as CloudWatch stores it.
#[derive(Clone, Debug, PartialEq)]
struct Datum {
    namespace: String,
    name: String,
    /// Seconds since 1970.
    at: f64,
    unit: String,
    dimensions: Vec<(String, String)>,
    /// Number of samples, sum, minimum, maximum.
    statistics: [f64; 4],
}

/// The data points of each accepted call.
type Calls = Arc<Mutex<Vec<Vec<Datum>>>>;

async fn setup() -> (Calls, Service, CloudWatchMetrics) {
    let calls = Calls::default();
    let accepted = Arc::clone(&calls);
    let service = Service::new(move |request| match put(request) {
        Ok(data) => {
            accepted.lock().unwrap().push(data);
            // PutMetricData's output is empty.
            cbor(200, vec![0xa0])
        }
        Err(wrong) => error(400, "InvalidParameterValueException", &wrong),
    });
    let metrics = CloudWatchMetrics::new(service.shared().await, "Ping-Deny-Metrics");
    (calls, service, metrics)
}

pub(super) fn cbor(status: u16, body: Vec<u8>) -> Answer {
    Answer::new(status, "application/cbor", body).header("smithy-protocol", "rpc-v2-cbor")
}

pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    let text = |text: &str| Value::Text(text.to_owned());
    let code = text(&format!("com.amazonaws.cloudwatch#{code}"));
    let fields = Value::Map(vec![(text("__type"), code), (text("message"), text(message))]);
    let mut body = Vec::new();
    ciborium::into_writer(&fields, &mut body).unwrap();
    cbor(status, body)
}

/// Accepts data points as the service does.
fn put(request: &Request) -> Result<Vec<Datum>, String> {
    let signed = request.header("authorization").contains("/ap-northeast-1/monitoring/aws4_request");
    if request.line != LINE || request.header("smithy-protocol") != "rpc-v2-cbor" || !signed {
        return Err(format!("{} is no signed PutMetricData", request.line));
    }
    let body = match request.header("content-encoding") {
        "" => request.body.clone(),
        "gzip" => gunzip(&request.body),
        other => return Err(format!("content-encoding {other}")),
    };
    let root = map(&ciborium::from_reader(body.as_slice()).map_err(|error| error.to_string())?);
    let namespace = text(&root["Namespace"]);
    let data = root["MetricData"].as_array().ok_or("no MetricData")?;
    if data.is_empty() || data.len() > 1_000 {
        return Err(format!("{} data points", data.len()));
    }
    Ok(data.iter().map(|value| datum(&namespace, value)).collect())
}

fn datum(namespace: &str, value: &Value) -> Datum {
    let fields = map(value);
    // Tag 1: seconds since the epoch (RFC 8949, section 3.4.2).
    let Value::Tag(1, at) = &fields["Timestamp"] else { panic!("{fields:?}: a timestamp must have tag 1") };
    let set = map(&fields["StatisticValues"]);
    let dimensions = fields.get("Dimensions").map_or_else(Vec::new, |list| list.as_array().unwrap().clone());
    let pair = |dimension: &Value| (text(&map(dimension)["Name"]), text(&map(dimension)["Value"]));
    Datum {
        namespace: namespace.to_owned(),
        name: text(&fields["MetricName"]),
        at: number(at),
        unit: text(&fields["Unit"]),
        dimensions: dimensions.iter().map(pair).collect(),
        statistics: ["SampleCount", "Sum", "Minimum", "Maximum"].map(|name| number(&set[name])),
    }
}

pub(super) fn map(value: &Value) -> BTreeMap<String, Value> {
    value.as_map().unwrap().iter().map(|(key, value)| (text(key), value.clone())).collect()
}

pub(super) fn text(value: &Value) -> String {
    value.as_text().unwrap().to_owned()
}

pub(super) fn number(value: &Value) -> f64 {
    let whole = |value: &Value| i64::try_from(value.as_integer()?).ok().map(|number| number as f64);
    value.as_float().or_else(|| whole(value)).unwrap()
}

/// Decompresses a gzip member without optional fields: a header of 10 bytes, and 8 bytes of checksum and length at the end
/// (RFC 1952, section 2.3).
fn gunzip(bytes: &[u8]) -> Vec<u8> {
    assert_eq!((&bytes[..3], bytes[3]), (&[0x1f, 0x8b, 8][..], 0));
    miniz_oxide::inflate::decompress_to_vec(&bytes[10..bytes.len() - 8]).unwrap()
}

fn point(name: impl Into<String>, sample: Sample) -> Point {
    Point { name: name.into(), at: AT, sample, unit: Unit::Count, dimensions: Vec::new() }
}

/// Returns this many points with different names.
fn points(number: usize) -> Vec<Point> {
    (0..number).map(|index| point(format!("metric-{index}"), Sample::of(index as u64))).collect()
}

#[tokio::test(start_paused = true)]
async fn points_arrive_as_statistic_sets_at_their_time() {
    let (calls, service, metrics) = setup().await;
    let set = Sample { count: 3, sum: 60, min: 10, max: 30 };
    let dimensions = vec![("Rule", "request".into()), ("Reason", Reason::New.word().into())];
    let delay = Point { unit: Unit::Seconds, ..point("Delay", Sample::of(412)) };
    let whole = EpochMillis(1_795_425_134_000);
    metrics
        .publish(&[point("Packets", set), Point { dimensions, at: whole, ..point("Emails", Sample::ones(2)) }, delay])
        .await
        .unwrap();
    let datum = |name: &str, at, unit: &str, dimensions: &[(&str, &str)], statistics| Datum {
        namespace: "Ping-Deny-Metrics".to_owned(),
        name: name.to_owned(),
        at,
        unit: unit.to_owned(),
        dimensions: dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        statistics,
    };
    let expected = vec![
        datum("Packets", 1_795_425_134.25, "Count", &[], [3.0, 60.0, 10.0, 30.0]),
        datum(
            "Emails",
            1_795_425_134.0,
            "Count",
            &[("Rule", "request"), ("Reason", Reason::New.word())],
            [2.0, 2.0, 1.0, 1.0],
        ),
        datum("Delay", 1_795_425_134.25, "Seconds", &[], [1.0, 412.0, 412.0, 412.0]),
    ];
    assert_eq!(*calls.lock().unwrap(), [expected]);
    assert_eq!(service.requests()[0].header("content-type"), "application/cbor");
}

#[tokio::test(start_paused = true)]
async fn more_points_than_fit_into_one_call_are_split() {
    for (number, sizes) in [
        (0, vec![]),
        (1, vec![1]),
        (MAX_POINTS_PER_CALL, vec![1_000]),
        (MAX_POINTS_PER_CALL + 1, vec![1_000, 1]),
        (2_500, vec![1_000, 1_000, 500]),
    ] {
        let (calls, _, metrics) = setup().await;
        metrics.publish(&points(number)).await.unwrap();
        let calls = calls.lock().unwrap();
        assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
        // Each point once, in the original order.
        let names: Vec<&str> = calls.iter().flatten().map(|datum| datum.name.as_str()).collect();
        assert!(names.iter().enumerate().all(|(index, name)| *name == format!("metric-{index}")), "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn large_bodies_are_compressed_and_stay_below_the_limit() {
    let (calls, service, metrics) = setup().await;
    metrics.publish(&points(5)).await.unwrap();
    metrics.publish(&points(MAX_POINTS_PER_CALL)).await.unwrap();
    let requests = service.requests();
    let encodings: Vec<&str> = requests.iter().map(|request| request.header("content-encoding")).collect();
    assert_eq!(encodings, ["", "gzip"]);
    let whole = gunzip(&requests[1].body).len();
    assert!(requests[0].body.len() < COMPRESSED_FROM_BYTES && whole > COMPRESSED_FROM_BYTES);
    // The service accepts up to 1 MB.
    assert!(whole < 1_000_000, "{whole} bytes");
    assert_eq!(calls.lock().unwrap()[1].len(), MAX_POINTS_PER_CALL);
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_retried() {
    for fault in [
        Fault::Refused(error(400, "Throttling", "Rate exceeded")),
        Fault::Refused(error(400, "ThrottlingException", "Rate exceeded")),
        Fault::Refused(error(500, "InternalServiceFault", "")),
        Fault::RequestLost,
    ] {
        let (calls, service, metrics) = setup().await;
        service.expect(times(3, &fault));
        metrics.publish(&points(3)).await.unwrap();
        assert_eq!(calls.lock().unwrap().len(), 1, "{fault:?}");
        service.expect(times(4, &fault));
        metrics.publish(&points(3)).await.unwrap_err();
        assert_eq!(service.requests().len() as u32, 2 * MAX_ATTEMPTS);
    }
}

/// Points of earlier calls stay published. Calls after the failed one are not made.
#[tokio::test(start_paused = true)]
async fn a_failed_call_is_an_error_whatever_succeeded_before() {
    for code in ["AccessDeniedException", "InvalidParameterValueException"] {
        let (calls, service, metrics) = setup().await;
        service.expect([Fault::None, Fault::Refused(error(400, code, "no"))]);
        assert_fails(metrics.publish(&points(2_500)).await, CALL, code);
        assert_eq!(calls.lock().unwrap().len(), 1);
        assert_eq!(service.requests().len(), 2, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_responds_is_an_error_within_the_timeout() {
    let (_, service, metrics) = setup().await;
    service.always(&Fault::NoAnswer);
    let (result, took) = timed(metrics.publish(&points(1))).await;
    assert_fails(result, CALL, "timeout");
    assert!(took > ATTEMPT_TIMEOUT * 3 && took <= OPERATION_TIMEOUT, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn metrics_wait_one_second_for_emails() {
    let (_, _, metrics) = setup().await;
    let ((), took) = timed(metrics.publish_deadline()).await;
    assert_eq!(took, MAX_WAIT_FOR_EMAILS);
    assert_eq!(took, Duration::from_secs(1));
}
