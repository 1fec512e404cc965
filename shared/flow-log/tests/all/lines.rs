//! Lines as records: AWS's examples, and what counts as unparsed.

use flow_log::{
    Action, EncryptionStatus, EpochMillis, Field, FieldErrorKind, FlowDirection, FlowRecord, Formats, InterfaceType,
    Line, LineError, Protocol, RejectReason, SublocationType, Tag, TcpFlags, TrafficPath, TrafficType,
};

use crate::support::scenario;

const PING: &str = "2 123456789010 eni-1 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK";

/// Reads a line and all its fields.
fn typed<'a>(formats: &'a Formats, line: &'a str) -> FlowRecord<'a> {
    match formats.read(line).unwrap() {
        Line::Flow(flow) => flow.to_record().unwrap(),
        other => panic!("no traffic: {other:?}"),
    }
}

/// Returns what a rule that reads every record gets: the kind of line, or the error.
fn outcome(formats: &Formats, line: &str) -> String {
    let read = formats.read(line).and_then(|record| match record {
        Line::Flow(flow) => flow.to_record().map(|r| format!("{} {}", r.action, r.protocol)),
        Line::NoData(_) => Ok("NODATA".to_owned()),
        Line::SkipData(_) => Ok("SKIPDATA".to_owned()),
    });
    read.unwrap_or_else(|unparsed| unparsed.to_string())
}

/// Returns the ping of the default format with one field replaced.
fn ping_with(field: Field, value: &str) -> String {
    let at = Field::DEFAULT_FORMAT.iter().position(|&f| f == field).unwrap();
    let mut fields: Vec<_> = PING.split(' ').collect();
    fields[at] = value;
    fields.join(" ")
}

#[test]
fn aws_examples_are_read_as_documented() {
    for (name, expected) in [
        ("accepted-and-rejected", &["ACCEPT TCP", "REJECT TCP"][..]),
        ("ping-reply-rejected", &["ACCEPT ICMP", "REJECT ICMP"]),
        ("no-data-and-skipped", &["NODATA", "SKIPDATA"]),
        ("ipv6", &["ACCEPT TCP"]),
        ("tcp-flags", &["ACCEPT TCP", "ACCEPT TCP"]),
        ("through-a-transit-gateway", &["ACCEPT TCP", "ACCEPT TCP"]),
        ("services-and-direction", &["ACCEPT TCP", "ACCEPT TCP"]),
        ("every-field", &["REJECT ICMP", "REJECT ICMPv6"]),
        ("transit-gateway", &["a transit gateway record, which has no action"; 2]),
    ] {
        let (formats, lines) = scenario(name);
        let outcomes: Vec<_> = lines.iter().map(|line| outcome(&formats, line)).collect();
        assert_eq!(outcomes, expected, "{name}");
    }
}

#[test]
fn the_default_format_is_typed() {
    let formats = Formats::default();
    let record = typed(&formats, PING);
    assert_eq!((record.action, record.protocol), (Action::Reject, Protocol::ICMP));
    assert_eq!(
        (record.srcaddr.to_string(), record.dstaddr.to_string()),
        ("172.31.16.139".into(), "203.0.113.12".into())
    );
    assert_eq!((record.srcport, record.dstport, record.packets, record.bytes), (Some(0), Some(0), Some(4), Some(336)));
    assert_eq!(
        (record.start, record.end),
        (Some(EpochMillis(1_432_917_094_000)), Some(EpochMillis(1_432_917_142_000)))
    );
    assert_eq!(
        (record.version, record.account_id(), record.interface_id()),
        (Some(2), Some("123456789010"), Some("eni-1"))
    );
    assert_eq!((record.vpc_id(), record.flow_direction(), record.reject_reason()), (None, None, None));
}

#[test]
fn every_documented_field_is_typed() {
    let (formats, lines) = scenario("every-field");
    let r = typed(&formats, &lines[0]);
    assert_eq!((r.version, r.packets, r.bytes), (Some(11), Some(4), None));
    assert_eq!(
        (r.vpc_id(), r.subnet_id(), r.instance_id()),
        (Some("vpc-abcdefab012345678"), Some("subnet-aaaaaaaa012345678"), Some("i-0c50d5961bcb2d47b"))
    );
    assert_eq!((r.tcp_flags, r.traffic_type()), (Some(TcpFlags(0)), Some(TrafficType::Ipv4)));
    assert_eq!((r.pkt_srcaddr, r.pkt_dstaddr), (Some(r.srcaddr), Some(r.dstaddr)));
    assert_eq!((r.region(), r.az_id()), (Some("ap-southeast-2"), Some("apse2-az3")));
    assert_eq!(
        (r.sublocation_type(), r.sublocation_id()),
        (Some(SublocationType::Outpost), Some("op-0123456789abcdef0"))
    );
    assert_eq!((r.pkt_src_aws_service(), r.pkt_dst_aws_service()), (Some("EC2"), Some("S3")));
    assert_eq!((r.flow_direction(), r.traffic_path), (Some(FlowDirection::Egress), Some(TrafficPath::InternetGateway)));
    assert_eq!(r.ecs_cluster_arn(), Some("arn:aws:ecs:ap-southeast-2:123456789012:cluster/web"));
    assert_eq!((r.ecs_cluster_name(), r.ecs_container_instance_id()), (Some("web"), Some("0123")));
    assert_eq!((r.ecs_container_id(), r.ecs_second_container_id()), (Some("c1"), Some("c2")));
    assert_eq!((r.ecs_service_name(), r.ecs_task_id()), (Some("shop"), Some("4567")));
    assert!(r.ecs_container_instance_arn().unwrap().ends_with("/0123"));
    assert!(r.ecs_task_definition_arn().unwrap().ends_with("/shop:7"));
    assert!(r.ecs_task_arn().unwrap().ends_with("/4567"));
    assert_eq!(
        (r.reject_reason(), r.resource_id()),
        (Some(RejectReason::BlockPublicAccess), Some("nat-1234567890abcdef"))
    );
    assert_eq!(r.encryption_status, Some(EncryptionStatus::Both));
    assert_eq!(r.instance_tag().unwrap().decode(), "web 1");
    assert_eq!(r.interface_tag().unwrap().decode(), "café");
    assert_eq!((r.instance_tag_2(), r.interface_tag_2()), (Some(Tag("team-a")), Some(Tag("x"))));
    assert_eq!((r.asg_tag(), r.asg_tag_2()), (Some(Tag("web-asg")), Some(Tag("y"))));
    assert_eq!(
        (r.interface_type(), r.next_hop_interface_type()),
        (Some(InterfaceType::VpcEndpoint), Some(InterfaceType::TransitGateway))
    );
    assert_eq!(
        (r.next_hop_interface_id(), r.next_hop_subnet_id()),
        (Some("eni-2235b8ca123456789"), Some("subnet-bbbbbbbb012345678"))
    );
    assert_eq!((r.next_hop_az_id(), r.next_hop_vpc_id()), (Some("apse2-az1"), Some("vpc-bbcdefab012345678")));

    let bare = typed(&formats, &lines[1]);
    assert_eq!(
        (bare.account_id(), bare.interface_id(), bare.tcp_flags, bare.instance_tag()),
        (Some("unknown"), None, None, None)
    );
    assert_eq!(bare.start, Some(EpochMillis(1_616_729_292_123)));
}

#[test]
fn the_fields_of_a_record_are_borrowed_from_the_line() {
    let formats = Formats::default();
    let line = PING.to_owned();
    let interface = typed(&formats, &line).interface_id().unwrap();
    assert!(line.as_bytes().as_ptr_range().contains(&interface.as_ptr()));
}

#[test]
fn checks_of_every_line() {
    let formats = Formats::default();
    for (line, expected) in [
        (PING.to_owned(), "REJECT ICMP"),
        (String::new(), "0 fields, which no declared format has"),
        (" \t ".to_owned(), "0 fields, which no declared format has"),
        ("x".to_owned(), "1 fields, which no declared format has"),
        (format!("{PING} x"), "15 fields, which no declared format has"),
        (ping_with(Field::LogStatus, "-"), "log-status is missing"),
        (ping_with(Field::LogStatus, "Ok"), "log-status is not a documented value"),
        (ping_with(Field::Action, "-"), "action is missing"),
        (ping_with(Field::Action, "DROP"), "action is not a documented value"),
        (ping_with(Field::Action, "reject"), "action is not a documented value"),
        (ping_with(Field::Protocol, "-"), "protocol is missing"),
        (ping_with(Field::Protocol, "256"), "protocol is out of range"),
        (ping_with(Field::Protocol, "icmp"), "protocol is not a number"),
        (ping_with(Field::Protocol, "58"), "REJECT ICMPv6"),
        (ping_with(Field::Protocol, "255"), "REJECT protocol 255"),
        (Field::DEFAULT_FORMAT.map(Field::name).join(" "), "a header line"),
    ] {
        assert_eq!(outcome(&formats, &line), expected, "{line}");
    }
}

#[test]
fn further_checks_of_a_matched_record() {
    let formats = Formats::default();
    for (field, value, expected) in [
        (Field::SrcAddr, "-", "srcaddr is missing"),
        (Field::SrcAddr, "10.0.0.256", "srcaddr is not an IP address"),
        (Field::SrcAddr, "fe80::1%eth0", "srcaddr is not an IP address"),
        (Field::DstAddr, "host", "dstaddr is not an IP address"),
        (Field::DstAddr, "::ffff:1.2.3.4", "REJECT ICMP"),
        (Field::SrcPort, "65536", "srcport is out of range"),
        (Field::DstPort, "-1", "dstport is not a number"),
        (Field::DstPort, "-", "REJECT ICMP"),
        (Field::Packets, "1.5", "packets is not a number"),
        (Field::Packets, "18446744073709551615", "REJECT ICMP"),
        (Field::Packets, "18446744073709551616", "packets is out of range"),
        (Field::Bytes, "-", "REJECT ICMP"),
        (Field::Bytes, "4 ", "REJECT ICMP"),
        (Field::Start, "1432917094000", "REJECT ICMP"),
        (Field::Start, "2015-05-29", "start is not a number"),
        (Field::End, "99999999999999999999999", "end is out of range"),
        (Field::InterfaceId, "-", "REJECT ICMP"),
        (Field::AccountId, "unknown", "REJECT ICMP"),
        (Field::Version, "two", "version is not a number"),
    ] {
        let line = ping_with(field, value);
        assert_eq!(outcome(&formats, &line), expected, "{line}");
        assert!(matches!(formats.read(&line), Ok(Line::Flow(_))), "the line alone is valid: {line}");
    }
}

#[test]
fn fields_split_on_runs_of_white_space() {
    let formats = Formats::default();
    for line in [
        PING.replace(' ', "  "),
        PING.replace(' ', "\t"),
        PING.replace(" 336 ", " \t\r\n336\x0c "),
        format!(" {PING}"),
        format!("{PING} "),
        format!("{PING}\n"),
        format!("{PING}{}", " ".repeat(100_000)),
    ] {
        assert_eq!(typed(&formats, &line), typed(&formats, PING), "{line:?}");
    }
    // Not ASCII white space, so these stay in their field.
    for odd in ["\u{a0}", "\0", "\u{b}", "\u{2003}"] {
        let line = PING.replacen(' ', odd, 1);
        assert_eq!(formats.read(&line), Err(LineError::FieldCount { found: 13 }), "{line:?}");
    }
}

#[test]
fn no_data_and_skipped_are_never_unparsed() {
    let formats = Formats::default();
    for status in ["NODATA", "SKIPDATA"] {
        for line in [
            format!("2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - {status}"),
            format!("x x x x x x x x x x x x x {status}"),
            format!("2 1 -  999.1.1.1 :: -1 70000 256 - - now - DROP {status}"),
        ] {
            assert_eq!(outcome(&formats, &line), status, "{line}");
        }
    }
    let line = "2 123456789010 eni-1 - - - - - - - 1431280876 soon - SKIPDATA";
    let Ok(Line::SkipData(skipped)) = formats.read(line) else { panic!("{line}") };
    assert_eq!(skipped.interface_id(), Some("eni-1"));
    assert_eq!((skipped.start(), skipped.end()), (Some(EpochMillis(1_431_280_876_000)), None));
}

#[test]
fn records_wrapped_in_json_are_unparsed() {
    let formats = Formats::default();
    for (line, expected) in [
        (format!(r#"{{"message":"{PING}"}}"#), "log-status is not a documented value"),
        (
            format!(r#"{{"message":"{}"}}"#, PING.replace("REJECT OK", "- NODATA")),
            "log-status is not a documented value",
        ),
        (format!(r#"{{"message": "{PING}"}}"#), "15 fields, which no declared format has"),
        (r#"{"version":2,"action":"REJECT","protocol":1}"#.to_owned(), "1 fields, which no declared format has"),
    ] {
        assert_eq!(outcome(&formats, &line), expected, "{line}");
    }
}

#[test]
fn several_formats_are_distinguished_by_their_number_of_fields() {
    let (v5, lines) = scenario("services-and-direction");
    let formats = Formats::parse(&format!("{}\n{v5}", Formats::default())).unwrap();
    assert_eq!(typed(&formats, PING).flow_direction(), None);
    assert_eq!(typed(&formats, &lines[1]).flow_direction(), Some(FlowDirection::Egress));
    assert_eq!(formats.read("2 x"), Err(LineError::FieldCount { found: 2 }));
}

#[test]
fn unknown_fields_can_be_read_by_name() {
    let formats =
        Formats::parse("${new-a} ${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status} ${new-b}").unwrap();
    let Ok(Line::Flow(flow)) = formats.read("one REJECT 1 10.0.0.1 10.0.0.2 OK -") else { panic!() };
    assert_eq!((flow.text_by_name("new-a"), flow.text_by_name("new-b")), (Some("one"), None));
    assert_eq!(flow.text_by_name("srcaddr"), flow.text(Field::SrcAddr));
    assert_eq!(flow.text(Field::Packets), None);
    assert_eq!(flow.to_record().unwrap().dstaddr.to_string(), "10.0.0.2");
}

/// The default format of transit gateway flow logs, `resource-type` replaced: 36 fields, no `action`.
const TRANSIT_GATEWAY: &str = "6 {} 123456789012 tgw-0123456789abcdef0 tgw-attach-0123456789abcdef0 123456789012 \
    123456789012 vpc-abcdefab012345678 vpc-abcdefab012345679 subnet-aaaaaaaa012345678 subnet-bbbbbbbb012345678 \
    eni-1235b8ca123456789 eni-1235b8ca123456780 apse2-az3 apse2-az1 tgw-attach-0123456789abcdef1 10.20.33.164 10.40.2.236 \
    0 0 1 4 336 1616729292 1616729349 OK IPv4 0 0 0 0 0 ap-southeast-2 ingress - -";

#[test]
fn transit_gateway_records_are_recognized_by_their_layout_too() {
    const RECORD: &str = "a transit gateway record, which has no action";
    const COUNT: &str = "36 fields, which no declared format has";
    let line = |resource_type: &str| TRANSIT_GATEWAY.replace("{}", resource_type);
    let with = |at: usize, value: &str| {
        let line = line("x");
        let mut fields: Vec<_> = line.split_ascii_whitespace().collect();
        fields[at] = value;
        fields.join(" ")
    };
    let without_traffic = "6 - 123456789012 tgw-1 tgw-attach-1 - - - - - - - - - - - - - - - - - - 1616729292 1616729349 \
                           NODATA - - - - - - - - - -";
    for (line, expected) in [
        (line("TransitGateway"), RECORD),
        (line("TransitGatewayAttachment"), RECORD),
        (line("transit-gateway"), RECORD),
        (line("-"), RECORD),
        (line("-").replace(' ', "  "), RECORD),
        (without_traffic.to_owned(), RECORD),
        (with(25, "SKIPDATA"), RECORD),
        // The word is sufficient, wherever it is and however many fields there are.
        (format!("{} -", line("TransitGateway")), RECORD),
        // With one difference, the line may be anything.
        (format!("{} -", line("-")), "37 fields, which no declared format has"),
        (line("").replacen("  ", " ", 1), "35 fields, which no declared format has"),
        (line("123456789012"), COUNT),
        (with(0, "5"), COUNT),
        (with(0, "06"), COUNT),
        (with(25, "-"), COUNT),
        (with(25, "ok"), COUNT),
        (with(24, "OK").replacen("OK OK", "OK x", 1), COUNT),
        // A VPC record of an undeclared format; the 6 is its protocol.
        (with(33, "ACCEPT"), COUNT),
        (with(1, "REJECT"), COUNT),
    ] {
        assert_eq!(outcome(&Formats::default(), &line), expected, "{line}");
    }
}

#[test]
fn a_declared_format_of_36_fields_has_priority_over_the_layout_of_a_transit_gateway_record() {
    let opaque = |range: std::ops::Range<usize>| range.map(|i| format!("${{x{i}}} ")).collect::<String>();
    let format = format!(
        "${{protocol}} {}${{srcaddr}} ${{dstaddr}} {}${{log-status}} {}${{action}}",
        opaque(0..15),
        opaque(15..22),
        opaque(22..31)
    );
    let formats = Formats::parse(&format!("{format}\n{}", Formats::default())).unwrap();
    assert_eq!(formats.as_slice()[0].len(), 36);
    let line = TRANSIT_GATEWAY.replace("{}", "-");
    assert_eq!(outcome(&formats, &line), "action is missing");
    assert_eq!(outcome(&formats, &line.replace("ingress - -", "ingress - drop")), "action is not a documented value");
    assert_eq!(outcome(&formats, &line.replace("ingress - -", "ingress - REJECT")), "REJECT TCP");
    assert_eq!(outcome(&formats, &line.replace(" OK ", " NODATA ")), "NODATA");
    assert_eq!(outcome(&formats, &format!("{line} -")), "37 fields, which no declared format has");
}

#[test]
fn labels_are_stable() {
    for (unparsed, label) in [
        (LineError::FieldCount { found: 3 }, "field-count"),
        (LineError::TransitGateway, "transit-gateway"),
        (LineError::Field { field: Field::PktDstAddr, kind: FieldErrorKind::NotAnAddress }, "pkt-dstaddr"),
    ] {
        assert_eq!(unparsed.label(), label);
    }
}
