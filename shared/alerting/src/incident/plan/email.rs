//! What is recorded about an email of an open incident.

use crate::{
    incident::state::{IncidentRecord, Unsent},
    time::EpochMillis,
};

/// The record after an email about the open incident was sent. None if there is nothing left to record: another run's email was
/// recorded in the meantime.
pub fn record_email(record: &IncidentRecord, incident: &str, owner: &str, now: EpochMillis) -> Option<IncidentRecord> {
    let mut record = record.clone();
    let open = record.current.as_mut().filter(|open| open.id == incident)?;
    if open.lease.as_ref().is_none_or(|lease| lease.owner != owner) {
        return None;
    }
    open.lease = None;
    open.emails = open.emails.saturating_add(1);
    open.last_email_at = now;
    record.unsent = Unsent::default();
    Some(record)
}

/// The record after an email about the open incident could not be sent: the next run may try at once.
pub fn release(record: &IncidentRecord, incident: &str, owner: &str) -> Option<IncidentRecord> {
    let mut record = record.clone();
    let open = record.current.as_mut().filter(|open| open.id == incident)?;
    open.lease.take_if(|lease| lease.owner == owner)?;
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        plan::tests::{NOW, ago, held_until, later, open, record},
        state::OpenIncident,
    };

    fn held() -> IncidentRecord {
        let unsent = Unsent { tries: 2, ..Unsent::default() };
        IncidentRecord { unsent, ..record(OpenIncident { lease: held_until(later(1)), ..open() }) }
    }

    #[test]
    fn an_email_is_recorded_by_the_run_that_holds_the_lease() {
        let recorded = record_email(&held(), "i", "another", NOW).unwrap();
        assert_eq!(recorded, record(OpenIncident { emails: 2, last_email_at: NOW, ..open() }));
        assert_eq!(record_email(&held(), "i", "me", NOW), None);
        assert_eq!(record_email(&held(), "j", "another", NOW), None);
        assert_eq!(record_email(&recorded, "i", "another", NOW), None, "it is recorded once");
        assert_eq!(record_email(&IncidentRecord::default(), "i", "another", ago(1)), None);
    }

    #[test]
    fn an_email_that_failed_gives_its_lease_back() {
        let released = release(&held(), "i", "another").unwrap();
        assert_eq!(released, IncidentRecord { unsent: held().unsent, ..record(open()) });
        assert_eq!(release(&held(), "i", "me"), None);
        assert_eq!(release(&held(), "j", "another"), None);
        assert_eq!(release(&released, "i", "another"), None);
    }
}
