//! A line with log status `OK`.

use std::{fmt, net::IpAddr};

use crate::{
    Action, Field, FlowRecord, LineError, LogFormat, MAX_FIELDS, Protocol,
    fast::{address::address, split::Spacing},
    fields::Fields,
    flow_record::port,
    piece::Piece,
};

/// A line with log status `OK`: `action` and `protocol` are checked, all other fields are still text.
///
/// Filter on these two, then read the rest with [`FlowLine::to_record`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FlowLine<'a> {
    pub(crate) fields: Fields<'a>,
    pub(crate) action: Action,
    pub(crate) protocol: Protocol,
}

impl<'a> FlowLine<'a> {
    /// Returns whether the traffic was accepted or rejected.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Returns the IP protocol.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Returns the text of a field, or `None` if the format does not have it or the record shows `-`.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        self.fields.text(field)
    }

    /// Reads the source and the destination address alone. `None` if the format lacks one, or one is not readable.
    #[must_use]
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        let read = |field| self.fields.piece(field).and_then(address);
        Some((read(Field::SrcAddr)?, read(Field::DstAddr)?))
    }

    /// Reads the source and the destination port alone. `None` if the format lacks one, or one is `-` or not readable.
    #[must_use]
    pub fn ports(&self) -> Option<(u16, u16)> {
        let read = |field| self.fields.piece(field).and_then(port);
        Some((read(Field::SrcPort)?, read(Field::DstPort)?))
    }

    /// Returns the text of the field with this name, even if [`Field`] does not have it. `None` as in [`FlowLine::text`].
    #[must_use]
    pub fn text_by_name(&self, name: &str) -> Option<&'a str> {
        self.fields.text_by_name(name)
    }

    /// Returns the format that the line was read with.
    #[must_use]
    pub const fn format(&self) -> &'a LogFormat {
        self.fields.format
    }

    /// Returns the whole line.
    #[must_use]
    pub const fn line(&self) -> &'a str {
        self.fields.line
    }

    /// Reads all fields that are numbers or addresses. Allocates nothing.
    ///
    /// # Errors
    /// Returns [`LineError::Field`] for the first field, in the order of the line, whose value AWS does not document.
    pub fn to_record(&self) -> Result<FlowRecord<'a>, LineError> {
        match &self.fields.spacing {
            Spacing::Known(starts) => self.record(|at| Piece::nth(self.fields.line, starts, at)),
            Spacing::Single | Spacing::Runs => self.split_again(),
        }
    }

    #[cold]
    fn split_again(&self) -> Result<FlowRecord<'a>, LineError> {
        let mut pieces = [Piece::whole(""); MAX_FIELDS];
        for (piece, text) in pieces.iter_mut().zip(self.fields.line.split_ascii_whitespace()) {
            *piece = Piece::whole(text);
        }
        self.record(|at| pieces.get(at).copied())
    }

    #[inline]
    fn record(&self, nth: impl Fn(usize) -> Option<Piece<'a>>) -> Result<FlowRecord<'a>, LineError> {
        FlowRecord::read(self.action, self.protocol, &self.fields, nth)
    }
}

impl fmt::Debug for FlowLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FlowLine").field(&self.fields.line).finish()
    }
}
