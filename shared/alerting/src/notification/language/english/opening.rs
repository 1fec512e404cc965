//! What a rule has to let through, in English.

use crate::{
    detection::Direction,
    notification::language::{
        common::{block, client_ports, everywhere, port_text},
        english::names::{listed, names},
        terms::{Opening, OpeningPeer},
    },
};

/// What a rule of security groups, or of a network ACL, would have to allow: `tcp/5432 from sg-0aa1 (web)`.
pub(super) fn allowed(opening: Option<&Opening>, direction: Direction, by_groups: bool) -> String {
    let Some(opening) = opening else { return "them".to_owned() };
    let preposition = if direction == Direction::Egress { "to" } else { "from" };
    format!("{}/{} {preposition} {}", opening.protocol, ports(opening), peer(opening, by_groups, false))
}

/// The same as the fields of the rule: `tcp 5432, source sg-0aa1 (web)`.
pub(super) fn allowed_by_rule(opening: &Opening, direction: Direction, by_groups: bool) -> String {
    let side = if direction == Direction::Egress { "destination" } else { "source" };
    let denied = listed(opening.denied.iter().copied().map(port_text).collect());
    let (ports, clients) = match (opening.of_clients, &*denied) {
        (false, _) => (ports(opening), String::new()),
        (true, "") => (client_ports(), " (the ports that clients take)".to_owned()),
        (true, denied) => (client_ports(), format!(" (the ports that clients take; today's rules deny {denied})")),
    };
    format!("{} {ports}{clients}, {side} {}", opening.protocol, peer(opening, by_groups, true))
}

fn ports(opening: &Opening) -> String {
    listed(opening.ports.iter().copied().map(port_text).collect())
}

/// The other side of a rule; of one that is to be written, as a block of addresses.
fn peer(opening: &Opening, by_groups: bool, as_block: bool) -> String {
    if by_groups && !opening.groups.is_empty() {
        return names(&opening.groups, " or ");
    }
    match &opening.peer {
        OpeningPeer::Address(address) if as_block => block(*address),
        OpeningPeer::Address(address) => address.to_string(),
        OpeningPeer::Several => "these addresses".to_owned(),
        OpeningPeer::Anywhere { v6 } if as_block => {
            format!("the clients' networks, or {} for everybody", everywhere(*v6))
        }
        OpeningPeer::Anywhere { .. } => "the clients".to_owned(),
        OpeningPeer::Route53 { prefix_list } if as_block && by_groups => format!("the prefix list {prefix_list}"),
        OpeningPeer::Route53 { .. } => "the health checkers of Route 53".to_owned(),
    }
}
