//! Lines that outlive the reader's buffer.

use std::{
    io::{self, BufRead},
    iter::FusedIterator,
    sync::Arc,
};

use super::{FileLine, Reader, text_of};
use crate::{Formats, Line, LineError};

/// An iterator over the lines of a file, from [`Reader::lines`]. Ends after an error.
#[derive(Debug)]
pub struct Lines<'r, R> {
    reader: &'r mut Reader<R>,
    failed: bool,
}

/// An owned line of a file.
///
/// It has the text and the formats, and is parsed on request, because records borrow from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedFileLine {
    number: u64,
    text: Result<String, LineError>,
    formats: Arc<Formats>,
}

impl<'r, R> Lines<'r, R> {
    pub(super) const fn new(reader: &'r mut Reader<R>) -> Self {
        Lines { reader, failed: false }
    }
}

impl<R: BufRead> Iterator for Lines<'_, R> {
    type Item = io::Result<OwnedFileLine>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = self.reader.advance().transpose()?;
        self.failed = read.is_err();
        Some(read.map(|read| OwnedFileLine {
            number: self.reader.number,
            text: read.and_then(|()| text_of(&self.reader.line).map(str::to_owned)),
            formats: Arc::clone(&self.reader.formats),
        }))
    }
}

impl<R: BufRead> FusedIterator for Lines<'_, R> {}

impl OwnedFileLine {
    /// Returns the number of the line in the (inflated) file, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Parses the message.
    ///
    /// # Errors
    /// Returns the reason why the message is not a line of a flow log.
    pub fn parse(&self) -> Result<Line<'_>, LineError> {
        self.as_file_line().parsed
    }

    /// Returns what [`Reader::next_line`] returns for this line: its time, its message, and the message parsed.
    #[must_use]
    pub fn as_file_line(&self) -> FileLine<'_> {
        FileLine::read(self.number, self.text.as_deref().map_err(|error| *error), &self.formats)
    }
}
