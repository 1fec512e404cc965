//! Reads one log event of a batch in the layout that CloudWatch Logs writes, without a search for keys.

use std::borrow::Cow;

use super::{number::number, scan::string_run};
use crate::{
    LogEvent,
    json::{Cursor, Result, once},
    piece::Piece,
};

/// Reads the log event at the cursor and passes it to `on_event`. Returning it would copy it once more, and log events are large.
#[inline(always)]
pub(crate) fn log_event<'d>(cursor: &mut Cursor<'d>, on_event: &mut impl FnMut(LogEvent<'d>)) -> Result<()> {
    if let Some(event) = usual(cursor) {
        on_event(event);
    } else {
        on_event(plain(cursor)?);
    }
    Ok(())
}

/// Reads a log event in exactly the layout that CloudWatch Logs writes. Otherwise returns `None` and leaves the cursor where it
/// was, for [`plain`].
#[inline(always)]
fn usual<'d>(cursor: &mut Cursor<'d>) -> Option<LogEvent<'d>> {
    let all = cursor.rest();
    let (id, rest) = string(all.strip_prefix(r#"{"id":""#)?)?;
    let rest = rest.strip_prefix(r#","timestamp":"#)?;
    let (timestamp, rest) = timestamp(rest)?;
    let (message, rest) = string(rest.strip_prefix(r#","message":""#)?)?;
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

/// Splits after a string whose opening quote has been read, unless it contains an escape or a character that needs one.
#[inline]
fn string(text: &str) -> Option<(&str, &str)> {
    let (value, rest) = text.split_at_checked(string_run(text.as_bytes()))?;
    Some((value, rest.strip_prefix('"')?))
}

/// Splits after a time of 13 digits, which all times from 2001 to 2286 have.
#[inline]
fn timestamp(text: &str) -> Option<(i64, &str)> {
    const DIGITS: usize = 13;
    let rest = text.get(DIGITS..).filter(|_| !text.starts_with('0'))?;
    Some((number(Piece::first(text, DIGITS), u64::MAX)?.cast_signed(), rest))
}

/// Splits after an object of strings without escapes: the named fields of a filter pattern, and the system fields.
fn extracted_fields(text: &str) -> Option<(&str, &str)> {
    let mut rest = text.strip_prefix('{')?;
    loop {
        (_, rest) = string(rest.strip_prefix('"')?)?;
        (_, rest) = string(rest.strip_prefix(r#":""#)?)?;
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                let rest = rest.strip_prefix('}')?;
                return text.split_at_checked(text.len() - rest.len());
            }
        }
    }
}

/// The plain twin: keys in any order, any white space, escapes, unknown keys.
#[cold]
fn plain<'d>(cursor: &mut Cursor<'d>) -> Result<LogEvent<'d>> {
    let mut id = None;
    let mut timestamp = None;
    let mut message = None;
    let mut extracted_fields = None;
    cursor.object(|cursor, key| match &*key {
        "id" => once(cursor, &mut id, Cursor::text),
        "timestamp" => {
            once(cursor, &mut timestamp, |cursor| cursor.integer("expected the timestamp in whole milliseconds"))
        }
        "message" => once(cursor, &mut message, Cursor::text),
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
        _ => cursor.error("the log event has no timestamp or no message"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the log event as `way` reads it, and the position of the cursor after it.
    fn read<'d, E>(
        text: &'d str,
        way: impl FnOnce(&mut Cursor<'d>) -> std::result::Result<LogEvent<'d>, E>,
    ) -> Option<(LogEvent<'d>, usize)> {
        let mut cursor = Cursor::new(text);
        way(&mut cursor).ok().map(|event| (event, cursor.at))
    }

    #[test]
    fn accepts_the_layout_of_cloudwatch_logs() {
        for end in ["", r#","extractedFields":{"action":"REJECT","@aws.account":"123456789012"}"#] {
            let text = format!(r#"{{"id":"0001","timestamp":1432917027000,"message":"2 - OK"{end}}},"#);
            let usual = read(&text, |cursor| usual(cursor).ok_or(()));
            assert!(usual.is_some(), "{text}");
            assert_eq!(usual, read(&text, plain), "{text}");
        }
    }

    #[test]
    fn declines_similar_layouts() {
        for text in [
            r#"{"id":"1","timestamp":0432917027000,"message":"m"}"#,
            r#"{"id":"1","timestamp":14329170270000,"message":"m"}"#,
            r#"{"id":"1","timestamp":143291702700,"message":"m"}"#,
            r#"{"id":"1","timestamp":143291702700x,"message":"m"}"#,
            r#"{"id":"1","timestamp":1432917027000,"message":"m","extractedFields":{}}"#,
            r#"{"id":"1","timestamp":1432917027000,"message":"m","extractedFields":{"a":"b"},"#,
            r#"{"id":"1","timestamp":1432917027000,"message":"m","extractedFields":{"a":"b"}"#,
            r#"{"id":"1","timestamp":1432917027000,"message":"m","extractedFields":{"a":1}}"#,
            r#"{"id":"1","timestamp":1432917027000,"message":"m""#,
            r#"{"id":"1","timestamp":1432917027000,"message":"m\n"}"#,
            r#"{"id":"1" ,"timestamp":1432917027000,"message":"m"}"#,
        ] {
            let mut cursor = Cursor::new(text);
            assert_eq!((usual(&mut cursor), cursor.at), (None, 0), "{text}");
        }
    }

    proptest! {
        #![proptest_config(crate::fast::cases())]

        #[test]
        fn shortcut_and_plain_agree(
            id in "[0-9]{0,3}", timestamp in "[0-9]{12,14}|-?[0-9]{0,3}(\\.5)?", message in "[ -~é]{0,80}",
            fields in "(,\"extractedFields\":\\{(\"[a-z@]{0,3}\":\"[ -~]{0,3}\",?){0,3}\\})?",
            cut in any::<prop::sample::Index>(), other in "[\"\\\\{}:, \n0-9a]{0,2}", keep in prop::bool::weighted(0.5),
        ) {
            let mut text = format!(r#"{{"id":"{id}","timestamp":{timestamp},"message":"{message}"{fields}}} and more text"#);
            if !keep {
                let at = (0..=cut.index(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
                text.insert_str(at, &other);
            }
            if let Some(usual) = read(&text, |cursor| usual(cursor).ok_or(())) {
                prop_assert_eq!(Some(usual), read(&text, plain), "{}", text);
            }
        }
    }
}
