//! Numbers, from bytes.

use crate::{split::Piece, unparsed::Why};

const POWERS_OF_TEN: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Reads decimal digits, and nothing but digits, as a number of at most `max`.
#[inline(always)]
pub(crate) fn number(text: Piece<'_>, max: u64) -> Option<u64> {
    let (window, len) = text.window();
    first_digits(window, len).filter(|value| *value <= max)
}

/// Reads the first so many bytes, which all have to be digits.
#[inline(always)]
fn first_digits(window: &[u8], len: usize) -> Option<u64> {
    match (len, window.first_chunk(), window.first_chunk::<16>()) {
        (1..=8, Some(window), _) => up_to_eight_digits(*window, len),
        (9..=15, Some(first), Some(window)) => {
            let rest = len - first.len();
            let last = up_to_eight_digits(*window.last_chunk()?, rest)?;
            Some(eight_digits(*first)? * POWERS_OF_TEN[rest] + last)
        }
        _ => any_digits(window.get(..len)?),
    }
}

/// Reads the first digits of eight bytes. How many they are makes no difference to the way through here.
#[inline]
fn up_to_eight_digits(window: [u8; 8], len: usize) -> Option<u64> {
    const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
    // The first digit into the lowest byte, zeros before it, and whatever follows the digits out at the top.
    let digits = (u64::from_le_bytes(window) ^ ZEROS) << (u64::BITS as usize - 8 * len);
    eight_digit_values(digits)
}

/// Reads digits in any number; `None` for none at all and for those that do not fit.
#[cold]
fn any_digits(digits: &[u8]) -> Option<u64> {
    /// As many digits as fit whatever they are.
    const SURE_TO_FIT: usize = 19;
    let (mut value, rest) = match digits.split_first_chunk() {
        Some((first, rest)) => (eight_digits(*first)?, rest),
        None if digits.is_empty() => return None,
        None => (0, digits),
    };
    for &byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    if digits.len() <= SURE_TO_FIT {
        return Some(value);
    }
    digits.iter().try_fold(0u64, |value, byte| value.checked_mul(10)?.checked_add(u64::from(byte - b'0')))
}

/// Says why [`number`] found none.
#[cold]
pub(crate) fn why_no_number(text: &str) -> Why {
    match text {
        "-" => Why::Missing,
        _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Why::OutOfRange,
        _ => Why::NotANumber,
    }
}

/// Reads eight digits at once.
#[inline]
pub(crate) fn eight_digits(text: [u8; 8]) -> Option<u64> {
    up_to_eight_digits(text, text.len())
}

/// Makes a number of eight digits' values, each step joining neighbours: digits to pairs, pairs to fours, fours to the
/// number.
#[inline]
fn eight_digit_values(digits: u64) -> Option<u64> {
    const HIGH_NIBBLES: u64 = u64::from_ne_bytes([0xf0; 8]);
    const TO_NEXT_NIBBLE: u64 = u64::from_ne_bytes([6; 8]);
    // Up to 9 only: nothing in the upper half, also after adding 6.
    if (digits | digits.wrapping_add(TO_NEXT_NIBBLE)) & HIGH_NIBBLES != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_within_their_range() {
        for (text, max, expected) in [
            ("0", 255, Ok(0)),
            ("255", 255, Ok(255)),
            ("256", 255, Err(Why::OutOfRange)),
            ("0001", 255, Ok(1)),
            ("18446744073709551615", u64::MAX, Ok(u64::MAX)),
            ("18446744073709551616", u64::MAX, Err(Why::OutOfRange)),
            ("99999999999999999999", u64::MAX, Err(Why::OutOfRange)),
            ("00000000000000000000000007", u64::MAX, Ok(7)),
            ("9999999999999999999999999999999999999999", u64::MAX, Err(Why::OutOfRange)),
            ("-", 255, Err(Why::Missing)),
            ("-1", 255, Err(Why::NotANumber)),
            ("+1", 255, Err(Why::NotANumber)),
            ("1.0", 255, Err(Why::NotANumber)),
            ("1e3", u64::MAX, Err(Why::NotANumber)),
            ("0x1", 255, Err(Why::NotANumber)),
            ("٣", 255, Err(Why::NotANumber)),
            ("", 255, Err(Why::NotANumber)),
        ] {
            // Alone, and with more of a line behind it.
            let line = format!("{text} 123456789");
            let mut starts = crate::split::Starts::<40>::new();
            let within = starts.find(line.as_bytes()).map(|()| starts.field(&line, 0));
            for piece in within.into_iter().chain([Piece::whole(text)]) {
                let read = number(piece, max).ok_or_else(|| why_no_number(piece.text()));
                assert_eq!(read, expected, "{text}");
            }
        }
    }

    #[test]
    fn eight_digits_and_nothing_else() {
        for number in [0, 1, 12_345_678, 90_807_060, 99_999_999, 10_000_000] {
            let text = format!("{number:08}");
            assert_eq!(eight_digits(text.as_bytes().try_into().unwrap()), Some(number), "{text}");
        }
        for at in 0..8 {
            for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
                for rest in [b'0', b'9'] {
                    let mut text = [rest; 8];
                    text[at] = byte;
                    assert_eq!(eight_digits(text), None, "{text:?}");
                }
            }
        }
    }
}
