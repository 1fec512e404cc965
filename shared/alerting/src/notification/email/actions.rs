//! What to do: whether to change a rule and which, and how to silence what is meant to be so.

use std::net::IpAddr;

use crate::{
    address::Scope,
    detection::{Direction, Rule, Side},
    enrichment::AclEntry,
    explain::{AclEvidence, Explanation, Layer},
    incident::Signal,
    notification::{
        email::{
            connections,
            draft::{Action, NamedLink},
            opening, silence,
            why::{self, Group},
            writer::Writer,
        },
        explained::ExplainedFinding,
        kind::NotificationKind,
        language::{Fix, Opening, Permission, WayBack},
        links::Target,
    },
};

/// What to do if the packets were meant to be blocked, and if not.
pub(super) fn of(writer: &Writer<'_>) -> Vec<Action> {
    let (notification, words) = (writer.notification, writer.words);
    if notification.is_test() {
        return vec![plain(words.test_means())];
    }
    let mut actions = Vec::new();
    let resolved = notification.kind == NotificationKind::Resolved;
    let quiet = words.span(notification.quiet_millis);
    let silenced = notification.silenced.iter().find(|one| one.ended.is_none()).filter(|_| resolved);
    match silenced {
        Some(one) => actions.push(plain(words.silenced_means(&quiet, &silence::end(writer, &one.silence)))),
        None if resolved => actions.push(plain(words.resolved_means(&quiet))),
        None => {}
    }
    actions.extend(advice(writer));
    if silenced.is_none() {
        actions.extend(silence::of(writer).into_iter().map(plain));
    }
    if resolved {
        actions.push(plain(words.without_resolved_emails()));
    }
    actions
}

/// What would let the packets through, or that they are normally left blocked. Today's rules may block none of them: then there is nothing
/// to leave.
pub(super) fn advice(writer: &Writer<'_>) -> Vec<Action> {
    let signal = writer.notification.key.signal;
    if writer.notification.key.rule == Rule::Scan {
        let steps = writer.words.scan_steps(&connections::scanner(writer));
        return vec![linked(writer, steps, |target| target.is_records())];
    }
    let neither = writer.flows.iter().all(|flow| flow.explanation.layer == Layer::Neither);
    let blocked = writer.flows.is_empty() || !writer.knows_all() || !neither;
    if is_of_strangers(signal) && blocked {
        let sender = writer.side(Side::Source).only().map(ToString::to_string);
        let advice = writer.words.leave_blocked(sender.as_deref().filter(|_| signal != Signal::Flood));
        vec![linked(writer, advice, |target| target.is_records())]
    } else {
        fixes(writer)
    }
}

fn plain(text: String) -> Action {
    Action { text, link: None }
}

/// An action with the first link to such a target below it.
fn linked(writer: &Writer<'_>, text: String, is: impl Fn(&Target) -> bool) -> Action {
    let link: Option<NamedLink> =
        writer.notification.links.iter().find(|link| is(&link.target)).map(|link| writer.link(link));
    let text = if link.is_some() { writer.words.link(&text) } else { writer.words.sentences(&[text]) };
    Action { text, link }
}

/// Tells whether it is about senders that nobody here chose: no rule should be opened for them.
fn is_of_strangers(signal: Signal) -> bool {
    matches!(signal, Signal::Flood | Signal::PersistentPing | Signal::Internet)
}

/// What would let the packets through, each thing once, with the flow that it is for where there are several.
fn fixes(writer: &Writer<'_>) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    let groups = why::groups(writer);
    let mut open = false;
    for group in groups.iter().take(why::MAX_REASONS) {
        let fix = fix(group.explanation);
        // Of several things that have to be looked for, the first look at the interface covers all.
        let looks = matches!(fix, Fix::Acl(_) | Fix::Groups(_) | Fix::Either(_));
        if looks && std::mem::replace(&mut open, true) {
            continue;
        }
        let flows = (groups.len() > 1).then(|| group.name(writer));
        let opening = opening::of(writer, &group.flows);
        let answers = group.explanation.return_path().zip(opening.as_ref());
        let answers = answers.map(|(acl, opening)| (acl, opening::of_answers(opening, acl)));
        let way_back = answers.as_ref().map(|(acl, opening)| WayBack { acl, before: first_denying(acl), opening });
        let permission = Permission { way_back, ..permission(writer, group, opening.as_ref()) };
        let text = writer.words.fix(&fix, permission, flows.as_deref());
        let action = linked(writer, text, |target| leads_to(target, &fix));
        let action = Action { link: action.link.filter(|link| !has_link(&actions, &link.url)), ..action };
        actions.push(action);
    }
    actions
}

fn has_link(actions: &[Action], url: &str) -> bool {
    actions.iter().any(|action| action.link.as_ref().is_some_and(|link| link.url == url))
}

/// Tells whether a fix is made at a link's target.
fn leads_to(target: &Target, fix: &Fix<'_>) -> bool {
    match (fix, target) {
        (Fix::AclRules { acl, .. } | Fix::AclRuleMissing { acl, .. }, Target::Acl(id)) => *acl.id == **id,
        (Fix::Both { acl, .. } | Fix::AclThenGroups { acl, .. }, target) => leads_to(target, acl),
        (Fix::GroupRuleMissing { groups, .. }, Target::SecurityGroup(id)) => {
            groups.iter().any(|group| *group.id == **id)
        }
        (Fix::Acl(_) | Fix::Groups(_) | Fix::Either(_), Target::Interface(_) | Target::NatGateway(_)) => true,
        (Fix::Neither | Fix::Other, target) => target.is_records(),
        (Fix::BlockPublicAccess | Fix::EncryptionControls, Target::Instance(_) | Target::Interface(_)) => true,
        _ => false,
    }
}

/// Whose packets a rule is to allow for some flows.
fn permission<'o>(writer: &Writer<'_>, group: &Group<'_>, opening: Option<&'o Opening>) -> Permission<'o> {
    let peers: Vec<Option<IpAddr>> = group.flows.iter().map(|flow| peer(flow)).collect();
    let only = peers.first().copied().flatten().filter(|first| peers.iter().all(|peer| *peer == Some(*first)));
    // What comes from outside would get in with a rule that is removed.
    let outside = peers.iter().any(|peer| peer.is_none_or(|peer| !Scope::of(peer).is_internal()));
    let inbound = group.explanation.direction != Some(Direction::Egress);
    Permission {
        peer: only.filter(|_| writer.knows_all()),
        narrow: inbound && (outside || writer.notification.key.signal == Signal::MustReach),
        // Who answers strangers over TCP or UDP means to.
        answers_strangers: opening.is_none()
            && writer.notification.key.signal == Signal::OwnAnswer
            && (outside || !writer.knows_all()),
        opening,
        way_back: None,
    }
}

/// The address on the other side, as the rules of the interface see it.
fn peer(flow: &ExplainedFinding<'_>) -> Option<IpAddr> {
    Some(flow.endpoint(flow.own_side()?.other()).record.address)
}

/// What would let the packets of one explanation through.
fn fix(explanation: &Explanation) -> Fix<'_> {
    let direction = explanation.direction;
    let (acl, groups) = (explanation.rejecting_acl(), explanation.rejecting_groups());
    match explanation.layer {
        Layer::BlockPublicAccess => Fix::BlockPublicAccess,
        Layer::EncryptionControls => Fix::EncryptionControls,
        Layer::Acl => match (acl, explanation.lacking_groups()) {
            (Some(acl), Some(groups)) => {
                Fix::AclThenGroups { acl: Box::new(acl_fix(acl)), groups: &groups.groups, direction: groups.direction }
            }
            (acl, _) => acl.map_or(Fix::Acl(direction), acl_fix),
        },
        Layer::SecurityGroup => match (groups, direction) {
            (Some(groups), Some(direction)) => Fix::GroupRuleMissing { groups: &groups.groups, direction },
            _ => Fix::Groups(direction),
        },
        Layer::Both => match (acl, groups, direction) {
            (Some(acl), Some(groups), Some(direction)) => {
                Fix::Both { acl: Box::new(acl_fix(acl)), groups: &groups.groups, direction }
            }
            _ => Fix::Either(direction),
        },
        Layer::Either => Fix::Either(direction),
        // A late packet needs no change: like what no rule of today rejects.
        Layer::Neither | Layer::Late => Fix::Neither,
        Layer::Other => Fix::Other,
    }
}

/// The number of the first rule that denies, where it has one.
fn first_denying(acl: &AclEvidence) -> Option<u32> {
    acl.denying().map(|rule| rule.number).find(|number| *number < AclEntry::DEFAULT)
}

fn acl_fix(acl: &AclEvidence) -> Fix<'_> {
    let numbers: Vec<u32> = acl.denying().filter(|rule| !rule.is_default()).map(|rule| rule.number).collect();
    // What no rule fits is denied too: then taking rules away is not enough.
    if acl.denying().any(AclEntry::is_default) {
        Fix::AclRuleMissing { acl, before: numbers.first().copied() }
    } else {
        Fix::AclRules { acl, numbers }
    }
}
