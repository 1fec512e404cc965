//! The rules of an interface's security groups: they only allow, and those of all its groups count together
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>).

use crate::{
    detection::Direction,
    enrichment::{GroupRule, Interface, Peer, SecurityGroup},
    explain::{
        answer::Answer,
        evidence::{Group, GroupsEvidence, GroupsVerdict, OpenRule, Undecided},
        packets::{ByMessage, Class, Message, Packets, Part},
        view::View,
    },
};

/// Whether the security groups let requests through the opposite way, which the flow may answer.
pub(super) fn allow_requests_back(interface: &Interface, view: &View<'_>) -> Answer {
    if interface.group_ids.is_empty() {
        return Answer::Yes;
    }
    let back = view.back();
    back.packets.by_message(&rejects(interface, &back, &classes(interface, &back)))[Message::Request as usize].not()
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

/// The classes of a flow's packets that no rule of its direction cuts in two.
fn classes(interface: &Interface, view: &View<'_>) -> Vec<Class> {
    let known = interface.group_ids.iter().filter_map(|id| view.network.groups.get(&**id));
    let rules = known.flat_map(|group| rules(group, view.direction));
    view.packets.classes(rules.filter_map(|rule| view.packets.part(rule.traffic, false)))
}

/// What the rules of an interface's security groups say of each class of a flow's packets, as a new connection: whether they reject it.
fn rejects(interface: &Interface, view: &View<'_>, classes: &[Class]) -> Vec<Answer> {
    let mut rejects = vec![Answer::Yes; classes.len()];
    let mut allow = |fits: &[Answer]| {
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
            Some(group) => rules(group, view.direction).iter().for_each(|rule| allow(&fits(rule, view, classes).0)),
            None => allow(&vec![Answer::Open; classes.len()]),
        }
    }
    rejects
}

/// What they say of a flow, with what shows it.
pub(super) fn judge(interface: &Interface, view: &View<'_>) -> (GroupsEvidence, ByMessage) {
    let classes = classes(interface, view);
    let rejects = rejects(interface, view, &classes);
    let mut groups: Vec<Group> = Vec::with_capacity(interface.group_ids.len());
    let mut allows: Option<(&str, &GroupRule)> = None;
    let mut open: Vec<OpenRule> = Vec::new();
    let mut ids: Vec<&str> = interface.group_ids.iter().map(|id| &**id).collect();
    ids.sort_unstable();
    for id in ids {
        let group = view.network.groups.get(id);
        groups.push(Group { id: id.into(), name: group.map(|group| group.name.clone()) });
        for rule in group.map(|group| rules(group, view.direction)).unwrap_or_default() {
            let (fits, on) = fits(rule, view, &classes);
            match Answer::agreed(fits.iter().copied()) {
                Answer::No => {}
                Answer::Yes => allows = allows.or(Some((id, rule))),
                Answer::Open => open.push(OpenRule { group_id: id.into(), rule: rule.clone(), on }),
            }
        }
    }
    let verdict = match allows {
        Some((id, rule)) => GroupsVerdict::Allows { group_id: id.into(), rule: rule.clone() },
        None if rejects.iter().all(|rejects| *rejects == Answer::Yes) => GroupsVerdict::NoRule,
        None => GroupsVerdict::Depends(open),
    };
    (GroupsEvidence { groups, direction: view.direction, verdict }, view.packets.by_message(&rejects))
}

fn rules(group: &SecurityGroup, direction: Direction) -> &[GroupRule] {
    match direction {
        Direction::Ingress => &group.inbound,
        Direction::Egress => &group.outbound,
    }
}

/// Whether a rule allows each class of a flow's packets, and what it depends on where that is open.
fn fits(rule: &GroupRule, view: &View<'_>, classes: &[Class]) -> (Vec<Answer>, Undecided) {
    let on_class = if matches!(view.packets, Packets::Icmp(_)) { Undecided::IcmpType } else { Undecided::ClientPort };
    let Some(part): Option<Part> = view.packets.part(rule.traffic, false) else {
        return (vec![Answer::No; classes.len()], on_class);
    };
    let peer = fits_peer(rule, view);
    let on = match (&rule.peer, peer) {
        (Peer::Group(_), Answer::Open) => Undecided::PeerGroup,
        (Peer::PrefixList(id), Answer::Open)
            if !view.network.prefix_lists.get(&**id).is_some_and(|list| list.complete) =>
        {
            Undecided::PrefixList
        }
        (Peer::Block(_) | Peer::PrefixList(_), Answer::Open) => Undecided::PeerAddress,
        _ => on_class,
    };
    (classes.iter().map(|class| peer.and(view.packets.is_in(*class, part))).collect(), on)
}

/// Whether a rule is for the other side.
fn fits_peer(rule: &GroupRule, view: &View<'_>) -> Answer {
    match &rule.peer {
        Peer::Block(block) => view.of_peers(|peer| Answer::of(block.contains(&peer))),
        Peer::Group(id) => view.is_peer_in_group(id),
        Peer::PrefixList(id) => match view.network.prefix_lists.get(&**id) {
            Some(list) => view.of_peers(|peer| match list.blocks.iter().any(|block| block.contains(&peer)) {
                true => Answer::Yes,
                false if list.complete => Answer::No,
                false => Answer::Open,
            }),
            None => Answer::Open,
        },
    }
}
