//! Tests of the SNS adapter: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use alerting::{notification::RenderedNotification, ports::Notifier};
use sample_notifications::{Scenario, detected, record};
use serde_json::Value;

use super::{
    assert_fails,
    service::{Answer, Fault, Request, Service, timed},
    times,
};
use crate::{
    client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, OPERATION_TIMEOUT},
    sns::{AlertTopic, CHAT_ATTEMPT_TIMEOUT, CHAT_ATTEMPTS, CHAT_TIMEOUT, ChatTopic, Sns, envelope::MACHINES},
};

const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789010:pings";
const CHAT: &str = "arn:aws:sns:ap-northeast-1:123456789010:pings-chat";
const CALL: &str = "sns Publish";
const CHAT_CALL: &str = "sns Publish to the chat";

type Form = BTreeMap<String, String>;

/// The published messages.
type Published = Arc<Mutex<Vec<Form>>>;

async fn setup() -> (Published, Service, AlertTopic, ChatTopic) {
    let published = Published::default();
    let messages = Arc::clone(&published);
    let service = Service::new(move |request| match publish(request) {
        Ok(form) => {
            messages.lock().unwrap().push(form);
            xml(
                200,
                "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>\
                 567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult><ResponseMetadata><RequestId>\
                 d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata></PublishResponse>",
            )
        }
        Err(wrong) => wrong,
    });
    let sns = Sns::new(service.shared().await);
    let (alerts, chat) = (AlertTopic::new(sns.clone(), TOPIC), ChatTopic::new(sns, CHAT));
    (published, service, alerts, chat)
}

/// Accepts a message as the service does.
fn publish(request: &Request) -> Result<Form, Answer> {
    let signed = request.header("authorization").contains("/ap-northeast-1/sns/aws4_request");
    let content = request.header("content-type") == "application/x-www-form-urlencoded";
    let form: Form = form_urlencoded::parse(&request.body).into_owned().collect();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if request.line != "POST /" || !signed || !content || field("Version") != "2010-03-31" {
        return Err(error(403, "SignatureDoesNotMatch", "The request is not signed."));
    }
    if field("Action") != "Publish" || ![TOPIC, CHAT].contains(&field("TopicArn")) {
        return Err(error(404, "NotFound", "Topic does not exist"));
    }
    let subject = form.get("Subject");
    if field("Message").is_empty() || subject.is_some_and(|subject| subject.is_empty() || subject.len() > 99) {
        return Err(error(400, "InvalidParameter", "Invalid parameter"));
    }
    Ok(form)
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    xml(
        status,
        &format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{kind}</Type><Code>{code}\
             </Code><Message>{message}</Message></Error><RequestId>9dd01905-5012-5f99-8663-4b3ecd0dfaef</RequestId>\
             </ErrorResponse>"
        ),
    )
}

fn xml(status: u16, body: &str) -> Answer {
    Answer::new(status, "text/xml", body)
}

/// Returns a notification about a ping that two own interfaces rejected.
fn notification() -> RenderedNotification {
    let records = [("10.0.0.5", "eni-1"), ("10.0.0.6", "eni-2")];
    let records = records.map(|(target, interface)| record("203.0.113.12", target, interface));
    Scenario::opened(&detected(records)).render()
}

/// Returns type and value of each attribute, by name.
fn attributes(form: &Form) -> BTreeMap<String, (String, String)> {
    let entry = |number: u32, name: &str| form.get(&format!("MessageAttributes.entry.{number}.{name}")).cloned();
    let attribute = |number| {
        let name = entry(number, "Name")?;
        Some((name, (entry(number, "Value.DataType").unwrap(), entry(number, "Value.StringValue").unwrap())))
    };
    (1..).map_while(attribute).collect()
}

#[tokio::test(start_paused = true)]
async fn an_email_and_its_document_are_one_message_with_a_text_for_each_protocol() {
    let (published, service, alerts, _) = setup().await;
    let notification = notification();
    alerts.send(&notification).await.unwrap();
    let form = published.lock().unwrap().pop().unwrap();
    assert_eq!(form["TopicArn"], TOPIC);
    assert_eq!(form["Subject"], notification.email.subject);
    assert_eq!(form["MessageStructure"], "json");
    let texts: BTreeMap<String, String> = serde_json::from_str(&form["Message"]).unwrap();
    assert_eq!(texts["default"], notification.email.body);
    for protocol in MACHINES {
        let document: Value = serde_json::from_str(&texts[protocol]).unwrap();
        assert_eq!(document["rule"], "Ping-Deny", "{protocol}");
    }
    assert_eq!(service.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn attributes_are_strings_and_several_values_are_an_array() {
    let (published, _, alerts, chat) = setup().await;
    let notification = notification();
    alerts.send(&notification).await.unwrap();
    chat.send(&notification).await.unwrap();
    let forms = published.lock().unwrap();
    let content = attributes(&forms[0]);
    let pair = |kind: &str, value: &str| (kind.to_owned(), value.to_owned());
    assert_eq!(content["rule"], pair("String", "Ping-Deny"));
    assert_eq!(content["kind"], pair("String", "opened"));
    assert_eq!(content["log_group"], pair("String", "Log-Group"));
    assert_eq!(content["interface"], pair("String.Array", r#"["eni-1","eni-2"]"#));
    assert_eq!(content.len(), notification.document.routing.values().len());
    assert_eq!(attributes(&forms[1]), content, "the chat's messages can be filtered alike");
}

#[tokio::test(start_paused = true)]
async fn the_chat_gets_only_its_notification() {
    let (published, _, _, chat) = setup().await;
    let notification = notification();
    chat.send(&notification).await.unwrap();
    let form = published.lock().unwrap().pop().unwrap();
    assert_eq!(form["TopicArn"], CHAT);
    assert_eq!(form["Message"], notification.chat());
    assert_eq!((form.get("Subject"), form.get("MessageStructure")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_retried() {
    for fault in [
        Fault::Refused(error(400, "Throttling", "Rate exceeded")),
        Fault::Refused(error(429, "Throttled", "Rate exceeded")),
        Fault::Refused(error(400, "KMSThrottling", "Rate exceeded")),
        Fault::Refused(error(500, "InternalError", "")),
        Fault::Refused(error(503, "ServiceUnavailable", "")),
        Fault::RequestLost,
    ] {
        let (published, service, alerts, chat) = setup().await;
        service.expect(times(3, &fault));
        let (result, took) = timed(alerts.send(&notification())).await;
        assert_eq!(result, Ok(()), "{fault:?}");
        assert_eq!(published.lock().unwrap().len(), 1);
        assert!(took < OPERATION_TIMEOUT);
        // The chat has two attempts.
        service.expect(times(1, &fault));
        assert_eq!(chat.send(&notification()).await, Ok(()), "{fault:?}");
        service.requests();
        service.expect(times(2, &fault));
        chat.send(&notification()).await.unwrap_err();
        assert_eq!(service.requests().len() as u32, CHAT_ATTEMPTS);
        assert_eq!(published.lock().unwrap().len(), 2);
    }
}

/// A standard topic does not deduplicate, so subscribers get the same message twice.
#[tokio::test(start_paused = true)]
async fn a_lost_response_causes_a_duplicate_and_not_an_error() {
    for fault in [Fault::AnswerLost, Fault::DoneWithoutAnswer] {
        let (published, service, alerts, _) = setup().await;
        service.expect([fault]);
        assert_eq!(alerts.send(&notification()).await, Ok(()));
        let forms = published.lock().unwrap();
        assert_eq!(forms.len(), 2);
        assert_eq!(forms[0], forms[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_are_named_and_not_retried() {
    for (status, code) in [
        // The topic was deleted.
        (404, "NotFound"),
        (403, "AuthorizationError"),
        (400, "InvalidParameter"),
        (400, "KMSAccessDenied"),
        (400, "EndpointDisabled"),
    ] {
        let (published, service, alerts, chat) = setup().await;
        service.expect(times(2, &Fault::Refused(error(status, code, "the reason"))));
        assert_fails(alerts.send(&notification()).await, CALL, &format!("{code}: the reason"));
        assert_fails(chat.send(&notification()).await, CHAT_CALL, &format!("{code}: the reason"));
        assert_eq!(service.requests().len(), 2, "{code}");
        assert_eq!(published.lock().unwrap().len(), 0);
    }
    // The service's own check of the topic.
    let (_, service, ..) = setup().await;
    let gone = "arn:aws:sns:ap-northeast-1:123456789010:gone";
    let alerts = AlertTopic::new(Sns::new(service.shared().await), gone);
    assert_fails(alerts.send(&notification()).await, CALL, "NotFound: Topic does not exist");
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_never_responds_is_an_error_and_sooner_for_the_chat() {
    let (_, service, alerts, chat) = setup().await;
    service.always(&Fault::NoAnswer);
    let (result, took) = timed(alerts.send(&notification())).await;
    assert_fails(result, CALL, "timeout");
    assert!(took > ATTEMPT_TIMEOUT * 3 && took <= OPERATION_TIMEOUT, "{took:?}");
    let attempts = service.requests().len() as u32;
    assert!((3..=MAX_ATTEMPTS).contains(&attempts), "{attempts} attempts");

    let (result, took) = timed(chat.send(&notification())).await;
    assert_fails(result, CHAT_CALL, "timeout");
    assert!(took > CHAT_ATTEMPT_TIMEOUT && took <= CHAT_TIMEOUT, "{took:?}");
    assert_eq!(service.requests().len() as u32, CHAT_ATTEMPTS);
}

/// A slow topic gets one message for each email, and may get two for each chat message.
#[tokio::test(start_paused = true)]
async fn an_attempt_for_the_chat_times_out_in_half_the_time() {
    for (after_millis, attempts) in [(1_300, 1), (1_500, 2)] {
        let (published, service, alerts, chat) = setup().await;
        let late = Fault::Late(Duration::from_millis(after_millis));
        service.expect([late.clone()]);
        alerts.send(&notification()).await.unwrap();
        assert_eq!(published.lock().unwrap().len(), 1);
        service.expect([late]);
        chat.send(&notification()).await.unwrap();
        assert_eq!(published.lock().unwrap().len(), 1 + attempts, "{after_millis} ms");
    }
}
