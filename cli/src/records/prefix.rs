//! What tools write before a record: a time, and the name of the log stream.

use alerting::time::EpochMillis;
use flow_log::Formats;
use jiff::Timestamp;

/// Splits off the time and the name of the log stream, as `aws logs tail` writes them: `2026-11-23T02:32:14+00:00 eni-1-all 2 ...`.
/// With `--format short` there is no name, and the time has no offset and is in UTC.
///
/// Returns the text unchanged if nothing of this stands before a record.
pub(super) fn split<'a>(timestamp: Option<&str>, text: &'a str, formats: &Formats) -> (Option<EpochMillis>, &'a str) {
    let (time, rest) = match timestamp.and_then(time) {
        Some(time) => (Some(time), text),
        None => match text.split_once(' ').map(|(first, rest)| (time(first), rest.trim_start())) {
            Some((Some(time), rest)) => (Some(time), rest),
            _ => return (None, text),
        },
    };
    // A name is there if the record is readable only without it.
    match rest.split_once(' ').map(|(_, record)| record.trim_start()) {
        Some(record) if formats.read(rest).is_err() && formats.read(record).is_ok() => (time, record),
        _ => (time, rest),
    }
}

/// Reads a time in RFC 3339, also without an offset.
pub(super) fn time(text: &str) -> Option<EpochMillis> {
    // Nothing else is tried, because every unreadable line comes here.
    let is_time = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(10) == Some(&b'T');
    let read = || text.parse::<Timestamp>().or_else(|_| format!("{text}Z").parse()).ok();
    let at: Timestamp = is_time.then(read).flatten()?;
    u64::try_from(at.as_millisecond()).ok().map(EpochMillis)
}

/// Reads `@timestamp` of a query's results: `2026-11-23 02:32:14.000`, in UTC.
pub(super) fn query_time(text: &str) -> Option<EpochMillis> {
    time(&text.replacen(' ', "T", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 4 336 1795401134 1795401190 REJECT OK";
    const AT: EpochMillis = EpochMillis(1_795_401_134_000);

    #[test]
    fn times_and_names_of_streams_are_split_off() {
        for before in [
            "2026-11-23T02:32:14+00:00 eni-1-all ",
            "2026-11-23T02:32:14.000000+00:00 eni-1-all ",
            "2026-11-23T11:32:14+09:00 ",
            "2026-11-23T02:32:14 ",
            "2026-11-23T02:32:14Z  eni-1-all  ",
        ] {
            assert_eq!(split(None, &format!("{before}{LINE}"), &Formats::default()), (Some(AT), LINE), "{before}");
        }
        let named = format!("eni-1-all {LINE}");
        assert_eq!(split(Some("2026-11-23T02:32:14.000Z"), &named, &Formats::default()), (Some(AT), LINE));
    }

    #[test]
    fn a_query_writes_times_with_a_space() {
        assert_eq!(query_time("2026-11-23 02:32:14.000"), Some(AT));
        assert_eq!(query_time("1795401134000"), None);
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        for text in ["", "x", "eni-1-all 2 1", "2026-11-23 02:32:14 2 1", "2026-99-23T02:32:14Z 2 1"] {
            assert_eq!(split(None, text, &Formats::default()), (None, text));
        }
    }
}
