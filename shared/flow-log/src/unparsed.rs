//! Why a line could not be read.

use std::fmt;

use crate::Field;

/// The reason a line was not read as a record. Small and `Copy`, so that a tally can use it as its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unparsed {
    /// The line has a number of fields that no declared format has.
    FieldCount {
        /// The fields found, split on runs of white space.
        found: usize,
    },
    /// A record of a transit gateway flow log, which has no `action`: it belongs to another kind of log. Known by its
    /// `resource-type`, or by the shape of that log's default format where no declared format has as many fields.
    TransitGateway,
    /// The line names fields instead of holding their values, as the first line of a file in S3 does.
    Header,
    /// A field holds something that AWS does not document for it.
    Field {
        /// Which field.
        field: Field,
        /// What is wrong with it.
        why: Why,
    },
    /// A line of a file is longer than [`MAX_LINE_BYTES`](crate::MAX_LINE_BYTES).
    TooLong,
    /// A line of a file is not UTF-8.
    NotUtf8,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// `-`, where a value is needed.
    Missing,
    /// Not one of the words AWS documents.
    NotKnown,
    /// Something other than decimal digits.
    NotANumber,
    /// A number past the field's range.
    OutOfRange,
    /// Neither an IPv4 nor an IPv6 address (one with a zone id is neither).
    NotAnAddress,
}

impl Unparsed {
    /// A stable name for logs and tallies: `field-count`, `transit-gateway`, `header`, `too-long`, `not-utf-8`, or the
    /// name of the field that is wrong.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Unparsed::FieldCount { .. } => "field-count",
            Unparsed::TransitGateway => "transit-gateway",
            Unparsed::Header => "header",
            Unparsed::Field { field, .. } => field.name(),
            Unparsed::TooLong => "too-long",
            Unparsed::NotUtf8 => "not-utf-8",
        }
    }

    pub(crate) const fn field(field: Field, why: Why) -> Self {
        Unparsed::Field { field, why }
    }
}

impl fmt::Display for Unparsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unparsed::FieldCount { found } => {
                write!(f, "{found} fields, which no declared format has")
            }
            Unparsed::TransitGateway => f.write_str("a transit gateway record, which has no action"),
            Unparsed::Header => f.write_str("a header line"),
            Unparsed::Field { field, why } => write!(f, "{field} {why}"),
            Unparsed::TooLong => write!(f, "longer than {} bytes", crate::MAX_LINE_BYTES),
            Unparsed::NotUtf8 => f.write_str("not UTF-8"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Missing => "is missing",
            Why::NotKnown => "is not a documented value",
            Why::NotANumber => "is not a number",
            Why::OutOfRange => "is out of range",
            Why::NotAnAddress => "is not an IP address",
        })
    }
}

impl std::error::Error for Unparsed {}
