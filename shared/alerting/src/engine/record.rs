//! Recording what was sent. Sent first, recorded after: a crash in between repeats an email and never loses one.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    engine::{
        Engine,
        claim::OpenedEmail,
        error::{EngineError, MAX_ATTEMPTS},
        items::Stored,
    },
    incident::{
        plan,
        state::{BatchRecord, IncidentRecord, Lease, ReportRecord, TimerMessage},
    },
    ports::{Commit, Enricher, IncidentStore, MetricSink, Timers},
    time::EpochMillis,
};

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Records the emails of batches that were sent, gives back the right to send the others, and records what of the batches is done.
    /// `owner` has the right.
    pub(super) async fn record_batches(
        &self,
        owner: &str,
        batches: &[Stored<BatchRecord>],
        emails: &[(&OpenedEmail<'_>, bool)],
        (done, metrics_published): (bool, bool),
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        // Nobody else writes these while the lease lasts, so the first attempt mostly needs no reading.
        let mut records: Vec<Stored<IncidentRecord>> = emails.iter().map(|(email, _)| email.record.clone()).collect();
        let batch_writes = batches.iter().filter_map(|stored| {
            let before = stored.value.as_ref()?;
            // What is not done is left to the next attempt, which need not wait for the lease's end.
            let lease = Lease { until: if done { before.lease.until } else { now }, ..before.lease.clone() };
            Some(stored.replace(BatchRecord { done, metrics_published, lease, ..before.clone() }, now))
        });
        for _ in 0..MAX_ATTEMPTS {
            let incident_writes = emails.iter().zip(&records).filter_map(|((email, sent), stored)| {
                let record = stored.value.as_ref()?;
                let changed = match sent {
                    true => plan::record_email(record, &email.incident, owner, &email.named(), now),
                    false => plan::release(record, &email.incident, owner),
                };
                changed.map(|record| stored.replace(record, now))
            });
            let writes: Vec<_> = incident_writes.chain(batch_writes.clone()).collect();
            if self.store.commit(&writes).await? == Commit::Written {
                return Ok(());
            }
            if !records.is_empty() {
                let ids: Vec<_> = records.iter().map(|record| record.id.clone()).collect();
                let found = self.store.get(&ids).await?;
                records = ids.into_iter().zip(found).map(|(id, found)| Stored::new(id, found)).collect();
            }
        }
        Err(EngineError::Contended)
    }

    /// Records an email about an open incident.
    pub(super) async fn record_email(
        &self,
        message: &TimerMessage,
        (owner, named): (&str, &BTreeSet<IpAddr>),
        mut stored: Stored<IncidentRecord>,
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        for _ in 0..MAX_ATTEMPTS {
            let record = stored.value.as_ref();
            let changed = record.and_then(|record| plan::record_email(record, &message.incident, owner, named, now));
            let Some(record) = changed else { return Ok(()) };
            if self.store.commit(&[stored.replace(record, now)]).await? == Commit::Written {
                return Ok(());
            }
            let found = self.get_one(&stored.id).await?;
            stored = Stored::new(stored.id, found);
        }
        Err(EngineError::Contended)
    }

    /// Records the resolved email, or gives back the right to send it.
    pub(super) async fn record_report(
        &self,
        owner: &str,
        sent: bool,
        (mut report, mut incident): (Stored<ReportRecord>, Stored<IncidentRecord>),
        now: EpochMillis,
    ) -> Result<(), EngineError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(before) = report.value.as_ref() else { return Ok(()) };
            let changed = match sent {
                true => plan::record_report(before, incident.value.as_ref(), owner),
                false => plan::release_report(before, owner, now).map(|report| (report, None)),
            };
            let Some((report_after, incident_after)) = changed else { return Ok(()) };
            let mut writes = vec![report.replace(report_after, now)];
            writes.extend(incident_after.map(|record| incident.replace(record, now)));
            if self.store.commit(&writes).await? == Commit::Written {
                return Ok(());
            }
            let ids = [report.id.clone(), incident.id.clone()];
            let mut found = self.store.get(&ids).await?.into_iter();
            report = Stored::new(report.id, found.next().flatten());
            incident = Stored::new(incident.id, found.next().flatten());
        }
        Err(EngineError::Contended)
    }
}
