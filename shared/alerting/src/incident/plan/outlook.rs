//! What comes next of an open incident, if nothing else is rejected: the answer to a person who asks. [`super::on_timer`] decides it when
//! it is due.

use crate::{
    incident::{
        plan::{Counters, has_unnamed, quiet_millis, update_at},
        policy::Policy,
        state::OpenIncident,
    },
    time::{self, EpochMillis},
};

/// The next email about an open incident, if nothing else is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextEmail {
    /// The opened email, which has not been sent.
    Opened,
    /// An update at this time, which reports what no email has.
    Update(EpochMillis),
    /// The resolved email at this time.
    Resolved(EpochMillis),
    /// None: everything is reported, and resolved emails are off.
    None,
}

/// What comes next of an open incident, if nothing else is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The next email.
    pub next_email: NextEmail,
    /// When an update may be sent, if something else is rejected.
    pub update_at: EpochMillis,
    /// When it is resolved.
    pub resolved_at: EpochMillis,
}

/// Returns what comes next of an open incident.
pub fn outlook(open: &OpenIncident, counters: &Counters, policy: &Policy) -> Outlook {
    let resolved_at = time::after(counters.last_seen, quiet_millis(open.earlier.as_ref(), open.emails, policy));
    let update_at = update_at(open, has_unnamed(&counters.unreported, open), policy);
    let news = !counters.unreported.is_empty();
    let next_email = match (open.emails, policy.resolved_emails) {
        (0, _) => NextEmail::Opened,
        // The resolved email reports what an update would, if it comes first.
        (_, true) if !news || resolved_at <= update_at => NextEmail::Resolved(resolved_at),
        _ if news => NextEmail::Update(update_at),
        _ => NextEmail::None,
    };
    Outlook { next_email, update_at, resolved_at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        incident::plan::tests::{ago, found, found_from, later, open},
        time::MINUTE_MILLIS,
    };

    /// Of an incident with so many emails, the last of them and the last finding so many minutes ago, and so many unreported records.
    fn outlook_of(emails: u32, (email, seen): (u64, u64), records: u64, resolved_emails: bool) -> Outlook {
        let open = OpenIncident { emails, last_email_at: ago(email * MINUTE_MILLIS), ..open() };
        let last_seen = ago(seen * MINUTE_MILLIS);
        let counters = Counters { total: found(9), unreported: found(records), last_seen };
        let mut policy = Policy::default();
        policy.resolved_emails = resolved_emails;
        outlook(&open, &counters, &policy)
    }

    fn in_minutes(minutes: u64) -> EpochMillis {
        later(minutes * MINUTE_MILLIS)
    }

    #[test]
    fn the_next_email_is_the_first_that_has_something_to_report() {
        for (emails, ago, records, resolved_emails, expect) in [
            (0, (0, 0), 1, true, NextEmail::Opened),
            (1, (1, 1), 0, true, NextEmail::Resolved(in_minutes(14))),
            (1, (1, 0), 3, true, NextEmail::Update(in_minutes(4))),
            // After the second email an update comes in 15 minutes.
            (2, (0, 10), 3, true, NextEmail::Resolved(in_minutes(5))),
            (2, (0, 0), 3, true, NextEmail::Resolved(in_minutes(15))),
            (2, (0, 10), 3, false, NextEmail::Update(in_minutes(15))),
            (1, (1, 1), 0, false, NextEmail::None),
        ] {
            let outlook = outlook_of(emails, ago, records, resolved_emails);
            assert_eq!(outlook.next_email, expect, "{emails} emails, {records} records, {ago:?} minutes ago");
        }
        let quiet = outlook_of(2, (0, 10), 0, true);
        assert_eq!((quiet.update_at, quiet.resolved_at), (in_minutes(15), in_minutes(5)));
    }

    #[test]
    fn an_address_that_no_email_has_named_is_reported_sooner() {
        let open = OpenIncident { emails: 3, last_email_at: later(0), ..open() };
        let update_at = |address: &str| {
            let open = OpenIncident { named: ["10.0.0.1".parse().unwrap()].into(), ..open.clone() };
            let counters = Counters { total: found(9), unreported: found_from(address), last_seen: later(0) };
            outlook(&open, &counters, &Policy::default()).update_at
        };
        assert_eq!((update_at("10.0.0.1"), update_at("10.0.0.2")), (in_minutes(60), in_minutes(5)));
    }
}
