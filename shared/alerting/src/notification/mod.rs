//! What subscribers get: an email for people, a document for machines, a message for chats, all made from one
//! [`Notification`], so that they cannot disagree.
//!
//! | File or folder | What |
//! |---|---|
//! | `content`, `ranking` | what an email is about: counters, rankings, findings |
//! | `explained` | each finding with its explanation, its location and who is on its two sides |
//! | `notification` | all of that with its incident and time |
//! | `severity`, `routing` | how much it matters, and what subscribers can filter by |
//! | [`language`] | every text that people read, by language |
//! | [`links`] | links into the AWS console, and Logs Insights queries |
//! | [`email`], [`document`], [`chat`] | one kind of subscriber each |
//! | [`digest`] | the daily digest, for each kind of subscriber |
//! | `rendered` | all of these for one notification |
//! | `standalone` | the explanation of one finding, without an incident |

pub mod chat;
mod content;
pub mod digest;
pub mod document;
pub mod email;
mod explained;
mod kind;
pub mod language;
pub mod links;
#[expect(clippy::module_inception, reason = "the type of that name is what the folder is about")]
mod notification;
mod ranking;
mod rendered;
mod routing;
mod severity;
mod site;
mod standalone;

pub use content::NotificationContent;
pub use digest::RenderedDigest;
pub use explained::{Endpoint, ExplainedFinding, Host, Location};
pub use kind::NotificationKind;
pub use language::Language;
pub use notification::{Notification, NotificationContext};
pub use ranking::Ranking;
pub use rendered::RenderedNotification;
pub use routing::{MAX_VALUES, Routing};
pub use severity::{SWEEP_TARGETS, Severity};
pub use site::Site;
pub use standalone::StandaloneExplanation;
