//! Alerts: messages about an incident, before they are put into words.

use crate::{
    console_link::Console,
    finding::Finding,
    mail::{Language, query},
    zone::Zone,
};

/// Where the function runs, what it publishes to and who reads it: what links and mails need.
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
    /// The language of mails.
    pub language: Language,
    /// The time zone of their readers.
    pub zone: Zone,
}

impl Site {
    /// The console where a finding's interface is: in the region that its records name, or else in that of the log group.
    pub fn console_of(&self, finding: &Finding) -> Console {
        let named = finding.place.region.as_deref().filter(|region| query::is_plain(region));
        named.map_or_else(|| self.console.clone(), Console::new)
    }
}

/// Which message of an incident it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The first one.
    Opening,
    /// One while the incident goes on.
    Update,
    /// The last one.
    AllClear,
}

impl Kind {
    /// The kind as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Opening => "opening",
            Kind::Update => "update",
            Kind::AllClear => "all-clear",
        }
    }
}
