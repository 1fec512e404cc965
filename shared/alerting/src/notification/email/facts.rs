//! What, from, to, where, which way and when.

use std::collections::BTreeSet;

use flow_log::Protocol;

use crate::{
    detection::{Basis, Finding},
    enrichment::Interface,
    notification::{
        email::{
            draft::{EmailDraft, ExplainedFinding, Side},
            page::Page,
            party::Party,
            timeline,
        },
        language::{Noun, Number, Section, amounts, weight},
        names::Name,
    },
    text::{inert, name},
};

/// Addresses named on either side; the rest is a number.
const MAX_ADDRESSES: usize = 5;

/// Flows listed one by one; the rest is a number.
const MAX_FLOWS: usize = 5;

/// Characters shown of a name that may be long.
const MAX_NAME_CHARS: usize = 128;

pub(super) fn write(draft: &EmailDraft<'_>, page: &mut Page) {
    what(draft, page);
    addresses(draft, page, Side::Source, Section::From);
    addresses(draft, page, Side::Target, Section::To);
    metadata(draft, page);
    which(draft, page);
    when(draft, page);
    if !draft.is_prompt() {
        timeline::write(draft, page);
    }
    let lists = draft.names(Side::Source).distinct > 1 && draft.names(Side::Target).distinct > 1;
    let differ = draft.flows.iter().any(|flow| flow.story() != draft.flows[0].story());
    if draft.flows.len() > 1 && (lists || differ) {
        flows(draft, page);
    }
}

fn what(draft: &EmailDraft<'_>, page: &mut Page) {
    let (notification, words) = (draft.notification, draft.words);
    let sides = [(Side::Source, Noun::Source), (Side::Target, Noun::Target)].map(|(side, noun)| {
        let names = draft.names(side);
        words.count(draft.number(names, names.distinct), noun)
    });
    let has = |protocol: Protocol| notification.content.protocols.contains(&protocol.0);
    let mut groups = vec![amounts(words, &notification.content.totals), words.items(&sides)];
    if !notification.content.protocols.is_empty() {
        groups.push(words.protocols(has(Protocol::ICMP), has(Protocol::ICMPV6)).to_owned());
    }
    page.field(words.label(Section::What), &words.groups(&groups));
    if notification.total != notification.content.totals {
        page.field("", &words.altogether(&amounts(words, &notification.total)));
    }
    if notification.content.untracked.records > 0 {
        let records = words.count(Number::Exactly(notification.content.untracked.records), Noun::Record);
        let flows = words.count(Number::Exactly(notification.content.findings.len() as u64), Noun::Flow);
        page.field("", &words.untracked(&records, &flows));
    }
}

/// The addresses of one side, those with most packets first.
fn addresses(draft: &EmailDraft<'_>, page: &mut Page, side: Side, section: Section) {
    let (words, names) = (draft.words, draft.names(side));
    let noun = if draft.notification.content.totals.packets.is_some() { Noun::Packet } else { Noun::Record };
    for (index, Name { name: text, weight, .. }) in names.ranked.iter().take(MAX_ADDRESSES).enumerate() {
        let who = match text.parse() {
            Ok(address) => Party::of(draft, address, side).described(words),
            Err(_) => inert(text, MAX_NAME_CHARS),
        };
        let share = match names.distinct {
            1 => String::new(),
            _ => format!(": {}", words.count(counted(names.exact, *weight), noun)),
        };
        page.field(if index == 0 { words.label(section) } else { "" }, &format!("{who}{share}"));
    }
    let left = names.distinct.saturating_sub(names.ranked.len().min(MAX_ADDRESSES) as u64);
    if left > 0 {
        page.field("", &words.and_more(draft.number(names, left)));
    }
}

fn metadata(draft: &EmailDraft<'_>, page: &mut Page) {
    let (notification, words) = (draft.notification, draft.words);
    let accounts = &notification.content.accounts;
    let account = match (accounts.only(), accounts.distinct) {
        (Some(only), _) => Some(words.account(&inert(only, MAX_NAME_CHARS))),
        // What EC2 says of the interfaces holds where they are all there are.
        (None, 0) => shared(draft, Noun::Account, |_, interface| interface?.owner.as_deref())
            .filter(|_| notification.content.complete)
            .map(|owner| owner.map_or_else(|many| many, |id| words.account(&id))),
        (None, several) => Some(words.count(draft.number(accounts, several), Noun::Account)),
    };
    let regions = &notification.content.regions;
    let region = match (regions.only(), regions.distinct) {
        (Some(only), _) => inert(only, MAX_NAME_CHARS),
        (None, 0) => inert(&notification.site.region, MAX_NAME_CHARS),
        (None, several) => words.count(draft.number(regions, several), Noun::Region),
    };
    let stated = account.is_some();
    let mut parts: Vec<String> = account.into_iter().chain([region]).collect();
    let mut network: Vec<String> = Vec::new();
    let mut part = |noun: Noun, get: Get| {
        network.extend(shared(draft, noun, get).map(|text| match text {
            Ok(id) => named(draft, id),
            Err(many) => many,
        }));
    };
    part(Noun::Zone, |finding, interface| {
        finding.metadata.az_id.as_deref().or(interface.and_then(|interface| interface.zone.as_deref()))
    });
    part(Noun::Vpc, |finding, interface| {
        finding.metadata.vpc_id.as_deref().or(interface.and_then(|interface| interface.vpc_id.as_deref()))
    });
    part(Noun::Subnet, |finding, interface| {
        finding.metadata.subnet_id.as_deref().or(interface.and_then(|interface| interface.subnet_id.as_deref()))
    });
    let interfaces = &notification.content.interfaces;
    // Where it is known which side is the interface's, it is named there.
    let content = draft.flows.iter().all(|flow| flow.own_side().is_some()) && !draft.flows.is_empty();
    match interfaces.only() {
        Some(only) if !content => network.push(inert(only, MAX_NAME_CHARS)),
        None if interfaces.distinct > 0 => {
            network.push(words.count(draft.number(interfaces, interfaces.distinct), Noun::Interface));
        }
        _ => {}
    }
    if draft.knows_all() || interfaces.only().is_some() || network.len() < 2 {
        parts.extend(network);
    } else {
        parts.push(words.of_the_heaviest(&words.items(&network)));
    }
    page.field(words.label(Section::Where), &words.items(&parts));
    let mut groups = vec![words.log_group(&inert(&notification.content.source.log_group, MAX_NAME_CHARS))];
    if !stated {
        groups.push(words.account(&inert(&notification.content.source.owner, MAX_NAME_CHARS)));
    }
    let copied_from = shared(draft, Noun::LogGroup, |finding, _| finding.metadata.log_group.as_deref());
    groups.extend(copied_from.map(|from| words.copied_from(&from.unwrap_or_else(|many| many))));
    groups.extend(notification.key.part().map(|(part, value)| words.only_for(part, &inert(value, MAX_NAME_CHARS))));
    page.field("", &words.groups(&groups));
}

/// Gets a value from a finding, or from what EC2 says about its interface.
type Get = for<'f> fn(&'f Finding, Option<&'f Interface>) -> Option<&'f str>;

/// The value that all findings share, or how many there are as an error. None where it is not known of each.
fn shared(draft: &EmailDraft<'_>, noun: Noun, get: Get) -> Option<Result<String, String>> {
    let interfaces = &draft.notification.network.interfaces;
    let value = |flow: &ExplainedFinding<'_>| {
        let interface = flow.finding.flow.interface_id.as_deref().and_then(|id| interfaces.get(id));
        get(flow.finding, interface).map(str::to_owned)
    };
    let values: BTreeSet<String> = draft.flows.iter().map(value).collect::<Option<_>>()?;
    match (values.first(), values.len()) {
        (None, _) => None,
        (Some(only), 1) => Some(Ok(inert(only, MAX_NAME_CHARS))),
        (_, number) => Some(Err(draft.words.count(Number::Exactly(number as u64), noun))),
    }
}

/// An id with the name that its resource is tagged with.
fn named(draft: &EmailDraft<'_>, id: String) -> String {
    let tag = draft.notification.network.tags.get(&id).and_then(|tags| tags.name.as_deref());
    match tag.and_then(|tag| name(tag, 48)) {
        Some(name) => format!("{id} ({name})"),
        None => id,
    }
}

fn which(draft: &EmailDraft<'_>, page: &mut Page) {
    let (words, label) = (draft.words, draft.words.label(Section::Which));
    let Some(first) = draft.flows.first() else { return };
    if draft.flows.iter().any(|flow| flow.explanation.direction != first.explanation.direction) {
        page.field(label, words.directions_differ());
        return;
    }
    let Some(direction) = first.explanation.direction else {
        page.field(label, words.direction_unknown());
        return;
    };
    // What holds for all of them is no surer than for the least sure one.
    let basis = draft.flows.iter().filter_map(|flow| flow.explanation.direction_basis).max();
    let mut text = words.direction(direction, basis.unwrap_or(Basis::InternalSide));
    if draft.flows.iter().all(|flow| flow.explanation.is_answer()) {
        text = words.groups(&[text, words.look_like_answers().to_owned()]);
    }
    page.field(label, &if draft.knows_all() { text } else { words.of_the_heaviest(&text) });
}

fn when(draft: &EmailDraft<'_>, page: &mut Page) {
    let (words, zone) = (draft.words, &draft.notification.site.zone);
    let text = match draft.span() {
        (Some(first), Some(last)) => words.give_or_take(&zone.range(first, last.max(first))),
        (Some(at), None) | (None, Some(at)) => words.give_or_take(&zone.date_time(at)),
        (None, None) => words.no_times().to_owned(),
    };
    page.field(words.label(Section::When), &text);
}

/// So many, or at least so many: where not everything has a name, what has one may lack some of its own.
fn counted(all: bool, amount: u64) -> Number {
    if all { Number::Exactly(amount) } else { Number::AtLeast(amount) }
}

fn flows(draft: &EmailDraft<'_>, page: &mut Page) {
    let words = draft.words;
    for (index, flow) in draft.flows.iter().take(MAX_FLOWS).enumerate() {
        let finding = flow.finding;
        let text = format!(
            "{} → {}: {}",
            finding.flow.sender(),
            finding.flow.receiver(),
            words.items(&[
                weight(words, &finding.totals, draft.notification.content.complete),
                words.way(flow.listed()).to_owned()
            ])
        );
        page.field(if index == 0 { words.label(Section::Flows) } else { "" }, &text);
    }
    let left = draft.flows.len().saturating_sub(MAX_FLOWS) as u64;
    if left > 0 && draft.knows_all() {
        page.field("", &words.and_more(Number::Exactly(left)));
    } else if !draft.knows_all() {
        page.field("", words.heaviest_only());
    }
}
