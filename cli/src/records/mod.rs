//! Flow log records from files, directories, standard input and arguments, in the order of their time.
//!
//! ```text
//! files: what there is   source: one input, as text or JSON, to records   merge: all inputs by time
//! ```
//!
//! Nothing is kept of what was read.

mod ahead;
mod documents;
mod files;
mod json;
mod lines;
mod merge;
mod prefix;
mod progress;
mod record;
mod source;
mod tally;

use std::path::PathBuf;

use alerting::detection::Rules;
use flow_log::Formats;

pub(crate) use files::{Input, expand};
use progress::Progress;
pub(crate) use record::{InputRecord, Place};
use tally::Intake;
pub(crate) use tally::{Tally, Unparsed};

/// Reads files, directories and standard input (`-`), and hands over the records that rules look at by time: each input in its own order, and of
/// all inputs the one whose next record starts first.
///
/// # Errors
/// An input that cannot be opened or read, or the first error of `on_record`. One line that names the input.
pub(crate) fn read<F>(paths: &[PathBuf], formats: &Formats, rules: Rules, on_record: F) -> Result<Tally, String>
where
    F: FnMut(&InputRecord) -> Result<(), String>,
{
    read_inputs(&expand(paths)?, formats, rules, on_record)
}

/// The same for inputs.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_inputs<F>(inputs: &[Input], formats: &Formats, rules: Rules, on_record: F) -> Result<Tally, String>
where
    F: FnMut(&InputRecord) -> Result<(), String>,
{
    let total_bytes = inputs.iter().map(Input::file_bytes).sum();
    let mut intake = Intake::new(formats, rules, Progress::new(total_bytes));
    let merged = merge::merge(inputs, &mut intake, on_record);
    intake.progress.clear();
    merged.map(|()| intake.tally)
}
