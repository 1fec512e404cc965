//! What belongs to one incident.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::detection::{Detection, Finding, LogSource, Rule, Untracked};

/// Incidents that one batch may open or add to; findings beyond them share one.
pub const MAX_KEYS_PER_BATCH: usize = 8;

/// What one incident covers.
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

/// The key of an incident: at most one incident of a key is open at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IncidentKey {
    /// The rule.
    pub rule: Rule,
    /// The account that owns the log group.
    pub owner: String,
    /// The log group.
    pub log_group: String,
    /// The part of the log group's findings that the incident covers.
    pub part: KeyPart,
}

/// A part of a log group's findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", content = "value")]
pub enum KeyPart {
    /// All of them.
    #[default]
    All,
    /// Those that one interface or resource logged; `-` where the record names neither, as AWS writes it.
    Interface(String),
    /// Those from one source address.
    Source(IpAddr),
    /// Those to one target address.
    Target(IpAddr),
    /// Those of interfaces past [`MAX_KEYS_PER_BATCH`].
    OtherInterfaces,
    /// Those from sources past [`MAX_KEYS_PER_BATCH`].
    OtherSources,
    /// Those to targets past [`MAX_KEYS_PER_BATCH`].
    OtherTargets,
}

impl KeyPart {
    /// The part that a finding belongs to.
    fn of(finding: &Finding, by: GroupBy) -> KeyPart {
        match by {
            GroupBy::LogGroup => KeyPart::All,
            GroupBy::Interface => KeyPart::Interface(finding.flow.logged_by().unwrap_or("-").to_owned()),
            GroupBy::Source => KeyPart::Source(finding.flow.sender()),
            GroupBy::Target => KeyPart::Target(finding.flow.receiver()),
        }
    }

    /// The part of what does not have a key of its own.
    fn others(by: GroupBy) -> KeyPart {
        match by {
            GroupBy::LogGroup => KeyPart::All,
            GroupBy::Interface => KeyPart::OtherInterfaces,
            GroupBy::Source => KeyPart::OtherSources,
            GroupBy::Target => KeyPart::OtherTargets,
        }
    }
}

/// The key as text, as it stands in ids and documents: `Ping-Deny|123456789012|Log-Group` and, where it is narrower,
/// `|source=10.0.0.1`.
impl fmt::Display for IncidentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IncidentKey { rule, owner, log_group, part } = self;
        write!(f, "{}|{owner}|{log_group}", rule.name())?;
        match part {
            KeyPart::All => Ok(()),
            KeyPart::Interface(id) => write!(f, "|interface={id}"),
            KeyPart::Source(address) => write!(f, "|source={address}"),
            KeyPart::Target(address) => write!(f, "|target={address}"),
            KeyPart::OtherInterfaces => f.write_str("|interface=others"),
            KeyPart::OtherSources => f.write_str("|source=others"),
            KeyPart::OtherTargets => f.write_str("|target=others"),
        }
    }
}

impl IncidentKey {
    /// The key of a rule and a log group.
    pub fn new(rule: Rule, owner: &str, log_group: &str) -> IncidentKey {
        IncidentKey { rule, owner: owner.to_owned(), log_group: log_group.to_owned(), part: KeyPart::All }
    }

    /// The same, narrower.
    #[must_use]
    pub fn with(self, part: KeyPart) -> IncidentKey {
        IncidentKey { part, ..self }
    }
}

/// The findings of a batch by incident, in their order, with the records past [`crate::detection::MAX_FLOWS`]: those belong to no
/// finding, so they are counted where findings without a key of their own are, which may be an incident without findings. Never more
/// than [`MAX_KEYS_PER_BATCH`] incidents.
pub fn group(detection: &Detection, by: GroupBy) -> Vec<(IncidentKey, Vec<&Finding>, Untracked)> {
    let LogSource { owner, log_group, .. } = &detection.source;
    let mut groups: Vec<(IncidentKey, Vec<&Finding>, Untracked)> = Vec::new();
    for finding in &detection.findings {
        let whole = IncidentKey::new(finding.rule, owner, log_group);
        let mut key = whole.clone().with(KeyPart::of(finding, by));
        if groups.len() >= MAX_KEYS_PER_BATCH - 1 && groups.iter().all(|(other, ..)| *other != key) {
            key = whole.with(KeyPart::others(by));
        }
        group_of(key, &mut groups).1.push(finding);
    }
    if let Some(first) = detection.findings.first().filter(|_| detection.untracked.totals.records > 0) {
        let others = IncidentKey::new(first.rule, owner, log_group).with(KeyPart::others(by));
        group_of(others, &mut groups).2 = detection.untracked.clone();
    }
    groups
}

fn group_of<'g, 'd>(
    key: IncidentKey,
    groups: &'g mut Vec<(IncidentKey, Vec<&'d Finding>, Untracked)>,
) -> &'g mut (IncidentKey, Vec<&'d Finding>, Untracked) {
    let at = groups.iter().position(|(known, ..)| *known == key).unwrap_or_else(|| {
        groups.push((key, Vec::new(), Untracked::default()));
        groups.len() - 1
    });
    &mut groups[at]
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::*;
    use crate::detection::{Detector, MAX_FLOWS};

    fn detection(sources: usize) -> Detection {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        for n in 0..sources {
            let line =
                format!("2 1 eni-1 10.{}.{}.{} 8.8.8.8 0 0 1 4 336 1 2 REJECT OK", n >> 16, n >> 8 & 255, n & 255);
            detector.observe(&LogEvent::new("1", 0, line));
        }
        detector.finish(LogSource { owner: "1".to_owned(), log_group: "Log-Group".to_owned(), ..LogSource::default() })
    }

    fn groups(sources: usize, by: GroupBy) -> Vec<(String, usize, u64)> {
        let detection = detection(sources);
        let groups = group(&detection, by).into_iter();
        groups.map(|(key, findings, untracked)| (key.to_string(), findings.len(), untracked.totals.records)).collect()
    }

    #[test]
    fn a_log_group_is_one_incident_whatever_is_in_it() {
        assert_eq!(groups(3, GroupBy::LogGroup), [("Ping-Deny|1|Log-Group".to_owned(), 3, 0)]);
        assert_eq!(
            groups(MAX_FLOWS + 9, GroupBy::LogGroup),
            [("Ping-Deny|1|Log-Group".to_owned(), MAX_FLOWS, 9)],
            "records past the limit are counted with the others"
        );
        assert_eq!(groups(0, GroupBy::LogGroup), []);
    }

    #[test]
    fn the_last_incident_of_a_batch_is_about_all_others() {
        let few = groups(MAX_KEYS_PER_BATCH - 1, GroupBy::Source);
        assert_eq!(few.len(), MAX_KEYS_PER_BATCH - 1);
        assert_eq!(few[0], ("Ping-Deny|1|Log-Group|source=10.0.0.0".to_owned(), 1, 0));
        let many = groups(MAX_FLOWS, GroupBy::Source);
        let others = "Ping-Deny|1|Log-Group|source=others".to_owned();
        assert_eq!(many.last(), Some(&(others.clone(), MAX_FLOWS + 1 - MAX_KEYS_PER_BATCH, 0)));
        assert_eq!(
            groups(MAX_FLOWS + 9, GroupBy::Source).last().unwrap(),
            &(others, MAX_FLOWS + 1 - MAX_KEYS_PER_BATCH, 9)
        );
    }

    #[test]
    fn records_past_the_limit_are_no_key_s_own() {
        let others = "Ping-Deny|1|Log-Group|target=others".to_owned();
        assert_eq!(
            groups(MAX_FLOWS + 9, GroupBy::Target),
            [("Ping-Deny|1|Log-Group|target=8.8.8.8".to_owned(), MAX_FLOWS, 0), (others, 0, 9)]
        );
    }

    #[test]
    fn a_key_is_stored_and_read_as_it_is() {
        let whole = IncidentKey::new(Rule::PingDeny, "1", "Log-Group");
        for part in [
            KeyPart::All,
            KeyPart::Interface("eni-1".to_owned()),
            KeyPart::Source("2001:db8::1".parse().unwrap()),
            KeyPart::Target("10.0.0.1".parse().unwrap()),
            KeyPart::OtherSources,
        ] {
            let key = whole.clone().with(part);
            let text = serde_json::to_string(&key).unwrap();
            assert_eq!(serde_json::from_str::<IncidentKey>(&text).unwrap(), key, "{text}");
        }
    }
}
