//! One document of a payload: a batch of log events, and where they come from.

use std::borrow::Cow;

use crate::{
    LogEvent,
    fast::log_event::log_event,
    json::{Cursor, Result, once},
};

/// One document of a payload, from [`Payload::batches`](crate::Payload::batches), checked to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch<'d> {
    /// What the document says about its log events.
    pub metadata: BatchMetadata<'d>,
    /// The JSON of `logEvents`.
    log_events: &'d str,
}

/// The metadata of a document: everything except `logEvents` in
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchMetadata<'d> {
    /// The kind of the document.
    pub message_type: MessageType,
    /// The id of the account that owns the log group.
    pub owner: Cow<'d, str>,
    /// The name of the log group.
    pub log_group: Cow<'d, str>,
    /// The name of the log stream. Flow logs have one for each network interface.
    pub log_stream: Cow<'d, str>,
    /// The names of the subscription filters that matched the log events.
    pub subscription_filters: Vec<Cow<'d, str>>,
}

/// The kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageType {
    /// Log events (`DATA_MESSAGE`).
    Data,
    /// A check whether the destination can be reached (`CONTROL_MESSAGE`). Its log event is not from the log group.
    Control,
    /// An undocumented type.
    Other,
}

/// An iterator over the log events of a batch, from [`Batch::log_events`].
#[derive(Clone, Debug)]
pub struct LogEvents<'d> {
    /// At a log event, a comma or the end of the array.
    cursor: Cursor<'d>,
}

impl<'d> Batch<'d> {
    /// Returns an iterator over the log events. They borrow from the payload, not from the batch.
    #[must_use]
    pub fn log_events(&self) -> LogEvents<'d> {
        let mut cursor = Cursor::new(self.log_events);
        cursor.take(b'[');
        LogEvents { cursor }
    }
}

impl<'d> Iterator for LogEvents<'d> {
    type Item = LogEvent<'d>;

    fn next(&mut self) -> Option<LogEvent<'d>> {
        self.cursor.white_space();
        self.cursor.take(b',');
        let mut event = None;
        // The text has been checked before, so only the end of the array is not a log event.
        let _ = log_event(&mut self.cursor, &mut |found| event = Some(found));
        event
    }
}

impl std::iter::FusedIterator for LogEvents<'_> {}

impl BatchMetadata<'_> {
    /// Returns the same metadata, copied out of the payload.
    #[must_use]
    pub fn into_owned(self) -> BatchMetadata<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        BatchMetadata {
            message_type: self.message_type,
            owner: own(self.owner),
            log_group: own(self.log_group),
            log_stream: own(self.log_stream),
            subscription_filters: self.subscription_filters.into_iter().map(own).collect(),
        }
    }
}

/// Reads the document at the cursor.
pub(crate) fn document<'d>(cursor: &mut Cursor<'d>, on_event: &mut impl FnMut(LogEvent<'d>)) -> Result<Batch<'d>> {
    let mut message_type = None;
    let mut owner = None;
    let mut log_group = None;
    let mut log_stream = None;
    let mut subscription_filters = None;
    let mut log_events = None;
    cursor.object(|cursor, key| match &*key {
        "messageType" => once(cursor, &mut message_type, Cursor::text),
        "owner" => once(cursor, &mut owner, Cursor::text),
        "logGroup" => once(cursor, &mut log_group, Cursor::text),
        "logStream" => once(cursor, &mut log_stream, Cursor::text),
        "subscriptionFilters" => once(cursor, &mut subscription_filters, |cursor| {
            let mut names = Vec::new();
            cursor.array(|cursor| cursor.text().map(|name| names.push(name)))?;
            Ok(names)
        }),
        "logEvents" => once(cursor, &mut log_events, |cursor| {
            let array = cursor.rest();
            cursor.array(|cursor| log_event(cursor, on_event))?;
            Ok(array.get(..array.len() - cursor.rest().len()).unwrap_or_default())
        }),
        _ => cursor.skip(),
    })?;
    let (Some(message_type), Some(log_events)) = (message_type, log_events) else {
        return cursor.error("the document has no messageType or no logEvents");
    };
    let metadata = BatchMetadata {
        message_type: match &*message_type {
            "DATA_MESSAGE" => MessageType::Data,
            "CONTROL_MESSAGE" => MessageType::Control,
            _ => MessageType::Other,
        },
        owner: owner.unwrap_or_default(),
        log_group: log_group.unwrap_or_default(),
        log_stream: log_stream.unwrap_or_default(),
        subscription_filters: subscription_filters.unwrap_or_default(),
    };
    Ok(Batch { metadata, log_events })
}
