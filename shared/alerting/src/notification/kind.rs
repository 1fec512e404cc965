//! The kinds of notifications.

/// Which notification of an incident it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotificationKind {
    /// The first one.
    Opened,
    /// The first one after a resolved incident was reopened.
    Reopened,
    /// One while the incident goes on.
    Update,
    /// The last one.
    Resolved,
}

impl NotificationKind {
    /// The kind as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            NotificationKind::Opened => "opened",
            NotificationKind::Reopened => "reopened",
            NotificationKind::Update => "update",
            NotificationKind::Resolved => "resolved",
        }
    }
}
