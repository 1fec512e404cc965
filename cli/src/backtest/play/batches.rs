//! Records to batches, as CloudWatch Logs delivers them: one for each interface and minute.

use std::collections::BTreeMap;

use alerting::{
    address::Networks,
    detection::{Detection, Detector, LogSource},
    time::{self, EpochMillis, HOUR_MILLIS, MINUTE_MILLIS},
};
use flow_log::{Formats, LogEvent, LogFormat};

use crate::backtest::input::IcmpRecord;

/// Lines of a batch that are kept to be sorted. The batch is then read in parts of so many: its memory no longer grows with its lines.
const MAX_HELD_LINES: usize = 1_000;
/// Maximum number of formats and log groups in all inputs.
const MAX_KINDS: usize = 1_000;
/// The log group of records whose input names none: the template's default.
const LOG_GROUP: &str = "Log-Group";

/// The batches that records may still be added to.
#[derive(Debug)]
pub(super) struct Batches<'s> {
    own_networks: &'s Networks,
    window_millis: u64,
    open: BTreeMap<BatchKey, Batch<'s>>,
    formats: Vec<&'static Formats>,
    sources: Vec<LogSource>,
    /// The owner of the log group that no input names: the account of the first record.
    owner: Option<String>,
    /// The newest start of a record, and where it stands.
    newest: Option<(EpochMillis, String)>,
    /// Batches that start before are complete.
    complete_until: EpochMillis,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct BatchKey {
    minute: u64,
    interface: String,
    source: usize,
    format: usize,
}

/// A batch that records may still be added to.
#[derive(Debug, Default)]
struct Batch<'s> {
    /// Start, and line.
    lines: Vec<(EpochMillis, Box<str>)>,
    /// What read the lines that are no longer kept.
    detector: Option<Box<Detector<'s>>>,
    /// The latest end of its records, in milliseconds since the epoch.
    last_end: u64,
}

/// A batch that is complete.
#[derive(Debug)]
pub(super) struct Ended {
    /// Unique for the batch.
    pub(super) key: String,
    pub(super) detection: Detection,
    /// The latest end of its records.
    pub(super) last_end: EpochMillis,
}

impl<'s> Batches<'s> {
    pub(super) fn new(own_networks: &'s Networks, window_millis: u64) -> Self {
        Batches {
            own_networks,
            window_millis,
            open: BTreeMap::new(),
            formats: Vec::new(),
            sources: Vec::new(),
            owner: None,
            newest: None,
            complete_until: EpochMillis(0),
        }
    }

    /// Adds a record. Returns the point in time up to which batches are complete, if it has moved.
    ///
    /// # Errors
    /// The record is older than the window allows. One line that names both records and says what to do.
    pub(super) fn add(&mut self, record: &IcmpRecord<'_>) -> Result<Option<EpochMillis>, String> {
        if record.start < self.complete_until {
            return Err(self.too_late(record));
        }
        let key = BatchKey {
            minute: record.start.0 / MINUTE_MILLIS,
            interface: record.interface.to_owned(),
            source: self.source(record)?,
            format: self.format(record.format)?,
        };
        let formats = self.formats[key.format];
        let batch = self.open.entry(key).or_default();
        batch.last_end = batch.last_end.max(record.end.0);
        batch.lines.push((record.start, record.line.into()));
        if batch.lines.len() >= MAX_HELD_LINES {
            batch.read(formats, self.own_networks);
        }
        if self.newest.as_ref().is_none_or(|(newest, _)| *newest < record.start) {
            self.newest = Some((record.start, record.place.to_string()));
        }
        let newest = self.newest.as_ref().map_or(record.start, |(newest, _)| *newest);
        let until = time::before(newest, self.window_millis).0 / MINUTE_MILLIS * MINUTE_MILLIS;
        let has_moved = until > self.complete_until.0;
        self.complete_until = self.complete_until.max(EpochMillis(until));
        Ok(has_moved.then_some(self.complete_until))
    }

    /// Returns the next batch that starts before a point in time.
    pub(super) fn next_before(&mut self, until: EpochMillis) -> Option<Ended> {
        let first = self.open.first_entry().filter(|first| first.key().minute * MINUTE_MILLIS < until.0)?;
        let (key, mut batch) = first.remove_entry();
        let formats = self.formats[key.format];
        batch.read(formats, self.own_networks);
        let detector = batch.detector?;
        let log_stream = format!("{}-all", key.interface);
        let source = LogSource { log_stream, ..self.sources[key.source].clone() };
        Some(Ended {
            key: format!("{}|{}|{}|{}", source.log_group, source.log_stream, key.format, key.minute),
            detection: detector.finish(source),
            last_end: EpochMillis(batch.last_end),
        })
    }

    fn too_late(&self, record: &IcmpRecord<'_>) -> String {
        let (newest, place) = self.newest.clone().unwrap_or_else(|| (record.start, String::new()));
        let hours = time::millis_between(record.start, newest) / HOUR_MILLIS + 1;
        format!(
            "{}: this record starts at {} UTC, and {place} has one of {} UTC: records may be {} minutes out of order; \
             sort the input, or allow more with --window {hours}h",
            record.place,
            time::date_time(record.start),
            time::date_time(newest),
            self.window_millis / MINUTE_MILLIS,
        )
    }

    fn format(&mut self, format: &LogFormat) -> Result<usize, String> {
        if let Some(known) = self.formats.iter().position(|known| matches!(known.as_slice(), [one] if one == format)) {
            return Ok(known);
        }
        let formats = Formats::new(vec![format.clone()]).map_err(|error| error.to_string())?;
        // Open batches refer to it until the program ends, and there are few.
        self.formats.push(Box::leak(Box::new(formats)));
        if self.formats.len() > MAX_KINDS {
            Err(format!("more than {MAX_KINDS} formats"))
        } else {
            Ok(self.formats.len() - 1)
        }
    }

    fn source(&mut self, record: &IcmpRecord<'_>) -> Result<usize, String> {
        let owner = self.owner.get_or_insert_with(|| record.account.to_owned());
        let (owner, log_group) = match record.source {
            Some(source) => (&*source.owner, &*source.log_group),
            None => (&**owner, LOG_GROUP),
        };
        let is_same = |known: &LogSource| known.owner == owner && known.log_group == log_group;
        if let Some(known) = self.sources.iter().position(is_same) {
            return Ok(known);
        }
        let (owner, log_group) = (owner.to_owned(), log_group.to_owned());
        self.sources.push(LogSource { owner, log_group, log_stream: String::new() });
        if self.sources.len() > MAX_KINDS {
            Err(format!("more than {MAX_KINDS} log groups"))
        } else {
            Ok(self.sources.len() - 1)
        }
    }
}

impl<'s> Batch<'s> {
    /// Reads the kept lines in the order of their start, whatever the order of the input.
    fn read(&mut self, formats: &'static Formats, own_networks: &'s Networks) {
        let new = || Box::new(Detector::new(formats).with_own_networks(own_networks));
        let detector = self.detector.get_or_insert_with(new);
        self.lines.sort();
        for (start, line) in self.lines.drain(..) {
            detector.observe(&LogEvent::new("", start.to_i64(), String::from(line)));
        }
    }
}
