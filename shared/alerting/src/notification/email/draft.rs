//! What all sections of an email read: the notification, each finding with its explanation, and the phrases.

use std::net::IpAddr;

use crate::{
    detection::{Direction, Finding},
    explain::{Explanation, PacketRole, explain},
    notification::{
        kind::NotificationKind,
        language::{Number, Phrases, RejectionKind},
        names::{Name, Names},
        notification::Notification,
    },
    time::EpochMillis,
};

/// A notification on its way to an email.
pub(super) struct EmailDraft<'a> {
    pub(super) notification: &'a Notification<'a>,
    pub(super) words: &'static dyn Phrases,
    /// The findings that are listed, heaviest first.
    pub(super) flows: Vec<ExplainedFinding<'a>>,
}

/// A finding with its explanation.
pub(super) struct ExplainedFinding<'a> {
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

impl ExplainedFinding<'_> {
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
    pub(super) fn story(&self) -> RejectionKind {
        match (self.explanation.direction, self.explanation.role) {
            (Some(Direction::Egress), PacketRole::Answer) => RejectionKind::AnswersStopped,
            (Some(Direction::Ingress), PacketRole::Answer) => RejectionKind::AnswersNotReceived,
            (Some(Direction::Egress), PacketRole::Request) => RejectionKind::Outbound,
            (Some(Direction::Ingress), PacketRole::Request | PacketRole::Unclear) => RejectionKind::Inbound,
            // Whether the interface sent pings or answers is open.
            (Some(Direction::Egress), PacketRole::Unclear) | (None, _) => RejectionKind::Rejected,
        }
    }

    /// The same in a list of flows, where the direction has to be stated.
    pub(super) fn listed(&self) -> RejectionKind {
        match (self.explanation.direction, self.story()) {
            (Some(Direction::Egress), RejectionKind::Rejected) => RejectionKind::Outbound,
            (_, story) => story,
        }
    }
}

impl<'a> EmailDraft<'a> {
    pub(super) fn of(notification: &'a Notification<'a>) -> EmailDraft<'a> {
        let judge = |finding| ExplainedFinding { finding, explanation: explain(finding, notification.network) };
        EmailDraft {
            notification,
            words: notification.site.language.phrases(),
            flows: notification.content.findings.iter().map(judge).collect(),
        }
    }

    /// Tells whether the flows are all there are: what holds for each of them holds for everything that is told.
    pub(super) fn knows_all(&self) -> bool {
        self.notification.content.complete
    }

    /// The VPC of all interfaces, where EC2 knows each and it is the same.
    pub(super) fn only_vpc(&self) -> Option<&str> {
        let interfaces = &self.notification.content.interfaces;
        let known = |one: &Name| self.notification.network.interfaces.get(&one.name)?.vpc_id.as_deref();
        let first = known(interfaces.ranked.first()?)?;
        let all =
            interfaces.exact && !interfaces.unnamed && interfaces.ranked.iter().all(|one| known(one) == Some(first));
        Some(first).filter(|_| all)
    }

    /// The addresses of one side.
    pub(super) fn names(&self, side: Side) -> &'a Names {
        match side {
            Side::Source => &self.notification.content.sources,
            Side::Target => &self.notification.content.targets,
        }
    }

    /// So many of some names, and how exact that is.
    pub(super) fn number(&self, names: &Names, amount: u64) -> Number {
        if names.exact && !names.unnamed {
            Number::Exactly(amount)
        } else if names.exact || self.notification.content.untracked.records > 0 {
            Number::AtLeast(amount)
        } else {
            Number::About(amount)
        }
    }

    /// The first and the last moment of the period.
    pub(super) fn span(&self) -> (Option<EpochMillis>, Option<EpochMillis>) {
        let totals = &self.notification.content.totals;
        (totals.first_start, totals.last_end)
    }

    /// Tells whether the message is sent as soon as its incident was found.
    pub(super) fn is_prompt(&self) -> bool {
        self.notification.kind == NotificationKind::Opened && !self.notification.is_late()
    }
}
