//! The types of the fields, with room for values that are not known yet.

use std::borrow::Cow;
use std::fmt;

use crate::{
    Field, Unparsed,
    parse::{number, why_no_number},
    split::Piece,
    unparsed::Why,
};

/// What the security groups and network ACLs did with the traffic, or the network for packets after a connection's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Let through.
    Accept,
    /// Not let through.
    Reject,
}

impl Action {
    #[inline]
    pub(crate) fn read(text: &[u8]) -> Result<Self, Unparsed> {
        match text {
            b"ACCEPT" => Ok(Action::Accept),
            b"REJECT" => Ok(Action::Reject),
            b"-" => Err(Unparsed::field(Field::Action, Why::Missing)),
            _ => Err(Unparsed::field(Field::Action, Why::NotKnown)),
        }
    }

    /// The word in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Accept => "ACCEPT",
            Action::Reject => "REJECT",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An IANA protocol number: <https://www.iana.org/assignments/protocol-numbers>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Protocol(pub u8);

impl Protocol {
    /// Internet Control Message Protocol for IPv4, RFC 792.
    pub const ICMP: Protocol = Protocol(1);
    /// Transmission Control Protocol.
    pub const TCP: Protocol = Protocol(6);
    /// User Datagram Protocol.
    pub const UDP: Protocol = Protocol(17);
    /// Internet Control Message Protocol for IPv6, RFC 4443.
    pub const ICMPV6: Protocol = Protocol(58);

    #[inline(always)]
    pub(crate) fn read(text: Piece<'_>) -> Result<Self, Unparsed> {
        match number(text, u64::from(u8::MAX)) {
            Some(number) => Ok(Protocol(number as u8)),
            None => Err(Unparsed::field(Field::Protocol, why_no_number(text.text()))),
        }
    }
}

/// The protocol's usual name, or its number.
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

/// A point in time: milliseconds since 1970-01-01 00:00 UTC.
///
/// AWS documents Unix seconds for `start` and `end`; milliseconds occur in the wild. A number from 100,000,000,000 on is
/// taken for milliseconds: as such it begins in March 1973, as seconds it lies past the year 5000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpochMillis(pub u64);

impl EpochMillis {
    const FIRST_MILLISECONDS: u64 = 100_000_000_000;

    /// Takes a time as a record has it, in seconds or in milliseconds.
    #[must_use]
    pub const fn from_record(number: u64) -> Self {
        EpochMillis(if number < Self::FIRST_MILLISECONDS { number * 1000 } else { number })
    }

    /// The same as a signed number, at most `i64::MAX`.
    #[must_use]
    pub const fn to_i64(self) -> i64 {
        if self.0 > i64::MAX as u64 { i64::MAX } else { self.0.cast_signed() }
    }
}

/// Declares an enum over documented words, with `Other` for the rest.
macro_rules! words {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal, )* } )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name<'a> {
            $( $(#[$variant_doc])* #[doc = concat!("\n\nIn a record: `", $word, "`.")] $variant, )*
            /// A word that is not documented (yet), as it stands in the record.
            Other(&'a str),
        }

        impl<'a> $name<'a> {
            /// The word as it stands in a record.
            #[must_use]
            pub const fn as_str(self) -> &'a str {
                match self { $( $name::$variant => $word, )* $name::Other(word) => word }
            }
        }

        impl<'a> From<&'a str> for $name<'a> {
            fn from(word: &'a str) -> Self {
                match word { $( $word => $name::$variant, )* other => $name::Other(other) }
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )* };
}

words! {
    /// Which way the traffic goes, as the interface sees it.
    FlowDirection {
        /// To the interface.
        Ingress = "ingress",
        /// From the interface.
        Egress = "egress",
    }
    /// Why traffic was rejected. Absent for security groups and network ACLs, so it does not tell these apart.
    RejectReason {
        /// VPC Block Public Access.
        BlockPublicAccess = "BPA",
        /// The encryption controls of a VPC endpoint.
        EncryptionControls = "EC",
    }
    /// The kind of traffic.
    TrafficType {
        /// IP version 4.
        Ipv4 = "IPv4",
        /// IP version 6.
        Ipv6 = "IPv6",
        /// Elastic Fabric Adapter.
        Efa = "EFA",
    }
    /// The kind of place outside a region's zones.
    SublocationType {
        /// A Wavelength Zone.
        Wavelength = "wavelength",
        /// An Outpost.
        Outpost = "outpost",
        /// A Local Zone.
        LocalZone = "localzone",
    }
    /// What an interface belongs to.
    InterfaceType {
        /// A NAT gateway in one zone.
        NatGateway = "nat_gateway",
        /// A Network Load Balancer.
        NetworkLoadBalancer = "network_load_balancer",
        /// A NAT gateway of the whole VPC.
        RegionalNatGateway = "regional_nat_gateway",
        /// A transit gateway.
        TransitGateway = "transit_gateway",
        /// A VPC endpoint.
        VpcEndpoint = "vpc_endpoint",
    }
}

/// Declares an enum over documented numbers, with `Other` for the rest.
macro_rules! numbers {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $number:literal, )* } )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_doc])* #[doc = concat!("\n\nIn a record: `", $number, "`.")] $variant, )*
            /// A number that is not documented (yet).
            Other(u32),
        }

        impl $name {
            /// The number as it stands in a record.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self { $( $name::$variant => $number, )* $name::Other(number) => number }
            }
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                match number { $( $number => $name::$variant, )* other => $name::Other(other) }
            }
        }
    )* };
}

numbers! {
    /// The way outgoing traffic takes.
    TrafficPath {
        /// Through another resource of the VPC, or an Outpost's local gateway.
        SameVpc = 1,
        /// Through an internet gateway or a gateway VPC endpoint.
        InternetGatewayOrEndpoint = 2,
        /// Through a virtual private gateway.
        VirtualPrivateGateway = 3,
        /// Through a peering connection within the region.
        PeeringWithinRegion = 4,
        /// Through a peering connection between regions.
        PeeringBetweenRegions = 5,
        /// Through a Local or Wavelength Zone's gateway.
        LocalGateway = 6,
        /// Through a gateway VPC endpoint (Nitro instances).
        GatewayEndpoint = 7,
        /// Through an internet gateway (Nitro instances).
        InternetGateway = 8,
    }
    /// What encrypts the traffic.
    EncryptionStatus {
        /// Nothing.
        NotEncrypted = 0,
        /// The Nitro hardware.
        Nitro = 1,
        /// The application.
        Application = 2,
        /// The Nitro hardware and the application.
        Both = 3,
    }
}

/// The TCP flags of all packets in the window, or-ed together. ACK and PSH alone give 0; SYN-ACK is 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: TcpFlags = TcpFlags(1);
    /// Opens a connection.
    pub const SYN: TcpFlags = TcpFlags(2);
    /// Ends a connection at once.
    pub const RST: TcpFlags = TcpFlags(4);
    /// Answers an opening.
    pub const SYN_ACK: TcpFlags = TcpFlags(18);

    /// Whether all flags of `other` are among these.
    #[must_use]
    pub const fn contains(self, other: TcpFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A tag's value as the record has it: UTF-8, percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag<'a>(pub &'a str);

impl<'a> From<&'a str> for Tag<'a> {
    fn from(text: &'a str) -> Self {
        Tag(text)
    }
}

impl<'a> Tag<'a> {
    /// The value itself. A `%` without two hexadecimal digits stays as it is, and bytes that are not UTF-8 become
    /// U+FFFD. Control characters and line breaks may come out: a tag can hold anything its owner wrote.
    #[must_use]
    pub fn decode(self) -> Cow<'a, str> {
        percent_encoding::percent_decode_str(self.0).decode_utf8_lossy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_known_or_not() {
        assert_eq!(RejectReason::from("BPA"), RejectReason::BlockPublicAccess);
        assert_eq!(RejectReason::from("XYZ"), RejectReason::Other("XYZ"));
        assert_eq!(FlowDirection::from("egress"), FlowDirection::Egress);
        assert_eq!(InterfaceType::from("nat_gateway").to_string(), "nat_gateway");
        assert_eq!(SublocationType::from("moonbase").as_str(), "moonbase");
        assert_eq!(TrafficType::from("ipv4"), TrafficType::Other("ipv4"));
    }

    #[test]
    fn numbers_are_kept_known_or_not() {
        for n in 0..20 {
            assert_eq!(TrafficPath::from(n).number(), n);
            assert_eq!(EncryptionStatus::from(n).number(), n);
        }
        assert_eq!(TrafficPath::from(8), TrafficPath::InternetGateway);
        assert_eq!(EncryptionStatus::from(4), EncryptionStatus::Other(4));
    }

    #[test]
    fn tags_are_percent_decoded() {
        for (raw, value) in [
            ("web-1", "web-1"),
            ("web%201", "web 1"),
            ("caf%C3%A9", "café"),
            ("%E6%9D%B1%E4%BA%AC", "東京"),
            ("a+b", "a+b"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
            ("%ff", "\u{fffd}"),
            ("%0A%00", "\n\0"),
        ] {
            assert_eq!(Tag(raw).decode(), value, "{raw}");
        }
        assert!(matches!(Tag("web-1").decode(), Cow::Borrowed(_)));
    }

    #[test]
    fn seconds_and_milliseconds() {
        assert_eq!(EpochMillis::from_record(1_432_917_027), EpochMillis(1_432_917_027_000));
        assert_eq!(EpochMillis::from_record(1_432_917_027_123), EpochMillis(1_432_917_027_123));
        assert_eq!(EpochMillis::from_record(99_999_999_999), EpochMillis(99_999_999_999_000));
        assert_eq!(EpochMillis::from_record(u64::MAX).to_i64(), i64::MAX);
        assert_eq!(EpochMillis::from_record(0).to_i64(), 0);
    }

    #[test]
    fn protocols_have_names() {
        assert_eq!(Protocol::ICMP.to_string(), "ICMP");
        assert_eq!(Protocol::ICMPV6.to_string(), "ICMPv6");
        assert_eq!(Protocol(99).to_string(), "protocol 99");
    }

    #[test]
    fn flags_are_a_mask() {
        assert!(TcpFlags(19).contains(TcpFlags::FIN));
        assert!(TcpFlags(19).contains(TcpFlags::SYN_ACK));
        assert!(!TcpFlags(3).contains(TcpFlags::SYN_ACK));
    }
}
