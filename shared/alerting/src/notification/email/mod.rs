//! Notifications as emails: a subject and a plain text, within the limits of Amazon SNS, in one of several languages.
//!
//! All kinds of notifications have the same sections; they differ in what the notification knows. [`EmailDraft`] has the words,
//! `page` puts them below one another. What a person needs first stands first: what happened, how things stand, what to do.

mod actions;
mod connections;
mod details;
mod draft;
mod headline;
mod opening;
mod page;
mod party;
mod records;
mod silence;
mod status;
mod timeline;
mod why;
mod writer;

pub use draft::{Action, Detail, EmailDraft, NamedLink, Records};
pub use page::{MAX_BODY_BYTES, MAX_SUBJECT_CHARS};

use writer::Writer;

use crate::notification::{kind::NotificationKind, notification::Notification};

impl EmailDraft {
    /// Writes the email of a notification in its site's language.
    pub fn of(notification: &Notification<'_>) -> EmailDraft {
        let writer = Writer::of(notification);
        let actions = actions::of(&writer);
        let used: Vec<&str> = actions.iter().filter_map(|action| Some(action.link.as_ref()?.url.as_str())).collect();
        let others = notification.links.iter().filter(|link| !used.contains(&link.url.as_str()));
        let links = others.map(|link| writer.link(link)).collect();
        EmailDraft {
            language: notification.site.language,
            subject: headline::subject(&writer),
            lead: headline::lead(&writer),
            status: status::statements(&writer),
            why: why::statements(&writer),
            details: details::of(&writer),
            records: records::of(&writer),
            links,
            actions,
        }
    }
}

/// The parts of an email that explain, without those that depend on the incident or the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplanationDraft {
    /// What happened and who is who, and the reason: a line each.
    pub lead: Vec<String>,
    /// Why it was rejected, a line each.
    pub why: Vec<String>,
    /// What would let the packets through, or that they are normally left blocked.
    pub advice: Vec<String>,
    /// The rejected records, and accepted ones that are evidence: the first few.
    pub records: Vec<String>,
}

impl ExplanationDraft {
    /// Writes the parts of a notification's email.
    pub(super) fn of(notification: &Notification<'_>) -> ExplanationDraft {
        let writer = Writer::of(notification);
        ExplanationDraft {
            lead: headline::lead(&writer),
            why: why::statements(&writer),
            advice: actions::advice(&writer).into_iter().map(|action| action.text).collect(),
            records: records::of(&writer).lines,
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
            body: page::body(draft),
            kind: notification.kind,
            incident: notification.incident.to_owned(),
            records: notification.total.records,
        }
    }
}
