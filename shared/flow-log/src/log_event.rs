//! One log event.

use std::borrow::Cow;

use crate::SystemFields;

/// One log event of CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEvent<'d> {
    /// The id, unique among all log events. A log event has the same id however often it is delivered.
    pub id: Cow<'d, str>,
    /// Milliseconds since 1970-01-01 00:00 UTC. For flow logs the `start` of the record.
    pub timestamp: i64,
    /// The message. For flow logs one line, to read with [`Formats::read`](crate::Formats::read). Borrowed unless it has escapes.
    pub message: Cow<'d, str>,
    /// The JSON of `extractedFields`, or empty without that key.
    pub(crate) extracted_fields: &'d str,
}

impl<'d> LogEvent<'d> {
    /// Creates a log event from a source other than a subscription. `timestamp` is in milliseconds since 1970-01-01 00:00 UTC.
    pub fn new(id: impl Into<Cow<'d, str>>, timestamp: i64, message: impl Into<Cow<'d, str>>) -> Self {
        LogEvent { id: id.into(), timestamp, message: message.into(), extracted_fields: "" }
    }

    /// Sets the JSON of `extractedFields`, such as `{"@aws.account":"123456789012"}`.
    #[must_use]
    pub fn with_extracted_fields(self, json: &'d str) -> Self {
        LogEvent { extracted_fields: json, ..self }
    }

    /// Returns the JSON of `extractedFields`, or an empty text without that key.
    #[must_use]
    pub const fn extracted_fields(&self) -> &'d str {
        self.extracted_fields
    }

    /// Reads the origin of the event, as far as the subscription filter emits it. A field that is not text or occurs twice is
    /// `None`. Borrowed unless it has escapes. Each call parses the JSON again.
    #[must_use]
    pub fn system_fields(&self) -> SystemFields<'d> {
        SystemFields::read(self.extracted_fields)
    }
}
