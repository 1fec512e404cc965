//! Lambda events as CloudWatch Logs sends them, generated from readable sources.
//!
//! `events/src/*.json` are the sources; `events/*.json` are the events that `cargo lambda invoke` and the tests send.
//! The sources also declare the function's response, so that the table in `events/README.md`, the events and the
//! integration tests stay consistent.

mod eventid;
mod files;
mod gzip;
mod source;
mod storm;
mod table;

pub use files::{Files, differences};
pub use gzip::{Damage, gunzip, gzip};
pub use source::{Batch, Counts, DEFAULT_FORMAT, LogEvent, Source, event_json, event_of_payload};
pub use storm::storm;
pub use table::table;
