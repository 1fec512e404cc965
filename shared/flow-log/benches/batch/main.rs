//! What reading a batch costs, next to the least that any reader has to do.
//!
//! `cargo bench -p flow-log` prints one table from one run: ns per line, and the ratio to the floor of the same payload,
//! which is base64 and inflate into reused buffers and nothing else.

#![allow(missing_docs, reason = "the macros of the benchmark harness make items without docs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark talks to the person who runs it")]

mod data;
mod report;

use std::collections::HashMap;
use std::hint::black_box;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use base64::Engine;
use criterion::{Criterion, Throughput};
use data::Kind;
use flow_log::{Action, Decoder, EpochMillis, Formats, Protocol, Record, Unparsed};

pub(crate) const LINES: [usize; 4] = [1, 50, 1_000, 10_000];
pub(crate) const PASSES: usize = 7;

/// The floor: SIMD base64 and the fastest inflate into buffers that are large enough.
struct Floor {
    base64: base64::engine::Simd,
    inflate: libdeflater::Decompressor,
    compressed: Vec<u8>,
    inflated: Vec<u8>,
}

impl Floor {
    fn new() -> Self {
        Floor {
            base64: base64::engine::Simd::standard(base64::engine::GeneralPurposeConfig::new()),
            inflate: libdeflater::Decompressor::new(),
            compressed: vec![0; 8 << 20],
            inflated: vec![0; 64 << 20],
        }
    }

    fn run(&mut self, event: &[u8]) -> usize {
        let data = &event[br#"{"awslogs":{"data":""#.len()..event.len() - br#""}}"#.len()];
        let len = self.base64.decode_slice(data, &mut self.compressed).unwrap();
        self.inflate.gzip_decompress(&self.compressed[..len], &mut self.inflated).unwrap()
    }
}

/// Different events by turns. The same one again and again would teach the processor its branches by heart, the floor's
/// more than any other's, while a real batch is seen once.
struct Events {
    events: Vec<Vec<u8>>,
    next: usize,
}

impl Events {
    fn new(kind: Kind, lines: usize) -> Self {
        let different = (40_000 / lines).clamp(5, 101) as u64;
        Events { events: (0..different).map(|seed| data::event(kind, lines, seed)).collect(), next: 0 }
    }

    fn next(&mut self) -> &[u8] {
        self.next = (self.next + 1) % self.events.len();
        black_box(&self.events[self.next])
    }
}

/// The time of so many calls, each behind one of another reader. A batch comes alone: what a loop of the same call would
/// leave in caches and branch predictors is not there.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn timed(
    calls: u64,
    events: &mut Events,
    mut other: impl FnMut(&[u8]) -> usize,
    mut read: impl FnMut(&[u8]) -> usize,
) -> Duration {
    let mut sum = Duration::ZERO;
    for _ in 0..calls {
        black_box(other(events.next()));
        let event = events.next();
        let start = Instant::now();
        black_box(read(event));
        sum += start.elapsed();
    }
    sum
}

/// What a detector keeps of a batch: counts, and the matching records grouped by their two addresses.
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

fn ours(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> usize {
    let mut payload = decoder.decode(event).unwrap();
    let mut findings = Findings::default();
    while payload.next_batch(|event| look(&mut findings, formats, &event.message)).unwrap().is_some() {}
    black_box(&findings);
    findings.flows.len()
}

fn look(findings: &mut Findings, formats: &Formats, message: &str) {
    findings.records += 1;
    let matched = match formats.read(message) {
        Ok(Record::Flow(flow)) if flow.action() == Action::Reject && is_ping(flow.protocol()) => flow.to_record(),
        Ok(Record::Flow(_)) => return,
        Ok(Record::NoData(_) | Record::SkipData(_)) => return findings.idle += 1,
        Err(unparsed) => Err(unparsed),
    };
    // By reference: a record is large.
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

/// The usual way: the typed event of the ecosystem, then each line split.
fn stock(event: &[u8]) -> usize {
    let event: aws_lambda_events::cloudwatch_logs::LogsEvent = serde_json::from_slice(event).unwrap();
    let is_match = |message: &str| {
        let fields: Vec<_> = message.split_whitespace().collect();
        fields.len() == 14 && fields[12] == "REJECT" && (fields[7] == "1" || fields[7] == "58")
    };
    event.aws_logs.data.log_events.iter().filter(|event| is_match(black_box(&event.message))).count()
}

/// Every field of every line.
fn typed(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> usize {
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

fn main() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("criterion");
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(30))
        .measurement_time(Duration::from_millis(150))
        .sample_size(10)
        .nresamples(1_000)
        .without_plots()
        .output_directory(&directory)
        .configure_from_args();

    let default = Formats::default();
    let version_5 = Formats::parse(data::VERSION_5).unwrap();
    let mut floor = Floor::new();
    let mut decoder = Decoder::default();
    let mut sizes = Vec::new();
    // Several short passes: what else the machine does then hits a way of reading and its floor alike.
    for pass in 0..PASSES {
        for lines in LINES {
            for kind in Kind::ALL {
                let mut events = Events::new(kind, lines);
                if pass == 0 {
                    let inflated = floor.run(events.next());
                    sizes.push((kind, lines, events.next().len(), inflated));
                }
                let formats = if kind == Kind::Version5 { &version_5 } else { &default };
                let mut group = criterion.benchmark_group(report::group(kind, lines, pass));
                group.throughput(Throughput::Elements(lines as u64));
                let other = |event: &[u8], decoder: &mut Decoder| ours(decoder, formats, event);
                group.bench_function("floor", |b| {
                    b.iter_custom(|n| timed(n, &mut events, |e| other(e, &mut decoder), |e| floor.run(e)))
                });
                let mut run = |name, read: &mut dyn FnMut(&[u8]) -> usize| {
                    group.bench_function(name, |b| {
                        b.iter_custom(|n| timed(n, &mut events, |e| floor.run(e), &mut *read))
                    });
                };
                if kind != Kind::Version5 {
                    run("ours", &mut |event| ours(&mut decoder, formats, event));
                }
                if kind == Kind::Accepted {
                    run("stock", &mut stock);
                }
                if matches!(kind, Kind::Accepted | Kind::Version5) {
                    run("typed", &mut |event| typed(&mut decoder, formats, event));
                }
                group.finish();
            }
        }
    }
    report::print(&directory, &sizes);
}
