//! The inputs by name: files, directories, standard input and text, plain or gzip.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use alerting::text::one_line;
use flate2::bufread::MultiGzDecoder;

use super::{ahead::Ahead, progress::Progress};

/// Maximum number of inputs. Each takes some 250 bytes while it waits.
const MAX_INPUTS: usize = 300_000;
/// Maximum depth of directories.
const MAX_DEPTH: usize = 32;
/// Characters shown of a path.
const MAX_NAME_CHARS: usize = 500;
/// Files of this size are inflated on a thread of their own. For smaller ones the thread costs more than it saves.
const AHEAD_FILE_BYTES: u64 = 1 << 20;

/// The first bytes of gzip data (RFC 1952, 2.3.1).
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// The first bytes of a Parquet file (<https://parquet.apache.org/docs/file-format/>).
const PARQUET_MAGIC: &[u8] = b"PAR1";
/// What an export task of CloudWatch Logs writes into the bucket before it begins.
const EXPORT_TEST_FILE: &str = "aws-logs-write-test";

/// One input, not opened yet.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A file, with its size.
    File(Box<Path>, u64),
    /// A pipe or a device, which can be opened once.
    Pipe(Box<Path>),
    /// Standard input.
    Stdin,
    /// Text that is no file, such as an argument, with its name.
    Text(&'static str, Arc<[u8]>),
}

/// How an input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Only its beginning.
    Peek,
    /// One of few: with large buffers, which cost fewer calls for each line, and inflated ahead.
    Wide,
    /// One of many: with small buffers.
    Narrow,
}

/// Lists the inputs: files in the order given, the files of a directory by their path.
///
/// # Errors
/// A path that does not exist or cannot be listed, and `-` given twice.
pub(crate) fn expand(paths: &[PathBuf]) -> Result<Vec<Input>, String> {
    expand_up_to(MAX_INPUTS, paths)
}

fn expand_up_to(max: usize, paths: &[PathBuf]) -> Result<Vec<Input>, String> {
    let mut inputs: Vec<Input> = Vec::new();
    for path in paths {
        if path != Path::new("-") {
            add(path, 0, max, &mut inputs)?;
        } else if inputs.iter().any(|input| matches!(input, Input::Stdin)) {
            return Err("standard input (-) is given twice".to_owned());
        } else {
            inputs.push(Input::Stdin);
        }
    }
    Ok(inputs)
}

fn add(path: &Path, depth: usize, max: usize, inputs: &mut Vec<Input>) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot read {}: {error}", path.display());
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        if inputs.len() == max {
            return Err(format!(
                "more than {max} files; read fewer at once, such as those of one account or of some months"
            ));
        }
        inputs.push(if metadata.is_file() {
            Input::File(path.into(), metadata.len())
        } else {
            Input::Pipe(path.into())
        });
        return Ok(());
    }
    if depth == MAX_DEPTH {
        return Err(format!("{}: directories are nested more than {MAX_DEPTH} deep", path.display()));
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(b".") && name != EXPORT_TEST_FILE {
            entries.push(entry.path());
        }
    }
    entries.sort();
    entries.iter().try_for_each(|entry| add(entry, depth + 1, max, inputs))
}

impl Input {
    /// The name for messages.
    pub(super) fn name(&self) -> String {
        match self {
            Input::File(path, _) | Input::Pipe(path) => {
                one_line(&path.display().to_string(), MAX_NAME_CHARS).into_owned()
            }
            Input::Stdin => "standard input".to_owned(),
            Input::Text(name, _) => (*name).to_owned(),
        }
    }

    /// The size of a file.
    pub(super) fn file_bytes(&self) -> Option<u64> {
        if let Input::File(_, bytes) = self { Some(*bytes) } else { None }
    }

    /// Whether the input can be opened twice.
    pub(super) fn can_be_peeked(&self) -> bool {
        matches!(self, Input::File(..) | Input::Text(..))
    }

    /// Opens the input, and inflates it if its first bytes say that it is gzip.
    ///
    /// # Errors
    /// One line that names the input.
    pub(super) fn open(&self, reading: Reading, progress: &Progress) -> Result<Box<dyn BufRead + Send>, String> {
        let failed = |error: io::Error| format!("cannot read {}: {error}{}", self.name(), advice(&error));
        let open = |path: &Path| Ok::<_, String>(progress.count(File::open(path).map_err(failed)?));
        match self {
            Input::File(path, bytes) => {
                let is_ahead = reading == Reading::Wide && *bytes >= AHEAD_FILE_BYTES;
                inflated(open(path)?, (reading, is_ahead))
            }
            Input::Pipe(path) => inflated(open(path)?, (reading, true)),
            Input::Stdin => inflated(io::stdin(), (reading, true)),
            Input::Text(_, text) => inflated(Cursor::new(Arc::clone(text)), (reading, false)),
        }
        .map_err(failed)
    }
}

/// Returns what is read as it is, or inflated.
fn inflated(
    reader: impl Read + Send + 'static,
    (reading, is_ahead): (Reading, bool),
) -> io::Result<Box<dyn BufRead + Send>> {
    let capacity = reading.buffer_bytes();
    let mut plain = BufReader::with_capacity(capacity, reader);
    let start = plain.fill_buf()?;
    if start.starts_with(PARQUET_MAGIC) {
        return Err(io::Error::other(
            "a Parquet file; only text is read: publish the flow log as plain text, or export the records with Athena",
        ));
    }
    if !start.starts_with(GZIP_MAGIC) {
        return Ok(Box::new(plain));
    }
    let inflating = MultiGzDecoder::new(plain);
    Ok(if is_ahead { Box::new(Ahead::new(inflating)) } else { Box::new(BufReader::with_capacity(capacity, inflating)) })
}

/// What to do about an error of the system.
fn advice(error: &io::Error) -> &'static str {
    /// `EMFILE` of Linux, the BSDs and macOS.
    const TOO_MANY_OPEN_FILES: i32 = 24;
    if error.raw_os_error() == Some(TOO_MANY_OPEN_FILES) { "; allow more with ulimit -n 1024" } else { "" }
}

impl Reading {
    /// The size of a buffer; there is one before and one after inflating.
    const fn buffer_bytes(self) -> usize {
        match self {
            Reading::Peek => 4 << 10,
            Reading::Narrow => 16 << 10,
            Reading::Wide => 256 << 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_files_than_memory_is_there_for() {
        let sources = [Path::new(env!("CARGO_MANIFEST_DIR")).join("src/records")];
        let files = expand(&sources).unwrap();
        assert!(files.len() > 5 && files.iter().all(|file| matches!(file, Input::File(_, bytes) if *bytes > 0)));
        assert_eq!(expand_up_to(files.len(), &sources).unwrap().len(), files.len());
        let error = expand_up_to(files.len() - 1, &sources).unwrap_err();
        assert!(error.starts_with("more than ") && error.contains("read fewer at once"), "{error}");
    }
}
