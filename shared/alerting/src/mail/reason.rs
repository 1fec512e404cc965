//! The words for an explanation, as far as it goes by the records alone.

use crate::{
    direction::Direction,
    explain::{Confidence, Explanation, Layer},
};

/// The word for how sure an explanation is.
pub(crate) fn confidence(explanation: &Explanation) -> &'static str {
    match explanation.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    }
}

/// The name of the layer, as a clause: `the outbound network ACL of its subnet`.
pub(crate) fn layer(explanation: &Explanation) -> &'static str {
    match (explanation.layer, explanation.direction) {
        (Layer::BlockPublicAccess, _) => "VPC Block Public Access",
        (Layer::EncryptionControls, _) => "VPC encryption controls",
        (Layer::Acl, Some(Direction::Ingress)) => "the inbound rules of the subnet's network ACL",
        (Layer::Acl, Some(Direction::Egress)) => "the outbound rules of the subnet's network ACL",
        (Layer::Acl, None) => "the rules of the subnet's network ACL",
        (Layer::SecurityGroup, Some(Direction::Ingress)) => "the security groups, inbound",
        (Layer::SecurityGroup, Some(Direction::Egress)) => "the security groups, outbound",
        (Layer::SecurityGroup, None) => "the security groups",
        (Layer::Both, Some(Direction::Ingress)) => "the security groups and the network ACL, inbound",
        (Layer::Both, Some(Direction::Egress)) => "the security groups and the network ACL, outbound",
        (Layer::Both, None) => "the security groups and the network ACL",
        (Layer::Either, Some(Direction::Ingress)) => "a security group or the network ACL, inbound",
        (Layer::Either, Some(Direction::Egress)) => "a security group or the network ACL, outbound",
        (Layer::Either, None) => "a security group or a network ACL",
        (Layer::Neither, _) => "a rule that is gone, or the end of the connection",
        (Layer::Other, _) => "the reject reason that the record names",
    }
}

/// What shows it, and what would make it sure.
pub(crate) fn evidence(explanation: &Explanation) -> &'static str {
    match (explanation.layer, explanation.direction) {
        (Layer::BlockPublicAccess, _) => "The record's reject-reason is BPA.",
        (Layer::EncryptionControls, _) => "The record's reject-reason is EC.",
        (Layer::Acl, Some(Direction::Egress)) => {
            "ICMP from the same address was let in at the same time. A security group lets answers out by itself, a \
             network ACL does not. Not certain, as no record carries the ICMP type: were these pings of the \
             interface's own, a security group's outbound rules could have stopped them."
        }
        (Layer::Acl, Some(Direction::Ingress)) => {
            "ICMP to the same address was let out at the same time. A security group lets answers in by itself, a \
             network ACL does not. Not certain, as no record carries the ICMP type: were these pings from the other \
             side, a security group's inbound rules could have stopped them."
        }
        (Layer::Acl, None) => {
            "ICMP the opposite way was let through at the same time. A security group lets answers through by itself, \
             a network ACL does not. Not certain, as no record carries the ICMP type: these may not have been answers."
        }
        (Layer::Either, _) => {
            "The records look the same for both. Check first whether a security group of the interface allows ICMP \
             in this direction, then the rules of the subnet's network ACL."
        }
        (Layer::SecurityGroup | Layer::Both | Layer::Neither, _) => "By the rules as they are now.",
        (Layer::Other, _) => "See the field in the records below.",
    }
}
