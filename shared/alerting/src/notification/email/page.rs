//! The text of an email: its parts below one another, each paragraph on one line.

use crate::{
    notification::{
        email::draft::{Action, Detail, EmailDraft},
        language::{Phrases, Section},
    },
    text::cut_bytes,
};

/// Characters of a subject: UTF-8, fewer than 100, no line breaks, no control characters
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
pub const MAX_SUBJECT_CHARS: usize = 99;

/// Bytes of a body. A message may have 256 KiB with its subject and attributes
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>); the rest is left to those.
pub const MAX_BODY_BYTES: usize = 256 * 1024 - 4 * 1024;

/// The body of an email.
pub(super) fn body(draft: &EmailDraft) -> String {
    let words = draft.language.phrases();
    let links = draft.links.iter().flat_map(|link| [format!("{}:", link.title), link.url.clone()]);
    let records = draft.records.lines.iter().chain(&draft.records.left);
    let mut page = Page::default();
    page.part(None, draft.lead.iter().cloned());
    page.part(None, draft.status.iter().cloned());
    page.part(Some(words.heading(Section::Actions)), draft.actions.iter().flat_map(action));
    page.part(Some(words.heading(Section::Why)), draft.why.iter().cloned());
    page.part(Some(words.heading(Section::Details)), draft.details.iter().flat_map(Detail::lines));
    page.part(Some(words.heading(Section::Records)), records.cloned());
    page.part(Some(words.heading(Section::Links)), links);
    page.finish(words)
}

fn action(action: &Action) -> impl Iterator<Item = String> {
    let url = action.link.as_ref().map(|link| link.url.clone());
    [action.text.clone()].into_iter().chain(url)
}

#[derive(Debug, Default)]
struct Page {
    text: String,
}

impl Page {
    /// Lines below an empty one and their heading; nothing where there are none.
    fn part(&mut self, heading: Option<&str>, lines: impl Iterator<Item = String>) {
        let mut lines = lines.peekable();
        if lines.peek().is_none() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        for line in heading.map(str::to_owned).into_iter().chain(lines) {
            self.text.push_str(&line);
            self.text.push('\n');
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
    use super::{MAX_BODY_BYTES, Page};
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
}
