//! Reads VPC flow logs: bytes as AWS delivers them in, typed records out, borrowed from the bytes.
//!
//! - [`Decoder`] takes the event of a CloudWatch Logs subscription (base64, gzip, JSON) and hands out its log events as they
//!   pass, within a limit and with every checksum verified.
//! - [`Formats`] reads a line with the declared formats, as `${field}` strings: `action` and `protocol` of every line
//!   first, all typed fields of those that matter.
//! - [`Reader`] reads files: what flow logs publish to S3, what CloudWatch Logs exports, plain or compressed.
//!
//! A line that cannot be read is data, with a reason ([`Unparsed`]); a broken envelope is an error
//! ([`EnvelopeError`]), after which nothing of it counts. Nothing here reads a clock, the environment or the network.
//!
//! # Example
//!
//! ```
//! use std::collections::HashMap;
//! use flow_log::{Action, Decoder, Formats, MessageType, Protocol, Record};
//!
//! // What CloudWatch Logs sends to a function.
//! # let event = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/ping-reply-rejected.event.json")).unwrap();
//! let formats = Formats::default();
//! let mut decoder = Decoder::default();
//!
//! let mut pings = HashMap::new();
//! let mut unparsed = 0;
//! let mut payload = decoder.decode(&event)?;
//! while let Some(header) = payload.next_batch(|event| match formats.read(&event.message) {
//!     Ok(Record::Flow(flow)) if flow.action() == Action::Reject && flow.protocol() == Protocol::ICMP => {
//!         match flow.to_record() {
//!             Ok(record) => *pings.entry((record.srcaddr, record.dstaddr)).or_insert(0) += record.packets.unwrap_or(0),
//!             Err(_) => unparsed += 1,
//!         }
//!     }
//!     Ok(_) => {}
//!     Err(_) => unparsed += 1,
//! })? {
//!     assert_eq!(header.message_type, MessageType::Data);
//! }
//! assert_eq!(unparsed, 0);
//! assert_eq!(pings[&("172.31.16.139".parse()?, "203.0.113.12".parse()?)], 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Speed
//!
//! A batch costs little more than base64 and inflate do, which no reader can avoid: see the table that
//! `cargo bench -p flow-log` prints. Messages in the layout that CloudWatch Logs writes, and lines whose fields stand apart
//! by one space, take a quick way; everything else takes a plain one that finds the same, which the tests hold against a
//! second implementation.
//!
//! The number of allocations does not depend on the number of lines, and the memory is the inflated payload and the
//! compressed one, in buffers that are used again.

#![deny(missing_docs)]

mod address;
mod decoder;
mod error;
mod field;
mod format;
mod gzip;
mod json;
mod kind;
mod line;
mod metadata;
mod parse;
mod payload;
mod reader;
mod record;
mod scan;
mod split;
mod system_fields;
mod unparsed;
mod value;

pub use decoder::{DEFAULT_MAX_INFLATED_BYTES, Decoder, KEPT_BYTES};
pub use error::{EnvelopeError, GzipFault};
pub use field::Field;
pub use format::{FormatError, Formats, LogFormat, MAX_FIELDS};
pub use kind::Record;
pub use line::{FlowLine, Idle};
pub use payload::{Header, LogEvent, MessageType, Payload};
pub use reader::{Line, MAX_LINE_BYTES, Reader};
pub use record::FlowRecord;
pub use system_fields::SystemFields;
pub use unparsed::{Unparsed, Why};
pub use value::{
    Action, EncryptionStatus, EpochMillis, FlowDirection, InterfaceType, Protocol, RejectReason, SublocationType, Tag,
    TcpFlags, TrafficPath, TrafficType,
};
