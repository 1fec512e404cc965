//! Measures the time to read a batch against the minimum that any reader has to do.
//!
//! `cargo bench --bench batch` prints one table: ns per line, and the ratio to the floor of the same payload. The floor is base64
//! and inflate into reused buffers, and nothing else.

#![allow(missing_docs, reason = "the macros of the benchmark harness make items without docs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints its result")]

#[path = "../measure/mod.rs"]
mod measure;
mod readers;

use flow_log::{Decoder, Formats};

use measure::{Kind, Reader, Row, VERSION_5};
use readers::{ours, stock, typed};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Ours,
    Stock,
    Typed,
}

const ROWS: [Row<Way>; 10] = {
    use Reader::{Floor, Measured};
    use Way::{Ours, Stock, Typed};
    [
        Row { name: "floor: base64 + inflate", kind: Kind::Accepted, reader: Floor },
        Row { name: "ours, 2 % rejected pings", kind: Kind::Accepted, reader: Measured(Ours) },
        Row { name: "stock: LogsEvent + split", kind: Kind::Accepted, reader: Measured(Stock) },
        Row { name: "ours, every field typed", kind: Kind::Accepted, reader: Measured(Typed) },
        Row { name: "floor, all matching", kind: Kind::Matching, reader: Floor },
        Row { name: "ours, all matching", kind: Kind::Matching, reader: Measured(Ours) },
        Row { name: "floor, extractedFields", kind: Kind::Extracted, reader: Floor },
        Row { name: "ours, extractedFields", kind: Kind::Extracted, reader: Measured(Ours) },
        Row { name: "floor, version 5", kind: Kind::Version5, reader: Floor },
        Row { name: "ours, v5, every field typed", kind: Kind::Version5, reader: Measured(Typed) },
    ]
};

fn main() {
    let default = Formats::default();
    let version_5 = Formats::parse(VERSION_5).unwrap();
    let mut decoder = Decoder::default();
    measure::run(&ROWS, |reader, kind, event| {
        let formats = if kind == Kind::Version5 { &version_5 } else { &default };
        match reader {
            Way::Ours => ours(&mut decoder, formats, event),
            Way::Stock => stock(event),
            Way::Typed => typed(&mut decoder, formats, event),
        }
    });
}
