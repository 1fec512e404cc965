//! An email in parts.

use crate::notification::language::Language;

/// An email in parts: its words, before they become plain text or another markup. No line is broken: whatever shows it does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailDraft {
    /// The language of its words.
    pub language: Language,
    /// One line, at most [`crate::notification::email::MAX_SUBJECT_CHARS`].
    pub subject: String,
    /// The sentence of the subject with who is who, and the reason: a line each.
    pub lead: Vec<String>,
    /// How things stand, a line each.
    pub status: Vec<String>,
    /// What to do.
    pub actions: Vec<Action>,
    /// Why it was rejected, a line each.
    pub why: Vec<String>,
    /// How much, who, where and when.
    pub details: Vec<Detail>,
    /// The log lines.
    pub records: Records,
    /// The links that no action has.
    pub links: Vec<NamedLink>,
}

/// Something to do, with the link to do it at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What to do, on one line.
    pub text: String,
    /// Where.
    pub link: Option<NamedLink>,
}

/// A link with what it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedLink {
    /// What it opens.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// A fact: a label with one value, or with several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// What it is.
    pub label: String,
    /// Its values, a line each.
    pub values: Vec<String>,
}

impl Detail {
    /// The fact as lines: `label: value`, or the label with a list below it.
    pub fn lines(&self) -> Vec<String> {
        match &self.values[..] {
            [only] => vec![format!("{}: {only}", self.label)],
            several => {
                let listed = several.iter().map(|value| format!("- {value}"));
                [format!("{}:", self.label)].into_iter().chain(listed).collect()
            }
        }
    }
}

/// Log lines as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The lines.
    pub lines: Vec<String>,
    /// How many are not shown, if any.
    pub left: Option<String>,
}
