//! Notifications as emails: a subject and a plain text, within the limits of Amazon SNS, in one of several languages.
//!
//! All kinds of notifications have the same sections; they differ in what the notification knows. [`EmailDraft`] has the words,
//! `page` breaks them into lines.

mod draft;
mod facts;
mod headline;
mod next;
mod page;
mod party;
mod records;
mod status;
mod timeline;
mod why;
mod writer;

pub use draft::{EmailDraft, Fields, Records};
pub(crate) use page::table;
pub use page::{COLUMNS, MAX_BODY_BYTES, MAX_SUBJECT_CHARS};

use writer::Writer;

use crate::notification::{kind::NotificationKind, notification::Notification};

impl EmailDraft {
    /// Writes the email of a notification in its site's language.
    pub fn of(notification: &Notification<'_>) -> EmailDraft {
        let writer = Writer::of(notification);
        let links = notification.links.iter().map(|link| (writer.words.opens(&link.target), link.url.clone()));
        EmailDraft {
            subject: headline::subject(&writer),
            lead: headline::lead(&writer),
            status: status::statements(&writer),
            facts: facts::fields(&writer),
            why: why::fields(&writer),
            next: next::fields(&writer),
            links: links.collect(),
            records: records::of(&writer),
        }
    }
}

/// A finished email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// One line, at most [`MAX_SUBJECT_CHARS`].
    pub subject: String,
    /// Plain text, at most [`MAX_BODY_BYTES`].
    pub body: String,
    /// Opened, update or resolved.
    pub kind: NotificationKind,
    /// The incident.
    pub incident: String,
    /// Records of the incident up to this email.
    pub records: u64,
}

impl Email {
    /// The email of a notification, from its draft.
    pub fn of(notification: &Notification<'_>, draft: &EmailDraft) -> Email {
        Email {
            subject: draft.subject.clone(),
            body: page::body(draft, notification.site.language.phrases()),
            kind: notification.kind,
            incident: notification.incident.to_owned(),
            records: notification.total.records,
        }
    }
}
