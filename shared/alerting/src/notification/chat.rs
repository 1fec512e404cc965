//! Messages for Slack and Microsoft Teams, in the one format that Amazon Q Developer in chat applications takes from a topic;
//! anything else it drops without a word
//! (<https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>).
//!
//! The words are the email's, whatever its language: its lead, how things stand and what to do as text, the reasons and facts in a block,
//! and its links. No line is broken by hand: a chat does that.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    notification::{
        digest::DigestDocument,
        document::Document,
        email::{Action, Detail, EmailDraft, NamedLink},
        language::Section,
    },
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
    /// The message of a notification.
    pub fn of(draft: &EmailDraft, document: &Document) -> ChatMessage {
        let routing = &document.routing;
        let title = cut(&plain(&draft.subject), MAX_TITLE_CHARS);
        let keywords = [routing.rule, routing.kind, routing.severity.word(), &document.incident.short_id];
        let resources = routing.interface.iter().chain(&routing.vpc).take(MAX_RESOURCES);
        let context = routing.values().into_iter();
        ChatMessage {
            version: "1.0",
            source: "custom",
            id: format!("{}/{}", document.incident.id, document.incident.number),
            content: Content {
                text_type: "client-markdown",
                title: title.clone(),
                description: description(draft),
                keywords: keywords.map(|word| cut(&plain(word), MAX_KEYWORD_CHARS)).into(),
            },
            metadata: Metadata {
                thread_id: document.incident.id.clone(),
                summary: title,
                event_type: format!("{}-{}", routing.rule, routing.kind),
                related_resources: resources.cloned().collect(),
                additional_context: context.map(|(name, values)| (name, plain(&values.join(", ")))).collect(),
            },
        }
    }

    /// The message of a digest. All digests stand in one thread.
    pub(crate) fn of_digest(subject: &str, body: &str, document: &DigestDocument) -> ChatMessage {
        let routing = &document.routing;
        let title = cut(&plain(subject), MAX_TITLE_CHARS);
        let keywords = [routing.rule, routing.kind, routing.severity.word()];
        let context = routing.values().into_iter();
        ChatMessage {
            version: "1.0",
            source: "custom",
            id: format!("{}/{}/{}", routing.kind, document.cadence, document.date),
            content: Content {
                text_type: "client-markdown",
                title: title.clone(),
                description: cut(plain(body).trim_end(), MAX_DESCRIPTION_CHARS),
                keywords: keywords.map(|word| cut(&plain(word), MAX_KEYWORD_CHARS)).into(),
            },
            metadata: Metadata {
                thread_id: format!("{}/{}/{}", routing.kind, routing.region, routing.log_group),
                summary: title,
                event_type: format!("{}-{}", routing.rule, routing.kind),
                related_resources: Vec::new(),
                additional_context: context.map(|(name, values)| (name, plain(&values.join(", ")))).collect(),
            },
        }
    }

    /// The notification as JSON.
    pub fn json(&self) -> String {
        // As with the document: nothing in it can refuse to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The email in a chat's markup: what a person needs first as running text, the rest in a block, the links under their names. The records
/// are left to the email.
fn description(draft: &EmailDraft) -> String {
    let words = draft.language.phrases();
    let lines = |lines: &[String]| plain(&lines.join("\n"));
    let actions: Vec<String> = draft.actions.iter().map(action).collect();
    let text = format!(
        "{}\n\n{}\n\n{}\n{}",
        lines(&draft.lead),
        lines(&draft.status),
        words.heading(Section::Actions),
        actions.join("\n")
    );
    let details: Vec<String> = draft.details.iter().flat_map(Detail::lines).collect();
    let block = [words.heading(Section::Why).to_owned()]
        .into_iter()
        .chain(draft.why.iter().cloned())
        .chain([String::new(), words.heading(Section::Details).to_owned()])
        .chain(details);
    let links = linked(&draft.links);
    let room = MAX_DESCRIPTION_CHARS - links.chars().count() - "\n\n```\n\n```\n".len();
    let text = cut(text.trim_end(), room);
    let block = block.collect::<Vec<_>>().join("\n");
    let block = cut(plain(&block).trim_end(), room.saturating_sub(text.chars().count()));
    format!("{text}\n\n```\n{block}\n```\n{links}")
}

/// What to do, with its link below it where there is room for that.
fn action(action: &Action) -> String {
    let link = action.link.as_ref().and_then(named);
    let link =
        link.filter(|link| link.chars().count() <= LINK_CHARS).map(|link| format!("\n{link}")).unwrap_or_default();
    format!("{}{link}", plain(&action.text))
}

/// The links, each under its name, as many as there is room for.
fn linked(links: &[NamedLink]) -> String {
    let mut text = String::new();
    let mut used = 0;
    for item in links.iter().filter_map(named) {
        let item = format!("• {item}\n");
        if used + item.chars().count() <= LINK_CHARS {
            used += item.chars().count();
            text.push_str(&item);
        }
    }
    text
}

/// A link under its name; none where its address could end the markup.
fn named(link: &NamedLink) -> Option<String> {
    let harmless = !link.url.contains(['|', '<', '>', ' ']);
    harmless.then(|| format!("<{}|{}>", link.url, plain(&link.title)))
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

/// Cuts a text to so many characters and shows that it did, where there is room for that.
fn cut(text: &str, max_chars: usize) -> String {
    if max_chars == 0 {
        return String::new();
    }
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
    use crate::notification::{Language, email::Records};

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
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("日本語の", 3), "日本…");
        assert_eq!(cut("ab&amp;cd", 5), "ab…");
        assert_eq!(cut("a&amp;bcd", 7), "a&amp;…");
    }

    fn draft(text: &str, fact: &str, url: &str) -> EmailDraft {
        let link = |title: &str, url: &str| NamedLink { title: title.to_owned(), url: url.to_owned() };
        EmailDraft {
            language: Language::English,
            subject: String::new(),
            lead: vec![text.to_owned()],
            status: vec!["OPENED".to_owned(), "Sent at once.".to_owned()],
            actions: vec![Action { text: "Look:".to_owned(), link: Some(link("The ACL", "https://acl.example")) }],
            why: vec!["The ACL".to_owned()],
            details: vec![Detail { label: "From".to_owned(), values: vec![fact.to_owned()] }],
            links: vec![link("The records", url), link("指標", "https://two.example")],
            records: Records { lines: vec!["2 1 eni-1".to_owned()], left: None },
        }
    }

    #[test]
    fn an_email_becomes_text_a_block_and_links() {
        assert_eq!(
            description(&draft("web-1 could not answer.", "10.0.0.1", "https://one.example/?a=b&c")),
            "web-1 could not answer.\n\nOPENED\nSent at once.\n\nWHAT TO DO\nLook:\n<https://acl.example|The ACL>\n\n\
             ```\nWHY\nThe ACL\n\nDETAILS\nFrom: 10.0.0.1\n```\n\
             • <https://one.example/?a=b&c|The records>\n• <https://two.example|指標>\n"
        );
    }

    #[test]
    fn a_description_is_never_too_long() {
        for (text, fields, link) in [
            ("<".repeat(10_000), String::new(), String::new()),
            ("a".to_owned(), "x".repeat(20_000), String::new()),
            ("a".to_owned(), "日".repeat(20_000), format!("https://{}", "y".repeat(3_900))),
            ("日".repeat(20_000), "b".to_owned(), format!("https://{}", "y".repeat(4_000))),
        ] {
            let length = description(&draft(&text, &fields, &link)).chars().count();
            assert!(length <= MAX_DESCRIPTION_CHARS, "{length} characters");
            assert!(length > 7_000, "{length} characters");
        }
    }
}
