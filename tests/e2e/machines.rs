//! What other subscribers get: the document, the message attributes, and the chat notification.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{Act, CHAT_TOPIC, Message, Setup, World, event, event_of, minutes_ago, rejected};

/// Returns the only message about an event. Pings from the internet are incidents.
async fn message_of(event: &str) -> Message {
    let mut world = Setup::aws().set("INTERNET_PINGS", "alert").start().await;
    assert_eq!(world.send(event).await.counts().alerts, 1);
    let mut messages = world.sns.messages();
    assert_eq!((messages.len(), world.sns.attempts().len()), (1, 1), "one call for all kinds of subscribers");
    messages.remove(0)
}

fn document(message: &Message, protocol: &str) -> Value {
    serde_json::from_str(message.text(protocol)).unwrap_or_else(|error| panic!("{protocol}: {error}"))
}

#[tokio::test]
async fn one_message_has_the_email_for_people_and_the_document_for_machines() {
    let message = message_of(&event("ping-deny")).await;
    for people in ["email", "email-json", "sms", "application"] {
        assert!(message.text(people).contains("could not answer 4 pings"), "{people}: {}", message.text(people));
    }
    for machine in ["sqs", "lambda", "http", "https"] {
        let document = document(&message, machine);
        assert_eq!(document["version"], "1.0", "{machine}");
        assert_eq!(document["flows"][0]["from"]["address"], "172.31.16.139", "{machine}");
        assert_eq!(document["email"]["text"], message.text("email"), "{machine}");
        assert_eq!(document["email"]["subject"], message.subject.as_str(), "{machine}");
    }
}

#[tokio::test]
async fn attributes_support_filter_policies() {
    let message = message_of(&event("ping-deny")).await;
    for (name, expect) in [
        ("rule", "Ping-Deny"),
        ("kind", "opened"),
        ("severity", "medium"),
        ("account", "123456789010"),
        ("region", "ap-northeast-1"),
        ("log_group", "Log-Group"),
        ("interface", "eni-1235b8ca123456789"),
        ("direction", "egress"),
        // From EC2; no record has it.
        ("vpc", "vpc-0bbb"),
    ] {
        assert_eq!(message.attributes[name], ("String".to_owned(), expect.to_owned()), "{name}");
    }
    assert!(message.attributes.len() <= 10, "{:?}", message.attributes);
    // Two requests of ours: one was stopped on its way out, the answer to the other one on its way in.
    let (own, start) = ("172.31.16.139", minutes_ago(7));
    let lines = [
        rejected(own, "203.0.113.12", 1, 4, start),
        rejected(own, "203.0.113.13", 1, 5, start).replace("REJECT", "ACCEPT"),
        rejected("203.0.113.13", own, 1, 5, start),
    ];
    let both = message_of(&event_of(&lines)).await;
    assert_eq!(both.attributes["direction"], ("String.Array".to_owned(), r#"["ingress","egress"]"#.to_owned()));
}

#[tokio::test]
async fn hostile_records_do_not_break_the_message() {
    let message = message_of(&event("hostile")).await;
    let document = document(&message, "sqs");
    assert_eq!(document["totals"]["records"], 4, "{document:#}");
    assert!(message.bytes <= 256 * 1024);
}

/// Starts a function with a chat topic.
async fn start_with_chat() -> World {
    Setup::aws().set("CHAT_TOPIC_ARN", CHAT_TOPIC).start().await
}

#[tokio::test]
async fn a_chat_gets_its_own_format_in_addition_to_the_email() {
    let mut world = start_with_chat().await;
    assert_eq!(world.send(&event("ping-deny")).await.counts().alerts, 1, "an email and its chat are one alert");
    let (emails, chats) = (world.sns.emails(), world.sns.chats());
    let ([email], [chat]) = (&emails[..], &chats[..]) else { panic!("{emails:#?} {chats:#?}") };
    let notification: Value = serde_json::from_str(chat.text("https")).expect("the whole message is the notification");
    assert_eq!((&notification["version"], &notification["source"]), (&Value::from("1.0"), &Value::from("custom")));
    assert_eq!(notification["content"]["title"], email.subject.as_str());
    assert_eq!(notification["metadata"]["threadId"], document(&world.sns.messages()[0], "sqs")["incident"]["id"]);
    assert_eq!(chat.attributes, world.sns.messages()[0].attributes, "one filter policy works for both topics");
}

#[tokio::test]
async fn a_chat_topic_that_fails_neither_loses_nor_repeats_an_email() {
    for act in [Act::Deny, Act::Break, Act::Hang] {
        let mut world = start_with_chat().await;
        world.sns.chat_script().always(act);
        assert_eq!(world.send(&event("ping-deny")).await.counts().alerts, 1, "{act:?}");
        assert_eq!(
            world.send(&event("ping-deny")).await.counts().alerts,
            0,
            "{act:?}: the second delivery sends nothing"
        );
        assert_eq!((world.sns.emails().len(), world.sns.chats().len()), (1, 0), "{act:?}");
        let lines = world.stop().await;
        let logged = lines.lines().filter(|line| line.contains("a best-effort destination failed")).count();
        assert_eq!(logged, 1, "{act:?}: {lines:#?}");
    }
}

/// If the invocation times out while the chat topic hangs, the email is already recorded.
#[tokio::test]
async fn a_chat_topic_that_hangs_until_the_deadline_repeats_no_email() {
    let mut world = start_with_chat().await;
    world.sns.chat_script().always(Act::Hang);
    let (outcome, _) = world.send_within(&event("ping-deny"), Duration::from_secs(3)).await;
    assert!(outcome.error().contains("in time"), "{:?}", outcome.error());
    let counts = world.send(&event("ping-deny")).await.counts();
    assert_eq!((counts.alerts, world.sns.emails().len()), (0, 1), "{counts:?}");
}

#[tokio::test]
async fn without_the_email_the_chat_gets_nothing() {
    let mut world = start_with_chat().await;
    world.sns.script().first(&[Act::Deny]);
    world.send(&event("ping-deny")).await.error();
    assert_eq!((world.sns.emails().len(), world.sns.chats().len()), (0, 0));
    world.send(&event("ping-deny")).await.counts();
    assert_eq!((world.sns.emails().len(), world.sns.chats().len()), (1, 1));
}

#[tokio::test]
async fn the_console_can_show_document_attributes_and_chat() {
    let mut world = Setup::console().set("CONSOLE_SHOWS", "all").start().await;
    world.send(&event("ping-deny")).await.counts();
    let printed = world.stop().await.stdout;
    let below = |heading: &str| printed.iter().skip_while(|line| *line != heading).nth(1).expect("something below");
    let document: Value = serde_json::from_str(below("DOCUMENT")).expect("the document on one line");
    let chat: Value = serde_json::from_str(below("CHAT")).expect("the notification on one line");
    assert_eq!((&document["kind"], &chat["source"]), (&Value::from("opened"), &Value::from("custom")));
    assert!(printed.iter().any(|line| line.starts_with("severity ") && line.ends_with(" medium")), "{printed:#?}");
}
