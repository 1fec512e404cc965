//! What subscribers get: an email for people, a document for machines, a message for chats, all made from one
//! [`Notification`], so that they cannot disagree.
//!
//! | File or folder | What |
//! |---|---|
//! | `content`, `names` | what an email is about: counters, rankings, findings |
//! | `notification` | the content with its incident, network and time |
//! | `severity`, `routing` | how much it matters, and what subscribers can filter by |
//! | [`language`] | every text that people read, by language |
//! | [`links`] | links into the AWS console, and Logs Insights queries |
//! | [`email`], [`document`], [`chat`] | one kind of subscriber each |
//! | `rendered`, [`envelope`] | email and document in one SNS message |

pub mod chat;
mod content;
pub mod document;
pub mod email;
pub mod envelope;
mod kind;
pub mod language;
pub mod links;
mod names;
#[expect(clippy::module_inception, reason = "the type of that name is what the folder is about")]
mod notification;
mod rendered;
mod routing;
mod severity;
mod site;

pub use content::NotificationContent;
pub use kind::NotificationKind;
pub use language::Language;
pub use names::{Name, Names};
pub use notification::{Notification, NotificationContext};
pub use rendered::RenderedNotification;
pub use routing::{Attribute, MAX_ATTRIBUTES, MAX_VALUES, Routing};
pub use severity::{SWEEP_TARGETS, Severity};
pub use site::Site;
