//! Any bytes as an event, as base64 and as gzip: reading returns, and the payload is within the limit.
#![no_main]

use flow_log::Decoder;

const LIMIT_BYTES: usize = 1 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::new(LIMIT_BYTES);
    for way in [Decoder::decode, Decoder::decode_base64, Decoder::decode_gzip] {
        if let Ok(mut payload) = way(&mut decoder, bytes) {
            assert!(payload.inflated_bytes() <= LIMIT_BYTES);
            while let Ok(Some(_)) = payload.next_batch(|event| drop(event.system_fields())) {}
        }
    }
});
