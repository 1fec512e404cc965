//! Any text as a payload: the quick way finds what the naive one does.
#![no_main]

#[allow(dead_code)]
#[path = "../../tests/all/naive.rs"]
mod naive;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (found, expected) = (naive::payload(text), naive::payload_naively(text));
    // What the two are known to differ in: lone surrogates, and how deep is too deep.
    if !text.contains("\\u") && text.matches(['[', '{']).count() < 60 {
        assert_eq!(found, expected);
    }
});
