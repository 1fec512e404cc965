//! Files: those of S3 and export tasks, plain and compressed, and invalid ones.

use std::io::{BufReader, Cursor, ErrorKind};

use flow_log::{Formats, Line, MAX_LINE_BYTES, Reader};

use crate::support::{gzip, testdata};

/// Returns for each line its number and what was read.
fn outcomes(bytes: &[u8]) -> Vec<String> {
    let mut reader = Reader::new(Cursor::new(bytes), Formats::default()).unwrap();
    let mut outcomes = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        let what = match line.parsed {
            Ok(Line::Flow(flow)) => format!("{} {}", flow.action(), flow.protocol()),
            Ok(Line::NoData(_)) => "NODATA".to_owned(),
            Ok(Line::SkipData(_)) => "SKIPDATA".to_owned(),
            Err(unparsed) => unparsed.label().to_owned(),
        };
        outcomes.push(format!("{} {what}", line.number));
    }
    outcomes
}

#[test]
fn files_plain_and_compressed() {
    for (name, expected) in [
        ("s3-with-header.log", &["2 ACCEPT ICMP", "3 REJECT ICMP", "4 NODATA"][..]),
        ("exported-to-s3.log", &["1 ACCEPT ICMP", "2 REJECT ICMP", "4 field-count"]),
    ] {
        let bytes = std::fs::read(testdata().join(name)).unwrap();
        assert_eq!(outcomes(&bytes), expected, "{name}");
        assert_eq!(outcomes(&gzip(&bytes)), expected, "{name}, compressed");
        let (start, end) = bytes.split_at(bytes.len() / 3);
        assert_eq!(outcomes(&[gzip(start), gzip(end)].concat()), expected, "{name}, in two members");
        let crlf = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
        assert_eq!(outcomes(crlf.trim_end().as_bytes()), expected, "{name}, with CR LF and without the last one");
    }
    assert_eq!(outcomes(b""), [""; 0]);
}

#[test]
fn the_last_header_line_applies() {
    let ping = "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 4 336 1 2 REJECT OK";
    let header = "srcaddr dstaddr protocol action log-status new-field";
    let file = format!("{ping}\n{header}\n10.0.0.1 10.0.0.2 58 REJECT OK x\n{ping}\n");
    assert_eq!(outcomes(file.as_bytes()), ["1 REJECT ICMP", "3 REJECT ICMPv6", "4 field-count"]);
    // As in a concatenation of the files of two flow logs.
    let file = format!("{header}\n{}\n{ping}", flow_log::Field::DEFAULT_FORMAT.map(flow_log::Field::name).join(" "));
    assert_eq!(outcomes(file.as_bytes()), ["3 REJECT ICMP"]);
}

#[test]
fn an_unreadable_header_line_is_an_error() {
    let transit_gateway = "version resource-type account-id tgw-id srcaddr dstaddr log-status\n";
    let mut reader = Reader::new(transit_gateway.as_bytes(), Formats::default()).unwrap();
    let error = reader.next_line().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().starts_with("line 1: a header: the format has no ${action}; it needs"), "{error}");
}

#[test]
fn timestamps_of_an_export_and_similar_texts() {
    let ping = "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 4 336 1 2 REJECT OK";
    for (prefix, timestamp) in [
        ("2015-05-29T16:30:27.000Z ", Some("2015-05-29T16:30:27.000Z")),
        ("", None),
        ("2015-05-29 16:30:27.000Z ", None),
        ("2015-05-29T16:30:27.00Z  ", None),
        ("2015-05-29T16:30:27.000Zé ", None),
    ] {
        let file = format!("{prefix}{ping}");
        let mut reader = Reader::new(file.as_bytes(), Formats::default()).unwrap();
        let line = reader.next_line().unwrap().unwrap();
        assert_eq!(line.timestamp, timestamp, "{prefix}");
        assert_eq!(line.parsed.is_ok(), timestamp.is_some() || prefix.is_empty(), "{prefix}");
    }
}

#[test]
fn lines_that_are_too_long_or_not_text() {
    let ping = b"2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 4 336 1 2 REJECT OK\n";
    let long = |len: usize| [&*vec![b'x'; len], b"\n", ping].concat();
    assert_eq!(outcomes(&long(MAX_LINE_BYTES)), ["1 field-count", "2 REJECT ICMP"]);
    assert_eq!(outcomes(&long(MAX_LINE_BYTES + 1)), ["1 too-long", "2 REJECT ICMP"]);
    assert_eq!(outcomes(&long(5 * MAX_LINE_BYTES)), ["1 too-long", "2 REJECT ICMP"]);
    assert_eq!(outcomes(&vec![b'x'; 2 * MAX_LINE_BYTES]), ["1 too-long"]);
    assert_eq!(outcomes(&[b"\xff\xfe\n", &ping[..]].concat()), ["1 not-utf-8", "2 REJECT ICMP"]);
    assert_eq!(outcomes(&[b"a\0b\n", &ping[..]].concat()), ["1 field-count", "2 REJECT ICMP"]);
}

#[test]
fn damaged_gzip_is_an_error_after_the_lines_before_it() {
    let lines = "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 4 336 1 2 REJECT OK\n".repeat(1000);
    let gz = gzip(lines.as_bytes());
    for damaged in [&gz[..gz.len() - 4], &[&gz[..gz.len() - 8], &[0; 8]].concat()] {
        let mut reader = Reader::new(BufReader::with_capacity(7, damaged), Formats::default()).unwrap();
        let mut read = 0;
        let error = loop {
            match reader.next_line() {
                Ok(line) => read += u32::from(line.is_some()),
                Err(error) => break error,
            }
            assert!(read <= 1000, "the damage is not detected");
        };
        assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidInput), "{error:?}");
    }
}
