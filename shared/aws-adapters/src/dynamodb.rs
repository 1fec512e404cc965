//! Incidents in an Amazon DynamoDB table.
//!
//! One item for each document, found by its name alone: no query and no scan, and no two documents that share a partition key.
//!
//! | Attribute | |
//! |---|---|
//! | `id` | the document's name, the partition key |
//! | `version` | grows by 1 with each write; every write is conditional on it |
//! | `body` | the document as JSON |
//! | `expires_at` | seconds since the epoch: the table's time to live |

use std::{collections::HashMap, time::Duration};

use alerting::{
    engine::next_version,
    incident::state::{Doc, DocId, Versioned, Write},
    ports::{Commit, IncidentStore, PortError},
};
use aws_sdk_dynamodb::{
    Client,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{
        AttributeValue, CancellationReason, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem,
    },
};
use tokio::sync::OnceCell;

use crate::client::{Shared, port_error};

/// How often keys are asked for again that the service left unprocessed.
const MAX_READS: u32 = 6;
/// Before the first such time; twice as long before each next one.
const READ_PAUSE: Duration = Duration::from_millis(50);

type Item = HashMap<String, AttributeValue>;

/// Remembers incidents in one table.
#[derive(Clone, Debug)]
pub struct DynamoIncidents {
    shared: Shared,
    client: OnceCell<Client>,
    table: String,
}

impl DynamoIncidents {
    /// An adapter for a table whose partition key is the text attribute `id`.
    pub fn new(shared: Shared, table: impl Into<String>) -> Self {
        DynamoIncidents { shared, client: OnceCell::new(), table: table.into() }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| async { Client::new(self.shared.load().await) }).await
    }

    async fn put_one(&self, write: &Write) -> Result<Commit, PortError> {
        let item = item(write)?;
        let (condition, values) = condition(write);
        let put = self
            .client()
            .await
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.clone()))
            .condition_expression(condition)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(Commit::Written),
            Err(error) => match error.as_service_error() {
                // An attempt of this very call whose answer was lost had written it.
                Some(PutItemError::ConditionalCheckFailedException(failed)) if failed.item() == Some(&item) => {
                    Ok(Commit::Written)
                }
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(Commit::Conflict(Vec::new())),
                _ => Err(port_error("dynamodb PutItem", &error)),
            },
        }
    }
}

impl IncidentStore for DynamoIncidents {
    async fn get(&self, ids: &[DocId]) -> Result<Vec<Option<Versioned>>, PortError> {
        const CALL: &str = "dynamodb BatchGetItem";
        let mut keys = KeysAndAttributes::builder().consistent_read(true);
        for id in ids {
            keys = keys.keys(HashMap::from([("id".to_owned(), AttributeValue::S(id.text()))]));
        }
        let keys = keys.build().map_err(|error| PortError { call: CALL, reason: error.to_string() })?;
        let mut waiting = Some(HashMap::from([(self.table.clone(), keys)]));
        let mut found: HashMap<String, Versioned> = HashMap::new();
        let mut pause = READ_PAUSE;
        for _ in 0..MAX_READS {
            let read = self.client().await.batch_get_item().set_request_items(waiting.take()).send().await;
            let read = read.map_err(|error| port_error(CALL, &error))?;
            for item in read.responses.unwrap_or_default().into_values().flatten() {
                let (id, versioned) = document(&item)?;
                found.insert(id, versioned);
            }
            waiting = read.unprocessed_keys.filter(|keys| !keys.is_empty());
            if waiting.is_none() {
                return Ok(ids.iter().map(|id| found.remove(&id.text())).collect());
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(PortError { call: CALL, reason: format!("keys were left unprocessed {MAX_READS} times") })
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, PortError> {
        const CALL: &str = "dynamodb TransactWriteItems";
        if let [only] = writes {
            return self.put_one(only).await;
        }
        let mut items = Vec::with_capacity(writes.len());
        for write in writes {
            let (condition, values) = condition(write);
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item(write)?))
                .condition_expression(condition)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .build()
                .map_err(|error| PortError { call: CALL, reason: error.to_string() })?;
            items.push(TransactWriteItem::builder().put(put).build());
        }
        // The SDK gives each call a token of its own, so that its retries write once.
        match self.client().await.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(Commit::Written),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                    if cancelled.cancellation_reasons().iter().all(|reason| {
                        matches!(reason.code(), None | Some("None" | "ConditionalCheckFailed" | "TransactionConflict"))
                    }) =>
                {
                    Ok(Commit::Conflict(in_the_way(writes, cancelled.cancellation_reasons())))
                }
                _ => Err(port_error(CALL, &error)),
            },
        }
    }
}

/// The documents that kept a transaction from being written; none if it is not known of all of them.
fn in_the_way(writes: &[Write], reasons: &[CancellationReason]) -> Vec<(DocId, Versioned)> {
    let told = writes.iter().zip(reasons).filter(|(_, reason)| !matches!(reason.code(), None | Some("None")));
    let found = told.map(|(write, reason)| Some((write.id.clone(), document(reason.item()?).ok()?.1)));
    found.collect::<Option<_>>().unwrap_or_default()
}

fn item(write: &Write) -> Result<Item, PortError> {
    let body = serde_json::to_string(&write.doc)
        .map_err(|error| PortError { call: "dynamodb", reason: format!("cannot write a document: {error}") })?;
    Ok(HashMap::from([
        ("id".to_owned(), AttributeValue::S(write.id.text())),
        ("version".to_owned(), AttributeValue::N(next_version(write.expected).to_string())),
        ("body".to_owned(), AttributeValue::S(body)),
        ("expires_at".to_owned(), AttributeValue::N((write.expires_at.0 / 1_000).to_string())),
    ]))
}

fn condition(write: &Write) -> (&'static str, Option<Item>) {
    match write.expected {
        None => ("attribute_not_exists(id)", None),
        Some(version) => (
            "version = :expected",
            Some(HashMap::from([(":expected".to_owned(), AttributeValue::N(version.to_string()))])),
        ),
    }
}

fn document(item: &Item) -> Result<(String, Versioned), PortError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let id = text("id").cloned().unwrap_or_default();
    let wrong = |what: String| PortError { call: "dynamodb", reason: format!("cannot read the item {id}: {what}") };
    let version = item.get("version").and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
    let version = version.ok_or_else(|| wrong("it has no version".to_owned()))?;
    let body = text("body").ok_or_else(|| wrong("it has no body".to_owned()))?;
    let doc: Doc = serde_json::from_str(body).map_err(|error| wrong(error.to_string()))?;
    Ok((id, Versioned { version, doc }))
}
