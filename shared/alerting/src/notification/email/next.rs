//! What to do next.

use std::net::IpAddr;

use crate::{
    enrichment::AclEntry,
    explain::{AclEvidence, Explanation, Layer},
    notification::{
        email::{draft::Fields, why, writer::Writer},
        explained::Side,
        kind::NotificationKind,
        language::{Fix, Section},
    },
};

/// What to do if the packets were meant to be blocked, and if not.
pub(super) fn fields(writer: &Writer<'_>) -> Fields {
    let (notification, words) = (writer.notification, writer.words);
    let mut fields = Fields::default();
    let label = words.label(Section::Next);
    if notification.kind == NotificationKind::Resolved {
        fields.field(label, words.resolved_means(&words.span(notification.quiet_millis)));
    } else {
        let peer = peer(writer);
        let peer = peer.as_ref().map(|(field, address)| (*field, address.as_str()));
        fields.field(label, words.silence(notification.kind, peer));
    }
    let fixes = fixes(&why::groups(writer));
    if !fixes.is_empty() {
        fields.field("", words.fix(&fixes));
    }
    if notification.kind == NotificationKind::Resolved {
        fields.field("", words.silence(notification.kind, None));
    }
    fields
}

/// The only address on the other side, with the name of its field in the filter patterns of the template. Those are compared as
/// text; how a record spells an IPv6 address is not known.
fn peer(writer: &Writer<'_>) -> Option<(&'static str, String)> {
    let side = writer.flows.first()?.own_side()?.other();
    let all = writer.knows_all() && writer.flows.iter().all(|flow| flow.own_side().map(Side::other) == Some(side));
    let address = writer.side(side).only().filter(|_| all).filter(|address| IpAddr::is_ipv4(address))?;
    Some((if side == Side::Source { "source" } else { "destination" }, address.to_string()))
}

/// What would let the packets through, each thing once.
fn fixes<'c>(groups: &[why::Group<'c>]) -> Vec<Fix<'c>> {
    let mut fixes: Vec<Fix<'_>> = Vec::new();
    for fix in groups.iter().map(|group| fix(group.explanation)) {
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    // Of several things that have to be looked for, the first look at the interface covers all.
    let open = |fix: &Fix<'_>| matches!(fix, Fix::Acl(_) | Fix::Groups(_) | Fix::Either(_));
    if fixes.len() > 1 && fixes.iter().any(open) {
        fixes.retain(|fix| !open(fix));
        fixes.push(Fix::Either(None));
    }
    fixes.truncate(why::MAX_REASONS);
    fixes
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
        Layer::Neither => Fix::Neither,
        Layer::Other => Fix::Other,
    }
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
