//! The time that a digest covers.

use jiff::{
    Timestamp,
    civil::{Date, Weekday},
};
use serde::Deserialize;

use crate::{
    time::{self, EpochMillis, MINUTE_MILLIS},
    zone::Zone,
};

/// How long before the hour of the digest its period ends. Records arrive up to 16 minutes after their packets, and reports follow them
/// by minutes. What came later would be in no digest: the next period begins where this one ends.
pub const SETTLE_MILLIS: u64 = 30 * MINUTE_MILLIS;

/// How much too early the schedule may come, by this clock.
const EARLY_MILLIS: u64 = 5 * MINUTE_MILLIS;

/// Days before the period that sources and interfaces are compared with. Contributor Insights keeps 15 days.
const DAYS_COMPARED: i64 = 7;

/// How often a digest is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cadence {
    /// Every day.
    Daily,
    /// Every Monday.
    Weekly,
}

impl Cadence {
    /// The cadence as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            Cadence::Daily => "daily",
            Cadence::Weekly => "weekly",
        }
    }

    /// Days of a period.
    pub fn days(self) -> i64 {
        match self {
            Cadence::Daily => 1,
            Cadence::Weekly => 7,
        }
    }

    /// Periods before this one that its numbers are compared with.
    pub fn periods_compared(self) -> i64 {
        match self {
            Cadence::Daily => 7,
            Cadence::Weekly => 4,
        }
    }
}

/// A span of time, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its first moment.
    pub from: EpochMillis,
    /// Its end.
    pub to: EpochMillis,
}

impl Span {
    /// Tells whether a point in time is in it.
    pub fn contains(self, at: EpochMillis) -> bool {
        (self.from..self.to).contains(&at)
    }

    /// Its parts, none longer than so many milliseconds.
    pub fn parts(self, max_millis: u64) -> impl Iterator<Item = Span> {
        let starts = (self.from.0..self.to.0).step_by(usize::try_from(max_millis.max(1)).unwrap_or(usize::MAX));
        starts.map(move |from| Span { from: EpochMillis(from), to: EpochMillis((from + max_millis).min(self.to.0)) })
    }
}

/// What a digest covers, and what it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// How often a digest is sent.
    pub cadence: Cadence,
    /// The day of the digest in the readers' zone: `2026-11-30`.
    pub date: String,
    /// The time that it covers.
    pub span: Span,
    /// The periods before it, newest first, which its numbers are compared with.
    pub before: Vec<Span>,
    /// The days before it, newest first, which its sources and interfaces are compared with.
    pub days_before: Vec<Span>,
}

impl Period {
    /// The period of the digest that is due: the latest whose hour has come. A run that comes late, or again, has the same period.
    /// None past the calendar.
    pub fn due(cadence: Cadence, hour: u8, zone: &Zone, now: EpochMillis) -> Option<Period> {
        let now = time::after(now, EARLY_MILLIS);
        let mut day = timestamp(now)?.to_zoned_datetime(zone.time_zone()).date();
        while !(moment(day, hour, zone)? <= now && (cadence == Cadence::Daily || day.weekday() == Weekday::Monday)) {
            day = day.yesterday().ok()?;
        }
        // So many days before the digest, at the same time of day in the zone: a day may have 23 or 25 hours.
        let bound = |days: i64| Some(time::before(moment(earlier(day, days)?, hour, zone)?, SETTLE_MILLIS));
        let span = |from: i64, to: i64| Some(Span { from: bound(from)?, to: bound(to)? });
        let length = cadence.days();
        let before = (1..=cadence.periods_compared()).map(|ago| span((ago + 1) * length, ago * length));
        let days_before = (0..DAYS_COMPARED).map(|ago| span(length + ago + 1, length + ago));
        Some(Period {
            cadence,
            date: day.to_string(),
            span: span(length, 0)?,
            before: before.collect::<Option<_>>()?,
            days_before: days_before.collect::<Option<_>>()?,
        })
    }

    /// What the digest is called where it is recorded as sent.
    pub fn key(&self) -> String {
        format!("digest|{}|{}", self.cadence.word(), self.date)
    }

    /// The first moment of everything that is compared.
    pub fn earliest(&self) -> EpochMillis {
        let compared = self.before.iter().chain(&self.days_before);
        compared.map(|span| span.from).min().unwrap_or(self.span.from)
    }
}

fn timestamp(at: EpochMillis) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()
}

fn earlier(day: Date, days: i64) -> Option<Date> {
    day.checked_sub(jiff::Span::new().try_days(days).ok()?).ok()
}

/// An hour of a day. One that the zone skips is the hour after it.
fn moment(day: Date, hour: u8, zone: &Zone) -> Option<EpochMillis> {
    let at = day.at(i8::try_from(hour).ok()?, 0, 0, 0).to_zoned_datetime(zone.time_zone()).ok()?;
    u64::try_from(at.timestamp().as_millisecond()).ok().map(EpochMillis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * MINUTE_MILLIS;

    fn at(text: &str) -> EpochMillis {
        EpochMillis(u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap())
    }

    fn due(cadence: Cadence, zone: &str, now: &str) -> Period {
        Period::due(cadence, 9, &Zone::parse(zone).unwrap(), at(now)).unwrap()
    }

    #[test]
    fn a_day_ends_half_an_hour_before_the_digest_and_the_days_before_join_it() {
        let period = due(Cadence::Daily, "Asia/Tokyo", "2026-11-30T00:00:03Z");
        assert_eq!((period.date.as_str(), period.key().as_str()), ("2026-11-30", "digest|daily|2026-11-30"));
        assert_eq!(period.span, Span { from: at("2026-11-28T23:30:00Z"), to: at("2026-11-29T23:30:00Z") });
        assert_eq!(period.before.len(), 7);
        assert_eq!(period.before, period.days_before);
        let mut end = period.span.from;
        for day in &period.before {
            assert_eq!((day.to, end.0 - day.from.0), (end, 24 * HOUR));
            end = day.from;
        }
        assert_eq!(period.earliest(), at("2026-11-21T23:30:00Z"));
    }

    #[test]
    fn a_run_that_is_late_early_or_repeated_has_the_period_of_its_hour() {
        let expect = due(Cadence::Daily, "Asia/Tokyo", "2026-11-30T00:00:00Z");
        for now in ["2026-11-29T23:56:00Z", "2026-11-30T00:01:00Z", "2026-11-30T06:00:00Z", "2026-11-30T23:54:00Z"] {
            assert_eq!(due(Cadence::Daily, "Asia/Tokyo", now), expect, "{now}");
        }
        assert_eq!(due(Cadence::Daily, "Asia/Tokyo", "2026-11-29T23:50:00Z").date, "2026-11-29");
        assert_eq!(due(Cadence::Daily, "Asia/Tokyo", "2026-12-01T00:00:00Z").date, "2026-12-01");
    }

    #[test]
    fn a_week_ends_on_monday_and_is_compared_with_four_weeks() {
        // A Monday is 2026-11-30.
        for now in ["2026-11-30T09:00:02Z", "2026-12-03T20:00:00Z", "2026-12-07T08:50:00Z"] {
            let period = due(Cadence::Weekly, "UTC", now);
            assert_eq!(period.date, "2026-11-30", "{now}");
            assert_eq!(period.span, Span { from: at("2026-11-23T08:30:00Z"), to: at("2026-11-30T08:30:00Z") });
            assert_eq!(period.before.len(), 4);
            assert_eq!(period.earliest(), at("2026-10-26T08:30:00Z"));
            assert_eq!(
                period.days_before[0],
                Span { from: at("2026-11-22T08:30:00Z"), to: at("2026-11-23T08:30:00Z") }
            );
            assert_eq!(period.days_before[6].from, at("2026-11-16T08:30:00Z"));
        }
    }

    #[test]
    fn a_day_on_which_the_clocks_change_has_another_length() {
        // 2026-10-25: from 03:00 back to 02:00.
        let period = due(Cadence::Daily, "Europe/Berlin", "2026-10-25T08:00:00Z");
        assert_eq!(period.span.to.0 - period.span.from.0, 25 * HOUR);
        assert_eq!(Zone::parse("Europe/Berlin").unwrap().day_and_minute(period.span.from), "2026-10-24 08:30");
        let parts: Vec<u64> = period.span.parts(24 * HOUR).map(|part| (part.to.0 - part.from.0) / HOUR).collect();
        assert_eq!(parts, [24, 1]);
    }
}
