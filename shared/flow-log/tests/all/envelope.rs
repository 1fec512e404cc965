//! Envelopes: what is read, and the error for what is rejected.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use flow_log::{Decoder, LogEvent, MessageType, SystemFields};

use crate::support::{decode, decode_with, event, gzip, log_event, payload, testdata, wrap};

fn messages(payload: &str) -> Vec<String> {
    let (events, _) = decode(&event(payload)).unwrap();
    events.into_iter().map(|event| event.message.into_owned()).collect()
}

fn rejection(event: &[u8]) -> String {
    let error = decode(event).unwrap_err().to_string();
    assert!(!error.contains(char::is_control), "{error:?}");
    error
}

#[test]
fn a_payload_as_cloudwatch_logs_writes_it() {
    let (events, headers) = decode(&event(&payload(&[log_event(1, "a b"), log_event(2, "c d")].join(",")))).unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].id, format!("{:056}", 1));
    assert_eq!(events[1].timestamp, 1_432_917_027_000);
    assert_eq!(events[1].message, "c d");
    let [header] = &headers[..] else { panic!("{headers:?}") };
    assert_eq!(header.message_type, MessageType::Data);
    assert_eq!((&*header.owner, &*header.log_group, &*header.log_stream), ("123456789012", "Log-Group", "eni-1-all"));
    assert_eq!(header.subscription_filters, ["f"]);
}

#[test]
fn keys_can_be_in_any_order_and_unknown_ones_are_skipped() {
    for payload in [
        r#"{"logEvents":[{"message":"m","id":"1","timestamp":5}],"messageType":"DATA_MESSAGE"}"#,
        r#"{"logEvents":[{"timestamp":5,"message":"m"}],"messageType":"DATA_MESSAGE","policyLevel":"ACCOUNT_LEVEL_POLICY"}"#,
        r#"{"messageType":"DATA_MESSAGE","x":{"y":[1,-2.5e+3,true,false,null,"\"}",{}]},"logEvents":[{"id":"1","timestamp":5,"message":"m","@aws.account":"1"}]}"#,
        r#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":5,"message":"m","extractedFields":{"a":"1","b":"\""}}]}"#,
        r#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":5,"message":"m","extractedFields":{"a":"1","b":"}"}}]}"#,
        r#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":5,"message":"m","extractedFields":{}}]}"#,
        r#"{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":5,"message":"m","extractedFields":null}]}"#,
        "{\n \"messageType\" : \"DATA_MESSAGE\",\r\n\t\"logEvents\" : [ { \"id\" : \"1\", \"timestamp\" : 5, \"message\" : \"m\" } ] }\n",
        r#"{"messageType":"DATA_MESSAGE","log\u0045vents":[{"id":"1","timestamp":5,"mess\u0061ge":"m"}]}"#,
    ] {
        assert_eq!(messages(payload), ["m"], "{payload}");
    }
}

#[test]
fn messages_are_borrowed_unless_escaped() {
    let event = event(&payload(&[log_event(1, "plain"), log_event(2, "tab\there")].join(",")));
    let mut decoder = Decoder::default();
    let mut payload = decoder.decode(&event).unwrap();
    let mut borrowed = Vec::new();
    payload.next_batch(|event| borrowed.push(matches!(event.message, Cow::Borrowed(_)))).unwrap();
    assert_eq!(borrowed, [true, false]);
}

#[test]
fn escapes_in_messages() {
    for (json, message) in [
        (r#""a\"b\\c\/d""#, "a\"b\\c/d"),
        (r#""\b\f\n\r\t""#, "\u{8}\u{c}\n\r\t"),
        (r#""\u0041\u00e9\u6771""#, "Aé東"),
        (r#""\ud83d\ude00!""#, "😀!"),
        (r#""\u0000""#, "\0"),
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\ude00x""#, "\u{fffd}x"),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (r#""\ud83dA""#, "\u{fffd}A"),
        (r#""é東😀""#, "é東😀"),
        (r#""""#, ""),
    ] {
        let event = format!(r#"{{"id":"1","timestamp":5,"message":{json}}}"#);
        assert_eq!(messages(&payload(&event)), [message], "{json}");
    }
}

/// Returns the system fields of a batch's only event: account, region, log group.
fn origin(log_event: &str) -> [Option<String>; 3] {
    let event = event(&payload(log_event));
    let mut decoder = Decoder::default();
    let mut payload = decoder.decode(&event).unwrap();
    let mut origins = Vec::new();
    payload
        .next_batch(|event| {
            let SystemFields { account, region, source_log_group, .. } = event.system_fields();
            origins.push([account, region, source_log_group].map(|field| field.map(Cow::into_owned)));
        })
        .unwrap();
    let [origin] = &origins[..] else { panic!("{origins:?}") };
    origin.clone()
}

#[test]
fn system_fields_in_any_order_of_keys() {
    let fields =
        r#""extractedFields":{"@aws.account":"111122223333","@aws.region":"eu-west-1","@source.log":"Flow/Logs"}"#;
    let shuffled = r#""extractedFields" : { "@source.log" :"Flow\/Logs", "\u0040aws.region":"eu-west-1", "x":[{}],
        "@aws.account":"\u0031\u00311122223333" }"#;
    let among_named = r#""extractedFields":{"account":"9","@aws.account":"111122223333","region":"9","@aws.region":"eu-west-1","@source.log":"Flow/Logs","z":""}"#;
    for fields in [fields, shuffled, among_named] {
        for event in [
            format!(r#"{{"id":"1","timestamp":1432917027000,"message":"m",{fields}}}"#),
            format!(r#"{{"id":"1","timestamp":5,"message":"m",{fields}}}"#),
            format!(r#"{{"id":"1","timestamp":1432917027000,{fields},"message":"m"}}"#),
            format!(r#"{{"id":"1",{fields},"timestamp":1432917027000,"message":"m"}}"#),
            format!(r#"{{{fields},"message":"m","id":"1","timestamp":1432917027000}}"#),
        ] {
            let expected = ["111122223333", "eu-west-1", "Flow/Logs"].map(|text| Some(text.to_owned()));
            assert_eq!(origin(&event), expected, "{event}");
        }
    }
}

#[test]
fn system_fields_that_are_missing_or_not_text() {
    let some = |text: &str| Some(text.to_owned());
    for (fields, expected) in [
        (r#""x":1"#, [None, None, None]),
        (r#""extractedFields":{}"#, [None, None, None]),
        (r#""extractedFields":null"#, [None, None, None]),
        (r#""extractedFields":7"#, [None, None, None]),
        (r#""extractedFields":"@aws.account""#, [None, None, None]),
        (r#""extractedFields":["@aws.account","1"]"#, [None, None, None]),
        (r#""extractedFields":[{"@aws.account":"1"}]"#, [None, None, None]),
        // Named fields of a filter pattern, which can have any name.
        (r#""extractedFields":{"account":"1","aws.account":"1","@AWS.ACCOUNT":"1"}"#, [None, None, None]),
        (r#""extractedFields":{"account":"@aws.account","region":"@"}"#, [None, None, None]),
        // Each on its own.
        (r#""extractedFields":{"@aws.account":"1"}"#, [some("1"), None, None]),
        (r#""extractedFields":{"@aws.region":"r","eni":"x"}"#, [None, some("r"), None]),
        (r#""extractedFields":{"eni":"x","@source.log":"g"}"#, [None, None, some("g")]),
        // Not text, empty, or nested in something else.
        (r#""extractedFields":{"@aws.account":123456789012,"@aws.region":"r"}"#, [None, some("r"), None]),
        (r#""extractedFields":{"@aws.account":null,"@aws.region":{"@source.log":"g"}}"#, [None, None, None]),
        (r#""extractedFields":{"@aws.account":"","@aws.region":"r"}"#, [None, some("r"), None]),
        (r#""extractedFields":{"x":{"@aws.account":"1"},"@aws.region":"r"}"#, [None, some("r"), None]),
        // The same key twice: it is unclear which value is meant.
        (r#""extractedFields":{"@aws.account":"1","@aws.region":"r","@aws.account":"2"}"#, [None, some("r"), None]),
        (r#""extractedFields":{"@aws.account":"1","@aws.account":"1"}"#, [None, None, None]),
        (r#""extractedFields":{"@aws.account":"1","\u0040aws.account":null}"#, [None, None, None]),
        (r#""extractedFields":{"@aws.account":[],"@aws.account":"1"}"#, [None, None, None]),
        // Outside the object, where CloudWatch Logs does not write them.
        (r#""@aws.account":"1""#, [None, None, None]),
        // Invalid accounts are not changed. The caller must escape them.
        (r#""extractedFields":{"@aws.account":"a\nb\ud800"}"#, [some("a\nb\u{fffd}"), None, None]),
    ] {
        for event in [
            format!(r#"{{"id":"1","timestamp":1432917027000,"message":"m",{fields}}}"#),
            format!(r#"{{{fields},"id":"1","timestamp":1432917027000,"message":"m"}}"#),
        ] {
            assert_eq!(origin(&event), expected, "{event}");
        }
    }
    let huge = "9".repeat(1 << 20);
    let event = format!(r#"{{"timestamp":5,"message":"m","extractedFields":{{"@aws.account":"{huge}"}}}}"#);
    assert_eq!(origin(&event), [Some(huge), None, None]);
}

#[test]
fn system_fields_are_borrowed_unless_escaped() {
    let fields = r#"{"@aws.account":"111122223333","@aws.region":"eu\u002dwest-1"}"#;
    let event = LogEvent::new("1", 5, "m").with_extracted_fields(fields);
    let SystemFields { account, region, source_log_group, .. } = event.system_fields();
    assert!(matches!(account, Some(Cow::Borrowed("111122223333"))), "{account:?}");
    assert_eq!((region.as_deref(), source_log_group), (Some("eu-west-1"), None));
    for broken in ["", "{", r#"{"@aws.account":"1""#, r#"{"@aws.account":"1",}"#] {
        let event = LogEvent::new("1", 5, "m").with_extracted_fields(broken);
        assert_eq!(event.system_fields(), SystemFields::default(), "{broken}");
    }
}

#[test]
fn the_event_in_testdata_has_the_lines_of_its_scenario() {
    let (events, _) = decode(&std::fs::read(testdata().join("ping-reply-rejected.event.json")).unwrap()).unwrap();
    let messages: Vec<_> = events.into_iter().map(|event| event.message).collect();
    assert_eq!(messages, crate::support::scenario("ping-reply-rejected").1);
}

#[test]
fn a_control_message_has_its_message_type() {
    let control = std::fs::read_to_string(testdata().join("control-message.json")).unwrap();
    let (events, headers) = decode(&event(&control)).unwrap();
    assert_eq!((events.len(), headers[0].message_type), (1, MessageType::Control));
}

#[test]
fn several_documents_in_one_payload() {
    for between in ["", "\n", " \r\n\t"] {
        let one = payload(&log_event(1, "a"));
        let two = payload(&log_event(2, "b"));
        let (events, headers) = decode(&event(&format!("{one}{between}{two}{between}"))).unwrap();
        assert_eq!((events.len(), headers.len()), (2, 2), "{between:?}");
    }
}

#[test]
fn several_gzip_members_in_one_payload() {
    let text = payload(&[log_event(1, "a"), log_event(2, "b")].join(","));
    for cut in [1, text.len() / 2, text.len() - 1] {
        let (start, end) = text.as_bytes().split_at(cut);
        let (events, _) = decode(&wrap(&[gzip(start), gzip(end)].concat())).unwrap();
        assert_eq!(events.len(), 2, "{cut}");
    }
    // Two equal members: the trailer of the last one fits the first one too.
    let whole = gzip(text.as_bytes());
    let (events, headers) = decode(&wrap(&[&*whole, &*whole].concat())).unwrap();
    assert_eq!((events.len(), headers.len()), (4, 2));
}

#[test]
fn kinesis_records_are_decoded_too() {
    let record = |text: &str| {
        format!(
            r#"{{"kinesis":{{"kinesisSchemaVersion":"1.0","data":"{}"}},"eventSource":"aws:kinesis"}}"#,
            STANDARD.encode(gzip(text.as_bytes()))
        )
    };
    let (a, b) = (payload(&log_event(1, "a")), payload(&[log_event(2, "b"), log_event(3, "c")].join(",")));
    let (events, headers) = decode(format!(r#"{{"Records":[{},{}]}}"#, record(&a), record(&b)).as_bytes()).unwrap();
    assert_eq!((events.len(), headers.len()), (3, 2));
    assert_eq!(events[2].message, "c");

    let mut decoder = Decoder::default();
    assert_eq!(
        decoder.decode_base64(STANDARD.encode(gzip(a.as_bytes())).as_bytes()).unwrap().inflated_bytes(),
        a.len()
    );
    assert_eq!(decoder.decode_gzip(&gzip(a.as_bytes())).unwrap().inflated_bytes(), a.len());
}

#[test]
fn the_records_of_a_stream_are_read_one_by_one() {
    let stream = |records: &[&str]| format!(r#"{{ "Records": [{}]}}"#, records.join(","));
    let one = r#"{"kinesis":{"sequenceNumber":"495","data":"AAAA","partitionKey":"k"},"eventSource":"aws:kinesis"}"#;
    let other = r#"{"eventID":"1","kinesis":{"data":"not \/ base64","sequenceNumber":"496"}}"#;
    let event = stream(&[one, other]);
    let records = Decoder::stream_records(event.as_bytes()).unwrap().unwrap();
    let found: Vec<_> = records.iter().map(|record| (&*record.sequence_number, &*record.data)).collect();
    assert_eq!(found, [("495", "AAAA"), ("496", "not / base64")], "one that cannot be read says nothing of the other");

    let subscription = crate::support::event(&payload(&log_event(1, "a")));
    assert_eq!(Decoder::stream_records(&subscription), Ok(None));
    assert_eq!(Decoder::stream_records(br#"{"x":1, "awslogs":{"data":"AAAA"}}"#), Ok(None));
    for (broken, says) in [
        (
            stream(&[&one.replace("sequenceNumber", "number")]),
            "event: a record of a stream without sequenceNumber at byte 0",
        ),
        (stream(&[&one.replace("data", "date")]), "event: no data at byte "),
        (stream(&[&one.replace("\"AAAA\"", "7")]), "event: expected the data as a string at byte "),
        (stream(&[]), "event: neither awslogs.data nor Records[].kinesis.data at byte 0"),
        (stream(&[one, r#"{"s3":{}}"#]), "event: no data at byte "),
        ("{".to_owned(), "event: expected a key at byte 1"),
    ] {
        let error = Decoder::stream_records(broken.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(says), "{broken}: {error}");
    }
}

#[test]
fn events_in_any_json_layout() {
    let gz = gzip(payload(&log_event(1, "a")).as_bytes());
    let data = STANDARD.encode(&gz);
    for event in [
        format!("{{ \"awslogs\" : {{ \"data\" : \"{data}\" }} }}\n"),
        format!(r#"{{"x":[1],"awslogs":{{"y":{{}},"data":"{data}","z":0}}}}"#),
        format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, data.replace('/', r"\/")),
        format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, STANDARD_NO_PAD.encode(&gz)),
    ] {
        assert_eq!(decode(event.as_bytes()).unwrap().0.len(), 1, "{event}");
    }
}

#[test]
fn a_decoder_does_not_keep_data_of_earlier_events() {
    let mut decoder = Decoder::default();
    let long = event(&payload(&(0..100).map(|i| log_event(i, "x")).collect::<Vec<_>>().join(",")));
    let short = event(&payload(&log_event(1, "y")));
    assert_eq!(decode_with(&mut decoder, &long).unwrap().0.len(), 100);
    assert_eq!(decode_with(&mut decoder, &short).unwrap().0.len(), 1);
    assert!(decode_with(&mut decoder, b"{}").is_err());
    assert_eq!(decode_with(&mut decoder, &long).unwrap().0.len(), 100);
}

#[test]
fn broken_events() {
    for (event, expected) in [
        (&b""[..], "event: expected an object at byte 0"),
        (b"null", "event: expected an object at byte 0"),
        (b"{}", "event: neither awslogs.data nor Records[].kinesis.data at byte 0"),
        (b"{\"awslogs\":{}}", "event: no data at byte 13"),
        (b"{\"awslogs\":{\"data\":5}}", "event: expected the data as a string at byte 19"),
        (b"{\"awslogs\":{\"data\":\"\"}} x", "event: unexpected data after the event at byte 24"),
        (b"{\"awslogs\":{\"data\":\"\",\"data\":\"\"}}", "event: the same key twice at byte 29"),
        (b"{\"awslogs\":{\"data\":\"\"", "event: expected a comma or the end of the object at byte 21"),
        (b"{\"a\xff\":1}", "event: not UTF-8 at byte 3"),
        (b"{\"awslogs\":{\"data\":\"!!!!\"}}", "data: not base64 at byte 0"),
        (b"{\"awslogs\":{\"data\":\"H4sI AAAA\"}}", "data: not base64 at byte 4"),
        (b"{\"awslogs\":{\"data\":\"H4sI\nAAAA\"}}", "event: an unescaped control character in a string at byte 24"),
        (b"{\"awslogs\":{\"data\":\"H4sI\"}}\"}}", "event: unexpected data after the event at byte 27"),
        (b"{\"awslogs\":{\"data\":\"AAAAA\"}}", "data: not base64 at byte 5"),
        (b"{\"awslogs\":{\"data\":\"\"}}", "gzip: not gzip at byte 0"),
        (b"{\"awslogs\":{\"data\":\"eyJhIjoxfQ==\"}}", "gzip: not gzip at byte 0"),
    ] {
        assert_eq!(rejection(event), expected, "{}", event.escape_ascii());
    }
}

#[test]
fn broken_gzip() {
    let gz = gzip(payload(&log_event(1, "a")).as_bytes());
    let len = gz.len();
    let changed = |at: usize, byte: u8| {
        let mut changed = gz.clone();
        changed[at] ^= byte;
        wrap(&changed)
    };
    for (event, expected) in [
        (changed(len - 8, 1), format!("gzip: the checksum does not match at byte {}", len - 8)),
        (changed(len - 4, 1), format!("gzip: the length does not match at byte {}", len - 4)),
        (changed(len - 1, 1), format!("gzip: the length does not match at byte {}", len - 4)),
        (changed(0, 1), "gzip: not gzip at byte 0".into()),
        (changed(2, 1), "gzip: not gzip at byte 0".into()),
        (changed(3, 0x80), "gzip: a broken header at byte 0".into()),
        (wrap(&gz[..len - 1]), format!("gzip: cut off at byte {}", len - 1)),
        (wrap(&gz[..len - 8]), format!("gzip: cut off at byte {}", len - 8)),
        (wrap(&gz[..len / 2]), format!("gzip: cut off at byte {}", len / 2)),
        (wrap(&gz[..5]), "gzip: cut off at byte 0".into()),
        (wrap(&[&*gz, b"x"].concat()), format!("gzip: trailing data that is not gzip at byte {len}")),
        (wrap(&[&*gz, &[0; 8]].concat()), format!("gzip: trailing data that is not gzip at byte {len}")),
        (wrap(&[&*gz, &gz[..12]].concat()), format!("gzip: cut off at byte {}", len + 12)),
    ] {
        assert_eq!(rejection(&event), expected);
    }
    assert!(rejection(&changed(14, 0xff)).starts_with("gzip: "), "a damaged first block");
}

#[test]
fn broken_payloads() {
    for (payload, expected) in [
        ("", "payload: expected an object at byte 0"),
        ("[]", "payload: expected an object at byte 0"),
        ("{}", "payload: the document has no messageType or no logEvents at byte 2"),
        (r#"{"messageType":"DATA_MESSAGE"}"#, "payload: the document has no messageType or no logEvents at byte 30"),
        (r#"{"logEvents":[]}"#, "payload: the document has no messageType or no logEvents at byte 16"),
        (r#"{"logEvents":[],"logEvents":[]}"#, "payload: the same key twice at byte 28"),
        (r#"{"logEvents":{}}"#, "payload: expected an array at byte 13"),
        (r#"{"logEvents":[{}]}"#, "payload: the log event has no timestamp or no message at byte 16"),
        (r#"{"logEvents":[{"extractedFields":{},"extractedFields":{}}]}"#, "payload: the same key twice at byte 54"),
        (r#"{"logEvents":[{"extractedFields":{"a"}}]}"#, "payload: expected a colon at byte 37"),
        (r#"{"logEvents":[{"timestamp":"5"}]}"#, "payload: expected a value at byte 27"),
        (r#"{"logEvents":[{"timestamp":5.0}]}"#, "payload: expected the timestamp in whole milliseconds at byte 27"),
        (r#"{"logEvents":[{"timestamp":05}]}"#, "payload: expected a comma or the end of the object at byte 28"),
        (
            r#"{"logEvents":[{"timestamp":9223372036854775808}]}"#,
            "payload: expected the timestamp in whole milliseconds at byte 27",
        ),
        (r#"{"logEvents":[{"message":null}]}"#, "payload: expected a string at byte 25"),
        ("{\"logEvents\":[{\"message\":\"a\nb\"}]}", "payload: an unescaped control character in a string at byte 27"),
        (
            "{\"logEvents\":[{\"id\":\"\",\"timestamp\":5,\"message\":\"a\0\"}]}",
            "payload: an unescaped control character in a string at byte 49",
        ),
        (r#"{"logEvents":[{"message":"\x"}]}"#, "payload: not an escape sequence at byte 26"),
        (r#"{"logEvents":[{"message":"\u12g4"}]}"#, "payload: not an escape sequence at byte 26"),
        (r#"{"logEvents":[{"message":"a"#, "payload: the text ends inside a string at byte 27"),
        (r#"{"logEvents":[{"id":"1","timestamp":5,"message":"m"},]}"#, "payload: expected an object at byte 53"),
        (
            r#"{"logEvents":[{"id":"1","timestamp":5,"message":"m"}{"#,
            "payload: expected a comma or the end of the array at byte 52",
        ),
        (r#"{"messageType":"DATA_MESSAGE","logEvents":[]} x"#, "payload: expected an object at byte 46"),
        (r#"{"x":nul}"#, "payload: expected a value at byte 5"),
        (r#"{"x":}"#, "payload: expected a value at byte 5"),
        (r#"{"x":-}"#, "payload: expected a value at byte 6"),
        (r#"{"x" 5}"#, "payload: expected a colon at byte 5"),
        (r#"{x:5}"#, "payload: expected a key at byte 1"),
        (r#"{"x":5,}"#, "payload: expected a key at byte 7"),
    ] {
        assert_eq!(rejection(&event(payload)), expected, "{payload}");
    }
    assert_eq!(rejection(&wrap(&gzip(b"{\"x\":\"\xff\"}"))), "payload: not UTF-8 at byte 6");
}
