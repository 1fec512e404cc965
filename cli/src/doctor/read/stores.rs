//! Queues and the table.

use std::collections::BTreeMap;

use aws_adapters::signed::{Request, Service};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Reader, Refusal, existing};
use crate::doctor::facts::{Queue, Read, Table};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attributes {
    attributes: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Described {
    table: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Status {
    table_status: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Expiry {
    time_to_live_description: ExpiryStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ExpiryStatus {
    time_to_live_status: String,
}

impl Reader<'_> {
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>
    pub(super) async fn queue(&self, url: &str) -> Read<Option<Queue>> {
        const WAITING: [&str; 2] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let input = json!({ "QueueUrl": url, "AttributeNames": WAITING });
        let request = Request::json("1.0", "AmazonSQS.GetQueueAttributes", &input);
        let read = self.json::<Attributes>(Service::SQS, "sqs:GetQueueAttributes", request).await;
        let number = |found: &Attributes, name: &str| -> u64 {
            found.attributes.get(name).and_then(|number| number.parse().ok()).unwrap_or_default()
        };
        Ok(existing(read)?.map(|found| Queue { messages: WAITING.iter().map(|name| number(&found, name)).sum() }))
    }

    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html>
    pub(super) async fn table(&self, name: &str) -> Read<Option<Table>> {
        let input = json!({ "TableName": name });
        let read = self.dynamodb::<Described>("DescribeTable", "dynamodb:DescribeTable", &input).await;
        let Some(found) = existing(read)? else { return Ok(None) };
        let expiry = self.dynamodb::<Expiry>("DescribeTimeToLive", "dynamodb:DescribeTimeToLive", &input).await;
        let expiry = expiry.map(|found| found.time_to_live_description.time_to_live_status).map_err(Into::into);
        Ok(Some(Table { status: found.table.table_status, expiry }))
    }

    async fn dynamodb<T: DeserializeOwned>(
        &self,
        operation: &str,
        permission: &'static str,
        input: &Value,
    ) -> Result<T, Refusal> {
        let request = Request::json("1.0", &format!("DynamoDB_20120810.{operation}"), input);
        self.json(Service::DYNAMODB, permission, request).await
    }
}
