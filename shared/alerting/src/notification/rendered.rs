//! Rendered notifications: what is sent, as bytes for each kind of subscriber.

use crate::notification::{
    chat,
    document::Document,
    email::{self, Email},
    envelope,
    notification::Notification,
    routing::Attribute,
};

/// A notification rendered for people and for machines from the same values, so that the two cannot disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedNotification {
    /// The email, as people read it.
    pub email: Email,
    /// The document, as machines read it.
    pub document: Document,
}

impl RenderedNotification {
    /// Renders a notification.
    pub fn of(notification: &Notification<'_>) -> RenderedNotification {
        let email = email::render(notification);
        let document = Document::of(notification, &email);
        RenderedNotification { email, document }
    }

    /// The attributes of the SNS message.
    pub fn attributes(&self) -> Vec<Attribute> {
        self.document.routing.attributes()
    }

    /// The SNS message, to be published with [`envelope::STRUCTURE`]: the email's text and the document, which may be cut.
    pub fn sns_message(&self) -> String {
        envelope::pack(&self.email, &mut self.document.clone(), &self.attributes())
    }

    /// The message for a chat's topic.
    pub fn chat(&self) -> String {
        chat::ChatMessage::of(&self.email, &self.document).json()
    }
}
