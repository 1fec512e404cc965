//! Silences in the document.

use serde::Serialize;

use crate::{
    detection::{Origin, Rule},
    incident::Silenced,
    notification::document::values::{Time, text},
};

/// A silence that has covered findings of the incident: those are in none of the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SilenceDoc {
    /// Its id.
    pub id: String,
    /// Its conditions: the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// The origin and, where the packets are ours, their role: `own-request`, `own-answer`, `private` or `internet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<&'static str>,
    /// Source addresses, as a CIDR block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Destination addresses, as a CIDR block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The server's port: `5432/tcp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The account that the records were logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_account: Option<String>,
    /// The region that they were logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_region: Option<String>,
    /// The log group that they were logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
    /// When it covered a finding of the incident for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// When it was found to have ended, where it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// Why, in the words of whoever made it.
    pub reason: String,
    /// Who made it.
    pub by: String,
}

impl From<&Silenced> for SilenceDoc {
    fn from(silenced: &Silenced) -> Self {
        let silence = &silenced.silence;
        SilenceDoc {
            id: text(&silence.id),
            rule: silence.rule.map(Rule::word),
            origin: silence.origin.map(Origin::full_word),
            source: silence.source.map(|network| network.to_string()),
            destination: silence.destination.map(|network| network.to_string()),
            port: silence.port.map(|port| port.to_string()),
            interface: silence.interface.as_deref().map(text),
            log_account: silence.account.as_deref().map(text),
            log_region: silence.region.as_deref().map(text),
            log_group: silence.log_group.as_deref().map(text),
            since: Time::of(silenced.since),
            until: Time::of(silence.ends_at()),
            ended_at: silenced.ended.and_then(Time::of),
            reason: text(&silence.reason),
            by: text(&silence.by),
        }
    }
}
