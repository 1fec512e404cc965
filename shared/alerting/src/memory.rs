//! The incident store in memory: for local work and tests, and where no table is configured.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    enrichment::{EnrichmentRequest, MissingReason, Network},
    incident::state::{ItemId, Versioned, Write},
    ports::{Commit, Enricher, IncidentStore, PortError},
    time::EpochMillis,
};

/// Documents that are remembered at most; those that expire first make room.
pub const MAX_DOCUMENTS: usize = 10_000;

/// Later than anything expires.
const NEVER: EpochMillis = EpochMillis(u64::MAX);

/// Remembers documents as long as the process lives. Another process knows nothing of them: each of a function's containers
/// opens an incident of its own.
#[derive(Debug, Default)]
pub struct MemoryIncidents(Mutex<BTreeMap<ItemId, (Versioned, Option<EpochMillis>)>>);

impl MemoryIncidents {
    fn documents(&self) -> MutexGuard<'_, BTreeMap<ItemId, (Versioned, Option<EpochMillis>)>> {
        // OK because a commit checks everything before it writes anything: a panic leaves no half of one behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the documents that have expired, as a table's time to live does at some later time.
    pub fn forget_expired(&self, now: EpochMillis) {
        self.documents().retain(|_, (_, expires_at)| expires_at.unwrap_or(NEVER) > now);
    }
}

impl IncidentStore for MemoryIncidents {
    async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
        let documents = self.documents();
        Ok(ids.iter().map(|id| documents.get(id).map(|(versioned, _)| versioned.clone())).collect())
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, PortError> {
        let mut documents = self.documents();
        let current = |id: &ItemId| documents.get(id).map(|(versioned, _)| versioned);
        let clashes = writes.iter().filter(|write| current(&write.id).map(|now| now.version) != write.expected);
        let mut clashes = clashes.map(|write| Some((write.id.clone(), current(&write.id)?.clone()))).peekable();
        if clashes.peek().is_some() {
            return Ok(Commit::Conflict(clashes.collect::<Option<_>>().unwrap_or_default()));
        }
        drop(clashes);
        for write in writes {
            let version = write.expected.map_or(1, |version| version + 1);
            documents.insert(write.id.clone(), (Versioned { version, doc: write.doc.clone() }, write.expires_at));
        }
        while documents.len() > MAX_DOCUMENTS {
            let first = documents
                .iter()
                .min_by_key(|(_, (_, expires_at))| expires_at.unwrap_or(NEVER))
                .map(|(id, _)| id.clone());
            let Some(id) = first else { break };
            documents.remove(&id);
        }
        Ok(Commit::Written)
    }
}

/// Knows nothing of any network: look-ups are switched off.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNetwork;

impl Enricher for NoNetwork {
    async fn enrich(&self, _: &EnrichmentRequest) -> Network {
        Network::unknown(MissingReason::SwitchedOff)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::{
        detection::Rule,
        incident::{
            IncidentKey, Signal,
            state::{IncidentRecord, StoredItem},
        },
    };

    /// Runs a future that never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("memory never waits"),
        }
    }

    fn key(name: &str) -> IncidentKey {
        IncidentKey::new(Rule::PingDeny, "1", name, Signal::Private)
    }

    fn record(name: &str, expected: Option<u64>) -> Write {
        let doc = StoredItem::Incident(IncidentRecord::default());
        Write { id: ItemId::Incident(key(name)), expected, doc, expires_at: Some(EpochMillis(1)) }
    }

    #[test]
    fn a_commit_writes_all_or_nothing() {
        let store = MemoryIncidents::default();
        assert_eq!(now(store.commit(&[record("a", None), record("b", None)])), Ok(Commit::Written));
        // The second write expects a version that is not there: the first one must not happen either.
        let Ok(Commit::Conflict(newer)) = now(store.commit(&[record("a", Some(1)), record("b", None)])) else {
            panic!("the second document is there already");
        };
        assert_eq!(newer.len(), 1, "only the one in the way is returned: {newer:?}");
        let versions: Vec<_> =
            now(store.get(&[ItemId::Incident(key("a")), ItemId::Incident(key("b")), ItemId::Incident(key("c"))]))
                .unwrap()
                .into_iter()
                .map(|doc| doc.map(|doc| doc.version))
                .collect();
        assert_eq!(versions, [Some(1), Some(1), None]);
        assert_eq!(now(store.commit(&[record("a", Some(1))])), Ok(Commit::Written));
        assert_eq!(now(store.get(&[ItemId::Incident(key("a"))])).unwrap()[0].as_ref().map(|doc| doc.version), Some(2));
    }

    #[test]
    fn what_expires_first_makes_room() {
        let store = MemoryIncidents::default();
        for number in 0..=MAX_DOCUMENTS {
            let mut write = record(&number.to_string(), None);
            write.expires_at = if number == 3 { Some(EpochMillis(1)) } else { None };
            now(store.commit(&[write])).unwrap();
        }
        let found = now(store.get(&[ItemId::Incident(key("3")), ItemId::Incident(key("4"))])).unwrap();
        assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    }
}
