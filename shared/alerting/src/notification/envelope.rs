//! One SNS message for all kinds of subscribers, within the service's limit: the email's text for people, the document for
//! machines.
//!
//! With `MessageStructure=json` the message is a JSON object with a text for each protocol; `default` is for those without one
//! of their own (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>). E-email has none: the email's text is the
//! default, and would only stand there twice.

use serde_json::{Map, Value};

use crate::{
    notification::{document::Document, email::Email, routing::Attribute},
    text::cut_bytes,
};

/// Bytes of a message with its attributes, all protocols together
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>). The subject is counted too: AWS does not say that it is not.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// The protocols whose subscribers get the document
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-event-destinations.html>).
pub const MACHINES: [&str; 4] = ["sqs", "lambda", "http", "https"];

/// The value of `MessageStructure` that the message is for.
pub const STRUCTURE: &str = "json";

/// Names in each ranking of a document that has to be short.
const FEW_NAMES: usize = 3;

/// Puts email and document into one message, and cuts the document, then the email, until it is within [`MAX_MESSAGE_BYTES`].
/// The document is cut along, so that it says what it has.
pub fn pack(email: &Email, document: &mut Document, attributes: &[Attribute]) -> String {
    let beside = email.subject.len() + attributes.iter().map(Attribute::size_bytes).sum::<usize>();
    let room = MAX_MESSAGE_BYTES.saturating_sub(beside + frame_bytes());
    let body_bytes = escaped_bytes(&email.body);
    let mut json = document.json();
    loop {
        let machines = MACHINES.len() * escaped_bytes(&json);
        if body_bytes + machines <= room {
            return message(&email.body, &json);
        }
        if !shorten(document) {
            return message(&cut(&email.body, room.saturating_sub(machines)), &json);
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

/// Takes away what is missed least: first what stands elsewhere, then flows, the lightest first. Returns false where nothing
/// is left to take.
fn shorten(document: &mut Document) -> bool {
    let flows = document.flows.len();
    if document.email.text.take().is_some() {
        true
    } else if flows > 1 {
        keep_flows(document, flows / 2);
        true
    } else if !document.records.is_empty() {
        document.records.clear();
        true
    } else if document.links.take().is_some() {
        true
    } else if flows > 0 {
        keep_flows(document, 0);
        true
    } else {
        let ranking = &mut document.ranking;
        let tops = [&mut ranking.sources.top, &mut ranking.targets.top, &mut ranking.interfaces.top];
        let many = tops.iter().any(|top| top.len() > FEW_NAMES);
        tops.into_iter().for_each(|top| top.truncate(FEW_NAMES));
        many
    }
}

fn keep_flows(document: &mut Document, number: usize) {
    document.flows_left_out += document.flows.len().saturating_sub(number) as u64;
    document.flows_complete = false;
    document.flows.truncate(number);
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
    use super::*;

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
