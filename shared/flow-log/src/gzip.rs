//! The frame of gzip data (RFC 1952): a header, deflated data, and a trailer, once or several times.

use crate::GzipFault;

/// The first bytes of a member: gzip, deflate.
pub(crate) const MAGIC: &[u8] = &[0x1f, 0x8b, 8];

/// The checksum and the length, 32 bits each, that follow the deflated data.
pub(crate) const TRAILER_BYTES: usize = 8;

/// Returns the length of the header at the start of a member, section 2.3.
pub(crate) fn header_len(gz: &[u8]) -> Result<usize, GzipFault> {
    const HEADER_CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const RESERVED: u8 = 0xe0;
    const FIXED_BYTES: usize = 10;

    let magic = gz.get(..MAGIC.len().min(gz.len())).unwrap_or_default();
    if !MAGIC.starts_with(magic) || magic.is_empty() {
        return Err(GzipFault::NotGzip);
    }
    let &flags = gz.get(3).ok_or(GzipFault::CutOff)?;
    if flags & RESERVED != 0 {
        return Err(GzipFault::Header);
    }
    let rest = |at: usize| gz.get(at..).ok_or(GzipFault::CutOff);
    let mut at = FIXED_BYTES;
    if flags & EXTRA != 0 {
        let &[low, high] = rest(at)?.first_chunk().ok_or(GzipFault::CutOff)?;
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += 1 + memchr::memchr(0, rest(at)?).ok_or(GzipFault::CutOff)?;
        }
    }
    if flags & HEADER_CRC != 0 {
        let &stored = rest(at)?.first_chunk::<2>().ok_or(GzipFault::CutOff)?;
        let mut computed = flate2::Crc::new();
        computed.update(gz.get(..at).unwrap_or_default());
        if !computed.sum().to_le_bytes().starts_with(&stored) {
            return Err(GzipFault::Header);
        }
        at += 2;
    }
    rest(at).map(|_| at)
}
