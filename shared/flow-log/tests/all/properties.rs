//! Generated input, valid and mutated: the crate agrees with the naive implementation.

use std::net::{Ipv4Addr, Ipv6Addr};

use flow_log::{Field, Formats};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::naive::{self, payload_naively, read, read_naively};

const REQUIRED: [Field; 5] = [Field::Action, Field::Protocol, Field::SrcAddr, Field::DstAddr, Field::LogStatus];

/// A transit gateway record without the word `TransitGateway`, in the default format of its flow logs.
const TRANSIT_GATEWAY: &str = "6 - 123456789012 tgw-1 a-1 1 2 vpc-1 vpc-2 s-1 s-2 e-1 e-2 z1 z2 a-2 10.0.0.1 10.0.0.2 0 0 1 4 336 1 2 OK IPv4 0 0 0 0 0 r ingress - -";

/// Generates formats: the required fields, any other fields and unknown names, in any order.
fn format() -> impl Strategy<Value = String> {
    let optional: Vec<&str> =
        Field::ALL.iter().filter(|field| !REQUIRED.contains(field)).map(|field| field.name()).collect();
    let optional = [&*optional, &["new-one", "new.two", "x"]].concat();
    let count = optional.len();
    proptest::sample::subsequence(optional, 0..=count)
        .prop_map(|some| REQUIRED.iter().map(|field| field.name()).chain(some).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|names| names.iter().map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(" "))
}

/// Generates texts for a field: usually valid, sometimes not.
fn text(name: &str) -> BoxedStrategy<String> {
    let strings = |words: &'static [&'static str]| select(words).prop_map(str::to_owned).boxed();
    let usual = match Field::from_name(name) {
        Some(Field::Action) => strings(&["ACCEPT", "REJECT"]),
        Some(Field::LogStatus) => strings(&["OK", "OK", "OK", "OK", "NODATA", "SKIPDATA"]),
        Some(Field::Protocol) => any::<u8>().prop_map(|n| n.to_string()).boxed(),
        Some(Field::SrcAddr | Field::DstAddr | Field::PktSrcAddr | Field::PktDstAddr) => prop_oneof![
            any::<[u8; 4]>().prop_map(|octets| Ipv4Addr::from(octets).to_string()),
            any::<u128>().prop_map(|bits| Ipv6Addr::from(bits).to_string()),
            any::<u8>().prop_map(|last| format!("2001:db8::{last}")),
        ]
        .boxed(),
        Some(Field::SrcPort | Field::DstPort) => any::<u16>().prop_map(|n| n.to_string()).boxed(),
        Some(Field::Packets | Field::Bytes | Field::Start | Field::End) => {
            prop_oneof![any::<u64>(), any::<u32>().prop_map(u64::from)].prop_map(|n| n.to_string()).boxed()
        }
        Some(Field::FlowDirection) => strings(&["ingress", "egress", "sideways"]),
        Some(Field::RejectReason) => strings(&["BPA", "EC", "-", "NEW"]),
        Some(Field::TrafficPath | Field::TcpFlags | Field::EncryptionStatus | Field::Version) => {
            (0..40_u32).prop_map(|n| n.to_string()).boxed()
        }
        _ => "[a-z0-9:/%.-]{1,30}".boxed(),
    };
    let odd = prop_oneof![
        Just("-".to_owned()),
        "[0-9]{1,22}",
        "[0-9.]{1,16}",
        "[0-9a-f:.%]{1,45}",
        "\\PC{1,8}",
        select(&["TransitGateway", "srcaddr", "dstaddr", "OK", "REJECT", "1", "58", "256"][..]).prop_map(str::to_owned),
    ];
    prop_oneof![30 => usual, 1 => odd].boxed()
}

/// Generates lines of a format.
fn line(format: &str) -> BoxedStrategy<String> {
    let names: Vec<_> = format.split(' ').map(|field| field.trim_matches(['$', '{', '}'])).collect();
    names.into_iter().map(text).collect::<Vec<_>>().prop_map(|texts| texts.join(" ")).boxed()
}

/// Inserts `what` into a text, and removes the next character unless `keep` is set.
fn mutate(text: &str, at: Index, what: &str, keep: bool) -> String {
    let places: Vec<_> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
    let at = places[at.index(places.len())];
    let (before, after) = text.split_at(at);
    let mut rest = after.chars();
    if !keep {
        rest.next();
    }
    format!("{before}{what}{}", rest.as_str())
}

fn between_fields() -> impl Strategy<Value = &'static str> {
    select(&[" ", "  ", "\t", "\n", "\0", "\u{b}", "\u{c}", "\u{a0}", "", "x", "é", "-", "0", " x", "x "][..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printed_formats_parse_back_to_themselves(text in format()) {
        let formats = Formats::parse(&text).unwrap();
        prop_assert_eq!(formats.to_string(), &*text);
        prop_assert_eq!(Formats::parse(&formats.to_string()).unwrap(), formats);
    }

    #[test]
    fn any_text_is_a_format_or_a_one_line_error(text in "(\\$\\{)?\\PC*(\\$\\{[a-z-]{0,12}\\}? ?)*") {
        match Formats::parse(&text) {
            Ok(formats) => prop_assert_eq!(Formats::parse(&formats.to_string()).unwrap(), formats),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
    }

    #[test]
    fn lines_of_any_format((format, line) in format().prop_flat_map(|f| (Just(f.clone()), line(&f)))) {
        let formats = Formats::parse(&format).unwrap();
        prop_assert_eq!(read(&formats, &line), read_naively(&formats, &line));
    }

    #[test]
    fn mutated_lines(
        (format, line) in format().prop_flat_map(|f| (Just(f.clone()), line(&f))),
        changes in prop::collection::vec((any::<Index>(), between_fields(), any::<bool>()), 1..4),
    ) {
        let formats = Formats::parse(&format).unwrap();
        let line = changes.iter().fold(line, |line, (at, what, keep)| mutate(&line, *at, what, *keep));
        prop_assert_eq!(read(&formats, &line), read_naively(&formats, &line));
    }

    #[test]
    fn mutated_lines_of_the_default_format(
        line in line(&Formats::default().to_string()),
        changes in prop::collection::vec((any::<Index>(), between_fields(), any::<bool>()), 0..3),
    ) {
        let formats = Formats::default();
        let line = changes.iter().fold(line, |line, (at, what, keep)| mutate(&line, *at, what, *keep));
        prop_assert_eq!(read(&formats, &line), read_naively(&formats, &line));
    }

    #[test]
    fn mutated_lines_of_a_transit_gateway(
        (at, word) in (0..36_usize, select(&["6", "5", "-", "1", "OK", "NODATA", "ACCEPT", "REJECT", "TransitGateway", "x"][..])),
        changes in prop::collection::vec((any::<Index>(), between_fields(), any::<bool>()), 0..2),
    ) {
        let mut words: Vec<_> = TRANSIT_GATEWAY.split(' ').collect();
        words[at] = word;
        let line = changes.iter().fold(words.join(" "), |line, (at, what, keep)| mutate(&line, *at, what, *keep));
        let formats = Formats::default();
        prop_assert_eq!(read(&formats, &line), read_naively(&formats, &line));
    }

    #[test]
    fn any_text_as_a_line(line in "(\\PC|[ \t\n\0])*") {
        let formats = Formats::default();
        prop_assert_eq!(read(&formats, &line), read_naively(&formats, &line));
    }

    #[test]
    fn payloads(text in payload()) {
        let (events, headers) = naive::payload(&text).unwrap();
        let (naive_events, naive_headers) = payload_naively(&text).unwrap();
        prop_assert_eq!(events, naive_events);
        prop_assert_eq!(headers, naive_headers);
    }

    #[test]
    fn mutated_payloads(
        text in payload(),
        changes in prop::collection::vec((any::<Index>(), in_json(), any::<bool>()), 1..4),
    ) {
        let text = changes.iter().fold(text, |text, (at, what, keep)| mutate(&text, *at, what, *keep));
        prop_assert_eq!(naive::payload(&text), payload_naively(&text), "{}", text);
    }
}

fn in_json() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "",
            "\"",
            "\\",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\n",
            "\t",
            "\0",
            "\u{1f}",
            "0",
            "-",
            "1",
            "é",
            "\\n",
            "\\u0041",
            "\\u12",
            "null",
            "\"id\":\"x\",",
            "\"message\":\"x\",",
            "{}",
            "{\"a\":\"b\"}",
            "\"extractedFields\":{},",
            "\"extractedFields\":{\"@aws.account\":\"x\"},",
            "\"@aws.account\":\"x\",",
            "1e5",
            ".5",
        ][..],
    )
}

/// Generates payloads, usually in the layout that CloudWatch Logs writes.
fn payload() -> impl Strategy<Value = String> {
    let events = prop::collection::vec(log_event(), 0..6);
    let document = (events, json_string(), any::<bool>(), select(&["", " ", "\n"][..])).prop_map(
        |(events, group, first, space)| {
            let events = format!(r#""logEvents":[{}]"#, events.join(&format!(",{space}")));
            let metadata = format!(
                r#""messageType":"DATA_MESSAGE","owner":"1","logGroup":{group},"subscriptionFilters":["a",{group}]"#
            );
            if first {
                format!("{{{events},{space}{metadata}}}")
            } else {
                format!("{{{metadata},{space}\"policyLevel\":null,{events}}}{space}")
            }
        },
    );
    prop::collection::vec(document, 1..3).prop_map(|documents| documents.concat())
}

/// The names of the system fields, one of them also escaped, and a similar name.
const SYSTEM_FIELDS: &[&str] = &["@aws.account", "@aws.region", "@source.log", "\\u0040aws.region", "@aws.accounts"];

fn log_event() -> BoxedStrategy<String> {
    let timestamp = prop_oneof![
        8 => 1_400_000_000_000..1_900_000_000_000_i64,
        1 => any::<i64>(),
        1 => 0..10_i64,
    ];
    let key = prop_oneof![2 => select(SYSTEM_FIELDS).prop_map(|name| format!("\"{name}\"")), 1 => json_string()];
    let value = prop_oneof![
        6 => json_string(),
        1 => Just("\"\"".to_owned()),
        1 => select(&["null", "1", "[\"a\"]", "{\"@aws.account\":\"b\"}"][..]).prop_map(str::to_owned),
    ];
    let extracted = prop_oneof![
        3 => Just(String::new()),
        2 => prop::collection::vec((key, value), 0..5).prop_map(|pairs| {
            let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!(r#","extractedFields":{{{}}}"#, pairs.join(","))
        }),
        1 => select(&["null", "[]", "\"@aws.account\"", "7"][..])
            .prop_map(|value| format!(r#","extractedFields":{value}"#)),
        1 => Just(r#","extra":[1,{"a":null}]"#.to_owned()),
    ];
    let layout = prop_oneof![6 => Just(0), 1 => Just(1), 1 => Just(2), 1 => Just(3)];
    ("[0-9]{56}|[0-9]{0,8}", timestamp, json_string(), extracted, layout)
        .prop_map(|(id, timestamp, message, extracted, layout)| match layout {
            0 => format!(r#"{{"id":"{id}","timestamp":{timestamp},"message":{message}{extracted}}}"#),
            1 => format!(r#"{{"message":{message},"timestamp":{timestamp}{extracted}}}"#),
            2 => format!(r#"{{"id":"{id}"{extracted},"timestamp":{timestamp},"message":{message}}}"#),
            _ => format!("{{ \"id\" : \"{id}\",\n\"timestamp\" : {timestamp} ,\"message\" :{message}{extracted} }}"),
        })
        .boxed()
}

fn json_string() -> impl Strategy<Value = String> {
    let line = line(&Formats::default().to_string());
    prop_oneof![4 => line, 1 => "[ -~]{0,130}", 1 => "(\\PC|[\t\n\0\"\\\\]){0,40}"]
        .prop_map(|text| serde_json::to_string(&text).unwrap())
}
