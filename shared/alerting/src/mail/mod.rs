//! Alerts as mails: a subject and a plain text, within the limits of Amazon SNS.

mod headline;
pub(crate) mod query;
mod reason;
mod report;
mod sections;

use crate::{
    alert::Kind,
    message::Message,
    text::{cut_bytes, one_line, wrap},
};

/// Characters of a subject: fewer than 100, no line breaks, no control characters
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
pub const MAX_SUBJECT_CHARS: usize = 99;

/// Bytes of a body. A message may have 256 KiB with its subject and attributes
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>); the rest is left to those.
pub const MAX_BODY_BYTES: usize = 256 * 1024 - 4 * 1024;

/// Columns of a body, so that a telephone does not break its lines again. Links and records stand on longer lines.
pub const COLUMNS: usize = 72;

/// A finished mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line, at most [`MAX_SUBJECT_CHARS`].
    pub subject: String,
    /// Plain text, at most [`MAX_BODY_BYTES`].
    pub body: String,
    /// Which message of its incident it is.
    pub kind: Kind,
    /// The incident.
    pub incident: String,
    /// Records of the incident that its mails have told of up to this one.
    pub records: u64,
}

/// Puts a message into words.
pub fn render(message: &Message<'_>) -> Mail {
    let mut body = Body::default();
    let subject = if message.kind == Kind::Opening && !message.is_late() {
        body.paragraph(&headline::lead(message));
        sections::write(message, &mut body);
        headline::subject(message)
    } else {
        report::write(message, &mut body);
        report::subject(message)
    };
    Mail {
        subject: one_line(&subject, MAX_SUBJECT_CHARS).into_owned(),
        body: limited(body.text),
        kind: message.kind,
        incident: message.incident.to_owned(),
        records: message.total.records,
    }
}

/// Cuts a body to [`MAX_BODY_BYTES`] at a character and says what is missing.
fn limited(mut body: String) -> String {
    const NOTE_BYTES: usize = 80;
    if body.len() > MAX_BODY_BYTES {
        let kept = cut_bytes(&body, MAX_BODY_BYTES - NOTE_BYTES).len();
        let left_out = body.len() - kept;
        body.truncate(kept);
        body.push_str(&format!("\n[{left_out} bytes left out: the mail would be too long]\n"));
    }
    body
}

/// The text of a mail while it is written.
#[derive(Debug, Default)]
pub(crate) struct Body {
    text: String,
}

/// Columns of a label with the gap behind it.
const LABEL_COLUMNS: usize = 7;

impl Body {
    /// A paragraph, wrapped.
    pub(crate) fn paragraph(&mut self, text: &str) {
        for line in wrap(text, COLUMNS) {
            self.line(&line);
        }
    }

    /// A line that is not wrapped.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A label with a text beside it, wrapped and indented. An empty label goes on with the one above.
    pub(crate) fn field(&mut self, label: &str, text: &str) {
        for (index, line) in wrap(text, COLUMNS - LABEL_COLUMNS).iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            self.line(&format!("{label:<LABEL_COLUMNS$}{line}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BODY_BYTES, limited};

    #[test]
    fn a_long_body_is_cut_at_a_character_and_says_so() {
        let body = limited("日".repeat(100_000));
        assert!(body.len() <= MAX_BODY_BYTES, "{} bytes", body.len());
        let (kept, note) = body.split_once('\n').unwrap();
        assert!(kept.chars().all(|c| c == '日'));
        assert_eq!(note, format!("[{} bytes left out: the mail would be too long]\n", 300_000 - kept.len()));
        assert!(kept.len() > MAX_BODY_BYTES - 200);
        let fitting = "日".repeat(MAX_BODY_BYTES / 3);
        assert_eq!(limited(fitting.clone()), fitting);
    }
}
