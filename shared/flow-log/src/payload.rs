//! The documents of a payload, and the log events in them.

use std::borrow::Cow;

use crate::{
    EnvelopeError, SystemFields,
    json::{Cursor, JsonError},
    parse::eight_digits,
    scan::plain_run,
};

/// The inflated payload of an event: one JSON document as CloudWatch Logs sends it, or several after each other.
#[derive(Debug)]
pub struct Payload<'d> {
    text: &'d str,
    at: usize,
}

/// What a document says about its log events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header<'d> {
    /// The kind of message.
    pub message_type: MessageType,
    /// The account that the log group belongs to.
    pub owner: Cow<'d, str>,
    /// The log group.
    pub log_group: Cow<'d, str>,
    /// The log stream, for flow logs one per interface.
    pub log_stream: Cow<'d, str>,
    /// The names of the subscription filters that let the events pass.
    pub subscription_filters: Vec<Cow<'d, str>>,
}

/// The kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageType {
    /// Log events.
    Data,
    /// A check whether the destination can be reached; its log event is no log event.
    Control,
    /// Something that is not documented (yet).
    Other,
}

/// One log event, as it passes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEvent<'d> {
    /// The id, unique among all log events: the same event has the same id however often it is delivered.
    pub id: Cow<'d, str>,
    /// Milliseconds since 1970-01-01 00:00 UTC; for flow logs the record's `start`.
    pub timestamp: i64,
    /// The message, for flow logs one record. Borrowed unless something in it was escaped.
    pub message: Cow<'d, str>,
    /// The JSON of `extractedFields`; empty without that key.
    extracted_fields: &'d str,
}

impl<'d> Payload<'d> {
    pub(crate) const fn new(text: &'d str) -> Self {
        Payload { text, at: 0 }
    }

    /// The size of the inflated payload in bytes.
    #[must_use]
    pub const fn inflated_bytes(&self) -> usize {
        self.text.len()
    }

    /// Reads the next document and hands out each log event as it passes; `None` after the last document.
    ///
    /// Keys may come in any order, so the header is known only at the end: what was collected from the events has to be
    /// dropped if this fails, or if the header's message type is not [`MessageType::Data`]. Unknown keys are skipped.
    ///
    /// # Errors
    /// Says where the payload stops being what a subscription sends. Reading cannot go on then.
    pub fn next_batch(&mut self, mut on_event: impl FnMut(LogEvent<'d>)) -> Result<Option<Header<'d>>, EnvelopeError> {
        let mut cursor = Cursor::new(self.text);
        cursor.at = self.at;
        cursor.white_space();
        if cursor.peek().is_none() && self.at > 0 {
            return Ok(None);
        }
        let header = document(&mut cursor, &mut on_event).map_err(EnvelopeError::json)?;
        self.at = cursor.at;
        Ok(Some(header))
    }
}

fn document<'d>(cursor: &mut Cursor<'d>, on_event: &mut impl FnMut(LogEvent<'d>)) -> Result<Header<'d>, JsonError> {
    let mut message_type = None;
    let mut owner = None;
    let mut log_group = None;
    let mut log_stream = None;
    let mut subscription_filters = None;
    let mut log_events = None;
    cursor.object(|cursor, key| match &*key {
        "messageType" => once(cursor, &mut message_type, text),
        "owner" => once(cursor, &mut owner, text),
        "logGroup" => once(cursor, &mut log_group, text),
        "logStream" => once(cursor, &mut log_stream, text),
        "subscriptionFilters" => once(cursor, &mut subscription_filters, |cursor| {
            let mut names = Vec::new();
            cursor.array(|cursor| text(cursor).map(|name| names.push(name)))?;
            Ok(names)
        }),
        "logEvents" => once(cursor, &mut log_events, |cursor| {
            cursor.array(|cursor| {
                if let Some(event) = plain_event(cursor) {
                    on_event(event);
                } else {
                    on_event(any_event(cursor)?);
                }
                Ok(())
            })
        }),
        _ => cursor.skip(),
    })?;
    let (Some(message_type), Some(())) = (message_type, log_events) else {
        return cursor.error("a document without messageType or logEvents ends");
    };
    Ok(Header {
        message_type: match &*message_type {
            "DATA_MESSAGE" => MessageType::Data,
            "CONTROL_MESSAGE" => MessageType::Control,
            _ => MessageType::Other,
        },
        owner: owner.unwrap_or_default(),
        log_group: log_group.unwrap_or_default(),
        log_stream: log_stream.unwrap_or_default(),
        subscription_filters: subscription_filters.unwrap_or_default(),
    })
}

/// Reads the value of a key that may stand in an object once: of two, either could be meant.
fn once<'d, T>(
    cursor: &mut Cursor<'d>,
    slot: &mut Option<T>,
    read: impl FnOnce(&mut Cursor<'d>) -> Result<T, JsonError>,
) -> Result<(), JsonError> {
    if slot.is_some() {
        return cursor.error("the same key twice");
    }
    *slot = Some(read(cursor)?);
    Ok(())
}

fn text<'d>(cursor: &mut Cursor<'d>) -> Result<Cow<'d, str>, JsonError> {
    Ok(cursor.string("expected a string")?.unescape())
}

/// Reads a log event in exactly the layout that CloudWatch Logs writes; anything else is left for [`any_event`], with
/// the cursor where it was.
#[inline(always)]
fn plain_event<'d>(cursor: &mut Cursor<'d>) -> Option<LogEvent<'d>> {
    let all = cursor.rest();
    let (id, rest) = plain_string(all.strip_prefix(r#"{"id":""#)?)?;
    let rest = rest.strip_prefix(r#","timestamp":"#)?;
    let (timestamp, rest) = plain_timestamp(rest)?;
    let (message, rest) = plain_string(rest.strip_prefix(r#","message":""#)?)?;
    let (extracted_fields, rest) = match rest.strip_prefix('}') {
        Some(rest) => ("", rest),
        None => {
            let (fields, rest) = extracted_fields(rest.strip_prefix(r#","extractedFields":"#)?)?;
            (fields, rest.strip_prefix('}')?)
        }
    };
    cursor.at += all.len() - rest.len();
    Some(LogEvent { id: Cow::Borrowed(id), timestamp, message: Cow::Borrowed(message), extracted_fields })
}

/// Splits after a string whose opening quote is already taken, if nothing in it is escaped or would have to be.
#[inline]
fn plain_string(text: &str) -> Option<(&str, &str)> {
    let (value, rest) = text.split_at_checked(plain_run(text.as_bytes()))?;
    Some((value, rest.strip_prefix('"')?))
}

/// Splits after a time of 13 digits, which all times from 2001 to 2286 have.
#[inline]
fn plain_timestamp(text: &str) -> Option<(i64, &str)> {
    const DIGITS: usize = 13;
    const AFTER_FIRST_EIGHT: u64 = 100_000;
    let bytes = text.as_bytes();
    let first = eight_digits(*bytes.first_chunk()?)?;
    let last = eight_digits(*bytes.get(..DIGITS)?.last_chunk()?)?;
    let number = first * AFTER_FIRST_EIGHT + last % AFTER_FIRST_EIGHT;
    if bytes.first() == Some(&b'0') { None } else { Some((number.cast_signed(), text.get(DIGITS..)?)) }
}

/// Splits after an object of plain strings: what a filter pattern with named fields adds, and what system fields are in.
fn extracted_fields(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.strip_prefix('{')?;
    loop {
        (_, rest) = plain_string(rest.strip_prefix('"')?)?;
        (_, rest) = plain_string(rest.strip_prefix(r#":""#)?)?;
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                let rest = rest.strip_prefix('}')?;
                return text.split_at_checked(text.len() - rest.len());
            }
        }
    }
}

/// Reads a log event in any layout.
#[cold]
fn any_event<'d>(cursor: &mut Cursor<'d>) -> Result<LogEvent<'d>, JsonError> {
    let mut id = None;
    let mut timestamp = None;
    let mut message = None;
    let mut extracted_fields = None;
    cursor.object(|cursor, key| match &*key {
        "id" => once(cursor, &mut id, text),
        "timestamp" => {
            once(cursor, &mut timestamp, |cursor| cursor.integer("expected the timestamp in whole milliseconds"))
        }
        "message" => once(cursor, &mut message, text),
        "extractedFields" => once(cursor, &mut extracted_fields, Cursor::skipped),
        _ => cursor.skip(),
    })?;
    match (timestamp, message) {
        (Some(timestamp), Some(message)) => Ok(LogEvent {
            id: id.unwrap_or_default(),
            timestamp,
            message,
            extracted_fields: extracted_fields.unwrap_or_default(),
        }),
        _ => cursor.error("a log event without timestamp or message ends"),
    }
}

impl<'d> LogEvent<'d> {
    /// A log event as another source than a subscription may have it.
    pub fn new(id: impl Into<Cow<'d, str>>, timestamp: i64, message: impl Into<Cow<'d, str>>) -> Self {
        LogEvent { id: id.into(), timestamp, message: message.into(), extracted_fields: "" }
    }

    /// The same event with that JSON as its `extractedFields`, such as `{"@aws.account":"123456789012"}`.
    #[must_use]
    pub fn with_extracted_fields(self, json: &'d str) -> Self {
        LogEvent { extracted_fields: json, ..self }
    }

    /// Reads what CloudWatch Logs says about the event's origin; nothing where the subscription filter does not emit it,
    /// where it is not text, and where it is there twice. Found when asked for: few events of a batch matter. Borrowed unless
    /// something in it is escaped.
    #[must_use]
    pub fn system_fields(&self) -> SystemFields<'d> {
        SystemFields::read(self.extracted_fields)
    }
}

impl Header<'_> {
    /// The same, independent of the payload.
    #[must_use]
    pub fn into_owned(self) -> Header<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Header {
            message_type: self.message_type,
            owner: own(self.owner),
            log_group: own(self.log_group),
            log_stream: own(self.log_stream),
            subscription_filters: self.subscription_filters.into_iter().map(own).collect(),
        }
    }
}
