//! The iterators return what the borrowing calls return, and stop where those fail.

use std::io::{Cursor, ErrorKind};

use flow_log::{Decoder, Formats, Line, LineError, MAX_LINE_BYTES, Reader};
use proptest::prelude::*;

use crate::support::{event, gzip, log_event, payload, testdata};

/// Returns the lines of a file as `Debug` prints them, read in both ways up to the first error.
fn lines(bytes: &[u8]) -> [Vec<String>; 2] {
    let reader = || Reader::new(Cursor::new(bytes), Formats::default()).unwrap();
    let mut borrowed = Vec::new();
    let mut by_call = reader();
    loop {
        match by_call.next_line() {
            Ok(Some(line)) => borrowed.push(format!("{line:?}")),
            Ok(None) => break,
            Err(error) => {
                borrowed.push(error.to_string());
                break;
            }
        }
    }
    let mut reader = reader();
    let owned = reader.lines().map(|line| match line {
        Ok(line) => format!("{:?}", line.as_file_line()),
        Err(error) => error.to_string(),
    });
    [borrowed, owned.collect()]
}

#[test]
fn owned_lines_equal_the_borrowed_ones() {
    let long = [&*vec![b'x'; MAX_LINE_BYTES + 1], b"\n\xff\n"].concat();
    let mut files = vec![long, b"srcaddr dstaddr\n2 1\n".to_vec()];
    for name in ["s3-with-header.log", "exported-to-s3.log"] {
        let bytes = std::fs::read(testdata().join(name)).unwrap();
        let gz = gzip(&bytes);
        files.extend([gz[..gz.len() - 9].to_vec(), gz, bytes]);
    }
    for file in files {
        let [borrowed, owned] = lines(&file);
        assert!(!borrowed.is_empty());
        assert_eq!(borrowed, owned);
    }
}

#[test]
fn lines_outlive_the_reader_and_keep_their_format() {
    let ping = "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 4 336 1 2 REJECT OK";
    let file = format!("{ping}\nsrcaddr dstaddr protocol action log-status\n10.0.0.1 10.0.0.2 58 REJECT OK\n{ping}\n");
    let mut reader = Reader::new(file.as_bytes(), Formats::default()).unwrap();
    let lines: Vec<_> = reader.lines().collect::<Result<_, _>>().unwrap();
    drop(reader);
    let protocol = |line| match line {
        Line::Flow(flow) => flow.protocol().0,
        other => panic!("{other:?}"),
    };
    let protocols: Vec<_> = lines.iter().map(|line| line.parse().map(protocol)).collect();
    assert_eq!(protocols, [Ok(1), Ok(58), Err(LineError::FieldCount { found: 14 })]);
    assert_eq!(lines.iter().map(|line| line.number()).collect::<Vec<_>>(), [1, 3, 4]);
}

#[test]
fn lines_end_after_an_error_that_names_its_line() {
    let gz = gzip(&b"2 1\n".repeat(3));
    let mut reader = Reader::new(&gz[..gz.len() - 4], Formats::default()).unwrap();
    let mut lines = reader.lines();
    let error = lines.find_map(Result::err).unwrap();
    assert_eq!((error.kind(), error.to_string().split_once(':').unwrap().0), (ErrorKind::UnexpectedEof, "line 4"));
    assert!(lines.next().is_none());
}

/// Returns the log events and the metadata as `Debug` prints them, read in both ways up to the first error.
fn batches(event: &[u8]) -> [Vec<String>; 2] {
    let mut decoder = Decoder::default();
    let mut called = Vec::new();
    let mut payload = decoder.decode(event).unwrap();
    loop {
        let mut events = Vec::new();
        match payload.next_batch(|event| events.push(format!("{event:?}"))) {
            Ok(Some(metadata)) => called.push(format!("{metadata:?} {events:?}")),
            Ok(None) => break,
            Err(error) => {
                called.push(error.to_string());
                break;
            }
        }
    }
    let mut payload = decoder.decode(event).unwrap();
    let iterated = payload.batches().map(|batch| match batch {
        Ok(batch) => {
            let events: Vec<_> = batch.log_events().map(|event| format!("{event:?}")).collect();
            format!("{:?} {events:?}", batch.metadata)
        }
        Err(error) => error.to_string(),
    });
    // More than any payload here has, so that an iterator that does not end fails too.
    [called, iterated.take(10).collect()]
}

#[test]
fn iterated_batches_equal_those_of_next_batch() {
    let events = [log_event(1, "a"), log_event(2, "b\n\"c\""), r#"{ "message":"]" , "timestamp":1}"#.to_owned()];
    for separator in [",", " ,\n"] {
        let good = payload(&events.join(separator));
        for text in [
            good.clone(),
            format!("{good}\n{good}"),
            payload(""),
            payload(" "),
            format!("{good}{{\"logEvents\":[]}}"),
            format!("{good}{}", &good[..good.len() - 3]),
            good.replace("\"logEvents\":[", "\"logEvents\" : [ "),
        ] {
            let [called, iterated] = batches(&event(&text));
            assert!(!called.is_empty());
            assert_eq!(called, iterated, "{text}");
        }
    }
}

#[test]
fn log_events_borrow_from_the_payload() {
    let event = event(&payload(&log_event(1, "a")));
    let mut decoder = Decoder::default();
    let mut payload = decoder.decode(&event).unwrap();
    let events: Vec<_> = payload.batches().flat_map(|batch| batch.unwrap().log_events()).collect();
    assert!(matches!(events[0].message, std::borrow::Cow::Borrowed("a")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn batches_of_damaged_payloads(at in any::<prop::sample::Index>(), other in "[\\[\\]{}\", :]{0,2}", cut in any::<bool>()) {
        let good = payload(&[log_event(1, "a"), log_event(2, "b")].join(","));
        let text = format!("{good}{good}");
        let at = at.index(text.len());
        let text = format!("{}{other}{}", &text[..at], &text[(at + usize::from(cut)).min(text.len())..]);
        let [called, iterated] = batches(&event(&text));
        prop_assert_eq!(called, iterated);
    }
}
