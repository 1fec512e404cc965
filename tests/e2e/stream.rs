//! Documents of CloudWatch Logs that arrive through a Kinesis stream.

use std::collections::VecDeque;

use sample_events::{Damage, event_json};
use serde_json::{Value, json};

use crate::harness::{Act, Outcome, Setup, World, batch_of, minutes_ago, rejected};

const PEER: &str = "203.0.113.12";
const OWN: &str = "172.31.16.139";

/// Attempts at a batch after the first one.
const MAX_RETRIES: u32 = 3;

/// A record of the stream, by its sequence number.
#[derive(Clone, Debug, PartialEq)]
struct Record {
    number: String,
    data: String,
}

/// The records with these data, in order.
fn records(data: &[String]) -> Vec<Record> {
    let record = |(n, data): (usize, &String)| Record { number: format!("4959033827{n:04}"), data: data.clone() };
    data.iter().enumerate().map(record).collect()
}

/// The data of a document with one rejected ping of an account's host, in a log stream.
fn ping(account: &str, log_stream: &str, host: &str, minute: u64) -> String {
    let line = rejected(host, PEER, 1, 4, minutes_ago(9) + 60 * minute).replace("123456789010", account);
    let mut batch = batch_of(&[line]);
    (batch.owner, batch.log_stream) = (account.to_owned(), log_stream.to_owned());
    data(&event_json(&batch, None))
}

/// The data of an event of CloudWatch Logs: a record of a stream has the same.
fn data(event: &str) -> String {
    let event: Value = serde_json::from_str(event).expect("an event is JSON");
    event["awslogs"]["data"].as_str().expect("an event has data").to_owned()
}

/// The event of some records (<https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>).
fn event(records: &[Record]) -> String {
    let one = |Record { number, data }: &Record| {
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0", "partitionKey": "1", "sequenceNumber": number, "data": data,
                "approximateArrivalTimestamp": 1_545_084_650.987
            },
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": format!("shardId-000000000006:{number}"),
            "eventName": "aws:kinesis:record", "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789010:stream/flow-logs"
        })
    };
    json!({ "Records": records.iter().map(one).collect::<Vec<_>>() }).to_string()
}

/// What an event source mapping does with records, as AWS documents it: on an error it tries the batch again in halves, and on failed items
/// all from the first one. What fails too often is for the destination, all that is left of its batch.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
async fn deliver(world: &mut World, records: Vec<Record>) -> Vec<Record> {
    let mut for_destination = Vec::new();
    let mut waiting = VecDeque::from([(records, 0)]);
    while let Some((batch, attempt)) = waiting.pop_front() {
        let left = match world.send(&event(&batch)).await {
            Outcome::Error { .. } if batch.len() > 1 => {
                let (one, other) = batch.split_at(batch.len() / 2);
                waiting.push_front((other.to_vec(), attempt + 1));
                waiting.push_front((one.to_vec(), attempt + 1));
                continue;
            }
            Outcome::Error { .. } => batch,
            Outcome::Response(response) => {
                let failed = failed(&response);
                batch.into_iter().skip_while(|record| !failed.contains(&record.number)).collect()
            }
        };
        match left.is_empty() {
            true => {}
            false if attempt < MAX_RETRIES => waiting.push_front((left, attempt + 1)),
            false => for_destination.extend(left),
        }
    }
    for_destination
}

/// The sequence numbers in a response.
fn failed(response: &Value) -> Vec<String> {
    let Value::Object(keys) = response else { panic!("{response}") };
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["batchItemFailures"], "nothing that Lambda does not know");
    let items = response["batchItemFailures"].as_array().expect("a list");
    items.iter().map(|item| item["itemIdentifier"].as_str().expect("a sequence number").to_owned()).collect()
}

/// Records counted in the metric.
fn counted(world: &World) -> f64 {
    world.cloudwatch.puts().iter().map(|put| put.sum("Ping-Deny")).sum()
}

#[tokio::test]
async fn the_documents_of_a_stream_are_one_email_and_one_call_for_metrics() {
    let mut world = World::start().await;
    let documents = [ping("123456789010", "eni-1-all", OWN, 0), ping("123456789010", "eni-2-all", "172.31.16.140", 1)];
    assert_eq!(deliver(&mut world, records(&documents)).await, []);
    let email = world.sns.email();
    assert!(email.body.contains("172.31.16.139") && email.body.contains("172.31.16.140"), "{}", email.body);
    assert_eq!((world.cloudwatch.puts().len(), counted(&world)), (1, 2.0));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_costs_only_itself() {
    let mut world = Setup::aws().start().await;
    let broken = data(&event_json(&batch_of(&[rejected(OWN, PEER, 1, 4, minutes_ago(9))]), Some(Damage::Checksum)));
    let mut documents: Vec<String> = (0..9).map(|n| ping("123456789010", &format!("eni-{n}-all"), OWN, n)).collect();
    documents[4] = broken;
    documents[6] = "no base64".to_owned();
    let records = records(&documents);
    assert_eq!(
        failed(&response(&mut world, &records).await),
        [records[4].number.clone(), records[6].number.clone()],
        "the others are not to come again"
    );
    let for_destination = deliver(&mut world, records.clone()).await;
    assert_eq!(for_destination, records[4..], "with what came after it, which is counted");
    assert_eq!((world.sns.emails().len(), counted(&world)), (1, 7.0));
    let log = world.stop().await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let unreadable = lines.iter().filter_map(|line| line["Ping-Deny-Unreadable"].as_f64());
    assert_eq!(unreadable.sum::<f64>(), 2.0 * f64::from(MAX_RETRIES + 2), "each time: it is for an alarm");
    let error = lines.iter().find(|line| line["sequence_number"] == records[4].number).expect("a line for the record");
    assert!(error["reason"].as_str().is_some_and(|reason| reason.contains("checksum")), "{error}");
}

async fn response(world: &mut World, records: &[Record]) -> Value {
    match world.send(&event(records)).await {
        Outcome::Response(response) => response,
        Outcome::Error { kind, message } => panic!("{kind}: {message}"),
    }
}

#[tokio::test]
async fn accounts_have_incidents_of_their_own() {
    let mut world = World::start().await;
    let documents = ["111111111111", "222222222222", "111111111111"].map(|account| ping(account, "eni-1-all", OWN, 0));
    assert_eq!(deliver(&mut world, records(&documents)).await, []);
    let emails = world.sns.emails();
    assert_eq!(emails.len(), 2);
    for (email, account) in emails.iter().zip(["111111111111", "222222222222"]) {
        assert!(email.body.contains(account), "{account}: {}", email.body);
    }
    assert_eq!(counted(&world), 2.0, "the third document is the first one again");
}

#[tokio::test]
async fn ec2_is_asked_of_the_function_s_own_account_only() {
    let mut world = World::start().await;
    assert_eq!(deliver(&mut world, records(&[ping("222222222222", "eni-1-all", OWN, 0)])).await, []);
    let email = world.sns.email();
    assert!(!email.body.contains("web-1"), "the address is a host of another account: {}", email.body);
    assert!(email.body.contains("they are in another account or region than the function"), "{}", email.body);
    assert!(email.body.contains(" --log-account 222222222222 --log-region ap-northeast-1 "), "{}", email.body);
    assert_eq!(world.ec2.attempts().len(), 0);
    assert_eq!(deliver(&mut world, records(&[ping("123456789010", "eni-1-all", OWN, 0)])).await, []);
    assert!(world.sns.emails()[1].body.starts_with("web-1 "), "{}", world.sns.emails()[1].body);
}

#[tokio::test]
async fn records_whose_email_cannot_be_sent_come_again_and_are_counted_once() {
    let mut world = World::start().await;
    world.sns.script().first(&[Act::Deny]);
    let documents = ["111111111111", "222222222222"].map(|account| ping(account, "eni-1-all", OWN, 0));
    let records = records(&documents);
    assert_eq!(failed(&response(&mut world, &records).await), [records[0].number.clone()]);
    assert_eq!(deliver(&mut world, records).await, []);
    assert_eq!((world.sns.emails().len(), counted(&world)), (2, 2.0));
}

#[tokio::test]
async fn an_event_without_records_that_can_be_told_apart_fails() {
    let mut world = World::start().await;
    for event in [event(&[]), event(&records(&["AAAA".to_owned()])).replace("sequenceNumber", "number")] {
        assert!(world.send(&event).await.error().starts_with("cannot read the event"));
    }
    assert_eq!(world.calls(), 0);
}
