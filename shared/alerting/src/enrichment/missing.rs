//! What could not be read from EC2, and why.

/// One part of the answer that is missing, or of which something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingData {
    /// The part.
    pub part: NetworkPart,
    /// Why.
    pub reason: MissingReason,
}

/// A part of the answer: what one call to EC2 returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkPart {
    /// Interfaces, with their instances, subnets and VPCs.
    Interfaces,
    /// Names and owners.
    Tags,
    /// Security groups and their rules.
    Groups,
    /// Network ACLs and their rules.
    Acls,
    /// Entries of prefix lists that rules of security groups name.
    PrefixLists,
}

/// Why something could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingReason {
    /// Look-ups are switched off.
    SwitchedOff,
    /// EC2 was not asked: a person gave what is known, and that is not part of it.
    NotGiven,
    /// EC2 did not answer in time.
    TooSlow,
    /// The function may not ask; the action that it lacks, for example `ec2:DescribeNetworkAcls`.
    Denied(Box<str>),
    /// EC2 answered with an error: its code.
    Failed(Box<str>),
    /// EC2 answered and does not know the interface: it is gone, or in another account.
    NotFound,
    /// The network is of another account or region than the function, which asks EC2 of its own only.
    Elsewhere,
    /// Asking would have taken more calls than an email may make.
    TooManyCalls,
    /// There were more than are asked for at once: how many were left out.
    OverLimit {
        /// Interfaces past [`crate::enrichment::MAX_INTERFACES`].
        interfaces: u64,
        /// Addresses past [`crate::enrichment::MAX_PEERS`].
        addresses: u64,
    },
}
