//! An alert: one message about an incident, before it is put into words.

use flow_log::EpochMillis;

use crate::{
    console_link::Console,
    detect::Detection,
    finding::Totals,
    incident::{Decision, Incident, Policy},
};

/// Where the function runs and what it publishes to: what links and signatures need.
#[derive(Clone, Debug)]
pub struct Site {
    /// The region of the log group.
    pub region: String,
    /// The links of that region.
    pub console: Console,
    /// The namespace of the published metrics.
    pub metric_namespace: String,
    /// The name of the metric that counts matched records.
    pub metric_name: String,
}

/// Everything one message is about.
#[derive(Clone, Debug)]
pub struct Alert<'a> {
    /// What was found, at least one finding.
    pub detection: &'a Detection,
    /// Why this is mailed.
    pub decision: Decision,
    /// The incident so far, without this batch; none when it opens.
    pub incident: Option<&'a Incident>,
    /// How often the incident may mail.
    pub policy: &'a Policy,
    /// Where it all happens.
    pub site: &'a Site,
    /// The time the message is made.
    pub now: EpochMillis,
}

impl Alert<'_> {
    /// The incident that goes on, if this is an update.
    pub fn ongoing(&self) -> Option<&Incident> {
        self.incident.filter(|_| self.decision == Decision::Update)
    }

    /// The first packet of the whole incident, as far as the records tell.
    pub fn first_packet(&self) -> Option<EpochMillis> {
        let batch = self.detection.totals().first_start;
        match self.ongoing().and_then(|incident| incident.totals.first_start) {
            Some(earlier) => Some(batch.map_or(earlier, |batch| batch.min(earlier))),
            None => batch,
        }
    }

    /// What was counted since the last mail, this batch included.
    pub fn since_last_mail(&self) -> Totals {
        let mut totals = self.detection.totals();
        if let Some(incident) = self.ongoing() {
            totals.add(&incident.unmailed);
        }
        totals
    }

    /// The number of this mail within its incident; the opening is 1.
    pub fn number(&self) -> u32 {
        self.ongoing().map_or(0, |incident| incident.mails).saturating_add(1)
    }
}
