//! What an IP address is by its number alone, and networks as lists of address ranges.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

/// The scope of an address: what its number says about whose it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// RFC 1918 space, or unique local IPv6 (RFC 4193): inside the VPC or a network connected to it.
    Private,
    /// Carrier-grade NAT space (RFC 6598), which VPCs and EKS pods also use.
    SharedNat,
    /// Link-local (RFC 3927, RFC 4291).
    LinkLocal,
    /// The own machine, loopback or unspecified: never expected on a network.
    Own,
    /// Multicast (RFC 5771, RFC 4291) or the IPv4 broadcast.
    Multicast,
    /// Set aside for documentation and tests (RFC 5737, RFC 2544, RFC 3849).
    Documentation,
    /// Anything else: routable on the internet.
    Public,
}

impl Scope {
    /// The scope of an address. An IPv4 address mapped into IPv6 is judged as the IPv4 address it carries.
    pub fn of(address: IpAddr) -> Scope {
        match address.to_canonical() {
            IpAddr::V4(v4) => Scope::of_v4(v4),
            IpAddr::V6(v6) => {
                let first = v6.segments()[0];
                if v6.is_loopback() || v6.is_unspecified() {
                    Scope::Own
                } else if v6.is_multicast() {
                    Scope::Multicast
                } else if first & 0xfe00 == 0xfc00 {
                    Scope::Private
                } else if first & 0xffc0 == 0xfe80 {
                    Scope::LinkLocal
                } else if v6.segments()[..2] == [0x2001, 0x0db8] {
                    Scope::Documentation
                } else {
                    Scope::Public
                }
            }
        }
    }

    fn of_v4(v4: Ipv4Addr) -> Scope {
        let [a, b, ..] = v4.octets();
        if v4.is_private() {
            Scope::Private
        } else if v4.is_loopback() || a == 0 {
            Scope::Own
        } else if v4.is_link_local() {
            Scope::LinkLocal
        } else if v4.is_multicast() || v4.is_broadcast() {
            Scope::Multicast
        } else if a == 100 && b & 0xc0 == 64 {
            Scope::SharedNat
        } else if v4.is_documentation() || (a == 198 && b & 0xfe == 18) {
            Scope::Documentation
        } else {
            Scope::Public
        }
    }

    /// Tells whether an interface inside a VPC is likely to own such an address, and nobody on the internet.
    pub fn is_internal(self) -> bool {
        matches!(self, Scope::Private | Scope::SharedNat | Scope::LinkLocal)
    }

    /// Tells whether such an address is one of those that a VPC's IPv6 block from Amazon has.
    pub(crate) fn is_routable(self) -> bool {
        matches!(self, Scope::Public | Scope::Documentation)
    }
}

/// Address ranges that a person has listed, at most [`Networks::MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Ranges in one list.
    pub const MAX: usize = 50;

    /// No range.
    pub const fn none() -> Networks {
        Networks(Vec::new())
    }

    /// Reads CIDR blocks or single addresses, separated by commas. None where one is neither, or there are more than [`Networks::MAX`].
    pub fn parse(text: &str) -> Option<Networks> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let one = |part: &str| part.parse().ok().or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
        let networks: Vec<IpNet> = parts.map(one).collect::<Option<_>>()?;
        (networks.len() <= Networks::MAX).then_some(Networks(networks))
    }

    /// Tells whether an address is in one of the ranges. An IPv4 address mapped into IPv6 is judged as the IPv4 address it carries.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Networks,
        Scope::{self, *},
    };

    #[test]
    fn a_list_of_networks_has_blocks_and_addresses() {
        let networks = Networks::parse(" 198.51.100.0/24, 2001:db8::/32,9.9.9.9,").unwrap();
        for (address, expect) in [
            ("198.51.100.255", true),
            ("198.51.101.0", false),
            ("::ffff:198.51.100.1", true),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
            ("9.9.9.9", true),
            ("9.9.9.8", false),
        ] {
            assert_eq!(networks.contains(address.parse().unwrap()), expect, "{address}");
        }
        assert_eq!(Networks::parse(" , "), Some(Networks::default()));
        for wrong in ["10.0.0.0/33", "example.com", "10.0.0.1-10.0.0.9", "10.0.0.0/8 10.1.0.0/16"] {
            assert_eq!(Networks::parse(wrong), None, "{wrong}");
        }
        let many = |number| Networks::parse(&vec!["10.0.0.0/8"; number].join(","));
        assert!(many(Networks::MAX).is_some() && many(Networks::MAX + 1).is_none());
    }

    #[test]
    fn scopes_follow_the_registries() {
        for (address, expect) in [
            ("10.1.2.3", Private),
            ("172.15.255.255", Public),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("172.32.0.0", Public),
            ("192.168.0.1", Private),
            ("100.63.255.255", Public),
            ("100.64.0.0", SharedNat),
            ("100.127.255.255", SharedNat),
            ("100.128.0.0", Public),
            ("169.254.169.254", LinkLocal),
            ("127.0.0.1", Own),
            ("0.0.0.0", Own),
            ("224.0.0.1", Multicast),
            ("255.255.255.255", Multicast),
            ("203.0.113.12", Documentation),
            ("198.18.0.1", Documentation),
            ("198.20.0.1", Public),
            ("8.8.8.8", Public),
            ("::ffff:10.0.0.1", Private),
            ("::1", Own),
            ("fd00::1", Private),
            ("fe80::1", LinkLocal),
            ("ff02::1", Multicast),
            ("2001:db8::1", Documentation),
            ("2406:da14::1", Public),
        ] {
            assert_eq!(Scope::of(address.parse().unwrap()), expect, "{address}");
        }
    }
}
