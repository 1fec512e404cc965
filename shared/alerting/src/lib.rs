//! What to say about rejected traffic, to whom and when: rules, findings, incidents, metrics and mails, all of them plain
//! values.
//!
//! Nothing here reads a clock, the environment or a socket. The function at the edge passes `now` and the configuration in,
//! and carries the values out through the [`ports`].
//!
//! ```text
//! log events -> detect::Detector -> Detection -> incident::plan -> Message -> mail::render -> Mail  -> ports::AlertSink
//!                                             -> metric::points   ->                        points -> ports::MetricSink
//! ```

pub mod address;
pub mod alert;
pub mod chat;
pub mod console_link;
pub mod detect;
pub mod direction;
pub mod document;
pub mod engine;
pub mod envelope;
pub mod explain;
pub mod finding;
mod hash;
pub mod incident;
pub mod links;
mod logger;
pub mod mail;
pub mod memory;
pub mod message;
pub mod metric;
pub mod network;
pub mod notice;
pub mod operations;
pub mod ports;
pub mod routing;
pub mod rule;
pub mod severity;
pub mod text;
pub mod time;
pub mod zone;

pub use detect::{Detection, Detector};
pub use engine::Engine;
pub use finding::{Finding, Flow};
pub use incident::IncidentKey;
pub use message::Message;
pub use notice::Notice;
pub use rule::Rule;
