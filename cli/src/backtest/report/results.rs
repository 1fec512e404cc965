//! What a backtest comes to with one list of settings.

use std::collections::BTreeMap;

use alerting::{incident::InternetPings, zone::Zone};

use super::{
    cost::{self, Bill, Usage},
    emails::EmailCounts,
    story::Stories,
    traffic::Traffic,
};
use crate::{
    backtest::{play::Event, settings::Settings},
    records::Tally,
};

/// What a backtest comes to with one list of settings.
#[derive(Debug)]
pub(crate) struct Results {
    /// The zone of the readers.
    pub(crate) zone: Zone,
    pub(crate) emails: EmailCounts,
    pub(crate) traffic: Traffic,
    pub(crate) stories: Stories,
    /// Records that silences cover, by the id of the silence.
    pub(crate) silenced: BTreeMap<String, u64>,
    /// Whether the digest states the background.
    pub(crate) is_in_digest: bool,
}

impl Results {
    /// Nothing yet. Tells whether the texts of emails are kept.
    pub(crate) fn new(settings: &Settings, keeps_bodies: bool) -> Results {
        Results {
            zone: settings.zone.clone(),
            emails: EmailCounts::default(),
            traffic: Traffic::default(),
            stories: Stories::new(keeps_bodies),
            silenced: BTreeMap::new(),
            is_in_digest: settings.signals.internet_pings == InternetPings::Digest,
        }
    }

    /// Adds what happens.
    pub(crate) fn add(&mut self, event: &Event) {
        match event {
            Event::Batch(batch) => self.traffic.add(batch, &self.zone),
            Event::Email(email) => {
                self.emails.add(email, &self.zone);
                self.stories.add(email);
            }
            Event::Resolved(past) => self.stories.resolve(past),
            Event::Silenced(silenced) => {
                *self.silenced.entry(silenced.silence.clone()).or_default() += silenced.records;
            }
        }
    }

    /// All records that silences cover.
    pub(crate) fn all_silenced(&self) -> u64 {
        self.silenced.values().sum()
    }

    /// The bill of 30 days. None if the period is too short.
    ///
    /// # Errors
    /// The list of prices lacks one.
    pub(crate) fn bill(&self, tally: &Tally) -> Result<Option<Bill>, String> {
        let usage = Usage {
            records: tally.records,
            rejected: tally.matched,
            emails: self.emails.total(),
            runs: self.traffic.runs(),
        };
        tally.span.map_or(Ok(None), |span| cost::bill(&usage, span))
    }
}
