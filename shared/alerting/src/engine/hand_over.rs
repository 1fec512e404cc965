//! Handing what no email has reported to the next email.
//!
//! Whoever has the right to send an email hands it everything unreported; what is counted after that is for the email after it.

use crate::{
    engine::{
        Engine,
        claim::OpenedEmail,
        error::{EngineError, MAX_ATTEMPTS},
        items::Stored,
    },
    incident::{
        IncidentKey, Reason,
        plan::Counters,
        state::{CounterShard, OpenIncident, Write},
    },
    ports::{Commit, Enricher, IncidentStore, MetricSink, Timers},
    time::EpochMillis,
};

/// The counters of one shard as they are handed over to the next email of an incident, and the write that does it, where there is
/// anything new. None where they are not of this incident.
fn handed_over(
    shard: &Stored<CounterShard>,
    open: &OpenIncident,
    now: EpochMillis,
) -> Option<(CounterShard, Option<Write>)> {
    let mut counters = shard.of(&open.id)?.clone();
    let changed = counters.hand_over(open.emails.saturating_add(1));
    let write = changed.then(|| shard.replace(counters.clone(), now));
    Some((counters, write))
}

/// Hands over all shards in the transaction that `writes` belong to, and returns the counters as they are then.
pub(super) fn in_one_transaction(
    open: &OpenIncident,
    shards: &[Stored<CounterShard>],
    writes: &mut Vec<Write>,
    now: EpochMillis,
) -> Counters {
    let handed: Vec<(CounterShard, Option<Write>)> =
        shards.iter().filter_map(|shard| handed_over(shard, open, now)).collect();
    let counters = Counters::of(handed.iter().map(|(counters, _)| counters), open);
    writes.extend(handed.into_iter().filter_map(|(_, write)| write));
    counters
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Hands the counters to opened emails that another run, or an earlier attempt of this batch, has not sent: others have been
    /// counted into the incident.
    pub(super) async fn hand_over_resumed(
        &self,
        emails: &mut [OpenedEmail<'_>],
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        for email in emails.iter_mut().filter(|email| email.reason == Reason::LeaseExpired) {
            if let Some(open) = email.record.value.as_ref().and_then(|record| record.current.as_ref()) {
                let total = self.hand_over(&email.findings.key, open, now).await?.total;
                let others = total.totals != email.findings.found.totals;
                email.counters = Some(total).filter(|_| others);
            }
        }
        Ok(())
    }

    /// Hands over one shard after the other, and returns the counters as they are then.
    pub(super) async fn hand_over(
        &self,
        key: &IncidentKey,
        open: &OpenIncident,
        now: EpochMillis,
    ) -> Result<Counters, EngineError> {
        let ids = self.shard_ids(key);
        let found = self.store.get(&ids).await?;
        let mut shards = Vec::with_capacity(ids.len());
        for (id, found) in ids.into_iter().zip(found) {
            shards.extend(self.hand_over_one(Stored::new(id, found), open, now).await?);
        }
        Ok(Counters::of(&shards, open))
    }

    async fn hand_over_one(
        &self,
        mut shard: Stored<CounterShard>,
        open: &OpenIncident,
        now: EpochMillis,
    ) -> Result<Option<CounterShard>, EngineError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some((counters, write)) = handed_over(&shard, open, now) else { return Ok(None) };
            let Some(write) = write else { return Ok(Some(counters)) };
            match self.store.commit(&[write]).await? {
                Commit::Written => return Ok(Some(counters)),
                Commit::Conflict(newer) => {
                    let found = match newer.into_iter().next() {
                        Some((_, newer)) => Some(newer),
                        None => self.get_one(&shard.id).await?,
                    };
                    shard = Stored::new(shard.id, found);
                }
            }
        }
        Err(EngineError::Contended)
    }
}
