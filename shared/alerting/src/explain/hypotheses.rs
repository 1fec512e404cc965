//! All that a flow may have been, and which layer rejects it in each case.
//!
//! Two things about the packets cannot be known from flow records: what they are, and whether they belong to a connection that the
//! security groups had let through, whose packets need no rule
//! (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>). Of ICMP, what they are is a matter
//! of the type. Of TCP and UDP, they are new, or an answer whose connection is tracked, or an answer without one. Each combination is a
//! hypothesis. The flow was rejected, so a hypothesis in which neither layer rejects it is discarded.
//!
//! What was accepted between the same two addresses (of TCP and UDP, the same two ports) at about the same time tells what the packets
//! look like. It proves little: a record of it may be in another batch, and the rules may have been changed in between. Of TCP and UDP,
//! detection has drawn that conclusion: [`crate::detection::Finding::server`].

use crate::explain::{
    answer::Answer,
    evidence::Same,
    explanation::{Confidence, Layer, PacketRole},
    packets::{ANSWER, ByMessage, Message, NEW, PacketKind, Packets, UNTRACKED_ANSWER},
};

/// Whether each layer rejects a flow, in one direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerAnswers {
    /// Whether the network ACL does.
    pub(super) acl: ByMessage,
    /// Whether it does where the flow crossed the border of its subnet, if that is open.
    pub(super) acl_across: Option<ByMessage>,
    /// Whether the security groups do, for a new connection.
    pub(super) groups: ByMessage,
    /// Whether the security groups let requests through the opposite way, so that the packets may be answers to them.
    pub(super) opposite_allowed: Answer,
    /// Whether the security groups let anything of the other side through, of any protocol and either way, so that the packets may
    /// belong to a connection.
    pub(super) connected: Answer,
}

/// What was accepted between the two addresses at about the time of the rejected records.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Packets the opposite way.
    pub(super) opposite: bool,
    /// Those went on after the first rejected packet, by the times of the records.
    pub(super) opposite_went_on: bool,
    /// Packets the same way.
    pub(super) same: Option<When>,
    /// There was more accepted than is remembered: what was not seen may have been there.
    pub(super) incomplete: bool,
}

/// When packets the same way were accepted, by the times of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// All of it before the first rejected packet: a change of the rules in between explains both.
    Before,
    /// All of it after the last rejected packet.
    After,
    /// Among the rejected packets.
    Among,
}

/// What all hypotheses together come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) layer: Layer,
    pub(super) confidence: Confidence,
    pub(super) role: PacketRole,
    /// What it shows that packets were accepted the same way, where they were.
    pub(super) same: Option<Same>,
    /// Whether both layers may let it through, by today's rules.
    pub(super) can_pass: bool,
}

/// What can come of a hypothesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcomes(u8);

impl Outcomes {
    const NONE: Outcomes = Outcomes(0);
    const NEITHER: Outcomes = Outcomes(1);
    const ACL: Outcomes = Outcomes(2);
    const GROUPS: Outcomes = Outcomes(4);
    const BOTH: Outcomes = Outcomes(8);

    fn of(acl: Answer, groups: Answer) -> Outcomes {
        let mut outcomes = Outcomes::NONE;
        for (acl_rejects, groups_reject, outcome) in [
            (false, false, Outcomes::NEITHER),
            (true, false, Outcomes::ACL),
            (false, true, Outcomes::GROUPS),
            (true, true, Outcomes::BOTH),
        ] {
            if acl.can_be(acl_rejects) && groups.can_be(groups_reject) {
                outcomes = outcomes.or(outcome);
            }
        }
        outcomes
    }

    fn or(self, other: Outcomes) -> Outcomes {
        Outcomes(self.0 | other.0)
    }

    /// Those in which somebody rejects the flow.
    fn rejecting(self) -> Outcomes {
        Outcomes(self.0 & !Outcomes::NEITHER.0)
    }

    fn is_rejecting(self) -> bool {
        self.rejecting() != Outcomes::NONE
    }

    /// Tells whether nobody may reject the flow.
    fn can_pass(self) -> bool {
        self.0 & Outcomes::NEITHER.0 != 0
    }

    fn are_all_of(self, other: Outcomes) -> bool {
        self.0 & !other.0 == 0
    }

    /// The layer that rejects the flow in all of them.
    fn layer(self) -> Layer {
        let (by_acl, by_groups) = (Outcomes::ACL.or(Outcomes::BOTH), Outcomes::GROUPS.or(Outcomes::BOTH));
        match self.rejecting() {
            Outcomes::NONE => Layer::Neither,
            Outcomes::BOTH => Layer::Both,
            some if some.are_all_of(by_acl) => Layer::Acl,
            some if some.are_all_of(by_groups) => Layer::SecurityGroup,
            _ => Layer::Either,
        }
    }
}

/// One hypothesis.
#[derive(Clone, Copy, Debug)]
struct Hypothesis {
    kind: PacketKind,
    /// Whether there is a connection that such packets may belong to, where they belong to one.
    possible: Answer,
    outcomes: Outcomes,
}

/// The hypotheses of one direction.
fn hypotheses(kinds: &[PacketKind], judged: LayerAnswers, seen: Seen) -> impl Iterator<Item = Hypothesis> {
    kinds
        .iter()
        .map(move |&(message, tracked)| {
            let possible = match message {
                _ if !tracked || seen.opposite => Answer::Yes,
                Message::Reply => judged.opposite_allowed,
                // An error message about a connection of any protocol: ICMP rules alone do not show what the groups let through.
                _ => judged.connected,
            };
            let index = message as usize;
            let groups = if tracked { Answer::No } else { judged.groups[index] };
            Hypothesis { kind: (message, tracked), possible, outcomes: Outcomes::of(judged.acl[index], groups) }
        })
        .filter(|hypothesis| hypothesis.possible != Answer::No)
}

/// What it shows that packets of a TCP or UDP flow were accepted, where some were: whether the rules were changed in between, or came
/// to another decision on other packets of the connection.
fn same(readings: &[Vec<Hypothesis>], seen: Seen) -> Option<Same> {
    let some_pass = readings.iter().flatten().any(|hypothesis| hypothesis.outcomes.can_pass());
    seen.same.map(|when| if when == When::Before || some_pass { Same::KindOrChange } else { Same::Change })
}

/// What the packets of ICMP look like, and what it shows that ICMP was accepted the same way.
///
/// The ICMP type decides in both layers, and in the groups whether the packets belong to a connection. So what is accepted and
/// what is rejected at the same time are of different kinds, or the rules were changed in between.
fn icmp_role(readings: &[Vec<Hypothesis>], seen: Seen) -> (PacketRole, Option<Same>) {
    let all = || readings.iter().flatten();
    let can = |kind: PacketKind| all().any(|hypothesis| hypothesis.kind == kind);
    let some_pass = all().any(|hypothesis| hypothesis.outcomes.can_pass());
    // The other side stands where it stands for both: what is open about that cannot tell one kind from the other.
    let differ = |kind: PacketKind| {
        readings.iter().any(|hypotheses| {
            hypotheses.iter().any(|hypothesis| hypothesis.kind == kind && hypothesis.outcomes.is_rejecting())
                && hypotheses.iter().any(|hypothesis| hypothesis.kind != kind && hypothesis.outcomes.can_pass())
        })
    };
    // Pings that these would answer, or answers that got through, may be among what is not remembered.
    let unseen = seen.incomplete && can(ANSWER);
    let plain = match seen.opposite {
        true => PacketRole::Answer,
        false if unseen => PacketRole::Unclear,
        false => PacketRole::Request,
    };
    match seen.same {
        None if unseen => (PacketRole::Unclear, None),
        None => (plain, None),
        // The rules were changed in between. Were the packets answers, pings the opposite way went on.
        Some(When::Before) if seen.opposite && !seen.opposite_went_on => {
            (PacketRole::Unclear, Some(Same::KindOrChange))
        }
        Some(When::Before) => (plain, Some(Same::KindOrChange)),
        // Today's rules let nothing through, and what came among the rejected packets or after them got through.
        Some(_) if !some_pass => (if seen.opposite { PacketRole::Unclear } else { plain }, Some(Same::Change)),
        Some(When::After) => (plain, Some(Same::KindOrChange)),
        Some(When::Among) if !seen.opposite => (plain, Some(Same::KindOrChange)),
        // Pings both ways. That answers get through and pings do not is what groups do; the reverse takes rules for ICMP types.
        Some(When::Among) if differ(NEW) => (PacketRole::Request, Some(Same::Answers)),
        Some(When::Among) if differ(ANSWER) => (PacketRole::Answer, Some(Same::KindOrChange)),
        Some(When::Among) => (PacketRole::Unclear, Some(Same::KindOrChange)),
    }
}

/// The layer that rejected a flow, and how sure that is, from all its hypotheses: those of one direction, or of both where it is not
/// known.
pub(super) fn conclude(packets: Packets, directions: &[LayerAnswers], seen: Seen) -> Verdict {
    let across = |judged: &LayerAnswers| LayerAnswers { acl: judged.acl_across.unwrap_or(judged.acl), ..*judged };
    let within = |judged: &LayerAnswers| LayerAnswers {
        acl: judged.acl_across.map_or(judged.acl, |_| [Answer::No; 3]),
        ..*judged
    };
    let all = |of: &dyn Fn(&LayerAnswers) -> LayerAnswers| -> Vec<Hypothesis> {
        directions.iter().flat_map(|judged| hypotheses(packets.kinds(), of(judged), seen)).collect()
    };
    let readings = [all(&across), all(&within)];
    let (role, same) = match packets {
        Packets::Icmp(_) => icmp_role(&readings, seen),
        Packets::Ports(ports) => (ports.role.into(), same(&readings, seen)),
    };
    let hypotheses = all(&|judged| *judged);
    let (layer, confidence) = rank(packets.kinds(), &hypotheses, role);
    // The rules have to let through what was accepted, too: or else they were not those of today throughout.
    let passes =
        |hypothesis: &Hypothesis| hypothesis.possible == Answer::Yes && hypothesis.outcomes == Outcomes::NEITHER;
    let explained = matches!(seen.same, None | Some(When::Before)) || hypotheses.iter().any(passes);
    let confidence = if explained { confidence } else { confidence.max(Confidence::Likely) };
    let can_pass = hypotheses.iter().any(|hypothesis| hypothesis.outcomes.can_pass());
    Verdict { layer, confidence, role, same, can_pass }
}

fn rank(kinds: &[PacketKind], hypotheses: &[Hypothesis], role: PacketRole) -> (Layer, Confidence) {
    // Without a request that the groups let through, an answer has no connection.
    let tracked = hypotheses.iter().any(|hypothesis| hypothesis.kind == ANSWER);
    let answer = if tracked { ANSWER } else { UNTRACKED_ANSWER };
    let likely = |hypothesis: &&Hypothesis| match role {
        PacketRole::Request => hypothesis.kind == NEW,
        PacketRole::Answer => hypothesis.kind == answer,
        PacketRole::Unclear => hypothesis.kind == NEW || hypothesis.kind == ANSWER,
    };
    let rejecting = || hypotheses.iter().filter(|hypothesis| hypothesis.outcomes.is_rejecting());
    // Certain: no message of any kind is let through by today's rules, and nothing open could change who rejects it.
    let every_message = kinds.iter().all(|(message, _)| rejecting().any(|hypothesis| hypothesis.kind.0 == *message));
    let as_it_looks = hypotheses.iter().filter(likely).all(|hypothesis| hypothesis.outcomes.is_rejecting());
    if every_message && as_it_looks {
        let in_all = |of: Outcomes| rejecting().all(|hypothesis| hypothesis.outcomes.are_all_of(of));
        // Both: nothing of the other side is in a connection, so whatever it is, the groups reject it too.
        for (of, layer) in [
            (Outcomes::BOTH, Layer::Both),
            (Outcomes::ACL.or(Outcomes::BOTH), Layer::Acl),
            (Outcomes::GROUPS.or(Outcomes::BOTH), Layer::SecurityGroup),
        ] {
            if in_all(of) {
                return (layer, Confidence::Certain);
            }
        }
    }
    let union = |some: &mut dyn Iterator<Item = &Hypothesis>| {
        some.fold(Outcomes::NONE, |union, hypothesis| union.or(hypothesis.outcomes.rejecting()))
    };
    // Likely: one layer is left for what the packets look like.
    let likely = union(&mut hypotheses.iter().filter(likely)).layer();
    match likely {
        Layer::Neither => (union(&mut hypotheses.iter()).layer(), Confidence::Possible),
        Layer::Either => (likely, Confidence::Possible),
        _ => (likely, Confidence::Likely),
    }
}
