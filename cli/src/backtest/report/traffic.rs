//! Rejected traffic over time: signal by origin, and background.

use std::collections::BTreeMap;

use alerting::{
    detection::{Origin, Rule},
    time::{EpochMillis, HOUR_MILLIS},
    zone::Zone,
};

use crate::backtest::play::{Amount, Background, BatchTraffic};

/// Days that are told apart: three years. Those beyond are counted in the totals alone.
pub(super) const MAX_DAYS: usize = 1_100;

/// Days whose hours are told apart: a week, which touches eight.
const MAX_DAYS_BY_HOUR: usize = 8;

/// The traffic of an hour, of a day, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// What belongs to incidents, silenced or not, by origin.
    pub(crate) signal: BTreeMap<Origin, Amount>,
    /// What belongs to none.
    pub(crate) background: BTreeMap<Background, Amount>,
}

impl Bucket {
    fn add(&mut self, batch: &BatchTraffic) {
        for (origin, amount) in &batch.signal {
            *self.signal.entry(*origin).or_default() += *amount;
        }
        for (kind, amount) in &batch.background {
            *self.background.entry(*kind).or_default() += *amount;
        }
    }

    /// All background.
    pub(crate) fn all_background(&self) -> Amount {
        let mut sum = Amount::default();
        self.background.values().for_each(|amount| sum += *amount);
        sum
    }

    /// The signal of all origins.
    pub(crate) fn all_signal(&self) -> Amount {
        let mut sum = Amount::default();
        self.signal.values().for_each(|amount| sum += *amount);
        sum
    }
}

/// Hours of the clock with something in them. They are counted in the order of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Hours {
    latest: Option<u64>,
    number: u64,
}

impl Hours {
    fn add(&mut self, at: EpochMillis) {
        let hour = at.0 / HOUR_MILLIS;
        if self.latest.is_none_or(|latest| latest < hour) {
            self.latest = Some(hour);
            self.number += 1;
        }
    }
}

/// What depends on the number of batches: each is a run of the function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    /// Batches with records that a rule looks at, rejected or accepted.
    pub(crate) all: u64,
    /// Those with findings of incidents.
    pub(crate) with_signal: u64,
    /// Those with background alone that has pings.
    pub(crate) background_only: u64,
    /// Hours with a rejected ping.
    pub(crate) hours: u64,
    /// Hours with findings of incidents.
    pub(crate) hours_with_signal: u64,
    /// Hours with a rejected ping, added up for the origins own, private and internet.
    pub(crate) hours_of_origins: u64,
    /// Hours with rejected TCP or UDP, added up for the rules about them and their origins.
    pub(crate) hours_of_rules: u64,
    /// Lines with metrics of TCP and UDP, of batches with background alone: one for each rule and origin.
    pub(crate) reject_lines: u64,
}

/// Rejected traffic over time.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// By the first moment of the hour, until there are too many.
    hours: Option<BTreeMap<EpochMillis, Bucket>>,
    /// By the first moment of the day in the zone of the readers.
    pub(crate) days: BTreeMap<EpochMillis, Bucket>,
    /// Everything.
    pub(crate) total: Bucket,
    /// Whether there are more days than are told apart.
    pub(crate) has_more_days: bool,
    runs: Runs,
    pings: Hours,
    signal: Hours,
    matched: BTreeMap<(Rule, &'static str), Hours>,
}

impl Traffic {
    /// Adds a batch.
    pub(super) fn add(&mut self, batch: &BatchTraffic, zone: &Zone) {
        let has_background = !batch.background.is_empty();
        self.runs.all += 1;
        self.runs.with_signal += u64::from(!batch.signal.is_empty());
        let is_background = batch.signal.is_empty() && has_background;
        let (pings, rejects): (Vec<&(Rule, &str)>, Vec<_>) =
            batch.matched.iter().partition(|(rule, _)| *rule == Rule::Ping);
        self.runs.background_only += u64::from(is_background && !pings.is_empty());
        self.runs.reject_lines += if is_background { rejects.len() as u64 } else { 0 };
        if batch.signal.is_empty() && !has_background {
            return;
        }
        if !pings.is_empty() {
            self.pings.add(batch.at);
        }
        if !batch.signal.is_empty() {
            self.signal.add(batch.at);
        }
        for matched in &batch.matched {
            self.matched.entry(*matched).or_default().add(batch.at);
        }
        self.total.add(batch);
        let midnight = zone.day_start(batch.at);
        if self.days.len() >= MAX_DAYS && !self.days.contains_key(&midnight) {
            self.has_more_days = true;
            return;
        }
        let is_first = self.days.is_empty();
        self.days.entry(midnight).or_default().add(batch);
        if is_first {
            self.hours = Some(BTreeMap::new());
        } else if self.days.len() > MAX_DAYS_BY_HOUR {
            self.hours = None;
        }
        if let Some(hours) = &mut self.hours {
            // From midnight on, as there are zones with half an hour.
            let hour = midnight.0 + (batch.at.0 - midnight.0) / HOUR_MILLIS * HOUR_MILLIS;
            hours.entry(EpochMillis(hour)).or_default().add(batch);
        }
    }

    /// What a chart shows: the buckets, and the milliseconds of each.
    pub(crate) fn buckets(&self) -> (&BTreeMap<EpochMillis, Bucket>, u64) {
        self.hours.as_ref().map_or((&self.days, 24 * HOUR_MILLIS), |hours| (hours, HOUR_MILLIS))
    }

    /// What depends on the number of batches.
    pub(crate) fn runs(&self) -> Runs {
        let of = |is_pings: bool| {
            let matched = self.matched.iter().filter(|((rule, _), _)| (*rule == Rule::Ping) == is_pings);
            matched.map(|(_, hours)| hours.number).sum()
        };
        Runs {
            hours: self.pings.number,
            hours_with_signal: self.signal.number,
            hours_of_origins: of(true),
            hours_of_rules: of(false),
            ..self.runs
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 00:00 UTC.
    const MIDNIGHT: u64 = 1_795_392_000_000;

    fn traffic(hours: impl IntoIterator<Item = u64>, zone: &Zone) -> Traffic {
        let mut traffic = Traffic::default();
        for hour in hours {
            let amount = Amount { records: 1, packets: 4 };
            let signal = if hour % 2 == 0 { [(Origin::OwnAnswer, amount)].into() } else { BTreeMap::new() };
            let at = EpochMillis(MIDNIGHT + hour * HOUR_MILLIS + 60_000);
            let amount = Amount { records: hour % 3, packets: hour % 3 };
            let background = (hour % 3 > 0).then_some((Background::Pings, amount)).into_iter().collect();
            let own = signal.keys().map(|origin| (Rule::Ping, origin.word()));
            let matched = own.chain((hour % 3 > 0).then_some((Rule::Ping, Origin::Internet.word()))).collect();
            traffic.add(&BatchTraffic { at, signal, background, matched }, zone);
        }
        traffic
    }

    #[test]
    fn a_week_is_shown_by_hour_and_more_by_day() {
        let week = traffic(0..7 * 24, &Zone::UTC);
        let (buckets, millis) = week.buckets();
        assert_eq!((week.days.len(), millis, buckets.keys().next().unwrap().0), (7, HOUR_MILLIS, MIDNIGHT));
        let month = traffic(0..30 * 24, &Zone::UTC);
        let (buckets, millis) = month.buckets();
        assert_eq!((buckets.len(), millis), (30, 24 * HOUR_MILLIS));
        assert_eq!(
            buckets.values().map(|day| day.all_background().records).sum::<u64>(),
            month.total.all_background().records
        );
        assert_eq!(month.total.all_signal(), Amount { records: 360, packets: 1_440 });
        let zone = Zone::parse("Asia/Kolkata").unwrap();
        let (buckets, first) = (traffic([20], &zone), EpochMillis(MIDNIGHT + 19 * HOUR_MILLIS + HOUR_MILLIS / 2));
        assert_eq!(buckets.buckets().0.keys().collect::<Vec<_>>(), [&first], "hours of the zone begin at half past");
    }

    #[test]
    fn days_beyond_the_limit_are_in_the_total() {
        let days = (0..MAX_DAYS as u64 + 5).map(|day| day * 24);
        let long = traffic(days, &Zone::UTC);
        assert!(long.has_more_days);
        assert_eq!((long.days.len(), long.total.all_signal().records), (MAX_DAYS, MAX_DAYS as u64 + 5));
        assert!(!traffic((0..MAX_DAYS as u64).map(|day| day * 24), &Zone::UTC).has_more_days);
    }

    #[test]
    fn runs_and_hours_are_counted_by_what_is_in_them() {
        // Hours 0 to 5, hour 1 twice: 0, 2, 4 have signal; 1, 2, 4, 5 have background; 3 has neither.
        let runs = traffic([0, 1, 1, 2, 3, 4, 5], &Zone::UTC).runs();
        let expected = Runs {
            all: 7,
            with_signal: 3,
            background_only: 3,
            hours: 5,
            hours_with_signal: 3,
            hours_of_origins: 7,
            ..Runs::default()
        };
        assert_eq!(runs, expected);
    }

    #[test]
    fn tcp_and_udp_have_metrics_and_lines_of_their_own() {
        let amount = Amount { records: 1, packets: 4 };
        let mut traffic = Traffic::default();
        let (own, internet) = ((Rule::Reply, "own"), (Rule::Request, "internet"));
        for (hour, matched, is_signal) in [
            (0, [internet].into(), false),
            (0, [internet, (Rule::Ping, "internet")].into(), false),
            (1, [internet, own].into(), true),
            (2, [internet, own].into(), false),
        ] {
            let at = EpochMillis(MIDNIGHT + hour * HOUR_MILLIS);
            let signal = if is_signal { [(Origin::OwnAnswer, amount)].into() } else { BTreeMap::new() };
            traffic.add(
                &BatchTraffic { at, signal, background: [(Background::Pings, amount)].into(), matched },
                &Zone::UTC,
            );
        }
        let expected = Runs {
            all: 4,
            with_signal: 1,
            background_only: 1,
            hours: 1,
            hours_with_signal: 1,
            hours_of_origins: 1,
            hours_of_rules: 5,
            reject_lines: 4,
        };
        assert_eq!(traffic.runs(), expected);
    }
}
