//! What all sections of a mail read: the message, each finding with its explanation, and the words.

use std::net::IpAddr;

use crate::{
    detection::{Direction, Finding},
    explain::{Explanation, Looks, explain},
    notification::{
        kind::Kind,
        language::{Number, Phrases, Story},
        names::{Name, Names},
        notification::Message,
    },
    time::EpochMillis,
};

/// A message on its way to a mail.
pub(super) struct Case<'a> {
    pub(super) message: &'a Message<'a>,
    pub(super) words: &'static dyn Phrases,
    /// The findings that are told one by one, heaviest first.
    pub(super) flows: Vec<Judged<'a>>,
}

/// A finding with its explanation.
pub(super) struct Judged<'a> {
    pub(super) finding: &'a Finding,
    pub(super) explanation: Explanation,
}

/// One of the two sides of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Target,
}

impl Side {
    /// Who sent the packets, or who was to receive them.
    pub(super) fn address(self, finding: &Finding) -> IpAddr {
        match self {
            Side::Source => finding.flow.sender(),
            Side::Target => finding.flow.receiver(),
        }
    }

    /// The address of the record on this side: an intermediate's where the packets carry another one.
    pub(super) fn record_address(self, finding: &Finding) -> IpAddr {
        match self {
            Side::Source => finding.flow.srcaddr,
            Side::Target => finding.flow.dstaddr,
        }
    }

    pub(super) fn other(self) -> Side {
        match self {
            Side::Source => Side::Target,
            Side::Target => Side::Source,
        }
    }
}

impl Judged<'_> {
    /// The side of the interface that logged it, where that is known.
    pub(super) fn own_side(&self) -> Option<Side> {
        self.explanation.direction.map(|direction| match direction {
            Direction::Egress => Side::Source,
            Direction::Ingress => Side::Target,
        })
    }

    /// The address of the interface that logged it, as its records have it.
    pub(super) fn own_address(&self) -> Option<IpAddr> {
        self.own_side().map(|side| side.record_address(self.finding))
    }

    /// What its packets look like.
    pub(super) fn story(&self) -> Story {
        match (self.explanation.direction, self.explanation.looks) {
            (Some(Direction::Egress), Looks::Answers) => Story::AnswersStopped,
            (Some(Direction::Ingress), Looks::Answers) => Story::AnswersNotReceived,
            (Some(Direction::Egress), Looks::Pings) => Story::Outbound,
            (Some(Direction::Ingress), Looks::Pings | Looks::Unclear) => Story::Inbound,
            // Whether the interface sent pings or answers is open.
            (Some(Direction::Egress), Looks::Unclear) | (None, _) => Story::Rejected,
        }
    }

    /// The same in a list of flows, where the direction has to be told.
    pub(super) fn listed(&self) -> Story {
        match (self.explanation.direction, self.story()) {
            (Some(Direction::Egress), Story::Rejected) => Story::Outbound,
            (_, story) => story,
        }
    }
}

impl<'a> Case<'a> {
    pub(super) fn of(message: &'a Message<'a>) -> Case<'a> {
        let judge = |finding| Judged { finding, explanation: explain(finding, message.network) };
        Case {
            message,
            words: message.site.language.phrases(),
            flows: message.told.findings.iter().map(judge).collect(),
        }
    }

    /// Tells whether the flows are all there are: what holds for each of them holds for everything that is told.
    pub(super) fn knows_all(&self) -> bool {
        self.message.told.complete
    }

    /// The VPC of all interfaces, where EC2 knows each and it is the same.
    pub(super) fn only_vpc(&self) -> Option<&str> {
        let interfaces = &self.message.told.interfaces;
        let known = |one: &Name| self.message.network.interfaces.get(&one.name)?.vpc_id.as_deref();
        let first = known(interfaces.ranked.first()?)?;
        let all =
            interfaces.exact && !interfaces.unnamed && interfaces.ranked.iter().all(|one| known(one) == Some(first));
        Some(first).filter(|_| all)
    }

    /// The addresses of one side.
    pub(super) fn names(&self, side: Side) -> &'a Names {
        match side {
            Side::Source => &self.message.told.sources,
            Side::Target => &self.message.told.targets,
        }
    }

    /// So many of some names, and how exact that is.
    pub(super) fn number(&self, names: &Names, amount: u64) -> Number {
        if names.exact && !names.unnamed {
            Number::Exactly(amount)
        } else if names.exact || self.message.told.untracked.records > 0 {
            Number::AtLeast(amount)
        } else {
            Number::About(amount)
        }
    }

    /// The first and the last moment of what is told.
    pub(super) fn span(&self) -> (Option<EpochMillis>, Option<EpochMillis>) {
        let totals = &self.message.told.totals;
        (totals.first_start, totals.last_end)
    }

    /// Tells whether the message is sent as soon as its incident was found.
    pub(super) fn is_prompt(&self) -> bool {
        self.message.kind == Kind::Opening && !self.message.is_late()
    }
}
