//! The rules of an interface's security groups: they only allow, and those of all its groups count together
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>).

use crate::{
    detection::Direction,
    enrichment::{GroupRule, Interface, Peer},
    explain::{
        evidence::{Group, GroupsEvidence, GroupsVerdict, OpenRule, Undecided},
        icmp::{Answer, ByIcmpMessage, IcmpMessage, icmp_range, is_in},
        view::View,
    },
};

/// Whether the security groups let pings through the opposite way, which the flow may answer.
pub(super) fn allow_pings_back(interface: &Interface, view: &View<'_>) -> Answer {
    if interface.group_ids.is_empty() {
        return Answer::Yes;
    }
    match rejects(interface, view, view.direction.opposite())[IcmpMessage::Request as usize] {
        Answer::Yes => Answer::No,
        Answer::No => Answer::Yes,
        Answer::Open => Answer::Open,
    }
}

/// Whether the security groups let anything at all through between the interface and the other side, so that a connection may be
/// tracked: any protocol, either way.
pub(super) fn connect(interface: &Interface, view: &View<'_>) -> Answer {
    if interface.group_ids.is_empty() {
        return Answer::Yes;
    }
    let fits = interface.group_ids.iter().flat_map(|id| match view.network.groups.get(&**id) {
        Some(group) => group.inbound.iter().chain(&group.outbound).map(|rule| fits_peer(rule, view)).collect(),
        None => vec![Answer::Open],
    });
    fits.fold(Answer::No, |known, fits| match (known, fits) {
        (Answer::Yes, _) | (_, Answer::Yes) => Answer::Yes,
        (Answer::No, Answer::No) => Answer::No,
        _ => Answer::Open,
    })
}

/// What the rules of an interface's security groups say of a flow as a new connection in a direction: whether they reject it.
/// `direction` need not be the flow's: rules of the other one let requests through that this flow may answer.
fn rejects(interface: &Interface, view: &View<'_>, direction: Direction) -> ByIcmpMessage {
    let mut rejects = [Answer::Yes; 3];
    let mut allow = |fits: ByIcmpMessage| {
        for (rejects, fits) in rejects.iter_mut().zip(fits) {
            *rejects = match fits {
                Answer::Yes => Answer::No,
                Answer::Open => rejects.and(Answer::Open),
                Answer::No => *rejects,
            };
        }
    };
    for id in &interface.group_ids {
        match view.network.groups.get(&**id) {
            Some(group) => rules(group, direction).iter().for_each(|rule| allow(fits(rule, view).0)),
            None => allow([Answer::Open; 3]),
        }
    }
    rejects
}

/// The same for the flow's own direction, with what shows it.
pub(super) fn judge(interface: &Interface, view: &View<'_>) -> (GroupsEvidence, ByIcmpMessage) {
    let rejects = rejects(interface, view, view.direction);
    let mut groups: Vec<Group> = Vec::with_capacity(interface.group_ids.len());
    let mut allows: Option<(&str, &GroupRule)> = None;
    let mut open: Vec<OpenRule> = Vec::new();
    let mut ids: Vec<&str> = interface.group_ids.iter().map(|id| &**id).collect();
    ids.sort_unstable();
    for id in ids {
        let group = view.network.groups.get(id);
        groups.push(Group { id: id.into(), name: group.map(|group| group.name.clone()) });
        for rule in group.map(|group| rules(group, view.direction)).unwrap_or_default() {
            match fits(rule, view) {
                ([Answer::No, Answer::No, Answer::No], _) => {}
                ([Answer::Yes, Answer::Yes, Answer::Yes], _) => allows = allows.or(Some((id, rule))),
                (_, on) => open.push(OpenRule { group_id: id.into(), rule: rule.clone(), on }),
            }
        }
    }
    let verdict = match allows {
        Some((id, rule)) => GroupsVerdict::Allows { group_id: id.into(), rule: rule.clone() },
        None if rejects == [Answer::Yes; 3] => GroupsVerdict::NoRule,
        None => GroupsVerdict::Depends(open),
    };
    (GroupsEvidence { groups, direction: view.direction, verdict }, rejects)
}

fn rules(group: &crate::enrichment::SecurityGroup, direction: Direction) -> &[GroupRule] {
    match direction {
        Direction::Ingress => &group.inbound,
        Direction::Egress => &group.outbound,
    }
}

/// Whether a rule allows a flow's messages, and what it depends on where that is open.
fn fits(rule: &GroupRule, view: &View<'_>) -> (ByIcmpMessage, Undecided) {
    let Some(range) = icmp_range(rule.protocol, rule.icmp, false, view.protocol) else {
        return ([Answer::No; 3], Undecided::IcmpType);
    };
    let peer = fits_peer(rule, view);
    let on = match (&rule.peer, peer) {
        (Peer::Group(_), Answer::Open) => Undecided::PeerGroup,
        (Peer::PrefixList(_), Answer::Open) => Undecided::PrefixList,
        (Peer::Block(_), Answer::Open) => Undecided::PeerAddress,
        _ => Undecided::IcmpType,
    };
    (IcmpMessage::ALL.map(|message| peer.and(is_in(message, range, view.protocol))), on)
}

/// Whether a rule is for the other side.
fn fits_peer(rule: &GroupRule, view: &View<'_>) -> Answer {
    match &rule.peer {
        Peer::Block(block) => view.of_peers(|peer| Answer::of(block.contains(&peer))),
        Peer::Group(id) => view.is_peer_in_group(id),
        Peer::PrefixList(_) => Answer::Open,
    }
}
