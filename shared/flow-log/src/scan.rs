//! Looking at 64 bytes at a time.
//!
//! The length of a field or of a message differs from line to line. Whatever branches on it is mispredicted every few lines,
//! which costs more than the bytes do. So these look at whole words of bytes, make one bit of each byte, and leave what
//! is found to arithmetic.

use wide::u8x64;

/// The bytes that are looked at together.
pub(crate) const WORD: usize = 64;

/// Which bytes are `byte`.
#[inline]
fn equal(word: u8x64, byte: u8) -> u8x64 {
    word.simd_eq(u8x64::splat(byte))
}

/// Which bytes are at most `byte`.
#[inline]
fn up_to(word: u8x64, byte: u8) -> u8x64 {
    equal(word.max(u8x64::splat(byte)), byte)
}

/// Which bytes are a space, and which are something below it: one bit per byte, the first byte in the lowest one.
#[inline]
pub(crate) fn spaces_and_controls(word: &[u8; WORD]) -> (u64, u64) {
    let word = u8x64::new(*word);
    let spaces = equal(word, b' ').to_bitmask();
    (spaces, up_to(word, b' ').to_bitmask() ^ spaces)
}

/// The offset of the first byte that cannot stand in a JSON string as it is: a quote, a backslash, or a control character.
/// The length, if there is none.
#[inline]
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<WORD>();
    for (i, word) in words.iter().enumerate() {
        let found = specials(word);
        if found != 0 {
            return i * WORD + found.trailing_zeros() as usize;
        }
    }
    let is_special = |&b: &u8| b == b'"' || b == b'\\' || b < b' ';
    words.len() * WORD + tail.iter().position(is_special).unwrap_or(tail.len())
}

#[inline]
fn specials(word: &[u8; WORD]) -> u64 {
    let word = u8x64::new(*word);
    (equal(word, b'"') | equal(word, b'\\') | up_to(word, b' ' - 1)).to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_of_a_word() {
        for byte in 0..=u8::MAX {
            for at in 0..WORD {
                for rest in [0x00, 0x1f, 0x20, 0x21, 0x7f, 0x80, 0xff] {
                    let mut word = [rest; WORD];
                    word[at] = byte;
                    let naive = |of: &dyn Fn(u8) -> bool| {
                        word.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(of(byte)))
                    };
                    let expected = (naive(&|b| b == b' '), naive(&|b| b < b' '));
                    assert_eq!(spaces_and_controls(&word), expected, "{word:x?}");
                    let is_special = |b: u8| b == b'"' || b == b'\\' || b < b' ';
                    assert_eq!(specials(&word), naive(&is_special), "{word:x?}");
                }
            }
        }
    }

    #[test]
    fn plain_runs_end_at_the_first_byte_that_matters() {
        for len in (0..10).chain(60..70).chain(120..140) {
            let plain = vec![b'x'; len];
            assert_eq!(plain_run(&plain), len);
            for at in 0..len {
                for byte in [b'"', b'\\', 0, b'\n', 0x1f] {
                    let mut bytes = plain.clone();
                    bytes[len - 1] = b'"';
                    bytes[at] = byte;
                    assert_eq!(plain_run(&bytes), at);
                }
            }
        }
    }
}
