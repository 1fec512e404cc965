//! Checks that all texts of the repository state the number of fields that `flow-log` reads.

#![allow(
    clippy::unwrap_used,
    reason = "an error fails the test; the lint exempts test functions, but not their helpers"
)]

use std::fs;
use std::path::{Path, PathBuf};

use flow_log::Field;

/// The files and folders that state exactly once how many fields AWS documents.
const STATED_IN: [&str; 5] =
    ["README.md", "README.ja.md", "shared/flow-log/src", "shared/flow-log/testdata", "shared/alerting/src"];

/// The text before and after the number.
const CONTEXTS: [(&str, &str); 4] = [
    ("all ", " fields of version"),
    ("any of the ", " fields of version"),
    ("AWS documents ", ";"),
    ("全 ", " フィールド"),
];

/// Returns the numbers in these contexts, including those with a line break.
fn numbers(text: &str) -> Vec<usize> {
    let text = text.replace("\n/// ", " ").replace('\n', " ");
    let number = |rest: &str, after: &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[end..].starts_with(after).then(|| rest[..end].parse().ok())?
    };
    let of = |(before, after): (&str, &str)| -> Vec<usize> {
        text.match_indices(before).filter_map(|(at, _)| number(&text[at + before.len()..], after)).collect()
    };
    CONTEXTS.into_iter().flat_map(of).collect()
}

/// Returns the text files below a path, except build output.
fn texts(path: &Path) -> Vec<PathBuf> {
    match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if path.is_dir() && !name.starts_with('.') && name != "target" => {
            let entries = fs::read_dir(path).unwrap();
            entries.flat_map(|entry| texts(&entry.unwrap().path())).collect()
        }
        Some(name) if path.is_file() && [".md", ".rs", ".yaml"].iter().any(|end| name.ends_with(end)) => {
            vec![path.to_owned()]
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_text_states_the_number_of_fields_that_are_read() {
    let root = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let numbers = |path: &PathBuf| numbers(&fs::read_to_string(path).unwrap());
    for place in STATED_IN {
        let numbers: Vec<_> = texts(&root.join(place)).iter().flat_map(numbers).collect();
        assert_eq!(numbers, [Field::ALL.len()], "{place}");
    }
    for path in texts(&root) {
        let numbers = numbers(&path);
        assert!(numbers.iter().all(|&number| number == Field::ALL.len()), "{}: {numbers:?}", path.display());
    }
}
