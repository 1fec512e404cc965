//! Decimal numbers, eight digits at a time.

use crate::{FieldErrorKind, piece::Piece};

const POWERS_OF_TEN: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Reads decimal digits, and nothing but digits, as a number of at most `max`.
#[inline(always)]
pub(crate) fn number(piece: Piece<'_>, max: u64) -> Option<u64> {
    let (window, len) = piece.window();
    let value = match (len, window.first_chunk(), window.first_chunk::<16>()) {
        (1..=8, Some(window), _) => up_to_eight_digits(*window, len),
        (9..=15, Some(first), Some(window)) => up_to_fifteen_digits(*first, *window, len),
        _ => plain(window.get(..len)?),
    };
    value.filter(|value| *value <= max)
}

/// The plain twin. It also reads more than 15 digits, and fields with fewer than 8 or 16 bytes left in the line.
#[cold]
fn plain(digits: &[u8]) -> Option<u64> {
    let mut value = if digits.is_empty() { None } else { Some(0_u64) };
    for &byte in digits {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value = value.and_then(|value| value.checked_mul(10)?.checked_add(digit));
    }
    value
}

/// Returns the reason why [`number`] found none.
#[cold]
pub(crate) fn number_error(text: &str) -> FieldErrorKind {
    match text {
        "-" => FieldErrorKind::Missing,
        _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => FieldErrorKind::OutOfRange,
        _ => FieldErrorKind::NotANumber,
    }
}

#[inline(always)]
fn up_to_fifteen_digits(first: [u8; 8], window: [u8; 16], len: usize) -> Option<u64> {
    let rest = len - first.len();
    let last = up_to_eight_digits(*window.last_chunk()?, rest)?;
    Some(up_to_eight_digits(first, first.len())? * POWERS_OF_TEN[rest] + last)
}

/// Reads the first `len` of eight bytes. The code path does not depend on `len`.
#[inline(always)]
fn up_to_eight_digits(window: [u8; 8], len: usize) -> Option<u64> {
    const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
    const HIGH_NIBBLES: u64 = u64::from_ne_bytes([0xf0; 8]);
    const TO_NEXT_NIBBLE: u64 = u64::from_ne_bytes([6; 8]);
    // Shifts the last digit into the highest byte. Zeros fill the bytes before the first digit; bytes after the field are dropped.
    let digits = (u64::from_le_bytes(window) ^ ZEROS) << (u64::BITS as usize - 8 * len);
    // A digit is at most 9, so the upper half of its byte is 0, even after adding 6.
    if (digits | digits.wrapping_add(TO_NEXT_NIBBLE)) & HIGH_NIBBLES != 0 {
        return None;
    }
    // Each step combines neighbors: digits to pairs, pairs to fours, fours to the number.
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the number alone, and followed by more of a line; each with the number's length.
    fn pieces(text: &str) -> [(String, u16); 3] {
        ["", " 1", " 123456789 123456789"].map(|suffix| (format!("{text}{suffix}"), text.len() as u16))
    }

    fn read(line: &str, len: u16, max: u64) -> Option<u64> {
        number(Piece::nth(line, &[0, len + 1], 0).unwrap(), max)
    }

    #[test]
    fn numbers_are_digits_within_their_range() {
        use FieldErrorKind::{Missing, NotANumber, OutOfRange};
        for (text, max, expected) in [
            ("0", 255, Ok(0)),
            ("255", 255, Ok(255)),
            ("256", 255, Err(OutOfRange)),
            ("0001", 255, Ok(1)),
            ("18446744073709551615", u64::MAX, Ok(u64::MAX)),
            ("18446744073709551616", u64::MAX, Err(OutOfRange)),
            ("99999999999999999999", u64::MAX, Err(OutOfRange)),
            ("00000000000000000000000007", u64::MAX, Ok(7)),
            ("9999999999999999999999999999999999999999", u64::MAX, Err(OutOfRange)),
            ("-", 255, Err(Missing)),
            ("-1", 255, Err(NotANumber)),
            ("+1", 255, Err(NotANumber)),
            ("1.0", 255, Err(NotANumber)),
            ("1e3", u64::MAX, Err(NotANumber)),
            ("0x1", 255, Err(NotANumber)),
            ("٣", 255, Err(NotANumber)),
            ("", 255, Err(NotANumber)),
        ] {
            for (line, len) in pieces(text) {
                assert_eq!(read(&line, len, max).ok_or_else(|| number_error(text)), expected, "{line:?}");
            }
        }
    }

    #[test]
    fn every_byte_at_every_position_of_a_number() {
        for (good, byte) in ["0", "7", "12345678", "999999999", "123456789012345"]
            .iter()
            .flat_map(|good| (0..0x80_u8).map(move |byte| (good, byte)))
        {
            for at in 0..good.len() {
                let text = format!("{}{}{}", &good[..at], char::from(byte), &good[at + 1..]);
                for (line, len) in pieces(&text) {
                    assert_eq!(read(&line, len, u64::MAX), plain(text.as_bytes()), "{line:?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(crate::fast::cases())]

        #[test]
        fn shortcut_and_plain_agree(text in "[0-9]{0,25}|[0-9]{0,17}[ -~]{0,2}[0-9]{0,3}") {
            for (line, len) in pieces(&text) {
                prop_assert_eq!(read(&line, len, u64::MAX), plain(text.as_bytes()), "{:?}", line);
            }
        }
    }
}
