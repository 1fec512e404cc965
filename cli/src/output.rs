//! Standard output, line by line.

use std::io::{self, ErrorKind, Write as _};

/// Prints a text to standard output at once.
///
/// # Errors
/// It cannot be printed. A reader that has seen enough is no failure.
pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
