//! The function's environment on loopback: the runtime API, SNS, CloudWatch and EC2.

#![allow(dead_code, unused_imports, reason = "the tests of each function use a part of it")]

mod clock;
mod cloudwatch;
mod ec2;
mod http;
mod insights;
mod process;
mod runtime_api;
mod script;
mod sns;
mod world;

pub(crate) use clock::minutes_ago;
pub(crate) use cloudwatch::Put;
pub(crate) use ec2::{ACL, INSTANCE};
pub(crate) use insights::{Asked, answer_of};
pub(crate) use process::{Output, variable};
pub(crate) use runtime_api::Outcome;
pub(crate) use script::Act;
pub(crate) use sns::{CHAT_TOPIC, Email, Message};
pub(crate) use world::{Setup, World};

use std::path::{Path, PathBuf};

use sample_events::{Batch, Source, event_json};

/// Returns the directory of the events.
pub(crate) fn events_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// Reads a committed event by its scenario's name.
#[track_caller]
pub(crate) fn event(name: &str) -> String {
    let path = events_dir().join(format!("{name}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads the source of a committed event.
#[track_caller]
pub(crate) fn source(name: &str) -> Source {
    let path = events_dir().join(format!("src/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns an event with these lines in the default format, of one interface.
pub(crate) fn event_of<T: AsRef<str>>(lines: &[T]) -> String {
    event_json(&batch_of(lines), None)
}

/// Returns a batch with these lines in the default format, of one interface.
pub(crate) fn batch_of<T: AsRef<str>>(lines: &[T]) -> Batch {
    let mut batch = source("ping-deny").batch();
    batch.log_events.clear();
    for line in lines {
        batch.push(line.as_ref(), 10);
    }
    batch
}

/// Returns a rejected record in the default format: traffic from `source` to `target` in the minute from `start`, in seconds.
pub(crate) fn rejected(source: &str, target: &str, protocol: u8, packets: u64, start: u64) -> String {
    let (bytes, end) = (packets * 84, start + 48);
    format!(
        "2 123456789010 eni-1235b8ca123456789 {source} {target} 0 0 {protocol} {packets} {bytes} {start} {end} REJECT OK"
    )
}
