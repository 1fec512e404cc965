//! IP addresses: IPv4 in a handful of SIMD instructions.

use std::net::{IpAddr, Ipv4Addr};

use wide::u8x16;

use crate::{FieldErrorKind, piece::Piece};

/// Reads an IPv4 or IPv6 address in the textual forms of RFC 4291. A zone id (RFC 4007) is not part of an address.
#[inline]
pub(crate) fn address(piece: Piece<'_>) -> Option<IpAddr> {
    match ipv4(piece) {
        Some(address) => Some(IpAddr::V4(address)),
        None => plain(piece.text()),
    }
}

/// The plain twin, which also reads IPv6.
#[cold]
fn plain(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Returns the reason why [`address`] found none.
#[cold]
pub(crate) fn address_error(text: &str) -> FieldErrorKind {
    if text == "-" { FieldErrorKind::Missing } else { FieldErrorKind::NotAnAddress }
}

/// Reads four numbers without leading zeros if 16 bytes are left in the line; `None` leaves the decision to [`plain`].
///
/// The lengths of the four numbers differ from line to line, so nothing here branches on them.
#[inline]
fn ipv4(piece: Piece<'_>) -> Option<Ipv4Addr> {
    const PER_NUMBER: u64 = 0x0000_00ff_0000_00ff;
    let (window, len) = piece.window();
    let window = *window.first_chunk::<16>()?;
    if len >= window.len() {
        return None;
    }
    let window = u8x16::new(window);
    let dots = window.simd_eq(u8x16::splat(b'.')).to_bitmask();
    // One bit for the end of each number. The end of the last one is the end of the piece.
    let ends = dots & !(u32::MAX << len) | 1 << len;
    let layout = &LAYOUTS[Layout::index(ends)];
    let digits = (window ^ u8x16::splat(b'0')).shuffle(u8x16::new(layout.digits));
    let in_range = digits.max(u8x16::new(layout.least)).min(u8x16::splat(9)).simd_eq(digits).to_bitmask();
    // Two numbers side by side. The bytes of each are 0, hundreds, tens and ones.
    let [a, b] = halves(digits.to_array()).map(|two| {
        let [hundreds, tens, ones] = [8, 16, 24].map(|bits| two >> bits & PER_NUMBER);
        100 * hundreds + 10 * tens + ones
    });
    let is_address = layout.ends == ends && in_range == 0xffff && (a | b) & !PER_NUMBER == 0;
    let [a, b] = [a, b].map(|two| (two as u32) << 8 | (two >> 32) as u32);
    is_address.then(|| Ipv4Addr::from_bits(a << 16 | b))
}

#[inline]
fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(bytes);
    [both as u64, (both >> 64) as u64]
}

/// The positions of the digits in an IPv4 address, for one combination of the lengths of its four numbers.
#[derive(Clone, Copy)]
struct Layout {
    /// A bit after each number, which identifies the layout; 0 in an unused entry of the table.
    ends: u32,
    /// For each number a zero and the offsets of three digits; [`Layout::NONE`] where it has fewer.
    digits: [u8; 16],
    /// The least value of each digit: 1 for the first of two or three.
    least: [u8; 16],
}

static LAYOUTS: [Layout; 256] = Layout::all();

impl Layout {
    /// An offset that a shuffle turns into 0.
    const NONE: u8 = 0xff;

    /// Maps each of the 81 layouts to its own entry of the table, which [`Layout::all`] checks. The factor is that of
    /// D. Lemire's `sse_inet_aton`: <https://lemire.me/blog/2023/06/08/parsing-ip-addresses-crazily-fast/>.
    const fn index(ends: u32) -> usize {
        (ends.wrapping_mul(6639) >> 13) as usize % 256
    }

    const fn all() -> [Layout; 256] {
        let mut all = [Layout { ends: 0, digits: [0; 16], least: [0; 16] }; 256];
        let mut n = 0;
        while n < 81 {
            let layout = Layout::of([1 + n / 27, 1 + n / 9 % 3, 1 + n / 3 % 3, 1 + n % 3]);
            let index = Layout::index(layout.ends);
            assert!(all[index].ends == 0, "two layouts in one entry");
            all[index] = layout;
            n += 1;
        }
        all
    }

    const fn of(lens: [usize; 4]) -> Layout {
        let mut layout = Layout { ends: 0, digits: [Layout::NONE; 16], least: [0; 16] };
        let (mut number, mut at) = (0, 0);
        while number < lens.len() {
            let first = 4 * (number + 1) - lens[number];
            let mut lane = first;
            while lane < 4 * (number + 1) {
                layout.digits[lane] = at;
                at += 1;
                lane += 1;
            }
            layout.least[first] = (lens[number] > 1) as u8;
            layout.ends |= 1 << at;
            at += 1;
            number += 1;
        }
        layout
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a text that is followed by other text, so that the shortcut has its 16 bytes.
    fn within_a_line(text: &str, suffix: &str) -> (Option<Ipv4Addr>, Option<IpAddr>) {
        let line = format!("{text}{suffix}");
        let piece = Piece::nth(&line, &[0, text.len() as u16 + 1], 0).unwrap();
        (ipv4(piece), address(piece))
    }

    #[test]
    fn addresses_of_both_families() {
        for good in ["0.0.0.0", "203.0.113.12", "::", "2001:db8::1", "::ffff:192.0.2.1", "2001:DB8:0:0:0:0:0:1"] {
            assert!(plain(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "01.2.3.4",
            "1.2.3.4/8",
            "fe80::1%eth0",
            "fe80::1%25",
            ":::",
            "12345::",
            "localhost",
        ] {
            assert_eq!((plain(bad), address_error(bad)), (None, FieldErrorKind::NotAnAddress), "{bad}");
        }
        assert_eq!((plain("-"), address_error("-")), (None, FieldErrorKind::Missing));
    }

    #[test]
    fn the_shortcut_agrees_with_the_standard_library() {
        let pieces =
            ["", "0", "00", "1", "9", "10", "25", "26", "99", "199", "255", "256", "260", "999", "1000", "a", "1 "];
        for a in pieces {
            for b in pieces {
                for text in [
                    format!("{a}.{b}.1.2"),
                    format!("1.2.{a}.{b}"),
                    format!("{a}.{b}.{a}"),
                    format!("{a}.{b}.{a}.{b}"),
                    format!("{a}.{b}.{a}.{b}.{a}"),
                    format!("1.2.3.{a}.{b}"),
                ] {
                    assert_eq!(address(Piece::whole(&text)), plain(&text), "{text}");
                    for suffix in
                        [" 0.0.0.0.0.0.0.0", "0123456789012345", ".1.1.1.1.1.1.1.1", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"]
                    {
                        assert_eq!(
                            within_a_line(&text, suffix),
                            (text.parse().ok(), plain(&text)),
                            "{text:?}{suffix:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_byte_at_every_position_of_an_address() {
        for good in ["0.0.0.0", "203.0.113.12", "10.200.3.40", "255.255.255.255"] {
            for at in 0..good.len() {
                for byte in 0..0x80_u8 {
                    let text = format!("{}{}{}", &good[..at], char::from(byte), &good[at + 1..]);
                    let expected = (text.parse().ok(), plain(&text));
                    assert_eq!(within_a_line(&text, " and more of the line"), expected, "{text:?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(crate::fast::cases())]

        #[test]
        fn shortcut_and_plain_agree(
            text in prop_oneof![
                any::<Ipv4Addr>().prop_map(|address| address.to_string()),
                any::<IpAddr>().prop_map(|address| address.to_string()),
                "[0-9]{1,4}(\\.[0-9]{1,4}){2,4}",
                "[0-9a-f.:]{0,20}",
            ],
            suffix in "[ -~]{0,24}",
        ) {
            let expected = (if suffix.len() + text.len() < 16 { None } else { text.parse().ok() }, plain(&text));
            prop_assert_eq!(within_a_line(&text, &suffix), expected);
        }
    }
}
