//! Explains a finding: judges both layers by their rules, and concludes from what was accepted.

use crate::{
    address::Scope,
    detection::{Accepted, Direction, Finding, Flow, Late, Totals},
    enrichment::{MissingData, Network, NetworkAcl, NetworkPart},
    explain::{
        acl,
        answer::Answer,
        evidence::{AclEvidence, AclVerdict, Evidence, GroupsVerdict, Undecided},
        explanation::{Confidence, Explanation, Layer, PacketRole},
        groups,
        hypotheses::{self, LayerAnswers, Seen, Verdict, When},
        packets::{ByMessage, Packets},
        view::{Border, View, direction},
    },
};

/// Explains a finding from its own records, what was accepted between the same two addresses, and what is known of the network. Nothing
/// being known, as in an empty [`Network`], is no error: the records alone are evidence.
pub fn explain(finding: &Finding, network: &Network) -> Explanation {
    let (direction, direction_basis) = direction(finding, network).unzip();
    let packets = Packets::of(finding);
    let stated = reject_reason(finding).or_else(|| finding.late.map(late_packet));
    if let Some((layer, confidence, evidence)) = stated {
        let role = match packets {
            Packets::Icmp(_) => PacketRole::Request,
            Packets::Ports(ports) => ports.role.into(),
        };
        return Explanation { layer, direction, direction_basis, confidence, role, evidence: vec![evidence] };
    }
    let opposite = finding.opposite.as_ref().filter(|accepted| accepted.is_of_the_time_of(&finding.totals));
    let same = finding.same.as_ref().filter(|accepted| accepted.is_of_the_time_of(&finding.totals));
    let directions = match &direction {
        Some(direction) => std::slice::from_ref(direction),
        None => &[Direction::Ingress, Direction::Egress][..],
    };
    let (mut rules, mut missing) = (Vec::new(), Gaps::default());
    let judged: Vec<LayerAnswers> = directions
        .iter()
        .map(|direction| judge(&View::new(finding, network, *direction), &mut rules, &mut missing))
        .collect();
    let seen = seen(&finding.totals, opposite, same, finding.untracked_accepted);
    let Verdict { layer, mut confidence, role, same: shows, can_pass } = hypotheses::conclude(packets, &judged, seen);
    let stopped_elsewhere = can_pass && may_be_block_public_access(finding, directions);
    if stopped_elsewhere || direction_basis.is_some_and(|basis| !basis.is_proof()) {
        confidence = confidence.max(Confidence::Likely);
    }
    let mut evidence: Vec<Evidence> = Vec::new();
    evidence.extend(opposite.map(|accepted| Evidence::OppositeAccepted(accepted.totals)));
    evidence.extend(same.zip(shows).map(|(accepted, shows)| Evidence::SameAccepted(accepted.totals, shows)));
    if role == PacketRole::Unclear && seen.incomplete {
        evidence.push(Evidence::AcceptedUntracked(finding.untracked_accepted));
    }
    evidence.extend(rules);
    if finding.flow.interface_id.is_none() {
        evidence.push(Evidence::NoInterface);
    }
    evidence.extend(missing.into_evidence(network));
    Explanation { layer, direction, direction_basis, confidence, role, evidence }
}

/// The layer that the record itself names.
fn reject_reason(finding: &Finding) -> Option<(Layer, Confidence, Evidence)> {
    let reason = finding.flow.reject_reason.as_deref().filter(|reason| *reason != Flow::NO_REASON)?;
    let layer = match reason {
        "BPA" => Layer::BlockPublicAccess,
        "EC" => Layer::EncryptionControls,
        _ => Layer::Other,
    };
    Some((layer, Confidence::Certain, Evidence::RejectReason(reason.into())))
}

/// Late packets: no rule has to be at fault. Flags are a strong sign, ports alone are not.
fn late_packet(late: Late) -> (Layer, Confidence, Evidence) {
    let confidence = match late {
        Late::Closed | Late::Idle => Confidence::Likely,
        Late::NoRequest | Late::NoData => Confidence::Possible,
    };
    (Layer::Late, confidence, Evidence::Late(late))
}

/// Tells whether VPC Block Public Access may have stopped what both layers let through: the other side may be on the internet, and the
/// records do not have the reason (<https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>).
fn may_be_block_public_access(finding: &Finding, directions: &[Direction]) -> bool {
    let flow = &finding.flow;
    let peer = |direction: &Direction| if *direction == Direction::Egress { flow.dstaddr } else { flow.srcaddr };
    let outside = |direction| !Scope::of(peer(direction)).is_internal();
    flow.reject_reason.is_none() && directions.iter().any(outside)
}

/// What was accepted, and when, compared with the rejected records.
fn seen(rejected: &Totals, opposite: Option<&Accepted>, same: Option<&Accepted>, untracked: u64) -> Seen {
    /// A record's times may be this far from the packets that it counts
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `start`, `end`).
    const OFF_BY_MILLIS: u64 = 60_000;
    // Where a time is missing, nothing came before or after anything.
    let ends_before = |one: &Totals, other: &Totals| {
        let times = one.last_end.zip(other.first_start);
        times.is_some_and(|(end, start)| end.0.saturating_add(OFF_BY_MILLIS) <= start.0)
    };
    Seen {
        opposite: opposite.is_some(),
        opposite_went_on: opposite.is_some_and(|accepted| !ends_before(&accepted.totals, rejected)),
        same: same.map(|accepted| match &accepted.totals {
            totals if ends_before(totals, rejected) => When::Before,
            totals if ends_before(rejected, totals) => When::After,
            _ => When::Among,
        }),
        incomplete: untracked > 0 && (opposite.is_none() || same.is_none()),
    }
}

/// The parts of the network whose absence weakens an explanation.
#[derive(Clone, Copy, Debug, Default)]
struct Gaps {
    interfaces: bool,
    groups: bool,
    acls: bool,
    prefix_lists: bool,
}

impl Gaps {
    fn into_evidence(self, network: &Network) -> impl Iterator<Item = Evidence> {
        let missed = [
            (NetworkPart::Interfaces, self.interfaces),
            (NetworkPart::Groups, self.groups),
            (NetworkPart::Acls, self.acls),
            (NetworkPart::PrefixLists, self.prefix_lists),
        ];
        let missed = missed.into_iter().filter(|(_, missed)| *missed);
        missed.filter_map(|(part, _)| {
            Some(Evidence::MissingData(MissingData { part, reason: network.why_missing(part)?.clone() }))
        })
    }
}

/// Holds a flow against both layers.
fn judge(view: &View<'_>, evidence: &mut Vec<Evidence>, missing: &mut Gaps) -> LayerAnswers {
    let (acl, acl_across) = judge_acl(view, evidence, missing);
    LayerAnswers {
        acl,
        acl_across,
        groups: judge_groups(view, evidence, missing),
        opposite_allowed: view.interface.map_or(Answer::Open, |interface| groups::allow_requests_back(interface, view)),
        connected: view.interface.map_or(Answer::Open, |interface| groups::connect(interface, view)),
    }
}

/// Whether the subnet's network ACL rejects a flow, and, where it is open whether the flow crossed the subnet's border, whether it
/// does if so.
fn judge_acl(view: &View<'_>, evidence: &mut Vec<Evidence>, missing: &mut Gaps) -> (ByMessage, Option<ByMessage>) {
    let border = view.border();
    if let (Border::Within(neighbour), Some(subnet_id)) = (border, view.subnet_id) {
        let peer_interface_id = neighbour.id.clone();
        evidence.push(Evidence::SameSubnet { subnet_id: subnet_id.into(), peer_interface_id });
        return ([Answer::No; 3], None);
    }
    missing.interfaces |= view.subnet_id.is_none();
    let acl = view.subnet_id.and_then(|subnet_id| Some((subnet_id, view.network.acl_of(subnet_id)?)));
    let Some((subnet_id, acl)) = acl else {
        missing.acls = true;
        return ([Answer::Open; 3], None);
    };
    let (found, rejects) = acl::judge(acl, subnet_id, view);
    let allows = found.verdict == AclVerdict::Allows;
    evidence.push(Evidence::Acl(found));
    let crossed = matches!(border, Border::Crossed);
    evidence.extend(return_path(acl, subnet_id, view).filter(|_| crossed).map(Evidence::ReturnPath));
    match border {
        Border::Unknown(peer) if !allows => {
            missing.interfaces = true;
            evidence.push(Evidence::MaybeSameSubnet { peer });
            (rejects.map(|rejects| rejects.and(Answer::Open)), Some(rejects))
        }
        _ => (rejects, None),
    }
}

/// What the network ACL's rules say of the answers to a flow's requests, where they would reject them or some of them: of TCP and UDP,
/// for the ports of the clients in the records.
fn return_path(acl: &NetworkAcl, subnet_id: &str, view: &View<'_>) -> Option<AclEvidence> {
    let back = view.back();
    back.packets.client_target()?;
    let (found, _) = acl::judge(acl, subnet_id, &back);
    Some(found).filter(|found| found.verdict != AclVerdict::Allows)
}

/// Whether the interface's security groups reject a flow, as a new connection.
fn judge_groups(view: &View<'_>, evidence: &mut Vec<Evidence>, missing: &mut Gaps) -> ByMessage {
    let Some(interface) = view.interface else {
        missing.interfaces = true;
        missing.groups = true;
        return [Answer::Open; 3];
    };
    if interface.group_ids.is_empty() {
        evidence.push(Evidence::NoGroups { kind: interface.kind.clone() });
        return [Answer::No; 3];
    }
    let (found, rejects) = groups::judge(interface, view);
    missing.groups |= found.groups.iter().any(|group| group.name.is_none());
    if let GroupsVerdict::Depends(rules) = &found.verdict {
        missing.prefix_lists |= rules.iter().any(|rule| rule.on == Undecided::PrefixList);
    }
    evidence.push(Evidence::Groups(found));
    rejects
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::explain;
    use crate::{
        detection::{
            Detector, Direction, LogSource,
            direction::Direction::{Egress, Ingress},
        },
        enrichment::Network,
        explain::explanation::{
            Confidence::{self, *},
            Layer::{self, *},
        },
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
        let detection = detector.finish(LogSource::default());
        assert_eq!(detection.findings().len(), 1, "{:?}", detection.tally);
        let explanation = explain(detection.findings()[0], &Network::default());
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
    fn what_was_accepted_at_another_time_or_the_same_way_only_shows_nothing() {
        let reply = "10.0.0.1 8.8.8.8 REJECT 1000 egress -";
        assert_eq!(explained(&[reply, "8.8.8.8 10.0.0.1 ACCEPT 5000 ingress -"]), (Either, Some(Egress), Possible));
        assert_eq!(explained(&[reply, "10.0.0.1 8.8.8.8 ACCEPT 1000 egress -"]), (Either, Some(Egress), Possible));
        assert_eq!(explained(&[reply, "9.9.9.9 10.0.0.1 ACCEPT 1000 ingress -"]), (Either, Some(Egress), Possible));
    }

    #[test]
    fn pings_both_ways_of_which_one_is_rejected_are_no_answers() {
        let theirs = ["10.0.0.2 10.0.0.1 ACCEPT 1000 ingress -", "10.0.0.1 10.0.0.2 ACCEPT 1000 egress -"];
        let rejected = "10.0.0.1 10.0.0.2 REJECT 1000 egress -";
        assert_eq!(explained(&[theirs[0], rejected]), (Acl, Some(Egress), Likely));
        assert_eq!(explained(&[theirs[0], theirs[1], rejected]), (Either, Some(Egress), Possible));
    }

    #[test]
    fn a_rejection_alone_leaves_both_layers_open() {
        assert_eq!(explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress -"]), (Either, Some(Ingress), Possible));
        assert_eq!(explained(&["10.0.0.1 10.0.0.2 REJECT 1000 - -"]), (Either, None, Possible));
    }
}
