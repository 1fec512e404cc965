//! The event that a subscription sends, down to the text of its payload.

use base64::engine::{DecodePaddingMode, Engine, GeneralPurposeConfig};

use crate::{
    EnvelopeError, Payload,
    gzip::Inflater,
    json::{Cursor, RawStr},
};

/// The usual limit on a payload's inflated size: 64 MiB. An event holds at most 1 MB, of which flow log records make
/// about 5 MB.
pub const DEFAULT_MAX_INFLATED_BYTES: usize = 64 << 20;

/// The most bytes that a [`Decoder`] keeps in each of its two buffers for the next event: 8 MiB.
pub const KEPT_BYTES: usize = 8 << 20;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Base64 = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Base64 = base64::engine::GeneralPurpose;

/// Turns events into payloads, in buffers that it uses again.
pub struct Decoder {
    base64: Base64,
    compressed: Vec<u8>,
    inflater: Inflater,
    max_inflated_bytes: usize,
}

impl Decoder {
    /// Makes a decoder that refuses what inflates to more than `max_inflated_bytes`.
    #[must_use]
    pub fn new(max_inflated_bytes: usize) -> Self {
        // Some tools write events without the padding that AWS writes; nothing is lost by reading both.
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        let base64 = Base64::standard(config);
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let base64 = Base64::new(&base64::alphabet::STANDARD, config);
        Decoder { base64, compressed: Vec::new(), inflater: Inflater::default(), max_inflated_bytes }
    }

    /// Decodes the JSON of an invocation: `{"awslogs":{"data":"..."}}` as CloudWatch Logs sends it to a function
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>), or
    /// `{"Records":[{"kinesis":{"data":"..."}}]}` as a Kinesis stream between the two makes of it. The records of a stream
    /// become one payload with as many documents; [`Decoder::decode_base64`] and [`Decoder::decode_gzip`] read them one
    /// by one.
    ///
    /// # Errors
    /// Says which layer is broken and where. Nothing of the event was handed out then.
    pub fn decode<'d>(&'d mut self, event: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        if let Some(data) = plain_event(event)
            && let Ok(len) = self.decode_data(data)
        {
            self.inflate(len)?;
            return self.payload();
        }
        let text = std::str::from_utf8(event)
            .map_err(|error| EnvelopeError::Event { at: error.valid_up_to(), what: "not UTF-8" })?;
        let mut found = false;
        let mut wrong = Ok(());
        let mut on_data = |data: RawStr<'_>| {
            found = true;
            wrong = wrong.and_then(|()| self.append(data.unescape().as_bytes()));
        };
        walk_event(&mut Cursor::new(text), &mut on_data).map_err(EnvelopeError::event)?;
        wrong?;
        if !found {
            return Err(EnvelopeError::Event { at: 0, what: "neither awslogs.data nor Records[].kinesis.data" });
        }
        self.payload()
    }

    /// Decodes one base64 text of gzip data: `awslogs.data`, or `kinesis.data` of one record.
    ///
    /// # Errors
    /// Says which layer is broken and where.
    pub fn decode_base64<'d>(&'d mut self, data: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        self.append(data)?;
        self.payload()
    }

    /// Decodes gzip data, such as a Kinesis record whose base64 is already undone.
    ///
    /// # Errors
    /// Says which layer is broken and where.
    pub fn decode_gzip<'d>(&'d mut self, gz: &[u8]) -> Result<Payload<'d>, EnvelopeError> {
        self.release();
        self.inflater.append(gz, self.max_inflated_bytes)?;
        self.payload()
    }

    /// Gives back what the buffers hold beyond [`KEPT_BYTES`]. Every `decode` starts with this; call it after a batch
    /// to have the memory back before the next one comes.
    pub fn release(&mut self) {
        self.inflater.clear(KEPT_BYTES);
        if self.compressed.len() > KEPT_BYTES {
            self.compressed = Vec::new();
        }
    }

    fn append(&mut self, data: &[u8]) -> Result<(), EnvelopeError> {
        let len = self.decode_data(data).map_err(|error| EnvelopeError::Base64 {
            at: match error {
                base64::DecodeSliceError::DecodeError(
                    base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol { offset: at, .. },
                ) => at,
                _ => data.len(),
            },
        })?;
        self.inflate(len)
    }

    /// Undoes the base64, and tells how many bytes of the buffer it takes.
    fn decode_data(&mut self, data: &[u8]) -> Result<usize, base64::DecodeSliceError> {
        let bound = base64::decoded_len_estimate(data.len());
        if self.compressed.len() < bound {
            self.compressed = Vec::new();
            self.compressed = vec![0; bound];
        }
        self.base64.decode_slice(data, &mut self.compressed)
    }

    fn inflate(&mut self, len: usize) -> Result<(), EnvelopeError> {
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

/// The data of an event that begins and ends as CloudWatch Logs writes it. If that is base64, nothing else can stand in
/// between: neither a quote nor a backslash is part of its alphabet.
fn plain_event(event: &[u8]) -> Option<&[u8]> {
    event.strip_prefix(br#"{"awslogs":{"data":""#)?.trim_ascii_end().strip_suffix(br#""}}"#)
}

/// Hands out each `data` of an event.
fn walk_event<'a>(cursor: &mut Cursor<'a>, on_data: &mut impl FnMut(RawStr<'a>)) -> Result<(), crate::json::JsonError> {
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

fn data<'a>(cursor: &mut Cursor<'a>, on_data: &mut impl FnMut(RawStr<'a>)) -> Result<(), crate::json::JsonError> {
    on_data(cursor.string("expected the data as a string")?);
    Ok(())
}

/// Walks over an object for one key, which has to be there once.
fn member<'a>(
    cursor: &mut Cursor<'a>,
    wanted: &'static str,
    on_value: &mut dyn FnMut(&mut Cursor<'a>) -> Result<(), crate::json::JsonError>,
) -> Result<(), crate::json::JsonError> {
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
