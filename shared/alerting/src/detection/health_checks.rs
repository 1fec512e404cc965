//! The addresses that Route 53 sends health checks from.
//!
//! They are those of the service `ROUTE53_HEALTHCHECKS` in AWS's list
//! (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/route-53-ip-addresses.html>), as of November 2026. They seldom change: most are
//! of 2012, and the last was added in 2019.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Their name in `pkt-src-aws-service`.
pub(super) const ROUTE_53_SERVICE: &str = "ROUTE53_HEALTHCHECKS";

/// Tells whether Route 53 sends health checks from an address.
pub(super) fn is_route_53(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            V4.iter().any(|(first, bits)| share(v4.to_bits(), Ipv4Addr::from(*first).to_bits(), 32 - bits))
        }
        IpAddr::V6(v6) => V6_53.iter().any(|first| {
            let [a, b, c, d] = *first;
            v6.to_bits() >> (128 - 53) == Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_bits() >> (128 - 53)
        }),
    }
}

fn share(one: u32, other: u32, host_bits: u32) -> bool {
    one >> host_bits == other >> host_bits
}

const V4: [([u8; 4], u32); 17] = [
    ([15, 177, 0, 0], 18),
    ([54, 183, 255, 128], 26),
    ([54, 228, 16, 0], 26),
    ([54, 232, 40, 64], 26),
    ([54, 241, 32, 64], 26),
    ([54, 243, 31, 192], 26),
    ([54, 244, 52, 192], 26),
    ([54, 245, 168, 0], 26),
    ([54, 248, 220, 0], 26),
    ([54, 250, 253, 192], 26),
    ([54, 251, 31, 128], 26),
    ([54, 252, 79, 128], 26),
    ([54, 252, 254, 192], 26),
    ([54, 255, 254, 192], 26),
    ([107, 23, 255, 0], 26),
    ([176, 34, 159, 192], 26),
    ([177, 71, 207, 128], 26),
];

/// Blocks of 53 bits.
const V6_53: [[u16; 4]; 16] = [
    [0x2406, 0xda14, 0x7ff, 0xf800],
    [0x2406, 0xda14, 0xfff, 0xf800],
    [0x2406, 0xda18, 0x7ff, 0xf800],
    [0x2406, 0xda18, 0xfff, 0xf800],
    [0x2406, 0xda1c, 0x7ff, 0xf800],
    [0x2406, 0xda1c, 0xfff, 0xf800],
    [0x2600, 0x1f14, 0x7ff, 0xf800],
    [0x2600, 0x1f14, 0xfff, 0xf800],
    [0x2600, 0x1f18, 0x3fff, 0xf800],
    [0x2600, 0x1f18, 0x7fff, 0xf800],
    [0x2600, 0x1f1c, 0x7ff, 0xf800],
    [0x2600, 0x1f1c, 0xfff, 0xf800],
    [0x2600, 0x1f1e, 0x7ff, 0xf800],
    [0x2600, 0x1f1e, 0xfff, 0xf800],
    [0x2a05, 0xd018, 0x7ff, 0xf800],
    [0x2a05, 0xd018, 0xfff, 0xf800],
];

#[cfg(test)]
mod tests {
    use super::is_route_53;

    #[test]
    fn the_blocks_end_where_they_end() {
        for (address, expect) in [
            ("15.176.255.255", false),
            ("15.177.0.0", true),
            ("15.177.63.255", true),
            ("15.177.64.0", false),
            ("54.228.16.63", true),
            ("54.228.16.64", false),
            ("54.183.255.127", false),
            ("54.183.255.128", true),
            ("::ffff:54.183.255.128", true),
            ("2600:1f18:3fff:f7ff::1", false),
            ("2600:1f18:3fff:f800::1", true),
            ("2600:1f18:3fff:ffff:ffff::1", true),
            ("2600:1f18:4000::1", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_route_53(address.parse().unwrap()), expect, "{address}");
        }
    }
}
