//! Data points as lines of a function's log, from which CloudWatch takes them: the embedded metric format
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::collections::BTreeMap;

use flow_log::EpochMillis;
use serde_json::{Map, Value, json};

use crate::metrics::point::{Dimension, Point, Unit};

/// Points of one time, and the sets of dimensions under which each of them counts.
type Document<'p> = (EpochMillis, Vec<&'p Point>, Vec<&'p [Dimension]>);

/// Data points as JSON documents of one line each.
///
/// The format has no statistic sets: a point becomes one sample, its sum. Points of one time with the same sums share a document,
/// where one of them has no dimensions.
pub fn documents(points: &[Point], namespace: &str) -> Vec<String> {
    let mut by_time: BTreeMap<(EpochMillis, &[Dimension]), Vec<&Point>> = BTreeMap::new();
    for point in points {
        by_time.entry((point.at, &point.dimensions)).or_default().push(point);
    }
    let mut documents: Vec<Document<'_>> = Vec::new();
    for ((at, dimensions), points) in by_time {
        let shared = documents
            .last_mut()
            .filter(|(time, same, sets)| *time == at && sets[..] == [&[][..]] && sums(same).eq(sums(&points)));
        match shared {
            Some((.., sets)) => sets.push(dimensions),
            None => documents.push((at, points, vec![dimensions])),
        }
    }
    documents.iter().map(|(at, points, sets)| document(*at, points, sets, namespace)).collect()
}

fn sums<'p>(points: &[&'p Point]) -> impl Iterator<Item = (&'p str, u64)> {
    points.iter().map(|point| (point.name.as_str(), point.sample.sum))
}

fn document(at: EpochMillis, points: &[&Point], sets: &[&[Dimension]], namespace: &str) -> String {
    let definitions: Vec<Value> = points
        .iter()
        .map(|point| {
            let unit = match point.unit {
                Unit::Count => "Count",
                Unit::Seconds => "Seconds",
            };
            json!({ "Name": point.name, "Unit": unit })
        })
        .collect();
    let names: Vec<Vec<&str>> = sets.iter().map(|set| set.iter().map(|(name, _)| *name).collect()).collect();
    let directive = json!({ "Namespace": namespace, "Dimensions": names, "Metrics": definitions });
    let mut root = Map::new();
    root.insert("_aws".to_owned(), json!({ "Timestamp": at.0, "CloudWatchMetrics": [directive] }));
    for (name, value) in sets.iter().copied().flatten() {
        root.insert((*name).to_owned(), json!(value));
    }
    for (name, sum) in sums(points) {
        root.insert(name.to_owned(), json!(sum));
    }
    Value::Object(root).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Sample;

    fn point(name: &str, at: u64, sum: u64, origin: Option<&'static str>) -> Point {
        let sample = Sample { count: 3, sum, min: 1, max: 9 };
        let dimensions = origin.map(|origin| ("Origin", origin.into())).into_iter().collect();
        Point { name: name.to_owned(), at: EpochMillis(at), sample, unit: Unit::Count, dimensions }
    }

    #[test]
    fn background_alone_is_one_line_a_minute() {
        let points = [
            point("P", 60_000, 3, None),
            point("P-Packets", 60_000, 8, None),
            point("P", 60_000, 3, Some("internet")),
            point("P-Packets", 60_000, 8, Some("internet")),
            point("P", 120_000, 1, None),
        ];
        assert_eq!(
            documents(&points, "N"),
            [
                r#"{"Origin":"internet","P":3,"P-Packets":8,"_aws":{"CloudWatchMetrics":[{"Dimensions":[[],["Origin"]],"Metrics":[{"Name":"P","Unit":"Count"},{"Name":"P-Packets","Unit":"Count"}],"Namespace":"N"}],"Timestamp":60000}}"#,
                r#"{"P":1,"_aws":{"CloudWatchMetrics":[{"Dimensions":[[]],"Metrics":[{"Name":"P","Unit":"Count"}],"Namespace":"N"}],"Timestamp":120000}}"#,
            ]
        );
    }

    #[test]
    fn a_rule_and_its_origin_are_one_set_of_dimensions() {
        let of_rule = |rule: &'static str, sum| {
            let mut point = point("Reject", 60_000, sum, Some("own"));
            point.dimensions.insert(0, ("Rule", rule.into()));
            point
        };
        // Pings of the same sums, and another rule of the same sum: two values of one dimension need two lines.
        assert_eq!(
            documents(&[point("P", 60_000, 4, None), of_rule("reply", 4), of_rule("request", 4)], "N"),
            [
                r#"{"P":4,"_aws":{"CloudWatchMetrics":[{"Dimensions":[[]],"Metrics":[{"Name":"P","Unit":"Count"}],"Namespace":"N"}],"Timestamp":60000}}"#,
                r#"{"Origin":"own","Reject":4,"Rule":"reply","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Rule","Origin"]],"Metrics":[{"Name":"Reject","Unit":"Count"}],"Namespace":"N"}],"Timestamp":60000}}"#,
                r#"{"Origin":"own","Reject":4,"Rule":"request","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Rule","Origin"]],"Metrics":[{"Name":"Reject","Unit":"Count"}],"Namespace":"N"}],"Timestamp":60000}}"#,
            ]
        );
    }

    #[test]
    fn what_differs_by_origin_is_a_line_of_its_own() {
        let points = [
            point("P", 60_000, 3, None),
            point("P", 60_000, 1, Some("internet")),
            point("P", 60_000, 2, Some("own")),
            // The same sums as before, under another name.
            point("Q", 120_000, 2, None),
            point("P", 120_000, 2, Some("own")),
            // Two origins with the same sums: one member cannot have two values.
            point("P", 180_000, 2, Some("own")),
            point("P", 180_000, 2, Some("private")),
        ];
        let dimensions: Vec<(Value, Value)> = documents(&points, "N")
            .iter()
            .map(|line| {
                let document: Value = serde_json::from_str(line).unwrap();
                (document["_aws"]["CloudWatchMetrics"][0]["Dimensions"].clone(), document["Origin"].clone())
            })
            .collect();
        let (none, origin) = (json!([[]]), json!([["Origin"]]));
        assert_eq!(
            dimensions,
            [
                (none.clone(), Value::Null),
                (origin.clone(), json!("internet")),
                (origin.clone(), json!("own")),
                (none, Value::Null),
                (origin.clone(), json!("own")),
                (origin.clone(), json!("own")),
                (origin, json!("private")),
            ]
        );
    }
}
