//! Lines, counted; those that detection needs are handed over.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
};

use alerting::{
    detection::{LogSource, is_icmp},
    text::one_line,
};
use flow_log::{Action, EpochMillis, Field, FlowLine, FlowRecord, Formats, Line, LineError, LogFormat};

/// Characters shown of an unreadable line.
const MAX_SAMPLE_CHARS: usize = 200;
/// Lines between two messages about the progress.
const PROGRESS_LINES: u64 = 1_000_000;

/// The place of a line: `FILE:7`, or `standard input:7`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The name of the input.
    pub(crate) file: &'a str,
    /// The number of the line, or of the log event in JSON, from 1.
    pub(crate) number: u64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.number)
    }
}

/// A record of ICMP, accepted or rejected: what detection needs. An accepted one can be the answer to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IcmpRecord<'a> {
    /// The line without what a tool wrote before it.
    pub(crate) line: &'a str,
    /// The format of the line.
    pub(crate) format: &'a LogFormat,
    /// The interface, or `-`.
    pub(crate) interface: &'a str,
    /// The account of the interface, or `-`.
    pub(crate) account: &'a str,
    /// When the record starts.
    pub(crate) start: EpochMillis,
    /// When the record ends.
    pub(crate) end: EpochMillis,
    /// The log group, where the input names it.
    pub(crate) source: Option<&'a LogSource>,
    /// Where the line stands.
    pub(crate) place: Place<'a>,
}

/// What was read, in counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Lines and log events, empty lines and headers excluded.
    pub(crate) records: u64,
    /// Rejected ICMP.
    pub(crate) matched: u64,
    /// NODATA records.
    pub(crate) no_data: u64,
    /// SKIPDATA records.
    pub(crate) skip_data: u64,
    /// Lines that are not records of a declared format.
    pub(crate) unparsed: u64,
    /// The first of them: place, reason and text on one line.
    pub(crate) first_unparsed: Option<String>,
    /// The earliest and the latest start of a record.
    pub(crate) span: Option<(EpochMillis, EpochMillis)>,
}

/// One line, its place, and what the input says besides.
pub(super) struct Event<'a> {
    pub(super) parsed: &'a Result<Line<'a>, LineError>,
    pub(super) text: &'a str,
    pub(super) place: Place<'a>,
    /// The time that a tool wrote beside the line.
    pub(super) time: Option<EpochMillis>,
    pub(super) source: Option<&'a LogSource>,
}

/// Counts lines, and hands over the records that matter.
pub(super) struct Intake<'f, F> {
    pub(super) formats: &'f Formats,
    pub(super) tally: Tally,
    on_record: F,
    shows_progress: bool,
    /// The first error of `on_record`, kept because a JSON reader returns errors of its own.
    pub(super) fault: Option<String>,
}

impl<'f, F: FnMut(IcmpRecord<'_>) -> Result<(), String>> Intake<'f, F> {
    pub(super) fn new(formats: &'f Formats, on_record: F) -> Self {
        let shows_progress = io::stderr().is_terminal();
        Intake { formats, tally: Tally::default(), on_record, shows_progress, fault: None }
    }

    /// Clears the line about the progress.
    pub(super) fn end_progress(&self) {
        if self.shows_progress && self.tally.records >= PROGRESS_LINES {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    /// Takes a line. Returns an error if reading must end.
    pub(super) fn take(&mut self, event: &Event<'_>) -> Result<(), String> {
        self.tally.records += 1;
        if self.shows_progress && self.tally.records.is_multiple_of(PROGRESS_LINES) {
            let _ = write!(
                io::stderr(),
                "\r{} million lines, {}\x1b[K",
                self.tally.records / PROGRESS_LINES,
                event.place.file
            );
        }
        match event.parsed {
            // Most lines end here, without a copy.
            Ok(Line::Flow(flow)) if !is_icmp(flow.protocol()) => {
                let start = flow.text(Field::Start).and_then(|text| text.parse().ok()).map(EpochMillis::from_record);
                self.tally.spans(start.or(event.time));
                Ok(())
            }
            Ok(Line::Flow(flow)) => self.icmp(flow, event),
            Ok(Line::NoData(_)) => {
                self.tally.no_data += 1;
                Ok(())
            }
            Ok(Line::SkipData(_)) => {
                self.tally.skip_data += 1;
                Ok(())
            }
            Err(error) => {
                self.tally.unparsed(event, error);
                Ok(())
            }
        }
    }

    fn icmp(&mut self, flow: &FlowLine<'_>, event: &Event<'_>) -> Result<(), String> {
        let is_matched = flow.action() == Action::Reject;
        let record: FlowRecord<'_> = match flow.to_record() {
            Ok(record) => record,
            // An accepted record is evidence only: detection leaves out what it cannot read.
            Err(error) => {
                if is_matched {
                    self.tally.unparsed(event, &error);
                }
                return Ok(());
            }
        };
        let Some(start) = record.start.or(event.time) else {
            let place = event.place;
            return Err(format!(
                "{place}: the record has no time: its format has no ${{start}}, and there is no time before the line"
            ));
        };
        self.tally.matched += u64::from(is_matched);
        self.tally.spans(Some(start));
        (self.on_record)(IcmpRecord {
            line: flow.line(),
            format: flow.format(),
            interface: record.interface_id().unwrap_or("-"),
            account: record.account_id().unwrap_or("-"),
            start,
            end: record.end.unwrap_or(start).max(start),
            source: event.source,
            place: event.place,
        })
    }
}

impl Tally {
    fn spans(&mut self, start: Option<EpochMillis>) {
        let Some(start) = start else { return };
        let (first, last) = self.span.unwrap_or((start, start));
        self.span = Some((first.min(start), last.max(start)));
    }

    #[cold]
    fn unparsed(&mut self, event: &Event<'_>, error: &LineError) {
        self.unparsed += 1;
        self.first_unparsed
            .get_or_insert_with(|| format!("{}: {error}: {:?}", event.place, one_line(event.text, MAX_SAMPLE_CHARS)));
    }
}
