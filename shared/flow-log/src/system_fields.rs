//! The fields that CloudWatch Logs adds to a log event.

use std::borrow::Cow;

use crate::json::{Cursor, JsonError};

/// The origin of one log event, as far as the subscription filter emits it.
///
/// A log group that collects the logs of other accounts and regions has events of many origins, while
/// [`BatchMetadata::owner`](crate::BatchMetadata::owner) is the collecting account. With `EmitSystemFields` of the
/// subscription filter each event names its own origin:
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SystemFields<'d> {
    /// The account that the event was written in (`@aws.account`).
    pub account: Option<Cow<'d, str>>,
    /// The region that the event was written in (`@aws.region`).
    pub region: Option<Cow<'d, str>>,
    /// The log group that the event was written to (`@source.log`).
    pub source_log_group: Option<Cow<'d, str>>,
}

/// The state of a field while its object is read.
#[derive(Default)]
enum Slot<'d> {
    #[default]
    Absent,
    Text(Cow<'d, str>),
    /// Not a string, or the key occurs twice, so it is unclear which value is meant.
    Unusable,
}

impl<'d> SystemFields<'d> {
    /// Reads the fields from the JSON of `extractedFields`. The object also contains the named fields of a filter pattern: often
    /// all fields of a record and no system field.
    pub(crate) fn read(json: &'d str) -> SystemFields<'d> {
        if memchr::memchr2(b'@', b'\\', json.as_bytes()).is_none() {
            return SystemFields::default();
        }
        let [mut account, mut region, mut source_log_group] = [Slot::Absent, Slot::Absent, Slot::Absent];
        let read = Cursor::new(json).object(|cursor, key| match &*key {
            "@aws.account" => account.fill(cursor),
            "@aws.region" => region.fill(cursor),
            "@source.log" => source_log_group.fill(cursor),
            _ => cursor.skip(),
        });
        match read {
            Ok(()) => SystemFields {
                account: account.text(),
                region: region.text(),
                source_log_group: source_log_group.text(),
            },
            // Not an object, such as null.
            Err(_) => SystemFields::default(),
        }
    }
}

impl<'d> Slot<'d> {
    fn fill(&mut self, cursor: &mut Cursor<'d>) -> Result<(), JsonError> {
        let is_first = matches!(self, Slot::Absent);
        *self = if cursor.peek() == Some(b'"') {
            let text = cursor.text()?;
            if is_first { Slot::Text(text) } else { Slot::Unusable }
        } else {
            cursor.skip()?;
            Slot::Unusable
        };
        Ok(())
    }

    fn text(self) -> Option<Cow<'d, str>> {
        match self {
            Slot::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}
