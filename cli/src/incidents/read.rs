//! The stored incidents.

use alerting::{
    detection::Totals,
    incident::{
        IncidentKey, Silenced, Summary,
        plan::{Counters, NextEmail, Outlook, REOPEN_MILLIS, outlook},
        policy::Policy,
        state::{
            CounterShard, INCIDENT_PREFIX, IncidentRecord, ItemId, OpenIncident, PastIncident, ReportRecord,
            StoredItem, Unsent,
        },
    },
    ports::IncidentStore as _,
    time::{self, EpochMillis},
};
use aws_adapters::DynamoIncidents;

/// An incident, or an item that is none for this version.
#[derive(Debug)]
pub(super) enum Entry {
    Incident(Box<Incident>),
    /// The id of an item that this version cannot read.
    Unreadable(String),
}

/// An incident.
#[derive(Debug)]
pub(super) struct Incident {
    pub(super) key: IncidentKey,
    pub(super) state: State,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful of incidents, each of which holds far more on the heap")]
pub(super) enum State {
    Open(Open),
    Resolved(Resolved),
}

/// An open incident.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) record: OpenIncident,
    pub(super) unsent: Unsent,
    pub(super) counters: Counters,
    /// Whether this version cannot read some of the counters.
    pub(super) counters_incomplete: bool,
    pub(super) outlook: Outlook,
}

/// A resolved incident.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) record: PastIncident,
    /// Who and where, and the silences, as long as the resolved email is not sent.
    pub(super) unreported: Option<(Summary, Vec<Silenced>)>,
}

impl Entry {
    pub(super) fn incident(&self) -> Option<&Incident> {
        if let Entry::Incident(incident) = self { Some(incident) } else { None }
    }

    /// Tells whether a list shows it.
    pub(super) fn is_recent(&self, now: EpochMillis) -> bool {
        match self.incident().map(|incident| &incident.state) {
            Some(State::Resolved(resolved)) => {
                resolved.unreported.is_some() || time::millis_between(resolved.record.resolved_at, now) < REOPEN_MILLIS
            }
            _ => true,
        }
    }

    /// What a list is sorted by: open ones, resolved ones and unreadable ones, of each the latest first.
    pub(super) fn rank(&self) -> (u8, u64) {
        match self.incident() {
            Some(incident) => (u8::from(!incident.is_open()), u64::MAX - incident.opened_at().0),
            None => (2, 0),
        }
    }
}

impl Incident {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// The id that its counters have.
    pub(super) fn id(&self) -> &str {
        match &self.state {
            State::Open(open) => &open.record.id,
            State::Resolved(resolved) => &resolved.record.id,
        }
    }

    /// The id that readers see: that of its first opening.
    pub(super) fn seen_id(&self) -> &str {
        match &self.state {
            State::Open(open) => open.record.earlier.as_ref().map_or(&open.record.id, |earlier| &earlier.incident),
            State::Resolved(resolved) => &resolved.record.id,
        }
    }

    /// When its first finding was processed.
    pub(super) fn opened_at(&self) -> EpochMillis {
        match &self.state {
            State::Open(open) => {
                open.record.earlier.as_ref().map_or(open.record.opened_at, |earlier| earlier.opened_at)
            }
            State::Resolved(resolved) => resolved.record.opened_at,
        }
    }

    /// All that it has counted, also before it was reopened.
    pub(super) fn totals(&self) -> Totals {
        match &self.state {
            State::Open(open) => {
                let mut totals = open.counters.total.totals;
                open.record.earlier.iter().for_each(|earlier| totals.add(&earlier.totals));
                totals
            }
            State::Resolved(resolved) => resolved.record.totals,
        }
    }

    /// Emails that were sent, and when the latest one was.
    pub(super) fn emails(&self) -> (u32, EpochMillis) {
        match &self.state {
            State::Open(open) => (open.record.emails, open.record.last_email_at),
            State::Resolved(Resolved { record, unreported }) => {
                (record.emails.saturating_sub(u32::from(unreported.is_some())), record.last_email_at)
            }
        }
    }

    /// What is due next; none of a resolved incident whose email is sent.
    pub(super) fn next_email(&self) -> Option<NextEmail> {
        match &self.state {
            State::Open(open) => Some(open.outlook.next_email),
            State::Resolved(resolved) => {
                resolved.unreported.is_some().then_some(NextEmail::Resolved(resolved.record.resolved_at))
            }
        }
    }

    /// Who and where, as far as that is stored.
    pub(super) fn summary(&self) -> Option<&Summary> {
        match &self.state {
            State::Open(open) => Some(&open.counters.total),
            State::Resolved(resolved) => resolved.unreported.as_ref().map(|(summary, _)| summary),
        }
    }

    /// The silences that have covered findings of it, as far as they are stored.
    pub(super) fn silenced(&self) -> &[Silenced] {
        match &self.state {
            State::Open(open) => &open.record.silenced,
            State::Resolved(resolved) => resolved.unreported.as_ref().map_or(&[], |(_, silenced)| silenced),
        }
    }
}

/// Reads all incidents of a table.
///
/// # Errors
/// A call failed. One line.
pub(super) async fn entries(store: &DynamoIncidents, policy: &Policy) -> Result<Vec<Entry>, String> {
    let items = store.incidents().await.map_err(|error| error.to_string())?;
    let mut entries = Vec::new();
    for (id, versioned) in items {
        let key = id.strip_prefix(INCIDENT_PREFIX).and_then(IncidentKey::parse);
        let (Some(key), Ok(record)) = (key, IncidentRecord::try_from(versioned.doc)) else {
            entries.push(Entry::Unreadable(id));
            continue;
        };
        let states = states(store, &key, record, policy).await?;
        entries.extend(states.into_iter().map(|state| Entry::Incident(Box::new(Incident { key: key.clone(), state }))));
    }
    Ok(entries)
}

/// The open incident of a key, and the one before it, unless that is the one that was reopened.
async fn states(
    store: &DynamoIncidents,
    key: &IncidentKey,
    record: IncidentRecord,
    policy: &Policy,
) -> Result<Vec<State>, String> {
    let IncidentRecord { current, unsent, reporting, last } = record;
    let mut states = Vec::new();
    let reopened = current.as_ref().and_then(|open| Some(open.earlier.as_ref()?.incident.clone()));
    if let Some(open) = current {
        states.push(State::Open(counted(store, key, open, unsent, policy).await?));
    }
    if let Some(record) = last.filter(|last| reopened.as_deref() != Some(&last.id)) {
        let mut unreported = None;
        // A report of an incident that was reopened has another id than readers see.
        if let Some(reporting) = reporting.filter(|one| one.id.split('.').next() == record.id.split('.').next()) {
            let found = get(store, &[ItemId::Report(key.clone(), reporting.id)]).await?.into_iter().flatten().next();
            let report = found.and_then(|item| ReportRecord::try_from(item).ok()?.pending);
            unreported = report.map(|closed| (closed.summary, closed.silenced));
        }
        states.push(State::Resolved(Resolved { record, unreported }));
    }
    Ok(states)
}

/// An open incident with its counters.
async fn counted(
    store: &DynamoIncidents,
    key: &IncidentKey,
    record: OpenIncident,
    unsent: Unsent,
    policy: &Policy,
) -> Result<Open, String> {
    let ids: Vec<ItemId> = (0..policy.shards()).map(|shard| ItemId::Counters(key.clone(), shard)).collect();
    let found: Vec<StoredItem> = get(store, &ids).await?.into_iter().flatten().collect();
    let all = found.len();
    let shards: Vec<CounterShard> = found.into_iter().filter_map(|item| CounterShard::try_from(item).ok()).collect();
    let counters = Counters::of(&shards, &record);
    let outlook = outlook(&record, &counters, policy);
    Ok(Open { record, unsent, counters, counters_incomplete: shards.len() < all, outlook })
}

async fn get(store: &DynamoIncidents, ids: &[ItemId]) -> Result<Vec<Option<StoredItem>>, String> {
    let found = store.get(ids).await.map_err(|error| error.to_string())?;
    Ok(found.into_iter().map(|item| item.map(|item| item.doc)).collect())
}
