//! The SNS message: the email's text and the document together, within the limits of the service.

use alerting::notification::{
    Attribute, MAX_ATTRIBUTES, RenderedNotification,
    envelope::{MACHINES, MAX_MESSAGE_BYTES},
};
use serde_json::Value;

use super::scenarios;

fn size(notice: &RenderedNotification) -> usize {
    let attributes: usize = notice.attributes().iter().map(Attribute::size_bytes).sum();
    notice.sns_message().len() + notice.email.subject.len() + attributes
}

fn document(notice: &RenderedNotification) -> Value {
    let message: Value = serde_json::from_str(&notice.sns_message()).unwrap();
    serde_json::from_str(message["sqs"].as_str().unwrap()).unwrap()
}

#[test]
fn people_get_the_mail_and_machines_the_document() {
    for (name, notice) in scenarios::all() {
        let message: Value = serde_json::from_str(&notice.sns_message()).unwrap();
        let protocols = message.as_object().unwrap();
        assert_eq!(protocols.len(), 1 + MACHINES.len(), "{name}: e-mail has no text of its own");
        assert_eq!(message["default"], notice.email.body, "{name}");
        let documents: Vec<&str> = MACHINES.iter().map(|protocol| message[*protocol].as_str().unwrap()).collect();
        assert!(documents.iter().all(|document| *document == documents[0]), "{name}");
        assert_eq!(document(&notice)["email"]["subject"], notice.email.subject, "{name}");
    }
}

#[test]
fn no_message_is_larger_than_the_service_takes() {
    for (name, notice) in scenarios::all() {
        let bytes = size(&notice);
        println!(
            "{name}: {bytes} bytes, {} of them the document's, {} the chat's",
            notice.document.json().len(),
            notice.chat().len()
        );
        assert!(bytes <= MAX_MESSAGE_BYTES, "{name}: {bytes} bytes");
    }
}

#[test]
fn the_usual_message_is_whole_and_small() {
    for name in ["ping-deny", "ping-deny-v6", "ping-deny-inbound", "custom-format"] {
        let notice = scenarios::opening(name);
        assert_eq!(
            document(&notice).to_string(),
            serde_json::from_str::<Value>(&notice.document.json()).unwrap().to_string()
        );
        // SNS charges for each 64 KiB.
        assert!(size(&notice) <= 64 * 1024, "{name}: {} bytes", size(&notice));
    }
}

#[test]
fn a_storm_says_how_much_of_it_is_left_out() {
    let notice = scenarios::storm();
    let document = document(&notice);
    let flows = document["flows"].as_array().unwrap().len() as u64;
    assert!(flows >= 10, "{flows} flows");
    assert_eq!(flows + document["flows_left_out"].as_u64().unwrap(), 2_000);
    assert_eq!(document["flows_complete"], false);
    assert_eq!(document["totals"]["records"], 10_000);
    assert_eq!(document["ranking"]["sources"]["exact"], false);
    assert_eq!(document["interface"].as_array().map(Vec::len), Some(50));
}

/// The same notice with an email's text of so many bytes, all of which JSON has to escape.
fn with_mail_of(bytes: usize, notice: &RenderedNotification) -> RenderedNotification {
    let mut notice = notice.clone();
    notice.email.body = "\\".repeat(bytes);
    notice.document.email.text = Some(notice.email.body.clone());
    notice
}

#[test]
fn the_document_is_cut_before_the_mail_and_in_its_order() {
    let mut seen = Vec::new();
    let storm = scenarios::hostile_storm();
    for bytes in (0..=140_000).step_by(4_000) {
        let notice = with_mail_of(bytes, &storm);
        assert!(size(&notice) <= MAX_MESSAGE_BYTES, "{bytes}: {} bytes", size(&notice));
        let message: Value = serde_json::from_str(&notice.sns_message()).unwrap();
        let document = document(&notice);
        let cut = message["default"] != notice.email.body.as_str();
        let state = (
            document["email"]["text"].is_null(),
            std::cmp::Reverse(document["flows"].as_array().map(Vec::len)),
            document["records"].as_array().unwrap().is_empty(),
            document["links"].is_null(),
            cut,
        );
        assert!(
            !cut || (state.0 && state.2 && state.3 && document["flows"] == Value::Array(Vec::new())),
            "{bytes}: {state:?}"
        );
        if seen.last() != Some(&state) {
            seen.push(state);
        }
    }
    assert!(seen.is_sorted(), "what was cut once stays cut: {seen:#?}");
    assert!(seen.len() > 5 && seen.last().is_some_and(|state| state.4), "{seen:#?}");
}

#[test]
fn a_mail_that_is_too_long_is_cut_and_says_so() {
    let notice = with_mail_of(200_000, &scenarios::storm());
    let message: Value = serde_json::from_str(&notice.sns_message()).unwrap();
    let text = message["default"].as_str().unwrap();
    assert!(text.ends_with("bytes left out: the message would be too long]\n"), "{:?}", &text[text.len() - 80..]);
    assert!(size(&notice) <= MAX_MESSAGE_BYTES && size(&notice) > MAX_MESSAGE_BYTES - 200, "{} bytes", size(&notice));
}

fn attribute(notice: &RenderedNotification, name: &str) -> Option<(&'static str, String)> {
    let attributes = notice.attributes();
    let found = attributes.iter().find(|attribute| attribute.name == name)?;
    Some((found.data_type(), found.string_value()))
}

#[test]
fn attributes_route_by_what_is_known() {
    let text = |value: &str| Some(("String", value.to_owned()));
    let array = |value: &str| Some(("String.Array", value.to_owned()));
    let ping = scenarios::opening("ping-deny");
    for (name, expect) in [
        ("rule", text("Ping-Deny")),
        ("kind", text("opened")),
        ("severity", text("medium")),
        ("region", text("ap-northeast-1")),
        ("log_group", text("Log-Group")),
        ("account", text("123456789010")),
        ("interface", text("eni-1235b8ca123456789")),
        ("direction", text("egress")),
        ("vpc", None),
    ] {
        assert_eq!(attribute(&ping, name), expect, "{name}");
    }
    assert_eq!(attribute(&scenarios::with_network(), "vpc"), text("vpc-0123"), "from EC2");
    assert_eq!(
        attribute(&scenarios::opening("custom-format"), "vpc"),
        text("vpc-abcdefab012345678"),
        "from the record"
    );
    assert_eq!(attribute(&scenarios::resolved(), "severity"), text("info"));
    assert_eq!(attribute(&scenarios::resolved(), "kind"), text("resolved"));
    let mixed = scenarios::opening("mixed-traffic");
    assert_eq!(attribute(&mixed, "direction"), array(r#"["ingress","egress"]"#));
}

#[test]
fn attributes_are_few_never_empty_and_no_more_than_they_may_be() {
    for (name, notice) in scenarios::all() {
        let attributes = notice.attributes();
        assert!(attributes.len() <= MAX_ATTRIBUTES, "{name}: {}", attributes.len());
        for attribute in attributes {
            assert!(!attribute.string_value().is_empty(), "{name}: {}", attribute.name);
            assert!(attribute.values.iter().all(|value| !value.chars().any(char::is_control)), "{name}: {attribute:?}");
        }
    }
}

/// One filter policy fits the attributes and, with `FilterPolicyScope: MessageBody`, the document.
#[test]
fn the_document_has_the_attributes_by_the_same_names() {
    for (name, notice) in scenarios::all() {
        let document = document(&notice);
        for attribute in notice.attributes() {
            let same = match &document[attribute.name] {
                Value::String(one) => attribute.values == [one.as_str()],
                Value::Array(several) => {
                    attribute.values.iter().eq(several.iter().map(|value| value.as_str().unwrap()))
                }
                other => panic!("{name}: {} is {other}", attribute.name),
            };
            assert!(same, "{name}: {attribute:?} and {}", document[attribute.name]);
        }
    }
}
