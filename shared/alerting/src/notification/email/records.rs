//! The log lines.

use crate::{
    detection::MAX_LINES_PER_FLOW,
    notification::{
        email::{case::Case, page::Page},
        language::{Noun, Number, Section},
    },
    text::inert,
};

/// Records shown; the rest is a number.
const MAX_RECORDS: usize = 10;

/// Characters of a record shown.
const MAX_RECORD_CHARS: usize = 700;

/// Each flow's rejected records with the accepted ones that belong to it.
pub(super) fn write(case: &Case<'_>, page: &mut Page) {
    let told = &case.message.told;
    let findings = &told.findings;
    let mut lines: Vec<&str> = Vec::new();
    // An incident's counters have some lines without their flows.
    if findings.iter().all(|finding| finding.lines.is_empty()) {
        lines.extend(told.lines.iter().map(String::as_str));
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
    page.line(case.words.label(Section::Records));
    for line in lines {
        page.line(&inert(line, MAX_RECORD_CHARS));
    }
    let rest = told.totals.records.saturating_sub(rejected as u64);
    if rest > 0 {
        page.line(&case.words.records_left(&case.words.count(Number::Exactly(rest), Noun::Record)));
    }
}
