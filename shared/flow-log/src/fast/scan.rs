//! Searches 64 bytes at a time.
//!
//! The length of a field or of a message differs from line to line, so a branch on it is mispredicted every few lines. That
//! costs more than the comparisons. These functions compare whole words of bytes, keep one bit per byte, and leave the rest
//! to arithmetic.

use wide::u8x64;

/// Number of bytes compared at once.
pub(crate) const WORD: usize = 64;

/// Returns the spaces of a word and the bytes below a space, one bit per byte, the first byte in the lowest bit.
#[inline]
pub(crate) fn spaces_and_controls(word: &[u8; WORD]) -> (u64, u64) {
    let word = u8x64::new(*word);
    let spaces = equal(word, b' ').to_bitmask();
    (spaces, up_to(word, b' ').to_bitmask() ^ spaces)
}

/// Returns the offset of the first byte that ends or interrupts a JSON string (a quote, a backslash or a control character,
/// RFC 8259 section 7), or the length if there is none.
#[inline]
pub(crate) fn string_run(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<WORD>();
    for (i, word) in words.iter().enumerate() {
        let found = specials(word);
        if found != 0 {
            return i * WORD + found.trailing_zeros() as usize;
        }
    }
    words.len() * WORD + plain_string_run(tail)
}

/// The plain twin of [`string_run`], which also reads the part that is shorter than a word.
#[inline]
fn plain_string_run(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| is_special(byte)).unwrap_or(bytes.len())
}

fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < b' '
}

#[inline]
fn specials(word: &[u8; WORD]) -> u64 {
    let word = u8x64::new(*word);
    (equal(word, b'"') | equal(word, b'\\') | up_to(word, b' ' - 1)).to_bitmask()
}

#[inline]
fn equal(word: u8x64, byte: u8) -> u8x64 {
    word.simd_eq(u8x64::splat(byte))
}

/// Marks the bytes that are at most `byte`.
#[inline]
fn up_to(word: u8x64, byte: u8) -> u8x64 {
    equal(word.max(u8x64::splat(byte)), byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns one bit per byte, the first byte in the lowest bit.
    fn bits(word: &[u8; WORD], of: impl Fn(u8) -> bool) -> u64 {
        word.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(of(byte)))
    }

    /// The plain twin of [`spaces_and_controls`].
    fn plain_spaces_and_controls(word: &[u8; WORD]) -> (u64, u64) {
        (bits(word, |byte| byte == b' '), bits(word, |byte| byte < b' '))
    }

    #[test]
    fn every_byte_at_every_position_of_a_word() {
        for byte in 0..=u8::MAX {
            for at in 0..WORD {
                for rest in [0x00, 0x1f, 0x20, 0x21, 0x7f, 0x80, 0xff] {
                    let mut word = [rest; WORD];
                    word[at] = byte;
                    assert_eq!(spaces_and_controls(&word), plain_spaces_and_controls(&word), "{word:x?}");
                    assert_eq!(specials(&word), bits(&word, is_special), "{word:x?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(crate::fast::cases())]

        #[test]
        fn words_of_random_bytes(word in prop::array::uniform::<_, WORD>(prop_oneof![any::<u8>(), 0x1e..0x24_u8])) {
            prop_assert_eq!(spaces_and_controls(&word), plain_spaces_and_controls(&word));
        }

        #[test]
        fn runs_in_random_text(text in "[ -~é]{0,150}[ -~\"\\\\\n\0é]{0,150}") {
            prop_assert_eq!(string_run(text.as_bytes()), plain_string_run(text.as_bytes()));
        }
    }
}
