//! Inflates gzip (RFC 1952) into a reused buffer, bounded and checked. A single member is inflated at once with libdeflater.
//!
//! libdeflater inflates twice as fast as zlib-rs but needs the whole input and the length of the output, and does not report how
//! much of the input it used. So zlib-rs reads files, several members, and damaged data.

use flate2::{Decompress, FlushDecompress, Status};

use crate::{
    EnvelopeError, GzipFault,
    gzip::{TRAILER_BYTES, header_len},
};

type Result<T> = std::result::Result<T, EnvelopeError>;

/// Maximum compression ratio of deflate.
const MAX_RATIO: usize = 1032;

/// A buffer for inflated data and the state to fill it.
#[derive(Default)]
pub(crate) struct Inflater {
    libdeflater: libdeflater::Decompressor,
    /// Initialized up to its length.
    buffer: Vec<u8>,
    /// Number of bytes in the buffer that are inflated data.
    filled: usize,
}

impl Inflater {
    /// Clears the inflated data, and frees the buffer if it is larger than `keep_bytes`.
    pub(crate) fn clear(&mut self, keep_bytes: usize) {
        self.filled = 0;
        if self.buffer.len() > keep_bytes {
            self.buffer = Vec::new();
        }
    }

    pub(crate) fn inflated(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// Appends the inflated data of `gz`; `limit` bounds the length of everything inflated since [`Inflater::clear`].
    ///
    /// # Errors
    /// Too much data, or a fault in `gz`. The buffer may then contain a part of the data.
    pub(crate) fn append(&mut self, gz: &[u8], limit: usize) -> Result<()> {
        if let Some(length) = single_member(gz) {
            if length > limit - self.filled {
                return Err(EnvelopeError::TooLarge { limit });
            }
            if self.inflate_member(gz, length) {
                return Ok(());
            }
        }
        self.plain(gz, limit)
    }

    /// Inflates a member at once. Returns `false` if the length or the checksum differs from its trailer.
    fn inflate_member(&mut self, gz: &[u8], length: usize) -> bool {
        let end = self.filled + length;
        self.grow(end);
        let Some(output) = self.buffer.get_mut(self.filled..end) else {
            return false;
        };
        let inflated = self.libdeflater.gzip_decompress(gz, output) == Ok(length);
        if inflated {
            self.filled = end;
        }
        inflated
    }

    /// The plain twin: any number of members, and a reason for each fault. A first pass checks and measures, so that memory is
    /// allocated only for valid data within the limit.
    #[cold]
    fn plain(&mut self, gz: &[u8], limit: usize) -> Result<()> {
        let mut length = 0;
        let room = limit - self.filled;
        walk(gz, |piece| {
            length += piece.len();
            if length > room { Err(EnvelopeError::TooLarge { limit }) } else { Ok(()) }
        })?;
        self.grow(self.filled + length);
        walk(gz, |piece| {
            let end = self.filled + piece.len();
            if let Some(target) = self.buffer.get_mut(self.filled..end) {
                target.copy_from_slice(piece);
                self.filled = end;
            }
            Ok(())
        })
    }

    fn grow(&mut self, len: usize) {
        if self.buffer.len() >= len {
            return;
        }
        if self.filled == 0 {
            // Frees the old buffer first. New memory from the allocator is zero already, so nothing is copied or cleared.
            self.buffer = Vec::new();
            self.buffer = vec![0; len];
        } else {
            self.buffer.reserve_exact(len - self.buffer.len());
            self.buffer.resize(len, 0);
        }
    }
}

/// Returns the length of the inflated data of one member from start to end, which is what CloudWatch Logs sends; `None` if `gz` may be
/// something else.
///
/// libdeflater checks the trailer that follows the deflated data, and does not report where that is. The length is a part of it. If these
/// four bytes occur nowhere but at the end, the trailer is there too. Where they occur by chance, the plain twin returns the same.
fn single_member(gz: &[u8]) -> Option<usize> {
    let body = gz.get(header_len(gz).ok()?..)?;
    let deflated = body.len().checked_sub(TRAILER_BYTES)?;
    let bytes = body.last_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*bytes)).ok()?;
    let is_at_the_end = memchr::memmem::find(body, bytes) == Some(body.len() - bytes.len());
    (is_at_the_end && length <= deflated.saturating_mul(MAX_RATIO)).then_some(length)
}

/// Inflates all members piece by piece and checks each one.
fn walk(gz: &[u8], mut on_piece: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    const PIECE_BYTES: usize = 32 * 1024;
    let mut piece = vec![0; PIECE_BYTES];
    let mut at = 0;
    loop {
        let member = gz.get(at..).unwrap_or_default();
        let fault = |offset: usize, what| EnvelopeError::Gzip { at: at + offset, what };
        let header = header_len(member).map_err(|what| {
            // The first bytes distinguish a damaged member from other data after the last member.
            let follows = at > 0 && what == GzipFault::NotGzip;
            fault(0, if follows { GzipFault::TrailingBytes } else { what })
        })?;

        let mut inflate = Decompress::new(false);
        let mut checksum = flate2::Crc::new();
        let consumed = loop {
            let consumed = header + inflate.total_in() as usize;
            let before = inflate.total_out();
            let input = member.get(consumed..).unwrap_or_default();
            let status = inflate
                .decompress(input, &mut piece, FlushDecompress::None)
                .map_err(|_| fault(header + inflate.total_in() as usize, GzipFault::Deflate))?;
            let output = piece.get(..(inflate.total_out() - before) as usize).unwrap_or_default();
            checksum.update(output);
            on_piece(output)?;
            let now = header + inflate.total_in() as usize;
            if status == Status::StreamEnd {
                break now;
            }
            if output.is_empty() && now == consumed {
                return Err(fault(now, GzipFault::CutOff));
            }
        };

        let Some(&[a, b, c, d, e, f, g, h]) = member.get(consumed..).and_then(<[u8]>::first_chunk) else {
            return Err(fault(member.len(), GzipFault::CutOff));
        };
        if checksum.sum() != u32::from_le_bytes([a, b, c, d]) {
            return Err(fault(consumed, GzipFault::Checksum));
        }
        if checksum.amount() != u32::from_le_bytes([e, f, g, h]) {
            return Err(fault(consumed + 4, GzipFault::Length));
        }
        at += consumed + TRAILER_BYTES;
        if at == gz.len() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Returns the data as `way` inflates it.
    fn inflated(gz: &[u8], way: impl FnOnce(&mut Inflater, &[u8]) -> Result<()>) -> Result<Vec<u8>> {
        let mut inflater = Inflater::default();
        way(&mut inflater, gz).map(|()| inflater.inflated().to_vec())
    }

    const LIMIT: usize = 4000;

    fn both(gz: &[u8]) -> [Result<Vec<u8>>; 2] {
        [
            inflated(gz, |inflater, gz| inflater.append(gz, LIMIT)),
            inflated(gz, |inflater, gz| inflater.plain(gz, LIMIT)),
        ]
    }

    /// Whatever bytes the compressed data has by chance: of 400 kB, one batch in forty has those that begin a member.
    #[test]
    fn one_member_is_inflated_at_once() {
        let text = [b"from ".as_slice(), &[0x1f, 0x8b, 8, 0], b" to"].concat();
        let gz = gzip(&text, 0);
        assert_eq!(single_member(&gz), Some(text.len()));
        assert_eq!(inflated(&gz, |inflater, gz| inflater.append(gz, LIMIT)).unwrap(), text);
    }

    #[test]
    fn what_is_more_than_one_member_is_not() {
        let (one, other) = (gzip(b"rejected", 6), gzip(b"accepted", 6));
        let trailer = &one[one.len() - TRAILER_BYTES..];
        let garbage: &[u8] = &[0; 9];
        for parts in [[&*one, &one, &[]], [&one, &other, &[]], [&one, trailer, &[]], [&one, garbage, trailer]] {
            let gz = parts.concat();
            assert_eq!(single_member(&gz), None);
            let [fast, plain] = both(&gz);
            assert_eq!(fast, plain);
        }
        // Of different lengths, the last one's is no length of the first.
        let gz = [&*one, &gzip(b"no", 6)].concat();
        let [fast, plain] = both(&gz);
        assert_eq!((fast, single_member(&gz)), (plain, Some(2)));
    }

    proptest! {
        #![proptest_config(crate::fast::cases())]

        #[test]
        fn shortcut_and_plain_agree(text in "([a-z]{1,9} ?){0,400}", level in 0..10_u32, again in any::<bool>()) {
            let gz = gzip(text.as_bytes(), level).repeat(1 + usize::from(again));
            prop_assert!(!(again && single_member(&gz).is_some()));
            let [fast, plain] = both(&gz);
            prop_assert_eq!(fast, plain);
        }

        #[test]
        fn shortcut_and_plain_agree_on_damaged_data(
            text in "([a-z]{1,9} ?){0,99}", at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in 0..10_usize,
        ) {
            let mut gz = gzip(text.as_bytes(), 6);
            let at = at.index(gz.len());
            gz[at] ^= byte;
            gz.truncate(gz.len() - cut);
            let [fast, plain] = both(&gz);
            // A length above the limit is rejected before anything is inflated, whatever else is wrong.
            let rejected = fast == Err(EnvelopeError::TooLarge { limit: LIMIT }) && plain.is_err();
            prop_assert!(rejected || fast == plain, "{:?} {:?}", fast, plain);
        }
    }
}
