//! Incidents: one problem, however many batches report it, from opened to resolved.
//!
//! [`plan`] decides, [`state`] is what is stored in between, [`crate::engine`] carries it out through the ports.

mod distinct;
pub mod key;
pub mod plan;
pub mod policy;
mod reason;
pub mod scan;
mod short_id;
mod signal;
pub mod silence;
pub mod state;
mod summary;
mod top;

pub use key::{GroupBy, IncidentKey, KeyPart};
pub use reason::Reason;
pub use short_id::short_id;
pub use signal::{InternetPings, Signal, SignalPolicy};
pub use silence::{Silence, SilenceList, Silenced};
pub use summary::{HeavyFlow, MAX_FLOWS, MAX_LINES, MAX_MINUTES, NewestLine, Summary};
pub use top::{MAX_ENTRIES, MAX_NAMED, Ranked, Top};
