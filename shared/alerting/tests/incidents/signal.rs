//! The naive answer to whose packet was rejected, from all records of its batch.

use std::{collections::BTreeMap, net::IpAddr};

use super::{naive::Seen, world::contains};

/// Networks from which nothing comes over the internet.
const PRIVATE: [&str; 7] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"];
/// An interface with more addresses than this in a batch is not trusted to tell whose another record's address is.
const MAX_OWN_ADDRESSES: usize = 8;
/// Packets of one source to one target that are more than a scan.
const PERSISTENT: u64 = 30;

/// Returns the signals of the records of a batch, in words; that of an accepted record means nothing.
pub(crate) fn signals(batch: &[Seen]) -> Vec<&'static str> {
    let origins: Vec<&'static str> = batch.iter().map(|seen| origin(seen, batch)).collect();
    let mut pairs: BTreeMap<(IpAddr, IpAddr), u64> = BTreeMap::new();
    let pair = |seen: &Seen| (seen.packet_source, seen.packet_target);
    for (seen, _) in batch.iter().zip(&origins).filter(|(seen, origin)| seen.rejected && **origin == "internet") {
        *pairs.entry(pair(seen)).or_default() += seen.packets.unwrap_or(1);
    }
    let signal = |(seen, origin): (&Seen, &&'static str)| match *origin {
        "internet" if pairs.get(&pair(seen)).is_some_and(|packets| *packets >= PERSISTENT) => "persistent-ping",
        origin => origin,
    };
    batch.iter().zip(&origins).map(signal).collect()
}

/// Returns whose packet a rejected record is about.
fn origin(seen: &Seen, batch: &[Seen]) -> &'static str {
    let answered = batch.iter().any(|other| !other.rejected && is_opposite(other, seen));
    match (direction(seen, batch), answered) {
        (Some("egress"), true) => "own-answer",
        (Some("egress"), false) | (Some("ingress"), true) => "own-request",
        (Some("ingress"), false) if is_private(seen.packet_source) || is_neighbour(seen.packet_source, seen.target) => {
            "private"
        }
        (Some("ingress"), false) => "internet",
        _ => "private",
    }
}

pub(crate) fn is_private(address: IpAddr) -> bool {
    PRIVATE.iter().any(|network| contains(network, address))
}

/// Returns whether two IPv6 addresses are in one /56.
fn is_neighbour(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv6() && contains(&format!("{one}/56"), other)
}

fn logger(seen: &Seen) -> (Option<&str>, Option<&str>) {
    match seen.interface_or_resource() {
        Some(id) => (Some(id), None),
        None => (None, seen.account.as_deref()),
    }
}

fn is_opposite(one: &Seen, other: &Seen) -> bool {
    logger(one) == logger(other)
        && (one.source, one.target) == (other.target, other.source)
        && (one.packet_source, one.packet_target) == (other.packet_target, other.packet_source)
}

/// Returns the direction that a record shows by itself.
fn own_direction(seen: &Seen) -> Option<&str> {
    if let Some(direction) = &seen.direction {
        return Some(direction);
    }
    match (seen.packet_source != seen.source, seen.packet_target != seen.target) {
        (true, true) => return None,
        (true, false) => return Some("egress"),
        (false, true) => return Some("ingress"),
        (false, false) => {}
    }
    seen.interface.as_ref()?;
    match (is_private(seen.source), is_private(seen.target)) {
        (true, false) => Some("egress"),
        (false, true) => Some("ingress"),
        _ => None,
    }
}

/// Returns the direction that a record shows, or else the other records of its interface.
fn direction<'s>(seen: &'s Seen, batch: &'s [Seen]) -> Option<&'s str> {
    if let Some(direction) = own_direction(seen) {
        return Some(direction);
    }
    let interface = seen.interface.as_deref()?;
    let mut own: Vec<IpAddr> = batch
        .iter()
        .filter(|other| other.interface.as_deref() == Some(interface))
        .filter_map(|other| Some(if own_direction(other)? == "egress" { other.source } else { other.target }))
        .collect();
    own.sort();
    own.dedup();
    if own.len() > MAX_OWN_ADDRESSES {
        return None;
    }
    match (own.contains(&seen.source), own.contains(&seen.target)) {
        (true, false) => Some("egress"),
        (false, true) => Some("ingress"),
        _ => None,
    }
}
