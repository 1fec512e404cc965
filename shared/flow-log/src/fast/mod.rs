//! Shortcuts, each in one file with the plain code that it replaces.
//!
//! A shortcut handles the usual input and returns `None` for everything else; the plain code then decides. Both accept the
//! same input and find the same, which a test in each file holds on random input. The rest of the crate calls one name
//! per file and does not know which of the two answered.
//!
//! A shortcut stays only if some row of `cargo bench --bench batch` is 5 % slower without it. Measured in one run on
//! x86-64 (Haswell instructions), 1,000 records, slowdown without the shortcut:
//!
//! | shortcut | replaced by | batch, 2 % rejected pings | batch, all rejected pings | every field, version 5 |
//! |---|---|---|---|---|
//! | [`inflate`]: libdeflater | zlib-rs | 147 % | 105 % | 124 % |
//! | [`split`]: starts of single-spaced fields | `split_ascii_whitespace` | 149 % | 182 % | 228 % |
//! | [`log_event`]: the layout that CloudWatch Logs writes | the JSON reader | 63 % | 48 % | 36 % |
//! | [`scan`]: ends of strings, 64 bytes at a time | a loop | 52 % | 39 % | 52 % |
//! | [`scan`]: the same | `memchr2` | 15 % | 11 % | 8 % |
//! | [`scan`]: spaces, 64 bytes at a time | a loop | 20 % | 15 % | 23 % |
//! | [`address`]: IPv4 in one shuffle | `str::parse` | 1 % | 13 % | 16 % |
//! | [`number`]: eight digits at a time | a loop | 1 % | 2 % | 8 % |
//! | [`base64`]: the SIMD engine | the portable engine | 7 % | 3 % | 4 % |
//!
//! Measured the same way and removed, at 3 % or less: simdutf8 instead of `std::str::from_utf8`, a search for the fixed
//! text around the data of an event instead of the JSON reader, eight digits at a time for timestamps, a smaller table
//! for formats with few fields.

pub(crate) mod address;
pub(crate) mod base64;
pub(crate) mod event;
pub(crate) mod inflate;
pub(crate) mod log_event;
pub(crate) mod number;
pub(crate) mod scan;
pub(crate) mod split;
