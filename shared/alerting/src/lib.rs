//! What to say about rejected traffic, to whom and when: rules, findings, incidents, metrics and mails, all of them plain
//! values.
//!
//! Nothing here reads a clock, the environment or a socket. The function at the edge passes `now` and the configuration in,
//! and carries the values out through the [`ports`].
//!
//! ```text
//! log events -> detect::Detector -> Detection -> incident::decide -> Alert -> mail::render -> Mail   -> ports::AlertSink
//!                                             -> metric::points   ->                        points -> ports::MetricSink
//! ```

pub mod address;
pub mod alert;
pub mod console_link;
pub mod detect;
pub mod direction;
pub mod engine;
pub mod explain;
pub mod finding;
pub mod incident;
pub mod mail;
pub mod memory;
pub mod metric;
pub mod operations;
pub mod ports;
pub mod rule;
pub mod text;
pub mod time;

pub use alert::Alert;
pub use detect::{Detection, Detector};
pub use engine::Engine;
pub use finding::{Finding, Flow};
pub use incident::IncidentKey;
pub use rule::Rule;
