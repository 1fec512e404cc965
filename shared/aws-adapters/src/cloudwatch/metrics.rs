//! Publishing metrics.

#![expect(clippy::print_stdout, reason = "what a function prints is in its log, where CloudWatch looks for metrics")]

use std::time::Duration;

use alerting::{
    metrics::{self, Point, Unit},
    ports::{MetricSink, PortError},
};
use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{Dimension, MetricDatum, StandardUnit, StatisticSet},
};
use tokio::sync::OnceCell;

use crate::client::{Shared, port_error};

/// Maximum data points in one call:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>.
pub const MAX_POINTS_PER_CALL: usize = 1_000;

/// How long publishing metrics waits for emails that are being sent. Sending one usually takes about 50 ms. One that hangs must
/// not prevent metrics from being published.
pub const MAX_WAIT_FOR_EMAILS: Duration = Duration::from_millis(1_000);

/// A metric sink for one namespace.
#[derive(Clone, Debug)]
pub struct CloudWatchMetrics {
    shared: Shared,
    client: OnceCell<Client>,
    namespace: String,
}

impl CloudWatchMetrics {
    /// Creates an adapter that publishes to a namespace.
    pub fn new(shared: Shared, namespace: impl Into<String>) -> Self {
        CloudWatchMetrics { shared, client: OnceCell::new(), namespace: namespace.into() }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| async { Client::new(self.shared.load().await) }).await
    }
}

impl MetricSink for CloudWatchMetrics {
    async fn publish(&self, points: &[Point]) -> Result<(), PortError> {
        for chunk in points.chunks(MAX_POINTS_PER_CALL) {
            self.client()
                .await
                .put_metric_data()
                .namespace(&self.namespace)
                .set_metric_data(Some(chunk.iter().map(datum).collect()))
                .send()
                .await
                .map_err(|error| port_error("cloudwatch PutMetricData", &error))?;
        }
        Ok(())
    }

    fn log(&self, points: &[Point]) {
        for document in metrics::documents(points, &self.namespace) {
            println!("{document}");
        }
    }

    async fn publish_deadline(&self) {
        tokio::time::sleep(MAX_WAIT_FOR_EMAILS).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "CloudWatch's values are doubles; counts stay far below 2^53")]
fn datum(point: &Point) -> MetricDatum {
    let sample = point.sample;
    let dimensions =
        point.dimensions.iter().map(|(name, value)| Dimension::builder().name(*name).value(&**value).build());
    MetricDatum::builder()
        .metric_name(&point.name)
        .timestamp(DateTime::from_millis(point.at.to_i64()))
        .unit(match point.unit {
            Unit::Count => StandardUnit::Count,
            Unit::Seconds => StandardUnit::Seconds,
        })
        .set_dimensions(Some(dimensions.collect()).filter(|dimensions: &Vec<_>| !dimensions.is_empty()))
        .statistic_values(
            StatisticSet::builder()
                .sample_count(sample.count as f64)
                .sum(sample.sum as f64)
                .minimum(sample.min as f64)
                .maximum(sample.max as f64)
                .build(),
        )
        .build()
}
