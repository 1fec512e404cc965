//! Why a flow was rejected: by which layer, by which of its rules, how certain that is, and the evidence.
//!
//! Values only: the words are in [`crate::notification::language`]. They name what a reader needs to go on: the network ACL or
//! the security groups to open, and the rules in question.

mod acl;
mod answer;
mod evidence;
mod explainer;
mod explanation;
mod groups;
mod hypotheses;
mod packets;
mod view;

pub use evidence::{
    AclEvidence, AclVerdict, ClientPorts, Evidence, Group, GroupsEvidence, GroupsVerdict, OpenRule, Same, Undecided,
};
pub use explainer::explain;
pub use explanation::{Confidence, Explanation, Layer, PacketRole};
