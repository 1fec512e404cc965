//! An email in parts.

/// An email in parts: its words, before they are broken into lines or put into another markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailDraft {
    /// One line, at most [`crate::notification::email::MAX_SUBJECT_CHARS`].
    pub subject: String,
    /// The sentence of the subject with who is who, and the reason.
    pub lead: String,
    /// How things stand, a paragraph each.
    pub status: Vec<String>,
    /// Who, where and when.
    pub facts: Fields,
    /// Why it was rejected.
    pub why: Fields,
    /// What to do.
    pub next: Fields,
    /// What each link opens, and its address.
    pub links: Vec<(String, String)>,
    /// The log lines.
    pub records: Records,
}

/// Texts with labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(&'static str, String)>);

impl Fields {
    /// Adds a text. An empty label continues the one above.
    pub(super) fn field(&mut self, label: &'static str, text: impl Into<String>) {
        self.0.push((label, text.into()));
    }
}

/// Log lines as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// What they are.
    pub label: &'static str,
    /// The lines.
    pub lines: Vec<String>,
    /// How many are not shown, if any.
    pub left: Option<String>,
}
