//! A record of ICMP, and where it stands.

use std::{fmt, sync::Arc};

use alerting::detection::LogSource;
use flow_log::{EpochMillis, Formats, Protocol};

/// The place of a line: `FILE:7`, or `standard input:7`.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The name of the input.
    pub(crate) input: Arc<str>,
    /// The number of the line, or of the log event in JSON, from 1.
    pub(crate) number: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.input, self.number)
    }
}

/// A record that a rule looks at, accepted or rejected: what detection needs. An accepted one can be the answer to a request.
///
/// Each input overwrites its own, so that a record costs no allocation.
#[derive(Clone, Debug)]
pub(crate) struct InputRecord {
    /// The line without what a tool wrote before it.
    pub(crate) line: String,
    /// The format of the line, as the only one.
    pub(crate) format: Arc<Formats>,
    /// The interface, or `-`.
    pub(crate) interface: String,
    /// The account of the interface, or `-`.
    pub(crate) account: String,
    /// The protocol.
    pub(crate) protocol: Protocol,
    /// When the record starts, by itself or by what a tool wrote beside the line.
    pub(crate) start: Option<EpochMillis>,
    /// When the record ends.
    pub(crate) end: Option<EpochMillis>,
    /// The log group, where the input names it.
    pub(crate) source: Option<Arc<LogSource>>,
    /// Where the line stands.
    pub(crate) place: Place,
}

impl InputRecord {
    /// Creates the place for the records of an input.
    pub(crate) fn new(input: Arc<str>) -> Self {
        InputRecord {
            line: String::new(),
            format: Arc::default(),
            interface: String::new(),
            account: String::new(),
            protocol: Protocol::ICMP,
            start: None,
            end: None,
            source: None,
            place: Place { input, number: 0 },
        }
    }
}
