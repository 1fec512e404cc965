//! The log group of the flow logs.

use alerting::{
    detection::TEST_LOG_STREAM,
    time::{self, EpochMillis},
};
use aws_adapters::signed::{Request, Service};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Reader, Refusal, existing};
use crate::doctor::facts::{LogGroup, RECENT_MILLIS, Read, SubscriptionFilter};

/// Answers of a search that are read. One may be empty although more are to come.
const MAX_SEARCHES: usize = 10;

/// Records of one answer.
const MAX_RECORDS: usize = 1_000;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Groups {
    log_groups: Vec<Group>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Group {
    log_group_name: String,
    log_group_class: Option<String>,
    retention_in_days: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filters {
    subscription_filters: Vec<Filter>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    filter_name: String,
    filter_pattern: String,
    destination_arn: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Found {
    events: Vec<Event>,
    next_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    log_stream_name: String,
    timestamp: u64,
}

impl Reader<'_> {
    /// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>
    pub(super) async fn log_group(&self, name: &str) -> Read<Option<LogGroup>> {
        // The name itself is the first of those that begin with it.
        let input = json!({ "logGroupNamePrefix": name });
        let read: Groups = self.logs("DescribeLogGroups", "logs:DescribeLogGroups", &input).await?;
        let found = read.log_groups.into_iter().find(|group| group.log_group_name == name);
        Ok(found.map(|group| LogGroup {
            class: group.log_group_class.unwrap_or_else(|| "STANDARD".to_owned()),
            retention_days: group.retention_in_days,
        }))
    }

    /// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeSubscriptionFilters.html>
    pub(super) async fn filters(&self, log_group: &str) -> Read<Vec<SubscriptionFilter>> {
        let input = json!({ "logGroupName": log_group });
        let read = self.logs("DescribeSubscriptionFilters", "logs:DescribeSubscriptionFilters", &input).await;
        let Filters { subscription_filters } = existing(read)?.unwrap_or_default();
        let filter = |one: Filter| SubscriptionFilter {
            name: one.filter_name,
            pattern: one.filter_pattern,
            destination: one.destination_arn,
        };
        Ok(subscription_filters.into_iter().map(filter).collect())
    }

    /// Searches for a record. The times that log streams state are up to an hour late, and later in rare cases.
    ///
    /// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>,
    /// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogStream.html>, `lastEventTimestamp`.
    pub(super) async fn recent_record(&self, log_group: &str, now: EpochMillis) -> Read<Option<EpochMillis>> {
        let start = time::before(now, RECENT_MILLIS).0;
        let mut token: Option<String> = None;
        for _ in 0..MAX_SEARCHES {
            let mut input = json!({ "logGroupName": log_group, "startTime": start, "limit": MAX_RECORDS });
            if let Some(token) = token {
                input["nextToken"] = token.into();
            }
            let read = self.logs("FilterLogEvents", "logs:FilterLogEvents", &input).await;
            let Found { events, next_token } = existing(read)?.unwrap_or_default();
            let real = events.iter().filter(|event| event.log_stream_name != TEST_LOG_STREAM);
            let newest = real.map(|event| event.timestamp).max();
            if newest.is_some() || next_token.is_none() {
                return Ok(newest.map(EpochMillis));
            }
            token = next_token;
        }
        Ok(None)
    }

    async fn logs<T: serde::de::DeserializeOwned>(
        &self,
        operation: &str,
        permission: &'static str,
        input: &Value,
    ) -> Result<T, Refusal> {
        let request = Request::json("1.1", &format!("Logs_20140328.{operation}"), input);
        self.json(Service::CLOUDWATCH_LOGS, permission, request).await
    }
}
