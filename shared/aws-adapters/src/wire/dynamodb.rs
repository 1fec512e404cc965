//! Tests of the DynamoDB adapter: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html>.

use std::time::Duration;

use alerting::{
    detection::{LogSource, Rule},
    incident::{
        IncidentKey, Signal,
        state::{ItemId, StoredItem, Versioned, Write},
    },
    ports::{Commit, IncidentStore, PortError},
    time::EpochMillis,
};
use serde_json::{Value, json};

use super::{
    assert_fails,
    service::{Answer, Fault, LATENCY, Request, Service, timed},
    table::{TABLE, Table, cancelled, refused},
    times,
};
use crate::{
    client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, OPERATION_TIMEOUT},
    dynamodb::DynamoIncidents,
};

/// Not a whole number of seconds.
const EXPIRES: EpochMillis = EpochMillis(1_795_425_134_567);
const LATER: EpochMillis = EpochMillis(1_795_425_135_567);

const PUT: &str = "dynamodb PutItem";
const TRANSACT: &str = "dynamodb TransactWriteItems";
const READ: &str = "dynamodb BatchGetItem";

/// A table, the service in front of it, and the store that writes to it.
async fn setup() -> (Table, Service, DynamoIncidents) {
    let table = Table::default();
    let service = table.service();
    let store = DynamoIncidents::new(service.shared().await, TABLE);
    (table, service, store)
}

fn id(name: &str) -> ItemId {
    ItemId::Incident(IncidentKey::new(
        Rule::Ping,
        &LogSource::logged_in("123456789010", "eu-west-1", name),
        Signal::Private,
    ))
}

/// A document with a text that identifies it.
fn doc(text: &str) -> StoredItem {
    let lease = json!({"owner": text, "until": 1_795_425_134_000_u64});
    serde_json::from_value(json!({"batch": {"lease": lease, "done": false, "metrics_published": true, "opened": []}}))
        .unwrap()
}

fn write(name: &str, expected: Option<u64>, text: &str) -> Write {
    Write { id: id(name), expected, doc: doc(text), expires_at: Some(EXPIRES) }
}

/// Writes a new document.
async fn prepare(store: &DynamoIncidents, name: &str, text: &str) {
    assert_eq!(store.commit(&[write(name, None, text)]).await, Ok(Commit::Written));
}

/// Returns version and content of a document in the table.
fn stored(table: &Table, name: &str) -> Option<(u64, StoredItem)> {
    let item = table.item(&id(name).text())?;
    let version = item["version"]["N"].as_str().unwrap().parse().unwrap();
    Some((version, serde_json::from_str(item["body"]["S"].as_str().unwrap()).unwrap()))
}

/// Asserts a conflict, and that the documents it returns are those in the table. Returns their number.
#[track_caller]
fn assert_conflict(result: &Result<Commit, PortError>, table: &Table) -> usize {
    let Ok(Commit::Conflict(content)) = result else { panic!("{result:?} is not a conflict") };
    for (id, versioned) in content {
        let item = table.item(&id.text()).unwrap();
        assert_eq!(item["version"]["N"], versioned.version.to_string());
        assert_eq!(serde_json::from_str::<StoredItem>(item["body"]["S"].as_str().unwrap()).unwrap(), versioned.doc);
    }
    content.len()
}

fn targets(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|request| request.header("x-amz-target").trim_start_matches("DynamoDB_20120810.")).collect()
}

/// Returns a write alone, and the same write with another one: a PutItem and a TransactWriteItems.
fn alone_and_with_another(one: Write) -> [Vec<Write>; 2] {
    let other = write("another", None, "another");
    [vec![one.clone()], vec![other, one]]
}

#[tokio::test(start_paused = true)]
async fn written_documents_are_read_back_in_the_requested_order() {
    let (_, service, store) = setup().await;
    prepare(&store, "a", "1").await;
    assert_eq!(store.commit(&[write("b", None, "2"), write("c", None, "3")]).await, Ok(Commit::Written));
    assert_eq!(store.commit(&[write("a", Some(1), "4")]).await, Ok(Commit::Written));
    let read = store.get(&[id("c"), id("missing"), id("a"), id("b")]).await.unwrap();
    let version = |version, text| Some(Versioned { version, doc: doc(text) });
    assert_eq!(read, [version(1, "3"), None, version(2, "4"), version(1, "2")]);
    let requests = service.requests();
    assert_eq!(targets(&requests), ["PutItem", "TransactWriteItems", "PutItem", "BatchGetItem"]);
}

#[tokio::test(start_paused = true)]
async fn an_item_expires_in_seconds_since_the_epoch() {
    for writes in alone_and_with_another(write("a", None, "1")) {
        let (table, _, store) = setup().await;
        assert_eq!(store.commit(&writes).await, Ok(Commit::Written));
        // Milliseconds would be a date in the year 58864, so the item would never expire.
        assert_eq!(table.item(&id("a").text()).unwrap()["expires_at"], json!({"N": "1795425134"}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_document_does_not_replace_an_existing_one() {
    for writes in alone_and_with_another(write("a", None, "mine")) {
        let (table, _, store) = setup().await;
        prepare(&store, "a", "theirs").await;
        assert_conflict(&store.commit(&writes).await, &table);
        assert_eq!(stored(&table, "a"), Some((1, doc("theirs"))));
        assert_eq!(stored(&table, "another"), None, "all or none");
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_changed_since_it_was_read_is_not_replaced() {
    for writes in alone_and_with_another(write("a", Some(1), "mine")) {
        let (table, _, store) = setup().await;
        prepare(&store, "a", "read").await;
        assert_eq!(store.commit(&[write("a", Some(1), "theirs")]).await, Ok(Commit::Written));
        assert_conflict(&store.commit(&writes).await, &table);
        assert_eq!(stored(&table, "a"), Some((2, doc("theirs"))));
        assert_eq!(stored(&table, "another"), None, "all or none");
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_expired_since_it_was_read_is_not_written_again() {
    for writes in alone_and_with_another(write("a", Some(1), "mine")) {
        let (table, _, store) = setup().await;
        prepare(&store, "a", "read").await;
        table.delete(&id("a").text());
        // There is no item to return.
        assert_eq!(store.commit(&writes).await, Ok(Commit::Conflict(Vec::new())));
        assert_eq!(stored(&table, "a"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_transaction_returns_the_conflicting_documents() {
    let (table, service, store) = setup().await;
    prepare(&store, "a", "1").await;
    prepare(&store, "b", "2").await;
    service.requests();
    let writes = [write("a", None, "3"), write("c", None, "4"), write("b", Some(7), "5")];
    let content =
        vec![(id("a"), Versioned { version: 1, doc: doc("1") }), (id("b"), Versioned { version: 1, doc: doc("2") })];
    assert_eq!(store.commit(&writes).await, Ok(Commit::Conflict(content)));
    assert_eq!(stored(&table, "c"), None);
    assert_eq!(service.requests().len(), 1, "the adapter does not retry a conflict");
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_set_of_conflicting_documents_is_not_returned() {
    let (table, service, store) = setup().await;
    prepare(&store, "a", "1").await;
    let item = table.item(&id("a").text());
    let writes = [write("a", None, "2"), write("b", None, "3")];
    for reasons in [
        vec![("ConditionalCheckFailed", item.clone()), ("ConditionalCheckFailed", None)],
        vec![("ConditionalCheckFailed", item.clone()), ("TransactionConflict", None)],
        vec![("TransactionConflict", None), ("None", None)],
        vec![("TransactionConflict", None), ("TransactionConflict", None)],
    ] {
        service.expect([Fault::Refused(cancelled(reasons.clone()))]);
        assert_eq!(store.commit(&writes).await, Ok(Commit::Conflict(Vec::new())), "{reasons:?}");
        assert_eq!(stored(&table, "b"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_concurrent_transaction_makes_a_single_write_a_conflict() {
    let (table, service, store) = setup().await;
    let conflict = Fault::Refused(refused(400, "TransactionConflictException"));
    for expected in [None, Some(1)] {
        service.expect([conflict.clone()]);
        assert_conflict(&store.commit(&[write("a", expected, "1")]).await, &table);
        assert_eq!(stored(&table, "a"), None, "it is not written");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_cancelled_for_throttling_is_retried() {
    for code in ["ThrottlingError", "ProvisionedThroughputExceeded"] {
        let (table, service, store) = setup().await;
        let throttled = Fault::Refused(cancelled([("None", None), (code, None)]));
        service.expect(times(2, &throttled));
        let (result, took) = timed(store.commit(&[write("a", None, "1"), write("b", None, "2")])).await;
        assert_eq!(result, Ok(Commit::Written), "{code}");
        assert_eq!((stored(&table, "a"), stored(&table, "b")), (Some((1, doc("1"))), Some((1, doc("2")))));
        assert_eq!(service.requests().len(), 3);
        assert_eq!(took, Duration::from_millis(150) + LATENCY * 3, "it pauses before each retry");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_always_throttled_fails() {
    let (table, service, store) = setup().await;
    service.always(&Fault::Refused(cancelled([("ThrottlingError", None), ("None", None)])));
    let (result, took) = timed(store.commit(&[write("a", None, "1"), write("b", None, "2")])).await;
    assert_fails(result, TRANSACT, "TransactionCanceledException");
    assert_eq!(stored(&table, "a"), None);
    assert_eq!(service.requests().len(), 5);
    // 50, 100, 200 and 400 ms between the five calls.
    assert_eq!(took, Duration::from_millis(750) + LATENCY * 5);
}

#[tokio::test(start_paused = true)]
async fn a_failed_condition_with_throttling_is_a_conflict() {
    let (table, service, store) = setup().await;
    prepare(&store, "b", "theirs").await;
    let item = table.item(&id("b").text());
    service.expect([Fault::Refused(cancelled([("ThrottlingError", None), ("ConditionalCheckFailed", item)]))]);
    assert_conflict(&store.commit(&[write("a", None, "1"), write("b", None, "2")]).await, &table);
    assert_eq!((stored(&table, "a"), stored(&table, "b")), (None, Some((1, doc("theirs")))));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_cancelled_for_a_permanent_reason_is_not_retried() {
    for code in ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"] {
        for other in ["None", "ConditionalCheckFailed"] {
            let (table, service, store) = setup().await;
            service.expect([Fault::Refused(cancelled([(code, None), (other, None)]))]);
            let result = store.commit(&[write("a", None, "1"), write("b", None, "2")]).await;
            assert_fails(result, TRANSACT, "TransactionCanceledException");
            assert_eq!(service.requests().len(), 1, "{code}");
            assert_eq!(stored(&table, "a"), None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_response_was_lost_counts_as_written() {
    for fault in [Fault::AnswerLost, Fault::DoneWithoutAnswer] {
        for expected in [None, Some(1)] {
            for writes in alone_and_with_another(write("a", expected, "mine")) {
                let (table, service, store) = setup().await;
                if expected.is_some() {
                    prepare(&store, "a", "before").await;
                    service.requests();
                }
                service.expect([fault.clone()]);
                assert_eq!(store.commit(&writes).await, Ok(Commit::Written), "{fault:?} {writes:?}");
                assert_eq!(stored(&table, "a"), Some((expected.unwrap_or(0) + 1, doc("mine"))), "written once");
                let requests = service.requests();
                assert_eq!(requests.len(), 2);
                assert_eq!(requests[0].json(), requests[1].json(), "the same write, with the same token");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_request_was_lost_is_written_by_a_retry() {
    for writes in alone_and_with_another(write("a", None, "mine")) {
        let (table, service, store) = setup().await;
        service.expect([Fault::RequestLost, Fault::NoAnswer, Fault::RequestLost]);
        assert_eq!(store.commit(&writes).await, Ok(Commit::Written));
        assert_eq!(stored(&table, "a"), Some((1, doc("mine"))));
        assert_eq!(service.requests().len(), 4);
    }
}

/// The stored version is the expected one, but the content is another writer's.
#[tokio::test(start_paused = true)]
async fn a_write_of_another_writer_is_not_taken_for_the_own_one() {
    let (table, service, store) = setup().await;
    prepare(&store, "a", "before").await;
    // Another writer was first, and the response to this attempt was lost.
    assert_eq!(store.commit(&[write("a", Some(1), "theirs")]).await, Ok(Commit::Written));
    service.expect([Fault::AnswerLost]);
    assert_conflict(&store.commit(&[write("a", Some(1), "mine")]).await, &table);
    // The same body with another expiry time is another write too.
    let later = Write { expires_at: Some(LATER), ..write("a", Some(1), "theirs") };
    assert_conflict(&store.commit(&[later]).await, &table);
    assert_eq!(stored(&table, "a"), Some((2, doc("theirs"))));
}

/// With the same token, the service would take the second transaction for a retry of the first and not write it.
#[tokio::test(start_paused = true)]
async fn each_transaction_has_its_own_token() {
    let (table, service, store) = setup().await;
    let writes = |expected, text| [write("a", expected, text), write("b", expected, text)];
    assert_eq!(store.commit(&writes(None, "1")).await, Ok(Commit::Written));
    assert_eq!(store.commit(&writes(Some(1), "2")).await, Ok(Commit::Written));
    assert_eq!(stored(&table, "b"), Some((2, doc("2"))));
    let requests = service.requests();
    let token = |request: &Request| request.json()["ClientRequestToken"].as_str().unwrap().to_owned();
    assert_ne!(token(&requests[0]), token(&requests[1]));
    // 1 to 36 characters.
    assert!(requests.iter().all(|request| (1..=36).contains(&token(request).len())));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_in_progress_is_retried() {
    let (table, service, store) = setup().await;
    service.expect([Fault::Refused(refused(400, "TransactionInProgressException"))]);
    assert_eq!(store.commit(&[write("a", None, "1"), write("b", None, "2")]).await, Ok(Commit::Written));
    assert_eq!(stored(&table, "a"), Some((1, doc("1"))));
}

#[tokio::test(start_paused = true)]
async fn a_token_reused_for_another_request_is_an_error() {
    let (_, service, store) = setup().await;
    service.expect([Fault::Refused(refused(400, "IdempotentParameterMismatchException"))]);
    let result = store.commit(&[write("a", None, "1"), write("b", None, "2")]).await;
    assert_fails(result, TRANSACT, "IdempotentParameterMismatchException");
    assert_eq!(service.requests().len(), 1);
}

/// An eventually consistent read could return the state before the last write.
#[tokio::test(start_paused = true)]
async fn reads_see_the_last_write() {
    let (table, service, store) = setup().await;
    prepare(&store, "a", "1").await;
    prepare(&store, "b", "2").await;
    assert_eq!(store.commit(&[write("a", Some(1), "3")]).await, Ok(Commit::Written));
    // Also when unprocessed keys are requested again.
    table.process([1, 0]);
    let read = store.get(&[id("a"), id("b")]).await.unwrap();
    let version = |version, text| Some(Versioned { version, doc: doc(text) });
    assert_eq!(read, [version(2, "3"), version(1, "2")]);
    let reads: Vec<Value> = service.requests().split_off(3).iter().map(Request::json).collect();
    assert_eq!(reads.len(), 3);
    assert!(reads.iter().all(|read| read["RequestItems"][TABLE]["ConsistentRead"] == true), "{reads:?}");
}

#[tokio::test(start_paused = true)]
async fn no_call_reads_more_than_a_hundred_items() {
    let (_, service, store) = setup().await;
    prepare(&store, "0", "first").await;
    prepare(&store, "200", "last").await;
    let ids: Vec<ItemId> = (0..201).map(|n| id(&n.to_string())).collect();
    let read = store.get(&ids).await.unwrap();
    let found: Vec<usize> = read.iter().enumerate().filter(|(_, item)| item.is_some()).map(|(n, _)| n).collect();
    assert_eq!((read.len(), found), (201, vec![0, 200]), "in the order asked for");
    let keys = |request: &Request| request.json()["RequestItems"][TABLE]["Keys"].as_array().map(Vec::len);
    let reads: Vec<Option<usize>> = service.requests().iter().map(keys).filter(Option::is_some).collect();
    assert_eq!(reads, [Some(100), Some(100), Some(1)]);
}

#[tokio::test(start_paused = true)]
async fn unprocessed_keys_are_requested_again() {
    let (table, service, store) = setup().await;
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        prepare(&store, name, name).await;
    }
    service.requests();
    table.process([2, 0, 1, 1]);
    let ids = names.map(id);
    let (read, took) = timed(store.get(&ids)).await;
    let whole = names.map(|name| Some(Versioned { version: 1, doc: doc(name) }));
    assert_eq!(read.unwrap(), whole);
    let keys = |request: &Request| request.json()["RequestItems"][TABLE]["Keys"].as_array().unwrap().len();
    assert_eq!(service.requests().iter().map(keys).collect::<Vec<_>>(), [5, 3, 3, 2, 1]);
    // 50, 100, 200 and 400 ms between the five calls.
    assert_eq!(took, Duration::from_millis(750) + LATENCY * 5);
}

#[tokio::test(start_paused = true)]
async fn keys_left_unprocessed_six_times_are_an_error() {
    let (table, service, store) = setup().await;
    prepare(&store, "a", "1").await;
    service.requests();
    table.process([0; 6]);
    assert_fails(store.get(&[id("a"), id("b")]).await, READ, "left unprocessed 6 times");
    assert_eq!(service.requests().len(), 6);
    // Five times are allowed.
    table.process([0; 5]);
    let read = store.get(&[id("a"), id("b")]).await.unwrap();
    assert_eq!(read, [Some(Versioned { version: 1, doc: doc("1") }), None]);
}

/// Keys without a response must not be returned as missing documents.
#[tokio::test(start_paused = true)]
async fn a_read_that_fails_halfway_is_an_error() {
    let (table, service, store) = setup().await;
    prepare(&store, "a", "1").await;
    prepare(&store, "b", "2").await;
    table.process([1]);
    service.expect([Fault::None, Fault::Refused(refused(400, "AccessDeniedException"))]);
    assert_fails(store.get(&[id("a"), id("b")]).await, READ, "AccessDeniedException");
}

#[tokio::test(start_paused = true)]
async fn throttled_and_failed_calls_are_retried() {
    for (status, code) in [
        (400, "ProvisionedThroughputExceededException"),
        (400, "RequestLimitExceeded"),
        (400, "ThrottlingException"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ] {
        let (table, service, store) = setup().await;
        let fault = Fault::Refused(refused(status, code));
        for writes in alone_and_with_another(write("a", None, "1")) {
            table.delete(&id("a").text());
            service.expect(times(3, &fault));
            assert_eq!(store.commit(&writes).await, Ok(Commit::Written), "{code}");
        }
        service.expect(times(3, &fault));
        let read = store.get(&[id("a")]).await.unwrap();
        assert_eq!(read, [Some(Versioned { version: 1, doc: doc("1") })], "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_fail_after_four_attempts() {
    let (_, service, store) = setup().await;
    service.always(&Fault::Refused(refused(400, "ProvisionedThroughputExceededException")));
    let attempts = || service.requests().len() as u32;
    assert_fails(store.commit(&[write("a", None, "1")]).await, PUT, "ProvisionedThroughputExceededException");
    assert_eq!(attempts(), MAX_ATTEMPTS);
    let two = [write("a", None, "1"), write("b", None, "2")];
    assert_fails(store.commit(&two).await, TRANSACT, "ProvisionedThroughputExceededException");
    assert_eq!(attempts(), MAX_ATTEMPTS);
    assert_fails(store.get(&[id("a")]).await, READ, "ProvisionedThroughputExceededException");
    assert_eq!(attempts(), MAX_ATTEMPTS);
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_are_not_retried() {
    for code in ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"] {
        let (_, service, store) = setup().await;
        service.always(&Fault::Refused(refused(400, code)));
        assert_fails(store.commit(&[write("a", None, "1")]).await, PUT, code);
        assert_fails(store.commit(&[write("a", None, "1"), write("b", None, "2")]).await, TRANSACT, code);
        assert_fails(store.get(&[id("a")]).await, READ, code);
        assert_eq!(service.requests().len(), 3, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_times_out_after_three_seconds() {
    for writes in alone_and_with_another(write("a", None, "mine")) {
        for (after_millis, attempts) in [(2_900, 1), (3_100, 2)] {
            let (table, service, store) = setup().await;
            service.expect([Fault::Late(Duration::from_millis(after_millis))]);
            assert_eq!(store.commit(&writes).await, Ok(Commit::Written));
            assert_eq!(stored(&table, "a"), Some((1, doc("mine"))));
            assert_eq!(service.requests().len(), attempts, "{after_millis} ms");
        }
    }
}

/// Whether the write succeeded is unknown, so the result is neither `Written` nor `Conflict`.
#[tokio::test(start_paused = true)]
async fn a_service_that_never_responds_is_an_error_within_the_timeout() {
    for fault in [Fault::NoAnswer, Fault::DoneWithoutAnswer] {
        let (_, service, store) = setup().await;
        service.always(&fault);
        let two = [write("a", None, "1"), write("b", None, "2")];
        let (result, took) = timed(store.commit(&two)).await;
        assert_fails(result, TRANSACT, "timeout");
        assert!(took > ATTEMPT_TIMEOUT * 3 && took <= OPERATION_TIMEOUT, "{took:?}");
        let (result, took) = timed(store.get(&[id("a")])).await;
        assert_fails(result, READ, "timeout");
        assert!(took > ATTEMPT_TIMEOUT * 3 && took <= OPERATION_TIMEOUT, "{took:?}");
    }
}

/// For example from a proxy between the function and DynamoDB.
#[tokio::test(start_paused = true)]
async fn an_unreadable_response_is_an_error() {
    let (_, service, store) = setup().await;
    service.expect([Fault::Refused(Answer::new(200, "text/html", "<html>"))]);
    assert_fails(store.get(&[id("a")]).await, READ, "");
    service.expect([Fault::Refused(Answer::new(403, "text/html", "<html>"))]);
    assert_fails(store.commit(&[write("a", None, "1")]).await, PUT, "");
}

#[tokio::test(start_paused = true)]
async fn a_scan_reads_all_incidents_of_all_pages_as_they_were_last_written() {
    let (_, service, store) = setup().await;
    assert_eq!(store.incidents().await, Ok(vec![]));
    for name in ["a", "b", "c"] {
        prepare(&store, name, "1").await;
    }
    let other = Write { id: ItemId::Silences, ..write("x", None, "2") };
    assert_eq!(store.commit(&[other]).await, Ok(Commit::Written));
    assert_eq!(store.commit(&[write("b", Some(1), "2")]).await, Ok(Commit::Written));
    let versioned = |name, version, text| (id(name).text(), Versioned { version, doc: doc(text) });
    let all = vec![versioned("a", 1, "1"), versioned("b", 2, "2"), versioned("c", 1, "1")];
    assert_eq!(store.incidents().await, Ok(all));
    let scans = targets(&service.requests()).iter().filter(|target| **target == "Scan").count();
    assert_eq!(scans, 1 + 5);
}

#[tokio::test(start_paused = true)]
async fn a_scan_of_another_table_fails() {
    let (_, service, _) = setup().await;
    let error = DynamoIncidents::new(service.shared().await, "another").incidents().await.unwrap_err();
    assert_eq!(
        (error.call, &*error.reason),
        ("dynamodb Scan", "ResourceNotFoundException: Requested resource not found")
    );
}
