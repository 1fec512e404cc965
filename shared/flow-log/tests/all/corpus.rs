//! Runs the assertions of the fuzz targets on their seeds, without a fuzzer.

use std::fs;

use flow_log::{Decoder, Formats};

use crate::naive;

/// Returns the seeds of one target, of which there must be at least one.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let seeds: Vec<_> = files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
    assert!(!seeds.is_empty(), "{folder}");
    seeds
}

#[test]
fn each_envelope_is_read_by_exactly_one_method() {
    for (name, bytes) in seeds("envelope") {
        let ways = [Decoder::decode, Decoder::decode_base64, Decoder::decode_gzip];
        let read = ways.iter().filter(|way| {
            let mut decoder = Decoder::default();
            let Ok(mut payload) = way(&mut decoder, &bytes) else { return false };
            matches!(payload.next_batch(|_| ()), Ok(Some(_)))
        });
        assert_eq!(read.count(), 1, "{name}");
    }
}

#[test]
fn payloads_are_read_like_the_naive_reader() {
    for (name, bytes) in seeds("payload") {
        let text = String::from_utf8(bytes).unwrap();
        let found = naive::payload(&text);
        assert!(found.is_some(), "{name}");
        assert_eq!(found, naive::payload_naively(&text), "{name}");
    }
}

#[test]
fn lines_are_read_like_the_naive_reader() {
    for (name, bytes) in seeds("line") {
        let text = String::from_utf8(bytes).unwrap();
        let declared = text.split_once('\n').and_then(|(format, line)| Some((Formats::parse(format).ok()?, line)));
        let (formats, line) = declared.unwrap_or_else(|| (Formats::default(), &*text));
        assert_eq!(naive::read(&formats, line), naive::read_naively(&formats, line), "{name}");
    }
}

#[test]
fn printed_formats_parse_back_to_themselves() {
    for (name, bytes) in seeds("format") {
        let formats = Formats::parse(&String::from_utf8(bytes).unwrap()).unwrap();
        assert_eq!(Formats::parse(&formats.to_string()), Ok(formats), "{name}");
    }
}
