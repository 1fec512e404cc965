//! Any text as a line: the crate agrees with the naive reader. The first line of the text may declare the format.
#![no_main]

#[allow(dead_code)]
#[path = "../../tests/all/naive.rs"]
mod naive;

use flow_log::Formats;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let declared = text.split_once('\n').and_then(|(format, line)| Some((Formats::parse(format).ok()?, line)));
    let (formats, line) = declared.unwrap_or_else(|| (Formats::default(), text));
    assert_eq!(naive::read(&formats, line), naive::read_naively(&formats, line));
});
