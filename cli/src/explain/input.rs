//! The records to explain, from arguments or from standard input.

use std::io::{self, IsTerminal, Read};

/// Maximum input. `backtest` reads longer logs.
const MAX_INPUT_BYTES: u64 = 64 << 20;

/// Returns the records, one a line.
///
/// # Errors
/// Standard input is a terminal, cannot be read, or is too long.
pub(super) fn read(arguments: &[String]) -> Result<String, String> {
    match arguments {
        [] if io::stdin().is_terminal() => {
            Err("there is no record: pass records in quotation marks, or - to type them".to_owned())
        }
        [] => standard_input(),
        [only] if only == "-" => standard_input(),
        // The fields of one record, without quotation marks.
        words if words.len() > 1 && !words.iter().any(|word| word.contains(char::is_whitespace)) => Ok(words.join(" ")),
        lines => Ok(lines.join("\n")),
    }
}

fn standard_input() -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("standard input: {error}"))?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(format!(
            "standard input has more than {} MiB: pass the records in question",
            MAX_INPUT_BYTES >> 20
        ));
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
