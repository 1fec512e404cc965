//! One input that is being read.

use std::{
    cmp::{Ordering, Reverse},
    io::{self, BufRead},
};

use flow_log::EpochMillis;

use super::{
    documents::Documents,
    files::{Input, Reading},
    lines::Lines,
    record::InputRecord,
    tally::{Intake, Step},
};

/// An input that is being read. By the time of its record, the earliest is the greatest; of equal times the first input.
pub(super) struct Source {
    /// The record that [`Source::advance`] found.
    pub(super) record: InputRecord,
    /// The place of the input among all inputs.
    index: usize,
    form: Form,
}

enum Form {
    Empty,
    Lines(Lines),
    Documents(Box<Documents>),
}

impl Source {
    /// Opens an input.
    ///
    /// # Errors
    /// One line that names the input.
    pub(super) fn open(
        (index, input): (usize, &Input),
        reading: Reading,
        intake: &Intake<'_>,
    ) -> Result<Source, String> {
        let mut reader = input.open(reading, &intake.progress)?;
        let form = match first_byte(&mut reader) {
            Ok(Some(b'{' | b'[')) => Ok(Form::Documents(Box::new(Documents::new(reader)))),
            Ok(Some(_)) => Lines::new(reader, intake).map(Form::Lines),
            Ok(None) => Ok(Form::Empty),
            Err(error) => Err(error),
        };
        let name = input.name();
        let form = form.map_err(|error| format!("cannot read {name}: {error}"))?;
        Ok(Source { record: InputRecord::new(name.into()), index, form })
    }

    /// Reads the next line or log event.
    ///
    /// # Errors
    /// One line that names the input.
    #[inline]
    pub(super) fn step(&mut self, intake: &mut Intake<'_>) -> Result<Step, String> {
        match &mut self.form {
            Form::Lines(lines) => lines.step(intake, &mut self.record).map_err(|error| error.to_string()),
            Form::Documents(documents) => documents.step(intake, &mut self.record),
            Form::Empty => Ok(Step::End),
        }
        .map_err(|error| format!("cannot read {}: {error}", self.record.place.input))
    }

    /// Reads up to the next record of ICMP, which `record` then is. False at the end.
    ///
    /// # Errors
    /// One line that names the input.
    pub(super) fn advance(&mut self, intake: &mut Intake<'_>) -> Result<bool, String> {
        loop {
            match self.step(intake)? {
                Step::Record => return Ok(true),
                Step::Other(_) => {}
                Step::End => return Ok(false),
            }
        }
    }

    fn order(&self) -> Reverse<(Option<EpochMillis>, usize)> {
        Reverse((self.record.start, self.index))
    }
}

impl Ord for Source {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Source {}

/// Returns the first byte that is not white space, as far as the buffer shows it.
fn first_byte(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    let buffer = reader.fill_buf()?;
    Ok(buffer.iter().find(|byte| !byte.is_ascii_whitespace()).or(buffer.first()).copied())
}
