//! The rules: which flow records are worth an alert.

use flow_log::{Action, FlowLine, Protocol};
use serde::{Deserialize, Serialize};

/// A rule that looks at one flow record at a time.
///
/// It sees only what every declared format must carry (action and protocol), so deciding never needs the rest of the line to
/// be readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Rejected ICMP or ICMPv6: a ping that a security group, a network ACL or another layer refused.
    ///
    /// Flow logs carry neither the ICMP type nor its code, so the rule covers every ICMP message, not the echo alone.
    PingDeny,
}

impl Rule {
    /// All rules, in the order in which they are tried.
    pub const ALL: [Rule; 1] = [Rule::PingDeny];

    /// The stable name, as it stands in subjects, keys and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Rule::PingDeny => "Ping-Deny",
        }
    }

    /// Tells whether the rule matches a record.
    pub fn matches(self, line: &FlowLine<'_>) -> bool {
        match self {
            Rule::PingDeny => line.action() == Action::Reject && is_icmp(line.protocol()),
        }
    }
}

/// Tells whether a protocol number is ICMP (1) or ICMPv6 (58).
///
/// <https://www.iana.org/assignments/protocol-numbers/protocol-numbers.xhtml>
pub fn is_icmp(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::ICMP | Protocol::ICMPV6)
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, Line};

    use super::Rule;

    fn matches(protocol: u8, action: &str) -> bool {
        let line = format!("2 1 eni-1 10.0.0.1 10.0.0.2 0 0 {protocol} 4 336 1 2 {action} OK");
        let formats = Formats::default();
        match formats.read(&line) {
            Ok(Line::Flow(line)) => Rule::PingDeny.matches(&line),
            other => panic!("not a flow: {other:?}"),
        }
    }

    #[test]
    fn only_rejected_icmp_of_either_family_matches() {
        assert!(matches(1, "REJECT"));
        assert!(matches(58, "REJECT"));
        assert!(!matches(1, "ACCEPT"));
        assert!(!matches(58, "ACCEPT"));
        assert!(!matches(6, "REJECT"));
        assert!(!matches(17, "REJECT"));
    }
}
