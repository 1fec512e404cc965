//! An explanation as plain text, in the words and the sections of an email.

use std::io::{self, Write};

use alerting::notification::{Language, email::ExplanationDraft, language::Section};

/// Prints one of several explanations.
pub(super) fn print(
    out: &mut impl Write,
    (number, of): (usize, usize),
    draft: &ExplanationDraft,
    language: Language,
) -> io::Result<()> {
    if number > 1 {
        writeln!(out)?;
    }
    if of > 1 {
        writeln!(out, "--- {number}/{of} ---")?;
    }
    lines(out, &draft.lead)?;
    let words = language.phrases();
    for (section, text) in
        [(Section::Why, &draft.why), (Section::Actions, &draft.advice), (Section::Records, &draft.records)]
    {
        writeln!(out, "\n{}", words.heading(section))?;
        lines(out, text)?;
    }
    Ok(())
}

fn lines(out: &mut impl Write, lines: &[String]) -> io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}
