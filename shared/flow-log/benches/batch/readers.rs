//! The measured ways of reading a batch.

use std::collections::HashMap;
use std::hint::black_box;
use std::net::IpAddr;

use flow_log::{Action, Decoder, EpochMillis, Formats, Line, LineError, Protocol};

/// The minimum that a detector keeps of a batch: counts, and the matching records by source and destination address.
#[derive(Default)]
struct Findings {
    records: u64,
    no_traffic: u64,
    unreadable: HashMap<LineError, u64>,
    flows: HashMap<(u128, u128), Flow, foldhash::fast::RandomState>,
}

struct Flow {
    records: u64,
    packets: u64,
    bytes: u64,
    first_start: EpochMillis,
    last_end: EpochMillis,
}

impl Flow {
    const NONE: Flow =
        Flow { records: 0, packets: 0, bytes: 0, first_start: EpochMillis(u64::MAX), last_end: EpochMillis(0) };
}

/// Reads an event into counts and findings.
pub(crate) fn ours(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> usize {
    let mut payload = decoder.decode(event).unwrap();
    let mut findings = Findings::default();
    while payload.next_batch(|event| observe(&mut findings, formats, &event.message)).unwrap().is_some() {}
    black_box(&findings);
    findings.flows.len()
}

fn observe(findings: &mut Findings, formats: &Formats, message: &str) {
    findings.records += 1;
    // By reference, because a record is large.
    let matched = match &formats.read(message) {
        Ok(Line::Flow(flow)) if flow.action() == Action::Reject && is_ping(flow.protocol()) => flow.to_record(),
        Ok(Line::Flow(_)) => return,
        Ok(Line::NoData(_) | Line::SkipData(_)) => return findings.no_traffic += 1,
        Err(unreadable) => Err(*unreadable),
    };
    match &matched {
        Ok(record) => {
            let flow = findings.flows.entry((bits(record.srcaddr), bits(record.dstaddr))).or_insert(Flow::NONE);
            flow.records += 1;
            flow.packets += record.packets.unwrap_or(0);
            flow.bytes += record.bytes.unwrap_or(0);
            flow.first_start = record.start.map_or(flow.first_start, |start| flow.first_start.min(start));
            flow.last_end = record.end.map_or(flow.last_end, |end| flow.last_end.max(end));
            black_box(record);
        }
        Err(unreadable) => *findings.unreadable.entry(*unreadable).or_default() += 1,
    }
}

/// Returns an address as one number, which is faster to hash than the enum.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn is_ping(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::ICMP | Protocol::ICMPV6)
}

/// Reads an event with `aws_lambda_events` and splits each line.
pub(crate) fn stock(event: &[u8]) -> usize {
    let event: aws_lambda_events::cloudwatch_logs::LogsEvent = serde_json::from_slice(event).unwrap();
    let is_match = |message: &str| {
        let fields: Vec<_> = message.split_whitespace().collect();
        fields.len() == 14 && fields[12] == "REJECT" && (fields[7] == "1" || fields[7] == "58")
    };
    event.aws_logs.data.log_events.iter().filter(|event| is_match(black_box(&event.message))).count()
}

/// Reads every field of every line.
pub(crate) fn typed(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> usize {
    let mut payload = decoder.decode(event).unwrap();
    let mut records = 0;
    let mut read = |message: &str| match formats.read(message) {
        Ok(Line::Flow(flow)) => {
            records += usize::from(black_box(&flow.to_record()).is_ok());
        }
        other => panic!("{other:?}"),
    };
    payload.next_batch(|event| read(&event.message)).unwrap();
    records
}
