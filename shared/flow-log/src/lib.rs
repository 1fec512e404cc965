#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod batch;
mod decoder;
mod envelope_error;
mod fast;
mod field;
mod fields;
mod flow_line;
mod flow_record;
mod format;
mod gzip;
mod json;
mod line;
mod line_error;
mod log_event;
mod no_traffic;
mod payload;
mod piece;
mod reader;
mod stream_record;
mod system_fields;
mod value;

pub use batch::{Batch, BatchMetadata, LogEvents, MessageType};
pub use decoder::{DEFAULT_MAX_INFLATED_BYTES, Decoder, KEPT_BYTES};
pub use envelope_error::{EnvelopeError, GzipFault};
pub use field::Field;
pub use flow_line::FlowLine;
pub use flow_record::FlowRecord;
pub use format::{FormatError, Formats, LogFormat, MAX_FIELDS};
pub use line::Line;
pub use line_error::{FieldErrorKind, LineError, MAX_LINE_BYTES};
pub use log_event::LogEvent;
pub use no_traffic::NoTraffic;
pub use payload::{Batches, Payload};
pub use reader::{FileLine, Lines, OwnedFileLine, Reader};
pub use stream_record::StreamRecord;
pub use system_fields::SystemFields;
pub use value::{
    Action, EncryptionStatus, EpochMillis, FlowDirection, InterfaceType, Protocol, RejectReason, SublocationType, Tag,
    TcpFlags, TrafficPath, TrafficType,
};
