//! One field of a line.

/// A field as a part of its line: what follows it lets a shortcut look at a fixed number of bytes.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    line: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Piece<'a> {
    /// A text of which nothing else is known.
    pub(crate) const fn whole(text: &'a str) -> Self {
        Piece { line: text, start: 0, end: text.len() }
    }

    /// The first `len` bytes of a text.
    #[inline]
    pub(crate) const fn first(text: &'a str, len: usize) -> Self {
        Piece { line: text, start: 0, end: len }
    }

    /// The field at that position of a single-spaced line, whose fields start where `starts` says.
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

    /// Whether the field is `-`, which stands for no value.
    #[inline]
    pub(crate) fn is_absent(self) -> bool {
        // The length differs from line to line, the first byte hardly ever does.
        self.line.as_bytes().get(self.start) == Some(&b'-') && self.end == self.start + 1
    }

    /// The line from the field on, and how many of these bytes are the field.
    #[inline]
    pub(crate) fn window(self) -> (&'a [u8], usize) {
        (self.line.as_bytes().get(self.start..).unwrap_or_default(), self.end.saturating_sub(self.start))
    }
}
