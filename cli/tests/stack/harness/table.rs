//! A fake DynamoDB table: conditional writes, batch reads and scans, as far as the commands use them.
//!
//! - <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html>
//! - <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
//! - <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html>

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::{Answer, Call};

/// The table's name.
pub(crate) const TABLE: &str = "incidents";

/// The table.
#[derive(Clone, Default)]
pub(crate) struct Table(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    items: BTreeMap<String, Value>,
    /// How often somebody else still writes, each time between a read and a write of the command.
    others: u32,
}

impl Table {
    /// With an item of this version and body.
    pub(crate) fn with(self, id: &str, version: u64, body: &Value) -> Table {
        self.put(id, version, &body.to_string());
        self
    }

    /// The same, where somebody else writes so many times after each read.
    pub(crate) fn with_others(self, others: u32) -> Table {
        self.0.lock().unwrap().others = others;
        self
    }

    fn put(&self, id: &str, version: u64, body: &str) {
        let item = json!({ "id": { "S": id }, "version": { "N": version.to_string() }, "body": { "S": body } });
        self.0.lock().unwrap().items.insert(id.to_owned(), item);
    }

    /// Version and body of an item.
    pub(crate) fn item(&self, id: &str) -> Option<(u64, Value)> {
        let state = self.0.lock().unwrap();
        let item = state.items.get(id)?;
        let version = item["version"]["N"].as_str().unwrap().parse().unwrap();
        Some((version, serde_json::from_str(item["body"]["S"].as_str().unwrap()).unwrap()))
    }

    /// Answers a call to DynamoDB.
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        assert_eq!(call.service, "dynamodb", "{call:?}");
        let mut state = self.0.lock().unwrap();
        match &*call.operation {
            "BatchGetItem" => state.batch_get(&call.json),
            "PutItem" => state.put_item(&call.json),
            "Scan" => state.scan(&call.json),
            other => panic!("unexpected {other}"),
        }
    }
}

impl State {
    fn batch_get(&mut self, call: &Value) -> Answer {
        let request = &call["RequestItems"][TABLE];
        assert_eq!(request["ConsistentRead"], true, "{call}");
        let keys = request["Keys"].as_array().unwrap().clone();
        assert!(keys.len() <= 100, "{call}");
        let found = keys.iter().filter_map(|key| self.items.get(key["id"]["S"].as_str().unwrap()));
        let answer = Answer::json(&json!({ "Responses": { TABLE: found.collect::<Vec<_>>() }, "UnprocessedKeys": {} }));
        if self.others > 0 {
            self.others -= 1;
            for key in keys {
                self.write_of_another(key["id"]["S"].as_str().unwrap());
            }
        }
        answer
    }

    /// The same body with the next version.
    fn write_of_another(&mut self, id: &str) {
        let empty = json!({ "id": { "S": id }, "version": { "N": "0" }, "body": { "S": r#"{"silences":[]}"# } });
        let item = self.items.entry(id.to_owned()).or_insert(empty);
        let version: u64 = item["version"]["N"].as_str().unwrap().parse().unwrap();
        item["version"]["N"] = json!((version + 1).to_string());
    }

    fn put_item(&mut self, call: &Value) -> Answer {
        assert_eq!(call["TableName"], TABLE);
        let id = call["Item"]["id"]["S"].as_str().unwrap();
        let stored = self.items.get(id);
        let values = &call["ExpressionAttributeValues"];
        let holds = match call["ConditionExpression"].as_str() {
            Some("attribute_not_exists(id)") => stored.is_none() && values.is_null(),
            Some("version = :expected") => stored.is_some_and(|item| item["version"] == values[":expected"]),
            other => panic!("a write under the condition {other:?}"),
        };
        if !holds {
            let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
            return Answer::json_error(400, code, "The conditional request failed");
        }
        self.items.insert(id.to_owned(), call["Item"].clone());
        Answer::json(&json!({}))
    }

    /// One item a page, whether or not the filter lets it through.
    fn scan(&self, call: &Value) -> Answer {
        assert_eq!((&call["TableName"], &call["ConsistentRead"]), (&json!(TABLE), &json!(true)));
        assert_eq!(call["FilterExpression"], "begins_with(id, :prefix)");
        let prefix = call["ExpressionAttributeValues"][":prefix"]["S"].as_str().unwrap();
        let start = call["ExclusiveStartKey"]["id"]["S"].as_str().unwrap_or_default();
        let Some((id, item)) = self.items.iter().find(|(id, _)| id.as_str() > start) else {
            return Answer::json(&json!({ "Items": [], "Count": 0 }));
        };
        let items: Vec<&Value> = [item].into_iter().filter(|_| id.starts_with(prefix)).collect();
        Answer::json(&json!({ "Items": items, "Count": items.len(), "LastEvaluatedKey": { "id": { "S": id } } }))
    }
}
