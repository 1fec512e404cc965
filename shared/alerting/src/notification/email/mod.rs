//! Messages as mails: a subject and a plain text, within the limits of Amazon SNS, in one of several languages.
//!
//! All kinds of messages go through the same sections; what differs is what the message knows.

mod case;
mod facts;
mod headline;
mod next;
mod page;
mod party;
mod records;
mod status;
mod timeline;
mod why;

pub use page::{COLUMNS, MAX_BODY_BYTES, MAX_SUBJECT_CHARS};

use crate::notification::{
    email::{case::Case, page::Page},
    kind::Kind,
    notification::Message,
};

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

/// Puts a message into the words of its site's language.
pub fn render(message: &Message<'_>) -> Mail {
    let case = Case::of(message);
    let mut page = Page::default();
    page.paragraph(&headline::lead(&case));
    page.gap();
    status::write(&case, &mut page);
    page.gap();
    facts::write(&case, &mut page);
    page.gap();
    why::write(&case, &mut page);
    page.gap();
    next::write(&case, &mut page);
    page.gap();
    records::write(&case, &mut page);
    Mail {
        subject: headline::subject(&case),
        body: page.finish(case.words),
        kind: message.kind,
        incident: message.incident.to_owned(),
        records: message.total.records,
    }
}
