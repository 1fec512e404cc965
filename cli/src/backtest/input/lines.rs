//! Text: one record a line, with or without a header line and what tools write before a record.

use std::io::BufRead;

use flow_log::Reader;

use super::{
    intake::{Event, IcmpRecord, Intake, Place},
    prefix,
};

/// Reads text to its end.
///
/// # Errors
/// A read that failed, a header line that is not a format, or an error of the records. One line that names the input.
pub(super) fn read<R, F>(reader: R, file: &str, intake: &mut Intake<'_, F>) -> Result<(), String>
where
    R: BufRead,
    F: FnMut(IcmpRecord<'_>) -> Result<(), String>,
{
    let failed = |error: std::io::Error| format!("cannot read {file}: {error}");
    let mut reader = Reader::new(reader, intake.formats.clone()).map_err(failed)?;
    while let Some(line) = reader.next_line().map_err(failed)? {
        let place = Place { file, number: line.number };
        if line.parsed.is_ok() {
            let time = line.timestamp.and_then(prefix::time);
            intake.take(&Event { parsed: &line.parsed, text: line.text, place, time, source: None })?;
            continue;
        }
        let (time, text) = prefix::split(line.timestamp, line.text, intake.formats);
        let parsed = if text.len() == line.text.len() { line.parsed } else { intake.formats.read(text) };
        intake.take(&Event { parsed: &parsed, text, place, time, source: None })?;
    }
    Ok(())
}
