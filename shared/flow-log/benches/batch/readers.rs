//! The ways of reading a batch that are measured.

use std::collections::HashMap;
use std::hint::black_box;
use std::net::IpAddr;

use base64::Engine;
use flow_log::{Action, Decoder, EpochMillis, Formats, Protocol, Record, Unparsed};

/// The floor: SIMD base64 and the fastest inflate into buffers that are large enough.
pub(crate) struct Floor {
    base64: base64::engine::Simd,
    inflate: libdeflater::Decompressor,
    compressed: Vec<u8>,
    inflated: Vec<u8>,
}

impl Floor {
    pub(crate) fn new() -> Self {
        Floor {
            base64: base64::engine::Simd::standard(base64::engine::GeneralPurposeConfig::new()),
            inflate: libdeflater::Decompressor::new(),
            compressed: vec![0; 8 << 20],
            inflated: vec![0; 64 << 20],
        }
    }

    pub(crate) fn run(&mut self, event: &[u8]) -> usize {
        let data = &event[br#"{"awslogs":{"data":""#.len()..event.len() - br#""}}"#.len()];
        let len = self.base64.decode_slice(data, &mut self.compressed).unwrap();
        self.inflate.gzip_decompress(&self.compressed[..len], &mut self.inflated).unwrap()
    }
}

/// The least that a detector keeps of a batch: counts, and the matching records grouped by their two addresses.
#[derive(Default)]
struct Findings {
    records: u64,
    idle: u64,
    unparsed: HashMap<Unparsed, u64>,
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

/// Event in, counts and findings out.
pub(crate) fn ours(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> usize {
    let mut payload = decoder.decode(event).unwrap();
    let mut findings = Findings::default();
    while payload.next_batch(|event| look(&mut findings, formats, &event.message)).unwrap().is_some() {}
    black_box(&findings);
    findings.flows.len()
}

fn look(findings: &mut Findings, formats: &Formats, message: &str) {
    findings.records += 1;
    // By reference: a record is large.
    let matched = match &formats.read(message) {
        Ok(Record::Flow(flow)) if flow.action() == Action::Reject && is_ping(flow.protocol()) => flow.to_record(),
        Ok(Record::Flow(_)) => return,
        Ok(Record::NoData(_) | Record::SkipData(_)) => return findings.idle += 1,
        Err(unparsed) => Err(*unparsed),
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
        Err(unparsed) => *findings.unparsed.entry(*unparsed).or_default() += 1,
    }
}

/// An address as one number, which is quicker to hash than its enum.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn is_ping(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::ICMP | Protocol::ICMPV6)
}

/// The same with everything that the function keeps of a batch: for each flow the evidence that a mail shows, as texts of
/// its own.
pub(crate) fn detected(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> usize {
    let mut payload = decoder.decode(event).unwrap();
    let mut findings = 0;
    loop {
        let mut detector = alerting::detection::Detector::new(formats);
        let Some(header) = payload.next_batch(|event| detector.observe(&event)).unwrap() else { return findings };
        findings += black_box(detector.finish(alerting::detection::LogSource::of(&header))).findings.len();
    }
}

/// The usual way: the typed event of the ecosystem, then each line split.
pub(crate) fn stock(event: &[u8]) -> usize {
    let event: aws_lambda_events::cloudwatch_logs::LogsEvent = serde_json::from_slice(event).unwrap();
    let is_match = |message: &str| {
        let fields: Vec<_> = message.split_whitespace().collect();
        fields.len() == 14 && fields[12] == "REJECT" && (fields[7] == "1" || fields[7] == "58")
    };
    event.aws_logs.data.log_events.iter().filter(|event| is_match(black_box(&event.message))).count()
}

/// Every field of every line.
pub(crate) fn typed(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> usize {
    let mut payload = decoder.decode(event).unwrap();
    let mut records = 0;
    let read = |message: &str| match formats.read(message) {
        Ok(Record::Flow(flow)) => {
            records += usize::from(black_box(&flow.to_record()).is_ok());
        }
        other => panic!("{other:?}"),
    };
    let mut read = read;
    payload.next_batch(|event| read(&event.message)).unwrap();
    records
}
