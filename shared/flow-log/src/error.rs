//! What can be wrong with the envelope.

use std::fmt;

use crate::json::JsonError;

/// Why an event, or the payload in it, could not be read. Prints as one line that names the layer and the place; nothing
/// of the input is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The event is not the JSON that a subscription sends.
    Event {
        /// The offset in the event, in bytes.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The data is not base64.
    Base64 {
        /// The offset in the data, in bytes.
        at: usize,
    },
    /// The data is not gzip, or damaged.
    Gzip {
        /// The offset in the compressed bytes.
        at: usize,
        /// What is wrong there.
        what: GzipFault,
    },
    /// The data inflates to more than the limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The payload is not UTF-8.
    NotUtf8 {
        /// The offset in the inflated payload, in bytes.
        at: usize,
    },
    /// The payload is not the JSON that a subscription sends.
    Json {
        /// The offset in the inflated payload, in bytes.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
}

/// What is wrong with gzip data (RFC 1952).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GzipFault {
    /// It does not start as gzip does.
    NotGzip,
    /// The header uses what the RFC reserves, or fails its own checksum.
    Header,
    /// The compressed data is damaged.
    Deflate,
    /// The inflated data has another checksum.
    Checksum,
    /// The inflated data has another length.
    Length,
    /// It ends too early.
    CutOff,
    /// Something that is not gzip follows.
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
            GzipFault::TrailingBytes => "something else follows",
        })
    }
}

impl std::error::Error for EnvelopeError {}
