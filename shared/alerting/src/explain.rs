//! Why a flow was rejected: which layer refused it, how sure that is, and what shows it.
//!
//! What the records alone tell. They carry no ICMP type, so a reply cannot be told from a request, and `reject-reason` is `-`
//! for security groups and network ACLs alike
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>).

use crate::{
    direction::Direction,
    finding::{Accepted, Finding},
};

/// How sure an explanation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The records say so themselves.
    Certain,
    /// The records fit this and hardly anything else.
    Likely,
    /// The records leave this open beside other explanations.
    Possible,
}

impl Confidence {
    /// The word a mail uses.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Possible => "possible",
        }
    }
}

/// The layer that refused a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// VPC Block Public Access.
    BlockPublicAccess,
    /// VPC encryption controls, at an endpoint.
    EncryptionControls,
    /// The network ACL of the interface's subnet, on the way in.
    InboundAcl,
    /// The network ACL of the interface's subnet, on the way out.
    OutboundAcl,
    /// A network ACL, in a direction that is not known.
    Acl,
    /// A security group or the network ACL, on the way in: the records cannot tell which.
    InboundGroupOrAcl,
    /// A security group or the network ACL, on the way out: the records cannot tell which.
    OutboundGroupOrAcl,
    /// A security group or a network ACL, in a direction that is not known.
    GroupOrAcl,
    /// A reason that AWS has added since this was written.
    Other,
}

/// An explanation of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The layer.
    pub layer: Layer,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Explains a finding from its own records and the accepted ICMP of the same two addresses.
pub fn explain(finding: &Finding) -> Explanation {
    let (layer, confidence) = match finding.place.reject_reason.as_deref() {
        Some("BPA") => (Layer::BlockPublicAccess, Confidence::Certain),
        Some("EC") => (Layer::EncryptionControls, Confidence::Certain),
        Some(_) => (Layer::Other, Confidence::Certain),
        None => {
            let answered = finding.opposite.as_ref().is_some_and(|accepted| overlaps(finding, accepted));
            match (finding.flow.direction, answered) {
                (Some((Direction::Egress, _)), true) => (Layer::OutboundAcl, Confidence::Likely),
                (Some((Direction::Ingress, _)), true) => (Layer::InboundAcl, Confidence::Likely),
                (Some((Direction::Egress, _)), false) => (Layer::OutboundGroupOrAcl, Confidence::Possible),
                (Some((Direction::Ingress, _)), false) => (Layer::InboundGroupOrAcl, Confidence::Possible),
                (None, true) => (Layer::Acl, Confidence::Likely),
                (None, false) => (Layer::GroupOrAcl, Confidence::Possible),
            }
        }
    };
    Explanation { layer, confidence }
}

/// Tells whether ICMP accepted the opposite way was logged for about the same time. A record's times can be 60 s off the
/// packets it counts, and one aggregation interval lasts up to 60 s more on either side.
fn overlaps(finding: &Finding, accepted: &Accepted) -> bool {
    const SLACK_MILLIS: u64 = 120_000;
    let (Some(start), Some(end)) = (finding.totals.first_start, finding.totals.last_end) else { return true };
    let (Some(from), Some(to)) = (accepted.totals.first_start, accepted.totals.last_end) else { return true };
    from.0 <= end.0.saturating_add(SLACK_MILLIS) && to.0.saturating_add(SLACK_MILLIS) >= start.0
}

impl Explanation {
    /// The name of the layer, as a clause: `the outbound network ACL of its subnet`.
    pub fn layer_words(&self) -> &'static str {
        match self.layer {
            Layer::BlockPublicAccess => "VPC Block Public Access",
            Layer::EncryptionControls => "VPC encryption controls",
            Layer::InboundAcl => "the inbound rules of the subnet's network ACL",
            Layer::OutboundAcl => "the outbound rules of the subnet's network ACL",
            Layer::Acl => "the rules of the subnet's network ACL",
            Layer::InboundGroupOrAcl => "a security group or the network ACL, inbound",
            Layer::OutboundGroupOrAcl => "a security group or the network ACL, outbound",
            Layer::GroupOrAcl => "a security group or a network ACL",
            Layer::Other => "the reject reason that the record names",
        }
    }

    /// What shows it, and what would make it sure.
    pub fn evidence(&self) -> &'static str {
        match self.layer {
            Layer::BlockPublicAccess => "The record's reject-reason is BPA.",
            Layer::EncryptionControls => "The record's reject-reason is EC.",
            Layer::OutboundAcl => {
                "ICMP from the same address was let in at the same time. A security group lets answers out by itself, a \
                 network ACL does not. Not certain, as no record carries the ICMP type: were these pings of the \
                 interface's own, a security group's outbound rules could have stopped them."
            }
            Layer::InboundAcl => {
                "ICMP to the same address was let out at the same time. A security group lets answers in by itself, a \
                 network ACL does not. Not certain, as no record carries the ICMP type: were these pings from the other \
                 side, a security group's inbound rules could have stopped them."
            }
            Layer::Acl => {
                "ICMP the opposite way was let through at the same time. A security group lets answers through by itself, \
                 a network ACL does not. Not certain, as no record carries the ICMP type: these may not have been answers."
            }
            Layer::InboundGroupOrAcl | Layer::OutboundGroupOrAcl | Layer::GroupOrAcl => {
                "The records look the same for both. Check first whether a security group of the interface allows ICMP \
                 in this direction, then the rules of the subnet's network ACL."
            }
            Layer::Other => "See the field in the records below.",
        }
    }
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::{
        Confidence::{self, *},
        Layer::{self, *},
        explain,
    };
    use crate::detect::{Detector, Source};

    const FORMAT: &str = "${srcaddr} ${dstaddr} ${protocol} ${start} ${end} ${action} ${flow-direction} \
                          ${reject-reason} ${log-status}";

    /// The explanation of the only finding in some lines of the form `source target action start direction reason`.
    fn explained(lines: &[&str]) -> (Layer, Confidence) {
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
        let explanation = explain(&detection.findings[0]);
        (explanation.layer, explanation.confidence)
    }

    #[test]
    fn a_reject_reason_is_the_reason() {
        assert_eq!(explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress BPA"]), (BlockPublicAccess, Certain));
        assert_eq!(explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress EC"]), (EncryptionControls, Certain));
        assert_eq!(explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress NEW"]), (Other, Certain));
    }

    #[test]
    fn a_reply_rejected_to_an_accepted_request_is_the_acl() {
        let request = "8.8.8.8 10.0.0.1 ACCEPT 1000 ingress -";
        let reply = "10.0.0.1 8.8.8.8 REJECT 1060 egress -";
        assert_eq!(explained(&[request, reply]), (OutboundAcl, Likely));
        assert_eq!(explained(&[reply, request]), (OutboundAcl, Likely), "in whatever order they come");
    }

    #[test]
    fn the_answer_to_a_ping_of_its_own_is_the_inbound_acl() {
        let lines = ["10.0.0.1 8.8.8.8 ACCEPT 1000 egress -", "8.8.8.8 10.0.0.1 REJECT 1000 ingress -"];
        assert_eq!(explained(&lines), (InboundAcl, Likely));
    }

    #[test]
    fn a_pair_without_a_direction_is_still_an_acl() {
        let lines = ["10.0.0.1 10.0.0.2 ACCEPT 1000 - -", "10.0.0.2 10.0.0.1 REJECT 1000 - -"];
        assert_eq!(explained(&lines), (Acl, Likely));
    }

    #[test]
    fn what_was_accepted_at_another_time_or_the_same_way_shows_nothing() {
        let reply = "10.0.0.1 8.8.8.8 REJECT 1000 egress -";
        assert_eq!(explained(&[reply, "8.8.8.8 10.0.0.1 ACCEPT 5000 ingress -"]), (OutboundGroupOrAcl, Possible));
        assert_eq!(explained(&[reply, "10.0.0.1 8.8.8.8 ACCEPT 1000 egress -"]), (OutboundGroupOrAcl, Possible));
        assert_eq!(explained(&[reply, "9.9.9.9 10.0.0.1 ACCEPT 1000 ingress -"]), (OutboundGroupOrAcl, Possible));
    }

    #[test]
    fn a_rejection_alone_leaves_both_layers_open() {
        assert_eq!(explained(&["8.8.8.8 10.0.0.1 REJECT 1000 ingress -"]), (InboundGroupOrAcl, Possible));
        assert_eq!(explained(&["10.0.0.1 10.0.0.2 REJECT 1000 - -"]), (GroupOrAcl, Possible));
    }
}
