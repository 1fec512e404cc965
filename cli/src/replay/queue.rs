//! A queue, from which each message is received once.

use std::collections::HashMap;

use aws_adapters::signed::{Caller, Request, Service};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws::{Session, failed};

/// How long a received message stays invisible to others. Those that are left become visible again at the end.
const VISIBILITY_TIMEOUT_SECONDS: u32 = 900;
/// How long a call waits for a message. It then asks all servers of the queue.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>
const WAIT_SECONDS: u32 = 1;
/// Maximum messages of one release
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html>).
const MAX_BATCH: usize = 10;

/// A received message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Message {
    message_id: String,
    receipt_handle: String,
    pub(super) body: String,
}

/// A queue and what was received of it.
#[derive(Debug)]
pub(super) struct Queue {
    caller: Caller,
    url: String,
    /// The latest receipt of each message that was received and not deleted.
    received: HashMap<String, String>,
    /// Messages in a row that had been received before.
    repeats: usize,
}

impl Queue {
    pub(super) fn new(session: &Session, url: &str) -> Queue {
        Queue { caller: session.caller(Service::SQS), url: url.to_owned(), received: HashMap::new(), repeats: 0 }
    }

    async fn call(&self, action: &str, mut input: Value) -> Result<Vec<u8>, String> {
        input["QueueUrl"] = json!(self.url);
        let request = Request::json("1.0", &format!("AmazonSQS.{action}"), &input);
        self.caller.call(request).await.map_err(|error| failed(&format!("sqs:{action}"), &error))
    }

    /// Returns roughly how many messages can be received; none where that is not allowed.
    pub(super) async fn waiting(&self) -> Option<u64> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            attributes: HashMap<String, String>,
        }
        const NAME: &str = "ApproximateNumberOfMessages";
        let answer = self.call("GetQueueAttributes", json!({ "AttributeNames": [NAME] })).await.ok()?;
        serde_json::from_slice::<Answer>(&answer).ok()?.attributes.get(NAME)?.parse().ok()
    }

    /// Receives the next message that was not received before; none after the last one.
    ///
    /// A message that is left becomes visible again while a long queue is worked on. It is received again then, and stays for the end.
    pub(super) async fn next(&mut self) -> Result<Option<Message>, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            messages: Option<Vec<Message>>,
        }
        loop {
            let input = json!({
                "MaxNumberOfMessages": 1, "VisibilityTimeout": VISIBILITY_TIMEOUT_SECONDS, "WaitTimeSeconds": WAIT_SECONDS,
            });
            let answer = self.call("ReceiveMessage", input).await?;
            let answer: Answer = serde_json::from_slice(&answer)
                .map_err(|error| format!("sqs:ReceiveMessage: cannot read the answer: {error}"))?;
            let Some(message) = answer.messages.unwrap_or_default().into_iter().next() else { return Ok(None) };
            match self.received.insert(message.message_id.clone(), message.receipt_handle.clone()) {
                None => {
                    self.repeats = 0;
                    return Ok(Some(message));
                }
                // Each of those that are left was there again: there is no other one.
                Some(_) if self.repeats >= self.received.len() => return Ok(None),
                Some(_) => self.repeats += 1,
            }
        }
    }

    /// Deletes a received message.
    pub(super) async fn delete(&mut self, message: &Message) -> Result<(), String> {
        self.call("DeleteMessage", json!({ "ReceiptHandle": message.receipt_handle })).await?;
        self.received.remove(&message.message_id);
        Ok(())
    }

    /// Sends a message.
    pub(super) async fn send(&self, body: &str) -> Result<(), String> {
        self.call("SendMessage", json!({ "MessageBody": body })).await.map(drop)
    }

    /// Makes the messages visible again that were received and not deleted.
    pub(super) async fn release(&mut self) -> Result<(), String> {
        let left: Vec<String> = self.received.drain().map(|(_, receipt)| receipt).collect();
        for receipts in left.chunks(MAX_BATCH) {
            let entries: Vec<Value> = receipts
                .iter()
                .enumerate()
                .map(|(id, receipt)| json!({ "Id": id.to_string(), "ReceiptHandle": receipt, "VisibilityTimeout": 0 }))
                .collect();
            // One whose receipt has expired is visible already: the answer says so, and that is no failure.
            self.call("ChangeMessageVisibilityBatch", json!({ "Entries": entries })).await?;
        }
        Ok(())
    }
}
