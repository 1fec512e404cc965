//! Gzip (RFC 1952) into a reused buffer, bounded and checked.

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::{EnvelopeError, GzipFault};

type Result<T> = std::result::Result<T, EnvelopeError>;

const MAGIC: &[u8] = &[0x1f, 0x8b, 8];
const TRAILER_BYTES: usize = 8;
/// The most that deflate can make of one byte.
const MAX_RATIO: usize = 1032;

/// A buffer and what is needed to fill it.
#[derive(Default)]
pub(crate) struct Inflater {
    fast: libdeflater::Decompressor,
    /// Initialised up to its length; what is inflated so far is `filled`.
    buffer: Vec<u8>,
    filled: usize,
}

impl Inflater {
    /// Forgets what was inflated, and the buffer if it is larger than `keep_bytes`.
    pub(crate) fn clear(&mut self, keep_bytes: usize) {
        self.filled = 0;
        if self.buffer.len() > keep_bytes {
            self.buffer = Vec::new();
        }
    }

    pub(crate) fn inflated(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// Inflates all of `gz` after what is there; `limit` bounds both together.
    pub(crate) fn append(&mut self, gz: &[u8], limit: usize) -> Result<()> {
        if let Some(member) = single_member(gz) {
            if member.length > limit - self.filled {
                return Err(EnvelopeError::TooLarge { limit });
            }
            if self.inflate_member(&member) {
                return Ok(());
            }
        }
        self.inflate_carefully(gz, limit)
    }

    /// Inflates at full speed; `false` if anything is not as its trailer says.
    fn inflate_member(&mut self, member: &Member<'_>) -> bool {
        let end = self.filled + member.length;
        self.grow(end);
        let Some(output) = self.buffer.get_mut(self.filled..end) else {
            return false;
        };
        let inflated = self.fast.deflate_decompress(member.deflated, output) == Ok(member.length);
        if inflated && libdeflater::crc32(output) == member.checksum {
            self.filled = end;
            return true;
        }
        false
    }

    /// The slow way for everything unusual: several members, or something wrong that deserves a name. A first walk
    /// checks and measures, so that memory is taken only for what is sound and within the limit.
    #[cold]
    fn inflate_carefully(&mut self, gz: &[u8], limit: usize) -> Result<()> {
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
            // A new zeroed buffer comes from the allocator as it is: nothing to copy or to clear. The old one goes first.
            self.buffer = Vec::new();
            self.buffer = vec![0; len];
        } else {
            self.buffer.reserve_exact(len - self.buffer.len());
            self.buffer.resize(len, 0);
        }
    }
}

/// Data that looks like one gzip member from begin to end.
struct Member<'a> {
    deflated: &'a [u8],
    checksum: u32,
    length: usize,
}

/// Takes the data for one member, as CloudWatch Logs sends it; `None` if it may be something else.
///
/// The inflater does not tell where in its input it stopped. So this declines if another member could start anywhere:
/// two equal members would agree with the last one's trailer. The three bytes may occur by chance; then the slow way
/// finds the same.
fn single_member(gz: &[u8]) -> Option<Member<'_>> {
    let body = gz.get(header_len(gz).ok()?..)?;
    let (deflated, trailer) = body.split_last_chunk::<TRAILER_BYTES>()?;
    let [a, b, c, d, length @ ..] = *trailer;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    if length > deflated.len().saturating_mul(MAX_RATIO) || memchr::memmem::find(body, MAGIC).is_some() {
        return None;
    }
    Some(Member { deflated, checksum: u32::from_le_bytes([a, b, c, d]), length })
}

/// Walks over all members, piece by piece, and checks each one.
fn walk(gz: &[u8], mut on_piece: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    const PIECE_BYTES: usize = 32 * 1024;
    let mut piece = vec![0; PIECE_BYTES];
    let mut at = 0;
    loop {
        let member = gz.get(at..).unwrap_or_default();
        let fault = |offset: usize, what| EnvelopeError::Gzip { at: at + offset, what };
        let header = header_len(member).map_err(|what| {
            // The first bytes decide what it is: gzip that is damaged, or something behind it.
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

/// The length of a member's header, RFC 1952 section 2.3.
fn header_len(gz: &[u8]) -> std::result::Result<usize, GzipFault> {
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
        let computed = libdeflater::crc32(gz.get(..at).unwrap_or_default()).to_le_bytes();
        if !computed.starts_with(&stored) {
            return Err(GzipFault::Header);
        }
        at += 2;
    }
    rest(at).map(|_| at)
}
