//! Rendered notifications: what destinations send.

use crate::notification::{
    chat::ChatMessage,
    document::Document,
    email::{Email, EmailDraft},
    notification::Notification,
};

/// A notification rendered for people and for machines from the same values, so that none says more than another. A destination
/// takes from it what its subscribers read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedNotification {
    /// The email in parts, for other markup than plain text.
    pub draft: EmailDraft,
    /// The email as plain text.
    pub email: Email,
    /// The document for machines.
    pub document: Document,
}

impl RenderedNotification {
    /// Renders a notification.
    pub fn of(notification: &Notification<'_>) -> RenderedNotification {
        let draft = EmailDraft::of(notification);
        let email = Email::of(notification, &draft);
        let document = Document::of(notification, &email);
        RenderedNotification { draft, email, document }
    }

    /// The message for a chat.
    pub fn chat(&self) -> String {
        ChatMessage::of(&self.draft, &self.document).json()
    }
}
