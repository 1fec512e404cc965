//! What to do next, with the links that open on it.

use std::net::Ipv4Addr;

use crate::{
    enrichment::AclEntry,
    explain::{AclEvidence, Explanation, Group, GroupsEvidence, GroupsVerdict, Layer, PacketRole},
    notification::{
        email::{
            draft::{EmailDraft, Side},
            page::Page,
            party::Party,
            why,
        },
        kind::NotificationKind,
        language::{
            Fix, Section, Target,
            common::{rejecting_acl, rejecting_groups},
        },
        links::{query, search},
    },
    text::inert,
    time,
};

/// Links to things that may have to be changed.
const MAX_LINKS: usize = 4;

/// Shown before and after what the records span: their times are rounded to the minute.
const AROUND_MILLIS: u64 = 2 * time::MINUTE_MILLIS;

/// Shown in a graph on either side.
const GRAPH_MILLIS: u64 = 60 * time::MINUTE_MILLIS;

pub(super) fn write(draft: &EmailDraft<'_>, page: &mut Page) {
    let (notification, words) = (draft.notification, draft.words);
    let groups = why::groups(draft);
    let label = words.label(Section::Next);
    if notification.kind == NotificationKind::Resolved {
        page.field(label, &words.over_means(&words.span(notification.policy.quiet_millis())));
    } else {
        page.field(
            label,
            &words.silence(notification.kind, peer(draft).as_ref().map(|(field, address)| (*field, address.as_str()))),
        );
    }
    let fixes = fixes(&groups);
    if !fixes.is_empty() {
        page.field("", &words.fix(&fixes));
    }
    if notification.kind == NotificationKind::Resolved {
        page.field("", &words.silence(notification.kind, None));
    }
    page.gap();
    let links = to_change(draft, &groups);
    for (target, url) in &links {
        link(draft, page, *target, url);
    }
    // Where no rules are known, the interface is what leads to them.
    if links.is_empty() {
        who(draft, page);
        records(draft, page);
    } else {
        records(draft, page);
        who(draft, page);
    }
    log_stream(draft, page);
    let (first, last) = window(draft);
    let (namespace, metric) = (&notification.site.metric_namespace, &notification.site.metric_name);
    let url = notification.site.console.metric(
        namespace,
        metric,
        time::before(first, GRAPH_MILLIS),
        time::after(last, GRAPH_MILLIS),
    );
    link(draft, page, Target::Metric(&inert(metric, 255)), &url);
}

fn link(draft: &EmailDraft<'_>, page: &mut Page, target: Target<'_>, url: &str) {
    page.paragraph(&draft.words.opens(target));
    page.line(url);
}

/// The only address on the other side, with the name of its field in the filter patterns of the template. Those are compared as
/// text; how a record spells an IPv6 address is not known.
fn peer(draft: &EmailDraft<'_>) -> Option<(&'static str, String)> {
    let side = draft.flows.first()?.own_side()?.other();
    let all = draft.knows_all() && draft.flows.iter().all(|flow| flow.own_side().map(Side::other) == Some(side));
    let address: Ipv4Addr = draft.names(side).only().filter(|_| all)?.parse().ok()?;
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
    let (acl, groups) = (rejecting_acl(explanation), rejecting_groups(explanation));
    match explanation.layer {
        Layer::BlockPublicAccess => Fix::BlockPublicAccess,
        Layer::EncryptionControls => Fix::EncryptionControls,
        Layer::Acl => match (acl, lacking_groups(explanation)) {
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

/// The security groups that would reject the packets next, if they are pings: those without a rule for them.
fn lacking_groups(explanation: &Explanation) -> Option<&GroupsEvidence> {
    let lacking = rejecting_groups(explanation).filter(|groups| groups.verdict == GroupsVerdict::NoRule);
    lacking.filter(|_| explanation.role != PacketRole::Answer && explanation.direction.is_some())
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

/// The network ACLs and security groups that the explanations are about, each once.
fn to_change<'c>(draft: &EmailDraft<'_>, groups: &[why::Group<'c>]) -> Vec<(Target<'c>, String)> {
    let console = &draft.notification.site.console;
    let mut links: Vec<(Target<'_>, String)> = Vec::new();
    let mut add = |target, url| {
        if links.len() < MAX_LINKS && !links.iter().any(|(known, _)| *known == target) {
            links.push((target, url));
        }
    };
    let open =
        |layer| matches!(layer, Layer::Acl | Layer::SecurityGroup | Layer::Both | Layer::Either | Layer::Neither);
    for explanation in groups.iter().map(|group| group.explanation).filter(|explanation| open(explanation.layer)) {
        let layer = explanation.layer;
        for acl in explanation.acls().filter(|acl| layer != Layer::SecurityGroup && query::is_plain(&acl.id)) {
            add(Target::Acl(&acl.id), console.network_acl(&acl.id));
        }
        let lacking = lacking_groups(explanation).is_some();
        let of_groups = explanation.groups().filter(|_| layer != Layer::Acl || lacking);
        let of_groups = of_groups.flat_map(|groups| &groups.groups);
        for Group { id, .. } in of_groups.filter(|group| query::is_plain(&group.id)) {
            add(Target::Group(id), console.security_group(id));
        }
    }
    links
}

/// The first and the last moment told.
fn window(draft: &EmailDraft<'_>) -> (time::EpochMillis, time::EpochMillis) {
    let (first, last) = draft.span();
    let first = first.unwrap_or(draft.notification.opened_at);
    (first, last.unwrap_or(draft.notification.now).max(first))
}

/// The records of the email, in Logs Insights.
fn records(draft: &EmailDraft<'_>, page: &mut Page) {
    let (notification, content) = (draft.notification, &draft.notification.content);
    let (first, last) = window(draft);
    let (target, query) = match &content.format {
        Some(format) => (Target::Records, query::insights(&content.findings, format)),
        None => search::insights(content),
    };
    let (from, to) = (time::before(first, AROUND_MILLIS), time::after(last, AROUND_MILLIS));
    link(draft, page, target, &notification.site.console.logs_insights(&content.source.log_group, &query, from, to));
}

/// The log stream that the batch came from, which is the interface's.
fn log_stream(draft: &EmailDraft<'_>, page: &mut Page) {
    let source = &draft.notification.content.source;
    if !source.log_stream.is_empty() {
        let from = time::before(window(draft).0, AROUND_MILLIS);
        let url = draft.notification.site.console.log_stream(&source.log_group, &source.log_stream, from);
        link(draft, page, Target::LogStream, &url);
    }
}

/// The instance, the interface or the NAT gateway of the heaviest flow.
fn who(draft: &EmailDraft<'_>, page: &mut Page) {
    let Some(first) = draft.flows.first() else { return };
    let flow = &first.finding.flow;
    let console = draft.notification.site.console_of(first.finding);
    let own = first.own_side().map(|side: Side| Party::of(draft, side.address(first.finding), side));
    if let Some(id) = own.as_ref().and_then(Party::instance).filter(|id| query::is_plain(id)) {
        link(draft, page, Target::Instance(id), &console.instance(id));
    }
    if let Some(id) = flow.interface_id.as_deref().filter(|id| query::is_plain(id)) {
        link(draft, page, Target::Interface(id), &console.network_interface(id));
    } else if let Some(id) = flow.nat_gateway().filter(|id| query::is_plain(id)) {
        link(draft, page, Target::NatGateway(id), &console.nat_gateway(id));
    }
}
