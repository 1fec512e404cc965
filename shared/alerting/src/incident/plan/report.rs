//! The resolved email of a closed incident.

use crate::{
    incident::{
        plan::lease,
        policy::{CLOCK_SKEW_MILLIS, Policy},
        state::{ClosedIncident, IncidentRecord, Lease, ReportRecord},
    },
    time::EpochMillis,
};

/// Delay of the message that sends a pending report: after the lease of the run that closes the incident, plus clock skew.
pub(super) fn report_delay_millis(policy: &Policy) -> u64 {
    policy.lease_millis() + CLOCK_SKEW_MILLIS
}

/// What a timer message does about the report of a closed incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportStep {
    /// Nothing: the report is sent, or another message counts.
    Stale,
    /// Another run is sending it.
    Busy,
    /// Send it, after this is written.
    Send(Box<ClosedIncident>),
}

/// Decides what a timer message with this number does about the report of its incident.
pub fn on_report(
    report: Option<&ReportRecord>,
    timer: u32,
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> ReportStep {
    let Some(owed) = report.and_then(|report| report.pending.as_ref()).filter(|owed| owed.timer == timer) else {
        return ReportStep::Stale;
    };
    if owed.lease.until > now {
        return ReportStep::Busy;
    }
    ReportStep::Send(Box::new(ClosedIncident { lease: lease(owner, now, policy), ..owed.clone() }))
}

/// The report and, if it still refers to it, the record after the resolved email was sent. None if another run recorded that.
pub fn record_report(
    report: &ReportRecord,
    record: Option<&IncidentRecord>,
    owner: &str,
) -> Option<(ReportRecord, Option<IncidentRecord>)> {
    let owed = report.pending.as_ref().filter(|owed| owed.lease.owner == owner)?;
    let knows = |record: &&IncidentRecord| record.reporting.as_ref().is_some_and(|one| one.id == owed.id);
    let record = record.filter(knows).map(|record| IncidentRecord { reporting: None, ..record.clone() });
    Some((ReportRecord { pending: None }, record))
}

/// The report after the resolved email could not be sent: the next run may try at once.
pub fn release_report(report: &ReportRecord, owner: &str, now: EpochMillis) -> Option<ReportRecord> {
    let owed = report.pending.as_ref().filter(|owed| owed.lease.owner == owner)?;
    let lease = Lease { until: now, ..owed.lease.clone() };
    Some(ReportRecord { pending: Some(ClosedIncident { lease, ..owed.clone() }) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        incident::plan::tests::{NOW, ago, found, held_until, later, open, policy, record, reporting},
        time::SECOND_MILLIS,
    };

    /// The report of the incident `before`, which its timer message 9 sends.
    fn pending(until: EpochMillis) -> ReportRecord {
        let closed = ClosedIncident {
            earlier: None,
            id: "before".to_owned(),
            opened_at: ago(9),
            last_seen: ago(8),
            emails: 2,
            summary: found(3),
            unreported: found(1).totals,
            silenced: Vec::new(),
            lease: held_until(until).unwrap(),
            timer: 9,
        };
        ReportRecord { pending: Some(closed) }
    }

    #[test]
    fn its_own_message_sends_a_report_once_the_lease_has_expired() {
        let step = |report: &ReportRecord, timer| on_report(Some(report), timer, "me", NOW, &policy());
        assert_eq!(step(&pending(later(1)), 9), ReportStep::Busy);
        let ReportStep::Send(closed) = step(&pending(NOW), 9) else { panic!("the lease has expired") };
        assert_eq!(closed.lease, Lease { owner: "me".to_owned(), until: later(40 * SECOND_MILLIS) });
        assert_eq!((closed.emails, &closed.summary), (2, &found(3)));
        for (report, timer) in [(pending(NOW), 8), (ReportRecord::default(), 9)] {
            assert_eq!(step(&report, timer), ReportStep::Stale);
        }
        assert_eq!(on_report(None, 9, "me", NOW, &policy()), ReportStep::Stale);
    }

    #[test]
    fn a_sent_report_is_recorded_once_and_the_record_forgets_it() {
        let refers = IncidentRecord { reporting: reporting(NOW), ..record(open()) };
        let recorded = record_report(&pending(NOW), Some(&refers), "another");
        assert_eq!(recorded, Some((ReportRecord::default(), Some(record(open())))));
        let other = IncidentRecord { reporting: None, ..refers };
        assert_eq!(record_report(&pending(NOW), Some(&other), "another"), Some((ReportRecord::default(), None)));
        assert_eq!(record_report(&pending(NOW), None, "me"), None);
        assert_eq!(record_report(&ReportRecord::default(), None, "another"), None);
    }

    #[test]
    fn a_report_of_another_incident_stays_in_the_record() {
        let mut next = reporting(NOW).unwrap();
        next.id = "next".to_owned();
        let record = IncidentRecord { reporting: Some(next), ..IncidentRecord::default() };
        assert_eq!(record_report(&pending(NOW), Some(&record), "another"), Some((ReportRecord::default(), None)));
    }

    #[test]
    fn a_report_that_failed_may_be_sent_at_once() {
        let released = release_report(&pending(later(9)), "another", NOW).unwrap();
        assert_eq!(released, pending(NOW));
        assert_eq!(release_report(&pending(later(9)), "me", NOW), None);
        assert_eq!(release_report(&ReportRecord::default(), "another", NOW), None);
    }

    #[test]
    fn the_message_of_a_report_comes_after_the_lease_of_who_closed_the_incident() {
        assert_eq!(report_delay_millis(&policy()), 42 * SECOND_MILLIS);
    }
}
