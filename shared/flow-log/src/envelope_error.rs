//! Why an event or its payload cannot be read.

use std::fmt;

use crate::json::JsonError;

/// The reason why an event, or the payload in it, cannot be read.
///
/// Prints as one line with the layer and the offset, without any of the input. A retry with the same event fails in the same
/// way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The event is not the JSON that a subscription sends.
    Event {
        /// The offset in the event in bytes.
        at: usize,
        /// The fault, in words.
        what: &'static str,
    },
    /// The data is not base64.
    Base64 {
        /// The offset in the base64 text in bytes.
        at: usize,
    },
    /// The data is not gzip, or damaged.
    Gzip {
        /// The offset in the compressed data in bytes.
        at: usize,
        /// The fault.
        what: GzipFault,
    },
    /// The data inflates to more than the limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The payload is not UTF-8.
    NotUtf8 {
        /// The offset in the inflated payload in bytes.
        at: usize,
    },
    /// The payload is not the JSON that a subscription sends.
    Json {
        /// The offset in the inflated payload in bytes.
        at: usize,
        /// The fault, in words.
        what: &'static str,
    },
}

/// A fault in gzip data: <https://www.rfc-editor.org/rfc/rfc1952>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GzipFault {
    /// It does not start with the bytes of a gzip header.
    NotGzip,
    /// The header uses reserved flags, or its checksum does not match.
    Header,
    /// The compressed data is not valid deflate data.
    Deflate,
    /// The checksum of the inflated data does not match.
    Checksum,
    /// The length of the inflated data does not match.
    Length,
    /// It ends before the trailer does.
    CutOff,
    /// Data that is not gzip follows.
    TrailingBytes,
}

impl EnvelopeError {
    pub(crate) const fn event(error: JsonError) -> Self {
        EnvelopeError::Event { at: error.at, what: error.what }
    }

    pub(crate) const fn json(error: JsonError) -> Self {
        EnvelopeError::Json { at: error.at, what: error.what }
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnvelopeError::Event { at, what } => write!(f, "event: {what} at byte {at}"),
            EnvelopeError::Base64 { at } => write!(f, "data: not base64 at byte {at}"),
            EnvelopeError::Gzip { at, what } => write!(f, "gzip: {what} at byte {at}"),
            EnvelopeError::TooLarge { limit } => {
                write!(f, "gzip: inflates to more than {limit} bytes")
            }
            EnvelopeError::NotUtf8 { at } => write!(f, "payload: not UTF-8 at byte {at}"),
            EnvelopeError::Json { at, what } => write!(f, "payload: {what} at byte {at}"),
        }
    }
}

impl fmt::Display for GzipFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GzipFault::NotGzip => "not gzip",
            GzipFault::Header => "a broken header",
            GzipFault::Deflate => "damaged data",
            GzipFault::Checksum => "the checksum does not match",
            GzipFault::Length => "the length does not match",
            GzipFault::CutOff => "cut off",
            GzipFault::TrailingBytes => "trailing data that is not gzip",
        })
    }
}

impl std::error::Error for EnvelopeError {}
