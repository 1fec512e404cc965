//! Emails as text files.

use std::{fs, path::PathBuf};

use alerting::time;

use crate::backtest::play::SentEmail;

/// A directory with a file for each email, named by time, so that a listing is the timeline.
#[derive(Debug)]
pub(crate) struct EmailFiles {
    directory: PathBuf,
    written: u64,
}

impl EmailFiles {
    /// Creates the directory.
    ///
    /// # Errors
    /// It cannot be created, or it is not empty: emails of another run would be among these.
    pub(crate) fn create(directory: PathBuf) -> Result<EmailFiles, String> {
        let failed = |error: std::io::Error| format!("cannot write to {}: {error}", directory.display());
        fs::create_dir_all(&directory).map_err(failed)?;
        if fs::read_dir(&directory).map_err(failed)?.next().is_some() {
            return Err(format!("--emails {}: the directory is not empty", directory.display()));
        }
        Ok(EmailFiles { directory, written: 0 })
    }

    /// Writes an email: the subject, an empty line and the body.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&mut self, email: &SentEmail) -> Result<(), String> {
        self.written += 1;
        let at = time::iso_millis(email.at).replace([':', '-'], "");
        let at = at.split('.').next().unwrap_or_default();
        let path = self.directory.join(format!("{at}Z-{:05}-{}.txt", self.written, email.kind.word()));
        let text = format!("Subject: {}\n\n{}\n", email.subject, email.body.trim_end());
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    }
}
