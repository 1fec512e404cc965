//! Time to read a batch and detect findings, compared with the minimum work of any reader.
//!
//! `cargo bench -p alerting --bench detect` prints the same kind of table as the benchmark `batch` of `flow-log`.

#![allow(missing_docs, reason = "the macros of the benchmark harness make items without docs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints its results")]

// Included by path: the events and the floor must be those of flow-log's benchmark. They cannot be in a third crate, because
// flow-log depends on no crate of this workspace.
#[allow(dead_code, unused_imports, reason = "only flow-log's benchmark uses the events of version 5")]
#[path = "../../flow-log/benches/measure/mod.rs"]
mod measure;

use std::hint::black_box;

use alerting::detection::{Detector, DocumentDetector, Rules};
use flow_log::{Decoder, Formats};

use measure::{Kind, Reader, Row};

/// The rules in force.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Detected {
    Pings,
    AllRules,
}

const ROWS: [Row<Detected>; 12] = {
    use Detected::{AllRules, Pings};
    use Reader::{Floor, Measured};
    [
        Row { name: "floor: base64 + inflate", kind: Kind::Accepted, reader: Floor },
        Row { name: "with detection, 2 % rejected", kind: Kind::Accepted, reader: Measured(Pings) },
        Row { name: "floor, all matching", kind: Kind::Matching, reader: Floor },
        Row { name: "with detection, all matching", kind: Kind::Matching, reader: Measured(Pings) },
        Row { name: "floor, extractedFields", kind: Kind::Extracted, reader: Floor },
        Row { name: "with detection, extractedFields", kind: Kind::Extracted, reader: Measured(Pings) },
        Row { name: "floor, mostly accepted", kind: Kind::Mixed, reader: Floor },
        Row { name: "all rules, mostly accepted", kind: Kind::Mixed, reader: Measured(AllRules) },
        Row { name: "floor, rejected TCP", kind: Kind::RejectedTcp, reader: Floor },
        Row { name: "all rules, every record rejected", kind: Kind::RejectedTcp, reader: Measured(AllRules) },
        Row { name: "floor, port scan", kind: Kind::Scan, reader: Floor },
        Row { name: "all rules, port scan", kind: Kind::Scan, reader: Measured(AllRules) },
    ]
};

fn main() {
    let formats = Formats::default();
    let mut decoder = Decoder::default();
    measure::run(&ROWS, |detected, _, event| {
        let rules = if detected == Detected::AllRules { Rules::all() } else { Rules::default() };
        findings(&mut decoder, (&formats, rules), event)
    });
}

/// Reads an event, detects findings and counts them for the metrics. Returns the number of findings.
fn findings(decoder: &mut Decoder, (formats, rules): (&Formats, Rules), event: &[u8]) -> usize {
    let mut payload = decoder.decode(event).unwrap();
    let mut findings = 0;
    loop {
        let mut document = DocumentDetector::new(|| Detector::new(formats).with_rules(rules));
        let Some(metadata) = payload.next_batch(|event| document.observe(&event)).unwrap() else { return findings };
        for detection in black_box(document.finish(&metadata, "eu-west-1")) {
            black_box(detection.minutes(|flow| Some(flow.rule)));
            findings += detection.flows().count();
        }
    }
}
