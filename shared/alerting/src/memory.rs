//! The incident store in memory: for local work and tests, and where no table is configured.

use std::{
    collections::{BTreeMap, BTreeSet},
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
pub struct MemoryIncidents(Mutex<Documents>);

#[derive(Debug, Default)]
struct Documents {
    items: BTreeMap<ItemId, (Versioned, EpochMillis)>,
    /// When each of them expires, so that nothing has to look through all of them.
    by_expiry: BTreeSet<(EpochMillis, ItemId)>,
}

impl Documents {
    fn get(&self, id: &ItemId) -> Option<&Versioned> {
        self.items.get(id).map(|(versioned, _)| versioned)
    }

    fn put(&mut self, write: &Write) {
        let version = write.expected.map_or(1, |version| version + 1);
        let expires_at = write.expires_at.unwrap_or(NEVER);
        let item = (Versioned { version, doc: write.doc.clone() }, expires_at);
        if let Some((_, before)) = self.items.insert(write.id.clone(), item) {
            self.by_expiry.remove(&(before, write.id.clone()));
        }
        self.by_expiry.insert((expires_at, write.id.clone()));
    }

    /// Forgets the documents that expire first, as long as a condition on their number and on the time of the next one holds.
    fn forget_while(&mut self, holds: impl Fn(usize, EpochMillis) -> bool) {
        while let Some(first) = self.by_expiry.first()
            && holds(self.items.len(), first.0)
            && let Some((_, id)) = self.by_expiry.pop_first()
        {
            self.items.remove(&id);
        }
    }
}

impl MemoryIncidents {
    fn documents(&self) -> MutexGuard<'_, Documents> {
        // OK because a commit checks everything before it writes anything: a panic leaves no half of one behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the documents that have expired, as a table's time to live does at some later time.
    pub fn forget_expired(&self, now: EpochMillis) {
        self.documents().forget_while(|_, expires_at| expires_at <= now);
    }

    /// Commits writes that are not in one list.
    pub fn commit_all<'w>(&self, writes: impl Iterator<Item = &'w Write> + Clone) -> Commit {
        let mut documents = self.documents();
        let clashes = writes.clone().filter(|write| documents.get(&write.id).map(|now| now.version) != write.expected);
        let mut clashes = clashes.map(|write| Some((write.id.clone(), documents.get(&write.id)?.clone()))).peekable();
        if clashes.peek().is_some() {
            return Commit::Conflict(clashes.collect::<Option<_>>().unwrap_or_default());
        }
        drop(clashes);
        writes.for_each(|write| documents.put(write));
        documents.forget_while(|count, _| count > MAX_DOCUMENTS);
        Commit::Written
    }
}

impl IncidentStore for MemoryIncidents {
    async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
        let documents = self.documents();
        Ok(ids.iter().map(|id| documents.get(id).cloned()).collect())
    }

    async fn commit(&self, writes: &[Write]) -> Result<Commit, PortError> {
        Ok(self.commit_all(writes.iter()))
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
        detection::{LogSource, Rule},
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
        IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", name), Signal::Private)
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
    fn what_is_written_again_expires_when_it_says_last() {
        let store = MemoryIncidents::default();
        let write = |expected, at| Write { expires_at: Some(EpochMillis(at)), ..record("a", expected) };
        now(store.commit(&[write(None, 5)])).unwrap();
        now(store.commit(&[write(Some(1), 9)])).unwrap();
        let is_there = || now(store.get(&[ItemId::Incident(key("a"))])).unwrap()[0].is_some();
        store.forget_expired(EpochMillis(8));
        assert!(is_there());
        store.forget_expired(EpochMillis(9));
        assert!(!is_there());
        assert_eq!(now(store.commit(&[write(None, 9)])), Ok(Commit::Written));
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
