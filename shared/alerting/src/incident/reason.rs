//! The reasons for sending an email, or for not sending one.

/// Why an email is sent, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No incident was open under this key: the opened email is sent.
    New,
    /// An incident that was resolved a short time ago is reopened; the finding is counted and reported with the next email.
    Reopened,
    /// The incident is open; the finding is counted and reported with the next email.
    Open,
    /// Silences cover all findings of the incident in the batch: nothing is counted into it.
    Silenced,
    /// An update is due and there is something unreported.
    UpdateDue,
    /// An update is due, and waits because there were as many emails in this hour as may be.
    Capped,
    /// An address must be named that no email has named: an update is sent before the others are due.
    NewAddress,
    /// The quiet time is over: the resolved email is sent.
    Quiet,
    /// The lease of another run has expired, and its email is not recorded as sent.
    LeaseExpired,
    /// An earlier attempt counted the batch; this one finishes what it left.
    Resumed,
    /// An earlier delivery has done the batch.
    Repeated,
    /// A timer message arrived before anything was due.
    NotDue,
    /// A timer message arrived while another run is sending an email.
    SendInProgress,
    /// A timer message is about a closed incident, or is not the current one.
    Stale,
}

impl Reason {
    /// The reason as one stable word, for metrics and logs.
    pub fn word(self) -> &'static str {
        match self {
            Reason::New => "new",
            Reason::Reopened => "reopened",
            Reason::Open => "open",
            Reason::Silenced => "silenced",
            Reason::UpdateDue => "update-due",
            Reason::Capped => "capped",
            Reason::NewAddress => "new-address",
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
