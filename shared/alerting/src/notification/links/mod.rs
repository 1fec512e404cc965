//! Links into the AWS console that open on the right thing, and the Logs Insights queries in them.

pub mod console;
pub mod query;
pub mod search;
mod targets;

pub use targets::Links;
