//! The incident store in memory: for local work, and as long as no table is configured.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    incident::{Incident, IncidentKey},
    ports::{IncidentStore, PortError},
};

/// Incidents that are remembered at most; the one quiet for the longest makes room.
pub const MAX_INCIDENTS: usize = 1_000;

/// Remembers incidents as long as the process lives. Another process knows nothing of them: each of a function's
/// containers opens an incident of its own.
#[derive(Debug, Default)]
pub struct MemoryIncidents(Mutex<HashMap<IncidentKey, Incident>>);

impl MemoryIncidents {
    fn incidents(&self) -> MutexGuard<'_, HashMap<IncidentKey, Incident>> {
        // OK because each critical section is one map operation: a panic leaves no half-made state behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IncidentStore for MemoryIncidents {
    async fn load(&self, key: &IncidentKey) -> Result<Option<Incident>, PortError> {
        Ok(self.incidents().get(key).cloned())
    }

    async fn save(&self, key: &IncidentKey, incident: &Incident) -> Result<(), PortError> {
        let mut incidents = self.incidents();
        if incidents.len() >= MAX_INCIDENTS && !incidents.contains_key(key) {
            let quietest = incidents.iter().min_by_key(|(_, incident)| incident.last_seen).map(|(key, _)| key.clone());
            if let Some(quietest) = quietest {
                incidents.remove(&quietest);
            }
        }
        incidents.insert(key.clone(), incident.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use flow_log::EpochMillis;

    use super::*;
    use crate::{finding::Totals, incident::Decision, rule::Rule};

    /// Runs a future that never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("memory never waits"),
        }
    }

    fn key(number: usize) -> IncidentKey {
        IncidentKey { rule: Rule::PingDeny, owner: "123456789010".into(), log_group: format!("group-{number}") }
    }

    fn seen_at(millis: u64) -> Incident {
        Incident::record(None, Decision::Open, &Totals::default(), EpochMillis(millis))
    }

    #[test]
    fn what_was_saved_is_loaded_under_its_own_key() {
        let store = MemoryIncidents::default();
        now(store.save(&key(1), &seen_at(7))).unwrap();
        assert_eq!(now(store.load(&key(1))), Ok(Some(seen_at(7))));
        assert_eq!(now(store.load(&key(2))), Ok(None));
    }

    #[test]
    fn the_incident_quiet_for_the_longest_makes_room() {
        let store = MemoryIncidents::default();
        for number in 0..=MAX_INCIDENTS {
            // Number 3 is the oldest.
            let millis = if number == 3 { 1 } else { 100 + number as u64 };
            now(store.save(&key(number), &seen_at(millis))).unwrap();
        }
        assert_eq!(now(store.load(&key(3))), Ok(None));
        assert_eq!(store.incidents().len(), MAX_INCIDENTS);
        assert_eq!(now(store.load(&key(MAX_INCIDENTS))), Ok(Some(seen_at(100 + MAX_INCIDENTS as u64))));
    }
}
