//! Late packets: those of a connection that is over. They are no problem, and no incident.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `action`: REJECT also stands for "packets arrived after the
//! connection was closed".

use serde::{Deserialize, Serialize};

/// Why packets are taken for late ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Late {
    /// `tcp-flags` has a FIN or an RST and no SYN: the connection was closed.
    Closed,
    /// `tcp-flags` has no SYN, and nothing was accepted the opposite way at the time: the connection was idle for longer than it is
    /// tracked (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>).
    Idle,
    /// They come from the server's port, and no request was accepted at the time.
    NoRequest,
    /// Packets of the same connection were accepted in the same batch, and these carry no data: they end or confirm it.
    NoData,
}

impl Late {
    /// The reason as one stable word, for documents.
    pub fn word(self) -> &'static str {
        match self {
            Late::Closed => "closed",
            Late::Idle => "idle",
            Late::NoRequest => "no-request",
            Late::NoData => "no-data",
        }
    }
}
