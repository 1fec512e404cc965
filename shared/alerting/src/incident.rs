//! Incidents: one problem, however many batches tell of it, and the decision whether to mail about it now.

use flow_log::EpochMillis;

use crate::{
    detect::Detection,
    finding::Totals,
    rule::Rule,
    time::{self, MINUTE_MILLIS},
};

/// What belongs to one incident: a rule's findings in one log group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IncidentKey {
    /// The rule.
    pub rule: Rule,
    /// The account that owns the log group.
    pub owner: String,
    /// The log group.
    pub log_group: String,
}

impl IncidentKey {
    /// The key of what a rule found in a batch.
    pub fn of(rule: Rule, detection: &Detection) -> Self {
        IncidentKey { rule, owner: detection.source.owner.clone(), log_group: detection.source.log_group.clone() }
    }
}

/// How often an incident may mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    update_intervals_millis: Vec<u64>,
    quiet_millis: u64,
}

impl Policy {
    /// A policy: minutes from each mail about an incident to the next while it goes on (the last repeats), and minutes
    /// without a finding after which the incident is over.
    ///
    /// # Errors
    /// No interval, or one of zero; a quiet time of zero. The text says what is allowed.
    pub fn new(update_intervals_minutes: &[u32], quiet_minutes: u32) -> Result<Policy, &'static str> {
        if update_intervals_minutes.is_empty() || update_intervals_minutes.contains(&0) {
            return Err("one or more whole numbers of minutes, each at least 1");
        }
        if quiet_minutes == 0 {
            return Err("a whole number of minutes, at least 1");
        }
        let millis = |minutes: u32| u64::from(minutes) * MINUTE_MILLIS;
        Ok(Policy {
            update_intervals_millis: update_intervals_minutes.iter().copied().map(millis).collect(),
            quiet_millis: millis(quiet_minutes),
        })
    }

    /// Milliseconds from the mail with this number (the opening is 1) to the next.
    pub fn interval_millis(&self, mails: u32) -> u64 {
        let index = usize::try_from(mails.saturating_sub(1)).unwrap_or(usize::MAX);
        let last = self.update_intervals_millis.len() - 1;
        self.update_intervals_millis[index.min(last)]
    }

    /// Milliseconds without a finding after which an incident is over.
    pub fn quiet_millis(&self) -> u64 {
        self.quiet_millis
    }
}

impl Default for Policy {
    /// Updates after 5, 15 and then every 60 minutes; over after 15 quiet ones.
    fn default() -> Self {
        Policy {
            update_intervals_millis: vec![5 * MINUTE_MILLIS, 15 * MINUTE_MILLIS, 60 * MINUTE_MILLIS],
            quiet_millis: 15 * MINUTE_MILLIS,
        }
    }
}

/// What is remembered of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// When its first finding was processed.
    pub opened_at: EpochMillis,
    /// When its latest finding was processed.
    pub last_seen: EpochMillis,
    /// When its latest mail was sent.
    pub mailed_at: EpochMillis,
    /// Mails sent so far.
    pub mails: u32,
    /// Everything counted in it.
    pub totals: Totals,
    /// What was counted since its latest mail.
    pub unmailed: Totals,
}

/// Whether to mail about a finding now, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Mail: nothing is known under this key.
    Open,
    /// Mail: the last incident under this key had been quiet for so many milliseconds, so this is another one.
    Reopen {
        /// Since its last finding.
        quiet_millis: u64,
    },
    /// Mail: the incident goes on, and its next mail is due.
    Update,
    /// No mail: the incident is open and its next mail is not due yet.
    Hold {
        /// When it will be.
        next_mail_at: EpochMillis,
    },
}

impl Decision {
    /// Tells whether a mail is to be sent.
    pub fn is_mail(self) -> bool {
        !matches!(self, Decision::Hold { .. })
    }

    /// The reason as one stable word, for logs.
    pub fn reason(self) -> &'static str {
        match self {
            Decision::Open => "new",
            Decision::Reopen { .. } => "new-after-quiet",
            Decision::Update => "update-due",
            Decision::Hold { .. } => "mailed-recently",
        }
    }
}

/// Decides whether a finding that is processed `now` is mailed.
pub fn decide(policy: &Policy, incident: Option<&Incident>, now: EpochMillis) -> Decision {
    let Some(incident) = incident else { return Decision::Open };
    let quiet_millis = time::millis_between(incident.last_seen, now);
    if quiet_millis >= policy.quiet_millis {
        return Decision::Reopen { quiet_millis };
    }
    let next_mail_at = time::after(incident.mailed_at, policy.interval_millis(incident.mails));
    if now >= next_mail_at { Decision::Update } else { Decision::Hold { next_mail_at } }
}

impl Incident {
    /// The incident after a decision and what was found are recorded. For a mail this is recorded after it was sent: a crash
    /// in between repeats a mail and never loses one.
    pub fn record(previous: Option<Incident>, decision: Decision, found: &Totals, now: EpochMillis) -> Incident {
        let fresh = Incident {
            opened_at: now,
            last_seen: now,
            mailed_at: now,
            mails: 0,
            totals: Totals::default(),
            unmailed: Totals::default(),
        };
        let mut incident = match decision {
            Decision::Open | Decision::Reopen { .. } => fresh,
            Decision::Update | Decision::Hold { .. } => previous.unwrap_or(fresh),
        };
        // A clock that steps back must not make an incident look older than it is.
        incident.last_seen = incident.last_seen.max(now);
        incident.totals.add(found);
        if decision.is_mail() {
            incident.mails = incident.mails.saturating_add(1);
            incident.mailed_at = now;
            incident.unmailed = Totals::default();
        } else {
            incident.unmailed.add(found);
        }
        incident
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: EpochMillis = EpochMillis(1_795_426_334_000);

    fn minutes(count: u64) -> EpochMillis {
        time::after(START, count * MINUTE_MILLIS)
    }

    fn found() -> Totals {
        Totals { records: 1, packets: Some(4), bytes: None, first_start: None, last_end: None }
    }

    /// Feeds one finding at each minute given; returns the decisions' reasons.
    fn reasons(at_minutes: &[u64]) -> Vec<&'static str> {
        let mut incident = None;
        at_minutes
            .iter()
            .map(|at| {
                let decision = decide(&Policy::default(), incident.as_ref(), minutes(*at));
                incident = Some(Incident::record(incident.take(), decision, &found(), minutes(*at)));
                decision.reason()
            })
            .collect()
    }

    #[test]
    fn the_first_finding_mails_and_the_next_ones_hold() {
        assert_eq!(reasons(&[0, 0, 1, 4]), ["new", "mailed-recently", "mailed-recently", "mailed-recently"]);
    }

    #[test]
    fn updates_come_after_5_then_15_then_every_60_minutes() {
        let every_minute: Vec<u64> = (0..=200).collect();
        let mailed: Vec<u64> = reasons(&every_minute)
            .iter()
            .zip(&every_minute)
            .filter(|(reason, _)| **reason != "mailed-recently")
            .map(|(_, at)| *at)
            .collect();
        assert_eq!(mailed, [0, 5, 20, 80, 140, 200]);
    }

    #[test]
    fn a_finding_after_the_quiet_time_is_another_incident() {
        assert_eq!(reasons(&[0, 14, 28, 43]), ["new", "update-due", "mailed-recently", "new-after-quiet"]);
    }

    #[test]
    fn what_was_held_back_is_kept_until_the_next_mail() {
        let mut incident = Incident::record(None, Decision::Open, &found(), START);
        for at in [1, 2] {
            let decision = decide(&Policy::default(), Some(&incident), minutes(at));
            incident = Incident::record(Some(incident), decision, &found(), minutes(at));
        }
        assert_eq!((incident.unmailed.records, incident.unmailed.packets), (2, Some(8)));
        assert_eq!((incident.totals.records, incident.mails), (3, 1));
        let incident = Incident::record(Some(incident), Decision::Update, &found(), minutes(5));
        assert_eq!((incident.unmailed, incident.totals.records, incident.mails), (Totals::default(), 4, 2));
        assert_eq!((incident.opened_at, incident.mailed_at), (START, minutes(5)));
    }

    #[test]
    fn a_clock_that_steps_back_neither_mails_nor_panics() {
        let incident = Incident::record(None, Decision::Open, &found(), minutes(10));
        let decision = decide(&Policy::default(), Some(&incident), minutes(3));
        assert_eq!(decision, Decision::Hold { next_mail_at: minutes(15) });
        assert_eq!(Incident::record(Some(incident), decision, &found(), minutes(3)).last_seen, minutes(10));
    }

    #[test]
    fn a_policy_without_time_is_refused() {
        assert!(Policy::new(&[], 15).is_err());
        assert!(Policy::new(&[5, 0], 15).is_err());
        assert!(Policy::new(&[5], 0).is_err());
        assert_eq!(Policy::new(&[5, 15, 60], 15), Ok(Policy::default()));
    }
}
