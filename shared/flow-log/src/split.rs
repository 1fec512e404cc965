//! Where the fields of a line are.

use crate::scan::{WORD, spaces_and_controls};

/// How many starts are written at once, wanted or not.
const BATCH: usize = 8;

/// The fields of the usual formats, with room: AWS's example of version 5 has 29.
pub(crate) const FEW: usize = 31;

/// Where the fields of a usual line start, and where one behind the last would.
pub(crate) type FewStarts = [u16; FEW + 1];

/// The places that so many fields need: a batch is written behind the last one's start.
pub(crate) const fn places(fields: usize) -> usize {
    fields + 1 + BATCH
}

/// Where the fields of a single-spaced line start, and where one behind the last would.
pub(crate) struct Starts<const N: usize> {
    starts: [u16; N],
    found: usize,
}

impl<const N: usize> Starts<N> {
    /// The most fields that fit.
    const MOST: usize = N - places(0);

    /// A place for them, which is best left where it is: copying it costs more than finding the starts.
    #[inline]
    pub(crate) const fn new() -> Self {
        Starts { starts: [0; N], found: 0 }
    }

    /// Finds the fields of a line that stand apart by exactly one space. `None` for any other line (a tab, two spaces, a
    /// space at either end, nothing at all), for more fields than fit and for more bytes than can be counted: the caller
    /// then splits on runs of white space.
    #[inline]
    pub(crate) fn find(&mut self, line: &[u8]) -> Option<()> {
        let len = u16::try_from(line.len()).ok()?;
        let behind = len.checked_add(1)?;
        self.found = 1;
        // A space before the line would make an empty first field.
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
            // The last word reaches back into the one before; what was seen there is shifted out.
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
        *self.starts.get_mut(self.found)? = behind;
        Some(())
    }

    /// Adds the starts behind the spaces that the bits say. Eight are written even where there are fewer, since a loop of
    /// the right length would be mispredicted on most lines; the next ones overwrite what is too many.
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
        if found <= Self::MOST { Some(()) } else { None }
    }

    /// The number of fields.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.found
    }

    /// A field of the line these were found in.
    #[inline]
    pub(crate) fn field<'a>(&self, line: &'a str, at: usize) -> Piece<'a> {
        Piece::nth(line, &self.starts, at).unwrap_or(Piece::whole(""))
    }

    /// The first starts, if these are all; the rest of the array means nothing.
    #[inline]
    pub(crate) fn few(&self) -> Option<FewStarts> {
        if self.found <= FEW { self.starts.first_chunk().copied() } else { None }
    }
}

/// A field's place in its line, of which a number may be read more quickly than from the field alone.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    line: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Piece<'a> {
    /// The whole of a text.
    pub(crate) const fn whole(text: &'a str) -> Self {
        Piece { line: text, start: 0, end: text.len() }
    }

    /// The field that starts at the place of that number, up to the space before the next one.
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

    /// Whether the field shows `-`.
    #[inline]
    pub(crate) fn is_absent(self) -> bool {
        // The length differs from line to line; what a field begins with hardly ever does.
        self.line.as_bytes().get(self.start) == Some(&b'-') && self.end == self.start + 1
    }

    /// The bytes from the field on, and how many of them are the field's.
    #[inline]
    pub(crate) fn window(self) -> (&'a [u8], usize) {
        (self.line.as_bytes().get(self.start..).unwrap_or_default(), self.end.saturating_sub(self.start))
    }
}

/// A line shorter than a word, at the word's end.
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
    use super::*;
    use crate::MAX_FIELDS;

    const PING: &str =
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK";

    /// The fields, if the fast way takes the line.
    fn fast(line: &str) -> Option<Vec<&str>> {
        let mut starts = Starts::<{ places(MAX_FIELDS) }>::new();
        starts.find(line.as_bytes())?;
        Some((0..starts.len()).map(|at| starts.field(line, at).text()).collect())
    }

    #[test]
    fn takes_single_spaced_lines_of_any_length() {
        let long = [PING, PING, PING].join(" ");
        for len in 1..=long.len() {
            let line = long[..len].trim_end();
            assert_eq!(fast(line), Some(line.split_ascii_whitespace().collect()), "{line}");
        }
        let dense = "x ".repeat(MAX_FIELDS);
        for line in ["é ü 東京 😀 é ü 東京 😀", &dense[..dense.len() - 1], &format!("{} x", "y".repeat(65_532))]
        {
            assert_eq!(fast(line), Some(line.split_ascii_whitespace().collect()), "{line}");
        }
    }

    #[test]
    fn declines_what_is_not_single_spaced() {
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
}
