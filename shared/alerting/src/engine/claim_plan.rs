//! What a batch changes: counters, incidents that open, and the emails that this run may send.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use crate::{
    engine::{
        Engine,
        claim::{BatchState, Found, IncidentState, OpenedEmail},
        findings::{IncidentFindings, SplitFindings},
        senders::{JudgedSenders, Regrouped},
        timer_message,
    },
    incident::{
        IncidentKey, Reason,
        plan::{self, BatchFindings, BatchStep, Silences},
        state::{HourlyEmails, IncidentRecord, TimerMessage, Write},
    },
    ports::{Enricher, IncidentStore, MetricSink, Timers},
    time::EpochMillis,
};

/// What one attempt to count a batch comes to.
#[derive(Default)]
pub(super) struct ClaimPlan<'d> {
    pub(super) writes: Vec<Write>,
    pub(super) timers: Vec<(TimerMessage, u64)>,
    pub(super) emails: Vec<OpenedEmail<'d>>,
    /// The incidents that the batch has opened, in this attempt or an earlier one.
    pub(super) opened: Vec<(IncidentKey, String)>,
    pub(super) reasons: Vec<Reason>,
    pub(super) suppressed: u64,
    /// Records that silences cover, by the id of the silence.
    pub(super) silenced: BTreeMap<String, u64>,
    /// The names of the copies of unknown counters.
    pub(super) copies: Vec<String>,
    /// What is to be remembered of senders.
    pub(super) remembered: Vec<Write>,
    /// Senders that are taken for scans.
    pub(super) scanning: BTreeSet<IpAddr>,
    /// Findings of scans that were background before.
    pub(super) from_background: u64,
}

impl<'d> ClaimPlan<'d> {
    /// Counts findings into their incident.
    fn count(
        &mut self,
        findings: &Arc<IncidentFindings<'d>>,
        state: &IncidentState,
        step: BatchStep,
        now: EpochMillis,
    ) {
        let incident = step.counters.incident.clone();
        self.reasons.push(step.reason);
        if let Some(copy) = state.counters.copy(now).filter(|_| step.orphan) {
            self.copies.push(copy.id.text());
            self.writes.push(copy);
        }
        self.writes.push(state.counters.replace(step.counters, now));
        self.timers.extend(step.timers.into_iter().map(|timer| timer_message(&findings.key, timer)));
        match step.record {
            Some(record) if matches!(step.reason, Reason::New | Reason::LeaseExpired) => {
                self.opened.push((findings.key.clone(), incident.clone()));
                self.send(findings, (incident, step.reason), state, record, now);
            }
            record => {
                self.suppressed += findings.findings.len() as u64;
                self.writes.extend(record.map(|record| state.record.replace(record, now)));
            }
        }
    }

    /// Takes the right to send the opened email of an incident.
    fn send(
        &mut self,
        findings: &Arc<IncidentFindings<'d>>,
        (incident, reason): (String, Reason),
        state: &IncidentState,
        record: IncidentRecord,
        now: EpochMillis,
    ) {
        self.writes.push(state.record.replace(record.clone(), now));
        let record = state.record.replaced(record);
        self.emails.push(OpenedEmail { findings: Arc::clone(findings), incident, reason, record, counters: None });
    }
}

/// The findings of a batch that belong to one incident and that no silence covers.
struct LeftFindings<'d, 's> {
    findings: Arc<IncidentFindings<'d>>,
    silences: Silences<'s>,
}

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// What batches change. None if what was read does not fit together, as an incident was closed in between.
    pub(super) fn plan_claim<'d>(
        &self,
        found: &Found<'d, '_>,
        state: &BatchState,
        now: EpochMillis,
    ) -> Option<ClaimPlan<'d>> {
        let mut judged = JudgedSenders::new(found.senders, &state.senders, now);
        let Regrouped { findings, from_background, dropped } =
            judged.regroup(&found.findings, (self.signals.rules, self.group_by));
        let (remembered, scanning) = (std::mem::take(&mut judged.writes), std::mem::take(&mut judged.scanning));
        let mut claim =
            ClaimPlan { remembered, scanning, from_background, suppressed: dropped, ..ClaimPlan::default() };
        let groups = findings.iter().zip(&state.incidents);
        let batch = found.lot.owner();
        if let Some(before) = state.before() {
            claim.opened.clone_from(&before.opened);
            for (findings, state) in groups {
                self.plan_resumed(&mut claim, batch, findings, state, now);
            }
            return Some(claim);
        }
        let silences = Silences::in_force(&state.silences, now);
        let stored = state.emails.as_ref();
        let before = stored.map(|stored| stored.value.unwrap_or_default().at(now));
        let mut emails = before;
        let mut excess: Vec<Arc<IncidentFindings<'d>>> = Vec::new();
        // What may not open an incident of its own any more is added to the one of all others, after all that may.
        let capped = groups.clone().filter(|(findings, _)| findings.key.part.is_capped() && !findings.is_empty());
        for (findings, state) in capped {
            let Some(left) = self.plan_silenced(&mut claim, &silences, findings, state, now) else { continue };
            let step = self.step(batch, &left, state, now)?;
            if step.reason != Reason::New {
                claim.count(&left.findings, state, step, now);
            } else if emails.is_some_and(HourlyEmails::is_full) {
                excess.push(left.findings);
            } else {
                emails = emails.map(HourlyEmails::with_one_more);
                claim.count(&left.findings, state, step, now);
            }
        }
        for (findings, state) in groups.filter(|(findings, _)| !findings.key.part.is_capped()) {
            let findings = findings.with(&excess, self.group_by);
            if findings.is_empty() {
                continue;
            }
            let Some(left) = self.plan_silenced(&mut claim, &silences, &findings, state, now) else { continue };
            let step = self.step(batch, &left, state, now)?;
            claim.count(&left.findings, state, step, now);
        }
        if let (Some(stored), Some(emails)) = (stored, emails.filter(|_| emails != before)) {
            claim.writes.push(stored.replace(emails, now));
        }
        Some(claim)
    }

    /// What a batch changes that an earlier attempt has counted, without getting to its end. What silences have covered then is not
    /// known any more: an email that is sent reports the counters, which do not have it.
    fn plan_resumed<'d>(
        &self,
        claim: &mut ClaimPlan<'d>,
        batch: &str,
        findings: &Arc<IncidentFindings<'d>>,
        state: &IncidentState,
        now: EpochMillis,
    ) {
        let opened = claim.opened.iter().find(|(key, _)| *key == findings.key).map(|(_, incident)| incident.clone());
        if opened.is_some() || !findings.is_empty() {
            claim.reasons.push(Reason::Resumed);
        }
        if let Some(incident) = opened
            && let Some(record) = plan::resume_opening(state.record.value.as_ref(), &incident, batch, now, &self.policy)
        {
            claim.reasons.push(Reason::LeaseExpired);
            claim.send(findings, (incident, Reason::LeaseExpired), state, record, now);
        }
    }

    /// Counts what silences cover of the findings of an incident, and returns the rest, if any.
    fn plan_silenced<'d, 's>(
        &self,
        claim: &mut ClaimPlan<'d>,
        in_force: &Silences<'s>,
        findings: &Arc<IncidentFindings<'d>>,
        state: &IncidentState,
        now: EpochMillis,
    ) -> Option<LeftFindings<'d, 's>> {
        let SplitFindings { left, covered } = findings.split(&in_force.in_force);
        let silences = in_force.covering(&covered);
        for (silence, records) in covered {
            *claim.silenced.entry(silence).or_default() += records;
        }
        if let Some(left) = left {
            claim.suppressed += (findings.findings.len() - left.findings.len()) as u64;
            return Some(LeftFindings { findings: left, silences });
        }
        claim.reasons.push(Reason::Silenced);
        claim.suppressed += findings.findings.len() as u64;
        let record = state.record.value.as_ref();
        if let Some((record, timer)) = plan::on_silenced(record, &silences, now, &self.policy) {
            claim.writes.push(state.record.replace(record, now));
            claim.timers.extend(timer.map(|timer| timer_message(&findings.key, timer)));
        }
        None
    }

    /// What findings change in their incident, if nobody has counted them into it.
    fn step(
        &self,
        batch: &str,
        left: &LeftFindings<'_, '_>,
        state: &IncidentState,
        now: EpochMillis,
    ) -> Option<BatchStep> {
        let LeftFindings { findings, silences } = left;
        let found = BatchFindings { key: &findings.key, batch, found: &findings.found, silences };
        plan::on_batch(state.record.value.as_ref(), state.counters.value.as_ref(), &found, now, &self.policy)
    }
}
