//! Fake SQS queues: a received message is invisible until it is deleted or released.
//!
//! - <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
//! - <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html>

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::{Answer, Call};

/// Queues by the end of their URL.
#[derive(Clone, Default)]
pub(crate) struct Queues(Arc<Mutex<BTreeMap<String, Vec<Message>>>>);

#[derive(Clone, Debug)]
struct Message {
    id: usize,
    body: String,
    visible: bool,
    /// How often it was received; a receipt has the number.
    received: usize,
}

impl Queues {
    /// With a message in a queue.
    pub(crate) fn with(self, queue: &str, body: &str) -> Queues {
        self.push(queue, body);
        self
    }

    fn push(&self, queue: &str, body: &str) {
        let mut queues = self.0.lock().unwrap();
        let messages = queues.entry(queue.to_owned()).or_default();
        let id = messages.iter().map(|message| message.id + 1).max().unwrap_or_default();
        messages.push(Message { id, body: body.to_owned(), visible: true, received: 0 });
    }

    /// The bodies in a queue: those that can be received, and those that are invisible.
    pub(crate) fn bodies(&self, queue: &str) -> (Vec<String>, Vec<String>) {
        let messages = self.0.lock().unwrap().get(queue).cloned().unwrap_or_default();
        let (visible, invisible): (Vec<_>, Vec<_>) = messages.into_iter().partition(|message| message.visible);
        let bodies = |messages: Vec<Message>| messages.into_iter().map(|message| message.body).collect();
        (bodies(visible), bodies(invisible))
    }

    /// Makes all messages visible, as the end of their visibility timeout does.
    pub(crate) fn time_out(&self) {
        self.0.lock().unwrap().values_mut().flatten().for_each(|message| message.visible = true);
    }

    /// Answers a call to SQS.
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        assert_eq!(call.service, "sqs", "{call:?}");
        let input = &call.json;
        let queue = input["QueueUrl"].as_str().unwrap().rsplit('/').next().unwrap();
        if call.operation == "SendMessage" {
            self.push(queue, input["MessageBody"].as_str().unwrap());
            return Answer::json(&json!({ "MessageId": "1" }));
        }
        let mut queues = self.0.lock().unwrap();
        let messages = queues.entry(queue.to_owned()).or_default();
        match &*call.operation {
            "GetQueueAttributes" => {
                let count = messages.iter().filter(|message| message.visible).count();
                Answer::json(&json!({ "Attributes": { "ApproximateNumberOfMessages": count.to_string() } }))
            }
            "ReceiveMessage" => receive(messages, input),
            "DeleteMessage" => {
                let at = find(messages, &input["ReceiptHandle"]).expect("a receipt of the latest reception");
                messages.remove(at);
                Answer::json(&json!({}))
            }
            "ChangeMessageVisibilityBatch" => release(messages, input),
            other => panic!("unexpected {other}"),
        }
    }
}

fn receive(messages: &mut [Message], input: &Value) -> Answer {
    assert_eq!((&input["MaxNumberOfMessages"], &input["VisibilityTimeout"]), (&json!(1), &json!(900)));
    // Those that were received least come first, as in a queue.
    let next = messages.iter_mut().filter(|message| message.visible).min_by_key(|message| message.received);
    let Some(message) = next else { return Answer::json(&json!({})) };
    (message.visible, message.received) = (false, message.received + 1);
    let receipt = format!("{}-{}", message.id, message.received);
    let id = message.id.to_string();
    Answer::json(&json!({ "Messages": [{ "MessageId": id, "ReceiptHandle": receipt, "Body": message.body }] }))
}

/// The message that a receipt is of, if it is of its latest reception.
fn find(messages: &[Message], receipt: &Value) -> Option<usize> {
    messages.iter().position(|message| *receipt == format!("{}-{}", message.id, message.received))
}

fn release(messages: &mut [Message], input: &Value) -> Answer {
    let entries = input["Entries"].as_array().unwrap();
    assert!((1..=10).contains(&entries.len()), "{input}");
    let mut failed = Vec::new();
    for entry in entries {
        assert_eq!(entry["VisibilityTimeout"], 0);
        match find(messages, &entry["ReceiptHandle"]) {
            Some(at) => messages[at].visible = true,
            None => failed.push(json!({ "Id": entry["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": true })),
        }
    }
    Answer::json(&json!({ "Successful": [], "Failed": failed }))
}
