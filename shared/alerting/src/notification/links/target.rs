//! What a link opens.

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it opens.
    pub target: Target,
    /// The address.
    pub url: String,
}

impl Target {
    /// Tells whether it is records in Logs Insights.
    pub fn is_records(&self) -> bool {
        matches!(self, Target::Records | Target::Rejected)
    }
}

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The ICMP records of the email's addresses in its period, in Logs Insights.
    Records,
    /// The rejected ICMP records of its period.
    Rejected,
    /// A network ACL.
    Acl(String),
    /// A security group.
    SecurityGroup(String),
    /// An instance.
    Instance(String),
    /// A network interface.
    Interface(String),
    /// A NAT gateway.
    NatGateway(String),
    /// The log stream.
    LogStream,
    /// A metric.
    Metric(String),
}
