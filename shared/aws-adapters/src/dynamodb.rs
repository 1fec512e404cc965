//! Incidents in an Amazon DynamoDB table.
//!
//! Each document is one item with its own partition key. The functions read items by key alone; only a person's question scans the table.
//!
//! | Attribute | |
//! |---|---|
//! | `id` | the document's name, the partition key |
//! | `version` | grows by 1 with each write; every write is conditional on it |
//! | `body` | the document as JSON; a body that this version cannot read is returned unchanged |
//! | `expires_at` | the table's time to live, in seconds since the epoch; absent if the document never expires |

use std::{collections::HashMap, time::Duration};

use alerting::{
    incident::state::{INCIDENT_PREFIX, ItemId, StoredItem, Versioned, Write, next_version},
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

/// Items of one read (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
const MAX_KEYS: usize = 100;
/// Maximum calls for one read, as the service may leave keys unprocessed.
const MAX_READS: u32 = 6;
/// Pause before the second call; doubles with each further call.
const READ_PAUSE: Duration = Duration::from_millis(50);
/// Maximum attempts of a transaction that the service cancels for throttling. The SDK retries throttled calls, but not these:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>.
const MAX_WRITES: u32 = 5;
/// Pause before the second attempt; doubles with each further attempt.
const WRITE_PAUSE: Duration = Duration::from_millis(50);

/// Maximum pages of one scan, of 1 MB each.
const MAX_PAGES: u32 = 10_000;

type Item = HashMap<String, AttributeValue>;

/// An incident store in one table.
#[derive(Clone, Debug)]
pub struct DynamoIncidents {
    shared: Shared,
    client: OnceCell<Client>,
    table: String,
}

impl DynamoIncidents {
    /// Creates an adapter for a table whose partition key is the string attribute `id`.
    pub fn new(shared: Shared, table: impl Into<String>) -> Self {
        DynamoIncidents { shared, client: OnceCell::new(), table: table.into() }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| async { Client::new(self.shared.load().await) }).await
    }

    /// Reads the records of all incidents, by their ids, each as it was last written. It reads the whole table, page by page.
    ///
    /// # Errors
    /// The table could not be read, or has more than 10,000 pages.
    pub async fn incidents(&self) -> Result<Vec<(String, Versioned)>, PortError> {
        const CALL: &str = "dynamodb Scan";
        let mut found = Vec::new();
        let mut start = None;
        for _ in 0..MAX_PAGES {
            let page = self
                .client()
                .await
                .scan()
                .table_name(&self.table)
                .consistent_read(true)
                .filter_expression("begins_with(id, :prefix)")
                .expression_attribute_values(":prefix", AttributeValue::S(INCIDENT_PREFIX.to_owned()))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| port_error(CALL, &error))?;
            for item in page.items.unwrap_or_default() {
                found.push(document(&item)?);
            }
            // A page may be empty, and there may still be more.
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(found);
            }
        }
        Err(PortError { call: CALL, reason: format!("the table has more than {MAX_PAGES} pages") })
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
                // An earlier attempt of this call wrote the item, and its response was lost.
                Some(PutItemError::ConditionalCheckFailedException(failed)) if failed.item() == Some(&item) => {
                    Ok(Commit::Written)
                }
                // A concurrent transaction holds the item:
                // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
                Some(
                    PutItemError::ConditionalCheckFailedException(_) | PutItemError::TransactionConflictException(_),
                ) => Ok(Commit::Conflict(Vec::new())),
                _ => Err(port_error("dynamodb PutItem", &error)),
            },
        }
    }

    /// Reads at most [`MAX_KEYS`] items.
    async fn get_at_once(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
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
}

impl IncidentStore for DynamoIncidents {
    async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MAX_KEYS) {
            found.extend(self.get_at_once(ids).await?);
        }
        Ok(found)
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
        let mut pause = WRITE_PAUSE;
        for attempt in 1..=MAX_WRITES {
            // The SDK gives each call its own idempotency token, so its retries write once.
            let write = self.client().await.transact_write_items().set_transact_items(Some(items.clone())).send();
            let Err(error) = write.await else { return Ok(Commit::Written) };
            let cancellation = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    match classify(reasons) {
                        Cancellation::Conflict => return Ok(Commit::Conflict(conflicting(writes, reasons))),
                        other => other,
                    }
                }
                // The SDK has already retried a throttled call as often as the time allows.
                _ => Cancellation::Failed,
            };
            if cancellation == Cancellation::Failed || attempt == MAX_WRITES {
                return Err(port_error(CALL, &error));
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(PortError { call: CALL, reason: "never attempted".to_owned() })
    }
}

/// What a cancelled transaction means for its writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancellation {
    /// Another writer was first. The caller plans again.
    Conflict,
    /// The table is throttled. The same transaction is retried after a pause.
    Retry,
    /// A retry cannot help.
    Failed,
}

/// Classifies the reasons of a cancelled transaction. Throttling takes precedence over a conflict: the retry reports the conflict
/// again once there is capacity.
fn classify(reasons: &[CancellationReason]) -> Cancellation {
    let mut cancellation = Cancellation::Conflict;
    for reason in reasons {
        match reason.code() {
            None | Some("None" | "ConditionalCheckFailed" | "TransactionConflict") => {}
            Some("ThrottlingError" | "ProvisionedThroughputExceeded") => cancellation = Cancellation::Retry,
            Some(_) => return Cancellation::Failed,
        }
    }
    cancellation
}

/// Returns the documents that conflicted with a transaction, or none if the response does not include all of them.
fn conflicting(writes: &[Write], reasons: &[CancellationReason]) -> Vec<(ItemId, Versioned)> {
    let content = writes.iter().zip(reasons).filter(|(_, reason)| !matches!(reason.code(), None | Some("None")));
    let found = content.map(|(write, reason)| Some((write.id.clone(), document(reason.item()?).ok()?.1)));
    found.collect::<Option<_>>().unwrap_or_default()
}

fn item(write: &Write) -> Result<Item, PortError> {
    let body = write
        .doc
        .to_text()
        .map_err(|error| PortError { call: "dynamodb", reason: format!("cannot write a document: {error}") })?;
    let mut item = HashMap::from([
        ("id".to_owned(), AttributeValue::S(write.id.text())),
        ("version".to_owned(), AttributeValue::N(next_version(write.expected).to_string())),
        ("body".to_owned(), AttributeValue::S(body)),
    ]);
    if let Some(at) = write.expires_at {
        item.insert("expires_at".to_owned(), AttributeValue::N((at.0 / 1_000).to_string()));
    }
    Ok(item)
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
    let wrong = |what: &str| PortError { call: "dynamodb", reason: format!("cannot read the item {id}: {what}") };
    let version = item.get("version").and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
    let version = version.ok_or_else(|| wrong("it has no version"))?;
    // A missing body is treated as an unreadable document.
    let doc = StoredItem::from_text(text("body").map_or("", String::as_str));
    Ok((id, Versioned { version, doc }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect()
    }

    #[test]
    fn a_cancelled_transaction_is_a_conflict_a_retry_or_a_failure() {
        for (codes, expected) in [
            (&["None", "ConditionalCheckFailed"][..], Cancellation::Conflict),
            (&["TransactionConflict", "None"], Cancellation::Conflict),
            (&["None", "ThrottlingError"], Cancellation::Retry),
            (&["ProvisionedThroughputExceeded", "ConditionalCheckFailed"], Cancellation::Retry),
            (&["ConditionalCheckFailed", "ProvisionedThroughputExceeded"], Cancellation::Retry),
            (&["ThrottlingError", "ValidationError"], Cancellation::Failed),
            (&["ItemCollectionSizeLimitExceeded"], Cancellation::Failed),
        ] {
            assert_eq!(classify(&reasons(codes)), expected, "{codes:?}");
        }
    }
}
