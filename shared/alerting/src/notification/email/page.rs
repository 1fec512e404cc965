//! The text of an email: its parts on lines of a fixed width.

use crate::{
    notification::{
        email::draft::{EmailDraft, Fields},
        language::Phrases,
    },
    text::{columns, cut_bytes, settle, wrap},
};

/// Characters of a subject: UTF-8, fewer than 100, no line breaks, no control characters
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
pub const MAX_SUBJECT_CHARS: usize = 99;

/// Bytes of a body. A message may have 256 KiB with its subject and attributes
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>); the rest is left to those.
pub const MAX_BODY_BYTES: usize = 256 * 1024 - 4 * 1024;

/// Columns of a body, so that a telephone does not break its lines again; a Japanese character takes two. Links and records stand
/// on longer lines.
pub const COLUMNS: usize = 72;

/// Columns of a label with the space behind it.
const LABEL_COLUMNS: usize = 7;

/// The body of an email.
pub(super) fn body(draft: &EmailDraft, words: &dyn Phrases) -> String {
    let mut page = Page::default();
    page.paragraph(&draft.lead);
    page.gap();
    draft.status.iter().for_each(|statement| page.paragraph(statement));
    page.gap();
    page.table(draft);
    page.gap();
    for (title, url) in &draft.links {
        page.paragraph(title);
        page.line(url);
    }
    page.gap();
    page.line(draft.records.label);
    draft.records.lines.iter().chain(&draft.records.left).for_each(|line| page.line(line));
    page.finish(words)
}

/// The facts, the reasons and what to do, in columns.
pub(crate) fn table(draft: &EmailDraft) -> String {
    let mut page = Page::default();
    page.table(draft);
    page.text
}

#[derive(Debug, Default)]
struct Page {
    text: String,
}

impl Page {
    /// A paragraph, wrapped.
    fn paragraph(&mut self, text: &str) {
        for line in wrap(text, COLUMNS) {
            self.line(&line);
        }
    }

    /// A line that is not wrapped.
    fn line(&mut self, text: &str) {
        self.text.push_str(&settle(text));
        self.text.push('\n');
    }

    fn table(&mut self, draft: &EmailDraft) {
        for Fields(fields) in [&draft.facts, &draft.why, &draft.next] {
            self.gap();
            fields.iter().for_each(|(label, text)| self.field(label, text));
        }
    }

    /// An empty line, unless there is one already or nothing stands above.
    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A label with a text beside it, wrapped and indented. An empty label goes on with the one above.
    fn field(&mut self, label: &str, text: &str) {
        for (index, line) in wrap(text, COLUMNS - LABEL_COLUMNS).iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let space = " ".repeat(LABEL_COLUMNS.saturating_sub(columns(label)).max(1));
            self.line(&format!("{label}{space}{line}"));
        }
    }

    /// The text, cut to [`MAX_BODY_BYTES`] at a character, and what is missing said.
    fn finish(self, words: &dyn Phrases) -> String {
        const NOTE_BYTES: usize = 120;
        let mut body = self.text;
        if body.len() > MAX_BODY_BYTES {
            let kept = cut_bytes(&body, MAX_BODY_BYTES - NOTE_BYTES).len();
            let left_out = body.len() - kept;
            body.truncate(kept);
            body.push_str(&format!("\n{}\n", words.left_out(left_out as u64)));
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, MAX_BODY_BYTES, Page};
    use crate::notification::language::Language;

    #[test]
    fn a_long_body_is_cut_at_a_character_and_says_so() {
        for language in Language::ALL.iter().copied() {
            let code = language.code();
            let limited = |text: &str| Page { text: text.to_owned() }.finish(language.phrases());
            let body = limited(&"日".repeat(100_000));
            assert!(body.len() <= MAX_BODY_BYTES, "{code}: {} bytes", body.len());
            let (kept, note) = body.split_once('\n').unwrap();
            assert!(kept.chars().all(|c| c == '日'));
            let left_out = crate::text::grouped(300_000 - kept.len() as u64);
            assert!(note.contains(&left_out), "{code}: {note}");
            assert!(kept.len() > MAX_BODY_BYTES - 200);
            let fitting = "日".repeat(MAX_BODY_BYTES / 3);
            assert_eq!(limited(&fitting), fitting);
        }
    }

    #[test]
    fn labels_take_the_same_columns_in_every_script() {
        let mut page = Page::default();
        page.field("WHY", "because");
        page.field("原因", "because");
        page.field("", &"あ".repeat(COLUMNS));
        let lines: Vec<&str> = page.text.lines().collect();
        assert_eq!(lines[..2], ["WHY    because", "原因   because"]);
        assert_eq!(lines[2], format!("       {}", "あ".repeat(32)));
    }
}
