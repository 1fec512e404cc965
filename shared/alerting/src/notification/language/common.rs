//! What all languages show in the same way.

use std::net::IpAddr;

use crate::{
    detection::{FIRST_CLIENT_PORT, PortRange},
    enrichment::{AclEntry, Peer},
    notification::language::terms::Number,
    text,
};

/// Rules and groups named one by one; the rest is a number.
const MAX_LISTED: usize = 4;

/// The first few of some items, and how many more there are.
pub(super) fn first_few(mut items: Vec<String>) -> (Vec<String>, Option<Number>) {
    let left = items.len().saturating_sub(MAX_LISTED) as u64;
    items.truncate(MAX_LISTED);
    (items, Some(Number::Exactly(left)).filter(|_| left > 0))
}

/// An id from outside, fit to be shown.
pub(super) fn id(text: &str) -> String {
    text::inert(text, 64)
}

/// A name from outside, fit to be shown; none where there is nothing to show.
pub(super) fn name(text: &str) -> Option<String> {
    text::name(text, 48)
}

/// The other side of a security group's rule.
pub(super) fn peer(peer: &Peer) -> String {
    match peer {
        Peer::Block(block) => block.to_string(),
        Peer::Group(group) => id(group),
        Peer::PrefixList(list) => id(list),
    }
}

/// Ports as one text, `1024-65535`; none for every port.
pub(super) fn port_range(ports: PortRange) -> Option<String> {
    (ports != PortRange::ALL).then(|| port_text(ports))
}

/// Ports as one text: `443`, `1024-65535`.
pub(super) fn port_text(ports: PortRange) -> String {
    if ports.first == ports.last { ports.first.to_string() } else { format!("{}-{}", ports.first, ports.last) }
}

/// The number of a network ACL's rule, as the console shows it.
pub(super) fn acl_rule_number(rule: &AclEntry) -> String {
    if rule.is_default() { "*".to_owned() } else { rule.number.to_string() }
}

/// The ports that clients take, by what AWS advises for network ACLs.
pub(super) fn client_ports() -> String {
    port_text(PortRange { first: FIRST_CLIENT_PORT, last: u16::MAX })
}

/// An address as the block that a network ACL's rule needs.
pub(super) fn block(address: IpAddr) -> String {
    if address.is_ipv4() { format!("{address}/32") } else { format!("{address}/128") }
}

/// The block of all addresses.
pub(super) fn everywhere(v6: bool) -> &'static str {
    if v6 { "::/0" } else { "0.0.0.0/0" }
}

/// A time span in its two largest units, of those given in descending size: the index and how many; at least one.
pub(super) fn two_largest(millis: u64, sizes: &[u64]) -> Vec<(usize, u64)> {
    let largest = sizes.iter().position(|size| millis >= *size).unwrap_or(sizes.len() - 1);
    let mut rest = millis;
    let mut parts = Vec::with_capacity(2);
    for (unit, size) in sizes.iter().enumerate().skip(largest).take(2) {
        let number = rest / size;
        rest %= size;
        if number > 0 || parts.is_empty() {
            parts.push((unit, number));
        }
    }
    parts
}
