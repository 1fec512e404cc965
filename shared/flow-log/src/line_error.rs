//! Why a line cannot be read.

use std::fmt;

use crate::Field;

/// The longest line that [`Reader`](crate::Reader) reads: 1 MiB, the maximum size of a log event
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// The reason why a line is not a record of a declared format.
///
/// Small and `Copy`, so that it can be the key of a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LineError {
    /// No declared format has this number of fields.
    FieldCount {
        /// The number of fields in the line, split on runs of white space.
        found: usize,
    },
    /// A record of a transit gateway flow log, which has no `action`:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html>. Recognized by its `resource-type`, or by that log's
    /// default format if no declared format has as many fields.
    TransitGateway,
    /// The line has field names in place of values, like the first line of a file in S3.
    HeaderLine,
    /// A field has a value that AWS does not document.
    Field {
        /// The field.
        field: Field,
        /// The fault.
        kind: FieldErrorKind,
    },
    /// A line of a file is longer than [`MAX_LINE_BYTES`].
    TooLong,
    /// A line of a file is not UTF-8.
    NotUtf8,
}

/// The fault of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldErrorKind {
    /// The value is `-`, but the field is required.
    Missing,
    /// Not one of the words that AWS documents.
    NotKnown,
    /// Something other than decimal digits.
    NotANumber,
    /// A number above the field's range.
    OutOfRange,
    /// Neither an IPv4 nor an IPv6 address. A zone id (RFC 4007) is not part of an address.
    NotAnAddress,
}

impl LineError {
    /// Returns a stable name for logs and tallies: `field-count`, `transit-gateway`, `header`, `too-long`, `not-utf-8`, or
    /// the name of the field.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            LineError::FieldCount { .. } => "field-count",
            LineError::TransitGateway => "transit-gateway",
            LineError::HeaderLine => "header",
            LineError::Field { field, .. } => field.name(),
            LineError::TooLong => "too-long",
            LineError::NotUtf8 => "not-utf-8",
        }
    }

    pub(crate) const fn field(field: Field, kind: FieldErrorKind) -> Self {
        LineError::Field { field, kind }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineError::FieldCount { found } => {
                write!(f, "{found} fields, which no declared format has")
            }
            LineError::TransitGateway => f.write_str("a transit gateway record, which has no action"),
            LineError::HeaderLine => f.write_str("a header line"),
            LineError::Field { field, kind } => write!(f, "{field} {kind}"),
            LineError::TooLong => write!(f, "longer than {MAX_LINE_BYTES} bytes"),
            LineError::NotUtf8 => f.write_str("not UTF-8"),
        }
    }
}

impl fmt::Display for FieldErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FieldErrorKind::Missing => "is missing",
            FieldErrorKind::NotKnown => "is not a documented value",
            FieldErrorKind::NotANumber => "is not a number",
            FieldErrorKind::OutOfRange => "is out of range",
            FieldErrorKind::NotAnAddress => "is not an IP address",
        })
    }
}

impl std::error::Error for LineError {}
