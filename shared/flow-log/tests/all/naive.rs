//! A naive second implementation: slow, copies everything, and is the oracle for the crate's fast code.

use std::fmt::Debug;
use std::io::Write;
use std::net::IpAddr;

use flow_log::{
    Action, Decoder, EncryptionStatus, EpochMillis, Field, FieldErrorKind, FlowRecord, Formats, Line, LineError,
    LogEvent, Protocol, SystemFields, Tag, TcpFlags, TrafficPath,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The result of reading a line: its kind, and every field of the record as `Debug` prints it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Flow(Action, Protocol, Result<Vec<String>, LineError>),
    NoData,
    SkipData,
    Error(LineError),
}

/// Reads a line with the crate. What it reads alone is what it reads with the rest of the record.
pub(crate) fn read(formats: &Formats, line: &str) -> Outcome {
    match formats.read(line) {
        Ok(Line::Flow(flow)) => {
            let record = flow.to_record();
            if let Ok(record) = &record {
                assert_eq!(flow.addresses(), Some((record.srcaddr, record.dstaddr)), "{line}");
                assert_eq!(flow.ports(), record.srcport.zip(record.dstport), "{line}");
            }
            let record = record.map(|record| Field::ALL.iter().map(|&f| member(&record, f)).collect());
            Outcome::Flow(flow.action(), flow.protocol(), record)
        }
        Ok(Line::NoData(_)) => Outcome::NoData,
        Ok(Line::SkipData(_)) => Outcome::SkipData,
        Err(unparsed) => Outcome::Error(unparsed),
    }
}

/// Reads a line without the crate.
pub(crate) fn read_naively(formats: &Formats, line: &str) -> Outcome {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let unparsed = |unparsed| {
        let first_words = &words[..words.len().min(96)];
        Outcome::Error(if first_words.contains(&"TransitGateway") {
            LineError::TransitGateway
        } else if first_words.contains(&"srcaddr") && first_words.contains(&"dstaddr") {
            LineError::HeaderLine
        } else {
            unparsed
        })
    };
    let Some(format) = formats.as_slice().iter().find(|format| format.len() == words.len()) else {
        return if is_transit_gateway_record(&words) {
            Outcome::Error(LineError::TransitGateway)
        } else {
            unparsed(LineError::FieldCount { found: words.len() })
        };
    };
    let word = |field: Field| format.names().position(|name| name == field.name()).map(|at| words[at]);
    let wrong = |field, kind| LineError::Field { field, kind };
    match word(Field::LogStatus).unwrap() {
        "OK" => {}
        "NODATA" => return Outcome::NoData,
        "SKIPDATA" => return Outcome::SkipData,
        "-" => return unparsed(wrong(Field::LogStatus, FieldErrorKind::Missing)),
        _ => return unparsed(wrong(Field::LogStatus, FieldErrorKind::NotKnown)),
    }
    let action = match word(Field::Action).unwrap() {
        "ACCEPT" => Action::Accept,
        "REJECT" => Action::Reject,
        "-" => return unparsed(wrong(Field::Action, FieldErrorKind::Missing)),
        _ => return unparsed(wrong(Field::Action, FieldErrorKind::NotKnown)),
    };
    let protocol = match digits(word(Field::Protocol).unwrap(), 255) {
        Ok(number) => Protocol(u8::try_from(number).unwrap()),
        Err(kind) => return unparsed(wrong(Field::Protocol, kind)),
    };
    for field in format.fields().flatten() {
        if let Err(kind) = typed(field, word(field)) {
            return Outcome::Flow(action, protocol, Err(wrong(field, kind)));
        }
    }
    Outcome::Flow(action, protocol, Field::ALL.iter().map(|&field| Ok(typed(field, word(field)).unwrap())).collect())
}

/// Returns whether words that fit no declared format are a record in the default format of transit gateway flow logs.
fn is_transit_gateway_record(words: &[&str]) -> bool {
    words.len() == 36
        && words[0] == "6"
        && !words[1].chars().all(|c| c.is_ascii_digit())
        && ["OK", "NODATA", "SKIPDATA"].contains(&words[25])
        && !words.contains(&"ACCEPT")
        && !words.contains(&"REJECT")
}

fn digits(text: &str, max: u64) -> Result<u64, FieldErrorKind> {
    match text {
        "-" => Err(FieldErrorKind::Missing),
        _ if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) => Err(FieldErrorKind::NotANumber),
        _ => text.parse().ok().filter(|&number| number <= max).ok_or(FieldErrorKind::OutOfRange),
    }
}

/// Returns the field's value as `Debug` prints it.
fn typed(field: Field, text: Option<&str>) -> Result<String, FieldErrorKind> {
    fn optional<T: Debug>(value: T) -> Result<String, FieldErrorKind> {
        Ok(format!("{:?}", Some(value)))
    }
    let address = |text: &str| match text.parse::<IpAddr>() {
        Ok(address) => Ok(address),
        Err(_) => Err(if text == "-" { FieldErrorKind::Missing } else { FieldErrorKind::NotAnAddress }),
    };
    let text = match (field, text) {
        (Field::SrcAddr | Field::DstAddr, text) => return address(text.unwrap()).map(|value| format!("{value:?}")),
        (Field::Action | Field::Protocol | Field::LogStatus, _) => return Ok(String::new()),
        (_, None | Some("-")) => return Ok("None".to_owned()),
        (_, Some(text)) => text,
    };
    match field {
        Field::PktSrcAddr | Field::PktDstAddr => address(text).and_then(optional),
        Field::SrcPort | Field::DstPort => digits(text, 65_535).and_then(optional),
        Field::Packets | Field::Bytes => digits(text, u64::MAX).and_then(optional),
        Field::Start | Field::End => digits(text, u64::MAX)
            .and_then(|number| optional(EpochMillis(if number < 100_000_000_000 { number * 1000 } else { number }))),
        Field::Version => digits(text, u64::from(u32::MAX)).and_then(optional),
        Field::TcpFlags => digits(text, 255).and_then(|number| optional(TcpFlags(u8::try_from(number).unwrap()))),
        Field::TrafficPath => digits(text, u64::from(u32::MAX))
            .and_then(|number| optional(TrafficPath::from(u32::try_from(number).unwrap()))),
        Field::EncryptionStatus => digits(text, u64::from(u32::MAX))
            .and_then(|number| optional(EncryptionStatus::from(u32::try_from(number).unwrap()))),
        Field::Type => optional(flow_log::TrafficType::from(text)),
        Field::SublocationType => optional(flow_log::SublocationType::from(text)),
        Field::FlowDirection => optional(flow_log::FlowDirection::from(text)),
        Field::RejectReason => optional(flow_log::RejectReason::from(text)),
        Field::InterfaceType | Field::NextHopInterfaceType => optional(flow_log::InterfaceType::from(text)),
        Field::InstanceTag
        | Field::InstanceTag2
        | Field::InterfaceTag
        | Field::InterfaceTag2
        | Field::AsgTag
        | Field::AsgTag2 => optional(Tag(text)),
        _ => optional(text),
    }
}

/// Returns a field of a record as `Debug` prints it.
fn member(r: &FlowRecord<'_>, field: Field) -> String {
    macro_rules! members {
        ($($field:ident $member:ident,)*; $($text:ident $method:ident,)*) => {
            match field {
                Field::Action | Field::Protocol | Field::LogStatus => String::new(),
                $(Field::$field => format!("{:?}", r.$member),)*
                $(Field::$text => format!("{:?}", r.$method()),)*
                other => panic!("{other} is not compared"),
            }
        };
    }
    members! {
        Version version, SrcAddr srcaddr, DstAddr dstaddr, SrcPort srcport, DstPort dstport, Packets packets,
        Bytes bytes, Start start, End end, TcpFlags tcp_flags, PktSrcAddr pkt_srcaddr, PktDstAddr pkt_dstaddr,
        TrafficPath traffic_path, EncryptionStatus encryption_status,;
        AccountId account_id, InterfaceId interface_id, VpcId vpc_id, SubnetId subnet_id, InstanceId instance_id,
        Type traffic_type, Region region, AzId az_id, SublocationType sublocation_type, SublocationId sublocation_id,
        PktSrcAwsService pkt_src_aws_service, PktDstAwsService pkt_dst_aws_service, FlowDirection flow_direction,
        EcsClusterArn ecs_cluster_arn, EcsClusterName ecs_cluster_name,
        EcsContainerInstanceArn ecs_container_instance_arn, EcsContainerInstanceId ecs_container_instance_id,
        EcsContainerId ecs_container_id, EcsSecondContainerId ecs_second_container_id,
        EcsServiceName ecs_service_name, EcsTaskDefinitionArn ecs_task_definition_arn, EcsTaskArn ecs_task_arn,
        EcsTaskId ecs_task_id, RejectReason reject_reason, ResourceId resource_id, InstanceTag instance_tag,
        InstanceTag2 instance_tag_2, InterfaceTag interface_tag, InterfaceTag2 interface_tag_2, AsgTag asg_tag,
        AsgTag2 asg_tag_2, InterfaceType interface_type, NextHopInterfaceId next_hop_interface_id,
        NextHopSubnetId next_hop_subnet_id, NextHopAzId next_hop_az_id, NextHopVpcId next_hop_vpc_id,
        NextHopInterfaceType next_hop_interface_type,
    }
}

/// A document of a payload.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "messageType")]
    _message_type: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    log_group: String,
    #[serde(default)]
    log_stream: String,
    #[serde(default)]
    subscription_filters: Vec<String>,
    log_events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(default)]
    id: String,
    timestamp: Box<RawValue>,
    message: String,
    #[serde(default, rename = "extractedFields")]
    extracted_fields: Option<Box<RawValue>>,
}

/// The members of an object, including duplicate keys. Empty for any other value.
#[derive(Debug, Default)]
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some(member) = map.next_entry()? {
                    members.0.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Returns account, region and log group from the event's system fields.
fn system_fields(extracted_fields: Option<&RawValue>) -> Vec<Option<String>> {
    let members: Members = extracted_fields.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default();
    let of = |name: &str| {
        let found: Vec<_> = members.0.iter().filter(|(key, _)| key == name).collect();
        let [(_, value)] = found[..] else { return None };
        serde_json::from_str(value.get()).ok().filter(|text: &String| !text.is_empty())
    };
    vec![of("@aws.account"), of("@aws.region"), of("@source.log")]
}

/// A log event: id, time, message, system fields.
pub(crate) type Parts = (String, i64, String, Vec<Option<String>>);

/// All log events and the headers' texts.
pub(crate) type Payload = (Vec<Parts>, Vec<Vec<String>>);

/// Reads a payload with the crate. Returns `None` if it is broken.
pub(crate) fn payload(text: &str) -> Option<Payload> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gz.write_all(text.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    let mut decoder = Decoder::default();
    let mut payload = decoder.decode_gzip(&gz).ok()?;
    let (mut events, mut headers) = Payload::default();
    let mut on_event = |event: LogEvent<'_>| {
        let SystemFields { account, region, source_log_group, .. } = event.system_fields();
        let fields = [account, region, source_log_group].map(|field| field.map(Into::into)).into();
        events.push((event.id.into(), event.timestamp, event.message.into(), fields));
    };
    while let Some(header) = payload.next_batch(&mut on_event).ok()? {
        let mut texts = vec![header.owner, header.log_group, header.log_stream];
        texts.extend(header.subscription_filters);
        headers.push(texts.into_iter().map(Into::into).collect());
    }
    Some((events, headers))
}

/// Reads a payload without the crate. Returns `None` if it is broken.
pub(crate) fn payload_naively(text: &str) -> Option<Payload> {
    let mut payload = Payload::default();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Document>() {
        let document = document.ok()?;
        for event in document.log_events {
            let fields = system_fields(event.extracted_fields.as_deref());
            payload.0.push((event.id, event.timestamp.get().parse().ok()?, event.message, fields));
        }
        let mut header = vec![document.owner, document.log_group, document.log_stream];
        header.extend(document.subscription_filters);
        payload.1.push(header);
    }
    if payload.1.is_empty() { None } else { Some(payload) }
}
