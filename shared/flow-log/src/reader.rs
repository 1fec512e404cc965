//! Records from files, the way S3 and export tasks write them.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::{Formats, LogFormat, Record, Unparsed};

/// The longest line that [`Reader`] takes: 1 MiB, the most that CloudWatch Logs takes as one log event.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// Reads the lines of a file, plain or gzip (also of several members), as any [`BufRead`] gives them.
///
/// Three kinds of file hold flow log records. A flow log that publishes to S3 writes a header line with the names of the
/// fields (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>), which then counts instead of the
/// declared formats, until the next one. An export task of CloudWatch Logs writes a time before each message
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html>). Anything else that writes one message per
/// line is read as it is. Empty lines do not count.
///
/// ```
/// use flow_log::{Formats, Reader, Record};
///
/// let file = "2026-11-23T09:32:14.000Z 2 123456789010 eni-1 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK\n";
/// let mut reader = Reader::new(file.as_bytes(), Formats::default())?;
/// while let Some(line) = reader.next_line()? {
///     assert_eq!(line.timestamp, Some("2026-11-23T09:32:14.000Z"));
///     assert!(matches!(line.record, Ok(Record::Flow(_))));
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    source: Source<R>,
    formats: Formats,
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
pub struct Line<'a> {
    /// The line's number in the (inflated) file, from 1.
    pub number: u64,
    /// The time that an export task wrote before the message, RFC 3339 in UTC with milliseconds.
    pub timestamp: Option<&'a str>,
    /// The message; empty if it is too long or not UTF-8.
    pub text: &'a str,
    /// The record, or why the line is none.
    pub record: Result<Record<'a>, Unparsed>,
}

impl<R: BufRead> Reader<R> {
    /// Looks at the first byte: no line of text starts as gzip does.
    ///
    /// # Errors
    /// What the reader reports.
    pub fn new(mut reader: R, formats: Formats) -> io::Result<Self> {
        const GZIP: u8 = 0x1f;
        let is_gzip = reader.fill_buf()?.first() == Some(&GZIP);
        let source = if is_gzip {
            Source::Gzip(Box::new(BufReader::new(MultiGzDecoder::new(reader))))
        } else {
            Source::Plain(reader)
        };
        Ok(Reader { source, formats, line: Vec::new(), number: 0 })
    }

    /// The formats that lines are read with now: those given, or that of the last header line.
    pub fn formats(&self) -> &Formats {
        &self.formats
    }

    /// Reads the next line that is neither empty nor a header; `None` at the end.
    ///
    /// # Errors
    /// What the reader reports, also about damaged gzip. [`io::ErrorKind::InvalidData`] for a header line whose format
    /// cannot be read, as none of its lines can.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let complete = loop {
            let Some(complete) = self.source.next_line(&mut self.line)? else {
                return Ok(None);
            };
            self.number += 1;
            if let Some(header) = complete.then(|| header(&self.line)).flatten() {
                self.formats = declared_by(header).map_err(|error| {
                    io::Error::new(io::ErrorKind::InvalidData, format!("line {}: a header: {error}", self.number))
                })?;
            } else if !self.line.is_empty() {
                break complete;
            }
        };
        let line = Line { number: self.number, timestamp: None, text: "", record: Err(Unparsed::TooLong) };
        if !complete {
            return Ok(Some(line));
        }
        let Ok(text) = std::str::from_utf8(&self.line) else {
            return Ok(Some(Line { record: Err(Unparsed::NotUtf8), ..line }));
        };
        let (timestamp, text) = split_timestamp(text);
        Ok(Some(Line { timestamp, text, record: self.formats.read(text), ..line }))
    }
}

impl<R: BufRead> Source<R> {
    fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
        match self {
            Source::Plain(reader) => next_line(reader, line),
            Source::Gzip(reader) => next_line(reader, line),
        }
    }
}

/// Reads a line without its end. Of one that is too long nothing is kept and `false` comes back.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let limit = MAX_LINE_BYTES as u64 + 1;
    if reader.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    } else if line.len() > MAX_LINE_BYTES {
        line.clear();
        line.push(b'?');
        reader.skip_until(b'\n')?;
        return Ok(Some(false));
    }
    Ok(Some(true))
}

/// The line as text, if it names the fields instead of holding their values.
fn header(line: &[u8]) -> Option<&str> {
    // Most lines start with a digit, and no name does.
    let text = line.first().filter(|byte| byte.is_ascii_alphabetic()).and_then(|_| std::str::from_utf8(line).ok())?;
    if crate::kind::is_header(text) { Some(text) } else { None }
}

fn declared_by(header: &str) -> Result<Formats, crate::FormatError> {
    Formats::new(vec![LogFormat::from_header(header)?])
}

/// Splits the time off that an export task writes, such as `2026-11-23T09:32:14.000Z`.
fn split_timestamp(text: &str) -> (Option<&str>, &str) {
    const PATTERN: &[u8] = b"0000-00-00T00:00:00.000Z ";
    let fits = |(byte, pattern): (u8, &u8)| if *pattern == b'0' { byte.is_ascii_digit() } else { byte == *pattern };
    match text.split_at_checked(PATTERN.len()) {
        Some((start, message)) if start.bytes().zip(PATTERN).all(fits) => (Some(start.trim_ascii_end()), message),
        _ => (None, text),
    }
}
