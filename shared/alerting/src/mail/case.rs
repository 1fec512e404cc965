//! What all sections of a mail read: the message, each finding with its explanation, and the words.

use std::net::IpAddr;

use super::language::{Number, Phrases, Story};
use crate::{
    alert::Kind,
    direction::Direction,
    explain::{Explanation, explain},
    finding::Finding,
    message::{Message, Names},
    time::{EpochMillis, MINUTE_MILLIS},
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
    /// The address on this side.
    pub(super) fn address(self, finding: &Finding) -> IpAddr {
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

    /// What its packets look like.
    pub(super) fn story(&self) -> Story {
        match (self.explanation.direction, self.explanation.is_answer()) {
            (Some(Direction::Egress), true) => Story::AnswersStopped,
            (Some(Direction::Ingress), true) => Story::AnswersNotReceived,
            (Some(Direction::Egress), false) => Story::Outbound,
            (Some(Direction::Ingress), false) => Story::Inbound,
            (None, _) => Story::Rejected,
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
        let told = &self.message.told;
        told.complete || (told.sources.only().is_some() && told.targets.only().is_some())
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
        if names.exact {
            Number::Exactly(amount)
        } else if self.message.told.untracked.records > 0 {
            Number::AtLeast(amount)
        } else {
            Number::About(amount)
        }
    }

    /// The first and the last moment of what is told.
    pub(super) fn span(&self) -> (Option<EpochMillis>, Option<EpochMillis>) {
        let told = &self.message.told;
        let mut first = told.totals.first_start;
        // The totals of an update have the times of the whole incident.
        if let (Kind::Update, Some((minute, _))) = (self.message.kind, told.minutes.first_key_value()) {
            first = first.max(Some(EpochMillis(minute.saturating_mul(MINUTE_MILLIS))));
        }
        (first, told.totals.last_end)
    }

    /// Tells whether the message is sent as soon as its incident was found.
    pub(super) fn is_prompt(&self) -> bool {
        self.message.kind == Kind::Opening && !self.message.is_late()
    }
}
