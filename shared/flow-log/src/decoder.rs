//! The event of a subscription, down to the text of its payload.

use base64::Engine;

use crate::{
    EnvelopeError, Payload,
    fast::{
        base64::{Base64, base64},
        inflate::Inflater,
    },
    json::{self, Cursor, RawStr},
};

/// The usual limit on the inflated size of a payload: 64 MiB.
///
/// An asynchronous invocation of Lambda has at most 1 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>), which inflates to about 5 MB of flow log records.
pub const DEFAULT_MAX_INFLATED_BYTES: usize = 64 << 20;

/// The bytes that a [`Decoder`] keeps at most in each of its two buffers for the next event: 8 MiB.
pub const KEPT_BYTES: usize = 8 << 20;

/// Decodes events into payloads, in buffers that it reuses.
pub struct Decoder {
    base64: Base64,
    compressed: Vec<u8>,
    inflater: Inflater,
    max_inflated_bytes: usize,
}

impl Decoder {
    /// Makes a decoder that refuses payloads of more than `max_inflated_bytes`.
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
    /// Returns the layer that is broken, and the place. Nothing of the event is returned then.
    pub fn decode<'d>(&'d mut self, event: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        let text = std::str::from_utf8(event)
            .map_err(|error| EnvelopeError::Event { at: error.valid_up_to(), what: "not UTF-8" })?;
        let mut found = false;
        let mut appended = Ok(());
        let mut on_data = |data: RawStr<'_>| {
            found = true;
            appended = appended.and_then(|()| self.append(data.unescape().as_bytes()));
        };
        walk_event(&mut Cursor::new(text), &mut on_data).map_err(EnvelopeError::event)?;
        appended?;
        if !found {
            return Err(EnvelopeError::Event { at: 0, what: "neither awslogs.data nor Records[].kinesis.data" });
        }
        self.payload()
    }

    /// Decodes base64 text of gzip data: `awslogs.data`, or `kinesis.data` of one record.
    ///
    /// # Errors
    /// Returns the layer that is broken, and the place.
    pub fn decode_base64<'d>(&'d mut self, data: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        self.append(data)?;
        self.payload()
    }

    /// Decodes gzip data, such as a Kinesis record whose base64 is already decoded.
    ///
    /// # Errors
    /// Returns the layer that is broken, and the place.
    pub fn decode_gzip<'d>(&'d mut self, gz: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        self.inflater.append(gz, self.max_inflated_bytes)?;
        self.payload()
    }

    /// Frees each buffer that is larger than [`KEPT_BYTES`]. Every `decode` starts with this. Call it after a batch to free
    /// the memory before the next one comes.
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
        match std::str::from_utf8(self.inflater.inflated()) {
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

/// Calls `on_data` with each `data` of an event.
fn walk_event<'a>(cursor: &mut Cursor<'a>, on_data: &mut impl FnMut(RawStr<'a>)) -> json::Result<()> {
    cursor.object(|cursor, key| match &*key {
        "awslogs" => member(cursor, "data", &mut |cursor| data(cursor, on_data)),
        "Records" => cursor.array(|cursor| {
            member(cursor, "kinesis", &mut |cursor| member(cursor, "data", &mut |cursor| data(cursor, on_data)))
        }),
        _ => cursor.skip(),
    })?;
    cursor.white_space();
    if cursor.peek().is_some() { cursor.error("something follows") } else { Ok(()) }
}

fn data<'a>(cursor: &mut Cursor<'a>, on_data: &mut impl FnMut(RawStr<'a>)) -> json::Result<()> {
    on_data(cursor.string("expected the data as a string")?);
    Ok(())
}

/// Reads an object for one key, which has to be there once.
fn member<'a>(
    cursor: &mut Cursor<'a>,
    wanted: &'static str,
    on_value: &mut dyn FnMut(&mut Cursor<'a>) -> json::Result<()>,
) -> json::Result<()> {
    let mut found = false;
    cursor.object(|cursor, key| {
        if *key != *wanted {
            return cursor.skip();
        }
        if std::mem::replace(&mut found, true) {
            return cursor.error("the same key twice");
        }
        on_value(cursor)
    })?;
    if found { Ok(()) } else { cursor.error("no data") }
}
