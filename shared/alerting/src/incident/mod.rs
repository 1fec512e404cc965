//! Incidents: one problem, however many batches tell of it, from its opening to its all-clear.
//!
//! [`plan`] decides, [`state`] is what is remembered in between, [`crate::engine`] carries it out through the ports.

pub mod key;
pub mod plan;
pub mod policy;
pub mod state;
pub mod summary;
pub mod top;

pub use key::{GroupBy, IncidentKey};
pub use plan::Reason;
pub use policy::Policy;
pub use summary::Summary;
