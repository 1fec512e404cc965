//! Messages as emails: a subject and a plain text, within the limits of Amazon SNS, in one of several languages.
//!
//! All kinds of notifications have the same sections; what differs is what the notification knows.

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

pub use page::{COLUMNS, MAX_BODY_BYTES, MAX_SUBJECT_CHARS};

use crate::notification::{
    email::{draft::EmailDraft, page::Page},
    kind::NotificationKind,
    notification::Notification,
};

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

/// Renders a notification in its site's language.
pub fn render(notification: &Notification<'_>) -> Email {
    let draft = EmailDraft::of(notification);
    let mut page = Page::default();
    page.paragraph(&headline::lead(&draft));
    page.gap();
    status::write(&draft, &mut page);
    page.gap();
    facts::write(&draft, &mut page);
    page.gap();
    why::write(&draft, &mut page);
    page.gap();
    next::write(&draft, &mut page);
    page.gap();
    records::write(&draft, &mut page);
    Email {
        subject: headline::subject(&draft),
        body: page.finish(draft.words),
        kind: notification.kind,
        incident: notification.incident.to_owned(),
        records: notification.total.records,
    }
}
