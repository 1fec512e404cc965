//! The sections under the headline: what, from, to, where, which way, when, why, what next, and the records.

use std::{collections::HashMap, net::IpAddr};

use flow_log::Protocol;

use super::{
    Body,
    headline::{Sides, Story, describe},
    query, reason,
};
use crate::{
    address::Scope,
    direction::Direction,
    explain::{self, Explanation, Layer},
    finding::{Finding, Totals},
    incident::Policy,
    message::Message,
    network::Network,
    text::{count, grouped, one_line},
    time::{self, EpochMillis},
};

/// Addresses named on either side; the rest is a number.
const MAX_ADDRESSES: usize = 5;
/// Flows listed one by one; the rest is a number.
const MAX_FLOWS: usize = 10;
/// Records shown; the rest is a number.
const MAX_RECORDS: usize = 10;
/// Characters of a record shown.
const MAX_RECORD_CHARS: usize = 700;

pub(crate) fn write(message: &Message<'_>, body: &mut Body) {
    body.gap();
    status(message, body);
    body.gap();
    facts(message, body);
    body.gap();
    why(message, body);
    body.gap();
    next(message, body);
    body.gap();
    links(message, body);
    body.gap();
    records(message, body);
}

/// New, since when, how late, and what comes next.
fn status(message: &Message<'_>, body: &mut Body) {
    let first = message.told.totals.first_start;
    body.paragraph(&format!("NEW since {} UTC", time::date_time(first.unwrap_or(message.now))));
    if let Some(previous) = message.previous {
        body.paragraph(&format!(
            "The one before ended at {} UTC: {} in {}.",
            time::date_time(previous.last_seen),
            amounts(&previous.totals),
            time::span(time::millis_between(previous.opened_at, previous.last_seen)),
        ));
    }
    let late = first
        .map(|first| format!("Sent {} after the first packet. ", time::span(time::millis_between(first, message.now))))
        .unwrap_or_default();
    body.paragraph(&format!("{late}{}", what_comes_next(message.policy, message.now, 1)));
}

/// When the next mail may come and when the incident is over.
pub(crate) fn what_comes_next(policy: &Policy, now: EpochMillis, number: u32) -> String {
    let next = time::after(now, policy.interval_millis(number));
    let quiet = time::span(policy.quiet_millis());
    let end = if policy.all_clear {
        format!("an all-clear after {quiet} without a rejected ping")
    } else {
        format!("over after {quiet} without a rejected ping")
    };
    format!("Next mail at {} UTC if it goes on; {end}.", time::time_of_day(next))
}

fn facts(message: &Message<'_>, body: &mut Body) {
    let findings = &message.told.findings;
    let sides = Sides::of(&message.told);
    body.field(
        "WHAT",
        &format!(
            "{}; {}, {}; {}",
            amounts(&message.told.totals),
            sides.sources.number("source"),
            sides.targets.number("target"),
            protocols(findings),
        ),
    );
    if message.told.untracked.records > 0 {
        body.field(
            "",
            &format!(
                "{} of them beyond {} are counted here and in the metrics, but not told apart below",
                count(message.told.untracked.records, "record"),
                count(findings.len() as u64, "flow"),
            ),
        );
    }
    addresses(body, "FROM", findings, true);
    addresses(body, "TO", findings, false);
    body.field("WHERE", &place(message));
    which(body, findings);
    let totals = message.told.totals;
    let when = match (totals.first_start, totals.last_end) {
        (Some(first), Some(last)) => format!("{} UTC, give or take a minute", time::range(first, last)),
        (Some(at), None) | (None, Some(at)) => format!("{} UTC, give or take a minute", time::date_time(at)),
        (None, None) => "not in these records: the declared format has neither start nor end".to_owned(),
    };
    body.field("WHEN", &when);
    if findings.len() > 1 {
        body.gap();
        flows(body, findings);
    }
}

/// What kind of ICMP, and that more is not known of it.
fn protocols(findings: &[Finding]) -> &'static str {
    let v6 = findings.iter().filter(|finding| finding.flow.protocol == Protocol::ICMPV6).count();
    match v6 {
        0 => "ICMP, its type is not recorded",
        _ if v6 == findings.len() => "ICMPv6, its type is not recorded",
        _ => "ICMP and ICMPv6, the type is not recorded",
    }
}

/// `4 packets, 336 bytes, 1 record`, as far as it is known.
pub(crate) fn amounts(totals: &Totals) -> String {
    let mut parts = Vec::with_capacity(3);
    parts.extend(totals.packets.map(|packets| count(packets, "packet")));
    parts.extend(totals.bytes.map(|bytes| count(bytes, "byte")));
    parts.push(count(totals.records, "record"));
    parts.join(", ")
}

/// The addresses of one side, those with most packets first.
fn addresses(body: &mut Body, label: &str, findings: &[Finding], source: bool) {
    let mut totals: HashMap<IpAddr, Totals> = HashMap::new();
    for finding in findings {
        let address = if source { finding.flow.srcaddr } else { finding.flow.dstaddr };
        totals.entry(address).or_default().add(&finding.totals);
    }
    let mut ranked: Vec<(IpAddr, Totals)> = totals.into_iter().collect();
    ranked.sort_by_key(|(address, totals)| (std::cmp::Reverse(totals.weight()), *address));
    for (index, (address, totals)) in ranked.iter().take(MAX_ADDRESSES).enumerate() {
        let mut words = describe(findings, *address, source);
        let scope = Scope::of(*address).words();
        if !words.ends_with(scope) {
            words = format!("{words}, {scope}");
        }
        if let Some(behind) = behind(findings, *address, source) {
            words = format!("{words}; {behind}");
        }
        let share = if ranked.len() > 1 { format!(": {}", weight(totals)) } else { String::new() };
        let text = format!("{address} ({words}){share}");
        body.field(if index == 0 { label } else { "" }, &text);
    }
    if ranked.len() > MAX_ADDRESSES {
        body.field("", &format!("and {} more", grouped((ranked.len() - MAX_ADDRESSES) as u64)));
    }
}

fn weight(totals: &Totals) -> String {
    totals.packets.map_or_else(|| count(totals.records, "record"), |packets| count(packets, "packet"))
}

/// The packet's own address where it is another one than the record's.
fn behind(findings: &[Finding], address: IpAddr, source: bool) -> Option<String> {
    findings.iter().find_map(|finding| {
        let (side, packet) = if source {
            (finding.flow.srcaddr, finding.place.packet_source)
        } else {
            (finding.flow.dstaddr, finding.place.packet_target)
        };
        packet
            .filter(|_| side == address)
            .map(|packet| format!("in the packet {packet}, {}", Scope::of(packet).words()))
    })
}

fn place(message: &Message<'_>) -> String {
    let findings = &message.told.findings;
    let shared = |get: fn(&Finding) -> Option<&str>, many: &str| {
        let mut values: Vec<&str> = findings.iter().filter_map(get).collect();
        values.sort_unstable();
        values.dedup();
        match values[..] {
            [] => None,
            [only] => Some(only.to_owned()),
            _ => Some(format!("{} {many}", values.len())),
        }
    };
    // `unknown` is what AWS writes for interfaces that it created itself.
    let account = shared(|finding| finding.place.account_id.as_deref().filter(|id| *id != "unknown"), "accounts");
    let account = account.unwrap_or_else(|| message.told.source.owner.clone());
    let mut parts = vec![if account.ends_with(" accounts") { account } else { format!("account {account}") }];
    parts.push(
        shared(|finding| finding.place.region.as_deref(), "regions").unwrap_or_else(|| message.site.region.clone()),
    );
    parts.extend(shared(|finding| finding.place.az_id.as_deref(), "availability zones"));
    parts.extend(shared(|finding| finding.place.vpc_id.as_deref(), "VPCs"));
    parts.extend(shared(|finding| finding.place.subnet_id.as_deref(), "subnets"));
    parts.extend(shared(|finding| finding.flow.interface_id.as_deref(), "interfaces"));
    parts.extend(shared(|finding| finding.place.instance_id.as_deref(), "instances"));
    format!("{}; log group {}", parts.join(", "), message.told.source.log_group)
}

fn which(body: &mut Body, findings: &[Finding]) {
    let Some(first) = findings.first() else { return };
    if findings.iter().any(|finding| finding.flow.direction != first.flow.direction) {
        body.field("WHICH", "different directions, see the flows below");
        return;
    }
    let Some((_, basis)) = first.flow.direction else {
        body.field("WHICH", "direction not known: the format has no flow-direction, and the addresses do not tell");
        return;
    };
    let way = if first.flow.is_egress() { "outbound" } else { "inbound" };
    let mut text = format!("{way}, {}", basis.words());
    if let ([only], Some(opposite)) = (findings, &first.opposite)
        && matches!(Story::of(only), Story::AnswersStopped | Story::AnswersNotReceived)
    {
        let way = if only.flow.is_egress() { "in" } else { "out" };
        text = format!(
            "{text}; answers by the look of it: {} the other way were let {way} at the same time",
            weight(&opposite.totals)
        );
    }
    body.field("WHICH", &text);
}

fn flows(body: &mut Body, findings: &[Finding]) {
    for (index, finding) in findings.iter().take(MAX_FLOWS).enumerate() {
        let way = match Story::of(finding) {
            Story::AnswersStopped => "answers, outbound",
            Story::AnswersNotReceived => "answers, inbound",
            Story::Outbound => "outbound",
            Story::Inbound => "inbound",
            Story::Unknown => "direction not known",
        };
        let text = format!("{} -> {}: {}, {way}", finding.flow.srcaddr, finding.flow.dstaddr, weight(&finding.totals));
        body.field(if index == 0 { "FLOWS" } else { "" }, &text);
    }
    if findings.len() > MAX_FLOWS {
        body.field("", &format!("and {} more", grouped((findings.len() - MAX_FLOWS) as u64)));
    }
}

/// The explanations, each once, with the number of flows it holds for, and what shows them.
fn why(message: &Message<'_>, body: &mut Body) {
    let mut found: Vec<(Explanation, u64)> = Vec::new();
    for finding in &message.told.findings {
        let explanation = explain::explain(finding, &Network::default());
        match found.iter_mut().find(|(known, _)| told(known) == told(&explanation)) {
            Some((_, flows)) => *flows += 1,
            None => found.push((explanation, 1)),
        }
    }
    // Layers that the same evidence stands for are named together.
    found.sort_by_key(|(explanation, _)| reason::evidence(explanation));
    let mut label = "WHY";
    for group in found.chunk_by(|a, b| reason::evidence(&a.0) == reason::evidence(&b.0)) {
        for (explanation, flows) in group {
            let of = if found.len() > 1 { format!(" for {}", count(*flows, "flow")) } else { String::new() };
            body.field(
                label,
                &format!("{}{of} ({})", capital(reason::layer(explanation)), reason::confidence(explanation)),
            );
            label = "";
        }
        body.field("", reason::evidence(&group[0].0));
    }
}

/// What a mail tells of an explanation.
fn told(explanation: &Explanation) -> [&'static str; 3] {
    [reason::layer(explanation), reason::confidence(explanation), reason::evidence(explanation)]
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn next(message: &Message<'_>, body: &mut Body) {
    body.field(
        "NEXT",
        "Meant to be blocked? Nothing to do. To get fewer mails, raise the stack's UpdateIntervalsMinutes.",
    );
    let mut layers: Vec<(Layer, Option<Direction>)> = message
        .told
        .findings
        .iter()
        .map(|finding| explain::explain(finding, &Network::default()))
        .map(|explanation| (explanation.layer, explanation.direction))
        .collect();
    layers.dedup();
    let step = match layers[..] {
        [(Layer::Acl, Some(Direction::Egress))] => {
            "Not meant? Open the interface below, then the network ACL of its subnet: of the outbound rules, the first one \
             that fits denies ICMP, or none allows it."
        }
        [(Layer::Acl, Some(Direction::Ingress))] => {
            "Not meant? Open the interface below, then the network ACL of its subnet: of the inbound rules, the first one \
             that fits denies ICMP, or none allows it."
        }
        [(Layer::Acl, None)] => {
            "Not meant? Open the interface below, then the network ACL of its subnet: in one direction, the first rule that \
             fits denies ICMP, or none allows it."
        }
        [(Layer::BlockPublicAccess, _)] => {
            "Not meant? VPC Block Public Access is on for the account: an exclusion for the VPC or the subnet lets it through."
        }
        [(Layer::EncryptionControls, _)] => {
            "Not meant? The VPC's encryption controls are set to enforce: see them in the VPC console."
        }
        _ => "Not meant? Open the interface below: first its security groups, then the network ACL of its subnet.",
    };
    body.field("", step);
}

fn links(message: &Message<'_>, body: &mut Body) {
    /// Shown before and after what the records span: their times are rounded to the minute.
    const AROUND_MILLIS: u64 = 2 * time::MINUTE_MILLIS;
    /// Shown in a graph on either side.
    const GRAPH_MILLIS: u64 = 60 * time::MINUTE_MILLIS;
    let (site, source) = (message.site, &message.told.source);
    let totals = message.told.totals;
    let first = totals.first_start.unwrap_or(message.now);
    let last = totals.last_end.unwrap_or(message.now).max(first);
    if let Some(format) = &message.told.format {
        body.line("All ICMP records of these addresses, in Logs Insights:");
        let query = query::insights(&message.told.findings, format);
        body.line(&site.console.logs_insights(
            &source.log_group,
            &query,
            time::before(first, AROUND_MILLIS),
            time::after(last, AROUND_MILLIS),
        ));
    }
    let interface = message.told.findings.iter().find_map(|finding| finding.flow.interface_id.as_deref());
    if let Some(id) = interface.filter(|id| query::is_plain(id)) {
        body.line(&format!("The interface {id}:"));
        body.line(&site.console.network_interface(id));
    }
    body.line("The log stream:");
    body.line(&site.console.log_stream(&source.log_group, &source.log_stream, time::before(first, AROUND_MILLIS)));
    body.line(&format!("The metric {}:", one_line(&site.metric_name, 255)));
    body.line(&site.console.metric(
        &site.metric_namespace,
        &site.metric_name,
        time::before(first, GRAPH_MILLIS),
        time::after(last, GRAPH_MILLIS),
    ));
}

/// The log lines, each finding's with the accepted one that belongs to it.
fn records(message: &Message<'_>, body: &mut Body) {
    let findings = &message.told.findings;
    body.line("RECORDS");
    let mut shown: u64 = 0;
    let mut shown_rejected: u64 = 0;
    // One record of each flow before a second one of any.
    for round in 0..crate::detect::MAX_LINES_PER_FLOW {
        for finding in findings {
            if shown >= MAX_RECORDS as u64 {
                break;
            }
            if let Some(line) = finding.lines.get(round) {
                body.line(&one_line(line, MAX_RECORD_CHARS));
                shown += 1;
                shown_rejected += 1;
            }
            if let (0, Some(opposite)) = (round, &finding.opposite) {
                body.line(&one_line(&opposite.line, MAX_RECORD_CHARS));
                shown += 1;
            }
        }
    }
    let rest = message.told.totals.records.saturating_sub(shown_rejected);
    if rest > 0 {
        body.line(&format!("and {} more; the first link shows them", count(rest, "rejected record")));
    }
}
