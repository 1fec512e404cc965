//! Notices: everything that is sent about one message, ready to be handed over.

use crate::notification::{
    chat,
    document::Document,
    email::{self, Email},
    envelope,
    notification::Notification,
    routing::Attribute,
};

/// Everything that is sent about one message: made from the same values, so that no two of them disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedNotification {
    /// The email, as people read it.
    pub email: Email,
    /// The document, as machines read it.
    pub document: Document,
}

impl RenderedNotification {
    /// Puts a message into words for people and for machines.
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
