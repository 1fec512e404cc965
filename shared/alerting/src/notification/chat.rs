//! Messages for Slack and Microsoft Teams, in the one format that Amazon Q Developer in chat applications takes from a topic;
//! anything else it drops without a word
//! (<https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>).
//!
//! The words are the email's, whatever their language: its headline and status, its facts in a block, and its links.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    notification::{document::Document, email::Email},
    text::cut_bytes,
};

/// Characters of a title.
pub const MAX_TITLE_CHARS: usize = 250;

/// Characters of a description.
pub const MAX_DESCRIPTION_CHARS: usize = 8_000;

/// Characters of a keyword.
pub const MAX_KEYWORD_CHARS: usize = 75;

/// Related resources; AWS names no limit.
pub const MAX_RESOURCES: usize = 20;

/// Characters of the description that are left to the links.
const LINK_CHARS: usize = 4_000;

/// A custom notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// The version of the format.
    pub version: &'static str,
    /// What marks a notification as custom.
    pub source: &'static str,
    /// Unique for each message.
    pub id: String,
    /// What is shown.
    pub content: Content,
    /// What is known beside it.
    pub metadata: Metadata,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// That the text is in the chat's own markup.
    pub text_type: &'static str,
    /// The headline.
    pub title: String,
    /// The text.
    pub description: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
}

/// What is known beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The incident: all its messages stand in one thread.
    pub thread_id: String,
    /// The headline of the thread.
    pub summary: String,
    /// The rule and the kind of message.
    pub event_type: String,
    /// Interfaces and VPCs.
    pub related_resources: Vec<String>,
    /// What the message can be routed by, by name.
    pub additional_context: BTreeMap<&'static str, String>,
}

impl ChatMessage {
    /// The notification of an email and its document.
    pub fn of(email: &Email, document: &Document) -> ChatMessage {
        let routing = &document.routing;
        let title = cut(&plain(&email.subject), MAX_TITLE_CHARS);
        let keywords = [routing.rule.as_str(), routing.kind, routing.severity.word()];
        let resources = routing.interface.iter().chain(&routing.vpc).take(MAX_RESOURCES);
        let context = routing.attributes().into_iter();
        ChatMessage {
            version: "1.0",
            source: "custom",
            id: format!("{}/{}", document.incident.id, document.incident.number),
            content: Content {
                text_type: "client-markdown",
                title: title.clone(),
                description: description(&email.body),
                keywords: keywords.map(|word| cut(&plain(word), MAX_KEYWORD_CHARS)).into(),
            },
            metadata: Metadata {
                thread_id: document.incident.id.clone(),
                summary: title,
                event_type: format!("{}-{}", routing.rule, routing.kind),
                related_resources: resources.cloned().collect(),
                additional_context: context.map(|one| (one.name, plain(&one.values.join(", ")))).collect(),
            },
        }
    }

    /// The notification as JSON.
    pub fn json(&self) -> String {
        // As with the document: nothing in it can refuse to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The email's text in a chat's markup: the first two paragraphs as running text, the facts in a block that keeps their columns,
/// the links under their names. The records are left to the email.
fn description(body: &str) -> String {
    let mut text = String::new();
    let mut block = String::new();
    let mut links = String::new();
    for (index, paragraph) in body.split("\n\n").enumerate() {
        let lines: Vec<&str> = paragraph.lines().filter(|line| !line.is_empty()).collect();
        if lines.iter().any(|line| is_link(line)) {
            links = linked(&lines);
            break;
        }
        if index < 2 {
            // The headline is running text; what stands below it are statements, each on a line of its own.
            text.push_str(&plain(&if index == 0 { unwrapped(&lines) } else { lines.join("\n") }));
            text.push_str("\n\n");
        } else {
            block.push_str(&plain(&lines.join("\n")));
            block.push_str("\n\n");
        }
    }
    let room = MAX_DESCRIPTION_CHARS - links.chars().count() - "```\n\n```\n".len();
    let text = cut(text.trim_end(), room);
    let block = cut(block.trim_end(), room.saturating_sub(text.chars().count() + 2));
    match (block.is_empty(), links.is_empty()) {
        (true, true) => text,
        (true, false) => format!("{text}\n\n{links}"),
        (false, true) => format!("{text}\n\n```\n{block}\n```"),
        (false, false) => format!("{text}\n\n```\n{block}\n```\n{links}"),
    }
}

/// Lines as one again. Japanese is broken where there was no space.
fn unwrapped(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        let wide = |end: Option<char>| end.is_some_and(|c| !c.is_ascii());
        let within_japanese = wide(text.chars().next_back()) && wide(line.chars().next());
        if !text.is_empty() && !within_japanese {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

fn is_link(line: &str) -> bool {
    line.starts_with("https://")
}

/// The links, each under the name on the lines before it, as many as there is room for.
fn linked(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut used = 0;
    let mut name: Vec<&str> = Vec::new();
    for line in lines {
        if !is_link(line) {
            name.push(line);
            continue;
        }
        let named = plain(unwrapped(&name).trim_end_matches([':', '：']));
        name.clear();
        let item = format!("• <{line}|{named}>\n");
        if line.contains(['|', '<', '>', ' ']) || used + item.chars().count() > LINK_CHARS {
            continue;
        }
        used += item.chars().count();
        text.push_str(&item);
    }
    text
}

/// Text from outside, which may not become markup, a link or a call to everybody in the channel
/// (<https://docs.slack.dev/messaging/formatting-message-text/#escaping>).
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '`' => plain.push('\''),
            // Within a word it is an address; before one it calls somebody.
            '@' if !before.is_alphanumeric() => plain.push('＠'),
            c => plain.push(c),
        }
        before = c;
    }
    plain
}

/// Cuts a text to so many characters and shows that it did.
fn cut(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(max_chars.saturating_sub(1)).map_or(0, |(at, _)| at);
            // Not within an escape, which would show its remains.
            let kept = cut_bytes(text, end);
            let kept = kept.rfind('&').filter(|at| !kept[*at..].contains(';')).map_or(kept, |at| &kept[..at]);
            format!("{kept}…")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_calls_nobody_and_links_nowhere() {
        for (given, expect) in [
            ("web-1", "web-1"),
            ("<!channel>", "&lt;!channel&gt;"),
            ("<https://phish.example|the console>", "&lt;https://phish.example|the console&gt;"),
            ("@here and team@example.com", "＠here and team@example.com"),
            ("``` out", "''' out"),
            ("a & b", "a &amp; b"),
        ] {
            assert_eq!(plain(given), expect, "{given}");
        }
    }

    #[test]
    fn text_is_cut_by_characters_and_never_within_an_escape() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("日本語の", 3), "日本…");
        assert_eq!(cut("ab&amp;cd", 5), "ab…");
        assert_eq!(cut("a&amp;bcd", 7), "a&amp;…");
    }

    #[test]
    fn a_mail_becomes_text_a_block_and_links() {
        let body = "One line\nand another.\n\nNEW since then\n\nWHAT   4 packets\nFROM   10.0.0.1\n\nWHY    The ACL\n\n\
                    The\nrecords:\nhttps://one.example/?a=b&c\nThe metric：\nhttps://two.example\n\nRECORDS\n2 1 eni-1";
        let expect = "One line and another.\n\nNEW since then\n\n```\nWHAT   4 packets\nFROM   10.0.0.1\n\nWHY    The ACL\n```\n\
                      • <https://one.example/?a=b&c|The records>\n• <https://two.example|The metric>\n";
        assert_eq!(description(body), expect);
        assert_eq!(description("One line.\n"), "One line.");
        assert_eq!(description("203.0.113.12 か\nらの ping 4\n件"), "203.0.113.12 からの ping 4 件");
    }

    #[test]
    fn a_description_is_never_too_long() {
        for body in [
            "<".repeat(10_000),
            format!("a\n\nb\n\n{}", "x".repeat(20_000)),
            format!("a\n\nb\n\n{}\n\nLink:\nhttps://{}", "日".repeat(20_000), "y".repeat(3_900)),
            format!("{}\n\nLink:\nhttps://{}", "日".repeat(20_000), "y".repeat(4_000)),
        ] {
            let length = description(&body).chars().count();
            assert!(length <= MAX_DESCRIPTION_CHARS, "{length} characters");
            assert!(length > 7_000, "{length} characters");
        }
    }
}
