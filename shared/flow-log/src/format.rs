//! The declared formats: what the fields of a line mean. Never guessed from the line itself.

use std::fmt;

use crate::{Field, split::FEW};

/// The most fields a format may have. AWS documents 54; the rest is room for what it adds.
pub const MAX_FIELDS: usize = 96;

const ABSENT: u8 = u8::MAX;

/// The fields without which a record says nothing about what was let through.
pub(crate) const REQUIRED: [Field; 5] =
    [Field::Action, Field::Protocol, Field::SrcAddr, Field::DstAddr, Field::LogStatus];

/// One declared format: the fields of a line, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFormat {
    /// `None` stands for a name that is not known here.
    fields: Vec<Option<Field>>,
    /// The names that are not known, in their order.
    opaque: Vec<Box<str>>,
    /// Where each field stands, [`ABSENT`] for those that do not.
    positions: [u8; Field::COUNT],
    /// Where the fields are that every line is checked for.
    pub(crate) keys: Keys,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) log_status: usize,
    pub(crate) action: usize,
    pub(crate) protocol: usize,
}

impl LogFormat {
    /// Parses one format, `${field}`s separated by white space, as `AWS::EC2::FlowLog` takes it.
    ///
    /// # Errors
    /// Says what is wrong with it; see [`FormatError`].
    pub fn parse(text: &str) -> Result<LogFormat, FormatError> {
        LogFormat::from_names(text.split_whitespace().map(|token| {
            let name = token.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            name.filter(|name| is_name(name)).ok_or_else(|| FormatError::NotAField(shown(token)))
        }))
    }

    /// Reads the header line of a file in S3: the names of the fields, separated by spaces.
    ///
    /// # Errors
    /// Says what is wrong with it; see [`FormatError`].
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

    /// The number of fields.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a format without fields cannot be made")]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Where a field stands, counted from 0; `None` when the format does not have it.
    #[must_use]
    #[inline]
    pub fn position(&self, field: Field) -> Option<usize> {
        match self.positions[field as usize] {
            ABSENT => None,
            at => Some(usize::from(at)),
        }
    }

    /// The fields in their order; `None` stands for one whose name is not known here.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Option<Field>> {
        self.fields.iter().copied()
    }

    /// The names that are not known here, in their order. Their values are carried along unread.
    pub fn opaque(&self) -> impl Iterator<Item = &str> {
        self.opaque.iter().map(|name| &**name)
    }

    /// The names of all fields, known here or not, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut opaque = self.opaque();
        self.fields.iter().filter_map(move |field| field.map_or_else(|| opaque.next(), |field| Some(field.name())))
    }

    /// Where a field of that name stands, known here or not.
    #[must_use]
    pub fn position_of_name(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }
}

/// Prints what [`LogFormat::parse`] reads.
impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}${{{name}}}")?;
        }
        Ok(())
    }
}

/// One or several declared formats, told apart by their number of fields.
///
/// Several flow logs with different formats may write to one log group, and neither a record nor the subscription says
/// which format it has. Records are read with [`Formats::read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats {
    formats: Vec<LogFormat>,
    /// Whether none has more than [`FEW`] fields.
    pub(crate) are_short: bool,
}

impl Formats {
    /// Parses one format per line; empty lines do not count.
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
    /// [`FormatError`] says in one line what is wrong and what is allowed.
    pub fn parse(text: &str) -> Result<Formats, FormatError> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Formats::new(lines.map(LogFormat::parse).collect::<Result<_, _>>()?)
    }

    /// Takes formats that were parsed before.
    ///
    /// # Errors
    /// [`FormatError::Empty`] without any, [`FormatError::SameLength`] for two that cannot be told apart.
    pub fn new(formats: Vec<LogFormat>) -> Result<Formats, FormatError> {
        for (i, format) in formats.iter().enumerate() {
            if formats.iter().take(i).any(|earlier| earlier.len() == format.len()) {
                return Err(FormatError::SameLength(format.len()));
            }
        }
        let are_short = formats.iter().all(|format| format.len() <= FEW);
        if formats.is_empty() { Err(FormatError::Empty) } else { Ok(Formats { formats, are_short }) }
    }

    /// The formats, in the order of their declaration.
    #[must_use]
    pub fn as_slice(&self) -> &[LogFormat] {
        &self.formats
    }

    /// The names that are not known here, of all formats.
    pub fn unknown_fields(&self) -> impl Iterator<Item = &str> {
        self.formats.iter().flat_map(LogFormat::opaque)
    }

    pub(crate) fn with_len(&self, len: usize) -> Option<&LogFormat> {
        self.formats.iter().find(|format| format.len() == len)
    }
}

/// The default format of 14 fields.
impl Default for Formats {
    fn default() -> Self {
        let fields = Field::DEFAULT_FORMAT.map(Some).to_vec();
        let keys = Keys { protocol: 7, action: 12, log_status: 13 };
        let positions = positions(&fields);
        Formats { formats: vec![LogFormat { fields, opaque: Vec::new(), positions, keys }], are_short: true }
    }
}

fn positions(fields: &[Option<Field>]) -> [u8; Field::COUNT] {
    let mut positions = [ABSENT; Field::COUNT];
    // A format has fewer fields than a byte can count.
    for (at, field) in (0..ABSENT).zip(fields) {
        if let Some(field) = field {
            positions[*field as usize] = at;
        }
    }
    positions
}

/// Prints what [`Formats::parse`] reads.
impl fmt::Display for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, format) in self.formats.iter().enumerate() {
            let line_break = if i == 0 { "" } else { "\n" };
            write!(f, "{line_break}{format}")?;
        }
        Ok(())
    }
}

/// What is wrong with a declared format. Prints as one line that says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// No format at all.
    Empty,
    /// Something other than `${field}`; escaped and cut.
    NotAField(String),
    /// A field that stands in a format twice.
    Twice(String),
    /// A field without which nothing can be detected.
    Missing(Field),
    /// Two formats with the same number of fields.
    SameLength(usize),
    /// More than [`MAX_FIELDS`] fields.
    TooManyFields,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::Empty => {
                f.write_str("no format: allowed are ${field}s separated by spaces, one format per line")
            }
            FormatError::NotAField(token) => {
                write!(
                    f,
                    "\"{token}\" is not a field: allowed is ${{name}} with a name such as srcaddr, separated by spaces"
                )
            }
            FormatError::Twice(name) => {
                write!(f, "${{{name}}} stands twice in a format: allowed is once")
            }
            FormatError::Missing(field) => {
                write!(f, "the format has no ${{{field}}}; it needs")?;
                REQUIRED.iter().try_for_each(|required| write!(f, " ${{{required}}}"))
            }
            FormatError::SameLength(len) => {
                write!(
                    f,
                    "two formats have {len} fields: formats are told apart by their number of fields, so each needs its own"
                )
            }
            FormatError::TooManyFields => write!(f, "more than {MAX_FIELDS} fields in a format"),
        }
    }
}

impl std::error::Error for FormatError {}

/// Letters, digits and the punctuation that joins words: what a name of AWS's is made of, and nothing that could end
/// a line or a placeholder.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:@".contains(&b))
}

/// A piece of the input for an error: escaped, and short enough for one line.
fn shown(text: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    let more = if text.chars().nth(SHOWN_CHARS).is_some() { "..." } else { "" };
    text.chars().take(SHOWN_CHARS).flat_map(char::escape_default).chain(more.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: &str = "${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status}";

    fn error(text: &str) -> String {
        Formats::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn the_default_is_what_its_text_says() {
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

    #[test]
    fn positions_of_known_and_unknown_fields() {
        let format = LogFormat::parse(&format!("${{new-2}} {FIVE}")).unwrap();
        assert_eq!(format.position(Field::Protocol), Some(2));
        assert_eq!(format.position(Field::Bytes), None);
        assert_eq!(format.position_of_name("new-2"), Some(0));
        assert_eq!(format.fields().next(), Some(None));
    }

    #[test]
    fn errors_name_what_is_wrong_and_what_is_allowed() {
        for (text, part) in [
            ("", "no format"),
            (" \n\t\n", "no format"),
            ("version", "\"version\" is not a field: allowed is ${name}"),
            ("${!version}", "\"${!version}\" is not a field"),
            ("${srcaddr}${dstaddr}", "is not a field"),
            ("${}", "is not a field"),
            ("${a\u{1b}[2J}", "${a\\u{1b}[2J}"),
            ("${srcaddr} ${srcaddr}", "${srcaddr} stands twice"),
            ("${x} ${x}", "${x} stands twice"),
            ("${srcaddr}", "has no ${action}; it needs ${action} ${protocol}"),
            ("${action} ${protocol} ${srcaddr} ${dstaddr}", "has no ${log-status}"),
            (&format!("{FIVE}\n{FIVE}"), "two formats have 5 fields"),
        ] {
            let error = error(text);
            assert!(error.contains(part), "{text:?}: {error}");
            assert!(!error.contains(char::is_control), "{error:?}");
        }
        let many: String = (0..=MAX_FIELDS).map(|i| format!("${{f{i}}} ")).collect();
        assert_eq!(error(&many), "more than 96 fields in a format");
        assert!(error(&"x".repeat(100_000)).len() < 200);
    }

    #[test]
    fn a_header_line_names_the_same_fields() {
        let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
        assert_eq!(LogFormat::from_header(header).unwrap(), Formats::default().as_slice()[0]);
    }
}
