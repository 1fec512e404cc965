//! The reasons for sending an email, or for not sending one.

/// Why something is sent, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing was open under this key: the opening is sent.
    New,
    /// The incident is open; the finding is counted and told with the next email.
    Open,
    /// An update was due and there is something new to tell.
    UpdateDue,
    /// Nothing came for the quiet time: the resolved is sent.
    Quiet,
    /// The email that somebody else was to send is not recorded as sent, and their time is over.
    LeaseExpired,
    /// The batch was counted by an earlier attempt; this one finishes what that one left.
    Resumed,
    /// The batch was done by an earlier delivery.
    Repeated,
    /// The timer's message came, and nothing is due yet.
    NotDue,
    /// The timer's message came while somebody else is sending an email.
    SendInProgress,
    /// The timer's message is about an incident that is over, or another message counts in its place.
    Stale,
}

impl Reason {
    /// The reason as one stable word, for metrics and logs.
    pub fn word(self) -> &'static str {
        match self {
            Reason::New => "new",
            Reason::Open => "open",
            Reason::UpdateDue => "update-due",
            Reason::Quiet => "quiet",
            Reason::LeaseExpired => "lease-expired",
            Reason::Resumed => "resumed",
            Reason::Repeated => "repeated",
            Reason::NotDue => "not-due",
            Reason::SendInProgress => "send-in-progress",
            Reason::Stale => "stale",
        }
    }
}
