//! Lines, counted; those that detection needs become records.

use std::{fmt, sync::Arc};

use alerting::{
    detection::{LogSource, Rules, is_icmp},
    text::one_line,
};
use flow_log::{Action, EpochMillis, Field, FlowLine, FlowRecord, Formats, Line, LineError};

use super::{progress::Progress, record::InputRecord};

/// Characters shown of an unreadable line.
const MAX_SAMPLE_CHARS: usize = 200;
/// Unreadable lines kept as samples.
const MAX_SAMPLES: usize = 3;

/// What was read, in counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Lines and log events, empty lines and headers excluded.
    pub(crate) records: u64,
    /// Rejected ICMP.
    pub(crate) matched: u64,
    /// Rejected TCP and UDP, where rules look at them.
    pub(crate) matched_ports: u64,
    /// Traffic of protocols that no rule looks at.
    pub(crate) other_protocols: u64,
    /// NODATA records.
    pub(crate) no_data: u64,
    /// SKIPDATA records.
    pub(crate) skip_data: u64,
    /// Lines that are not records of a declared format.
    pub(crate) unparsed: u64,
    /// The first of them.
    pub(crate) unparsed_samples: Vec<Unparsed>,
    /// The earliest and the latest start of a record.
    pub(crate) span: Option<(EpochMillis, EpochMillis)>,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unparsed {
    /// `FILE:7`.
    pub(crate) place: String,
    /// Why it cannot be read.
    pub(crate) reason: LineError,
    /// Its text on one line, cut.
    pub(crate) text: String,
}

impl fmt::Display for Unparsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {:?}", self.place, self.reason, self.text)
    }
}

/// One line, and what the input says besides.
pub(super) struct Event<'a> {
    pub(super) parsed: &'a Result<Line<'a>, LineError>,
    pub(super) text: &'a str,
    /// The number of the line, or of the log event in JSON, from 1.
    pub(super) number: u64,
    /// The time that a tool wrote beside the line.
    pub(super) time: Option<EpochMillis>,
    pub(super) source: Option<&'a Arc<LogSource>>,
}

/// What an input has next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record that a rule looks at.
    Record,
    /// Something else, with its time if it is a record.
    Other(Option<EpochMillis>),
    /// Nothing.
    End,
}

/// Counts what is read.
#[derive(Debug)]
pub(super) struct Intake<'f> {
    /// The declared formats.
    pub(super) formats: &'f Formats,
    /// What is looked for.
    pub(super) rules: Rules,
    pub(super) tally: Tally,
    pub(super) progress: Progress,
}

impl<'f> Intake<'f> {
    pub(super) fn new(formats: &'f Formats, rules: Rules, progress: Progress) -> Self {
        Intake { formats, rules, tally: Tally::default(), progress }
    }

    /// Counts a line. If it is a record that a rule looks at, `record` becomes it.
    #[inline]
    pub(super) fn take(&mut self, event: &Event<'_>, record: &mut InputRecord) -> Step {
        self.tally.records += 1;
        self.progress.line(self.tally.records, &record.place.input);
        match event.parsed {
            // Most lines end here, without a copy.
            Ok(Line::Flow(flow)) if !self.rules.look_at(flow.protocol()) => {
                let start = flow.text(Field::Start).and_then(|text| text.parse().ok()).map(EpochMillis::from_record);
                let start = start.or(event.time);
                self.tally.other_protocols += 1;
                self.tally.spans(start);
                Step::Other(start)
            }
            Ok(Line::Flow(flow)) => self.needed(flow, event, record),
            Ok(Line::NoData(line)) => {
                self.tally.no_data += 1;
                Step::Other(line.start())
            }
            Ok(Line::SkipData(line)) => {
                self.tally.skip_data += 1;
                Step::Other(line.start())
            }
            Err(error) => {
                self.tally.unparsed(event, *error, record);
                Step::Other(None)
            }
        }
    }

    fn needed(&mut self, flow: &FlowLine<'_>, event: &Event<'_>, record: &mut InputRecord) -> Step {
        let is_matched = flow.action() == Action::Reject;
        let read: FlowRecord<'_> = match flow.to_record() {
            Ok(read) => read,
            // An accepted record is evidence only: detection leaves out what it cannot read.
            Err(error) => {
                if is_matched {
                    self.tally.unparsed(event, error, record);
                }
                return Step::Other(None);
            }
        };
        let start = read.start.or(event.time);
        match is_icmp(read.protocol) {
            true => self.tally.matched += u64::from(is_matched),
            false => self.tally.matched_ports += u64::from(is_matched),
        }
        self.tally.spans(start);
        record.set(flow, &read, event, start);
        Step::Record
    }
}

impl InputRecord {
    fn set(&mut self, flow: &FlowLine<'_>, read: &FlowRecord<'_>, event: &Event<'_>, start: Option<EpochMillis>) {
        let replace = |slot: &mut String, text: &str| {
            slot.clear();
            slot.push_str(text);
        };
        replace(&mut self.line, flow.line());
        replace(&mut self.interface, read.interface_id().unwrap_or("-"));
        replace(&mut self.account, read.account_id().unwrap_or("-"));
        if !matches!(self.format.as_slice(), [known] if known == flow.format())
            // One format is never refused.
            && let Ok(format) = Formats::new(vec![flow.format().clone()])
        {
            self.format = Arc::new(format);
        }
        if self.source.as_ref() != event.source {
            self.source = event.source.cloned();
        }
        self.protocol = read.protocol;
        (self.start, self.end, self.place.number) = (start, read.end, event.number);
    }
}

impl Tally {
    fn spans(&mut self, start: Option<EpochMillis>) {
        let Some(start) = start else { return };
        let (first, last) = self.span.unwrap_or((start, start));
        self.span = Some((first.min(start), last.max(start)));
    }

    #[cold]
    fn unparsed(&mut self, event: &Event<'_>, reason: LineError, record: &InputRecord) {
        self.unparsed += 1;
        if self.unparsed_samples.len() < MAX_SAMPLES {
            self.unparsed_samples.push(Unparsed {
                place: format!("{}:{}", record.place.input, event.number),
                reason,
                text: one_line(event.text, MAX_SAMPLE_CHARS).into_owned(),
            });
        }
    }
}
