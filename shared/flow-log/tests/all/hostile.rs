//! Malicious input: a clear result in bounded time, whatever it is.

use flow_log::{Decoder, Formats, LineError, LogFormat};

use crate::support::{decode, event, gzip, log_event, payload, wrap};

fn rejection(payload: &str) -> String {
    decode(&event(payload)).unwrap_err().to_string()
}

/// Returns the error for one message in an otherwise valid batch.
fn unparsed(json_message: &str) -> LineError {
    let json = format!(r#"{{"id":"1","timestamp":1432917027000,"message":{json_message}}},{}"#, log_event(2, "good"));
    let (events, _) = decode(&event(&payload(&json))).unwrap();
    assert_eq!(events[1].message, "good");
    Formats::default().read(&events[0].message).unwrap_err()
}

#[test]
fn deep_json() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let nested = |depth: usize| format!(r#"{{"x":{}1{}}}"#, open.repeat(depth), close.repeat(depth));
        assert!(rejection(&nested(64)).starts_with("payload: the document has no"), "{open}");
        assert!(rejection(&nested(65)).starts_with("payload: nested too deeply at byte"), "{open}");
        assert!(rejection(&nested(2_000_000)).starts_with("payload: nested too deeply at byte"), "{open}");
        assert!(rejection(&nested(2_000_000).replace('}', "")).starts_with("payload: "), "{open}");
    }
    let event = format!("{}{}", r#"{"a":"#.repeat(1_000_000), "}".repeat(1_000_000));
    assert!(decode(event.as_bytes()).unwrap_err().to_string().starts_with("event: nested too deeply at byte"));
}

#[test]
fn huge_json() {
    let many_keys: String = (0..200_000).map(|i| format!(r#""k{i}":{i},"#)).collect();
    let text = format!(r#"{{{many_keys}"messageType":"DATA_MESSAGE","logEvents":[{}]}}"#, log_event(1, "m"));
    assert_eq!(decode(&event(&text)).unwrap().0.len(), 1);

    let long = "x".repeat(10 << 20);
    let (events, _) = decode(&event(&payload(&log_event(1, &long)))).unwrap();
    assert_eq!(events[0].message.len(), long.len());
    assert_eq!(Formats::default().read(&long), Err(LineError::FieldCount { found: 1 }));

    let long_number = format!(r#"{{"logEvents":[{{"timestamp":{}}}]}}"#, "9".repeat(1_000_000));
    assert_eq!(rejection(&long_number), "payload: expected the timestamp in whole milliseconds at byte 27");

    let escapes = r"\u0041".repeat(1_000_000);
    assert_eq!(unparsed(&format!("\"{escapes}\"")), LineError::FieldCount { found: 1 });
    assert!(rejection(&payload(&"{},".repeat(1_000_000))).len() < 100);
}

#[test]
fn text_that_is_not_utf_8() {
    assert_eq!(decode(&wrap(&gzip(b"\xc0\xaf"))).unwrap_err().to_string(), "payload: not UTF-8 at byte 0");
    let cut_character = payload(&log_event(1, "x")).replace('x', "X").into_bytes();
    let cut_character: Vec<u8> = cut_character.iter().map(|&b| if b == b'X' { 0xe6 } else { b }).collect();
    assert!(decode(&wrap(&gzip(&cut_character))).unwrap_err().to_string().starts_with("payload: not UTF-8 at byte"));
    assert!(decode(&wrap(&gzip("\u{feff}{}".as_bytes()))).is_err(), "a byte order mark is not JSON");
}

#[test]
fn odd_characters_affect_only_their_line() {
    for json in [r#""\ud800 2 eni""#, r#""a\u0000b c""#, r#""\u202e\u0007 x""#] {
        assert!(matches!(unparsed(json), LineError::FieldCount { .. }), "{json}");
    }
}

#[test]
fn a_million_fields_in_a_line() {
    let formats = Formats::default();
    for (line, found) in [
        ("x ".repeat(1_000_000), 1_000_000),
        ("x\t\n ".repeat(1_000_000), 1_000_000),
        ("x ".repeat(97), 97),
        (format!("{}x", "x ".repeat(96)), 97),
        (format!("{}x", "x ".repeat(95)), 96),
        (" ".repeat(1_000_000), 0),
    ] {
        assert_eq!(formats.read(&line), Err(LineError::FieldCount { found }));
    }
}

#[test]
fn hostile_formats() {
    for text in [
        "${".repeat(100_000),
        "${a}".repeat(100_000),
        "${a} ".repeat(100_000),
        "\0".repeat(1000),
        "${\u{202e}}".to_owned(),
    ] {
        let error = LogFormat::parse(&text).unwrap_err().to_string();
        assert!(error.len() < 500 && !error.contains(char::is_control) && error.is_ascii(), "{error:?}");
    }
}

#[test]
fn every_single_bit_changed_and_every_cut() {
    let whole = gzip(payload(&log_event(1, "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 4 336 1 2 REJECT OK")).as_bytes());
    let good = decode(&wrap(&whole)).unwrap();
    let mut decoder = Decoder::default();
    let mut without_effect = Vec::new();
    for at in 0..whole.len() {
        assert!(decoder.decode_gzip(&whole[..at]).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            if let Ok(batch) = decode(&wrap(&changed)) {
                assert_eq!(batch, good, "bit {bit} of byte {at}");
                without_effect.push(at);
            }
        }
    }
    // The text flag, the time, the compression level, the system, and the padding of the last byte.
    without_effect.retain(|at| ![3, 4, 5, 6, 7, 8, 9, whole.len() - 9].contains(at));
    assert_eq!(without_effect, [0; 0]);
}

#[test]
fn gzip_headers_with_all_optional_fields() {
    let plain = gzip(payload(&log_event(1, "m")).as_bytes());
    let with = |flags: u8, extra: &[u8]| {
        let mut gz = [&plain[..10], extra, &plain[10..]].concat();
        gz[3] = flags;
        gz
    };
    let header_crc = {
        let header = [&plain[..3], &[2], &plain[4..10]].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&header);
        (crc.sum() as u16).to_le_bytes()
    };
    let mut decoder = Decoder::default();
    for gz in [
        with(1, b""),
        with(4, b"\x02\0ab"),
        with(8, b"name\0"),
        with(16, b"\0"),
        with(28, b"\0\0n\0c\0"),
        with(2, &header_crc),
    ] {
        assert!(decoder.decode_gzip(&gz).is_ok(), "{:?}", &gz[..20]);
    }
    for (gz, expected) in [
        (with(2, b"xx"), "gzip: a broken header at byte 0"),
        (with(4, b"\xff\xff"), "gzip: cut off at byte 0"),
        (with(8, b"")[..12].to_vec(), "gzip: cut off at byte 0"),
        (with(0x20, b""), "gzip: a broken header at byte 0"),
    ] {
        assert_eq!(decoder.decode_gzip(&gz).unwrap_err().to_string(), expected);
    }
}
