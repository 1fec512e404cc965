//! Notices: everything that is sent about one message, ready to be handed over.

use crate::notification::{
    chat,
    document::Document,
    email::{self, Mail},
    envelope,
    notification::Message,
    routing::Attribute,
};

/// Everything that is sent about one message: made from the same values, so that no two of them disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The mail, as people read it.
    pub mail: Mail,
    /// The document, as machines read it.
    pub document: Document,
}

impl Notice {
    /// Puts a message into words for people and for machines.
    pub fn of(message: &Message<'_>) -> Notice {
        let mail = email::render(message);
        let document = Document::of(message, &mail);
        Notice { mail, document }
    }

    /// The attributes of the SNS message.
    pub fn attributes(&self) -> Vec<Attribute> {
        self.document.routing.attributes()
    }

    /// The SNS message, to be published with [`envelope::STRUCTURE`]: the mail's text and the document, which may be cut.
    pub fn message(&self) -> String {
        envelope::pack(&self.mail, &mut self.document.clone(), &self.attributes())
    }

    /// The message for a chat's topic.
    pub fn chat(&self) -> String {
        chat::Notification::of(&self.mail, &self.document).json()
    }
}
