//! Records to batches, as CloudWatch Logs delivers them: one for each interface and minute, or several if one would be too large.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use alerting::{
    address::Networks,
    detection::{Detection, Detector, LogSource, Rules},
    time::{self, EpochMillis, HOUR_MILLIS, MINUTE_MILLIS},
};
use flow_log::{Formats, LogEvent};

use crate::records::{InputRecord, Place};

/// Maximum size of a batch and of its number of records. AWS documents none for a subscription; these are the limits of the batches that
/// log events come in (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>).
const MAX_BATCH_BYTES: usize = 1 << 20;
const MAX_BATCH_RECORDS: usize = 10_000;
/// What a log event counts beside its message, by the same page.
const EVENT_OVERHEAD_BYTES: usize = 26;
/// Maximum size of all records that wait, for others of their minute or to arrive. From the half of it on minutes end early, as if --window
/// were shorter.
const MAX_HELD_BYTES: usize = 64 << 20;
/// Maximum number of formats and log groups in all inputs.
const MAX_KINDS: usize = 1_000;
/// The log group of records whose input names none: the template's default.
const LOG_GROUP: &str = "Log-Group";

/// The minutes that records may still be added to.
#[derive(Debug)]
pub(super) struct Batches<'s> {
    own_networks: &'s Networks,
    rules: Rules,
    window_millis: u64,
    /// The records of a minute, by interface.
    open: BTreeMap<BatchKey, Vec<Held>>,
    /// The batches of minutes that are complete.
    complete: VecDeque<Batch>,
    held_bytes: usize,
    max_held_bytes: usize,
    formats: Vec<Arc<Formats>>,
    sources: Vec<LogSource>,
    /// The account of the log group that no input names: that of the first record.
    account: Option<String>,
    /// The newest start of a record, and where it stands.
    newest: Option<(EpochMillis, Place)>,
    /// Minutes that start before are complete.
    complete_until: EpochMillis,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct BatchKey {
    minute: u64,
    interface: String,
    source: usize,
    format: usize,
}

/// A record, in the order in which a batch has them: by start, whatever the order of the input.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    start: EpochMillis,
    end: EpochMillis,
    line: Box<str>,
}

/// A batch that is complete. It keeps the text of its records, which takes less memory than what is found in them.
#[derive(Debug)]
pub(super) struct Batch {
    key: BatchKey,
    /// Its number among those of the same key.
    part: usize,
    records: Vec<Held>,
}

impl<'s> Batches<'s> {
    pub(super) fn new(own_networks: &'s Networks, rules: Rules, window_millis: u64) -> Self {
        Batches {
            own_networks,
            rules,
            window_millis,
            open: BTreeMap::new(),
            complete: VecDeque::new(),
            held_bytes: 0,
            max_held_bytes: MAX_HELD_BYTES,
            formats: Vec::new(),
            sources: Vec::new(),
            account: None,
            newest: None,
            complete_until: EpochMillis(0),
        }
    }

    /// Adds a record. Returns the point in time up to which minutes are complete, if it has moved.
    ///
    /// # Errors
    /// The record has no time, is older than the window allows, or is one too many in its minute. One line that says what to do.
    pub(super) fn add(&mut self, record: &InputRecord) -> Result<Option<EpochMillis>, String> {
        let Some(start) = record.start else {
            return Err(format!(
                "{}: the record has no time: its format has no ${{start}}, and there is no time before the line",
                record.place
            ));
        };
        if start < self.complete_until {
            return Err(self.too_late(start, &record.place));
        }
        let key = BatchKey {
            minute: start.0 / MINUTE_MILLIS,
            interface: record.interface.clone(),
            source: self.source(record)?,
            format: self.format(&record.format)?,
        };
        let held = Held { start, end: record.end.unwrap_or(start).max(start), line: record.line.as_str().into() };
        self.held_bytes += held.bytes();
        self.open.entry(key).or_default().push(held);
        if self.newest.as_ref().is_none_or(|(newest, _)| *newest < start) {
            self.newest = Some((start, record.place.clone()));
        }
        let newest = self.newest.as_ref().map_or(start, |(newest, _)| *newest);
        if self.held_bytes > self.max_held_bytes {
            return Err(format!(
                "{}: more than {} MiB of ICMP records wait at the same time; read fewer inputs at once",
                record.place,
                self.max_held_bytes >> 20
            ));
        }
        let ends_early = self.held_bytes > self.max_held_bytes / 2;
        let until = if ends_early { newest } else { time::before(newest, self.window_millis) };
        let until = EpochMillis(until.0 / MINUTE_MILLIS * MINUTE_MILLIS);
        let has_moved = until > self.complete_until;
        self.complete_until = self.complete_until.max(until);
        Ok(has_moved.then_some(self.complete_until))
    }

    /// Returns the next batch of a minute before a point in time.
    pub(super) fn next_before(&mut self, until: EpochMillis) -> Option<Batch> {
        if self.complete.is_empty() {
            let first = self.open.first_entry().filter(|first| first.key().minute * MINUTE_MILLIS < until.0)?;
            let (key, records) = first.remove_entry();
            let parts = parts(records).into_iter().enumerate();
            self.complete.extend(parts.map(|(part, records)| Batch { key: key.clone(), part, records }));
        }
        self.complete.pop_front()
    }

    /// Reads a batch. Returns its key, which is unique, and what is found in it.
    pub(super) fn detect(&mut self, Batch { key, part, records }: Batch) -> (String, Detection) {
        let mut detector =
            Detector::new(&self.formats[key.format]).with_own_networks(self.own_networks).with_rules(self.rules);
        for record in &records {
            detector.observe(&LogEvent::new("", record.start.to_i64(), &*record.line));
            self.held_bytes -= record.bytes();
        }
        let log_stream = format!("{}-all", key.interface);
        let source = LogSource { log_stream, ..self.sources[key.source].clone() };
        let key = format!(
            "{}|{}|{}|{}|{}|{}|{part}",
            source.account, source.region, source.log_group, source.log_stream, key.format, key.minute
        );
        (key, detector.finish(source))
    }

    fn too_late(&self, start: EpochMillis, place: &Place) -> String {
        let (newest, newest_place) = self.newest.as_ref().map_or((start, place), |(newest, place)| (*newest, place));
        let hours = time::millis_between(start, newest) / HOUR_MILLIS + 1;
        let allowed_millis = time::millis_between(self.complete_until, newest);
        let advice = if allowed_millis < self.window_millis {
            format!("more than {} MiB of records would wait; sort the input", self.max_held_bytes >> 21)
        } else {
            let minutes = allowed_millis / MINUTE_MILLIS;
            format!(
                "records may be {minutes} minutes out of order; sort the input, or allow more with --window {hours}h"
            )
        };
        format!(
            "{place}: this record starts at {} UTC, and {newest_place} has one of {} UTC: {advice}",
            time::date_time(start),
            time::date_time(newest),
        )
    }

    fn format(&mut self, format: &Arc<Formats>) -> Result<usize, String> {
        let is_same = |known: &Arc<Formats>| Arc::ptr_eq(known, format) || known == format;
        position_or_add(&mut self.formats, is_same, || Arc::clone(format), "formats")
    }

    fn source(&mut self, record: &InputRecord) -> Result<usize, String> {
        let account = self.account.get_or_insert_with(|| record.account.clone());
        let (account, region, log_group, copy) = match &record.source {
            Some(source) => (&*source.account, &*source.region, &*source.log_group, source.copy.as_deref()),
            None => (&**account, "", LOG_GROUP, None),
        };
        // Compared before anything is copied: each record comes here.
        let is_same = |known: &LogSource| {
            known.account == account
                && known.region == region
                && known.log_group == log_group
                && known.copy.as_deref() == copy
        };
        let new = || LogSource { copy: copy.map(str::to_owned), ..LogSource::logged_in(account, region, log_group) };
        position_or_add(&mut self.sources, is_same, new, "log groups")
    }
}

impl Batch {
    /// The latest end of its records.
    pub(super) fn last_end(&self) -> EpochMillis {
        self.records.iter().map(|record| record.end).max().unwrap_or(EpochMillis(0))
    }
}

impl Held {
    /// What a batch counts for it.
    fn bytes(&self) -> usize {
        self.line.len() + EVENT_OVERHEAD_BYTES
    }
}

/// Sorts the records of a minute, and cuts them where a batch is full.
fn parts(mut records: Vec<Held>) -> Vec<Vec<Held>> {
    records.sort_unstable();
    let mut parts = Vec::new();
    let (mut part, mut bytes) = (Vec::new(), 0);
    for record in records {
        if part.len() == MAX_BATCH_RECORDS || (bytes + record.bytes() > MAX_BATCH_BYTES && bytes > 0) {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += record.bytes();
        part.push(record);
    }
    parts.push(part);
    parts
}

/// Returns the place of a value among those known, with it added.
fn position_or_add<T>(
    known: &mut Vec<T>,
    is_same: impl Fn(&T) -> bool,
    new: impl FnOnce() -> T,
    what: &str,
) -> Result<usize, String> {
    if let Some(at) = known.iter().position(is_same) {
        return Ok(at);
    }
    if known.len() == MAX_KINDS {
        return Err(format!("more than {MAX_KINDS} {what}"));
    }
    known.push(new());
    Ok(known.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERHEAD: usize = EVENT_OVERHEAD_BYTES;

    fn held(start: u64, bytes: usize) -> Held {
        Held { start: EpochMillis(start), end: EpochMillis(start), line: "x".repeat(bytes - OVERHEAD).into() }
    }

    fn lengths(records: Vec<Held>) -> Vec<usize> {
        parts(records).iter().map(Vec::len).collect()
    }

    #[test]
    fn a_batch_is_full_at_its_limits_and_not_before() {
        let of = |records: usize, bytes: usize| (0..records).map(|_| held(0, bytes)).collect::<Vec<_>>();
        assert_eq!(lengths(of(MAX_BATCH_RECORDS, 50)), [MAX_BATCH_RECORDS]);
        assert_eq!(lengths(of(MAX_BATCH_RECORDS + 1, 50)), [MAX_BATCH_RECORDS, 1]);
        assert_eq!(lengths(of(2 * MAX_BATCH_RECORDS + 1, 50)), [MAX_BATCH_RECORDS, MAX_BATCH_RECORDS, 1]);
        // 4,096 records of 256 bytes are 1 MiB.
        assert_eq!(lengths(of(4_096, 256)), [4_096]);
        assert_eq!(lengths(of(4_097, 256)), [4_096, 1]);
        let one_byte_more = of(4_095, 256).into_iter().chain([held(0, 257)]).collect();
        assert_eq!(lengths(one_byte_more), [4_095, 1]);
        assert_eq!(lengths(vec![held(0, MAX_BATCH_BYTES + 1)]), [1]);
    }

    #[test]
    fn parts_are_in_the_order_of_time_whatever_the_order_of_the_input() {
        let records = || (0..MAX_BATCH_RECORDS as u64 + 5).map(|start| held(start, 60));
        assert_eq!(parts(records().rev().collect()), parts(records().collect()));
        assert_eq!(parts(records().rev().collect())[1][0].start, EpochMillis(MAX_BATCH_RECORDS as u64));
    }

    fn record(start: u64) -> InputRecord {
        let line = "2 1 eni-1 10.0.0.5 8.8.8.8 0 0 1 4 336 1795401134 1795401190 REJECT OK";
        InputRecord {
            line: line.to_owned(),
            interface: "eni-1".to_owned(),
            start: Some(EpochMillis(start)),
            ..InputRecord::new("flow.log".into())
        }
    }

    #[test]
    fn minutes_end_early_when_too_much_is_held() {
        const MINUTE: u64 = MINUTE_MILLIS;
        let networks = Networks::default();
        let mut batches = Batches::new(&networks, Rules::default(), 10 * MINUTE);
        batches.max_held_bytes = 1_000;
        let bytes = record(0).line.len() + OVERHEAD;
        assert!(5 * bytes <= 500 && 6 * bytes > 500 && 10 * bytes <= 1_000 && 11 * bytes > 1_000, "{bytes}");
        for minute in 20..25 {
            // The first one ends the time before all records.
            let moved = batches.add(&record(minute * MINUTE)).unwrap();
            assert_eq!(moved, Some(EpochMillis((minute - 10) * MINUTE)));
        }
        assert_eq!(batches.add(&record(25 * MINUTE)).unwrap(), Some(EpochMillis(25 * MINUTE)), "the window has shrunk");
        let late = batches.add(&record(24 * MINUTE)).unwrap_err();
        assert!(late.ends_with("more than 0 MiB of records would wait; sort the input"), "{late}");
        // A batch is held until it is read.
        let ended: Vec<Batch> = std::iter::from_fn(|| batches.next_before(EpochMillis(25 * MINUTE))).collect();
        assert_eq!((ended.len(), batches.held_bytes), (5, 6 * bytes));
        for _ in 0..4 {
            assert_eq!(batches.add(&record(25 * MINUTE)), Ok(None));
        }
        let full = batches.add(&record(25 * MINUTE)).unwrap_err();
        assert!(full.starts_with("flow.log:0: more than 0 MiB of ICMP records wait at the same time; "), "{full}");
        for batch in ended {
            assert_eq!(batches.detect(batch).1.tally.matched, 1);
        }
        assert_eq!((batches.held_bytes, batches.add(&record(25 * MINUTE))), (6 * bytes, Ok(None)));
    }
}
