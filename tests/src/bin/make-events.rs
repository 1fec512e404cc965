//! Generates `events/*.json` and the table in `events/README.md` from `events/src/*.json`.
//!
//! ```text
//! cargo run -p sample-events --bin make-events                  write what changed
//! cargo run -p sample-events --bin make-events -- --storm 20000 print a batch with this many records
//! ```
#![expect(clippy::print_stdout, reason = "a command line tool prints its result")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use sample_events::{Files, Source, event_json, storm, table};

const BEGIN: &str = "<!-- made by make-events -->\n";
const END: &str = "<!-- end -->\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => write(&events()),
        ["--storm", records] => print_storm(records),
        _ => Err("usage: make-events [--storm RECORDS]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make-events: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the directory of the events.
fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn write(dir: &Path) -> Result<(), Box<dyn Error>> {
    let generated = generated(dir)?;
    let existing = existing(dir)?;
    for (name, text) in generated.iter().filter(|(name, text)| existing.get(*name) != Some(*text)) {
        fs::write(dir.join(name), text)?;
        println!("wrote events/{name}");
    }
    for name in existing.keys().filter(|name| !generated.contains_key(*name)) {
        fs::remove_file(dir.join(name))?;
        println!("removed events/{name}: it has no source");
    }
    Ok(())
}

fn print_storm(records: &str) -> Result<(), Box<dyn Error>> {
    let records = records.parse().map_err(|_| format!("{records:?} is not a number of records"))?;
    print!("{}", event_json(&storm(records, 5_000, 1_795_401_120), None));
    Ok(())
}

/// Returns the files generated from the sources.
fn generated(dir: &Path) -> Result<Files, Box<dyn Error>> {
    let mut sources = BTreeMap::new();
    for (name, text) in json_files(&dir.join("src"))? {
        let source: Source = serde_json::from_str(&text).map_err(|error| format!("events/src/{name}: {error}"))?;
        if source.expected.is_some() == source.fails.is_some() {
            return Err(format!("events/src/{name}: set either expected or fails").into());
        }
        sources.insert(name, source);
    }
    let mut files: Files = sources.iter().map(|(name, source)| (name.clone(), source.event())).collect();
    let rows = sources.iter().map(|(name, source)| (name.trim_end_matches(".json"), source));
    files.insert("README.md".to_owned(), with_table(&fs::read_to_string(dir.join("README.md"))?, &table(rows))?);
    Ok(files)
}

/// Returns the existing files of `events/`.
fn existing(dir: &Path) -> Result<Files, Box<dyn Error>> {
    let mut files = json_files(dir)?;
    files.insert("README.md".to_owned(), fs::read_to_string(dir.join("README.md"))?);
    Ok(files)
}

fn json_files(dir: &Path) -> Result<Files, Box<dyn Error>> {
    let mut files = Files::new();
    for entry in fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("{}: not a name", name.display()))?;
        if name.ends_with(".json") {
            files.insert(name, fs::read_to_string(entry.path())?);
        }
    }
    Ok(files)
}

fn with_table(readme: &str, table: &str) -> Result<String, Box<dyn Error>> {
    let parts = readme.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or("events/README.md: the markers around the table are missing")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use sample_events::differences;

    #[test]
    fn the_committed_events_are_generated_from_their_sources() {
        let dir = super::events();
        let wrong = differences(&super::generated(&dir).unwrap(), &super::existing(&dir).unwrap());
        assert!(wrong.is_empty(), "{}\nrun `make events` and commit the result", wrong.join("\n"));
    }
}
