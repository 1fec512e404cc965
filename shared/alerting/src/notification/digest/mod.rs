//! The digest as an email, a document and a chat message.

mod document;
mod email;

pub use document::{DigestDocument, DigestRouting, VERSION};
pub use email::{MAX_INCIDENTS, MAX_INTERFACES};

use crate::{
    digest::Digest,
    notification::{chat::ChatMessage, site::Site},
};

/// A digest rendered for people and for machines from the same values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedDigest {
    /// The subject of the email: one line, at most [`crate::notification::email::MAX_SUBJECT_CHARS`].
    pub subject: String,
    /// Its plain text.
    pub body: String,
    /// The document for machines.
    pub document: DigestDocument,
}

impl RenderedDigest {
    /// Renders a digest.
    pub fn of(digest: &Digest, site: &Site) -> RenderedDigest {
        let (subject, body) = (email::subject(digest, site), email::body(digest, site));
        let document = DigestDocument::of(digest, site, (&subject, &body));
        RenderedDigest { subject, body, document }
    }

    /// The message for a chat.
    pub fn chat(&self) -> String {
        ChatMessage::of_digest(&self.subject, &self.body, &self.document).json()
    }
}
