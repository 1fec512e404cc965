//! Incidents: one problem, however many batches tell of it, from its opening to its resolved.
//!
//! [`plan`] decides, [`state`] is what is remembered in between, [`crate::engine`] carries it out through the ports.

pub mod key;
pub mod plan;
pub mod policy;
mod reason;
pub mod state;
mod summary;
mod top;

pub use key::{GroupBy, IncidentKey};
pub use reason::Reason;
pub use summary::{MAX_FLOWS, MAX_LINES, MAX_MINUTES, Summary};
pub use top::{MAX_ENTRIES, Ranked, Top};
