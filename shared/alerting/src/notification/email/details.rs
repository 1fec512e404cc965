//! What, from, to, where, which way and when.

use std::{collections::BTreeSet, net::IpAddr};

use flow_log::Protocol;

use crate::{
    detection::{Basis, MAX_FLOWS as MAX_TRACKED_FLOWS, PortRange, Role, Side},
    incident::{KeyPart, Ranked},
    notification::{
        email::{
            connections,
            draft::Detail,
            party::Party,
            timeline,
            writer::{Writer, flow_name},
        },
        explained::{ExplainedFinding, Location},
        language::{Fact, Noun, Number, Phrases, RejectionKind, amounts, weight},
        ranking::Ranking,
    },
    text::{inert, name},
};

/// Addresses named on either side; the rest is a number.
const MAX_ADDRESSES: usize = 5;

/// Flows listed one by one; the rest is a number.
const MAX_FLOWS: usize = 5;

/// Characters shown of a name that may be long.
const MAX_NAME_CHARS: usize = 128;

/// The facts, one each.
pub(super) fn of(writer: &Writer<'_>) -> Vec<Detail> {
    let (words, content) = (writer.words, writer.notification.content);
    let mut details = vec![what(writer)];
    if writer.notification.total != content.totals {
        details.push(fact(words.label(Fact::Total), amounts(words, &writer.notification.total)));
    }
    if content.untracked.records > 0 {
        let records = words.count(Number::Exactly(content.untracked.records), Noun::Record);
        let flows = words.count(Number::Exactly(MAX_TRACKED_FLOWS as u64), Noun::Flow);
        details.push(fact(words.label(Fact::Untracked), words.untracked(&records, &flows)));
    }
    if content.unreadable > 0 {
        let lines = words.count(Number::Exactly(content.unreadable), Noun::Line);
        details.push(fact(words.label(Fact::Unreadable), words.unreadable(&lines)));
    }
    details.extend(addresses(writer, Side::Source, Fact::From));
    details.extend(addresses(writer, Side::Target, Fact::To));
    if writer.is_about_connections() {
        details.extend(ports(writer));
    }
    details.extend(location(writer));
    details.extend(direction(writer).map(|text| fact(words.label(Fact::Direction), text)));
    details.push(when(writer));
    if !writer.notification.is_prompt() {
        details.extend(timeline::of(writer));
    }
    let lists = writer.side(Side::Source).distinct > 1 && writer.side(Side::Target).distinct > 1;
    let kind = |flow: &ExplainedFinding<'_>| RejectionKind::of(&flow.explanation, flow.finding.role());
    let differ = writer.flows.iter().any(|flow| kind(flow) != kind(&writer.flows[0]));
    if writer.flows.len() > 1 && (lists || differ) {
        details.push(flows(writer));
    }
    details
}

fn fact(label: &str, value: String) -> Detail {
    Detail { label: label.to_owned(), values: vec![value] }
}

fn what(writer: &Writer<'_>) -> Detail {
    let (notification, words) = (writer.notification, writer.words);
    let sides = [(Side::Source, Noun::Source), (Side::Target, Noun::Target)].map(|(side, noun)| {
        let addresses = writer.side(side);
        words.count(writer.number(addresses, addresses.distinct), noun)
    });
    let has = |protocol: Protocol| notification.content.protocols.contains(&protocol.0);
    let mut groups = vec![amounts(words, &notification.content.totals), words.items(&sides)];
    groups.extend(attempts(writer));
    if writer.is_about_connections() {
        groups.push(words.transport(has(Protocol::TCP), has(Protocol::UDP)).to_owned());
    } else if !notification.content.protocols.is_empty() {
        groups.push(words.protocols(has(Protocol::ICMP), has(Protocol::ICMPV6)).to_owned());
    }
    fact(words.label(Fact::What), words.groups(&groups))
}

/// Attempts to open a connection, as far as the client's ports tell: each attempt has a port of its own, and each record is about one
/// port. Only requests of TCP open connections.
fn attempts(writer: &Writer<'_>) -> Option<String> {
    let (mut least, mut most) = (0_u64, 0_u64);
    for flow in writer.flows {
        let (finding, role) = (flow.finding, flow.finding.role());
        let PortRange { first, last } = finding.client_ports?;
        if finding.flow.protocol != Protocol::TCP || role != Some(Role::Request) {
            return None;
        }
        let width = u64::from(last.saturating_sub(first)) + 1;
        least = least.saturating_add(width.min(2));
        most = most.saturating_add(width.min(finding.totals.records).max(width.min(2)));
    }
    let exact = least == most && writer.knows_all();
    let number = if exact { Number::Exactly(least) } else { Number::AtLeast(least) };
    (least > 0).then(|| writer.words.count(number, Noun::Attempt))
}

/// The service and how it is known which side offers it, or the ports, and the clients' ports.
fn ports(writer: &Writer<'_>) -> Vec<Detail> {
    let (words, ports) = (writer.words, &writer.notification.content.ports);
    let mut details = Vec::new();
    let service = |port: &_| words.port(*port);
    // What holds for all of them is no surer than for the least sure one.
    let basis = writer.flows.iter().filter_map(|flow| flow.finding.server).map(|server| server.basis).max();
    match (writer.service_port(), connections::common_server(writer), basis) {
        (Some(port), Some(side), Some(basis)) => {
            details.push(fact(words.label(Fact::Service), words.server(&words.port(port), side, basis)));
        }
        (Some(port), None, Some(_)) => details.push(fact(words.label(Fact::Service), words.port(port))),
        (_, _, None) if !writer.flows.is_empty() => {
            details.push(fact(words.label(Fact::Service), words.server_unknown().to_owned()));
        }
        _ => {
            let values = ranked(writer, ports, service);
            details.extend((!values.is_empty()).then(|| Detail { label: words.label(Fact::Ports).to_owned(), values }));
        }
    }
    let ranges = writer.flows.iter().filter_map(|flow| flow.finding.client_ports);
    if let Some(PortRange { first, last }) = ranges.reduce(PortRange::with) {
        let text = if first == last { first.to_string() } else { format!("{first}-{last}") };
        let text = if writer.knows_all() { text } else { words.of_the_heaviest(&text) };
        details.push(fact(words.label(Fact::ClientPorts), text));
    }
    details
}

/// The addresses of one side, those with most packets first.
fn addresses(writer: &Writer<'_>, side: Side, label: Fact) -> Option<Detail> {
    let words = writer.words;
    let port = writer.is_about_connections().then(|| connections::port_of(writer, side)).flatten();
    let who = |address: &IpAddr| Party::of(writer, *address, side).at(port).described(words);
    let values = ranked(writer, writer.side(side), who);
    (!values.is_empty()).then(|| Detail { label: words.label(label).to_owned(), values })
}

/// The heaviest values with their weights, those that must be named, and how many more there are.
fn ranked<K: Clone + Ord>(writer: &Writer<'_>, ranking: &Ranking<K>, shown: impl Fn(&K) -> String) -> Vec<String> {
    let words = writer.words;
    let noun = if writer.notification.content.totals.packets.is_some() { Noun::Packet } else { Noun::Record };
    let ranked = ranking.ranked.iter().enumerate();
    let listed = ranked.filter(|(index, one)| *index < MAX_ADDRESSES || one.named).map(|(_, one)| one);
    let mut values = Vec::new();
    for Ranked { value, weight, exact, .. } in listed {
        // Untracked records have no names: they may be those of anybody.
        let exact = *exact && !ranking.unknown && writer.notification.content.untracked.records == 0;
        let share = match ranking.distinct {
            1 => String::new(),
            _ => format!(": {}", words.count(counted(exact, *weight), noun)),
        };
        values.push(format!("{}{share}", shown(value)));
    }
    let left = ranking.distinct.saturating_sub(values.len() as u64);
    if left > 0 {
        values.push(words.and_more(writer.number(ranking, left)));
    }
    values
}

/// Where it was: account, region and network, and the log group that has the records.
fn location(writer: &Writer<'_>) -> [Detail; 2] {
    let (notification, words) = (writer.notification, writer.words);
    let accounts = &notification.content.accounts;
    let account = match (accounts.only(), accounts.distinct) {
        (Some(only), _) => Some(words.account(&inert(only, MAX_NAME_CHARS))),
        // What EC2 says of the interfaces holds where they are all there are.
        (None, 0) => shared(writer, Noun::Account, |location| location.account)
            .filter(|_| notification.content.complete)
            .map(|account| account.map_or_else(|many| many, |id| words.account(&id))),
        (None, several) => Some(words.count(writer.number(accounts, several), Noun::Account)),
    };
    let stated = account.is_some();
    let mut parts: Vec<String> = account.into_iter().chain([region(writer)]).collect();
    let network = network(writer);
    if writer.knows_all() || notification.content.interfaces.only().is_some() || network.len() < 2 {
        parts.extend(network);
    } else {
        parts.push(words.of_the_heaviest(&words.items(&network)));
    }
    let source = &notification.content.source;
    let mut groups = vec![inert(source.readable_log_group(), MAX_NAME_CHARS)];
    if !stated {
        groups.push(words.account(&inert(&source.account, MAX_NAME_CHARS)));
    }
    if source.copy.is_some() {
        groups.push(words.copied_from(&inert(&source.log_group, MAX_NAME_CHARS)));
    }
    groups.extend(narrowed_to(&notification.key.part, words));
    [fact(words.label(Fact::Where), words.items(&parts)), fact(words.label(Fact::LogGroup), words.groups(&groups))]
}

fn region(writer: &Writer<'_>) -> String {
    let regions = &writer.notification.content.regions;
    match (regions.only(), regions.distinct) {
        (Some(only), _) => inert(only, MAX_NAME_CHARS),
        (None, 0) => inert(&writer.notification.key.region, MAX_NAME_CHARS),
        (None, several) => writer.words.count(writer.number(regions, several), Noun::Region),
    }
}

/// Availability zone, VPC, subnet and interface, each only where it is known of all flows.
fn network(writer: &Writer<'_>) -> Vec<String> {
    let parts: [(Noun, Get); 3] = [
        (Noun::Zone, |location| location.zone),
        (Noun::Vpc, |location| location.vpc),
        (Noun::Subnet, |location| location.subnet),
    ];
    let known = parts.into_iter().filter_map(|(noun, get)| shared(writer, noun, get));
    let mut network: Vec<String> = known.map(|known| known.map_or_else(|many| many, |id| named(writer, id))).collect();
    let interfaces = &writer.notification.content.interfaces;
    // Where it is known which side is the interface's, it is named there.
    let named_there = !writer.flows.is_empty() && writer.flows.iter().all(|flow| flow.own_side().is_some());
    match interfaces.only() {
        Some(only) if !named_there => network.push(inert(only, MAX_NAME_CHARS)),
        None if interfaces.distinct > 0 => {
            network.push(writer.words.count(writer.number(interfaces, interfaces.distinct), Noun::Interface));
        }
        _ => {}
    }
    network
}

/// What the incident is about, where that is not the whole log group.
fn narrowed_to(part: &KeyPart, words: &dyn Phrases) -> Option<String> {
    match part {
        KeyPart::All | KeyPart::Test => None,
        KeyPart::Interface(id) => Some(words.only_for(Noun::Interface, &inert(id, MAX_NAME_CHARS))),
        KeyPart::Source(address) => Some(words.only_for(Noun::Source, &address.to_string())),
        KeyPart::Target(address) => Some(words.only_for(Noun::Target, &address.to_string())),
        KeyPart::Service(service) => Some(words.only_for(Noun::Service, &service.to_string())),
        KeyPart::OtherInterfaces => Some(words.all_others(Noun::Interface)),
        KeyPart::OtherSources => Some(words.all_others(Noun::Source)),
        KeyPart::OtherTargets => Some(words.all_others(Noun::Target)),
        KeyPart::OtherServices => Some(words.all_others(Noun::Service)),
    }
}

/// Gets a value from a flow's location.
type Get = for<'l> fn(&'l Location<'_>) -> Option<&'l str>;

/// The value that all flows share, or how many there are as an error. None where it is not known of each.
fn shared(writer: &Writer<'_>, noun: Noun, get: Get) -> Option<Result<String, String>> {
    let values: BTreeSet<&str> = writer.flows.iter().map(|flow| get(&flow.location)).collect::<Option<_>>()?;
    match (values.first(), values.len()) {
        (None, _) => None,
        (Some(only), 1) => Some(Ok(inert(only, MAX_NAME_CHARS))),
        (_, number) => Some(Err(writer.words.count(Number::Exactly(number as u64), noun))),
    }
}

/// An id with the name that its resource is tagged with.
fn named(writer: &Writer<'_>, id: String) -> String {
    let tag = writer.notification.network.tags.get(&id).and_then(|tags| tags.name.as_deref());
    match tag.and_then(|tag| name(tag, 48)) {
        Some(name) => format!("{id} ({name})"),
        None => id,
    }
}

fn direction(writer: &Writer<'_>) -> Option<String> {
    let words = writer.words;
    let first = writer.flows.first()?;
    if writer.flows.iter().any(|flow| flow.explanation.direction != first.explanation.direction) {
        return Some(words.directions_differ().to_owned());
    }
    let Some(direction) = first.explanation.direction else {
        return Some(words.direction_unknown().to_owned());
    };
    // What holds for all of them is no surer than for the least sure one.
    let basis = writer.flows.iter().filter_map(|flow| flow.explanation.direction_basis).max();
    let mut text = words.direction(direction, basis.unwrap_or(Basis::InternalSide));
    if writer.is_about_connections() {
        let roles: BTreeSet<Option<bool>> =
            writer.flows.iter().map(|flow| Some(flow.finding.role()? == Role::Answer)).collect();
        let role = roles.first().copied().flatten().filter(|_| roles.len() == 1);
        text = words.groups(
            &[Some(text), role.map(|role| words.requests_or_answers(role).to_owned())]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>(),
        );
    } else if writer.flows.iter().all(|flow| flow.explanation.is_answer()) {
        text = words.groups(&[text, words.look_like_answers().to_owned()]);
    }
    Some(if writer.knows_all() { text } else { words.of_the_heaviest(&text) })
}

fn when(writer: &Writer<'_>) -> Detail {
    let (words, zone) = (writer.words, &writer.notification.site.zone);
    let totals = &writer.notification.content.totals;
    let text = match (totals.first_start, totals.last_end) {
        (Some(first), Some(last)) => words.give_or_take(&zone.range(first, last.max(first))),
        (Some(at), None) | (None, Some(at)) => words.give_or_take(&zone.date_time(at)),
        (None, None) => words.no_times().to_owned(),
    };
    fact(words.label(Fact::When), text)
}

/// So many, or at least so many: where not everything has a name, what has one may lack some of its own.
fn counted(all: bool, amount: u64) -> Number {
    if all { Number::Exactly(amount) } else { Number::AtLeast(amount) }
}

fn flows(writer: &Writer<'_>) -> Detail {
    let words = writer.words;
    let flow = |flow: &ExplainedFinding<'_>| {
        let finding = flow.finding;
        let amount = weight(words, &finding.totals, writer.notification.content.complete);
        let way = words.way(RejectionKind::in_a_list(&flow.explanation, finding.role())).to_owned();
        format!("{}: {}", flow_name(finding), words.items(&[amount, way]))
    };
    let mut values: Vec<String> = writer.flows.iter().take(MAX_FLOWS).map(flow).collect();
    let left = writer.flows.len().saturating_sub(MAX_FLOWS) as u64;
    if left > 0 && writer.knows_all() {
        values.push(words.and_more(Number::Exactly(left)));
    } else if !writer.knows_all() {
        values.push(words.heaviest_only().to_owned());
    }
    Detail { label: words.label(Fact::Flows).to_owned(), values }
}
