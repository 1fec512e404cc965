//! A timer message: what is due for an incident, and the next message.

use crate::{
    engine::{
        Engine,
        error::{EngineError, MAX_ATTEMPTS},
        hand_over,
        items::Stored,
        outcome::Outcome,
        send::DueEmail,
        timer_message,
    },
    incident::{
        Reason,
        plan::{self, Counters, Due, ReportStep, Silences, TimerGo, TimerState, TimerStep},
        state::{HourlyEmails, IncidentRecord, ItemId, ReportRecord, TimerMessage, Write},
    },
    ports::{Commit, Enricher, IncidentStore, MetricSink, Timers},
    time::EpochMillis,
};

/// How often the counters are handed to an email in the transaction that takes the right to send it. Batches that are counted at the
/// same time conflict with it; after so many attempts one shard is handed over after the other.
const MAX_HAND_OVERS_AT_ONCE: u32 = 3;

/// The handling of one timer message.
struct Run<'a> {
    message: &'a TimerMessage,
    /// Unique for this handling: two at the same time must not take each other's lease for their own.
    owner: String,
    now: EpochMillis,
    outcome: Outcome,
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// Does what is due for an incident, and schedules the next timer message. `run` is unique for this handling of the message.
    ///
    /// # Errors
    /// An email could not be sent, or something could not be read or written. The message has to be delivered again: another one was
    /// scheduled before, or this one is the last that tries and ends in the failure queue.
    pub async fn timer(&self, message: &TimerMessage, run: &str, now: EpochMillis) -> Result<Outcome, EngineError> {
        let owner = format!("timer {} {} {run}", message.incident, message.timer);
        let mut run = Run { message, owner, now, outcome: Outcome::default() };
        for attempt in 0..MAX_ATTEMPTS {
            let stored = self.read_incident(&message.key, now, &mut run.outcome.set_aside).await?;
            let emails = stored.emails.as_ref().map(|emails| emails.value.unwrap_or_default().at(now));
            let state = TimerState {
                record: stored.record.value.as_ref(),
                shards: stored.shards.iter().filter_map(|shard| shard.value.as_ref()).collect(),
                silences: Silences::in_force(&stored.silences, now),
                capped: emails.is_some_and(HourlyEmails::is_full),
            };
            let this = (message.incident.as_str(), message.timer);
            let go = match plan::on_timer(&state, this, &run.owner, now, &self.policy) {
                TimerStep::Go(go) => go,
                TimerStep::Busy => return Err(EngineError::Busy),
                TimerStep::Ended => return self.send_pending_report(run).await,
                TimerStep::Stale => {
                    run.outcome.reasons = vec![Reason::Stale];
                    return Ok(run.outcome);
                }
            };
            for timer in &go.timers {
                let (message, delay_millis) = timer_message(&message.key, timer.clone());
                self.timers.schedule(&message, delay_millis).await?;
            }
            let mut writes = vec![stored.record.replace(go.record.clone(), now)];
            if let (Some(stored), Some(emails), Some(Due::Opened | Due::Update)) = (&stored.emails, emails, go.due) {
                writes.push(stored.replace(emails.with_one_more(), now));
            }
            if go.closes {
                writes.extend(stored.shards.iter().map(|shard| shard.close(&message.incident, now)));
            }
            let open = go.record.current.as_ref().filter(|_| matches!(go.due, Some(Due::Opened | Due::Update)));
            let handed_over = open
                .filter(|_| attempt < MAX_HAND_OVERS_AT_ONCE)
                .map(|open| hand_over::in_one_transaction(open, &stored.shards, &mut writes, now));
            let report = go.report.clone().map(|closed| ReportRecord { pending: Some(closed) });
            let report = report.map(|report| run.new_report(report, &mut writes));
            if self.store.commit(&writes).await? == Commit::Written {
                run.outcome.reasons = vec![go.reason];
                let record = stored.record.replaced(go.record.clone());
                return self.after_commit(run, *go, record, report, handed_over).await;
            }
        }
        Err(EngineError::Contended)
    }

    /// Sends what is due, once the right to do so is written.
    async fn after_commit(
        &self,
        run: Run<'_>,
        go: TimerGo,
        record: Stored<IncidentRecord>,
        report: Option<Stored<ReportRecord>>,
        handed_over: Option<Counters>,
    ) -> Result<Outcome, EngineError> {
        match (go.due, report) {
            (Some(Due::Resolved), Some(report)) => self.send_report(run, go.reason, report, record).await,
            (Some(due @ (Due::Opened | Due::Update)), _) => {
                self.send_about_open(run, due, go.reason, record, handed_over).await
            }
            _ => Ok(run.outcome),
        }
    }

    /// Sends an email about an open incident and records it.
    async fn send_about_open(
        &self,
        mut run: Run<'_>,
        due: Due,
        reason: Reason,
        record: Stored<IncidentRecord>,
        handed_over: Option<Counters>,
    ) -> Result<Outcome, EngineError> {
        // The plan asks for such an email only about the incident that the record has as open.
        let Some(open) = record.value.as_ref().and_then(|record| record.current.as_ref()) else {
            return Ok(run.outcome);
        };
        let counters = match handed_over {
            Some(counters) => counters,
            None => self.hand_over(&run.message.key, open, run.now).await?,
        };
        let email = match due {
            Due::Opened => DueEmail::Opened(open, &counters.total),
            _ => DueEmail::Update(open, &counters),
        };
        let notification = self.send_due(&run.message.key, reason, email, run.now).await?;
        run.outcome.emails = 1;
        if due == Due::Opened {
            run.outcome.note_delay(counters.total.totals.first_start, run.now);
        }
        let named = if due == Due::Opened { counters.total.named() } else { counters.unreported.named() };
        let recorded = self.record_email(run.message, (&run.owner, &named), record.clone(), run.now);
        run.outcome.best_effort_failures = self.send_best_effort(std::slice::from_ref(&notification), recorded).await?;
        Ok(run.outcome)
    }

    /// Sends the resolved email of a closed incident, where it is still pending.
    async fn send_pending_report(&self, mut run: Run<'_>) -> Result<Outcome, EngineError> {
        let ids = [run.report_id(), ItemId::Incident(run.message.key.clone())];
        for _ in 0..MAX_ATTEMPTS {
            let mut found = self.read(&ids, run.now, &mut run.outcome.set_aside).await?.into_iter();
            let [report_id, record_id] = ids.clone();
            let report = Stored::<ReportRecord>::new(report_id, found.next().flatten());
            let record = Stored::new(record_id, found.next().flatten());
            let (timer, now) = (run.message.timer, run.now);
            let closed = match plan::on_report(report.value.as_ref(), timer, &run.owner, now, &self.policy) {
                ReportStep::Send(closed) => closed,
                ReportStep::Busy => return Err(EngineError::Busy),
                ReportStep::Stale => {
                    run.outcome.reasons = vec![Reason::Stale];
                    return Ok(run.outcome);
                }
            };
            let leased = ReportRecord { pending: Some(*closed) };
            if self.store.commit(&[report.replace(leased.clone(), now)]).await? == Commit::Written {
                run.outcome.reasons = vec![Reason::LeaseExpired];
                return self.send_report(run, Reason::LeaseExpired, report.replaced(leased), record).await;
            }
        }
        Err(EngineError::Contended)
    }

    /// Sends the resolved email and records it, or gives back the right to send it.
    async fn send_report(
        &self,
        mut run: Run<'_>,
        reason: Reason,
        report: Stored<ReportRecord>,
        record: Stored<IncidentRecord>,
    ) -> Result<Outcome, EngineError> {
        let Some(closed) = report.value.as_ref().and_then(|report| report.pending.as_ref()) else {
            return Ok(run.outcome);
        };
        let sent = self.send_due(&run.message.key, reason, DueEmail::Resolved(closed), run.now).await;
        let recorded = self.record_report(&run.owner, sent.is_ok(), (report.clone(), record), run.now);
        match sent {
            Ok(notification) => {
                run.outcome.emails = 1;
                run.outcome.best_effort_failures =
                    self.send_best_effort(std::slice::from_ref(&notification), recorded).await?;
                Ok(run.outcome)
            }
            Err(error) => {
                // Where this fails, the lease expires by itself.
                let _ = recorded.await;
                Err(error.into())
            }
        }
    }
}

impl Run<'_> {
    fn report_id(&self) -> ItemId {
        ItemId::Report(self.message.key.clone(), self.message.incident.clone())
    }

    /// Adds the write of the report of an incident that closes, and returns it as it is stored then.
    fn new_report(&self, report: ReportRecord, writes: &mut Vec<Write>) -> Stored<ReportRecord> {
        let absent = Stored::new(self.report_id(), None);
        writes.push(absent.replace(report.clone(), self.now));
        absent.replaced(report)
    }
}
