//! Emails, counted by day, origin and kind.

use std::collections::BTreeMap;

use alerting::{detection::Origin, notification::NotificationKind, time::EpochMillis, zone::Zone};

use super::traffic::MAX_DAYS;
use crate::backtest::play::SentEmail;

/// The kinds of emails, in the order of an incident's life.
pub(super) const KINDS: [NotificationKind; 4] =
    [NotificationKind::Opened, NotificationKind::Reopened, NotificationKind::Update, NotificationKind::Resolved];

/// Emails by origin and kind.
pub(crate) type OfDay = BTreeMap<(Origin, NotificationKind), u64>;

/// Emails by day.
#[derive(Debug, Default)]
pub(crate) struct EmailCounts {
    /// By the first moment of the day in the zone of the readers, at most [`MAX_DAYS`].
    pub(crate) days: BTreeMap<EpochMillis, OfDay>,
    all: OfDay,
    /// Emails of days that are not told apart.
    pub(crate) of_other_days: u64,
}

impl EmailCounts {
    /// Adds an email.
    pub(super) fn add(&mut self, email: &SentEmail, zone: &Zone) {
        let key = (email.origin, email.kind);
        *self.all.entry(key).or_default() += 1;
        let midnight = zone.day_start(email.at);
        if self.days.len() >= MAX_DAYS && !self.days.contains_key(&midnight) {
            self.of_other_days += 1;
            return;
        }
        *self.days.entry(midnight).or_default().entry(key).or_default() += 1;
    }

    /// All emails.
    pub(crate) fn total(&self) -> u64 {
        self.all.values().sum()
    }

    /// Emails that a condition on origin and kind holds for.
    pub(crate) fn of(&self, holds: impl Fn(Origin, NotificationKind) -> bool) -> u64 {
        sum(&self.all, holds)
    }

    /// The most emails in a day.
    pub(crate) fn most_in_a_day(&self) -> u64 {
        self.days.values().map(|day| day.values().sum()).max().unwrap_or_default()
    }
}

/// Emails that a condition on origin and kind holds for.
pub(super) fn sum(emails: &OfDay, holds: impl Fn(Origin, NotificationKind) -> bool) -> u64 {
    emails.iter().filter(|((origin, kind), _)| holds(*origin, *kind)).map(|(_, number)| number).sum()
}
