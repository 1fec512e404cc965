//! The documents of a payload.

use crate::{
    Batch, BatchMetadata, EnvelopeError, LogEvent,
    batch::document,
    json::{self, Cursor},
};

/// The inflated payload of an event: one JSON document as CloudWatch Logs sends it, or several in sequence. Each document is a
/// batch of log events of one log stream.
///
/// Two ways to read it:
/// - [`Payload::next_batch`] reads once and calls a function for each log event. The metadata comes last.
/// - [`Payload::batches`] is an iterator. It reads each document twice, and the metadata comes first.
#[derive(Debug)]
pub struct Payload<'d> {
    text: &'d str,
    at: usize,
}

/// An iterator over the documents of a payload, from [`Payload::batches`]. Ends after an error.
#[derive(Debug)]
pub struct Batches<'p, 'd> {
    payload: &'p mut Payload<'d>,
    failed: bool,
}

impl<'d> Payload<'d> {
    pub(crate) const fn new(text: &'d str) -> Self {
        Payload { text, at: 0 }
    }

    /// Returns the size of the inflated payload in bytes.
    #[must_use]
    pub const fn inflated_bytes(&self) -> usize {
        self.text.len()
    }

    /// Reads the next document and calls `on_event` for each of its log events. Returns `None` after the last document.
    ///
    /// Keys can be in any order, so the metadata is known only at the end. Drop what `on_event` collected if this fails, or if
    /// the message type is not [`MessageType::Data`](crate::MessageType::Data). Unknown keys are skipped.
    ///
    /// # Errors
    /// Returns [`EnvelopeError::Json`] if the payload is not what a subscription sends. Reading cannot continue then.
    pub fn next_batch(
        &mut self,
        mut on_event: impl FnMut(LogEvent<'d>),
    ) -> Result<Option<BatchMetadata<'d>>, EnvelopeError> {
        Ok(self.next_document(&mut on_event)?.map(|batch| batch.metadata))
    }

    /// Returns an iterator over the documents.
    ///
    /// Each document is checked completely before it is returned, so a document with an error yields no log event. The iterator
    /// [`Batch::log_events`] reads the log events a second time, which makes reading a batch about a sixth slower than with
    /// [`Payload::next_batch`]. Nothing is copied or collected.
    ///
    /// ```
    /// use flow_log::{Decoder, Formats, Line, MessageType};
    ///
    /// # let event = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/ping-reply-rejected.event.json")).unwrap();
    /// let formats = Formats::default();
    /// let mut decoder = Decoder::default();
    /// let mut flows = 0;
    /// for batch in decoder.decode(&event)?.batches() {
    ///     let batch = batch?;
    ///     assert_eq!(batch.metadata.message_type, MessageType::Data);
    ///     for event in batch.log_events() {
    ///         flows += usize::from(matches!(formats.read(&event.message), Ok(Line::Flow(_))));
    ///     }
    /// }
    /// assert_eq!(flows, 2);
    /// # Ok::<(), flow_log::EnvelopeError>(())
    /// ```
    pub const fn batches(&mut self) -> Batches<'_, 'd> {
        Batches { payload: self, failed: false }
    }

    #[inline]
    fn next_document(&mut self, on_event: &mut impl FnMut(LogEvent<'d>)) -> Result<Option<Batch<'d>>, EnvelopeError> {
        let mut cursor = Cursor::new(self.text);
        cursor.at = self.at;
        cursor.white_space();
        if cursor.peek().is_none() && self.at > 0 {
            return Ok(None);
        }
        let batch: json::Result<_> = document(&mut cursor, on_event);
        let batch = batch.map_err(EnvelopeError::json)?;
        self.at = cursor.at;
        Ok(Some(batch))
    }
}

impl<'d> Iterator for Batches<'_, 'd> {
    type Item = Result<Batch<'d>, EnvelopeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let batch = self.payload.next_document(&mut |_| ()).transpose();
        self.failed = matches!(batch, Some(Err(_)));
        batch
    }
}

impl std::iter::FusedIterator for Batches<'_, '_> {}
