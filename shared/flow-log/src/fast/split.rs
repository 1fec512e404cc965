//! Splits a line into fields: finds all starts in a single-spaced line at once.

use super::scan::{WORD, spaces_and_controls};
use crate::piece::Piece;

/// Number of starts written at once, whether they are needed or not.
const BATCH: usize = 8;

/// Maximum fields of a usual line; AWS's version 5 example has 29. A record keeps the starts of up to this many fields, and a
/// table of this size is cleared faster.
pub(crate) const FEW: usize = 31;

/// Returns the size of a table for the starts of this many fields: one more entry after the last field, and a whole batch.
pub(crate) const fn entries(fields: usize) -> usize {
    fields + 1 + BATCH
}

/// The starts of the fields in a single-spaced line, and the start that a field after the last one would have.
pub(crate) struct Starts<const ENTRIES: usize> {
    starts: [u16; ENTRIES],
    found: usize,
}

/// How a line is split again when one of its fields is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// The starts of the fields, and of a field after the last one. Later entries have no meaning.
    Known([u16; FEW + 1]),
    /// One space between any two fields.
    Single,
    /// Runs of ASCII white space.
    Runs,
}

/// A way to split a line: [`Starts`] or its plain twin [`Runs`].
pub(crate) trait Split<'a> {
    /// Returns the number of fields.
    fn len(&self) -> usize;
    /// Returns a field of the line that was split.
    fn field(&self, line: &'a str, at: usize) -> Piece<'a>;
    /// Returns how to split the line again.
    fn spacing(&self) -> Spacing;
}

/// The plain twin of [`Starts`]: splits any line on runs of ASCII white space, again for each call.
pub(crate) struct Runs<'a>(pub(crate) &'a str);

impl<'a> Split<'a> for Runs<'a> {
    fn len(&self) -> usize {
        self.0.split_ascii_whitespace().count()
    }

    fn field(&self, line: &'a str, at: usize) -> Piece<'a> {
        Piece::whole(line.split_ascii_whitespace().nth(at).unwrap_or_default())
    }

    fn spacing(&self) -> Spacing {
        Spacing::Runs
    }
}

impl<'a, const ENTRIES: usize> Split<'a> for Starts<ENTRIES> {
    #[inline]
    fn len(&self) -> usize {
        self.found
    }

    #[inline]
    fn field(&self, line: &'a str, at: usize) -> Piece<'a> {
        Piece::nth(line, &self.starts, at).unwrap_or(Piece::whole(""))
    }

    #[inline]
    fn spacing(&self) -> Spacing {
        let few = if self.found <= FEW { self.starts.first_chunk().copied() } else { None };
        few.map_or(Spacing::Single, Spacing::Known)
    }
}

impl<const ENTRIES: usize> Starts<ENTRIES> {
    /// Maximum number of fields.
    const MAX_FIELDS: usize = ENTRIES - entries(0);

    /// Creates an empty table. Fill it in place: copying it costs more than the search.
    #[inline]
    pub(crate) const fn new() -> Self {
        Starts { starts: [0; ENTRIES], found: 0 }
    }

    /// Finds the fields of a line with exactly one space between any two. Returns `None` for any other line (a tab, two
    /// spaces, a space at either end, an empty line), for more fields than fit, and for more bytes than the table can
    /// count; [`Runs`] splits these.
    #[inline]
    pub(crate) fn find(&mut self, line: &[u8]) -> Option<()> {
        let len = u16::try_from(line.len()).ok()?;
        let end = len.checked_add(1)?;
        self.found = 1;
        // The start of the line counts as a space, so that a leading space is doubled.
        let mut space_before = 1;
        let mut on_word = |spaces: u64, controls: u64, base: u16| -> Option<()> {
            let doubled = spaces & (spaces << 1 | space_before);
            space_before = spaces >> (WORD - 1);
            if doubled | controls == 0 { self.push(spaces, base) } else { None }
        };
        let mut base = 0;
        for word in line.as_chunks::<WORD>().0 {
            let (spaces, controls) = spaces_and_controls(word);
            on_word(spaces, controls, base)?;
            base += WORD as u16;
        }
        if base < len {
            // The last word overlaps the one before it. The bits of the overlap are shifted out.
            let (spaces, controls) = match line.last_chunk() {
                Some(last) => spaces_and_controls(last),
                None => spaces_and_controls(&padded(line)),
            };
            let seen = WORD as u16 - (len - base);
            on_word(spaces >> seen, controls >> seen, base)?;
        }
        if matches!(line.last(), None | Some(b' ')) {
            return None;
        }
        *self.starts.get_mut(self.found)? = end;
        Some(())
    }

    /// Adds a start after each space. Writes eight at a time even if there are fewer, because a loop of the exact length would be
    /// mispredicted on most lines. The next call overwrites the surplus.
    #[inline]
    fn push(&mut self, mut spaces: u64, base: u16) -> Option<()> {
        let found = self.found + spaces.count_ones() as usize;
        let mut at = self.found;
        while at < found {
            for start in self.starts.get_mut(at..)?.first_chunk_mut::<BATCH>()? {
                *start = base.wrapping_add(1 + spaces.trailing_zeros() as u16);
                spaces &= spaces.wrapping_sub(1);
            }
            at += BATCH;
        }
        self.found = found;
        if found <= Self::MAX_FIELDS { Some(()) } else { None }
    }
}

/// Moves a line shorter than a word to the end of a word.
#[cold]
fn padded(line: &[u8]) -> [u8; WORD] {
    let mut word = [b'x'; WORD];
    if let Some(end) = WORD.checked_sub(line.len()).and_then(|unused| word.get_mut(unused..)) {
        end.copy_from_slice(line);
    }
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::MAX_FIELDS;

    const PING: &str =
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK";

    fn fields<'a>(line: &'a str, split: &impl Split<'a>) -> Vec<&'a str> {
        (0..split.len()).map(|at| split.field(line, at).text()).collect()
    }

    /// Returns the fields, if the shortcut accepts the line.
    fn fast(line: &str) -> Option<Vec<&str>> {
        let mut starts = Starts::<{ entries(MAX_FIELDS) }>::new();
        starts.find(line.as_bytes()).map(|()| fields(line, &starts))
    }

    fn plain(line: &str) -> Vec<&str> {
        fields(line, &Runs(line))
    }

    #[test]
    fn accepts_single_spaced_lines_of_any_length() {
        let long = [PING, PING, PING].join(" ");
        for len in 1..=long.len() {
            let line = long[..len].trim_end();
            assert_eq!(fast(line), Some(plain(line)), "{line}");
        }
        let dense = "x ".repeat(MAX_FIELDS);
        for line in ["é ü 東京 😀 é ü 東京 😀", &dense[..dense.len() - 1], &format!("{} x", "y".repeat(65_532))]
        {
            assert_eq!(fast(line), Some(plain(line)), "{line}");
        }
    }

    #[test]
    fn declines_lines_that_are_not_single_spaced() {
        for at in 0..=PING.len() {
            for other in [" ", "\t", "\n", "\0", "\u{b}", "\u{1f}"] {
                let line = format!("{}{other}{}", &PING[..at], &PING[at..]);
                let is_plain = other == " " && !line.contains("  ") && line.trim() == line;
                assert_eq!(fast(&line).is_some(), is_plain, "{line:?}");
            }
        }
        for line in [
            "",
            " ",
            "a ",
            " a",
            "x ".repeat(MAX_FIELDS + 1).trim_end(),
            "x ".repeat(100_000).trim_end(),
            &format!("{} x", "y".repeat(65_533)),
        ] {
            assert_eq!(fast(line), None, "{line}");
        }
    }

    proptest! {
        #![proptest_config(crate::fast::cases())]

        #[test]
        fn shortcut_and_plain_agree(line in "([!-~é]{1,20} ){0,40}[!-~]{1,20}|[!-~é \t\n\0]{0,300}") {
            let is_single_spaced = line.split(' ').all(|field| !field.is_empty() && field.bytes().all(|b| b > b' '));
            prop_assert_eq!(fast(&line), is_single_spaced.then(|| plain(&line)));
        }
    }
}
