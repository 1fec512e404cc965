//! From log events to findings: which records a rule matches, grouped by flow, with their direction.
//!
//! [`Detector`] reads the log events of one document and returns a [`Detection`].

mod accepted;
mod batch;
mod detector;
pub mod direction;
mod finding;
mod flow;
mod limits;
mod logger;
mod metadata;
mod origin;
mod rule;
#[cfg(test)]
mod tests;
mod totals;

pub use accepted::Accepted;
pub use batch::{Detection, LogSource, TEST_LOG_STREAM, Tally, Untracked, UntrackedKey, batch_key};
pub use detector::Detector;
pub use direction::{Basis, Direction};
pub use finding::Finding;
pub use flow::Flow;
pub use limits::{
    MAX_ACCEPTED_FLOWS, MAX_FIELD_CHARS, MAX_FLOW_MINUTES, MAX_FLOWS, MAX_KEY_BYTES, MAX_LINE_CHARS,
    MAX_LINES_PER_FLOW, MAX_SAMPLE_CHARS, MAX_UNPARSED_SAMPLES, MAX_UNTRACKED_TARGETS,
};
pub use metadata::FlowMetadata;
pub use origin::{Origin, OriginBasis, Role};
pub use rule::{Rule, is_icmp};
pub use totals::Totals;
pub(crate) use totals::{add_minutes, is_zero};
