//! One finding explained by itself: what its email would state, without an incident, a deployment or a time.

use std::collections::BTreeSet;

use flow_log::Formats;

use crate::{
    detection::{Detection, Finding, LogSource, Origin, Untracked},
    enrichment::Network,
    explain::{Explanation, explain},
    incident::{IncidentKey, Reason, Signal, SignalPolicy, policy::Policy},
    notification::{
        content::NotificationContent,
        email::ExplanationDraft,
        language::Language,
        links::{Links, console::AwsConsole},
        notification::{Notification, NotificationContext},
        site::Site,
    },
    time::EpochMillis,
    zone::Zone,
};

/// A finding's explanation, as a value and in words.
#[derive(Clone, Debug)]
pub struct StandaloneExplanation {
    /// The value.
    pub explanation: Explanation,
    /// The words. They have no links: nothing tells the region.
    pub draft: ExplanationDraft,
}

impl StandaloneExplanation {
    /// Explains a finding of a batch.
    pub fn of(detection: &Detection, finding: &Finding, network: &Network, language: Language) -> Self {
        let content = NotificationContent::batch(detection, &[finding], &Untracked::default(), &BTreeSet::new());
        let signal = match finding.origin {
            Origin::OwnRequest => Signal::OwnRequest,
            Origin::OwnAnswer => Signal::OwnAnswer,
            Origin::Private => Signal::Private,
            Origin::Internet => Signal::Internet,
        };
        let site = Site {
            account: None,
            region: String::new(),
            console: AwsConsole::new(""),
            metric_namespace: String::new(),
            metric_name: String::new(),
            language,
            zone: Zone::UTC,
            stack: None,
            formats: Formats::default(),
        };
        let context = NotificationContext {
            key: &IncidentKey::new(finding.rule, &LogSource::default(), signal),
            reason: Reason::New,
            silenced: &[],
            network,
            policy: &Policy::default(),
            signals: &SignalPolicy::default(),
            site: &site,
            now: EpochMillis(0),
        };
        let notification =
            Notification { links: Links::default(), ..Notification::opened(context, "", &content, None) };
        StandaloneExplanation { explanation: explain(finding, network), draft: ExplanationDraft::of(&notification) }
    }
}
