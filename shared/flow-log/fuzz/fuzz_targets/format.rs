//! Any text as formats: parsed formats print as they were written, and an error is one line.
#![no_main]

use flow_log::Formats;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Formats::parse(text) {
        Ok(formats) => assert_eq!(Formats::parse(&formats.to_string()), Ok(formats)),
        Err(error) => assert!(!error.to_string().contains(char::is_control)),
    }
});
