//! A fake CloudWatch with `PutMetricData`: its CBOR protocol, and the limits that the service enforces.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ciborium::Value;

use super::clock::epoch_ms;
use super::http::{Request, Response, answer, serve};
use super::insights::{Asked, answer_of};
use super::script::{Act, Script};

const HOUR_MS: i64 = 60 * 60 * 1000;
const PATH: &str = "/service/GraniteServiceVersion20100801/operation/PutMetricData";

/// One data point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Datum {
    pub(crate) name: String,
    /// Milliseconds since 1970.
    pub(crate) timestamp_ms: i64,
    /// The data point's statistics in CloudWatch.
    pub(crate) statistics: Statistics,
    pub(crate) unit: String,
    /// The dimensions, as `name=value`.
    pub(crate) dimensions: Vec<String>,
}

/// The statistics that CloudWatch keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Statistics {
    pub(crate) samples: f64,
    pub(crate) sum: f64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
}

/// One PutMetricData request.
#[derive(Clone, Debug)]
pub(crate) struct Put {
    pub(crate) namespace: String,
    pub(crate) data: Vec<Datum>,
}

impl Put {
    /// Returns the data points of one metric with these dimensions, written `name=value`.
    pub(crate) fn named(&self, name: &str, dimensions: &[&str]) -> Vec<&Datum> {
        self.data.iter().filter(|datum| datum.name == name && datum.dimensions == dimensions).collect()
    }

    /// Returns the sum of one metric over all data points without dimensions.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.named(name, &[]).iter().map(|datum| datum.statistics.sum).sum()
    }

    /// Returns the sum of one metric over all data points of an origin.
    pub(crate) fn sum_of(&self, name: &str, origin: &str) -> f64 {
        self.named(name, &[&format!("Origin={origin}")]).iter().map(|datum| datum.statistics.sum).sum()
    }

    /// Returns the distinct names of the metrics, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.data.iter().map(|datum| datum.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// One test's CloudWatch.
pub(crate) struct CloudWatch {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Script,
    attempts: Mutex<Vec<String>>,
    puts: Mutex<Vec<Put>>,
    asked: Mutex<Vec<Asked>>,
    keys: Mutex<Vec<(&'static str, &'static [&'static str])>>,
}

impl CloudWatch {
    pub(crate) async fn start() -> Self {
        let (attempts, puts, asked, keys) = Default::default();
        let state = Arc::new(State { script: Script::working(), attempts, puts, asked, keys });
        let address = serve(Arc::clone(&state), State::handle).await;
        Self { address, state }
    }

    pub(crate) fn script(&self) -> &Script {
        &self.state.script
    }

    /// Sets the keys of the one contributor of a rule.
    pub(crate) fn contributor(&self, rule: &'static str, keys: &'static [&'static str]) {
        self.state.keys.lock().expect("no poisoned lock").push((rule, keys));
    }

    /// Returns what digests have asked for.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().expect("no poisoned lock").clone()
    }

    /// Returns the accepted requests.
    pub(crate) fn puts(&self) -> Vec<Put> {
        self.state.puts.lock().expect("no poisoned lock").clone()
    }

    /// Returns the only accepted request.
    #[track_caller]
    pub(crate) fn put(&self) -> Put {
        let puts = self.puts();
        let [put] = puts.as_slice() else { panic!("{} calls, not one: {puts:#?}", puts.len()) };
        put.clone()
    }

    /// Returns the path of every received request, accepted or not.
    pub(crate) fn attempts(&self) -> Vec<String> {
        self.state.attempts.lock().expect("no poisoned lock").clone()
    }
}

impl State {
    async fn handle(self: Arc<Self>, request: Request) -> Response {
        self.attempts.lock().expect("no poisoned lock").push(request.path.clone());
        match self.script.next() {
            Act::Work => {}
            Act::Throttle => return error(400, "ThrottlingException", "Rate exceeded"),
            Act::Break => return error(500, "InternalServiceFault", "Internal server error"),
            Act::Deny => {
                return error(403, "AccessDenied", "not authorized to perform: cloudwatch:PutMetricData");
            }
            Act::Hang => std::future::pending().await,
        }
        if let Some(answered) = self.read(&request) {
            return answered;
        }
        if request.path != PATH || request.header("smithy-protocol") != "rpc-v2-cbor" {
            return error(404, "UnknownOperationException", "only PutMetricData over CBOR is expected here");
        }
        match accept(&request) {
            Ok(put) => self.puts.lock().expect("no poisoned lock").push(put),
            Err(wrong) => return error(400, "InvalidParameterValueException", &wrong),
        }
        answer(200, &[("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")], vec![0xa0])
    }
}

impl State {
    /// Answers a digest.
    fn read(&self, request: &Request) -> Option<Response> {
        let root: Value = ciborium::from_reader(&*request.body).ok()?;
        let (asked, root) = answer_of(&request.path, &root, &self.keys.lock().expect("no poisoned lock"))?;
        self.asked.lock().expect("no poisoned lock").extend(asked);
        let mut body = Vec::new();
        ciborium::into_writer(&root, &mut body).expect("writing to memory does not fail");
        Some(answer(200, &[("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")], body))
    }
}

/// Reads a request as strictly as the real service.
fn accept(request: &Request) -> Result<Put, String> {
    if request.body.len() > 1_000_000 {
        return Err("the body is above 1 MB".to_owned());
    }
    let body = match request.header("content-encoding") {
        "gzip" => sample_events::gunzip(&request.body)?,
        _ => request.body.to_vec(),
    };
    let root: Value = ciborium::from_reader(body.as_slice()).map_err(|error| error.to_string())?;
    let namespace = text(get(&root, "Namespace").ok_or("no Namespace")?);
    if namespace.is_empty() || namespace.len() > 255 || namespace.starts_with("AWS/") {
        return Err(format!("Namespace {namespace:?}"));
    }
    let data = get(&root, "MetricData").and_then(Value::as_array).ok_or("no MetricData")?;
    if data.is_empty() || data.len() > 1000 {
        return Err(format!("{} metrics in one request", data.len()));
    }
    let data = data.iter().map(datum).collect::<Result<_, _>>()?;
    Ok(Put { namespace, data })
}

fn datum(value: &Value) -> Result<Datum, String> {
    let timestamp_ms = (get(value, "Timestamp").map_or(f64::NAN, number) * 1000.0).round() as i64;
    let age_ms = i64::try_from(epoch_ms()).expect("the time fits into 64 bits") - timestamp_ms;
    if !(-2 * HOUR_MS..=14 * 24 * HOUR_MS).contains(&age_ms) {
        return Err(format!("Timestamp {timestamp_ms} is not within two weeks past and two hours ahead"));
    }
    let dimensions = get(value, "Dimensions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Ok(Datum {
        name: text(get(value, "MetricName").ok_or("no MetricName")?),
        timestamp_ms,
        statistics: statistics(value)?,
        unit: get(value, "Unit").map(text).unwrap_or_default(),
        dimensions: dimensions
            .iter()
            .map(|dimension| ["Name", "Value"].map(|part| get(dimension, part).map(text).unwrap_or_default()).join("="))
            .collect(),
    })
}

/// Reads the values of a data point, given in one of three ways.
fn statistics(datum: &Value) -> Result<Statistics, String> {
    let numbers =
        |key: &str| get(datum, key).and_then(Value::as_array).map(|list| list.iter().map(number).collect::<Vec<f64>>());
    let pairs = match (get(datum, "Value"), numbers("Values"), get(datum, "StatisticValues")) {
        (Some(one), None, None) => vec![(number(one), 1.0)],
        (None, Some(many), None) => {
            let counts = numbers("Counts").unwrap_or_else(|| vec![1.0; many.len()]);
            if many.is_empty() || many.len() > 150 || many.len() != counts.len() {
                return Err(format!("{} values with {} counts", many.len(), counts.len()));
            }
            many.into_iter().zip(counts).collect()
        }
        (None, None, Some(set)) => {
            let part = |key: &str| get(set, key).map(number).ok_or_else(|| format!("no {key}"));
            let (samples, sum) = (part("SampleCount")?, part("Sum")?);
            return Ok(Statistics { samples, sum, minimum: part("Minimum")?, maximum: part("Maximum")? });
        }
        _ => {
            return Err(format!("not exactly one of Value, Values and StatisticValues: {datum:?}"));
        }
    };
    Ok(Statistics {
        samples: pairs.iter().map(|(_, count)| count).sum(),
        sum: pairs.iter().map(|(value, count)| value * count).sum(),
        minimum: pairs.iter().map(|(value, _)| *value).fold(f64::INFINITY, f64::min),
        maximum: pairs.iter().map(|(value, _)| *value).fold(f64::NEG_INFINITY, f64::max),
    })
}

pub(super) fn get<'v>(map: &'v Value, key: &str) -> Option<&'v Value> {
    let entry = map.as_map()?.iter().find(|(name, _)| name.as_text() == Some(key));
    entry.map(|(_, value)| value).filter(|value| !value.is_null())
}

pub(super) fn text(value: &Value) -> String {
    value.as_text().unwrap_or_default().to_owned()
}

/// Reads a number of any width. A time is a tagged number.
pub(super) fn number(value: &Value) -> f64 {
    match value {
        Value::Tag(1, inner) => number(inner),
        Value::Float(number) => *number,
        Value::Integer(number) => i128::from(*number) as f64,
        _ => f64::NAN,
    }
}

fn error(status: u16, code: &str, message: &str) -> Response {
    let pairs = [("__type", code), ("message", message)].map(|(key, value)| (Value::from(key), Value::from(value)));
    let mut body = Vec::new();
    ciborium::into_writer(&Value::Map(pairs.to_vec()), &mut body).expect("writing to memory does not fail");
    answer(status, &[("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")], body)
}
