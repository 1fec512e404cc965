//! TCP flags.

/// The bitwise OR of the TCP flags of all packets in the aggregation interval. AWS records FIN, SYN, RST and SYN-ACK, so a
/// flow with only ACK or PSH has 0. SYN-ACK is 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// The sender has no more data.
    pub const FIN: TcpFlags = TcpFlags(1);
    /// The sender opens a connection.
    pub const SYN: TcpFlags = TcpFlags(2);
    /// The sender resets the connection.
    pub const RST: TcpFlags = TcpFlags(4);
    /// The sender accepts a connection.
    pub const SYN_ACK: TcpFlags = TcpFlags(18);

    /// Returns whether all flags of `other` are set.
    #[must_use]
    pub const fn contains(self, other: TcpFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_a_mask() {
        assert!(TcpFlags(19).contains(TcpFlags::FIN));
        assert!(TcpFlags(19).contains(TcpFlags::SYN_ACK));
        assert!(!TcpFlags(3).contains(TcpFlags::SYN_ACK));
    }
}
