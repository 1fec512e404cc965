//! Decodes a subscription's event to the text of its payload.

use base64::Engine;

use crate::{
    EnvelopeError, Payload, StreamRecord,
    fast::{
        base64::{Base64, base64},
        event::{event_data, stream_records},
        inflate::Inflater,
    },
};

/// The usual limit on the inflated size of a payload: 64 MiB.
///
/// An asynchronous invocation of Lambda has at most 1 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>), which inflates to about 5 MB of flow log records.
pub const DEFAULT_MAX_INFLATED_BYTES: usize = 64 << 20;

/// Maximum size of each of a [`Decoder`]'s two buffers between events: 8 MiB. A larger buffer is freed.
pub const KEPT_BYTES: usize = 8 << 20;

/// Decodes events into payloads, in buffers that it reuses.
pub struct Decoder {
    base64: Base64,
    compressed: Vec<u8>,
    inflater: Inflater,
    max_inflated_bytes: usize,
}

impl Decoder {
    /// Creates a decoder that rejects payloads of more than `max_inflated_bytes`.
    #[must_use]
    pub fn new(max_inflated_bytes: usize) -> Self {
        Decoder { base64: base64(), compressed: Vec::new(), inflater: Inflater::default(), max_inflated_bytes }
    }

    /// Decodes the JSON of an invocation: `{"awslogs":{"data":"..."}}` as CloudWatch Logs sends it to a function
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>), or
    /// `{"Records":[{"kinesis":{"data":"..."}}]}` as it arrives through a Kinesis stream
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>).
    ///
    /// All records of a stream become one payload with as many documents. [`Decoder::decode_base64`] and
    /// [`Decoder::decode_gzip`] read them one by one.
    ///
    /// # Errors
    /// Returns the broken layer and the offset. Nothing of the event is returned then.
    pub fn decode<'d>(&'d mut self, event: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        event_data(event, &mut |data| self.append(data))?;
        self.payload()
    }

    /// Returns the records of an event that arrives through a Kinesis stream, or `None` if CloudWatch Logs has sent it to the function:
    /// see [`Decoder::decode`]. Read one by one, each fails by itself.
    ///
    /// # Errors
    /// Returns [`EnvelopeError::Event`] if the event is neither of the two, or a record has no `sequenceNumber`.
    pub fn stream_records(event: &[u8]) -> Result<Option<Vec<StreamRecord<'_>>>, EnvelopeError> {
        stream_records(event)
    }

    /// Decodes base64 text of gzip data: `awslogs.data`, or `kinesis.data` of one record.
    ///
    /// # Errors
    /// Returns the broken layer and the offset.
    pub fn decode_base64<'d>(&'d mut self, data: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        self.append(data)?;
        self.payload()
    }

    /// Decodes gzip data, such as a Kinesis record whose base64 is already decoded.
    ///
    /// # Errors
    /// Returns the broken layer and the offset.
    pub fn decode_gzip<'d>(&'d mut self, gz: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        self.inflater.append(gz, self.max_inflated_bytes)?;
        self.payload()
    }

    /// Frees each buffer that is larger than [`KEPT_BYTES`]. Every `decode` starts with this. Call it after a batch to free the
    /// memory before the next one.
    pub fn release(&mut self) {
        self.inflater.clear(KEPT_BYTES);
        if self.compressed.len() > KEPT_BYTES {
            self.compressed = Vec::new();
        }
    }

    fn append(&mut self, data: &[u8]) -> Result<(), EnvelopeError> {
        let bound = base64::decoded_len_estimate(data.len());
        if self.compressed.len() < bound {
            self.compressed = Vec::new();
            self.compressed = vec![0; bound];
        }
        let len = self.base64.decode_slice(data, &mut self.compressed).map_err(|error| EnvelopeError::Base64 {
            at: match error {
                base64::DecodeSliceError::DecodeError(
                    base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol { offset: at, .. },
                ) => at,
                _ => data.len(),
            },
        })?;
        self.inflater.append(self.compressed.get(..len).unwrap_or_default(), self.max_inflated_bytes)
    }

    fn payload(&self) -> Result<Payload<'_>, EnvelopeError> {
        match simdutf8::compat::from_utf8(self.inflater.inflated()) {
            Ok(text) => Ok(Payload::new(text)),
            Err(error) => Err(EnvelopeError::NotUtf8 { at: error.valid_up_to() }),
        }
    }
}

/// A decoder with [`DEFAULT_MAX_INFLATED_BYTES`].
impl Default for Decoder {
    fn default() -> Self {
        Decoder::new(DEFAULT_MAX_INFLATED_BYTES)
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("max_inflated_bytes", &self.max_inflated_bytes).finish_non_exhaustive()
    }
}
