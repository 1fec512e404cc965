//! Counts the rejected pings in a file of flow log records, by source and destination.
//!
//! ```text
//! cargo run -p flow-log --example count-pings -- FILE [FORMAT]
//! ```
//!
//! The file may be compressed, and may start with a header line. Without one, the format is the default one or that of
//! the second argument, such as `'${srcaddr} ${dstaddr} ${protocol} ${packets} ${action} ${log-status}'`.

#![allow(clippy::print_stdout, reason = "a program for the command line")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::process::ExitCode;

use flow_log::{Action, Formats, Line, Protocol, Reader};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: count-pings FILE [FORMAT]");
        return ExitCode::from(2);
    };
    match count(&path, arguments.next().as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn count(path: &str, format: Option<&str>) -> Result<(), Box<dyn Error>> {
    let formats = format.map_or_else(|| Ok(Formats::default()), Formats::parse)?;
    let mut reader = Reader::new(BufReader::new(File::open(path)?), formats)?;
    let mut pings = BTreeMap::new();
    let mut unparsed = BTreeMap::new();
    let mut lines = 0_u64;
    while let Some(line) = reader.next_line()? {
        lines += 1;
        let record = match line.parsed {
            Ok(Line::Flow(flow)) if flow.action() == Action::Reject && is_ping(flow.protocol()) => flow.to_record(),
            Ok(_) => continue,
            Err(reason) => Err(reason),
        };
        match record {
            Ok(record) => {
                let (records, packets) = pings.entry((record.srcaddr, record.dstaddr)).or_insert((0_u64, 0_u64));
                *records += 1;
                *packets += record.packets.unwrap_or(0);
            }
            Err(reason) => *unparsed.entry(reason.label()).or_insert(0_u64) += 1,
        }
    }
    println!("{lines} lines");
    for ((source, destination), (records, packets)) in pings {
        println!("{source} -> {destination}: {packets} packets in {records} records");
    }
    for (reason, lines) in unparsed {
        println!("not read: {lines} lines ({reason})");
    }
    Ok(())
}

fn is_ping(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::ICMP | Protocol::ICMPV6)
}
