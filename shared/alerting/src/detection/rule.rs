//! The rules: which flow records are worth an alert, each with its constants in one table.

use flow_log::{Action, FlowLine, Protocol};
use serde::{Deserialize, Serialize};

use crate::detection::server::has_ports;

/// A rule. Each rejected record belongs to at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Rejected ICMP or ICMPv6: a ping that a security group, a network ACL or another layer refused.
    ///
    /// Flow logs carry neither the ICMP type nor its code, so the rule covers every ICMP message, not the echo alone.
    Ping,
    /// A rejected request over TCP or UDP, or the rejected answer to a request of ours. What is not known to be anything else is one.
    Request,
    /// Our rejected answer to a request that was accepted: security groups let answers through, so that it was the network ACL.
    Reply,
    /// A rejected health check of a load balancer or of Route 53.
    Helper,
    /// Rejected requests of one sender of ours to so many ports or hosts that it scans them: [`SCAN_PORTS`], [`SCAN_HOSTS`].
    Scan,
    /// Packets that came after their connection was over: [`crate::detection::Late`]. Never an incident.
    Late,
}

/// Ports of one host that make a scan, within [`SCAN_MILLIS`].
pub const SCAN_PORTS: usize = 15;

/// Hosts with rejected requests to one port that make a scan, within [`SCAN_MILLIS`].
pub const SCAN_HOSTS: usize = 25;

/// The time within which ports and hosts make a scan, in milliseconds.
pub const SCAN_MILLIS: u64 = 600_000;

/// What becomes of the records that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Treatment {
    /// Those of own or private origin are incidents, with an email at once.
    Alert,
    /// Counted, for the daily digest.
    Digest,
    /// Counted.
    Count,
    /// As if there was no such rule.
    Off,
}

impl Treatment {
    /// All of them, in the order of how much they do.
    pub const ALL: [Treatment; 4] = [Treatment::Alert, Treatment::Digest, Treatment::Count, Treatment::Off];

    /// The treatment as one stable word, as settings have it.
    pub fn word(self) -> &'static str {
        match self {
            Treatment::Alert => "alert",
            Treatment::Digest => "digest",
            Treatment::Count => "count",
            Treatment::Off => "off",
        }
    }
}

/// What one incident of a rule covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// What the setting `IncidentBy` says.
    Setting,
    /// One service: a port of a host.
    Service,
    /// One sender.
    Source,
}

/// The constants of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleTable {
    /// Its name in settings, silences, metrics and documents.
    pub word: &'static str,
    /// Its name in subjects and keys.
    pub name: &'static str,
    /// Packets of one flow in a batch from which on it is an incident. One packet alone is mostly a stray: whoever waits for an answer sends
    /// again, TCP after one second (RFC 6298).
    pub min_packets: u64,
    /// What becomes of it where the setting names the rule without a treatment.
    pub treatment: Treatment,
    /// What one incident covers.
    pub grouping: Grouping,
}

impl Rule {
    /// All rules.
    pub const ALL: [Rule; 6] = [Rule::Ping, Rule::Request, Rule::Reply, Rule::Helper, Rule::Scan, Rule::Late];

    /// Those that a person chooses. [`Rule::Late`] comes with any of them but `ping`.
    pub const CHOICES: [Rule; 5] = [Rule::Ping, Rule::Request, Rule::Reply, Rule::Helper, Rule::Scan];

    /// The table.
    pub fn table(self) -> RuleTable {
        use {Grouping::*, Treatment::*};
        let row =
            |word, name, min_packets, treatment, grouping| RuleTable { word, name, min_packets, treatment, grouping };
        match self {
            Rule::Ping => row("ping", "Ping-Deny", 1, Alert, Setting),
            Rule::Request => row("request", "Request-Deny", 2, Alert, Service),
            Rule::Reply => row("reply", "Reply-Deny", 2, Alert, Service),
            Rule::Helper => row("helper", "Helper-Deny", 2, Alert, Service),
            Rule::Scan => row("scan", "Scan-Deny", 1, Alert, Source),
            Rule::Late => row("late", "Late-Deny", 1, Count, Service),
        }
    }

    /// The name in settings, silences, metrics and documents: `ping`.
    pub fn word(self) -> &'static str {
        self.table().word
    }

    /// The name in subjects and keys: `Ping-Deny`.
    pub fn name(self) -> &'static str {
        self.table().name
    }
}

/// The rules that are in force, with what becomes of what they match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rules([Treatment; Rule::CHOICES.len()]);

impl Default for Rules {
    /// `ping` alone.
    fn default() -> Rules {
        Rules::none().with(Rule::Ping, Treatment::Alert)
    }
}

impl Rules {
    /// No rule at all.
    pub const fn none() -> Rules {
        Rules([Treatment::Off; Rule::CHOICES.len()])
    }

    /// Every rule as its table says.
    pub fn all() -> Rules {
        Rules(Rule::CHOICES.map(|rule| rule.table().treatment))
    }

    /// The same with another treatment of one rule.
    #[must_use]
    pub fn with(mut self, rule: Rule, treatment: Treatment) -> Rules {
        if let Some(known) = self.0.get_mut(rule as usize) {
            *known = treatment;
        }
        self
    }

    /// Reads names of rules, separated by commas, each with a treatment where it is not the table's: `ping,request:digest`.
    ///
    /// # Errors
    /// What is allowed, as one line.
    pub fn parse(text: &str) -> Result<Rules, String> {
        let mut rules = Rules::none();
        let mut named = 0;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (word, treatment) = part.split_once(':').map_or((part, None), |(word, after)| (word, Some(after)));
            let rule = Rule::CHOICES.into_iter().find(|rule| rule.word() == word.trim());
            let rule = rule.filter(|rule| named & (1 << *rule as u8) == 0).ok_or_else(allowed)?;
            let treatment = match treatment {
                Some(word) => Treatment::ALL.into_iter().find(|one| one.word() == word.trim()).ok_or_else(allowed)?,
                None => rule.table().treatment,
            };
            named |= 1 << rule as u8;
            rules = rules.with(rule, treatment);
        }
        if named == 0 { Err(allowed()) } else { Ok(rules) }
    }

    /// What becomes of the records of a rule.
    pub fn treatment(self, rule: Rule) -> Treatment {
        match rule {
            Rule::Late if self.has_ports() => Rule::Late.table().treatment,
            Rule::Late => Treatment::Off,
            rule => self.0[rule as usize],
        }
    }

    /// Tells whether a rule is in force.
    pub fn is_on(self, rule: Rule) -> bool {
        self.treatment(rule) != Treatment::Off
    }

    /// Tells whether rules about TCP and UDP are in force.
    pub fn has_ports(self) -> bool {
        Rule::CHOICES.into_iter().any(|rule| rule != Rule::Ping && self.is_on(rule))
    }

    /// Tells whether a rule in force may match a record.
    ///
    /// It sees only what every declared format must carry (action and protocol), so deciding never needs the rest of the line to
    /// be readable.
    pub(crate) fn may_match(self, line: &FlowLine<'_>) -> bool {
        line.action() == Action::Reject && self.look_at(line.protocol())
    }

    /// Tells whether records of a protocol are of interest: rejected ones to a rule, accepted ones as evidence.
    pub fn look_at(self, protocol: Protocol) -> bool {
        match is_icmp(protocol) {
            true => self.is_on(Rule::Ping),
            false => has_ports(protocol) && self.has_ports(),
        }
    }
}

/// What [`Rules::parse`] allows.
fn allowed() -> String {
    let rules = Rule::CHOICES.map(Rule::word).join(", ");
    let treatments = Treatment::ALL.map(Treatment::word).join(", :");
    format!("one or more of {rules}; each once, and with :{treatments} where something else is to become of it")
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

    use super::{Rule, Rules, Treatment};

    fn matches(rules: &str, protocol: u8, action: &str) -> bool {
        let line = format!("2 1 eni-1 10.0.0.1 10.0.0.2 0 0 {protocol} 4 336 1 2 {action} OK");
        let formats = Formats::default();
        match formats.read(&line) {
            Ok(Line::Flow(line)) => Rules::parse(rules).unwrap().may_match(&line),
            other => panic!("not a flow: {other:?}"),
        }
    }

    #[test]
    fn only_rejected_records_of_the_protocols_of_rules_in_force_match() {
        for (rules, protocol, expect) in [
            ("ping", 1, true),
            ("ping", 58, true),
            ("ping", 6, false),
            ("ping", 17, false),
            ("ping,request", 6, true),
            ("ping,request", 17, true),
            ("ping,request", 1, true),
            ("ping,request", 47, false),
            ("reply", 1, false),
            ("reply", 6, true),
            ("scan:count", 17, true),
            ("ping,request:off", 6, false),
        ] {
            assert_eq!(matches(rules, protocol, "REJECT"), expect, "{rules}, protocol {protocol}");
            assert!(!matches(rules, protocol, "ACCEPT"), "{rules}, protocol {protocol}");
        }
    }

    #[test]
    fn a_rule_is_named_with_or_without_its_treatment() {
        let treatments =
            |text: &str| Rules::parse(text).map(|rules| Rule::ALL.map(|rule| rules.treatment(rule).word()));
        let off = ["off"; 6];
        assert_eq!(treatments("ping"), Ok(["alert", "off", "off", "off", "off", "off"]));
        assert_eq!(treatments("ping"), Ok(Rule::ALL.map(|rule| Rules::default().treatment(rule).word())));
        assert_eq!(treatments(" ping , request:digest,"), Ok(["alert", "digest", "off", "off", "off", "count"]));
        assert_eq!(treatments("ping:off"), Ok(off));
        assert_eq!(
            treatments("ping,request,reply,helper,scan"),
            Ok(Rule::ALL.map(|rule| Rules::all().treatment(rule).word()))
        );
        for wrong in ["", ",", "pong", "late", "ping:loud", "ping:", "ping,ping:off", "Ping"] {
            let error = treatments(wrong).unwrap_err();
            assert!(error.starts_with("one or more of ping, request, reply, helper, scan;"), "{wrong}: {error}");
        }
        assert_eq!(Rules::default().with(Rule::Ping, Treatment::Off), Rules::none());
    }
}
