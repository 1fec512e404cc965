//! Incidents in an Amazon DynamoDB table.
//!
//! One item for each document, found by its name alone: no query and no scan, and no two documents that share a partition key.
//!
//! | Attribute | |
//! |---|---|
//! | `id` | the document's name, the partition key |
//! | `version` | grows by 1 with each write; every write is conditional on it |
//! | `body` | the document as JSON; what this version cannot read is told as it is |
//! | `expires_at` | seconds since the epoch: the table's time to live; missing where the document never expires |

use std::{collections::HashMap, time::Duration};

use alerting::{
    incident::state::next_version,
    incident::state::{ItemId, StoredItem, Versioned, Write},
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
/// How often a transaction is tried that the service cancels for throttling. The SDK retries calls that are throttled, not these:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>.
const MAX_WRITES: u32 = 5;
/// Before the second time; twice as long before each next one.
const WRITE_PAUSE: Duration = Duration::from_millis(50);

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
                // A transaction of somebody else was in the way:
                // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
                Some(
                    PutItemError::ConditionalCheckFailedException(_) | PutItemError::TransactionConflictException(_),
                ) => Ok(Commit::Conflict(Vec::new())),
                _ => Err(port_error("dynamodb PutItem", &error)),
            },
        }
    }
}

impl IncidentStore for DynamoIncidents {
    async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
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
        let mut pause = WRITE_PAUSE;
        for attempt in 1..=MAX_WRITES {
            // The SDK gives each call a token of its own, so that its retries write once.
            let write = self.client().await.transact_write_items().set_transact_items(Some(items.clone())).send();
            let Err(error) = write.await else { return Ok(Commit::Written) };
            let fate = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    match fate(reasons) {
                        Fate::Conflict => return Ok(Commit::Conflict(in_the_way(writes, reasons))),
                        fate => fate,
                    }
                }
                // A call that was throttled itself was tried by the SDK as often as the time allows.
                _ => Fate::Failed,
            };
            if fate == Fate::Failed || attempt == MAX_WRITES {
                return Err(port_error(CALL, &error));
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(PortError { call: CALL, reason: "never tried".to_owned() })
    }
}

/// What a cancelled transaction comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Others wrote: plan anew.
    Conflict,
    /// The table is busy: the same again, a little later.
    Again,
    /// It will never be written.
    Failed,
}

/// Judges the reasons of a cancelled transaction. One that waits for capacity outweighs a conflict, as the same transaction tells
/// of that again when there is capacity.
fn fate(reasons: &[CancellationReason]) -> Fate {
    let mut fate = Fate::Conflict;
    for reason in reasons {
        match reason.code() {
            None | Some("None" | "ConditionalCheckFailed" | "TransactionConflict") => {}
            Some("ThrottlingError" | "ProvisionedThroughputExceeded") => fate = Fate::Again,
            Some(_) => return Fate::Failed,
        }
    }
    fate
}

/// The documents that kept a transaction from being written; none if it is not known of all of them.
fn in_the_way(writes: &[Write], reasons: &[CancellationReason]) -> Vec<(ItemId, Versioned)> {
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
    // One without a body is unreadable, too.
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
    fn a_cancelled_transaction_is_a_conflict_or_throttled_or_wrong() {
        for (codes, expected) in [
            (&["None", "ConditionalCheckFailed"][..], Fate::Conflict),
            (&["TransactionConflict", "None"], Fate::Conflict),
            (&["None", "ThrottlingError"], Fate::Again),
            (&["ProvisionedThroughputExceeded", "ConditionalCheckFailed"], Fate::Again),
            (&["ConditionalCheckFailed", "ProvisionedThroughputExceeded"], Fate::Again),
            (&["ThrottlingError", "ValidationError"], Fate::Failed),
            (&["ItemCollectionSizeLimitExceeded"], Fate::Failed),
        ] {
            assert_eq!(fate(&reasons(codes)), expected, "{codes:?}");
        }
    }
}
