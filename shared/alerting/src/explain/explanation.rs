//! An explanation as values.

use crate::{
    detection::{Basis, Direction, Role},
    explain::evidence::{AclEvidence, Evidence, GroupsEvidence, GroupsVerdict},
};

/// How sure an explanation is, given that the rules were then what they are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The layer rejects whatever the packets were: of any ICMP type, requests or answers, new or within a tracked connection. It need not
    /// be the only one: a format without `reject-reason` does not show VPC Block Public Access.
    Certain,
    /// The layer rejects what the packets look like, or is the only one left that can. Packets of another kind, a rule that cannot be
    /// decided, or rules that could not be read prevent more.
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
    /// The network ACL denies it, and no rule of the security groups allows it either: opening one of them is not enough. It is certain
    /// only where the packets cannot belong to a connection that the groups let through: to a request, for example, whose record is in
    /// another batch. Else the network ACL alone is.
    Both,
    /// The network ACL or the security groups; which of them is not known.
    Either,
    /// Neither of them by today's rules: they were changed since, or the packets came after the connection that they belonged to had
    /// ended (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `action`). A format without `reject-reason`
    /// leaves VPC Block Public Access open too.
    Neither,
    /// None of them: the packets came after their connection was over, so that nothing has to be changed. See [`Evidence::Late`].
    Late,
    /// A reason that AWS has added since this was written: see [`Evidence::RejectReason`].
    Other,
}

/// What the packets of a flow look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PacketRole {
    /// Requests: pings, or a client's packets, which open a connection.
    Request,
    /// Answers: requests the opposite way were accepted at about the same time, or, of TCP and UDP, they come from the server.
    Answer,
    /// Requests or answers.
    Unclear,
}

impl From<Option<Role>> for PacketRole {
    fn from(role: Option<Role>) -> PacketRole {
        match role {
            Some(Role::Request) => PacketRole::Request,
            Some(Role::Answer) => PacketRole::Answer,
            None => PacketRole::Unclear,
        }
    }
}

/// An explanation of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The layer.
    pub layer: Layer,
    /// The direction of the layer's rules: the flow's, or the one that the interface's addresses show.
    pub direction: Option<Direction>,
    /// How the direction is known.
    pub direction_basis: Option<Basis>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What the packets look like.
    pub role: PacketRole,
    /// The evidence, most important first; where the direction is not known, for both directions.
    pub evidence: Vec<Evidence>,
}

impl Explanation {
    /// Tells whether the packets look like answers.
    pub fn is_answer(&self) -> bool {
        self.role == PacketRole::Answer
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

    /// The network ACL rules that reject: none where those of both directions do and the direction is not known.
    pub fn rejecting_acl(&self) -> Option<&AclEvidence> {
        let mut denying = self.acls().filter(|acl| acl.denying().next().is_some());
        denying.next().filter(|_| denying.next().is_none())
    }

    /// The security groups that do not allow it, in the first of the directions that it may have.
    pub fn rejecting_groups(&self) -> Option<&GroupsEvidence> {
        self.groups().find(|groups| !matches!(groups.verdict, GroupsVerdict::Allows { .. }))
    }

    /// What the network ACL's rules say of the way back, where they would reject the answers next.
    pub fn return_path(&self) -> Option<&AclEvidence> {
        self.evidence
            .iter()
            .find_map(|evidence| if let Evidence::ReturnPath(acl) = evidence { Some(acl) } else { None })
    }

    /// The security groups that would reject the packets next if they are requests: those without a rule for them.
    pub fn lacking_groups(&self) -> Option<&GroupsEvidence> {
        let lacking = self.rejecting_groups().filter(|groups| groups.verdict == GroupsVerdict::NoRule);
        lacking.filter(|_| !self.is_answer() && self.direction.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_lack_a_rule_only_for_requests_in_a_known_direction() {
        let lacks = |role, direction, verdict| {
            let groups = GroupsEvidence { groups: Vec::new(), direction: Direction::Ingress, verdict };
            let evidence = vec![Evidence::Groups(groups)];
            let (layer, confidence) = (Layer::Acl, Confidence::Likely);
            Explanation { layer, direction, direction_basis: None, confidence, role, evidence }
                .lacking_groups()
                .is_some()
        };
        let ingress = Some(Direction::Ingress);
        assert!(lacks(PacketRole::Request, ingress, GroupsVerdict::NoRule));
        assert!(lacks(PacketRole::Unclear, ingress, GroupsVerdict::NoRule));
        assert!(!lacks(PacketRole::Answer, ingress, GroupsVerdict::NoRule));
        assert!(!lacks(PacketRole::Request, None, GroupsVerdict::NoRule));
        assert!(!lacks(PacketRole::Answer, None, GroupsVerdict::NoRule));
        assert!(!lacks(PacketRole::Request, ingress, GroupsVerdict::Depends(Vec::new())), "they may allow it");
    }
}
