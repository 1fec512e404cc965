//! Addresses, from bytes.

use std::net::{IpAddr, Ipv4Addr};

use wide::u8x16;

use crate::{split::Piece, unparsed::Why};

/// Reads an IPv4 or IPv6 address in the textual forms of RFC 4291; a zone id (RFC 4007) is not part of an address.
#[inline]
pub(crate) fn address(piece: Piece<'_>) -> Option<IpAddr> {
    match plain_ipv4(piece) {
        Some(address) => Some(IpAddr::V4(address)),
        None => any_address(piece.text()),
    }
}

/// The same, more slowly.
#[cold]
fn any_address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Says why [`address`] found none.
#[cold]
pub(crate) fn why_no_address(text: &str) -> Why {
    if text == "-" { Why::Missing } else { Why::NotAnAddress }
}

/// Reads four numbers without leading zeros, if there are 16 bytes to look at; declines everything else, which
/// [`any_address`] then decides.
///
/// The lengths of the four differ from line to line, so nothing here branches on them.
#[inline]
fn plain_ipv4(piece: Piece<'_>) -> Option<Ipv4Addr> {
    const PER_NUMBER: u64 = 0x0000_00ff_0000_00ff;
    let (window, len) = piece.window();
    let window = *window.first_chunk::<16>()?;
    if len >= window.len() {
        return None;
    }
    let window = u8x16::new(window);
    let dots = window.simd_eq(u8x16::splat(b'.')).to_bitmask();
    // One bit for each number's end, which the piece's end is too.
    let ends = dots & !(u32::MAX << len) | 1 << len;
    let layout = &LAYOUTS[Layout::place(ends)];
    let digits = (window ^ u8x16::splat(b'0')).shuffle(u8x16::new(layout.digits));
    let in_range = digits.max(u8x16::new(layout.least)).min(u8x16::splat(9)).simd_eq(digits).to_bitmask();
    // Two numbers side by side, each of the bytes 0, hundreds, tens and ones.
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

/// Where the digits of an IPv4 address are, for one way its four numbers can be long.
#[derive(Clone, Copy)]
struct Layout {
    /// A bit behind each number, by which this is recognised; 0 in a place that no layout has.
    ends: u32,
    /// For each number nothing and three digits, [`Layout::NONE`] before a shorter one.
    digits: [u8; 16],
    /// The least these may be: 1 at the begin of two or three.
    least: [u8; 16],
}

static LAYOUTS: [Layout; 256] = Layout::all();

impl Layout {
    /// What a shuffle makes a 0 of.
    const NONE: u8 = 0xff;

    /// Each of the 81 layouts has its own place in the table, which [`Layout::all`] makes sure of. The factor is that of
    /// D. Lemire's `sse_inet_aton`: <https://lemire.me/blog/2023/06/08/parsing-ip-addresses-crazily-fast/>.
    const fn place(ends: u32) -> usize {
        (ends.wrapping_mul(6639) >> 13) as usize % 256
    }

    const fn all() -> [Layout; 256] {
        let mut all = [Layout { ends: 0, digits: [0; 16], least: [0; 16] }; 256];
        let mut n = 0;
        while n < 81 {
            let layout = Layout::of([1 + n / 27, 1 + n / 9 % 3, 1 + n / 3 % 3, 1 + n % 3]);
            let place = Layout::place(layout.ends);
            assert!(all[place].ends == 0, "two layouts in one place");
            all[place] = layout;
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
    use super::*;

    #[test]
    fn addresses_of_both_families() {
        for good in ["0.0.0.0", "203.0.113.12", "::", "2001:db8::1", "::ffff:192.0.2.1", "2001:DB8:0:0:0:0:0:1"] {
            assert!(any_address(good).is_some(), "{good}");
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
            assert_eq!((any_address(bad), why_no_address(bad)), (None, Why::NotAnAddress), "{bad}");
        }
        assert_eq!((any_address("-"), why_no_address("-")), (None, Why::Missing));
    }

    #[test]
    fn the_quick_way_to_ipv4_agrees_with_the_standard_library() {
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
                    let expected = text.parse().ok();
                    assert_eq!(address(Piece::whole(&text)), expected.map(IpAddr::V4), "{text}");
                    for behind in
                        [" 0.0.0.0.0.0.0.0", "0123456789012345", ".1.1.1.1.1.1.1.1", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"]
                    {
                        let line = format!("{text}{behind}");
                        let piece = Piece::nth(&line, &[0, text.len() as u16 + 1], 0).unwrap();
                        assert_eq!(plain_ipv4(piece), expected, "{line:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_byte_at_every_place_of_an_address() {
        for good in ["0.0.0.0", "203.0.113.12", "10.200.3.40", "255.255.255.255"] {
            for at in 0..good.len() {
                for byte in 0..0x80_u8 {
                    let text = format!("{}{}{}", &good[..at], char::from(byte), &good[at + 1..]);
                    let line = format!("{text} and what follows it");
                    let piece = Piece::nth(&line, &[0, text.len() as u16 + 1], 0).unwrap();
                    assert_eq!(plain_ipv4(piece), text.parse().ok(), "{text:?}");
                    assert_eq!(address(piece), text.parse().ok(), "{text:?}");
                }
            }
        }
    }
}
