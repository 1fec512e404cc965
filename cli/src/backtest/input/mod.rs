//! Flow log records from files, directories and standard input, one at a time: nothing is kept of what was read.

mod documents;
mod files;
mod intake;
mod lines;
mod prefix;

use std::{
    io::{self, BufRead},
    path::PathBuf,
};

use flow_log::Formats;

use intake::Intake;
pub(crate) use intake::{IcmpRecord, Tally};

/// Reads everything and hands over the records of ICMP in the order of the input.
///
/// # Errors
/// An input that cannot be opened or read, or the first error of `on_record`. One line that names the input.
pub(crate) fn read<F>(paths: &[PathBuf], formats: &Formats, on_record: F) -> Result<Tally, String>
where
    F: FnMut(IcmpRecord<'_>) -> Result<(), String>,
{
    let mut intake = Intake::new(formats, on_record);
    for input in files::expand(paths)? {
        let mut reader = input.open()?;
        let read = match first_byte(&mut reader).map_err(|error| format!("cannot read {}: {error}", input.name))? {
            Some(b'{' | b'[') => documents::read(reader, &input.name, &mut intake),
            Some(_) => lines::read(reader, &input.name, &mut intake),
            None => Ok(()),
        };
        // The first error of the records explains any error that follows from it.
        if let Some(fault) = intake.fault.take() {
            return Err(fault);
        }
        read?;
    }
    intake.end_progress();
    Ok(intake.tally)
}

/// Returns the first byte that is not white space, as far as the buffer shows it.
fn first_byte(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    let buffer = reader.fill_buf()?;
    Ok(buffer.iter().find(|byte| !byte.is_ascii_whitespace()).or(buffer.first()).copied())
}
