//! What the fake CloudWatch answers to a digest: `GetMetricData` and `GetInsightRuleReport`.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetInsightRuleReport.html>

use ciborium::Value;

use super::cloudwatch::{get, number, text};

/// What a digest asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    /// A metric: name, and name and value of its dimension.
    Metric(String, String),
    /// The report of a rule.
    Report(String),
}

/// Returns what a request asks for, and the response: a data point of 7 at the start of each metric, and one contributor of each rule,
/// with the keys that a test gives for it. None for another operation.
pub(crate) fn answer_of(path: &str, root: &Value, keys: &[(&str, &[&str])]) -> Option<(Vec<Asked>, Value)> {
    match path.rsplit('/').next()? {
        "GetMetricData" => Some(metrics(root)),
        "GetInsightRuleReport" => Some(report(root, keys)),
        _ => None,
    }
}

fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}

/// A minute before the end of the time asked for.
fn last_minute(root: &Value) -> Value {
    let end = get(root, "EndTime").map_or(f64::NAN, number);
    Value::Tag(1, Box::new(Value::from(end - 60.0)))
}

fn metrics(root: &Value) -> (Vec<Asked>, Value) {
    let queries = get(root, "MetricDataQueries").and_then(Value::as_array).expect("queries");
    assert!((1..=500).contains(&queries.len()), "{} queries", queries.len());
    let mut asked = Vec::new();
    let mut results = Vec::new();
    for query in queries {
        let metric = get(query, "MetricStat").and_then(|stat| get(stat, "Metric")).expect("a metric");
        let dimension = get(metric, "Dimensions").and_then(Value::as_array).and_then(|list| list.first());
        let part = |name: &str| dimension.and_then(|dimension| get(dimension, name)).map(text).unwrap_or_default();
        let name = get(metric, "MetricName").map(text).expect("a name");
        let found = name == "IncomingLogEvents" || part("Value") == "internet";
        let points = |point: Value| Value::Array(if found { vec![point] } else { Vec::new() });
        asked.push(Asked::Metric(name.clone(), [part("Name"), part("Value")].join("=")));
        results.push(map(vec![
            ("Id", get(query, "Id").expect("an id").clone()),
            ("StatusCode", Value::from("Complete")),
            ("Timestamps", points(last_minute(root))),
            ("Values", points(Value::from(7.0))),
        ]));
    }
    (asked, map(vec![("MetricDataResults", Value::Array(results))]))
}

fn report(root: &Value, keys: &[(&str, &[&str])]) -> (Vec<Asked>, Value) {
    let rule = get(root, "RuleName").map(text).expect("a rule");
    let keys = keys.iter().find(|(name, _)| *name == rule).map(|(_, keys)| *keys);
    let contributor = keys.map(|keys| {
        let point = map(vec![("Timestamp", last_minute(root)), ("ApproximateValue", Value::from(1.0))]);
        map(vec![
            ("Keys", Value::Array(keys.iter().map(|key| Value::from(*key)).collect())),
            ("ApproximateAggregateValue", Value::from(1.0)),
            ("Datapoints", Value::Array(vec![point])),
        ])
    });
    let contributors: Vec<Value> = contributor.into_iter().collect();
    let root = map(vec![
        ("ApproximateUniqueCount", Value::from(contributors.len() as u64)),
        ("Contributors", Value::Array(contributors)),
    ]);
    (vec![Asked::Report(rule)], root)
}
