//! Lambda events as CloudWatch Logs would send them, made from readable sources.
//!
//! `events/src/*.json` say what is in an event, `events/*.json` are what `cargo lambda invoke` and the tests send.
//! The sources also say what the function has to answer, so that the table in `events/README.md`, the events and the
//! integration tests can't drift apart.

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
