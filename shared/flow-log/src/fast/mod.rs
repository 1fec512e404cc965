//! Shortcuts, each in one file with the plain code that it replaces.
//!
//! A shortcut handles the usual input and returns `None` for everything else; the plain code then decides. Where both return a
//! result it is the same, which a test in each file checks with random input. The rest of the crate calls one name per file and
//! does not know which of the two was used.
//!
//! The table shows the slowdown of a batch of 1,000 records without each shortcut. All variants were measured in turn in one run,
//! on x86-64 with the instructions of Haswell.
//!
//! | shortcut | replaced by | 2 % rejected pings | all rejected pings | every field, version 5 |
//! |---|---|---|---|---|
//! | [`inflate`]: libdeflater | zlib-rs | 147 % | 105 % | 124 % |
//! | [`split`]: all starts of a single-spaced line | `split_ascii_whitespace` | 149 % | 182 % | 228 % |
//! | [`log_event`]: the layout that CloudWatch Logs writes | the JSON reader | 63 % | 48 % | 36 % |
//! | [`scan`]: ends of strings, 64 bytes at a time | a loop | 52 % | 39 % | 52 % |
//! | [`scan`]: the same | `memchr2` | 15 % | 11 % | 8 % |
//! | [`scan`]: spaces, 64 bytes at a time | a loop | 20 % | 15 % | 23 % |
//! | [`address`]: IPv4 in one shuffle | `str::parse` | 1 % | 13 % | 16 % |
//! | [`number`]: eight digits at a time | a loop | 1 % | 2 % | 8 % |
//! | [`base64`]: the SIMD engine | the portable engine | 7 % | 3 % | 4 % |
//! | [`event`] and the smaller table for short formats | the JSON reader, one table | 3 % (every field: 6 %) | 2 % | 3 % |
//!
//! The decoder checks the payload with simdutf8; `std::str::from_utf8` would make it 1 % to 3 % slower. A separate reader for the
//! 13 digits of a timestamp gained 2 % or less and was removed.
//!
//! Two inflaters are needed: zlib-rs reads files, which are streams, and several members; libdeflater reads the single member of
//! an event in half the time.

pub(crate) mod address;
pub(crate) mod base64;
pub(crate) mod event;
pub(crate) mod inflate;
pub(crate) mod log_event;
pub(crate) mod number;
pub(crate) mod scan;
pub(crate) mod split;

/// Returns the configuration of the property tests.
#[cfg(test)]
fn cases() -> proptest::test_runner::Config {
    proptest::test_runner::Config { failure_persistence: None, ..Default::default() }
}
