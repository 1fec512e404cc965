//! From log events to findings: which records a rule matches, grouped by flow, with their direction.
//!
//! [`Detector`] reads the log events of one document and returns a [`Detection`].

mod accepted;
mod batch;
mod connection;
mod describe;
mod detector;
pub mod direction;
mod document;
mod finding;
mod flow;
mod flow_key;
mod health_checks;
mod judge;
mod kept;
mod late;
mod limits;
mod logger;
mod metadata;
mod origin;
mod places;
mod rejected;
mod role;
mod rule;
mod server;
mod service;
mod side;
mod tcp_flags;
#[cfg(test)]
mod tests;
mod totals;

pub use accepted::Accepted;
pub use batch::{Detection, LogSource, TEST_LOG_STREAM, Tally, Untracked, UntrackedKey};
pub use detector::Detector;
pub use direction::{Basis, Direction};
pub use document::DocumentDetector;
pub use finding::Finding;
pub use flow::Flow;
pub use late::Late;
pub use limits::{
    MAX_ACCEPTED_FLOWS, MAX_FIELD_CHARS, MAX_FLOW_MINUTES, MAX_FLOWS, MAX_KEY_BYTES, MAX_LINE_CHARS,
    MAX_LINES_PER_FLOW, MAX_SAMPLE_CHARS, MAX_UNPARSED_SAMPLES, MAX_UNTRACKED_TARGETS,
};
pub use metadata::FlowMetadata;
pub use origin::{Origin, OriginBasis};
pub use rejected::{FlowMinutes, RejectedFlow};
pub use role::Role;
pub use rule::{Grouping, Rule, RuleTable, Rules, SCAN_HOSTS, SCAN_MILLIS, SCAN_PORTS, Treatment, is_icmp};
pub use server::{FIRST_CLIENT_PORT, PortRange, Server, ServerBasis, has_ports};
pub use service::{Service, ServicePort};
pub use side::Side;
pub use totals::Totals;
pub(crate) use totals::{add_minutes, is_zero};
