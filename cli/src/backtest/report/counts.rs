//! The emails of a backtest, counted, and what the timeline shows of each.

use std::collections::BTreeMap;

use alerting::zone::Zone;

use crate::backtest::play::SentEmail;

/// Emails that the timeline lists. Those beyond are counted.
const MAX_LISTED_EMAILS: usize = 10_000;

/// The kinds of emails, in the order of an incident's life.
pub(crate) const KINDS: [&str; 4] = ["opened", "reopened", "update", "resolved"];

/// The origins with their role, ours first.
pub(crate) const ORIGINS: [&str; 4] = ["own request", "own answer", "private", "internet"];

/// What the timeline shows of an email.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// The day in the zone of the readers.
    pub(crate) day: String,
    /// The time of day, and its zone.
    pub(crate) clock: String,
    /// The kind.
    pub(crate) kind: &'static str,
    /// The subject.
    pub(crate) subject: String,
}

/// The emails of a backtest.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Emails by day, origin with role, and kind.
    pub(crate) days: BTreeMap<String, BTreeMap<(&'static str, &'static str), u64>>,
    /// The first emails, in the order of their time.
    pub(crate) listed: Vec<Listed>,
    /// Emails that are not listed.
    pub(crate) not_listed: u64,
}

impl Counts {
    /// Adds an email.
    pub(crate) fn add(&mut self, email: &SentEmail, zone: &Zone) {
        let (day, clock) = zone.day_and_clock(email.at);
        let kind = email.kind.word();
        *self.days.entry(day.clone()).or_default().entry((origin(email), kind)).or_default() += 1;
        if self.listed.len() < MAX_LISTED_EMAILS {
            self.listed.push(Listed {
                day,
                clock: format!("{clock} {}", zone.minute(email.at).1),
                kind,
                subject: email.subject.clone(),
            });
        } else {
            self.not_listed += 1;
        }
    }

    /// Emails of all days that a condition on origin and kind holds for.
    pub(crate) fn total(&self, holds: impl Fn(&str, &str) -> bool) -> u64 {
        let all = self.days.values().flatten();
        all.filter(|((origin, kind), _)| holds(origin, kind)).map(|(_, emails)| emails).sum()
    }
}

/// The origin of an email with its role.
fn origin(email: &SentEmail) -> &'static str {
    match (email.origin, email.role) {
        ("own", Some("answer")) => "own answer",
        ("own", _) => "own request",
        (other, _) => other,
    }
}
