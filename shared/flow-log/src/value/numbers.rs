//! Values that are numbers with a meaning.

/// Declares an enum of documented numbers, with `Other` for all others.
macro_rules! numbers {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $number:literal, )* } )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_doc])* #[doc = concat!("\n\nIn a record: `", $number, "`.")] $variant, )*
            /// An undocumented number.
            Other(u32),
        }

        impl $name {
            /// Returns the number in a record.
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
    /// The path that egress traffic takes to its destination.
    TrafficPath {
        /// Through another resource in the same VPC, or the local gateway of an Outpost.
        SameVpc = 1,
        /// Through an internet gateway or a gateway VPC endpoint.
        InternetGatewayOrEndpoint = 2,
        /// Through a virtual private gateway.
        VirtualPrivateGateway = 3,
        /// Through a peering connection within the region.
        PeeringWithinRegion = 4,
        /// Through a peering connection between regions.
        PeeringBetweenRegions = 5,
        /// Through the gateway of a Local Zone or Wavelength Zone.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_and_undocumented_numbers_are_kept() {
        for n in 0..20 {
            assert_eq!(TrafficPath::from(n).number(), n);
            assert_eq!(EncryptionStatus::from(n).number(), n);
        }
        assert_eq!(TrafficPath::from(8), TrafficPath::InternetGateway);
        assert_eq!(EncryptionStatus::from(4), EncryptionStatus::Other(4));
    }
}
