//! Progress on standard error, if that is a terminal.

use std::{
    io::{self, IsTerminal as _, Read, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Lines between two messages.
const LINES: u64 = 1_000_000;

/// How much was read.
#[derive(Debug)]
pub(super) struct Progress {
    is_shown: bool,
    /// Bytes of all inputs; none if an input is not a file.
    total_bytes: Option<u64>,
    read_bytes: Arc<AtomicU64>,
}

impl Progress {
    pub(super) fn new(total_bytes: Option<u64>) -> Self {
        Progress { is_shown: io::stderr().is_terminal(), total_bytes, read_bytes: Arc::default() }
    }

    /// Counts what is read from an input.
    pub(super) fn count<R>(&self, reader: R) -> Counted<R> {
        Counted { reader, bytes: Arc::clone(&self.read_bytes) }
    }

    /// Shows the progress at every millionth line.
    #[inline]
    pub(super) fn line(&self, lines: u64, input: &str) {
        if self.is_shown && lines.is_multiple_of(LINES) {
            self.show(lines, input);
        }
    }

    #[cold]
    fn show(&self, lines: u64, input: &str) {
        let text = text(lines, self.read_bytes.load(Ordering::Relaxed), self.total_bytes);
        // Who closed it does not want to see it.
        let _ = write!(io::stderr(), "\r{text}, {input}\x1b[K");
    }

    /// Clears the message.
    pub(super) fn clear(&self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn text(lines: u64, read_bytes: u64, total_bytes: Option<u64>) -> String {
    let lines = lines / LINES;
    match total_bytes {
        Some(total) if total > 0 => {
            format!("{} %, {lines} million lines", (read_bytes.saturating_mul(100) / total).min(100))
        }
        _ => format!("{lines} million lines"),
    }
}

/// A reader that counts bytes.
#[derive(Debug)]
pub(super) struct Counted<R> {
    reader: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentage_if_sizes_are_known() {
        assert_eq!(text(7_000_000, 370, Some(1_000)), "37 %, 7 million lines");
        assert_eq!(text(7_000_000, 1_001, Some(1_000)), "100 %, 7 million lines");
        assert_eq!(text(7_000_000, 370, None), "7 million lines");
        assert_eq!(text(7_000_000, 0, Some(0)), "7 million lines");
    }

    #[test]
    fn what_is_read_is_counted() {
        let progress = Progress::new(Some(10));
        io::copy(&mut progress.count(&b"12345"[..]), &mut io::sink()).unwrap();
        assert_eq!(progress.read_bytes.load(Ordering::Relaxed), 5);
    }
}
