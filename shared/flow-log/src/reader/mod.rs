//! Reads the lines of files in S3, including those of export tasks.

mod owned;

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::Arc,
};

use flate2::bufread::MultiGzDecoder;

use crate::{FormatError, Formats, Line, LineError, LogFormat, MAX_LINE_BYTES, line::is_header};

pub use owned::{Lines, OwnedFileLine};

/// A reader of the lines of a file, plain or gzip (also with several members), from any [`BufRead`].
///
/// Three kinds of file have flow log records:
/// - A flow log that publishes to S3 writes a header line with the names of the fields
///   (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>). It replaces the declared formats, until the
///   next header line.
/// - An export task of CloudWatch Logs writes a time before each message
///   (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html>).
/// - Any other file with one message per line.
///
/// Empty lines are skipped.
///
/// Two ways to read:
/// - [`Reader::next_line`] borrows the line from a buffer that the next call overwrites. It allocates nothing per line.
///   [`Iterator`] cannot express that.
/// - [`Reader::lines`] is an iterator. It copies each line: one allocation per line.
///
/// ```
/// use flow_log::{Formats, Line, Reader};
///
/// let file = "2026-11-23T09:32:14.000Z 2 123456789010 eni-1 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK\n";
/// let mut reader = Reader::new(file.as_bytes(), Formats::default())?;
/// while let Some(line) = reader.next_line()? {
///     assert_eq!(line.timestamp, Some("2026-11-23T09:32:14.000Z"));
///     assert!(matches!(line.parsed, Ok(Line::Flow(_))));
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    source: Source<R>,
    /// Shared with the copied lines.
    formats: Arc<Formats>,
    line: Vec<u8>,
    number: u64,
}

#[derive(Debug)]
enum Source<R> {
    Plain(R),
    Gzip(Box<BufReader<MultiGzDecoder<R>>>),
}

/// One line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileLine<'a> {
    /// The number of the line in the (inflated) file, from 1.
    pub number: u64,
    /// The time that an export task wrote before the message: RFC 3339 in UTC with milliseconds.
    pub timestamp: Option<&'a str>,
    /// The message, or empty if the line is too long or not UTF-8.
    pub text: &'a str,
    /// The message as a line of a flow log, or the reason why it cannot be read.
    pub parsed: Result<Line<'a>, LineError>,
}

impl<R: BufRead> Reader<R> {
    /// Creates a reader of lines in these formats. Detects gzip by its first byte, which no text starts with.
    ///
    /// # Errors
    /// Returns the error of the first read.
    pub fn new(mut reader: R, formats: Formats) -> io::Result<Self> {
        const GZIP: u8 = 0x1f;
        let is_gzip = reader.fill_buf()?.first() == Some(&GZIP);
        let source = if is_gzip {
            Source::Gzip(Box::new(BufReader::new(MultiGzDecoder::new(reader))))
        } else {
            Source::Plain(reader)
        };
        Ok(Reader { source, formats: Arc::new(formats), line: Vec::new(), number: 0 })
    }

    /// Returns the formats of the next line: the declared ones, or that of the last header line.
    pub fn formats(&self) -> &Formats {
        &self.formats
    }

    /// Reads the next line that is neither empty nor a header line. Returns `None` at the end.
    ///
    /// # Errors
    /// Returns the error of a read, also for damaged gzip data, and [`io::ErrorKind::InvalidData`] for a header line that is not a
    /// format, because the lines after it cannot be read. Each error names the line.
    pub fn next_line(&mut self) -> io::Result<Option<FileLine<'_>>> {
        let Some(text) = self.advance()? else {
            return Ok(None);
        };
        Ok(Some(FileLine::read(self.number, text.and_then(|()| text_of(&self.line)), &self.formats)))
    }

    /// Returns an iterator over the same lines, each copied.
    ///
    /// ```
    /// use flow_log::{Action, Formats, Line, Reader};
    ///
    /// let file = "2 123456789010 eni-1 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK\n";
    /// let mut rejected = Vec::new();
    /// for line in Reader::new(file.as_bytes(), Formats::default())?.lines() {
    ///     let line = line?;
    ///     if let Ok(Line::Flow(flow)) = line.parse() && flow.action() == Action::Reject {
    ///         rejected.push(line);
    ///     }
    /// }
    /// assert_eq!(rejected[0].number(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub const fn lines(&mut self) -> Lines<'_, R> {
        Lines::new(self)
    }

    /// Reads up to the next line that is neither empty nor a header line. The inner result is an error if the line is too long.
    fn advance(&mut self) -> io::Result<Option<Result<(), LineError>>> {
        loop {
            let number = self.number + 1;
            let at_line = |error: io::Error| io::Error::new(error.kind(), format!("line {number}: {error}"));
            let Some(read) = self.source.next_line(&mut self.line).map_err(at_line)? else {
                return Ok(None);
            };
            self.number = number;
            if let Some(header) = read.ok().and_then(|()| header(&self.line)) {
                let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, format!("a header: {error}"));
                self.formats = Arc::new(declared_by(header).map_err(invalid).map_err(at_line)?);
            } else if !self.line.is_empty() || read.is_err() {
                return Ok(Some(read));
            }
        }
    }
}

impl<'a> FileLine<'a> {
    fn read(number: u64, text: Result<&'a str, LineError>, formats: &'a Formats) -> Self {
        let (timestamp, text, parsed) = match text {
            Ok(text) => {
                let (timestamp, text) = split_timestamp(text);
                (timestamp, text, formats.read(text))
            }
            Err(error) => (None, "", Err(error)),
        };
        FileLine { number, timestamp, text, parsed }
    }
}

impl<R: BufRead> Source<R> {
    fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Result<(), LineError>>> {
        match self {
            Source::Plain(reader) => next_line(reader, line),
            Source::Gzip(reader) => next_line(reader, line),
        }
    }
}

/// Reads a line without its line break. A line that is too long is skipped and nothing of it is kept.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Result<(), LineError>>> {
    line.clear();
    let limit = MAX_LINE_BYTES as u64 + 1;
    if reader.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    } else if line.len() > MAX_LINE_BYTES {
        line.clear();
        reader.skip_until(b'\n')?;
        return Ok(Some(Err(LineError::TooLong)));
    }
    Ok(Some(Ok(())))
}

fn text_of(line: &[u8]) -> Result<&str, LineError> {
    std::str::from_utf8(line).map_err(|_| LineError::NotUtf8)
}

/// Returns the line if it has field names in place of values.
fn header(line: &[u8]) -> Option<&str> {
    // Most lines start with a digit, and no name does.
    let text = line.first().filter(|byte| byte.is_ascii_alphabetic()).and_then(|_| std::str::from_utf8(line).ok())?;
    if is_header(text) { Some(text) } else { None }
}

fn declared_by(header: &str) -> Result<Formats, FormatError> {
    Formats::new(vec![LogFormat::from_header(header)?])
}

/// Splits off the time that an export task writes, such as `2026-11-23T09:32:14.000Z`.
fn split_timestamp(text: &str) -> (Option<&str>, &str) {
    const PATTERN: &[u8] = b"0000-00-00T00:00:00.000Z ";
    let fits = |(byte, pattern): (u8, &u8)| if *pattern == b'0' { byte.is_ascii_digit() } else { byte == *pattern };
    match text.split_at_checked(PATTERN.len()) {
        Some((start, message)) if start.bytes().zip(PATTERN).all(fits) => (Some(start.trim_ascii_end()), message),
        _ => (None, text),
    }
}
