//! The minimum that any reader of events has to do.

use base64::Engine;

/// SIMD base64 and the fastest inflate, into preallocated buffers.
pub(crate) struct Floor {
    base64: base64::engine::Simd,
    inflate: libdeflater::Decompressor,
    compressed: Vec<u8>,
    inflated: Vec<u8>,
}

impl Floor {
    pub(crate) fn new() -> Self {
        Floor {
            base64: base64::engine::Simd::standard(base64::engine::GeneralPurposeConfig::new()),
            inflate: libdeflater::Decompressor::new(),
            compressed: vec![0; 8 << 20],
            inflated: vec![0; 64 << 20],
        }
    }

    pub(crate) fn run(&mut self, event: &[u8]) -> usize {
        let data = &event[br#"{"awslogs":{"data":""#.len()..event.len() - br#""}}"#.len()];
        let len = self.base64.decode_slice(data, &mut self.compressed).unwrap();
        self.inflate.gzip_decompress(&self.compressed[..len], &mut self.inflated).unwrap()
    }
}
