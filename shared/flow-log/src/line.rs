//! The fields of a line whose kind is known, found when asked for.

use crate::{
    Action, EpochMillis, Field, FlowRecord, LogFormat, MAX_FIELDS, Protocol, Unparsed,
    parse::number,
    split::{FewStarts, Piece},
};

/// A line, split when asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields<'a> {
    pub(crate) line: &'a str,
    pub(crate) format: &'a LogFormat,
    pub(crate) spacing: Spacing,
}

/// What is known about where the fields are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// They start there; behind the format's last field, the array means nothing.
    Known(FewStarts),
    /// One space between any two.
    Single,
    /// Runs of white space.
    Runs,
}

/// A record with log status `OK`: `action` and `protocol` are checked, the rest is still text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FlowLine<'a> {
    pub(crate) fields: Fields<'a>,
    pub(crate) action: Action,
    pub(crate) protocol: Protocol,
}

/// A record without traffic: an interface and a window, both as far as the format has them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Idle<'a> {
    pub(crate) fields: Fields<'a>,
}

impl<'a> Fields<'a> {
    fn nth(&self, at: usize) -> Option<&'a str> {
        match &self.spacing {
            Spacing::Known(starts) => Piece::nth(self.line, starts, at).map(Piece::text),
            Spacing::Single => self.line.split(' ').nth(at),
            Spacing::Runs => self.line.split_ascii_whitespace().nth(at),
        }
    }

    pub(crate) fn text(&self, field: Field) -> Option<&'a str> {
        self.nth(self.format.position(field)?).filter(|text| *text != "-")
    }
}

impl<'a> FlowLine<'a> {
    /// What was done with the traffic.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The IP protocol.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// A field as it stands in the line; `None` when the format does not have it or the record shows `-`.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        self.fields.text(field)
    }

    /// The same by name, also for fields that are not known here.
    #[must_use]
    pub fn text_by_name(&self, name: &str) -> Option<&'a str> {
        self.fields.nth(self.fields.format.position_of_name(name)?).filter(|text| *text != "-")
    }

    /// The format the line was read with.
    #[must_use]
    pub const fn format(&self) -> &'a LogFormat {
        self.fields.format
    }

    /// The whole line.
    #[must_use]
    pub const fn line(&self) -> &'a str {
        self.fields.line
    }

    /// Reads every field that is not text. Nothing is allocated.
    ///
    /// # Errors
    /// The first field, in the line's order, that holds something AWS does not document for it.
    pub fn to_record(&self) -> Result<FlowRecord<'a>, Unparsed> {
        match &self.fields.spacing {
            Spacing::Known(starts) => self.record(|at| Piece::nth(self.fields.line, starts, at)),
            Spacing::Single | Spacing::Runs => self.record_of_any(),
        }
    }

    /// The same for a line of which it is not known where the fields are.
    #[cold]
    fn record_of_any(&self) -> Result<FlowRecord<'a>, Unparsed> {
        let mut pieces = [Piece::whole(""); MAX_FIELDS];
        for (piece, text) in pieces.iter_mut().zip(self.fields.line.split_ascii_whitespace()) {
            *piece = Piece::whole(text);
        }
        self.record(|at| pieces.get(at).copied())
    }

    #[inline]
    fn record(&self, nth: impl Fn(usize) -> Option<Piece<'a>>) -> Result<FlowRecord<'a>, Unparsed> {
        FlowRecord::read(self.action, self.protocol, &self.fields, nth)
    }
}

impl<'a> Idle<'a> {
    /// The interface; `None` when the format does not have it or the record shows `-`.
    #[must_use]
    pub fn interface_id(&self) -> Option<&'a str> {
        self.fields.text(Field::InterfaceId)
    }

    /// The window's begin, where there is a readable one.
    #[must_use]
    pub fn start(&self) -> Option<EpochMillis> {
        self.time(Field::Start)
    }

    /// The window's end, where there is a readable one.
    #[must_use]
    pub fn end(&self) -> Option<EpochMillis> {
        self.time(Field::End)
    }

    /// A field as it stands in the line; `None` when the format does not have it or the record shows `-`.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        self.fields.text(field)
    }

    /// The whole line.
    #[must_use]
    pub const fn line(&self) -> &'a str {
        self.fields.line
    }

    fn time(&self, field: Field) -> Option<EpochMillis> {
        let text = self.fields.text(field)?;
        number(Piece::whole(text), u64::MAX).map(EpochMillis::from_record)
    }
}

impl std::fmt::Debug for FlowLine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FlowLine").field(&self.fields.line).finish()
    }
}

impl std::fmt::Debug for Idle<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Idle").field(&self.fields.line).finish()
    }
}
