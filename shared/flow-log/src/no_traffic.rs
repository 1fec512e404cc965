//! A line without traffic.

use std::fmt;

use crate::{EpochMillis, Field, fast::number::number, fields::Fields, piece::Piece};

/// A line with log status `NODATA` or `SKIPDATA`. It has no traffic, only an interface and an aggregation interval, as far as the
/// format has them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NoTraffic<'a> {
    pub(crate) fields: Fields<'a>,
}

impl<'a> NoTraffic<'a> {
    /// Returns the id of the network interface, or `None` if the format does not have it or the record shows `-`.
    #[must_use]
    pub fn interface_id(&self) -> Option<&'a str> {
        self.fields.text(Field::InterfaceId)
    }

    /// Returns the start of the aggregation interval, or `None` if it is missing or not a number.
    #[must_use]
    pub fn start(&self) -> Option<EpochMillis> {
        self.time(Field::Start)
    }

    /// Returns the end of the aggregation interval, or `None` if it is missing or not a number.
    #[must_use]
    pub fn end(&self) -> Option<EpochMillis> {
        self.time(Field::End)
    }

    /// Returns the text of a field, or `None` if the format does not have it or the record shows `-`.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        self.fields.text(field)
    }

    /// Returns the whole line.
    #[must_use]
    pub const fn line(&self) -> &'a str {
        self.fields.line
    }

    fn time(&self, field: Field) -> Option<EpochMillis> {
        let text = self.fields.text(field)?;
        number(Piece::whole(text), u64::MAX).map(EpochMillis::from_record)
    }
}

impl fmt::Debug for NoTraffic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoTraffic").field(&self.fields.line).finish()
    }
}
