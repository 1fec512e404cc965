//! Whether packets ask or answer.

/// What a packet of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It asks.
    Request,
    /// It answers a request that was accepted.
    Answer,
}

impl Role {
    /// The role as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            Role::Request => "request",
            Role::Answer => "answer",
        }
    }
}
