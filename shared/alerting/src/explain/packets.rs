//! What the packets of a flow may have been, and which rules are for them.
//!
//! No flow record carries the ICMP type, nor whether a packet opens a connection or belongs to one. So every possibility is thought
//! through.

use std::collections::BTreeSet;

use flow_log::Protocol;

use crate::{
    detection::{Finding, PortRange, Role, is_icmp},
    enrichment::{IcmpRange, RuleTraffic},
    explain::answer::Answer,
};

/// The kinds of messages that explanations distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Opens a connection: an ICMP echo request, a TCP segment with SYN, the first UDP datagram. Also what follows it from the client,
    /// which meets the same rules.
    Request,
    /// Answers: an ICMP echo reply, what a server sends.
    Reply,
    /// Any other of ICMP: an error message, for example. These are many, so what holds for one need not hold for the next.
    Other,
}

/// An answer for each [`Message`], in their order.
pub(super) type ByMessage = [Answer; 3];

/// What the packets are, and whether they belong to a connection that the security groups let through, whose packets need no rule
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>).
pub(super) type PacketKind = (Message, bool);

/// A request is new.
pub(super) const NEW: PacketKind = (Message::Request, false);

/// An answer belongs to the connection of its request.
pub(super) const ANSWER: PacketKind = (Message::Reply, true);

/// An answer without its connection: it was not tracked, has expired, or is tracked on another interface.
pub(super) const UNTRACKED_ANSWER: PacketKind = (Message::Reply, false);

/// The packets of a flow, as far as its records tell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Packets {
    /// ICMP or ICMPv6.
    Icmp(Protocol),
    /// TCP, UDP, or a protocol without ports, whose packets have any port as far as rules go.
    Ports(Ports),
}

/// The ports of a flow, and what its packets are to their connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    protocol: Protocol,
    /// Those that the packets come from: of several connections, from the lowest to the highest.
    source: PortRange,
    /// Those that they are for.
    target: PortRange,
    /// Requests or answers, where that is known.
    pub(super) role: Option<Role>,
    /// Whether the packets cannot be anything else.
    is_proof: bool,
}

/// Packets that each rule at hand is for, or not for, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Icmp(Message),
    /// Those for these ports.
    Ports(PortRange),
}

/// The part of a protocol's packets that a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Icmp(IcmpRange),
    Ports(PortRange),
}

impl Packets {
    pub(super) fn of(finding: &Finding) -> Packets {
        let flow = &finding.flow;
        if is_icmp(flow.protocol) {
            return Packets::Icmp(flow.protocol);
        }
        let range = |port: Option<u16>| port.map(PortRange::only).or(finding.client_ports).unwrap_or(PortRange::ALL);
        Packets::Ports(Ports {
            protocol: flow.protocol,
            source: range(flow.srcport),
            target: range(flow.dstport),
            role: finding.role(),
            is_proof: finding.server.is_some_and(|server| server.basis.is_proof()),
        })
    }

    /// The packets of the opposite way: answers to these if they are requests, and requests that these may answer.
    pub(super) fn back(self) -> Packets {
        match self {
            Packets::Icmp(_) => self,
            Packets::Ports(ports) => Packets::Ports(Ports {
                source: ports.target,
                target: ports.source,
                role: ports.role.map(|role| match role {
                    Role::Request => Role::Answer,
                    Role::Answer => Role::Request,
                }),
                ..ports
            }),
        }
    }

    /// The same packets for other ports; none for ICMP.
    pub(super) fn to(self, target: PortRange) -> Option<Packets> {
        match self {
            Packets::Icmp(_) => None,
            Packets::Ports(ports) => Some(Packets::Ports(Ports { target, ..ports })),
        }
    }

    /// The client's ports, where the packets are for them.
    pub(super) fn client_target(self) -> Option<PortRange> {
        match self {
            Packets::Ports(Ports { role: Some(Role::Answer), target, .. }) => Some(target),
            _ => None,
        }
    }

    /// All that they may be.
    pub(super) fn kinds(self) -> &'static [PacketKind] {
        match self {
            // An error message may be about a connection of any protocol.
            Packets::Icmp(_) => &[NEW, UNTRACKED_ANSWER, ANSWER, (Message::Other, false), (Message::Other, true)],
            Packets::Ports(Ports { role: Some(Role::Request), is_proof: true, .. }) => &[NEW],
            Packets::Ports(Ports { role: Some(Role::Answer), is_proof: true, .. }) => &[UNTRACKED_ANSWER, ANSWER],
            Packets::Ports(_) => &[NEW, UNTRACKED_ANSWER, ANSWER],
        }
    }

    /// Classes of the packets that none of some rules cuts in two: the kinds of ICMP messages, or the ports between the ends of ranges.
    pub(super) fn classes(self, rules: impl Iterator<Item = Part>) -> Vec<Class> {
        let target = match self {
            Packets::Icmp(_) => return [Message::Request, Message::Reply, Message::Other].map(Class::Icmp).into(),
            Packets::Ports(ports) => ports.target,
        };
        let mut starts = BTreeSet::from([target.first]);
        for part in rules {
            let Part::Ports(range) = part else { continue };
            let ends = [Some(range.first), range.last.checked_add(1)].into_iter().flatten();
            starts.extend(ends.filter(|start| target.contains(PortRange::only(*start))));
        }
        let mut classes = Vec::with_capacity(starts.len());
        let mut last = target.last;
        for first in starts.into_iter().rev() {
            classes.push(Class::Ports(PortRange { first, last }));
            last = first.saturating_sub(1);
        }
        classes.reverse();
        classes
    }

    /// An answer for each message, from one for each class.
    pub(super) fn by_message(self, answers: &[Answer]) -> ByMessage {
        match (self, answers) {
            (Packets::Icmp(_), &[request, reply, other]) => [request, reply, other],
            // Requests and answers of one flow are for the same ports.
            _ => [Answer::agreed(answers.iter().copied()); 3],
        }
    }

    /// The part of the packets' protocol that a rule is for; none where it is for another protocol.
    ///
    /// `ipv4` tells whether the rule is one of a network ACL with a block of IPv4: an ICMPv6 rule with such a block is for all types,
    /// whatever it names
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>, `Protocol`).
    pub(super) fn part(self, rule: RuleTraffic, ipv4: bool) -> Option<Part> {
        match (self, rule) {
            (Packets::Icmp(_), RuleTraffic::All) => Some(Part::Icmp(IcmpRange::default())),
            (Packets::Ports(_), RuleTraffic::All) => Some(Part::Ports(PortRange::ALL)),
            (Packets::Icmp(Protocol::ICMP), RuleTraffic::Icmp(range)) => Some(Part::Icmp(range)),
            (Packets::Icmp(Protocol::ICMPV6), RuleTraffic::Icmpv6(_)) if ipv4 => Some(Part::Icmp(IcmpRange::default())),
            (Packets::Icmp(Protocol::ICMPV6), RuleTraffic::Icmpv6(range)) => Some(Part::Icmp(range)),
            (Packets::Ports(ports), rule) if rule.protocol() == Some(ports.protocol.0) => {
                Some(Part::Ports(rule.ports().unwrap_or(PortRange::ALL)))
            }
            _ => None,
        }
    }

    /// Tells whether packets of a class are among those that a rule is for.
    pub(super) fn is_in(self, class: Class, part: Part) -> Answer {
        match (self, class, part) {
            (Packets::Icmp(protocol), Class::Icmp(message), Part::Icmp(range)) => is_icmp_in(message, range, protocol),
            (Packets::Ports(_), Class::Ports(ports), Part::Ports(range)) => Answer::of(range.contains(ports)),
            _ => Answer::No,
        }
    }
}

/// Tells whether a message is one of those that a rule is for.
///
/// Echo request and echo reply are the types 8 and 0 of ICMP (RFC 792), 128 and 129 of ICMPv6 (RFC 4443), all with code 0.
fn is_icmp_in(message: Message, range: IcmpRange, protocol: Protocol) -> Answer {
    let Some(kind) = range.kind else { return Answer::Yes };
    let (request, reply) = if protocol == Protocol::ICMPV6 { (128, 129) } else { (8, 0) };
    let echo = |of: u8| Answer::of(kind == of && range.code.is_none_or(|code| code == 0));
    match message {
        Message::Request => echo(request),
        Message::Reply => echo(reply),
        Message::Other if kind == request || kind == reply => Answer::No,
        Message::Other => Answer::Open,
    }
}
