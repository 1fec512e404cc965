//! Why a declared format cannot be used.

use std::fmt;

use super::{MAX_FIELDS, REQUIRED};
use crate::Field;

/// The fault of a declared format. Prints as one line that also says what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// There is no format.
    Empty,
    /// This is not a `${field}`; escaped and shortened.
    NotAField(String),
    /// A format has this field twice.
    Twice(String),
    /// A format does not have this field, which every format needs.
    Missing(Field),
    /// Two formats have this number of fields.
    SameLength(usize),
    /// A format has more than [`MAX_FIELDS`] fields.
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
                write!(f, "${{{name}}} occurs twice in a format: allowed is once")
            }
            FormatError::Missing(field) => {
                write!(f, "the format has no ${{{field}}}; it needs")?;
                REQUIRED.iter().try_for_each(|required| write!(f, " ${{{required}}}"))
            }
            FormatError::SameLength(len) => {
                write!(
                    f,
                    "two formats have {len} fields: formats are distinguished by their number of fields, so each needs its own"
                )
            }
            FormatError::TooManyFields => write!(f, "more than {MAX_FIELDS} fields in a format"),
        }
    }
}

impl std::error::Error for FormatError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Formats;

    const FIVE: &str = "${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status}";

    fn error(text: &str) -> String {
        Formats::parse(text).unwrap_err().to_string()
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
            ("${srcaddr} ${srcaddr}", "${srcaddr} occurs twice"),
            ("${x} ${x}", "${x} occurs twice"),
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
}
