//! One field of a line.

/// A field as a part of its line. The bytes after the field let a shortcut read a fixed number of bytes.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    line: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Piece<'a> {
    /// Creates a piece from a text without a surrounding line.
    pub(crate) const fn whole(text: &'a str) -> Self {
        Piece { line: text, start: 0, end: text.len() }
    }

    /// Creates a piece from the first `len` bytes of a text.
    #[inline]
    pub(crate) const fn first(text: &'a str, len: usize) -> Self {
        Piece { line: text, start: 0, end: len }
    }

    /// Creates a piece from the field at position `at` of a single-spaced line, whose fields start at `starts`.
    #[inline]
    pub(crate) fn nth(line: &'a str, starts: &[u16], at: usize) -> Option<Self> {
        let [start, next] = *starts.get(at..)?.first_chunk()?;
        Some(Piece { line, start: usize::from(start), end: usize::from(next).saturating_sub(1) })
    }

    #[inline]
    pub(crate) fn text(self) -> &'a str {
        self.line.get(self.start..self.end).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.line.as_bytes().get(self.start..self.end).unwrap_or_default()
    }

    /// Returns whether the field is `-`, which means no value.
    #[inline]
    pub(crate) fn is_absent(self) -> bool {
        // The first byte is compared first: it is nearly always the same, while the length differs from line to line.
        self.line.as_bytes().get(self.start) == Some(&b'-') && self.end == self.start + 1
    }

    /// Returns the line from the start of the field, and the length of the field.
    #[inline]
    pub(crate) fn window(self) -> (&'a [u8], usize) {
        (self.line.as_bytes().get(self.start..).unwrap_or_default(), self.end.saturating_sub(self.start))
    }
}
