//! Flow logs to the log group.

use aws_adapters::signed::{Request, Service};
use serde::Deserialize;

use super::{MAX_PAGES, Reader};
use crate::doctor::facts::{FlowLog, Read};

/// Version of the API.
const VERSION: &str = "2016-11-15";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    flow_log_set: Items,
    next_token: Option<String>,
}

#[derive(Default, Deserialize)]
struct Items {
    #[serde(default)]
    item: Vec<Item>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Item {
    flow_log_id: String,
    resource_id: String,
    flow_log_status: String,
    deliver_logs_status: String,
    deliver_logs_error_message: String,
    traffic_type: String,
    log_format: String,
    max_aggregation_interval: u64,
}

impl Reader<'_> {
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeFlowLogs.html>
    pub(super) async fn flow_logs(&self, log_group: &str) -> Read<Vec<FlowLog>> {
        let (mut all, mut token): (Vec<FlowLog>, Option<String>) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let filter = [("Filter.1.Name".to_owned(), "log-group-name"), ("Filter.1.Value.1".to_owned(), log_group)];
            let token_parameter = token.as_deref().map(|token| ("NextToken".to_owned(), token));
            let request = Request::query("DescribeFlowLogs", VERSION, filter.into_iter().chain(token_parameter));
            let page: Answer = self.xml(Service::EC2, "ec2:DescribeFlowLogs", request).await?;
            all.extend(page.flow_log_set.item.into_iter().map(FlowLog::from));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        Ok(all)
    }
}

impl From<Item> for FlowLog {
    fn from(item: Item) -> Self {
        FlowLog {
            id: item.flow_log_id,
            resource: item.resource_id,
            status: item.flow_log_status,
            delivery: item.deliver_logs_status,
            delivery_error: item.deliver_logs_error_message,
            traffic: item.traffic_type,
            format: item.log_format,
            interval_seconds: item.max_aggregation_interval,
        }
    }
}
