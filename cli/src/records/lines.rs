//! Text: one record a line, with or without a header line and what tools write before a record.

use std::io::{self, BufRead};

use flow_log::Reader;

use super::{
    prefix,
    record::InputRecord,
    tally::{Event, Intake, Step},
};

/// Text that is being read.
pub(super) struct Lines(Reader<Box<dyn BufRead + Send>>);

impl Lines {
    /// Begins to read.
    ///
    /// # Errors
    /// The error of the first read.
    pub(super) fn new(reader: Box<dyn BufRead + Send>, intake: &Intake<'_>) -> io::Result<Lines> {
        Reader::new(reader, intake.formats.clone()).map(Lines)
    }

    /// Reads the next line.
    ///
    /// # Errors
    /// A read that failed, or a header line that is not a format.
    #[inline]
    pub(super) fn step(&mut self, intake: &mut Intake<'_>, record: &mut InputRecord) -> io::Result<Step> {
        let Some(line) = self.0.next_line()? else { return Ok(Step::End) };
        if line.parsed.is_ok() {
            let time = line.timestamp.and_then(prefix::time);
            let event = Event { parsed: &line.parsed, text: line.text, number: line.number, time, source: None };
            return Ok(intake.take(&event, record));
        }
        let (time, text) = prefix::split(line.timestamp, line.text, intake.formats);
        let parsed = if text.len() == line.text.len() { line.parsed } else { intake.formats.read(text) };
        Ok(intake.take(&Event { parsed: &parsed, text, number: line.number, time, source: None }, record))
    }
}
