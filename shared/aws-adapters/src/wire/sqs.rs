//! Tests of the SQS adapter: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.

use std::sync::{Arc, Mutex};

use alerting::{
    detection::{LogSource, Rule},
    incident::{IncidentKey, Signal, state::TimerMessage},
    ports::Timers,
};
use serde_json::{Value, json};

use super::{
    assert_fails, json_error,
    service::{Answer, Fault, Request, Service, timed},
    times,
};
use crate::{
    client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, OPERATION_TIMEOUT},
    sqs::SqsTimers,
};

const QUEUE: &str = "https://sqs.ap-northeast-1.amazonaws.com/123456789010/timers";
const CALL: &str = "sqs SendMessage";

/// The messages in the queue: delay in seconds and body of each.
type Queue = Arc<Mutex<Vec<(i64, String)>>>;

async fn setup() -> (Queue, Service, SqsTimers) {
    let queue = Queue::default();
    let messages = Arc::clone(&queue);
    let service = Service::new(move |request| match send(request) {
        Ok(message) => {
            messages.lock().unwrap().push(message);
            answer(200, &json!({"MessageId": "c80e8021-a70a-42c7-a470-796e1186f753", "MD5OfMessageBody": "0"}))
        }
        Err(wrong) => wrong,
    });
    let timers = SqsTimers::new(service.shared().await, QUEUE);
    (queue, service, timers)
}

/// Accepts a message as the service does: a delay from 0 to 900 s, and no message group id in a standard queue.
fn send(request: &Request) -> Result<(i64, String), Answer> {
    let signed = request.header("authorization").contains("/ap-northeast-1/sqs/aws4_request");
    let json = request.header("content-type") == "application/x-amz-json-1.0";
    if request.line != "POST /" || request.header("x-amz-target") != "AmazonSQS.SendMessage" || !signed || !json {
        return Err(json_error(400, "com.amazonaws.sqs", "UnsupportedOperation", "not a signed SendMessage"));
    }
    let body = request.json();
    if body["QueueUrl"] != QUEUE {
        return Err(no_such_queue());
    }
    // Without DelaySeconds, the queue's default applies, which is 0 here.
    let delay = if body["DelaySeconds"].is_null() { 0 } else { body["DelaySeconds"].as_i64().unwrap() };
    let text = body["MessageBody"].as_str().unwrap_or_default();
    if !(0..=900).contains(&delay) || text.is_empty() || body.get("MessageGroupId").is_some() {
        return Err(json_error(400, "com.amazon.coral.service", "InvalidParameterValueException", &body.to_string()));
    }
    Ok((delay, text.to_owned()))
}

fn no_such_queue() -> Answer {
    json_error(400, "com.amazonaws.sqs", "QueueDoesNotExist", "The specified queue does not exist.")
        .header("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer::new(status, "application/x-amz-json-1.0", body.to_string())
}

fn timer_message() -> TimerMessage {
    TimerMessage {
        key: IncidentKey::new(
            Rule::Ping,
            &LogSource::logged_in("123456789010", "eu-west-1", "vpc-\"flow\""),
            Signal::Private,
        ),
        incident: "i-1".to_owned(),
        timer: 7,
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_rounded_up_to_seconds_and_capped_at_fifteen_minutes() {
    for (millis, seconds) in [
        (0, 0),
        (1, 1),
        (999, 1),
        (1_000, 1),
        (1_001, 2),
        (59_999, 60),
        (300_000, 300),
        (899_001, 900),
        (900_000, 900),
        (900_001, 900),
        (86_400_000, 900),
        (u64::MAX, 900),
    ] {
        let (queue, _, timers) = setup().await;
        timers.schedule(&timer_message(), millis).await.unwrap();
        assert_eq!(queue.lock().unwrap()[0].0, seconds, "{millis} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_is_the_timer_message_as_json() {
    let (queue, _, timers) = setup().await;
    timers.schedule(&timer_message(), 60_000).await.unwrap();
    let (_, body) = queue.lock().unwrap().pop().unwrap();
    assert_eq!(serde_json::from_str::<TimerMessage>(&body).unwrap(), timer_message());
    // The queue may hold messages of another version: the names are a contract.
    let key = json!({
        "rule": "ping", "account": "123456789010", "region": "eu-west-1", "log_group": "vpc-\"flow\"", "signal": "private", "part": {"by": "all"}
    });
    let expected = json!({"key": key, "incident": "i-1", "timer": 7});
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_retried() {
    for fault in [
        Fault::Refused(json_error(403, "com.amazonaws.sqs", "RequestThrottled", "Request is throttled.")),
        Fault::Refused(json_error(400, "com.amazon.coral.availability", "ThrottlingException", "Rate exceeded")),
        Fault::Refused(json_error(500, "com.amazon.coral.service", "InternalFailure", "")),
        Fault::Refused(json_error(503, "com.amazon.coral.service", "ServiceUnavailable", "")),
        Fault::RequestLost,
    ] {
        let (queue, service, timers) = setup().await;
        service.expect(times(3, &fault));
        timers.schedule(&timer_message(), 60_000).await.unwrap();
        assert_eq!(queue.lock().unwrap().len(), 1, "{fault:?}");
        assert_eq!(service.requests().len(), 4);
    }
}

/// The queue then has the message twice, with the same sequence number. Handling it twice has no effect.
#[tokio::test(start_paused = true)]
async fn a_lost_response_causes_a_duplicate_and_not_an_error() {
    for fault in [Fault::AnswerLost, Fault::DoneWithoutAnswer] {
        let (queue, service, timers) = setup().await;
        service.expect([fault]);
        timers.schedule(&timer_message(), 60_000).await.unwrap();
        let messages = queue.lock().unwrap();
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0], messages[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_are_named_and_not_retried() {
    let denied = "is not authorized to perform: sqs:SendMessage";
    for (answer, cause) in [
        (no_such_queue(), "The specified queue does not exist"),
        (json_error(403, "com.amazon.coral.service", "AccessDeniedException", denied), "AccessDeniedException"),
        (json_error(400, "com.amazonaws.sqs", "InvalidMessageContents", "characters"), "InvalidMessageContents"),
        (json_error(400, "com.amazonaws.sqs", "KmsAccessDenied", "the key"), "KmsAccessDenied"),
    ] {
        let (queue, service, timers) = setup().await;
        service.expect([Fault::Refused(answer)]);
        assert_fails(timers.schedule(&timer_message(), 60_000).await, CALL, cause);
        assert_eq!(queue.lock().unwrap().len(), 0);
        assert_eq!(service.requests().len(), 1, "{cause}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_never_accepts_the_message_is_an_error_within_the_timeout() {
    let (_, service, timers) = setup().await;
    service.always(&Fault::NoAnswer);
    let (result, took) = timed(timers.schedule(&timer_message(), 60_000)).await;
    assert_fails(result, CALL, "timeout");
    assert!(took > ATTEMPT_TIMEOUT * 3 && took <= OPERATION_TIMEOUT, "{took:?}");

    let (_, service, timers) = setup().await;
    let throttled = json_error(400, "com.amazonaws.sqs", "RequestThrottled", "Request is throttled.");
    service.always(&Fault::Refused(throttled));
    assert_fails(timers.schedule(&timer_message(), 60_000).await, CALL, "RequestThrottled");
    assert_eq!(service.requests().len() as u32, MAX_ATTEMPTS);
}
