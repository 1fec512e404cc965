//! A fake DynamoDB table: conditional writes, transactions and batch reads, as far as the store uses them.
//!
//! - <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html>
//! - <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
//! - <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
//! - <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html>

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::{
    json_error,
    service::{Answer, Request, Service},
};

/// The table's name.
pub(crate) const TABLE: &str = "incidents";
/// Maximum keys of one read, and writes of one transaction.
const MAX_ITEMS: usize = 100;

/// The table behind the service.
#[derive(Clone, Default)]
pub(crate) struct Table(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    items: BTreeMap<String, Value>,
    /// Each item before its last write, which an eventually consistent read may return.
    stale: BTreeMap<String, Value>,
    /// Written transactions by their tokens.
    done: BTreeMap<String, Value>,
    /// Number of keys that each of the next reads processes.
    processed: VecDeque<usize>,
}

/// The error response to a rejected call.
type Refused = Answer;

impl Table {
    pub(crate) fn service(&self) -> Service {
        let table = self.clone();
        Service::new(move |request| table.handle(request).unwrap_or_else(|refused| refused))
    }

    /// Sets how many keys each of the next reads processes. Later reads process all keys.
    pub(crate) fn process(&self, keys: impl IntoIterator<Item = usize>) {
        self.0.lock().unwrap().processed.extend(keys);
    }

    /// Returns an item.
    pub(crate) fn item(&self, id: &str) -> Option<Value> {
        self.0.lock().unwrap().items.get(id).cloned()
    }

    /// Deletes an item, as its expiry does.
    pub(crate) fn delete(&self, id: &str) {
        self.0.lock().unwrap().items.remove(id);
    }

    fn handle(&self, request: &Request) -> Result<Answer, Refused> {
        let signed = request.header("authorization").contains("/ap-northeast-1/dynamodb/aws4_request");
        if request.line != "POST /" || !signed || request.header("content-type") != "application/x-amz-json-1.0" {
            return Err(error("com.amazon.coral.service", "UnrecognizedClientException", "The request is not signed."));
        }
        let mut state = self.0.lock().unwrap();
        let body = request.json();
        match request.header("x-amz-target") {
            "DynamoDB_20120810.PutItem" => state.put_item(&body),
            "DynamoDB_20120810.TransactWriteItems" => state.transact(&body),
            "DynamoDB_20120810.BatchGetItem" => state.batch_get(&body),
            "DynamoDB_20120810.Scan" => state.scan(&body),
            other => Err(error("com.amazon.coral.service", "UnknownOperationException", other)),
        }
    }
}

impl State {
    fn put(&mut self, id: String, item: Value) {
        match self.items.insert(id.clone(), item) {
            Some(before) => self.stale.insert(id, before),
            None => self.stale.remove(&id),
        };
    }

    fn put_item(&mut self, put: &Value) -> Result<Answer, Refused> {
        let (id, holds) = self.check(put)?;
        if !holds {
            let mut body = json!({
                "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "message": "The conditional request failed"
            });
            if let Some(item) = self.content(put, &id) {
                body["Item"] = item;
            }
            return Err(answer(400, &body));
        }
        self.put(id, put["Item"].clone());
        Ok(answer(200, &json!({})))
    }

    fn transact(&mut self, body: &Value) -> Result<Answer, Refused> {
        let puts: Vec<&Value> = body["TransactItems"].as_array().unwrap().iter().map(|item| &item["Put"]).collect();
        if puts.is_empty() || puts.len() > MAX_ITEMS {
            return Err(validation("Member must have length less than or equal to 100"));
        }
        let token = body["ClientRequestToken"].as_str().unwrap_or_default().to_owned();
        match self.done.get(&token) {
            Some(same) if same == body => return Ok(answer(200, &json!({}))),
            Some(_) => return Err(error(NAMESPACE, "IdempotentParameterMismatchException", "")),
            None => {}
        }
        let checked = puts.iter().map(|put| self.check(put)).collect::<Result<Vec<_>, _>>()?;
        let ids: BTreeSet<&String> = checked.iter().map(|(id, _)| id).collect();
        if ids.len() < checked.len() {
            return Err(validation("Transaction request cannot include multiple operations on one item"));
        }
        if checked.iter().any(|(_, holds)| !holds) {
            let reasons = checked.iter().zip(&puts).map(|((id, holds), put)| {
                let code = if *holds { "None" } else { "ConditionalCheckFailed" };
                (code, self.content(put, id).filter(|_| !holds))
            });
            return Err(cancelled(reasons));
        }
        for ((id, _), put) in checked.into_iter().zip(puts) {
            self.put(id, put["Item"].clone());
        }
        if !token.is_empty() {
            self.done.insert(token, body.clone());
        }
        Ok(answer(200, &json!({})))
    }

    /// Returns the item's id, and whether its condition holds.
    fn check(&self, put: &Value) -> Result<(String, bool), Refused> {
        if put["TableName"] != TABLE {
            return Err(error(NAMESPACE, "ResourceNotFoundException", "Requested resource not found"));
        }
        let Some(id) = put["Item"]["id"]["S"].as_str() else {
            return Err(validation("One or more parameter values were invalid: Missing the key id in the item"));
        };
        let now = self.items.get(id);
        let values = &put["ExpressionAttributeValues"];
        let holds = match put["ConditionExpression"].as_str() {
            None => true,
            Some(condition) => holds(condition, now, values).ok_or_else(|| {
                validation(&format!("Invalid ConditionExpression: {condition} with the values {values}"))
            })?,
        };
        Ok((id.to_owned(), holds))
    }

    /// Returns the existing item, if the write requests it on a failed condition.
    fn content(&self, put: &Value, id: &str) -> Option<Value> {
        self.items.get(id).filter(|_| put["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD").cloned()
    }

    fn batch_get(&mut self, body: &Value) -> Result<Answer, Refused> {
        let request = &body["RequestItems"][TABLE];
        let keys = request["Keys"].as_array().cloned().unwrap_or_default();
        if keys.is_empty() || keys.len() > MAX_ITEMS {
            return Err(validation("Too many items requested for the BatchGetItem call"));
        }
        let ids: BTreeSet<&str> = keys.iter().filter_map(|key| key["id"]["S"].as_str()).collect();
        if ids.len() < keys.len() {
            return Err(validation("Provided list of item keys contains duplicates"));
        }
        let processed = self.processed.pop_front().unwrap_or(keys.len()).min(keys.len());
        let (left, done) = keys.split_at(keys.len() - processed);
        let from = if request["ConsistentRead"] == true { &self.items } else { &self.stale };
        // The order of the response is undefined, so the last key comes first here.
        let found: Vec<&Value> = done.iter().rev().filter_map(|key| from.get(key["id"]["S"].as_str()?)).collect();
        let mut unprocessed = json!({});
        if !left.is_empty() {
            unprocessed[TABLE] = json!({"Keys": left, "ConsistentRead": request["ConsistentRead"]});
        }
        Ok(answer(200, &json!({"Responses": {TABLE: found}, "UnprocessedKeys": unprocessed})))
    }
}

impl State {
    /// A page has one item, or none where the filter does not let it through.
    fn scan(&self, body: &Value) -> Result<Answer, Refused> {
        if body["TableName"] != TABLE {
            return Err(error(NAMESPACE, "ResourceNotFoundException", "Requested resource not found"));
        }
        let values = &body["ExpressionAttributeValues"];
        let prefix = values[":prefix"]["S"].as_str().filter(|_| body["FilterExpression"] == "begins_with(id, :prefix)");
        let prefix = prefix.ok_or_else(|| validation(&format!("Invalid FilterExpression with the values {values}")))?;
        let from = if body["ConsistentRead"] == true { &self.items } else { &self.stale };
        let start = body["ExclusiveStartKey"]["id"]["S"].as_str().unwrap_or_default();
        let Some((id, item)) = from.iter().find(|(id, _)| id.as_str() > start) else {
            return Ok(answer(200, &json!({"Items": [], "Count": 0})));
        };
        let items: Vec<&Value> = [item].into_iter().filter(|_| id.starts_with(prefix)).collect();
        Ok(answer(200, &json!({"Items": items, "LastEvaluatedKey": {"id": {"S": id}}})))
    }
}

/// Returns whether a condition of one term holds. `None` if the condition or its values are invalid.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>
fn holds(condition: &str, item: Option<&Value>, values: &Value) -> Option<bool> {
    let exists = |path: &str| item.is_some_and(|item| !item[path].is_null());
    let function = |name: &str| condition.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(path) = function("attribute_not_exists") {
        return values.is_null().then(|| !exists(path));
    }
    if let Some(path) = function("attribute_exists") {
        return values.is_null().then(|| exists(path));
    }
    let (path, value) = condition.split_once(" = ")?;
    let given = values.as_object().filter(|given| given.len() == 1)?.get(value)?;
    Some(item.is_some_and(|item| item[path] == *given))
}

/// The namespace of DynamoDB's own errors.
const NAMESPACE: &str = "com.amazonaws.dynamodb.v20120810";

/// Returns the response to a cancelled transaction: for each write a code and, if returned, the conflicting item.
pub(crate) fn cancelled<'a>(reasons: impl IntoIterator<Item = (&'a str, Option<Value>)>) -> Answer {
    let (mut codes, mut content) = (Vec::new(), Vec::new());
    for (code, item) in reasons {
        codes.push(code);
        let mut reason = json!({"Code": code});
        if code != "None" {
            reason["Message"] = json!(format!("{code} is the reason"));
        }
        if let Some(item) = item {
            reason["Item"] = item;
        }
        content.push(reason);
    }
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    let body = json!({
        "__type": format!("{NAMESPACE}#TransactionCanceledException"),
        "Message": format!("{message} [{}]", codes.join(", ")),
        "CancellationReasons": content
    });
    answer(400, &body)
}

/// Returns an error with DynamoDB's own namespace.
pub(crate) fn refused(status: u16, code: &str) -> Answer {
    json_error(status, NAMESPACE, code, "no")
}

fn error(namespace: &str, code: &str, message: &str) -> Answer {
    json_error(400, namespace, code, message)
}

fn validation(message: &str) -> Answer {
    error("com.amazon.coral.validate", "ValidationException", message)
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer::new(status, "application/x-amz-json-1.0", body.to_string())
}
