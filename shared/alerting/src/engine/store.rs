//! Reading and writing stored items: what cannot be read is set aside before anything else.

use crate::{
    engine::{
        Engine,
        error::{EngineError, MAX_ATTEMPTS},
        items::{self, Stored},
        operations,
    },
    incident::{
        IncidentKey, SilenceList,
        state::{CounterShard, HourlyEmails, IncidentRecord, ItemId, Versioned},
    },
    ports::{Commit, Enricher, IncidentStore, MetricSink, Timers},
    time::EpochMillis,
};

/// An incident as it is stored: its record all shards of its counters, and the silences.
pub(super) struct StoredIncident {
    pub(super) record: Stored<IncidentRecord>,
    pub(super) shards: Vec<Stored<CounterShard>>,
    pub(super) silences: SilenceList,
    /// The emails of this hour, where they are limited for this incident.
    pub(super) emails: Option<Stored<HourlyEmails>>,
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Reads items, in the order asked for. Unreadable ones are set aside first: the names of the copies are added to `set_aside`.
    pub(super) async fn read(
        &self,
        ids: &[ItemId],
        now: EpochMillis,
        set_aside: &mut Vec<String>,
    ) -> Result<Vec<Option<Versioned>>, EngineError> {
        for _ in 0..MAX_ATTEMPTS {
            let found = self.store.get(ids).await?;
            if !self.set_aside(ids, &found, now, set_aside).await? {
                return Ok(found);
            }
        }
        Err(EngineError::Contended)
    }

    /// Reads the record of an incident and all its counters, the silences, and the emails of this hour where they are limited.
    pub(super) async fn read_incident(
        &self,
        key: &IncidentKey,
        now: EpochMillis,
        set_aside: &mut Vec<String>,
    ) -> Result<StoredIncident, EngineError> {
        let record = ItemId::Incident(key.clone());
        let shards = self.shard_ids(key);
        let capped = key.part.is_capped().then_some(ItemId::HourlyEmails);
        let fixed = [record.clone(), ItemId::Silences].into_iter().chain(capped.clone());
        let ids: Vec<ItemId> = fixed.chain(shards.iter().cloned()).collect();
        let mut found = self.read(&ids, now, set_aside).await?.into_iter();
        let record = Stored::new(record, found.next().flatten());
        let silences = Stored::new(ItemId::Silences, found.next().flatten()).value.unwrap_or_default();
        Ok(StoredIncident {
            record,
            silences,
            emails: capped.map(|id| Stored::new(id, found.next().flatten())),
            shards: shards.into_iter().zip(found).map(|(id, doc)| Stored::new(id, doc)).collect(),
        })
    }

    /// Reads one item as it is, whether it can be read or not.
    pub(super) async fn get_one(&self, id: &ItemId) -> Result<Option<Versioned>, EngineError> {
        Ok(self.store.get(std::slice::from_ref(id)).await?.pop().flatten())
    }

    pub(super) fn shard_ids(&self, key: &IncidentKey) -> Vec<ItemId> {
        (0..self.policy.shards()).map(|number| ItemId::Counters(key.clone(), number)).collect()
    }

    /// Copies unreadable items and begins them anew. The metric with the alarm is published first, so that no copy is made
    /// unnoticed. Returns whether there were any: then everything has to be read again.
    async fn set_aside(
        &self,
        ids: &[ItemId],
        found: &[Option<Versioned>],
        now: EpochMillis,
        set_aside: &mut Vec<String>,
    ) -> Result<bool, EngineError> {
        let found = ids.iter().zip(found).filter_map(|(id, found)| Some((id, found.as_ref()?)));
        let unreadable: Vec<(&ItemId, &Versioned)> = found.filter(|(id, found)| !items::fits(id, &found.doc)).collect();
        if unreadable.is_empty() {
            return Ok(false);
        }
        self.metrics.publish(&operations::set_aside(&self.site.metric_name, unreadable.len() as u64, now)).await?;
        let mut writes = Vec::with_capacity(2 * unreadable.len());
        let mut copies = Vec::with_capacity(unreadable.len());
        for (id, found) in unreadable {
            let copy = items::copy_of(id, found.doc.clone(), now);
            copies.push(copy.id.text());
            writes.push(copy);
            writes.push(items::write(id.clone(), Some(found.version), items::anew(id, now), now));
        }
        if self.store.commit(&writes).await? == Commit::Written {
            set_aside.extend(copies);
        }
        Ok(true)
    }
}
