//! The one sentence that says what happened: the subject, and the first lines of the body.

use std::{collections::HashSet, net::IpAddr};

use super::reason;
use crate::{
    address::Scope,
    direction::Direction,
    explain::{self, Confidence, Layer},
    finding::{Finding, Totals},
    message::{Message, Told},
    network::Network,
    text::count,
};

/// What a flow looks like, as far as its records tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// The interface's answers were stopped on their way out.
    AnswersStopped,
    /// The answers to the interface's own pings were stopped on their way in.
    AnswersNotReceived,
    /// The interface's own packets were stopped on their way out.
    Outbound,
    /// Somebody's packets to the interface were stopped.
    Inbound,
    /// Rejected, in a direction that is not known.
    Unknown,
}

impl Story {
    pub(crate) fn of(finding: &Finding) -> Story {
        let explanation = explain::explain(finding, &Network::default());
        match (explanation.layer, explanation.direction) {
            (Layer::Acl, Some(Direction::Egress)) => Story::AnswersStopped,
            (Layer::Acl, Some(Direction::Ingress)) => Story::AnswersNotReceived,
            _ if finding.flow.is_egress() => Story::Outbound,
            _ if finding.flow.is_ingress() => Story::Inbound,
            _ => Story::Unknown,
        }
    }
}

/// Who is on either side of the findings: one address, or how many.
pub(crate) struct Sides {
    pub(crate) sources: Side,
    pub(crate) targets: Side,
}

/// One side of the findings.
pub(crate) enum Side {
    One(IpAddr),
    Many(u64),
    /// Flows were left out, so there may be more.
    AtLeast(u64),
}

impl Side {
    fn of(addresses: impl Iterator<Item = IpAddr>, all: bool) -> Side {
        let distinct: HashSet<IpAddr> = addresses.collect();
        match distinct.iter().next() {
            _ if !all => Side::AtLeast(distinct.len() as u64),
            Some(only) if distinct.len() == 1 => Side::One(*only),
            _ => Side::Many(distinct.len() as u64),
        }
    }

    /// How many: `5 sources`.
    pub(crate) fn number(&self, noun: &str) -> String {
        match self {
            Side::One(_) => count(1, noun),
            Side::Many(number) => count(*number, noun),
            Side::AtLeast(number) => format!("at least {}", count(*number, noun)),
        }
    }

    /// The only one, or how many.
    fn words(&self, noun: &str) -> String {
        if let Side::One(address) = self { address.to_string() } else { self.number(noun) }
    }
}

impl Sides {
    pub(crate) fn of(told: &Told) -> Sides {
        let all = told.complete;
        Sides {
            sources: Side::of(told.findings.iter().map(|finding| finding.flow.srcaddr), all),
            targets: Side::of(told.findings.iter().map(|finding| finding.flow.dstaddr), all),
        }
    }
}

/// The subject, before it is cut.
pub(crate) fn subject(message: &Message<'_>) -> String {
    let rule = message.told.findings.first().map_or("", |finding| finding.rule.name());
    let sides = Sides::of(&message.told);
    let (source, target) = (sides.sources.words("source"), sides.targets.words("target"));
    let what = story(message, &source, &target)
        // Two IPv6 addresses fill a subject: what happened stands before them, so that the cut takes the last one's end.
        .unwrap_or_else(|| format!("{} from {source} to {target}", pings(&message.told.totals, "rejected ")));
    format!("[{rule}] {what}")
}

/// The first lines of the body: the sentence of the subject with who is who, and the likely reason.
pub(crate) fn lead(message: &Message<'_>) -> String {
    let findings = &message.told.findings;
    let sides = Sides::of(&message.told);
    let described = |side: &Side, noun: &str, source: bool| match side {
        Side::One(address) => format!("{address} ({})", describe(findings, *address, source)),
        Side::Many(_) | Side::AtLeast(_) => side.words(noun),
    };
    let source = described(&sides.sources, "source", true);
    let target = described(&sides.targets, "target", false);
    let what = story(message, &source, &target).unwrap_or_else(|| {
        let totals = message.told.totals;
        let were = if totals.packets == Some(1) { "was" } else { "were" };
        format!("{} from {source} to {target} {were} rejected", pings(&totals, ""))
    });
    let Some(first) = findings.first() else { return what };
    let explanation = explain::explain(first, &Network::default());
    if findings.iter().any(|finding| explain::explain(finding, &Network::default()) != explanation) {
        return format!("{what}.");
    }
    match explanation.confidence {
        Confidence::Certain => format!("{what}. Reason: {}.", reason::layer(&explanation)),
        Confidence::Likely => format!("{what}. Likely reason: {}.", reason::layer(&explanation)),
        Confidence::Possible => format!("{what}: by {}.", reason::layer(&explanation)),
    }
}

/// The sentence with the interface as its subject, where the findings tell one story about it.
fn story(message: &Message<'_>, source: &str, target: &str) -> Option<String> {
    let pings = pings(&message.told.totals, "");
    let mut stories: Vec<Story> = message.told.findings.iter().map(Story::of).collect();
    stories.dedup();
    match stories[..] {
        [Story::AnswersStopped] => Some(format!("{source} could not answer {pings} from {target}")),
        [Story::AnswersNotReceived] => Some(format!("{target} could not get the answers to {pings} from {source}")),
        [Story::Outbound] => Some(format!("{source} could not send {pings} to {target}")),
        _ => None,
    }
}

/// Packets as pings, or the records where no record counts packets.
pub(crate) fn pings(totals: &Totals, which: &str) -> String {
    match totals.packets {
        Some(packets) => count(packets, &format!("{which}ping")),
        None => format!("{which}pings ({})", count(totals.records, "record")),
    }
}

/// What is known of one address: whose it is, and what kind.
pub(crate) fn describe(findings: &[Finding], address: IpAddr, source: bool) -> String {
    let on_this_side = |finding: &&Finding| {
        let (side, own) = if source {
            (finding.flow.srcaddr, finding.flow.is_egress())
        } else {
            (finding.flow.dstaddr, finding.flow.is_ingress())
        };
        side == address && own
    };
    let mut words = Vec::new();
    if let Some(finding) = findings.iter().find(on_this_side) {
        words.extend(finding.place.instance_id.as_deref().map(str::to_owned));
        words.extend(finding.flow.interface_id.as_deref().map(str::to_owned));
    }
    let service = findings.iter().find_map(|finding| {
        let place = &finding.place;
        let (side, service) = if source {
            (finding.flow.srcaddr, &place.source_service)
        } else {
            (finding.flow.dstaddr, &place.target_service)
        };
        service.as_deref().filter(|_| side == address)
    });
    words.extend(service.map(|service| format!("AWS service {service}")));
    if words.is_empty() {
        words.push(Scope::of(address).words().to_owned());
    }
    words.join(", ")
}
