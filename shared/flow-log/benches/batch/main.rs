//! What reading a batch costs, next to the least that any reader has to do.
//!
//! `cargo bench -p flow-log` prints one table from one run: ns per line, and the ratio to the floor of the same payload,
//! which is base64 and inflate into reused buffers and nothing else.

#![allow(missing_docs, reason = "the macros of the benchmark harness make items without docs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark talks to the person who runs it")]

mod data;
mod readers;
mod report;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use data::Kind;
use flow_log::{Decoder, Formats};
use readers::{Floor, detected, ours, stock, typed};

pub(crate) const LINES: [usize; 4] = [1, 50, 1_000, 10_000];
pub(crate) const PASSES: usize = 7;

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
        let start = thread_time();
        black_box(read(event));
        sum += thread_time() - start;
    }
    sum
}

/// The processor's time that this thread has had: while another one runs on its processor, this clock stands still.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().unwrap()
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
                    run("detected", &mut |event| detected(&mut decoder, formats, event));
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
