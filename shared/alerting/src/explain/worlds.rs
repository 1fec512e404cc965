//! All that a flow may have been, and which layer rejects it in each case.
//!
//! Two things about the packets cannot be known from flow records: their ICMP type, and whether they belong to a connection that
//! the security groups had let through, whose packets need no rule
//! (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>). Each combination is a world.
//! The flow was rejected, so a world in which neither layer rejects it is not the one.

use super::{
    Confidence, Layer,
    message::{Answer, ByMessage, Message},
};

/// Whether each layer rejects a flow, in one direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    /// Whether the network ACL does.
    pub(super) acl: ByMessage,
    /// Whether the security groups do, for a new connection.
    pub(super) groups: ByMessage,
    /// ICMP the opposite way was accepted at about the same time, so that the packets look like answers to it.
    pub(super) answered: bool,
    /// Whether the security groups let echo requests through the opposite way, so that the packets may be answers to them.
    pub(super) opposite_allowed: Answer,
}

/// What can come of a world.
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

impl Answer {
    fn can_be(self, yes: bool) -> bool {
        self == Answer::Open || self == Answer::of(yes)
    }
}

/// One world.
#[derive(Clone, Copy, Debug)]
struct World {
    message: Message,
    /// What the packets look like: pings, or answers where there is something to answer.
    likely: bool,
    outcomes: Outcomes,
}

/// Adds the worlds of one direction.
fn worlds(judged: &Judged) -> impl Iterator<Item = World> {
    let likely = if judged.answered { (Message::Reply, true) } else { (Message::Request, false) };
    [
        (Message::Request, false),
        (Message::Reply, false),
        (Message::Reply, true),
        (Message::Other, false),
        // An error message about a connection of any protocol: what the groups let through cannot be told from ICMP rules.
        (Message::Other, true),
    ]
    .into_iter()
    .filter(|world| *world != (Message::Reply, true) || judged.answered || judged.opposite_allowed != Answer::No)
    .map(move |(message, tracked)| {
        let index = message as usize;
        let groups = if tracked { Answer::No } else { judged.groups[index] };
        World { message, likely: (message, tracked) == likely, outcomes: Outcomes::of(judged.acl[index], groups) }
    })
}

/// The layer that rejected a flow, and how sure that is, from all its worlds: those of one direction, or of both where it is not
/// known.
pub(super) fn conclude(directions: &[Judged]) -> (Layer, Confidence) {
    let worlds: Vec<World> = directions.iter().flat_map(worlds).collect();
    let rejecting = || worlds.iter().filter(|world| world.outcomes.is_rejecting());
    // Certain: no message of any kind is let through by today's rules, and nothing open could change who rejects it.
    let every_message = Message::ALL.iter().all(|message| rejecting().any(|world| world.message == *message));
    let as_it_looks = worlds.iter().filter(|world| world.likely).all(|world| world.outcomes.is_rejecting());
    if every_message && as_it_looks {
        let in_all = |of: Outcomes| rejecting().all(|world| world.outcomes.are_all_of(of));
        let no_rule = directions.iter().all(|judged| !judged.answered && judged.groups == [Answer::Yes; 3]);
        if in_all(Outcomes::ACL.or(Outcomes::BOTH)) {
            return (if no_rule { Layer::Both } else { Layer::Acl }, Confidence::Certain);
        }
        if in_all(Outcomes::GROUPS.or(Outcomes::BOTH)) {
            return (Layer::SecurityGroup, Confidence::Certain);
        }
    }
    let union = |some: &mut dyn Iterator<Item = &World>| {
        some.fold(Outcomes::NONE, |union, world| union.or(world.outcomes.rejecting()))
    };
    // Likely: one layer is left for what the packets look like.
    let likely = union(&mut worlds.iter().filter(|world| world.likely)).layer();
    match likely {
        Layer::Neither => (union(&mut worlds.iter()).layer(), Confidence::Possible),
        Layer::Either => (likely, Confidence::Possible),
        _ => (likely, Confidence::Likely),
    }
}
