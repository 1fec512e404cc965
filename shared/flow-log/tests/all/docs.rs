//! What the texts of the repository say about the fields is what the crate knows.

use std::fs;
use std::path::{Path, PathBuf};

use flow_log::Field;

/// The texts that say how many fields AWS documents.
const TEXTS: [&str; 5] = [
    "README.md",
    "README.ja.md",
    "shared/flow-log/src/format.rs",
    "shared/flow-log/testdata/README.md",
    "shared/alerting/src/detect.rs",
];

/// What stands around the number there.
const SAYINGS: [(&str, &str); 4] = [
    ("all ", " fields of version"),
    ("any of the ", " fields of version"),
    ("AWS documents ", ";"),
    ("全 ", " フィールド"),
];

/// Every number that a text has in such a place, also where a line is broken.
fn numbers(text: &str) -> Vec<usize> {
    let text = text.replace("\n/// ", " ").replace('\n', " ");
    let number = |rest: &str, after: &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[end..].starts_with(after).then(|| rest[..end].parse().ok())?
    };
    let of = |(before, after): (&str, &str)| -> Vec<usize> {
        text.match_indices(before).filter_map(|(at, _)| number(&text[at + before.len()..], after)).collect()
    };
    SAYINGS.into_iter().flat_map(of).collect()
}

/// The texts of a folder of the repository, without what is made by building.
fn texts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if path.is_dir() && !name.starts_with('.') && name != "target" => texts(&path),
        Some(name) if path.is_file() && [".md", ".rs", ".yaml"].iter().any(|end| name.ends_with(end)) => vec![path],
        _ => Vec::new(),
    };
    entries.flat_map(of).collect()
}

#[test]
fn every_text_says_the_number_of_fields_that_the_crate_knows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in TEXTS {
        let text = fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(numbers(&text), [Field::ALL.len()], "{name}");
    }
    for path in texts(&root) {
        let numbers = numbers(&fs::read_to_string(&path).unwrap());
        assert!(numbers.iter().all(|&number| number == Field::ALL.len()), "{}: {numbers:?}", path.display());
    }
}
