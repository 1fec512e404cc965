//! One SNS message for all kinds of subscribers, within the service's limit: the email's text for people, the document for
//! machines.
//!
//! With `MessageStructure=json` the message is a JSON object with a text for each protocol; `default` is for those without one
//! of their own (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>). E-mail has none: the email's text is the
//! default, and would only stand there twice.

use alerting::{
    notification::{digest::DigestDocument, document::Document},
    text::cut_bytes,
};
use serde_json::{Map, Value};

use crate::sns::attribute::Attribute;

/// Bytes of a message with its attributes, all protocols together
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>). The subject is counted too: AWS does not say that it is not.
pub(super) const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// The protocols whose subscribers get the document
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-event-destinations.html>).
pub(crate) const MACHINES: [&str; 4] = ["sqs", "lambda", "http", "https"];

/// The value of `MessageStructure` that the message is for.
pub(super) const STRUCTURE: &str = "json";

/// A document that can be shortened.
pub(super) trait Shorten {
    /// Takes something away. False where nothing is left to take.
    fn shorten(&mut self) -> bool;
    /// The document as JSON.
    fn json(&self) -> String;
}

impl Shorten for Document {
    fn shorten(&mut self) -> bool {
        Document::shorten(self)
    }

    fn json(&self) -> String {
        Document::json(self)
    }
}

impl Shorten for DigestDocument {
    fn shorten(&mut self) -> bool {
        DigestDocument::shorten(self)
    }

    fn json(&self) -> String {
        DigestDocument::json(self)
    }
}

/// Puts email and document into one message, and shortens the document, then the email, until it is within
/// [`MAX_MESSAGE_BYTES`].
pub(super) fn pack(subject: &str, body: &str, mut document: impl Shorten, attributes: &[Attribute]) -> String {
    let beside = subject.len() + attributes.iter().map(Attribute::size_bytes).sum::<usize>();
    let room = MAX_MESSAGE_BYTES.saturating_sub(beside + frame_bytes());
    let body_bytes = escaped_bytes(body);
    let mut json = document.json();
    loop {
        let machines = MACHINES.len() * escaped_bytes(&json);
        if body_bytes + machines <= room {
            return message(body, &json);
        }
        if !document.shorten() {
            return message(&cut(body, room.saturating_sub(machines)), &json);
        }
        json = document.json();
    }
}

fn message(body: &str, json: &str) -> String {
    let texts = [("default", body)].into_iter().chain(MACHINES.map(|protocol| (protocol, json)));
    let texts: Map<String, Value> = texts.map(|(protocol, text)| (protocol.to_owned(), text.into())).collect();
    Value::Object(texts).to_string()
}

/// What the message has beside the texts.
fn frame_bytes() -> usize {
    message("", "").len()
}

/// Bytes of a text within a JSON string, without the quotes around it.
fn escaped_bytes(text: &str) -> usize {
    text.bytes().map(escaped_byte).sum()
}

fn escaped_byte(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0x00..0x20 => 6,
        _ => 1,
    }
}

/// Cuts a text at a character so that it takes so many bytes within a JSON string, and says what is missing.
fn cut(text: &str, room: usize) -> String {
    const NOTE_BYTES: usize = 90;
    let mut used = 0;
    let room = room.saturating_sub(NOTE_BYTES);
    let fitting = text.bytes().take_while(|byte| {
        used += escaped_byte(*byte);
        used <= room
    });
    let kept = cut_bytes(text, fitting.count());
    format!("{kept}\n[{} bytes left out: the message would be too long]\n", text.len() - kept.len())
}

#[cfg(test)]
mod tests {
    use alerting::notification::RenderedNotification;
    use sample_notifications::{Setting, all, hostile_storm, scenario, storm};

    use super::*;
    use crate::sns::attribute::attributes;

    fn packed(notification: &RenderedNotification) -> String {
        let attributes = attributes(notification.document.routing.values());
        pack(&notification.email.subject, &notification.email.body, notification.document.clone(), &attributes)
    }

    /// The bytes that the service counts.
    fn size(notification: &RenderedNotification) -> usize {
        let attributes = attributes(notification.document.routing.values());
        let attributes: usize = attributes.iter().map(Attribute::size_bytes).sum();
        packed(notification).len() + notification.email.subject.len() + attributes
    }

    fn texts(notification: &RenderedNotification) -> Value {
        serde_json::from_str(&packed(notification)).unwrap()
    }

    fn document(texts: &Value) -> Value {
        serde_json::from_str(texts["sqs"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn people_get_the_email_and_machines_the_document() {
        for (name, notification) in all() {
            let texts = texts(&notification);
            assert_eq!(texts.as_object().unwrap().len(), 1 + MACHINES.len(), "{name}: e-mail has no text of its own");
            assert_eq!(texts["default"], notification.email.body, "{name}");
            assert!(MACHINES.iter().all(|protocol| texts[protocol] == texts["sqs"]), "{name}");
            assert_eq!(document(&texts)["email"]["subject"], notification.email.subject, "{name}");
        }
    }

    #[test]
    fn no_message_is_larger_than_the_service_takes() {
        for (name, notification) in all() {
            let bytes = size(&notification);
            assert!(bytes <= MAX_MESSAGE_BYTES, "{name}: {bytes} bytes");
        }
    }

    #[test]
    fn the_usual_message_is_whole_and_small() {
        for name in ["ping-deny", "ping-deny-v6", "ping-deny-inbound"] {
            let notification = scenario(name, Setting::ENRICHED).render();
            let whole: Value = serde_json::from_str(&notification.document.json()).unwrap();
            assert_eq!(document(&texts(&notification)), whole, "{name}");
            // SNS charges for each 64 KiB.
            assert!(size(&notification) <= 64 * 1024, "{name}: {} bytes", size(&notification));
        }
    }

    #[test]
    fn a_storm_says_how_much_of_it_is_left_out() {
        let document = document(&texts(&storm().render()));
        let flows = document["flows"].as_array().unwrap().len() as u64;
        assert!(flows >= 10, "{flows} flows");
        assert_eq!(flows + document["flows_left_out"].as_u64().unwrap(), 2_000);
        assert_eq!(document["flows_complete"], false);
        assert_eq!(document["totals"]["records"], 10_000);
        assert_eq!(document["ranking"]["sources"]["exact"], false);
        assert_eq!(document["interface"].as_array().map(Vec::len), Some(50));
    }

    /// The same notification with an email's text of so many bytes, all of which JSON has to escape.
    fn with_email_of(bytes: usize, notification: &RenderedNotification) -> RenderedNotification {
        let mut notification = notification.clone();
        notification.email.body = "\\".repeat(bytes);
        notification.document.email.text = Some(notification.email.body.clone());
        notification
    }

    #[test]
    fn the_document_is_cut_before_the_email_and_in_its_order() {
        let mut seen = Vec::new();
        let storm = hostile_storm().render();
        for bytes in (0..=140_000).step_by(4_000) {
            let notification = with_email_of(bytes, &storm);
            assert!(size(&notification) <= MAX_MESSAGE_BYTES, "{bytes}: {} bytes", size(&notification));
            let texts = texts(&notification);
            let document = document(&texts);
            let cut = texts["default"] != notification.email.body.as_str();
            let state = (
                document["email"]["text"].is_null(),
                std::cmp::Reverse(document["flows"].as_array().map(Vec::len)),
                document["records"].as_array().unwrap().is_empty(),
                document["links"].is_null(),
                cut,
            );
            let bare = state.0 && state.2 && state.3 && document["flows"] == Value::Array(Vec::new());
            assert!(!cut || bare, "{bytes}: {state:?}");
            if seen.last() != Some(&state) {
                seen.push(state);
            }
        }
        assert!(seen.is_sorted(), "what was cut once stays cut: {seen:#?}");
        assert!(seen.len() > 5 && seen.last().is_some_and(|state| state.4), "{seen:#?}");
    }

    #[test]
    fn an_email_that_is_too_long_is_cut_and_says_so() {
        let notification = with_email_of(200_000, &storm().render());
        let texts = texts(&notification);
        let text = texts["default"].as_str().unwrap();
        assert!(text.ends_with("bytes left out: the message would be too long]\n"), "{:?}", &text[text.len() - 80..]);
        let bytes = size(&notification);
        assert!(bytes <= MAX_MESSAGE_BYTES && bytes > MAX_MESSAGE_BYTES - 200, "{bytes} bytes");
    }

    #[test]
    fn escapes_are_counted_as_they_are_written() {
        for text in [
            "",
            "plain",
            "\"quoted\"",
            "back\\slash",
            "a\nb\r\tc\u{8}\u{c}",
            "\0\u{1f}\u{7f}",
            "日本語 <&>",
            "\u{2028}",
        ] {
            assert_eq!(escaped_bytes(text), Value::from(text).to_string().len() - 2, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cut_by_what_it_takes_within_json() {
        for (text, room) in [("\n".repeat(500), 300), ("日".repeat(500), 301), ("\u{1}".repeat(500), 300)] {
            let kept = cut(&text, room);
            assert!(escaped_bytes(&kept) <= room, "{} bytes", escaped_bytes(&kept));
            assert!(escaped_bytes(&kept) > room - 50, "{} bytes", escaped_bytes(&kept));
            assert!(kept.ends_with(" bytes left out: the message would be too long]\n"), "{kept:?}");
        }
        assert_eq!(cut("abc", 0), "\n[3 bytes left out: the message would be too long]\n");
    }
}
