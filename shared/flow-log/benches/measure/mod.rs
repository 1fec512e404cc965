//! Measures readers of events against a floor and prints one table. The benchmark of `alerting` includes this module too.

mod data;
mod floor;
mod report;

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput};

use floor::Floor;

pub(crate) use data::{Kind, VERSION_5};

/// Numbers of log events in a batch.
const LINES: [usize; 4] = [1, 50, 1_000, 10_000];
const PASSES: usize = 7;

/// One row of the table.
pub(crate) struct Row<R> {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) reader: Reader<R>,
}

/// A reader of events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reader<R> {
    /// Base64 and inflate into reused buffers, and nothing else.
    Floor,
    /// One of the measured readers.
    Measured(R),
}

/// Different events in turn. If one event were repeated, the processor would learn its branches, which it cannot for a real
/// batch, which is read once.
struct Events {
    events: Vec<Vec<u8>>,
    next: usize,
}

impl Events {
    fn new(kind: Kind, lines: usize) -> Self {
        let count = (40_000 / lines).clamp(5, 101) as u64;
        Events { events: (0..count).map(|seed| data::event(kind, lines, seed)).collect(), next: 0 }
    }

    fn next(&mut self) -> &[u8] {
        self.next = (self.next + 1) % self.events.len();
        black_box(&self.events[self.next])
    }
}

/// Measures all rows. Each kind needs a row with the floor and at least one other row. `read` reads an event.
pub(crate) fn run<R: Copy + PartialEq + std::fmt::Debug>(
    rows: &[Row<R>],
    mut read: impl FnMut(R, Kind, &[u8]) -> usize,
) {
    let directory =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(concat!("criterion-", env!("CARGO_CRATE_NAME")));
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(30))
        .measurement_time(Duration::from_millis(150))
        .sample_size(10)
        .nresamples(1_000)
        .without_plots()
        .output_directory(&directory)
        .configure_from_args();
    let mut floor = Floor::new();
    let mut sizes = Vec::new();
    // Several short passes, so that other load on the machine slows a reader and its floor alike.
    for pass in 0..PASSES {
        for (lines, kind) in LINES.into_iter().flat_map(|lines| Kind::ALL.map(|kind| (lines, kind))) {
            let readers: Vec<_> = rows.iter().filter(|row| row.kind == kind).map(|row| row.reader).collect();
            let measured = readers.iter().find_map(|reader| match reader {
                Reader::Measured(reader) => Some(*reader),
                Reader::Floor => None,
            });
            let Some(measured) = measured else { continue };
            let mut events = Events::new(kind, lines);
            if pass == 0 {
                sizes.push((kind, lines, events.next().len(), floor.run(events.next())));
            }
            let mut group = criterion.benchmark_group(report::group(kind, lines, pass));
            group.throughput(Throughput::Elements(lines as u64));
            for reader in readers {
                group.bench_function(report::function(reader), |b| {
                    b.iter_custom(|calls| match reader {
                        Reader::Floor => {
                            timed(calls, &mut events, |event| read(measured, kind, event), |event| floor.run(event))
                        }
                        Reader::Measured(reader) => {
                            timed(calls, &mut events, |event| floor.run(event), |event| read(reader, kind, event))
                        }
                    })
                });
            }
            group.finish();
        }
    }
    report::print(&directory, rows, &sizes);
}

/// Returns the time of this many calls, each after a call of another reader. In production, caches and branch predictors are not
/// warm from a previous call, so they must not be warm here.
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

/// Returns the CPU time of this thread, which excludes the time of other threads.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().unwrap()
}
