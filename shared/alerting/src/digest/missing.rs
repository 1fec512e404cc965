//! What a digest does not know.

use crate::digest::{
    content::Digest,
    known::{Known, Unknown},
};

/// A part of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// How many records of ours were rejected.
    OwnRecords,
    /// The incidents one by one.
    Incidents,
    /// How many pings came from the internet.
    Background,
    /// How many there were before.
    Median,
    /// Their sources.
    Sources,
    /// Which of them are new.
    NewSources,
    /// Their targets.
    Targets,
    /// How much TCP and UDP came from the internet.
    Connections,
    /// Late packets.
    Late,
    /// What a silence held back.
    HeldBack,
    /// How many records came.
    LogEvents,
    /// When the newest one came.
    Newest,
    /// The interfaces that sent records.
    Interfaces,
    /// The interfaces that sent none any more.
    GoneInterfaces,
    /// SKIPDATA records.
    Skipped,
    /// Lines that could not be read.
    Unparsed,
    /// Batches in the failure queue.
    FailedBatches,
    /// Messages in the timers' failure queue.
    FailedTimers,
}

impl Part {
    /// The part as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            Part::OwnRecords => "own-records",
            Part::Incidents => "incidents",
            Part::Background => "background",
            Part::Median => "median",
            Part::Sources => "sources",
            Part::NewSources => "new-sources",
            Part::Targets => "targets",
            Part::Connections => "connections",
            Part::Late => "late",
            Part::HeldBack => "held-back",
            Part::LogEvents => "log-events",
            Part::Newest => "newest-record",
            Part::Interfaces => "interfaces",
            Part::GoneInterfaces => "gone-interfaces",
            Part::Skipped => "skipped",
            Part::Unparsed => "unparsed",
            Part::FailedBatches => "failed-batches",
            Part::FailedTimers => "failed-timers",
        }
    }
}

fn why<T>(known: &Known<T>) -> Option<&Unknown> {
    known.as_ref().err()
}

impl Digest {
    /// The parts that are not known, with the reason. A part that needs another one is left out where that one is not known.
    pub fn missing(&self) -> Vec<(Part, &Unknown)> {
        let mut parts = vec![(Part::OwnRecords, why(&self.own_records)), (Part::Incidents, why(&self.incidents))];
        if let Some(background) = &self.background {
            parts.push((Part::Background, why(&background.amount)));
            parts.push((Part::Median, why(&background.median).filter(|_| background.amount.is_ok())));
            parts.push((Part::Sources, why(&background.sources)));
            parts.push((Part::NewSources, why(&background.new_sources).filter(|_| background.sources.is_ok())));
            parts.push((Part::Targets, why(&background.targets)));
        }
        if let Some(connections) = &self.connections {
            parts.push((Part::Connections, why(&connections.internet)));
            parts.push((Part::Median, why(&connections.median).filter(|_| connections.internet.is_ok())));
            parts.push((Part::Late, why(&connections.late)));
        }
        let held = self.silences.iter().find_map(|held| why(&held.records));
        let coverage = &self.coverage;
        let gone = coverage.interfaces.as_ref().ok().and_then(|interfaces| why(&interfaces.gone));
        parts.extend([
            (Part::HeldBack, held),
            (Part::LogEvents, why(&coverage.log_events)),
            (Part::Newest, why(&coverage.newest)),
            (Part::Interfaces, why(&coverage.interfaces)),
            (Part::GoneInterfaces, gone),
            (Part::Skipped, why(&coverage.skipped)),
            (Part::Unparsed, why(&coverage.unparsed)),
            (Part::FailedBatches, why(&coverage.failed_batches)),
            (Part::FailedTimers, why(&coverage.failed_timers)),
        ]);
        parts.into_iter().filter_map(|(part, unknown)| Some((part, unknown?))).collect()
    }
}
