//! Metrics and alarms.

use alerting::time::{self, EpochMillis};
use aws_adapters::signed::{Request, Service};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Reader, parameter};
use crate::{
    aws::{Members, Resource, Stack},
    doctor::{
        expected::{alarm_names, queue_name},
        facts::{Alarm, DAY_MILLIS, Metric, Metrics, Read, Runs},
    },
};

/// Version of the API.
const VERSION: &str = "2010-08-01";

/// Seconds of a data point. Points of 60 s would be more than a call answers with.
const PERIOD_SECONDS: u64 = 300;

/// Alarms of one call (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>).
const MAX_ALARMS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricAnswer {
    get_metric_data_result: MetricResults,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricResults {
    #[serde(default)]
    metric_data_results: Members<MetricResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricResult {
    id: String,
    #[serde(default)]
    timestamps: Members<String>,
    #[serde(default)]
    values: Members<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AlarmAnswer {
    describe_alarms_result: Alarms,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alarms {
    #[serde(default)]
    metric_alarms: Members<OneAlarm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneAlarm {
    alarm_name: String,
    #[serde(default)]
    alarm_description: String,
    #[serde(default)]
    state_value: String,
    #[serde(default = "yes")]
    actions_enabled: bool,
}

/// The default of an alarm.
fn yes() -> bool {
    true
}

/// A metric to ask for.
struct Question {
    namespace: String,
    name: String,
    dimension: Option<(&'static str, String)>,
    statistic: &'static str,
}

impl Question {
    fn new(namespace: &str, name: &str, dimension: &'static str, of: &str, statistic: &'static str) -> Question {
        let dimension = Some((dimension, of.to_owned()));
        Question { namespace: namespace.to_owned(), name: name.to_owned(), dimension, statistic }
    }

    fn own(stack: &Stack, suffix: &str) -> Question {
        let name = format!("{}{suffix}", parameter(stack, "MetricName"));
        Question { namespace: parameter(stack, "MetricNamespace").to_owned(), name, dimension: None, statistic: "Sum" }
    }

    fn age(queue: &str) -> Question {
        Question::new("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue_name(queue), "Maximum")
    }

    /// The parameters of the n-th query, from 1. Its id is `m` and the number.
    fn parameters(&self, number: usize) -> Vec<(String, String)> {
        let at = |name: &str| format!("MetricDataQueries.member.{number}.{name}");
        let mut parameters = vec![
            (at("Id"), format!("m{number}")),
            (at("MetricStat.Metric.Namespace"), self.namespace.clone()),
            (at("MetricStat.Metric.MetricName"), self.name.clone()),
            (at("MetricStat.Period"), PERIOD_SECONDS.to_string()),
            (at("MetricStat.Stat"), self.statistic.to_owned()),
        ];
        if let Some((name, value)) = &self.dimension {
            parameters.push((at("MetricStat.Metric.Dimensions.member.1.Name"), (*name).to_owned()));
            parameters.push((at("MetricStat.Metric.Dimensions.member.1.Value"), value.clone()));
        }
        parameters
    }
}

impl Reader<'_> {
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
    pub(super) async fn metrics(&self, stack: &Stack, timer_function: Option<&str>, now: EpochMillis) -> Read<Metrics> {
        let output = |name: &str| stack.output(name).unwrap_or_default();
        let runs = |function: &str| {
            ["Invocations", "Errors", "Throttles"]
                .map(|name| Question::new("AWS/Lambda", name, "FunctionName", function, "Sum"))
        };
        let incoming = Question::new("AWS/Logs", "IncomingLogEvents", "LogGroupName", output("LogGroupName"), "Sum");
        let ages = ["FailureQueueUrl", "TimerFailureQueueUrl"].map(|name| Question::age(output(name)));
        let mut questions = vec![incoming, Question::own(stack, "-Native"), Question::own(stack, "")];
        questions.extend(ages);
        questions.extend(runs(output("FunctionName")));
        // Without its name nothing is known of it, which its own check says.
        questions.extend(timer_function.into_iter().flat_map(runs));
        let answer: MetricAnswer =
            self.xml(Service::CLOUDWATCH, "cloudwatch:GetMetricData", metric_request(&questions, now)).await?;
        let results = answer.get_metric_data_result.metric_data_results.member;
        let metric = |number: usize| {
            let result = results.iter().find(|result| result.id == format!("m{number}"));
            result.map(metric).unwrap_or_default()
        };
        let runs =
            |first: usize| Runs { invocations: metric(first), errors: metric(first + 1), throttles: metric(first + 2) };
        Ok(Metrics {
            incoming: metric(1),
            native: metric(2),
            published: metric(3),
            failure_age: metric(4),
            timer_failure_age: metric(5),
            function: runs(6),
            timer_function: runs(9),
        })
    }

    /// Reads the stack's alarms.
    pub(super) async fn alarms(&self, resources: &Read<Vec<Resource>>) -> Read<Vec<Alarm>> {
        let resources = resources.as_ref().map_err(Clone::clone)?;
        let names: Vec<&str> = alarm_names(resources).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let numbered = (1..).zip(&names).map(|(number, name)| (format!("AlarmNames.member.{number}"), *name));
        let parameters = numbered.take(MAX_ALARMS).chain([("MaxRecords".to_owned(), "100")]);
        let request = Request::query("DescribeAlarms", VERSION, parameters);
        let answer: AlarmAnswer = self.xml(Service::CLOUDWATCH, "cloudwatch:DescribeAlarms", request).await?;
        let alarm = |one: OneAlarm| Alarm {
            name: one.alarm_name,
            state: one.state_value,
            description: one.alarm_description,
            actions_enabled: one.actions_enabled,
        };
        Ok(answer.describe_alarms_result.metric_alarms.member.into_iter().map(alarm).collect())
    }
}

fn metric_request(questions: &[Question], now: EpochMillis) -> Request {
    let times = [("StartTime", time::before(now, DAY_MILLIS)), ("EndTime", now)];
    let mut parameters: Vec<(String, String)> = times.map(|(name, at)| (name.to_owned(), time::iso_millis(at))).into();
    parameters.push(("ScanBy".to_owned(), "TimestampDescending".to_owned()));
    parameters.extend((1..).zip(questions).flat_map(|(number, question)| question.parameters(number)));
    Request::query("GetMetricData", VERSION, parameters.iter().map(|(name, value)| (name.clone(), value.as_str())))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts and ages")]
fn metric(result: &MetricResult) -> Metric {
    let whole = |value: f64| value.round() as u64;
    let points: Vec<(Option<Timestamp>, f64)> =
        result.timestamps.member.iter().map(|at| at.parse().ok()).zip(result.values.member.iter().copied()).collect();
    let newest = points.iter().filter(|(_, value)| *value > 0.0).filter_map(|(at, _)| *at).max();
    let last = points.iter().max_by_key(|(at, _)| *at).map_or(0.0, |(_, value)| *value);
    Metric {
        sum: whole(points.iter().map(|(_, value)| value).sum()),
        last: whole(last),
        newest: newest.map(|at| EpochMillis(u64::try_from(at.as_millisecond()).unwrap_or_default())),
        points: points.len(),
    }
}
