//! The log lines.

use crate::{
    detection::MAX_LINES_PER_FLOW,
    notification::{
        email::{draft::Records, writer::Writer},
        language::{Noun, Number},
        links::query,
    },
    text::inert,
};

/// Records shown; the rest is a number.
const MAX_RECORDS: usize = 10;

/// Characters of a record shown.
const MAX_RECORD_CHARS: usize = 700;

/// Each flow's rejected records with the accepted ones that belong to it.
pub(super) fn of(writer: &Writer<'_>) -> Records {
    let content = writer.notification.content;
    let findings = &content.findings;
    let mut lines: Vec<&str> = Vec::new();
    // An incident's counters have the newest lines, without their flows.
    let newest = findings.iter().all(|finding| finding.lines.is_empty());
    if newest {
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
    let left = content.totals.records.saturating_sub(rejected as u64);
    let words = writer.words;
    let more = words.count(Number::Exactly(left), Noun::Record);
    let at_most = (content.totals.records > query::MAX_RECORDS)
        .then(|| words.count(Number::Exactly(query::MAX_RECORDS), Noun::Record));
    Records {
        lines: lines.into_iter().map(|line| inert(line, MAX_RECORD_CHARS)).collect(),
        left: (left > 0).then(|| words.records_left(&more, newest, at_most.as_deref())),
    }
}
