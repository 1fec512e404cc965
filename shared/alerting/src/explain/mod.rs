//! Why a flow was rejected: which layer refused it, by which of its rules, how sure that is, and what shows it.
//!
//! Values only: the words for them are a mail's. They carry what a reader needs to go on: the network ACL or the security groups
//! to open, and the rules in question.

mod acl;
mod evidence;
mod groups;
mod message;
mod view;
mod worlds;

pub use evidence::{AclEvidence, AclVerdict, Evidence, Group, GroupsEvidence, GroupsVerdict, Open, OpenRule};

use self::{
    message::{Answer, ByMessage},
    view::{Border, View},
    worlds::Judged,
};
use crate::{
    direction::Direction,
    finding::{Accepted, Finding},
    network::{Gap, Network, Part},
};

/// How sure an explanation is, given that the rules were then what they are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The layer rejects whatever the packets were: of any ICMP type, pings or answers, new or within a tracked connection. It need not
    /// be the only one: a format without `reject-reason` does not tell of VPC Block Public Access.
    Certain,
    /// The layer rejects what the packets look like, or is the only one left that can. Pings of another kind, a rule that cannot be
    /// decided, or rules that could not be had stand against more.
    Likely,
    /// Other explanations are as good, or today's rules let through what the packets look like.
    Possible,
}

/// The layer that refused a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// VPC Block Public Access
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>).
    BlockPublicAccess,
    /// VPC encryption controls, at an endpoint.
    EncryptionControls,
    /// The network ACL of the interface's subnet.
    Acl,
    /// The interface's security groups: none of their rules allows it.
    SecurityGroup,
    /// The network ACL denies it, and no rule of the security groups allows it either: opening one of them is not enough. (Were the
    /// packets answers to requests that are not in this batch, the network ACL alone would have stopped them.)
    Both,
    /// The network ACL or the security groups; which of them is not known.
    Either,
    /// Neither of them by today's rules: they were changed since, or the packets came after the connection that they belonged to had
    /// ended (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `action`). A format without `reject-reason`
    /// leaves VPC Block Public Access open too.
    Neither,
    /// A reason that AWS has added since this was written: see [`Evidence::RejectReason`].
    Other,
}

/// An explanation of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The layer.
    pub layer: Layer,
    /// The direction of the layer's rules: the flow's, or the one that the interface's addresses show.
    pub direction: Option<Direction>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What shows it, most telling first; where the direction is not known, for both directions.
    pub evidence: Vec<Evidence>,
}

impl Explanation {
    /// Tells whether the packets look like answers: ICMP the opposite way was let through at about the same time.
    pub fn is_answer(&self) -> bool {
        self.evidence.iter().any(|evidence| matches!(evidence, Evidence::OppositeAccepted(_)))
    }

    /// What the network ACL's rules say, where they are known and apply; one for each direction that the flow may have.
    pub fn acls(&self) -> impl Iterator<Item = &AclEvidence> {
        self.evidence.iter().filter_map(|evidence| if let Evidence::Acl(acl) = evidence { Some(acl) } else { None })
    }

    /// What the security groups' rules say, where they are known; one for each direction that the flow may have.
    pub fn groups(&self) -> impl Iterator<Item = &GroupsEvidence> {
        self.evidence
            .iter()
            .filter_map(|evidence| if let Evidence::Groups(groups) = evidence { Some(groups) } else { None })
    }
}

/// Explains a finding from its own records, the accepted ICMP of the same two addresses, and what is known of the network. Nothing
/// being known, as in an empty [`Network`], is no error: the records alone tell something.
pub fn explain(finding: &Finding, network: &Network) -> Explanation {
    let (direction, sure) = view::direction(finding, network).unzip();
    if let Some(reason) = finding.place.reject_reason.as_deref() {
        let layer = match reason {
            "BPA" => Layer::BlockPublicAccess,
            "EC" => Layer::EncryptionControls,
            _ => Layer::Other,
        };
        let evidence = vec![Evidence::RejectReason(reason.into())];
        return Explanation { layer, direction, confidence: Confidence::Certain, evidence };
    }
    let answered = finding.opposite.as_ref().filter(|accepted| overlaps(finding, accepted));
    let mut evidence: Vec<Evidence> =
        answered.map(|accepted| Evidence::OppositeAccepted(accepted.totals)).into_iter().collect();
    let directions = match &direction {
        Some(direction) => std::slice::from_ref(direction),
        None => &[Direction::Ingress, Direction::Egress][..],
    };
    let mut gaps = Gaps::default();
    let judged: Vec<Judged> = directions
        .iter()
        .map(|direction| {
            let view = View::new(finding, network, *direction, answered.is_some());
            judge(&view, &mut evidence, &mut gaps)
        })
        .collect();
    if finding.flow.interface_id.is_none() {
        evidence.push(Evidence::NoInterface);
    }
    evidence.extend(gaps.into_evidence(network));
    let (layer, mut confidence) = worlds::conclude(&judged);
    if sure == Some(false) {
        confidence = confidence.max(Confidence::Likely);
    }
    Explanation { layer, direction, confidence, evidence }
}

/// The parts of the network's description that would have told more.
#[derive(Clone, Copy, Debug, Default)]
struct Gaps {
    interfaces: bool,
    groups: bool,
    acls: bool,
}

impl Gaps {
    fn into_evidence(self, network: &Network) -> impl Iterator<Item = Evidence> {
        let missed = [(Part::Interfaces, self.interfaces), (Part::Groups, self.groups), (Part::Acls, self.acls)];
        let missed = missed.into_iter().filter(|(_, missed)| *missed);
        missed.filter_map(|(part, _)| Some(Evidence::Gap(Gap { part, reason: network.gap(part)?.clone() })))
    }
}

/// Holds a flow against both layers.
fn judge(view: &View<'_>, evidence: &mut Vec<Evidence>, gaps: &mut Gaps) -> Judged {
    Judged {
        acl: judge_acl(view, evidence, gaps),
        groups: judge_groups(view, evidence, gaps),
        answered: view.answered,
        opposite_allowed: match view.interface {
            Some(interface) => match groups::rejects(interface, view, view.direction.opposite())[0] {
                Answer::Yes => Answer::No,
                Answer::No => Answer::Yes,
                Answer::Open => Answer::Open,
            },
            None => Answer::Open,
        },
    }
}

/// Whether the subnet's network ACL rejects a flow, where it crosses the subnet's border.
fn judge_acl(view: &View<'_>, evidence: &mut Vec<Evidence>, gaps: &mut Gaps) -> ByMessage {
    let border = view.border();
    if let (Border::Within(neighbour), Some(subnet_id)) = (border, view.subnet_id) {
        let peer_interface_id = neighbour.id.clone();
        evidence.push(Evidence::SameSubnet { subnet_id: subnet_id.into(), peer_interface_id });
        return [Answer::No; 3];
    }
    gaps.interfaces |= view.subnet_id.is_none();
    let acl = view.subnet_id.and_then(|subnet_id| Some((subnet_id, view.network.acl_of(subnet_id)?)));
    let Some((subnet_id, acl)) = acl else {
        gaps.acls = true;
        return [Answer::Open; 3];
    };
    let (found, rejects) = acl::judge(acl, subnet_id, view);
    let allows = found.verdict == AclVerdict::Allows;
    evidence.push(Evidence::Acl(found));
    match border {
        Border::Unknown(peer) if !allows => {
            gaps.interfaces = true;
            evidence.push(Evidence::MaybeSameSubnet { peer });
            rejects.map(|rejects| rejects.and(Answer::Open))
        }
        _ => rejects,
    }
}

/// Whether the interface's security groups reject a flow, as a new connection.
fn judge_groups(view: &View<'_>, evidence: &mut Vec<Evidence>, gaps: &mut Gaps) -> ByMessage {
    let Some(interface) = view.interface else {
        gaps.interfaces = true;
        gaps.groups = true;
        return [Answer::Open; 3];
    };
    if interface.group_ids.is_empty() {
        evidence.push(Evidence::NoGroups { kind: interface.kind.clone() });
        return [Answer::No; 3];
    }
    let (found, rejects) = groups::judge(interface, view);
    gaps.groups |= found.groups.iter().any(|group| group.name.is_none());
    evidence.push(Evidence::Groups(found));
    rejects
}

/// Tells whether ICMP accepted the opposite way was logged for about the same time. A record's times can be 60 s off the
/// packets it counts, and one aggregation interval lasts up to 60 s more on either side.
fn overlaps(finding: &Finding, accepted: &Accepted) -> bool {
    const SLACK_MILLIS: u64 = 120_000;
    let (Some(start), Some(end)) = (finding.totals.first_start, finding.totals.last_end) else { return true };
    let (Some(from), Some(to)) = (accepted.totals.first_start, accepted.totals.last_end) else { return true };
    from.0 <= end.0.saturating_add(SLACK_MILLIS) && to.0.saturating_add(SLACK_MILLIS) >= start.0
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::{
        Confidence::{self, *},
        Layer::{self, *},
        explain,
    };
    use crate::{
        detect::{Detector, Source},
        direction::Direction::{self, *},
        network::Network,
    };

    const FORMAT: &str = "${srcaddr} ${dstaddr} ${protocol} ${start} ${end} ${action} ${flow-direction} \
                          ${reject-reason} ${log-status}";

    /// The explanation of the only finding in some lines of the form `source target action start direction reason`.
    fn explained(lines: &[&str]) -> (Layer, Option<Direction>, Confidence) {
        let formats = Formats::parse(FORMAT).unwrap();
        let mut detector = Detector::new(&formats);
        for line in lines {
            let [source, target, action, start, direction, reason] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("six words: {line}")
            };
            let end = start.parse::<u64>().unwrap() + 59;
            let line = format!("{source} {target} 1 {start} {end} {action} {direction} {reason} OK");
            detector.observe(&LogEvent::new("1", 0, line));
        }
        let detection = detector.finish(Source::default());
        assert_eq!(detection.findings.len(), 1, "{:?}", detection.tally);
        let explanation = explain(&detection.findings[0], &Network::default());
        (explanation.layer, explanation.direction, explanation.confidence)
    }

    #[test]
    fn a_reject_reason_is_the_reason() {
        assert_eq!(
            explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress BPA"]),
            (BlockPublicAccess, Some(Ingress), Certain)
        );
        assert_eq!(
            explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress EC"]),
            (EncryptionControls, Some(Ingress), Certain)
        );
        assert_eq!(explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress NEW"]), (Other, Some(Ingress), Certain));
    }

    #[test]
    fn a_reply_rejected_to_an_accepted_request_is_the_acl() {
        let request = "8.8.8.8 10.0.0.1 ACCEPT 1000 ingress -";
        let reply = "10.0.0.1 8.8.8.8 REJECT 1060 egress -";
        assert_eq!(explained(&[request, reply]), (Acl, Some(Egress), Likely));
        assert_eq!(explained(&[reply, request]), (Acl, Some(Egress), Likely), "in whatever order they come");
    }

    #[test]
    fn the_answer_to_a_ping_of_its_own_is_the_inbound_acl() {
        let lines = ["10.0.0.1 8.8.8.8 ACCEPT 1000 egress -", "8.8.8.8 10.0.0.1 REJECT 1000 ingress -"];
        assert_eq!(explained(&lines), (Acl, Some(Ingress), Likely));
    }

    #[test]
    fn a_pair_without_a_direction_is_still_an_acl() {
        let lines = ["10.0.0.1 10.0.0.2 ACCEPT 1000 - -", "10.0.0.2 10.0.0.1 REJECT 1000 - -"];
        assert_eq!(explained(&lines), (Acl, None, Likely));
    }

    #[test]
    fn what_was_accepted_at_another_time_or_the_same_way_shows_nothing() {
        let reply = "10.0.0.1 8.8.8.8 REJECT 1000 egress -";
        assert_eq!(explained(&[reply, "8.8.8.8 10.0.0.1 ACCEPT 5000 ingress -"]), (Either, Some(Egress), Possible));
        assert_eq!(explained(&[reply, "10.0.0.1 8.8.8.8 ACCEPT 1000 egress -"]), (Either, Some(Egress), Possible));
        assert_eq!(explained(&[reply, "9.9.9.9 10.0.0.1 ACCEPT 1000 ingress -"]), (Either, Some(Egress), Possible));
    }

    #[test]
    fn a_rejection_alone_leaves_both_layers_open() {
        assert_eq!(explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress -"]), (Either, Some(Ingress), Possible));
        assert_eq!(explained(&["10.0.0.1 10.0.0.2 REJECT 1000 - -"]), (Either, None, Possible));
    }
}
