//! What a digest is made from, beside the answers of CloudWatch.

use crate::{
    address::Networks,
    detection,
    digest::{known::Known, source::Rule},
    incident::{InternetPings, Silence, silence::MAX_SILENCES},
    time::EpochMillis,
};

/// What a digest needs to know of its stack.
#[derive(Clone, Debug)]
pub struct DigestSettings {
    /// The hour of the day in the readers' zone, 0 to 23.
    pub hour: u8,
    /// The log group of the flow logs.
    pub log_group: String,
    /// The name of the queue of failed batches.
    pub failure_queue: String,
    /// The name of the queue of failed timer messages.
    pub timer_failure_queue: String,
    /// The Contributor Insights rules.
    pub rules: Rules,
    /// Address ranges that are ours beside the private ones.
    pub own_networks: Networks,
}

/// The names of the Contributor Insights rules, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// See [`Rule::Sources`].
    pub sources: Known<String>,
    /// See [`Rule::SourcesV6`].
    pub sources_v6: Known<String>,
    /// See [`Rule::Targets`].
    pub targets: Known<String>,
    /// See [`Rule::Interfaces`].
    pub interfaces: Known<String>,
    /// See [`Rule::Emails`].
    pub emails: Known<String>,
}

impl Rules {
    /// The name of a rule, or why there is none.
    pub(super) fn name(&self, rule: Rule) -> Known<&str> {
        let name = match rule {
            Rule::Sources => &self.sources,
            Rule::SourcesV6 => &self.sources_v6,
            Rule::Targets => &self.targets,
            Rule::Interfaces => &self.interfaces,
            Rule::Emails => &self.emails,
        };
        name.as_deref().map_err(Clone::clone)
    }
}

/// What a digest is made from.
#[derive(Clone, Copy, Debug)]
pub struct DigestInput<'a> {
    /// What the digest knows of its stack.
    pub settings: &'a DigestSettings,
    /// The namespace of the published metrics.
    pub namespace: &'a str,
    /// The name of the metric that counts matched records.
    pub metric: &'a str,
    /// The detection rules in force.
    pub in_force: detection::Rules,
    /// What becomes of pings from the internet.
    pub internet_pings: InternetPings,
    /// Whether metrics about the monitor itself are published.
    pub operational_metrics: bool,
    /// Whether resolved emails are sent.
    pub resolved_emails: bool,
    /// The stored silences.
    pub silences: &'a [Silence],
    /// When the digest is made.
    pub now: EpochMillis,
}

impl<'a> DigestInput<'a> {
    /// The silences that are in force, or were at this time or later.
    pub(super) fn silences_since(&self, from: EpochMillis) -> impl Iterator<Item = &'a Silence> {
        let now = self.now;
        self.silences.iter().filter(move |silence| silence.from <= now && silence.ends_at() > from).take(MAX_SILENCES)
    }
}
