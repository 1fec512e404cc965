//! The records to explain: from arguments, files and standard input.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use alerting::{
    address::Networks,
    detection::{Detection, Detector, LogSource, Rules},
};
use flow_log::{EpochMillis, Formats, LogEvent, LogFormat};

use crate::records::{self, Input, Tally};

/// Maximum number of records of ICMP: some 20 MB. `backtest` reads longer logs.
const MAX_RECORDS: usize = 100_000;

/// Returns what the arguments name.
///
/// # Errors
/// A file that does not exist, or nothing but a terminal to read from.
pub(super) fn inputs(arguments: &[String], files: &[PathBuf]) -> Result<Vec<Input>, String> {
    let mut inputs = records::expand(files)?;
    let is_standard_input = match arguments {
        [] => files.is_empty(),
        [only] => only == "-",
        _ => false,
    };
    if is_standard_input {
        if arguments.is_empty() && io::stdin().is_terminal() {
            return Err("there is no record: pass records in quotation marks, or - to type them".to_owned());
        }
        inputs.push(Input::Stdin);
    } else if !arguments.is_empty() {
        // The fields of one record, without quotation marks.
        let are_fields = arguments.len() > 1 && !arguments.iter().any(|word| word.contains(char::is_whitespace));
        let text = arguments.join(if are_fields { " " } else { "\n" });
        inputs.push(Input::Text("argument", text.into_bytes().into()));
    }
    Ok(inputs)
}

/// Reads all records as one batch.
///
/// # Errors
/// What cannot be read, too many records, or formats that cannot be told apart. One line.
pub(super) fn detect(
    inputs: &[Input],
    declared: &Formats,
    own_networks: &Networks,
) -> Result<(Detection, Tally), String> {
    let mut events = Vec::new();
    let mut formats: Vec<LogFormat> = Vec::new();
    let tally = records::read_inputs(inputs, declared, Rules::all(), |record| {
        if events.len() == MAX_RECORDS {
            return Err(format!("more than {MAX_RECORDS} records: pass the records in question"));
        }
        let start = record.start.unwrap_or(EpochMillis(0));
        events.push(LogEvent::new("", start.to_i64(), record.line.clone()));
        if let [format] = record.format.as_slice()
            && !formats.contains(format)
        {
            formats.push(format.clone());
        }
        Ok(())
    })?;
    let formats = match &formats[..] {
        [] => declared.clone(),
        _ => Formats::new(formats).map_err(|error| format!("{error}: explain the records of one format at a time"))?,
    };
    let mut detector = Detector::new(&formats).with_own_networks(own_networks).with_rules(Rules::all());
    events.iter().for_each(|event| detector.observe(event));
    Ok((detector.finish(LogSource::default()), tally))
}
