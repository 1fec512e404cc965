//! What a rule has to let through, in Japanese.

use crate::{
    detection::Direction,
    notification::language::{
        common::{block, client_ports, everywhere, port_text},
        japanese::{
            glue,
            names::{listed, names},
        },
        terms::{Opening, OpeningPeer},
    },
};

/// What a rule of security groups, or of a network ACL, would have to allow, before a noun: `sg-0aa1 (web) からの tcp/5432 を許可する`.
pub(super) fn allowed(opening: Option<&Opening>, direction: Direction, by_groups: bool) -> String {
    let Some(opening) = opening else { return "許可する".to_owned() };
    let particle = if direction == Direction::Egress { "への" } else { "からの" };
    let traffic = format!("{}/{}", opening.protocol, ports(opening));
    glue(&[&peer(opening, by_groups, false), particle, &traffic, "を許可する"])
}

/// The same as the fields of the rule: `tcp 5432、ソース sg-0aa1 (web)`.
pub(super) fn allowed_by_rule(opening: &Opening, direction: Direction, by_groups: bool) -> String {
    // As the console of the VPC has them.
    let side = if direction == Direction::Egress { "送信先" } else { "送信元" };
    let denied = listed(opening.denied.iter().copied().map(port_text).collect(), "、");
    let (ports, clients) = match (opening.of_clients, &*denied) {
        (false, _) => (ports(opening), String::new()),
        (true, "") => (client_ports(), "、クライアントが使用するポート".to_owned()),
        (true, denied) => (client_ports(), format!("、クライアントが使用するポート、現在は {denied} を拒否")),
    };
    format!("{} {ports}{clients}、{side} {}", opening.protocol, peer(opening, by_groups, true))
}

fn ports(opening: &Opening) -> String {
    listed(opening.ports.iter().copied().map(port_text).collect(), "、")
}

/// The other side of a rule; of one that is to be written, as a block of addresses.
fn peer(opening: &Opening, by_groups: bool, as_block: bool) -> String {
    if by_groups && !opening.groups.is_empty() {
        return names(&opening.groups, " または ");
    }
    match &opening.peer {
        OpeningPeer::Address(address) if as_block => block(*address),
        OpeningPeer::Address(address) => address.to_string(),
        OpeningPeer::Several => "これらのアドレス".to_owned(),
        OpeningPeer::Anywhere { v6 } if as_block => {
            format!("クライアントのネットワーク、誰にでも応答する場合は {}", everywhere(*v6))
        }
        OpeningPeer::Anywhere { .. } => "クライアント".to_owned(),
        OpeningPeer::Route53 { prefix_list } if as_block && by_groups => format!("プレフィックスリスト {prefix_list}"),
        OpeningPeer::Route53 { .. } => "Route 53 のヘルスチェッカー".to_owned(),
    }
}
