//! What the packets of a flow may have been. No flow record carries the ICMP type, so every kind is thought through.

use flow_log::Protocol;

use crate::enrichment::{IcmpRange, RuleProtocol};

/// What is known of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// Not known, or it depends on what is not known.
    Open,
}

impl Answer {
    pub(super) fn of(yes: bool) -> Answer {
        if yes { Answer::Yes } else { Answer::No }
    }

    /// Both.
    pub(super) fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::No, _) | (_, Answer::No) => Answer::No,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
            _ => Answer::Open,
        }
    }

    /// The answer to one question asked of several things: open where they differ.
    pub(super) fn agreed(answers: impl IntoIterator<Item = Answer>) -> Answer {
        let mut answers = answers.into_iter();
        let first = answers.next().unwrap_or(Answer::Open);
        if answers.all(|answer| answer == first) { first } else { Answer::Open }
    }
}

/// The kinds of ICMP messages that explanations distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IcmpMessage {
    /// An echo request: a ping.
    Request,
    /// An echo reply: the answer to a ping.
    Reply,
    /// Any other: an error message, for example. These are many, so what holds for one need not hold for the next.
    Other,
}

impl IcmpMessage {
    pub(super) const ALL: [IcmpMessage; 3] = [IcmpMessage::Request, IcmpMessage::Reply, IcmpMessage::Other];
}

/// An answer for each of [`IcmpMessage::ALL`].
pub(super) type ByIcmpMessage = [Answer; 3];

/// Tells whether a rule is for a protocol, and if so for which messages; none where it is for another protocol.
///
/// A type counts only in a rule for ICMP or ICMPv6. `ipv4` tells whether the rule's block is one of IPv4: an ICMPv6 rule of a
/// network ACL with such a block is for all types, whatever it names
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>, `Protocol`).
pub(super) fn icmp_range(rule: RuleProtocol, icmp: IcmpRange, ipv4: bool, protocol: Protocol) -> Option<IcmpRange> {
    match rule {
        RuleProtocol::All => Some(IcmpRange::default()),
        RuleProtocol::Only(number) if number != protocol.0 => None,
        RuleProtocol::Only(_) if protocol == Protocol::ICMPV6 && ipv4 => Some(IcmpRange::default()),
        RuleProtocol::Only(_) => Some(icmp),
    }
}

/// Tells whether a message is one of those that a rule is for.
///
/// Echo request and echo reply are the types 8 and 0 of ICMP (RFC 792), 128 and 129 of ICMPv6 (RFC 4443), all with code 0.
pub(super) fn is_in(message: IcmpMessage, range: IcmpRange, protocol: Protocol) -> Answer {
    let Some(kind) = range.kind else { return Answer::Yes };
    let (request, reply) = if protocol == Protocol::ICMPV6 { (128, 129) } else { (8, 0) };
    let echo = |of: u8| Answer::of(kind == of && range.code.is_none_or(|code| code == 0));
    match message {
        IcmpMessage::Request => echo(request),
        IcmpMessage::Reply => echo(reply),
        IcmpMessage::Other if kind == request || kind == reply => Answer::No,
        IcmpMessage::Other => Answer::Open,
    }
}
