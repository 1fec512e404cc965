//! The log lines.

use crate::{
    detection::MAX_LINES_PER_FLOW,
    notification::{
        email::{draft::EmailDraft, page::Page},
        language::{Noun, Number, Section},
    },
    text::inert,
};

/// Records shown; the rest is a number.
const MAX_RECORDS: usize = 10;

/// Characters of a record shown.
const MAX_RECORD_CHARS: usize = 700;

/// Each flow's rejected records with the accepted ones that belong to it.
pub(super) fn write(draft: &EmailDraft<'_>, page: &mut Page) {
    let content = &draft.notification.content;
    let findings = &content.findings;
    let mut lines: Vec<&str> = Vec::new();
    // An incident's counters have some lines without their flows.
    if findings.iter().all(|finding| finding.lines.is_empty()) {
        lines.extend(content.lines.iter().map(String::as_str));
    }
    let mut rejected = lines.len();
    // One record of each flow before a second one of any.
    for round in 0..MAX_LINES_PER_FLOW {
        for finding in findings.iter().take(MAX_RECORDS) {
            if lines.len() >= MAX_RECORDS {
                break;
            }
            if let Some(line) = finding.lines.get(round) {
                lines.push(line);
                rejected += 1;
            }
            if round == 0 {
                lines.extend(finding.opposite.iter().chain(&finding.same).map(|accepted| &*accepted.line));
            }
        }
    }
    page.line(draft.words.label(Section::Records));
    for line in lines {
        page.line(&inert(line, MAX_RECORD_CHARS));
    }
    let rest = content.totals.records.saturating_sub(rejected as u64);
    if rest > 0 {
        page.line(&draft.words.records_left(&draft.words.count(Number::Exactly(rest), Noun::Record)));
    }
}
