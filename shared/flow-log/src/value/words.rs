//! Values that are words.

use std::fmt;

use crate::{Field, FieldErrorKind, LineError};

/// Whether the traffic was accepted. Security groups and network ACLs reject traffic; packets that arrive after a connection was
/// closed are also `REJECT`: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The traffic was accepted.
    Accept,
    /// The traffic was rejected.
    Reject,
}

impl Action {
    #[inline]
    pub(crate) fn read(text: &[u8]) -> Result<Self, LineError> {
        match text {
            b"ACCEPT" => Ok(Action::Accept),
            b"REJECT" => Ok(Action::Reject),
            b"-" => Err(LineError::field(Field::Action, FieldErrorKind::Missing)),
            _ => Err(LineError::field(Field::Action, FieldErrorKind::NotKnown)),
        }
    }

    /// Returns the word in a record.
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

/// Declares an enum of documented words, with `Other` for all others.
macro_rules! words {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal, )* } )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name<'a> {
            $( $(#[$variant_doc])* #[doc = concat!("\n\nIn a record: `", $word, "`.")] $variant, )*
            /// An undocumented word.
            Other(&'a str),
        }

        impl<'a> $name<'a> {
            /// Returns the word in a record.
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
    /// The direction of the traffic, as seen from the network interface.
    FlowDirection {
        /// To the network interface.
        Ingress = "ingress",
        /// From the network interface.
        Egress = "egress",
    }
    /// The reason why traffic was rejected. Security groups and network ACLs give none, so it cannot distinguish them.
    RejectReason {
        /// VPC Block Public Access: <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>.
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
    /// The kind of a location outside the zones of a region.
    SublocationType {
        /// A Wavelength Zone.
        Wavelength = "wavelength",
        /// An Outpost.
        Outpost = "outpost",
        /// A Local Zone.
        LocalZone = "localzone",
    }
    /// The kind of a network interface.
    InterfaceType {
        /// A NAT gateway in one zone.
        NatGateway = "nat_gateway",
        /// A Network Load Balancer.
        NetworkLoadBalancer = "network_load_balancer",
        /// A NAT gateway for the whole VPC.
        RegionalNatGateway = "regional_nat_gateway",
        /// A transit gateway.
        TransitGateway = "transit_gateway",
        /// A VPC endpoint.
        VpcEndpoint = "vpc_endpoint",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_and_undocumented_words_are_kept() {
        assert_eq!(RejectReason::from("BPA"), RejectReason::BlockPublicAccess);
        assert_eq!(RejectReason::from("XYZ"), RejectReason::Other("XYZ"));
        assert_eq!(FlowDirection::from("egress"), FlowDirection::Egress);
        assert_eq!(InterfaceType::from("nat_gateway").to_string(), "nat_gateway");
        assert_eq!(SublocationType::from("moonbase").as_str(), "moonbase");
        assert_eq!(TrafficType::from("ipv4"), TrafficType::Other("ipv4"));
    }
}
