//! What a digest states.

use crate::{
    digest::{
        background::Background,
        connections::Connections,
        coverage::Coverage,
        incidents::{self, DigestIncident},
        input::DigestInput,
        known::{Known, Unknown},
        period::Period,
        source::{Answers, Measure},
    },
    incident::{InternetPings, Silence},
    time::EpochMillis,
};

/// A silence that was in force in the period or is now, and the records that it held back in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// The silence.
    pub silence: Silence,
    /// The records.
    pub records: Known<u64>,
}

/// A digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// What it covers.
    pub period: Period,
    /// The log group of the flow logs.
    pub log_group: String,
    /// Rejected records of ours and of private networks, without late packets.
    pub own_records: Known<u64>,
    /// Incidents that opened.
    pub opened: Known<u64>,
    /// The incidents with an email, the first one first.
    pub incidents: Known<Vec<DigestIncident>>,
    /// Whether these are all.
    pub incidents_complete: bool,
    /// Pings from the internet; none where they are no background.
    pub background: Option<Background>,
    /// Rejected TCP and UDP; none where no rule about them is in force.
    pub connections: Option<Connections>,
    /// The silences that were in force in the period or are now.
    pub silences: Vec<HeldBack>,
    /// What was seen.
    pub coverage: Coverage,
    /// When it is made.
    pub now: EpochMillis,
}

/// What a digest comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No record came, so nothing is known.
    NoRecords,
    /// It is not known whether anything was blocked.
    Unknown,
    /// Nothing of the reader's was blocked.
    Nothing,
    /// Something was: so many incidents, where that is known.
    Blocked(Option<u64>),
}

impl Verdict {
    /// The verdict as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::NoRecords => "no-records",
            Verdict::Unknown => "unknown",
            Verdict::Nothing => "nothing-blocked",
            Verdict::Blocked(_) => "blocked",
        }
    }
}

impl Digest {
    /// Reads the answers to [`DigestInput::questions`].
    pub fn of(period: Period, input: &DigestInput<'_>, answers: &Answers) -> Digest {
        let span = period.span;
        let records = |measure| answers.sum(&measure, span);
        let own = records(Measure::OwnRecords);
        let connections = Connections::of(&period, input.in_force, answers);
        let of_connections = connections.as_ref().map_or(Ok(0), |connections| connections.ours.clone());
        let own_records = own.and_then(|own| Ok(own + records(Measure::PrivateRecords)? + of_connections?));
        let opened = match input.operational_metrics {
            true => records(Measure::Opened),
            false => Err(Unknown::SwitchedOff("OperationalMetrics=no")),
        };
        let found = incidents::of(&period, input, answers);
        let incidents_complete = found.as_ref().is_ok_and(|(_, complete)| *complete);
        let held = |silence: &Silence| HeldBack {
            records: answers.sum(&Measure::HeldBack(silence.id.clone()), span),
            silence: silence.clone(),
        };
        let background =
            (input.internet_pings == InternetPings::Digest).then(|| Background::of(&period, input.settings, answers));
        let coverage = Coverage::of(&period, input.settings, answers);
        let digest = Digest {
            log_group: input.settings.log_group.clone(),
            own_records,
            opened,
            incidents: found.map(|(incidents, _)| incidents),
            incidents_complete,
            background,
            connections,
            silences: input.silences_since(period.span.from).map(held).collect(),
            coverage,
            period,
            now: input.now,
        };
        digest.without_contradiction()
    }

    /// If something shows that records came, a metric that has none of them is not known.
    fn without_contradiction(mut self) -> Digest {
        let background = self.background.as_ref().and_then(|background| background.amount.as_ref().ok());
        let came = matches!(self.own_records, Ok(1..))
            || background.is_some_and(|amount| amount.records > 0)
            || self.connections.as_ref().is_some_and(|connections| {
                matches!(connections.late, Ok(1..))
                    || connections.internet.as_ref().is_ok_and(|amount| amount.records > 0)
            })
            || self.coverage.interfaces.as_ref().is_ok_and(|interfaces| interfaces.sent > 0);
        if came && self.coverage.log_events == Ok(0) {
            self.coverage.log_events = Err(Unknown::NoValues);
            self.coverage.newest = self.coverage.newest.and_then(|newest| newest.map(Some).ok_or(Unknown::NoValues));
        }
        self
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        if self.coverage.log_events == Ok(0) {
            return Verdict::NoRecords;
        }
        let listed = self.incidents.as_ref().map(|incidents| incidents.len() as u64);
        let incidents = listed.or(self.opened.as_ref().copied()).ok();
        match (&self.own_records, incidents) {
            (_, Some(incidents @ 1..)) => Verdict::Blocked(Some(incidents)),
            (Ok(1..), incidents) => Verdict::Blocked(incidents.filter(|count| *count > 0)),
            (Ok(0), _) => Verdict::Nothing,
            (Err(_), _) => Verdict::Unknown,
        }
    }

    /// Tells whether no incident is about the internet: then its pings are background, all of them.
    pub fn internet_is_background(&self) -> bool {
        let from_internet = |incident: &DigestIncident| incident.signal.is_none_or(|signal| signal.is_internet());
        self.incidents.as_ref().is_ok_and(|incidents| !incidents.iter().any(from_internet)) && self.incidents_complete
    }
}
