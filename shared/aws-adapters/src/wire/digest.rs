//! Tests of what a digest reads from CloudWatch:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetInsightRuleReport.html>.

use std::collections::BTreeMap;

use alerting::{
    digest::{
        Answers, DataPoint, Known, Measure, MetricQuestion, MetricRequest, Questions, ReportQuestion, Rule, Span,
        Statistic, Unknown,
    },
    ports::DigestSource,
    time::EpochMillis,
};
use ciborium::Value;

use super::{
    cloudwatch::{cbor, error, map, number, text},
    service::{Answer, Fault, Request, Service, timed},
};
use crate::cloudwatch::{CloudWatchDigest, DIGEST_TIMEOUT, MAX_METRICS_PER_CALL, MAX_PAGES};

const PATH: &str = "POST /service/GraniteServiceVersion20100801/operation/";
const FROM: EpochMillis = EpochMillis(1_795_908_600_000);
const TO: EpochMillis = EpochMillis(1_795_995_000_000);
const SPAN: Span = Span { from: FROM, to: TO };
/// Data points of a page of the fake service.
const PAGE: usize = 3;

fn value(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}

fn time(millis: u64) -> Value {
    Value::Tag(1, Box::new(Value::from(millis as f64 / 1_000.0)))
}

fn ok(root: &Value) -> Answer {
    let mut body = Vec::new();
    ciborium::into_writer(root, &mut body).unwrap();
    cbor(200, body)
}

fn fields(request: &Request) -> BTreeMap<String, Value> {
    map(&ciborium::from_reader(request.body.as_slice()).unwrap())
}

fn millis(value: &Value) -> u64 {
    let Value::Tag(1, inner) = value else { panic!("{value:?}: a time must have tag 1") };
    (number(inner) * 1_000.0).round() as u64
}

/// A service that has `points` data points of each metric, the number of the metric in its call for their value.
fn service(points: usize) -> Service {
    Service::new(move |request| match request.line.strip_prefix(PATH) {
        Some("GetMetricData") => metric_data(request, points),
        Some("GetInsightRuleReport") => report(request),
        other => panic!("{other:?}"),
    })
}

fn metric_data(request: &Request, points: usize) -> Answer {
    let fields = fields(request);
    let queries = fields["MetricDataQueries"].as_array().unwrap();
    if queries.is_empty() || queries.len() > 500 {
        return error(400, "ValidationError", "The collection MetricDataQueries must have 1 to 500 members");
    }
    assert_eq!((millis(&fields["StartTime"]), millis(&fields["EndTime"])), (FROM.0, TO.0));
    let start: usize = fields.get("NextToken").map_or(0, |token| text(token).parse().unwrap());
    let end = (start + PAGE).min(points);
    let results = queries.iter().enumerate().map(|(number, query)| {
        let query = map(query);
        let stat = map(&query["MetricStat"]);
        let metric = map(&stat["Metric"]);
        let status = match text(&metric["MetricName"]).as_str() {
            "forbidden" => "Forbidden",
            "partial" => "PartialData",
            _ if end < points => "PartialData",
            _ => "Complete",
        };
        // A refused metric has no data points, as one that counted nothing.
        let end = if status == "Forbidden" { start } else { end };
        let times = (start..end).map(|index| time(FROM.0 + index as u64 * 900_000)).collect();
        let values = (start..end).map(|_| Value::from(number as f64 + 0.4)).collect();
        value(vec![
            ("Id", query["Id"].clone()),
            ("StatusCode", Value::from(status)),
            ("Timestamps", Value::Array(times)),
            ("Values", Value::Array(values)),
        ])
    });
    let mut root = vec![("MetricDataResults", Value::Array(results.collect()))];
    if end < points {
        root.push(("NextToken", Value::from(end.to_string())));
    }
    ok(&value(root))
}

fn report(request: &Request) -> Answer {
    let fields = fields(request);
    assert_eq!(fields["MaxContributorCount"].as_integer(), Some(100.into()));
    assert_eq!(text(&fields["OrderBy"]), "Sum");
    let name = text(&fields["RuleName"]);
    if name == "missing" {
        return error(404, "ResourceNotFoundException", "The rule does not exist");
    }
    let seconds = fields["Period"].as_integer().unwrap();
    let point = value(vec![("Timestamp", time(millis(&fields["StartTime"]))), ("ApproximateValue", Value::from(12.0))]);
    let contributor = value(vec![
        ("Keys", Value::Array(vec![Value::from("45.0.0.1"), Value::from(format!("{name} {}", i128::from(seconds)))])),
        ("ApproximateAggregateValue", Value::from(11.6)),
        ("Datapoints", Value::Array(vec![point])),
    ]);
    ok(&value(vec![
        ("KeyLabels", Value::Array(vec![Value::from("srcaddr"), Value::from("interface")])),
        ("AggregationStatistic", Value::from("Sum")),
        ("AggregateValue", Value::from(11.6)),
        ("ApproximateUniqueCount", Value::from(240)),
        ("Contributors", Value::Array(vec![contributor])),
        ("MetricDatapoints", Value::Array(Vec::new())),
    ]))
}

fn metric(measure: Measure, name: &str) -> MetricQuestion {
    MetricQuestion {
        measure,
        namespace: "Ping-Deny-Metrics".to_owned(),
        name: name.to_owned(),
        dimensions: vec![("Origin", "own".to_owned())],
        statistic: Statistic::Sum,
    }
}

fn questions(metrics: Vec<MetricQuestion>, rules: &[&str]) -> Questions {
    let report =
        |name: &&str| ReportQuestion { rule: Rule::Sources, name: (*name).to_owned(), span: SPAN, period_seconds: 900 };
    let request = MetricRequest { span: SPAN, period_seconds: 900, metrics };
    Questions { metrics: vec![request], reports: rules.iter().map(report).collect() }
}

async fn ask(service: &Service, questions: &Questions) -> Answers {
    CloudWatchDigest::new(service.shared().await).ask(questions).await
}

fn failed<T: std::fmt::Debug>(known: &Known<T>, cause: &str) {
    let Err(Unknown::Failed(reason)) = known else { panic!("{known:?} has not failed") };
    assert!(reason.contains(cause), "{reason} does not name {cause}");
}

#[tokio::test(start_paused = true)]
async fn data_points_of_all_pages_come_with_their_metric() {
    let service = service(7);
    let asked = questions(vec![metric(Measure::OwnRecords, "Ping-Deny"), metric(Measure::Skipped, "x")], &[]);
    let answers = ask(&service, &asked).await;
    let points = |value| (0..7).map(|index| DataPoint { at: EpochMillis(FROM.0 + index * 900_000), value }).collect();
    let expected = [(Measure::OwnRecords, Ok(points(0))), (Measure::Skipped, Ok(points(1)))].into();
    assert_eq!(answers, Answers { metrics: expected, reports: Vec::new() });
    let requests = service.requests();
    assert_eq!(requests.len(), 3, "pages of {PAGE}");
    let query = map(&fields(&requests[0])["MetricDataQueries"].as_array().unwrap()[0]);
    let stat = map(&query["MetricStat"]);
    let metric = map(&stat["Metric"]);
    assert_eq!((text(&stat["Stat"]), number(&stat["Period"])), ("Sum".to_owned(), 900.0));
    assert_eq!(
        (text(&metric["Namespace"]), text(&metric["MetricName"])),
        ("Ping-Deny-Metrics".into(), "Ping-Deny".into())
    );
    let dimension = map(&metric["Dimensions"].as_array().unwrap()[0]);
    assert_eq!((text(&dimension["Name"]), text(&dimension["Value"])), ("Origin".to_owned(), "own".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn more_metrics_than_fit_into_one_call_are_split() {
    let metrics = (0..2 * MAX_METRICS_PER_CALL + 1)
        .map(|number| metric(Measure::HeldBack(number.to_string()), &format!("metric-{number}")))
        .collect();
    let service = service(1);
    let answers = ask(&service, &questions(metrics, &[])).await;
    assert_eq!(service.requests().len(), 3);
    assert_eq!(answers.metrics.len(), 2 * MAX_METRICS_PER_CALL + 1);
    for (measure, points) in answers.metrics {
        let Measure::HeldBack(number) = measure else { panic!("{measure:?}") };
        let place = number.parse::<u64>().unwrap() % MAX_METRICS_PER_CALL as u64;
        assert_eq!(points, Ok(vec![DataPoint { at: FROM, value: place }]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_metric_without_data_points_is_known_and_one_that_failed_is_not() {
    let asked = questions(vec![metric(Measure::OwnRecords, "Ping-Deny")], &[]);
    assert_eq!(ask(&service(0), &asked).await.metrics[&Measure::OwnRecords], Ok(Vec::new()));
    for (name, status) in [("forbidden", "Forbidden"), ("partial", "PartialData")] {
        let asked = questions(vec![metric(Measure::OwnRecords, name), metric(Measure::Skipped, "Ping-Deny")], &[]);
        let answers = ask(&service(1), &asked).await;
        failed(&answers.metrics[&Measure::OwnRecords], status);
        assert!(answers.metrics[&Measure::Skipped].is_ok(), "{name}: the others are known");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_never_end_are_not_known() {
    let service = service(PAGE * (MAX_PAGES + 1));
    let answers = ask(&service, &questions(vec![metric(Measure::OwnRecords, "Ping-Deny")], &[])).await;
    failed(&answers.metrics[&Measure::OwnRecords], "more than 20 pages");
    assert_eq!(service.requests().len(), MAX_PAGES);
}

#[tokio::test(start_paused = true)]
async fn a_report_has_contributors_with_their_keys_and_times() {
    let answers = ask(&service(0), &questions(Vec::new(), &["rule-1", "missing", "rule-2"])).await;
    let reports: Vec<_> = answers.reports.iter().map(|(question, report)| (question.name.as_str(), report)).collect();
    assert_eq!(reports.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["rule-1", "missing", "rule-2"]);
    failed(reports[1].1, "ResourceNotFoundException");
    let report = reports[2].1.as_ref().unwrap();
    assert_eq!(report.distinct, 240);
    let [contributor] = &report.contributors[..] else { panic!("{report:?}") };
    assert_eq!(contributor.keys, ["45.0.0.1", "rule-2 900"]);
    assert_eq!((contributor.weight, &contributor.points[..]), (12, &[DataPoint { at: FROM, value: 12 }][..]));
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_is_not_known_and_says_so() {
    let service = service(1);
    service.always(&Fault::Refused(error(403, "AccessDenied", "not authorized to perform: cloudwatch:GetMetricData")));
    let asked = questions(vec![metric(Measure::OwnRecords, "Ping-Deny")], &["rule-1"]);
    let answers = ask(&service, &asked).await;
    failed(&answers.metrics[&Measure::OwnRecords], "cloudwatch GetMetricData: AccessDenied");
    failed(&answers.reports[0].1, "cloudwatch GetInsightRuleReport: AccessDenied");
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_are_retried() {
    let service = service(1);
    service.expect(vec![Fault::Refused(error(400, "Throttling", "Rate exceeded")); 3]);
    let answers = ask(&service, &questions(Vec::new(), &["rule-1"])).await;
    assert!(answers.reports[0].1.is_ok(), "{answers:?}");
    assert_eq!(service.requests().len(), 4);
}

/// A service that never responds takes the time limit once, however many calls there are.
#[tokio::test(start_paused = true)]
async fn all_calls_together_end_within_the_time_limit() {
    let service = service(1);
    service.always(&Fault::NoAnswer);
    let rules = vec!["rule"; 60];
    let (answers, took) = timed(ask(&service, &questions(vec![metric(Measure::OwnRecords, "x")], &rules))).await;
    assert!(took <= DIGEST_TIMEOUT + std::time::Duration::from_millis(10), "{took:?}");
    assert_eq!(answers.reports.len(), 60);
    let late = answers.reports.iter().filter(|(_, report)| *report == Err(Unknown::TooSlow)).count();
    assert!(late >= 55, "{late} of 60 ran out of time, the first ones of their own");
    assert!(answers.metrics[&Measure::OwnRecords].is_err());
}
