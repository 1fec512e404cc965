//! Values that may not be known.

/// A value, or why it is not known.
pub type Known<T> = Result<T, Unknown>;

/// Why a value is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The setting with this name and value switches its source off.
    SwitchedOff(&'static str),
    /// Its source reads the default flow log format only.
    CustomFormat,
    /// CloudWatch did not answer in time.
    TooSlow,
    /// CloudWatch refused or failed: its words, on one line.
    Failed(String),
    /// A report has the heaviest 100 contributors only, and there are more.
    TooMany,
    /// No period before this one has records.
    NothingBefore,
    /// The metric has no values, although records came.
    NoValues,
    /// Nobody asked for it.
    NotAsked,
}

impl Unknown {
    /// The reason as one stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Unknown::SwitchedOff(_) => "switched-off",
            Unknown::CustomFormat => "custom-format",
            Unknown::TooSlow => "too-slow",
            Unknown::Failed(_) => "failed",
            Unknown::TooMany => "too-many",
            Unknown::NothingBefore => "nothing-before",
            Unknown::NoValues => "no-values",
            Unknown::NotAsked => "not-asked",
        }
    }
}
