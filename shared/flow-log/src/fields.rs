//! The fields of a line, found when they are read.

use crate::{Field, LogFormat, fast::split::Spacing, piece::Piece};

/// A line, its format, and how to split it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields<'a> {
    pub(crate) line: &'a str,
    pub(crate) format: &'a LogFormat,
    pub(crate) spacing: Spacing,
}

impl<'a> Fields<'a> {
    /// Returns the text of a field, or `None` if the format does not have it or the record shows `-`.
    pub(crate) fn text(&self, field: Field) -> Option<&'a str> {
        self.text_at(self.format.position(field)?)
    }

    /// Returns the text of the field with this name, documented or not.
    pub(crate) fn text_by_name(&self, name: &str) -> Option<&'a str> {
        self.text_at(self.format.position_of_name(name)?)
    }

    /// Returns a field, or `None` if the format does not have it.
    #[inline]
    pub(crate) fn piece(&self, field: Field) -> Option<Piece<'a>> {
        self.piece_at(self.format.position(field)?)
    }

    fn text_at(&self, at: usize) -> Option<&'a str> {
        self.piece_at(at).map(Piece::text).filter(|text| *text != "-")
    }

    #[inline]
    fn piece_at(&self, at: usize) -> Option<Piece<'a>> {
        match &self.spacing {
            Spacing::Known(starts) => Piece::nth(self.line, starts, at),
            Spacing::Single => self.line.split(' ').nth(at).map(Piece::whole),
            Spacing::Runs => self.line.split_ascii_whitespace().nth(at).map(Piece::whole),
        }
    }
}
