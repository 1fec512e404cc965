//! IP protocols.

use std::fmt;

use crate::{
    Field, LineError,
    fast::number::{number, number_error},
    piece::Piece,
};

/// An IANA protocol number: <https://www.iana.org/assignments/protocol-numbers>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Protocol(pub u8);

impl Protocol {
    /// Internet Control Message Protocol for IPv4: <https://www.rfc-editor.org/rfc/rfc792>.
    pub const ICMP: Protocol = Protocol(1);
    /// Transmission Control Protocol.
    pub const TCP: Protocol = Protocol(6);
    /// User Datagram Protocol.
    pub const UDP: Protocol = Protocol(17);
    /// Internet Control Message Protocol for IPv6: <https://www.rfc-editor.org/rfc/rfc4443>.
    pub const ICMPV6: Protocol = Protocol(58);

    #[inline(always)]
    pub(crate) fn read(piece: Piece<'_>) -> Result<Self, LineError> {
        match number(piece, u64::from(u8::MAX)) {
            Some(number) => Ok(Protocol(number as u8)),
            None => Err(LineError::field(Field::Protocol, number_error(piece.text()))),
        }
    }
}

/// Prints the usual name of the protocol, or its number.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Protocol::ICMP => "ICMP",
            Protocol::TCP => "TCP",
            Protocol::UDP => "UDP",
            Protocol::ICMPV6 => "ICMPv6",
            Protocol(2) => "IGMP",
            Protocol(47) => "GRE",
            Protocol(50) => "ESP",
            Protocol(132) => "SCTP",
            Protocol(n) => return write!(f, "protocol {n}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_have_names() {
        assert_eq!(Protocol::ICMP.to_string(), "ICMP");
        assert_eq!(Protocol::ICMPV6.to_string(), "ICMPv6");
        assert_eq!(Protocol(99).to_string(), "protocol 99");
    }
}
