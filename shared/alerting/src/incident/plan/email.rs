//! What is recorded about an email of an open incident.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    incident::plan::remember_named,
    incident::state::{IncidentRecord, Unsent},
    time::EpochMillis,
};

/// The record after an email about the open incident was sent. None if there is nothing left to record: another run's email was
/// recorded in the meantime.
///
/// `named` are the addresses that it has named, of those that must be named.
pub fn record_email(
    record: &IncidentRecord,
    incident: &str,
    owner: &str,
    named: &BTreeSet<IpAddr>,
    now: EpochMillis,
) -> Option<IncidentRecord> {
    let mut record = record.clone();
    let open = record.current.as_mut().filter(|open| open.id == incident)?;
    if open.lease.as_ref().is_none_or(|lease| lease.owner != owner) {
        return None;
    }
    open.lease = None;
    open.emails = open.emails.saturating_add(1);
    open.last_email_at = now;
    remember_named(&mut open.named, named);
    open.silenced.retain(|silenced| silenced.ended.is_none());
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
        plan::tests::{NOW, ago, held_until, later, open, record, silence},
        silence::Silenced,
        state::OpenIncident,
    };

    fn held() -> IncidentRecord {
        let unsent = Unsent { tries: 2, ..Unsent::default() };
        IncidentRecord { unsent, ..record(OpenIncident { lease: held_until(later(1)), ..open() }) }
    }

    fn named() -> BTreeSet<IpAddr> {
        ["10.0.0.1".parse().unwrap()].into()
    }

    #[test]
    fn an_email_is_recorded_by_the_run_that_holds_the_lease() {
        let recorded = record_email(&held(), "i", "another", &named(), NOW).unwrap();
        assert_eq!(recorded, record(OpenIncident { emails: 2, last_email_at: NOW, named: named(), ..open() }));
        assert_eq!(record_email(&held(), "i", "me", &named(), NOW), None);
        assert_eq!(record_email(&held(), "j", "another", &named(), NOW), None);
        assert_eq!(record_email(&recorded, "i", "another", &named(), NOW), None, "it is recorded once");
        assert_eq!(record_email(&IncidentRecord::default(), "i", "another", &named(), ago(1)), None);
    }

    #[test]
    fn ended_silences_are_forgotten_once_an_email_has_said_so() {
        let known = |id: &str, ended| Silenced { silence: silence(id), since: ago(9), ended };
        let silenced = vec![known("a", Some(ago(1))), known("b", None)];
        let lease = held_until(later(1));
        let stored = record(OpenIncident { silenced, lease, ..open() });
        let recorded = record_email(&stored, "i", "another", &named(), NOW).unwrap();
        assert_eq!(recorded.current.unwrap().silenced, [known("b", None)]);
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
