//! Reads ahead on a thread of its own: gzip data is inflated while the lines before it are read.

use std::{
    io::{self, BufRead, Read},
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread,
};

/// Size of a chunk.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks of a reader: one is read, the others are filled or wait.
const CHUNKS: usize = 4;

/// A reader whose bytes come from another thread. The thread ends with its input, or when the reader is dropped and the chunk that it
/// fills is done.
#[derive(Debug)]
pub(super) struct Ahead {
    full: Receiver<io::Result<Vec<u8>>>,
    /// Takes back what was read, to be filled again.
    empty: Sender<Vec<u8>>,
    chunk: Vec<u8>,
    at: usize,
}

impl Ahead {
    /// Starts to read.
    pub(super) fn new(reader: impl Read + Send + 'static) -> Ahead {
        let (filled, full) = sync_channel(CHUNKS);
        let (empty, to_fill) = channel();
        for _ in 0..CHUNKS {
            // The receiver is in scope.
            let _ = empty.send(Vec::new());
        }
        thread::spawn(move || fill(reader, &to_fill, &filled));
        Ahead { full, empty, chunk: Vec::new(), at: 0 }
    }
}

/// Fills chunks until the input ends or nobody wants them.
fn fill(mut reader: impl Read, to_fill: &Receiver<Vec<u8>>, filled: &SyncSender<io::Result<Vec<u8>>>) {
    while let Ok(mut chunk) = to_fill.recv() {
        chunk.resize(CHUNK_BYTES, 0);
        let read = loop {
            match reader.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let is_last = !matches!(read, Ok(bytes) if bytes > 0);
        let sent = filled.send(read.map(|bytes| {
            chunk.truncate(bytes);
            chunk
        }));
        if is_last || sent.is_err() {
            return;
        }
    }
}

impl BufRead for Ahead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.chunk.len() {
            // No more chunks come after the end or an error.
            let next = self.full.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
            let done = std::mem::replace(&mut self.chunk, next);
            self.at = 0;
            // The thread has ended if it does not take it.
            let _ = self.empty.send(done);
        }
        Ok(self.chunk.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.chunk.len());
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives some bytes, and then an error or the end.
    struct Source(Vec<u8>, usize, bool);

    impl Read for Source {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let rest = &self.0[self.1..];
            if rest.is_empty() && self.2 {
                return Err(io::Error::other("torn"));
            }
            let bytes = rest.len().min(buffer.len()).min(100_001);
            buffer[..bytes].copy_from_slice(&rest[..bytes]);
            self.1 += bytes;
            Ok(bytes)
        }
    }

    #[test]
    fn the_bytes_come_in_order_and_then_the_end_or_the_error() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
        let mut read = Vec::new();
        Ahead::new(Source(bytes.clone(), 0, false)).read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        read.clear();
        let error = Ahead::new(Source(bytes.clone(), 0, true)).read_to_end(&mut read).unwrap_err();
        assert!(read == bytes && error.to_string() == "torn");
    }

    #[test]
    fn a_reader_that_is_dropped_ends_its_thread() {
        struct Endless(Sender<()>);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let _ = self.0.send(());
                Ok(buffer.len())
            }
        }
        let (ended, end) = channel();
        let mut ahead = Ahead::new(Endless(ended));
        assert_eq!(ahead.fill_buf().unwrap().len(), CHUNK_BYTES);
        drop(ahead);
        // It sends for each chunk, and its sender is dropped with it.
        assert!(end.iter().count() >= 1);
    }
}
