//! Alerts: messages about an incident, before they are put into words.

/// Which message of an incident it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The first one.
    Opening,
    /// One while the incident goes on.
    Update,
    /// The last one.
    AllClear,
}

impl Kind {
    /// The kind as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Opening => "opening",
            Kind::Update => "update",
            Kind::AllClear => "all-clear",
        }
    }
}
