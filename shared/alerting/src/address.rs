//! What an IP address is by its number alone.

use std::net::{IpAddr, Ipv4Addr};

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
}

#[cfg(test)]
mod tests {
    use super::Scope::{self, *};

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
