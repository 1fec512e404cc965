//! What a digest states, from metrics and Contributor Insights reports.

use std::{collections::BTreeMap, time::Duration};

use alerting::{
    digest::{
        Answers, Contributor, DataPoint, Known, MAX_CONTRIBUTORS, Measure, MetricQuestion, MetricRequest, Questions,
        Report, ReportQuestion, Statistic, Unknown,
    },
    ports::{DigestSource, PortError},
    time::EpochMillis,
};
use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{Dimension, InsightRuleContributor, Metric, MetricDataQuery, MetricDataResult, MetricStat, StatusCode},
};
use futures_util::{StreamExt, future, stream};
use tokio::{
    sync::OnceCell,
    time::{Instant, timeout_at},
};

use crate::client::{Shared, port_error};

/// Time limit of all calls together. What has not come by then is not known. The rest of the function's 30 s is for the email.
pub const DIGEST_TIMEOUT: Duration = Duration::from_millis(15_000);

/// Maximum metrics of one call:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>.
pub const MAX_METRICS_PER_CALL: usize = 500;

/// Maximum pages of one call's answer. A page has up to 100,800 data points, so one or two are usual.
pub const MAX_PAGES: usize = 20;

/// Reports that are asked for at the same time. CloudWatch allows 20 such calls a second
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>).
pub const MAX_CALLS_AT_ONCE: usize = 5;

/// Reads metrics and reports.
#[derive(Clone, Debug)]
pub struct CloudWatchDigest {
    shared: Shared,
    client: OnceCell<Client>,
}

impl CloudWatchDigest {
    /// Creates an adapter. No connection is opened yet.
    pub fn new(shared: Shared) -> Self {
        CloudWatchDigest { shared, client: OnceCell::new() }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| async { Client::new(self.shared.load().await) }).await
    }

    /// Reads the metrics of one call, page by page.
    async fn metrics(
        &self,
        request: &MetricRequest,
        metrics: &[MetricQuestion],
    ) -> Result<Vec<Known<Vec<DataPoint>>>, PortError> {
        const CALL: &str = "cloudwatch GetMetricData";
        let queries = metrics.iter().enumerate().map(|(index, metric)| query(index, metric, request.period_seconds));
        let call = self
            .client()
            .await
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(date_time(request.span.from))
            .end_time(date_time(request.span.to));
        let mut found = vec![Found::default(); metrics.len()];
        let mut next = None;
        for _ in 0..MAX_PAGES {
            let page = call.clone().set_next_token(next).send().await;
            let page = page.map_err(|error| port_error(CALL, &error))?;
            for result in page.metric_data_results() {
                let place = result.id().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                if let Some(found) = place.and_then(|place| found.get_mut(place)) {
                    found.add(result);
                }
            }
            next = page.next_token;
            if next.is_none() {
                return Ok(found.into_iter().map(Found::known).collect());
            }
        }
        Err(PortError { call: CALL, reason: format!("more than {MAX_PAGES} pages") })
    }

    async fn report(&self, question: &ReportQuestion) -> Result<Report, PortError> {
        let call = self
            .client()
            .await
            .get_insight_rule_report()
            .rule_name(&question.name)
            .start_time(date_time(question.span.from))
            .end_time(date_time(question.span.to))
            .period(i32::try_from(question.period_seconds).unwrap_or(i32::MAX))
            .max_contributor_count(i32::try_from(MAX_CONTRIBUTORS).unwrap_or(i32::MAX))
            .order_by("Sum");
        let report = call.send().await.map_err(|error| port_error("cloudwatch GetInsightRuleReport", &error))?;
        Ok(Report {
            contributors: report.contributors().iter().map(contributor).collect(),
            distinct: report.approximate_unique_count().and_then(|count| u64::try_from(count).ok()).unwrap_or_default(),
        })
    }
}

impl DigestSource for CloudWatchDigest {
    async fn ask(&self, questions: &Questions) -> Answers {
        let deadline = Instant::now() + DIGEST_TIMEOUT;
        let chunks = questions
            .metrics
            .iter()
            .flat_map(|request| request.metrics.chunks(MAX_METRICS_PER_CALL).map(move |metrics| (request, metrics)));
        let metrics = future::join_all(chunks.map(|(request, metrics)| async move {
            let found = timeout_at(deadline, self.metrics(request, metrics)).await;
            let found = known(found).unwrap_or_else(|unknown| vec![Err(unknown); metrics.len()]);
            metrics.iter().map(|metric| metric.measure.clone()).zip(found).collect::<Vec<_>>()
        }));
        let reports = questions.reports.iter().cloned().map(|question| async move {
            let found = known(timeout_at(deadline, self.report(&question)).await);
            (question, found)
        });
        let reports = stream::iter(reports).buffered(MAX_CALLS_AT_ONCE).collect::<Vec<_>>();
        let (metrics, reports) = future::join(metrics, reports).await;
        let metrics: BTreeMap<Measure, Known<Vec<DataPoint>>> = metrics.into_iter().flatten().collect();
        Answers { metrics, reports }
    }
}

fn known<T, E>(found: Result<Result<T, PortError>, E>) -> Known<T> {
    found.map_err(|_| Unknown::TooSlow)?.map_err(|error| Unknown::Failed(error.to_string()))
}

/// The data points of a metric so far, and the status of the latest page that had some of it.
#[derive(Clone, Debug, Default)]
struct Found {
    points: Vec<DataPoint>,
    status: Option<StatusCode>,
}

impl Found {
    fn add(&mut self, result: &MetricDataResult) {
        let pairs = result.timestamps().iter().zip(result.values());
        self.points.extend(pairs.map(|(at, value)| DataPoint { at: epoch_millis(at), value: whole(*value) }));
        self.status = result.status_code().cloned();
    }

    /// What is known after the last page: a metric may fail or lack points while the call succeeds, and must then not look like a zero.
    fn known(self) -> Known<Vec<DataPoint>> {
        match self.status {
            Some(StatusCode::Complete) => Ok(self.points),
            Some(status) => Err(Unknown::Failed(format!("cloudwatch GetMetricData: {}", status.as_str()))),
            None => Err(Unknown::Failed("cloudwatch GetMetricData: no answer for this metric".to_owned())),
        }
    }
}

fn query(index: usize, metric: &MetricQuestion, period_seconds: u32) -> MetricDataQuery {
    let dimensions = metric.dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(*name).value(value).build()).collect();
    let named =
        Metric::builder().namespace(&metric.namespace).metric_name(&metric.name).set_dimensions(Some(dimensions));
    let stat = MetricStat::builder()
        .metric(named.build())
        .period(i32::try_from(period_seconds).unwrap_or(i32::MAX))
        .stat(match metric.statistic {
            Statistic::Sum => "Sum",
            Statistic::Maximum => "Maximum",
        })
        .build();
    // An id begins with a small letter.
    MetricDataQuery::builder().id(format!("m{index}")).metric_stat(stat).build()
}

fn contributor(contributor: &InsightRuleContributor) -> Contributor {
    Contributor {
        keys: contributor.keys().to_vec(),
        weight: whole(contributor.approximate_aggregate_value().unwrap_or_default()),
        points: contributor
            .datapoints()
            .iter()
            .filter_map(|point| {
                Some(DataPoint { at: epoch_millis(point.timestamp()?), value: whole(point.approximate_value()?) })
            })
            .collect(),
    }
}

fn date_time(at: EpochMillis) -> DateTime {
    DateTime::from_millis(at.to_i64())
}

/// A time before the epoch becomes the epoch.
fn epoch_millis(at: &DateTime) -> EpochMillis {
    EpochMillis(at.to_millis().ok().and_then(|millis| u64::try_from(millis).ok()).unwrap_or_default())
}

/// The whole number next to a value of CloudWatch; what is negative or no number is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a double saturates")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}
