//! What belongs to one incident.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::detection::{Detection, Finding, LogSource, Rule};

/// Incidents that one batch may tell apart; findings beyond them share one.
pub const MAX_KEYS_PER_BATCH: usize = 8;

/// How findings are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// All findings of a rule in a log group.
    #[default]
    LogGroup,
    /// Those of one network interface.
    Interface,
    /// Those from one source address.
    Source,
    /// Those to one target address.
    Target,
}

/// The key of an incident, as text: `Ping-Deny|123456789012|Log-Group` and, where it is narrower, `|source=10.0.0.1`. None of
/// its parts can have a `|` except the log group, whose name AWS does not allow one either.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentKey(pub String);

impl fmt::Display for IncidentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl IncidentKey {
    fn new(rule: Rule, source: &LogSource, part: Option<(&str, &str)>) -> Self {
        let mut key = format!("{}|{}|{}", rule.name(), source.owner, source.log_group);
        if let Some((name, value)) = part {
            key.push_str(&format!("|{name}={value}"));
        }
        IncidentKey(key)
    }

    /// The log group.
    pub fn log_group(&self) -> &str {
        self.0.split('|').nth(2).unwrap_or_default()
    }

    /// The account that owns the log group.
    pub fn owner(&self) -> &str {
        self.0.split('|').nth(1).unwrap_or_default()
    }

    /// The rule's name.
    pub fn rule(&self) -> &str {
        self.0.split('|').next().unwrap_or_default()
    }

    /// What the key is narrowed to: a name and a value.
    pub fn part(&self) -> Option<(&str, &str)> {
        self.0.splitn(4, '|').nth(3)?.split_once('=')
    }
}

/// Sorts the findings of a batch into incidents; those with most packets first. Never more than [`MAX_KEYS_PER_BATCH`].
pub fn group(detection: &Detection, by: GroupBy) -> Vec<(IncidentKey, Vec<&Finding>)> {
    let mut groups: Vec<(IncidentKey, Vec<&Finding>)> = Vec::new();
    let text = |address: IpAddr| address.to_string();
    for finding in &detection.findings {
        let value = match by {
            GroupBy::LogGroup => None,
            GroupBy::Interface => Some(("interface", finding.flow.logged_by().unwrap_or("-").to_owned())),
            GroupBy::Source => Some(("source", text(finding.flow.sender()))),
            GroupBy::Target => Some(("target", text(finding.flow.receiver()))),
        };
        let part = value.as_ref().map(|(name, value)| (*name, value.as_str()));
        let mut key = IncidentKey::new(finding.rule, &detection.source, part);
        let known = groups.iter().any(|(other, _)| *other == key);
        if !known && by != GroupBy::LogGroup && groups.len() >= MAX_KEYS_PER_BATCH - 1 {
            key = IncidentKey::new(finding.rule, &detection.source, part.map(|(name, _)| (name, "others")));
        }
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, findings)) => findings.push(finding),
            None => groups.push((key, vec![finding])),
        }
    }
    groups
}
