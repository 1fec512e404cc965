//! The inputs by name: files, directories and standard input, plain or gzip.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

/// Size of the buffers that files are read and inflated into. Larger than the default: fewer calls for each line.
const BUFFER_BYTES: usize = 256 * 1024;

/// Maximum depth of directories.
const MAX_DEPTH: usize = 32;

/// The first bytes of gzip data (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// One input, not opened yet.
#[derive(Debug)]
pub(super) struct Input {
    /// The name for messages.
    pub(super) name: String,
    /// The file; none for standard input.
    path: Option<PathBuf>,
}

/// Lists the inputs: files in the order given, the files of a directory by their path.
///
/// # Errors
/// A path that does not exist or cannot be listed, and `-` given twice.
pub(super) fn expand(paths: &[PathBuf]) -> Result<Vec<Input>, String> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            if inputs.iter().any(|input: &Input| input.path.is_none()) {
                return Err("standard input (-) is given twice".to_owned());
            }
            inputs.push(Input { name: "standard input".to_owned(), path: None });
        } else {
            add(path, 0, &mut inputs)?;
        }
    }
    Ok(inputs)
}

fn add(path: &Path, depth: usize, inputs: &mut Vec<Input>) -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot read {}: {error}", path.display());
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        inputs.push(Input { name: path.display().to_string(), path: Some(path.to_owned()) });
        return Ok(());
    }
    if depth == MAX_DEPTH {
        return Err(format!("{}: directories are nested more than {MAX_DEPTH} deep", path.display()));
    }
    let entries = fs::read_dir(path).map_err(failed)?;
    let mut entries: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>().map_err(failed)?;
    entries.sort();
    entries.iter().try_for_each(|entry| add(entry, depth + 1, inputs))
}

impl Input {
    /// Opens the input, and inflates it if its first bytes say that it is gzip.
    ///
    /// # Errors
    /// One line that names the input.
    pub(super) fn open(&self) -> Result<Box<dyn BufRead>, String> {
        let failed = |error: io::Error| format!("cannot read {}: {error}", self.name);
        let mut plain: Box<dyn BufRead> = match &self.path {
            Some(path) => Box::new(BufReader::with_capacity(BUFFER_BYTES, File::open(path).map_err(failed)?)),
            None => Box::new(BufReader::with_capacity(BUFFER_BYTES, io::stdin())),
        };
        let is_gzip = plain.fill_buf().map_err(failed)?.starts_with(&GZIP_MAGIC);
        Ok(if is_gzip { Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(plain))) } else { plain })
    }
}
