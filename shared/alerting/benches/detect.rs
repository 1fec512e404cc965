//! The time to read a batch with everything that the function keeps of it, next to the least that any reader has to do.
//!
//! `cargo bench -p alerting --bench detect` prints a table like that of `flow-log`'s benchmark `batch`.

#![allow(missing_docs, reason = "the macros of the benchmark harness make items without docs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark talks to the person who runs it")]

// By its path: the events and the floor have to be those of flow-log's benchmark, and that crate depends on no other one of
// this workspace, so they cannot be in a third crate.
#[allow(dead_code, unused_imports, reason = "events of version 5 are for flow-log's benchmark alone")]
#[path = "../../flow-log/benches/measure/mod.rs"]
mod measure;

use std::hint::black_box;

use alerting::detection::{Detector, LogSource};
use flow_log::{Decoder, Formats};

use measure::{Kind, Reader, Row};

#[derive(Clone, Copy, Debug, PartialEq)]
struct Detected;

const ROWS: [Row<Detected>; 6] = {
    use Reader::{Floor, Measured};
    [
        Row { name: "floor: base64 + inflate", kind: Kind::Accepted, reader: Floor },
        Row { name: "with detection, 2 % rejected", kind: Kind::Accepted, reader: Measured(Detected) },
        Row { name: "floor, all matching", kind: Kind::Matching, reader: Floor },
        Row { name: "with detection, all matching", kind: Kind::Matching, reader: Measured(Detected) },
        Row { name: "floor, extractedFields", kind: Kind::Extracted, reader: Floor },
        Row { name: "with detection, extractedFields", kind: Kind::Extracted, reader: Measured(Detected) },
    ]
};

fn main() {
    let formats = Formats::default();
    let mut decoder = Decoder::default();
    measure::run(&ROWS, |Detected, _, event| detected(&mut decoder, &formats, event));
}

/// Reads an event into what the function keeps of it: for each flow the evidence that an email shows, as texts of its own.
fn detected(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> usize {
    let mut payload = decoder.decode(event).unwrap();
    let mut findings = 0;
    loop {
        let mut detector = Detector::new(formats);
        let Some(metadata) = payload.next_batch(|event| detector.observe(&event)).unwrap() else { return findings };
        findings += black_box(detector.finish(LogSource::of(&metadata))).findings.len();
    }
}
