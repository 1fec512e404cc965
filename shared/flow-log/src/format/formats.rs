//! The formats that one log group can have.

use std::{fmt, sync::Arc};

use super::{FormatError, Keys, LogFormat, positions};
use crate::{Field, fast::split::FEW};

/// One or several declared formats, distinguished by their number of fields.
///
/// Several flow logs with different formats can write to one log group, and neither a record nor the subscription names its
/// format. [`Formats::read`] reads a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats {
    formats: Arc<[LogFormat]>,
    /// Whether none has more than [`FEW`] fields.
    pub(crate) are_short: bool,
}

impl Formats {
    /// Parses one format per line; empty lines are skipped.
    ///
    /// ```
    /// let formats = flow_log::Formats::parse("${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status} ${new-one}")?;
    /// assert_eq!(formats.unknown_fields().collect::<Vec<_>>(), ["new-one"]);
    ///
    /// let wrong = flow_log::Formats::parse("${srcaddr} ${dstaddr}").unwrap_err();
    /// assert_eq!(
    ///     wrong.to_string(),
    ///     "the format has no ${action}; it needs ${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status}",
    /// );
    /// # Ok::<(), flow_log::FormatError>(())
    /// ```
    ///
    /// # Errors
    /// Returns what is wrong and what is allowed.
    pub fn parse(text: &str) -> Result<Formats, FormatError> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Formats::new(lines.map(LogFormat::parse).collect::<Result<_, _>>()?)
    }

    /// Creates a set of parsed formats.
    ///
    /// # Errors
    /// Returns [`FormatError::Empty`] if there is no format, and [`FormatError::SameLength`] if two have the same number of fields.
    pub fn new(formats: Vec<LogFormat>) -> Result<Formats, FormatError> {
        for (i, format) in formats.iter().enumerate() {
            if formats.iter().take(i).any(|earlier| earlier.len() == format.len()) {
                return Err(FormatError::SameLength(format.len()));
            }
        }
        let are_short = formats.iter().all(|format| format.len() <= FEW);
        if formats.is_empty() { Err(FormatError::Empty) } else { Ok(Formats { formats: formats.into(), are_short }) }
    }

    /// Returns the formats in the order of their declaration.
    #[must_use]
    pub fn as_slice(&self) -> &[LogFormat] {
        &self.formats
    }

    /// Returns the names in all formats that [`Field`] does not have.
    pub fn unknown_fields(&self) -> impl Iterator<Item = &str> {
        self.formats.iter().flat_map(LogFormat::opaque)
    }

    pub(crate) fn with_len(&self, len: usize) -> Option<&LogFormat> {
        self.formats.iter().find(|format| format.len() == len)
    }
}

/// The default format of 14 fields:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html#flow-logs-default>.
impl Default for Formats {
    fn default() -> Self {
        let fields = Field::DEFAULT_FORMAT.map(Some).to_vec();
        let keys = Keys { protocol: 7, action: 12, log_status: 13 };
        let positions = positions(&fields);
        Formats { formats: [LogFormat { fields, opaque: Vec::new(), positions, keys }].into(), are_short: true }
    }
}

/// Prints the text that [`Formats::parse`] reads.
impl fmt::Display for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, format) in self.formats.iter().enumerate() {
            let line_break = if i == 0 { "" } else { "\n" };
            write!(f, "{line_break}{format}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: &str = "${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status}";

    #[test]
    fn the_default_format_parses_back_to_itself() {
        let text = Formats::default().to_string();
        assert_eq!(Formats::parse(&text), Ok(Formats::default()));
        assert!(text.starts_with("${version} ${account-id} ${interface-id} ${srcaddr} "));
        assert!(text.ends_with(" ${start} ${end} ${action} ${log-status}"));
    }

    #[test]
    fn formats_in_any_order_and_layout() {
        for (text, fields) in [
            (FIVE.to_owned(), &[5][..]),
            (format!("\n  {FIVE}  \r\n\n"), &[5]),
            (format!("{FIVE}\n{}", Formats::default()), &[5, 14]),
            (format!("${{tcp-flags}}\t{FIVE}   ${{next-hop-vpc-id}}"), &[7]),
        ] {
            let formats = Formats::parse(&text).unwrap();
            assert_eq!(formats.as_slice().iter().map(LogFormat::len).collect::<Vec<_>>(), fields, "{text:?}");
        }
    }
}
