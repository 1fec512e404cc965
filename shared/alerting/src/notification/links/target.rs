//! What a link opens.

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it opens.
    pub target: Target,
    /// The address.
    pub url: String,
}

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The ICMP records of the email's addresses, in Logs Insights.
    Records,
    /// All records of those addresses, where the format is not known.
    AllRecords,
    /// All rejected records of that time.
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
