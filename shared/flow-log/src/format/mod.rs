//! Declared formats: the meaning of the fields in a line. A format is never guessed from a line.

mod error;
mod formats;

use std::fmt;

use crate::Field;

pub use error::FormatError;
pub use formats::Formats;

/// The maximum number of fields in a format. AWS documents 54; the rest is reserved for fields that it adds.
pub const MAX_FIELDS: usize = 96;

const ABSENT: u8 = u8::MAX;

/// The fields that every format needs, because without them a record does not say what was accepted or rejected.
const REQUIRED: [Field; 5] = [Field::Action, Field::Protocol, Field::SrcAddr, Field::DstAddr, Field::LogStatus];

/// One declared format: the fields of a line, in their order.
///
/// The text form is that of `LogFormat` in `AWS::EC2::FlowLog`:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-flowlog.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFormat {
    /// `None` stands for a name that [`Field`] does not have.
    fields: Vec<Option<Field>>,
    /// The names that [`Field`] does not have, in their order.
    opaque: Vec<Box<str>>,
    /// The position of each field, or [`ABSENT`].
    positions: [u8; Field::COUNT],
    /// The positions of the fields that are checked in every line.
    pub(crate) keys: Keys,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) log_status: usize,
    pub(crate) action: usize,
    pub(crate) protocol: usize,
}

impl LogFormat {
    /// Parses one format: `${field}`s separated by white space.
    ///
    /// # Errors
    /// Returns what is wrong and what is allowed.
    pub fn parse(text: &str) -> Result<LogFormat, FormatError> {
        LogFormat::from_names(text.split_whitespace().map(|token| {
            let name = token.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            name.filter(|name| is_name(name)).ok_or_else(|| FormatError::NotAField(shown(token)))
        }))
    }

    /// Parses the header line of a file in S3: the names of the fields, separated by spaces.
    ///
    /// # Errors
    /// Returns what is wrong and what is allowed.
    pub fn from_header(line: &str) -> Result<LogFormat, FormatError> {
        LogFormat::from_names(
            line.split_ascii_whitespace()
                .map(|name| if is_name(name) { Ok(name) } else { Err(FormatError::NotAField(shown(name))) }),
        )
    }

    fn from_names<'n>(names: impl Iterator<Item = Result<&'n str, FormatError>>) -> Result<LogFormat, FormatError> {
        let mut fields = Vec::with_capacity(Field::DEFAULT_FORMAT.len());
        let mut opaque: Vec<Box<str>> = Vec::new();
        for name in names {
            let name = name?;
            let field = Field::from_name(name);
            if (field.is_some() && fields.contains(&field)) || opaque.iter().any(|known| **known == *name) {
                return Err(FormatError::Twice(shown(name)));
            }
            if fields.len() == MAX_FIELDS {
                return Err(FormatError::TooManyFields);
            }
            if field.is_none() {
                opaque.push(name.into());
            }
            fields.push(field);
        }
        if fields.is_empty() {
            return Err(FormatError::Empty);
        }
        let positions = positions(&fields);
        let find = |field: Field| match positions[field as usize] {
            ABSENT => Err(FormatError::Missing(field)),
            at => Ok(usize::from(at)),
        };
        for field in REQUIRED {
            find(field)?;
        }
        let keys = Keys {
            log_status: find(Field::LogStatus)?,
            action: find(Field::Action)?,
            protocol: find(Field::Protocol)?,
        };
        Ok(LogFormat { fields, opaque, positions, keys })
    }

    /// Returns the number of fields.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a format has at least one field")]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns the position of a field, from 0, or `None` if the format does not have it.
    #[must_use]
    #[inline]
    pub fn position(&self, field: Field) -> Option<usize> {
        match self.positions[field as usize] {
            ABSENT => None,
            at => Some(usize::from(at)),
        }
    }

    /// Returns the fields in their order; `None` stands for a name that [`Field`] does not have.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Option<Field>> {
        self.fields.iter().copied()
    }

    /// Returns the names that [`Field`] does not have, in their order. Their values are not read.
    pub fn opaque(&self) -> impl Iterator<Item = &str> {
        self.opaque.iter().map(|name| &**name)
    }

    /// Returns the names of all fields in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut opaque = self.opaque();
        self.fields.iter().filter_map(move |field| field.map_or_else(|| opaque.next(), |field| Some(field.name())))
    }

    /// Returns the position of the field with this name, even if [`Field`] does not have it.
    #[must_use]
    pub fn position_of_name(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }
}

/// Prints the text that [`LogFormat::parse`] reads.
impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}${{{name}}}")?;
        }
        Ok(())
    }
}

/// Returns the position of each field, or [`ABSENT`].
fn positions(fields: &[Option<Field>]) -> [u8; Field::COUNT] {
    let mut positions = [ABSENT; Field::COUNT];
    // A format has fewer fields than `u8::MAX`.
    for (at, field) in (0..ABSENT).zip(fields) {
        if let Some(field) = field {
            positions[*field as usize] = at;
        }
    }
    positions
}

/// Returns whether a text has only letters, digits and the punctuation of AWS's names. Such a text cannot end a line or a
/// placeholder.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:@".contains(&b))
}

/// Escapes a part of the input for an error and shortens it to fit in one line.
fn shown(text: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    let more = if text.chars().nth(SHOWN_CHARS).is_some() { "..." } else { "" };
    text.chars().take(SHOWN_CHARS).flat_map(char::escape_default).chain(more.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_known_and_unknown_fields() {
        let format = LogFormat::parse("${new-2} ${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status}").unwrap();
        assert_eq!(format.position(Field::Protocol), Some(2));
        assert_eq!(format.position(Field::Bytes), None);
        assert_eq!(format.position_of_name("new-2"), Some(0));
        assert_eq!(format.fields().next(), Some(None));
    }

    #[test]
    fn a_header_line_names_the_same_fields() {
        let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
        assert_eq!(LogFormat::from_header(header).unwrap(), Formats::default().as_slice()[0]);
    }
}
