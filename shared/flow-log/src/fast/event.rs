//! Finds the data of an event between the fixed texts that CloudWatch Logs writes.

use std::borrow::Cow;

use crate::{
    EnvelopeError,
    json::{self, Cursor, RawStr, once},
    stream_record::StreamRecord,
};

type Result<T> = std::result::Result<T, EnvelopeError>;

/// Calls `on_data` with each base64 text of an event, up to its first error. `on_data` may be called again with the same text
/// after [`EnvelopeError::Base64`], so it must not change anything before it returns that error.
///
/// # Errors
/// Returns [`EnvelopeError::Event`] if the event is not the JSON that a subscription sends, otherwise the error of `on_data`.
pub(crate) fn event_data(event: &[u8], on_data: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    if let Some(data) = usual(event) {
        match on_data(data) {
            Err(EnvelopeError::Base64 { .. }) => {}
            done => return done,
        }
    }
    plain(event, on_data)
}

/// Returns the data of an event that begins and ends as CloudWatch Logs writes it. If the data is valid base64, it is the whole
/// string, because base64 has neither quotes nor backslashes.
fn usual(event: &[u8]) -> Option<&[u8]> {
    event.strip_prefix(br#"{"awslogs":{"data":""#)?.trim_ascii_end().strip_suffix(br#""}}"#)
}

/// The plain twin: keys in any order, any white space, escapes, records of a Kinesis stream.
#[cold]
fn plain(event: &[u8], on_data: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut found = false;
    let mut done = Ok(());
    walk(event, &mut |data, _| {
        found = true;
        done = done.and_then(|()| on_data(data.unescape().as_bytes()));
    })?;
    if found { done } else { Err(NO_DATA) }
}

const NO_DATA: EnvelopeError = EnvelopeError::Event { at: 0, what: "neither awslogs.data nor Records[].kinesis.data" };

/// Returns the records of an event from a Kinesis stream; `None` if it is one of CloudWatch Logs.
pub(crate) fn stream_records(event: &[u8]) -> Result<Option<Vec<StreamRecord<'_>>>> {
    if usual(event).is_some() {
        return Ok(None);
    }
    let (mut records, mut without_number, mut other) = (Vec::new(), false, false);
    walk(event, &mut |data, source| match source {
        Source::Stream(Some(sequence_number)) => records.push(StreamRecord { sequence_number, data: data.unescape() }),
        Source::Stream(None) => without_number = true,
        Source::CloudWatchLogs => other = true,
    })?;
    match (other, without_number, records.is_empty()) {
        (true, ..) => Ok(None),
        (_, true, _) => Err(EnvelopeError::Event { at: 0, what: "a record of a stream without sequenceNumber" }),
        (.., true) => Err(NO_DATA),
        _ => Ok(Some(records)),
    }
}

/// Where data comes from.
enum Source<'a> {
    CloudWatchLogs,
    /// From a record with this `sequenceNumber`.
    Stream(Option<Cow<'a, str>>),
}

/// Calls `on_data` for the data of an event of any layout.
fn walk<'a>(event: &'a [u8], on_data: &mut impl FnMut(RawStr<'a>, Source<'a>)) -> Result<()> {
    let text = std::str::from_utf8(event)
        .map_err(|error| EnvelopeError::Event { at: error.valid_up_to(), what: "not UTF-8" })?;
    walk_text(&mut Cursor::new(text), on_data).map_err(EnvelopeError::event)
}

fn walk_text<'a>(cursor: &mut Cursor<'a>, on_data: &mut impl FnMut(RawStr<'a>, Source<'a>)) -> json::Result<()> {
    cursor.object(|cursor, key| match &*key {
        "awslogs" => member(cursor, "data", &mut |cursor| {
            on_data(data(cursor)?, Source::CloudWatchLogs);
            Ok(())
        }),
        "Records" => cursor.array(|cursor| member(cursor, "kinesis", &mut |cursor| stream_record(cursor, on_data))),
        _ => cursor.skip(),
    })?;
    cursor.white_space();
    if cursor.peek().is_some() { cursor.error("unexpected data after the event") } else { Ok(()) }
}

fn stream_record<'a>(cursor: &mut Cursor<'a>, on_data: &mut impl FnMut(RawStr<'a>, Source<'a>)) -> json::Result<()> {
    let (mut found, mut sequence_number) = (None, None);
    cursor.object(|cursor, key| match &*key {
        "data" => once(cursor, &mut found, data),
        "sequenceNumber" => once(cursor, &mut sequence_number, Cursor::text),
        _ => cursor.skip(),
    })?;
    match found {
        Some(data) => {
            on_data(data, Source::Stream(sequence_number));
            Ok(())
        }
        None => cursor.error("no data"),
    }
}

fn data<'a>(cursor: &mut Cursor<'a>) -> json::Result<RawStr<'a>> {
    cursor.string("expected the data as a string")
}

/// Reads one key of an object, which must occur exactly once.
fn member<'a>(
    cursor: &mut Cursor<'a>,
    name: &'static str,
    on_value: &mut dyn FnMut(&mut Cursor<'a>) -> json::Result<()>,
) -> json::Result<()> {
    let mut found = false;
    cursor.object(|cursor, key| {
        if *key != *name {
            return cursor.skip();
        }
        if std::mem::replace(&mut found, true) {
            return cursor.error("the same key twice");
        }
        on_value(cursor)
    })?;
    if found { Ok(()) } else { cursor.error("no data") }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::*;

    /// Returns the decoded data of an event as `way` reads it.
    fn read(way: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>) -> Result<Vec<Vec<u8>>> {
        let mut all = Vec::new();
        let read = way(&mut |data| {
            all.push(STANDARD.decode(data).map_err(|_| EnvelopeError::Base64 { at: 0 })?);
            Ok(())
        });
        read.map(|()| all)
    }

    proptest! {
        #![proptest_config(crate::fast::cases())]

        #[test]
        fn shortcut_and_plain_agree(
            data in "([A-Za-z0-9+/]{4}){0,9}", other in "[ \"\\\\{}:,A=é\n]{0,3}", at in any::<prop::sample::Index>(), end in "[ \n}x]{0,2}",
        ) {
            let mut event = format!(r#"{{"awslogs":{{"data":"{data}"}}}}{end}"#);
            let at = at.index(event.len());
            let damaged = format!("{}{other}{}", &event[..at], &event[at..]);
            event.truncate(at);
            for event in [event, damaged] {
                let event = event.as_bytes();
                prop_assert_eq!(read(|mut on| event_data(event, &mut on)), read(|mut on| plain(event, &mut on)));
            }
        }
    }
}
