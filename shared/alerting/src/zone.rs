//! Points in time as emails show them: in the zone of the people who read them, and in UTC.

use flow_log::EpochMillis;
use jiff::{
    Timestamp,
    civil::DateTime,
    fmt::strtime,
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::time;

/// The time zone of the readers. Their time stands first; UTC, which the console and the records have, stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(Option<TimeZone>);

/// A point in time as a clock in some zone shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reading {
    /// `2026-11-23`; empty past the calendar.
    date: String,
    /// `11:32:14`.
    clock: String,
    /// `JST`, or the offset where the zone has no abbreviation: `UTC-03`.
    zone: String,
}

impl Zone {
    /// UTC, and nothing beside it.
    pub const UTC: Zone = Zone(None);

    /// The zone with an IANA name, such as `Asia/Tokyo`, whatever its case. None if there is no such zone.
    pub fn parse(name: &str) -> Option<Zone> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Zone::UTC);
        }
        Some(Zone(Some(TimeZoneDatabase::bundled().get(name).ok()?)))
    }

    /// Reads a point in time as a clock of the zone shows it (`2026-11-23 18:00`), or with an offset (`2026-11-23T09:00:00Z`).
    pub fn point(&self, text: &str) -> Option<EpochMillis> {
        let civil = || self.time_zone().to_timestamp(text.parse::<DateTime>().ok()?).ok();
        let at = text.parse::<Timestamp>().ok().or_else(civil)?;
        u64::try_from(at.as_millisecond()).ok().map(EpochMillis)
    }

    /// The zone itself, for arithmetic with its days.
    pub(crate) fn time_zone(&self) -> TimeZone {
        self.0.clone().unwrap_or(TimeZone::UTC)
    }

    /// A point in time: `11:32:14 JST (02:32:14 UTC), 2026-11-23`. The day is the local one.
    pub fn date_time(&self, at: EpochMillis) -> String {
        self.range(at, at)
    }

    /// From one point in time to another: `11:32:14 - 11:33:02 JST (02:32:14 - 02:33:02 UTC), 2026-11-23`. Where the days differ, each
    /// end has its own.
    pub fn range(&self, first: EpochMillis, last: EpochMillis) -> String {
        let (from, to) = (self.read(first), self.read(last));
        if from.date != to.date && first != last {
            return format!("{} - {}", self.date_time(first), self.date_time(last));
        }
        let local = span(&from, &to);
        let day = if from.date.is_empty() { String::new() } else { format!(", {}", from.date) };
        match &self.0 {
            Some(_) if !from.date.is_empty() => format!("{local} ({}){day}", span(&utc(first), &utc(last))),
            _ => format!("{local}{day}"),
        }
    }

    /// A time of day soon before or after another point in time: `11:43 JST`, with the day where it is another one.
    pub fn soon(&self, at: EpochMillis, now: EpochMillis) -> String {
        let (at, now) = (self.read(at), self.read(now));
        let day = if at.date == now.date { String::new() } else { format!(", {}", at.date) };
        format!("{} {}{day}", at.minute(), at.zone)
    }

    /// The minute of a point in time, and the zone that it is in: `11:43` and `JST`.
    pub fn minute(&self, at: EpochMillis) -> (String, String) {
        let at = self.read(at);
        (at.minute().to_owned(), at.zone)
    }

    /// The day and the minute: `2026-11-23 11:32`.
    pub fn day_and_minute(&self, at: EpochMillis) -> String {
        let at = self.read(at);
        if at.date.is_empty() { at.clock } else { format!("{} {}", at.date, at.minute()) }
    }

    /// The day and the time of day: `2026-11-23` and `11:32:14`.
    pub fn day_and_clock(&self, at: EpochMillis) -> (String, String) {
        let at = self.read(at);
        (at.date, at.clock)
    }

    /// The first moment of the day that a point in time is in; the point itself past the year 9999. A day may have 23 or 25 hours.
    pub fn day_start(&self, at: EpochMillis) -> EpochMillis {
        let start = || {
            let timestamp = Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
            let start = timestamp.to_zoned_datetime(self.time_zone()).start_of_day().ok()?;
            u64::try_from(start.timestamp().as_millisecond()).ok()
        };
        start().map_or(at, EpochMillis)
    }

    fn read(&self, at: EpochMillis) -> Reading {
        self.0.as_ref().and_then(|zone| local(zone, at)).unwrap_or_else(|| utc(at))
    }
}

impl Reading {
    /// The hour and the minute.
    fn minute(&self) -> &str {
        if self.date.is_empty() { &self.clock } else { self.clock.get(..5).unwrap_or(&self.clock) }
    }
}

/// The time of day from one reading to another: `11:32:14 - 11:33:02 JST`. Each has its zone where the clocks were changed in between.
fn span(from: &Reading, to: &Reading) -> String {
    match (from == to, from.zone == to.zone) {
        (true, _) => format!("{} {}", from.clock, from.zone),
        (false, true) => format!("{} - {} {}", from.clock, to.clock, to.zone),
        (false, false) => format!("{} {} - {} {}", from.clock, from.zone, to.clock, to.zone),
    }
}

fn utc(at: EpochMillis) -> Reading {
    let text = time::date_time(at);
    let (date, clock) = text.split_once(' ').filter(|(date, _)| date.len() == 10).unwrap_or(("", &text));
    Reading { date: date.to_owned(), clock: clock.to_owned(), zone: "UTC".to_owned() }
}

/// A point in time in a zone; none past the year 9999.
fn local(zone: &TimeZone, at: EpochMillis) -> Option<Reading> {
    let at = Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?.to_zoned_datetime(zone.clone());
    let part = |pattern: &str| strtime::format(pattern, &at).ok();
    // The database has a number instead of an abbreviation where nobody uses one: `-03`.
    let named = part("%Z")?;
    let zone = if named.starts_with(['+', '-']) { format!("UTC{named}") } else { named };
    Some(Reading { date: part("%Y-%m-%d")?, clock: part("%H:%M:%S")?, zone })
}

#[cfg(test)]
mod tests {
    use super::Zone;
    use crate::time::{EpochMillis, MINUTE_MILLIS, after};

    /// 2026-11-23 09:32:14 UTC.
    const NINE_32_14: EpochMillis = EpochMillis(1_795_426_334_000);
    const HOUR: u64 = 60 * MINUTE_MILLIS;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap_or_else(|| panic!("no zone {name}"))
    }

    #[test]
    fn utc_stands_alone() {
        for name in ["UTC", "utc"] {
            assert_eq!(zone(name).date_time(NINE_32_14), "09:32:14 UTC, 2026-11-23");
        }
        assert_eq!(Zone::UTC.range(NINE_32_14, after(NINE_32_14, 48_000)), "09:32:14 - 09:33:02 UTC, 2026-11-23");
        assert_eq!(Zone::UTC.soon(after(NINE_32_14, HOUR), NINE_32_14), "10:32 UTC");
        assert_eq!(Zone::UTC.soon(after(NINE_32_14, 15 * HOUR), NINE_32_14), "00:32 UTC, 2026-11-24");
    }

    #[test]
    fn a_time_is_read_in_the_zone_unless_it_has_an_offset() {
        for (name, text, expect) in [
            ("UTC", "2026-11-23 09:32:14", Some(NINE_32_14)),
            ("Asia/Tokyo", "2026-11-23 18:32:14", Some(NINE_32_14)),
            ("Asia/Tokyo", "2026-11-23T18:32:14", Some(NINE_32_14)),
            ("Asia/Tokyo", "2026-11-23T09:32:14Z", Some(NINE_32_14)),
            ("Asia/Tokyo", "2026-11-23T11:32:14+02:00", Some(NINE_32_14)),
            ("UTC", "18:00", None),
            ("UTC", "tomorrow", None),
            ("UTC", "1812-01-01 00:00", None),
        ] {
            assert_eq!(zone(name).point(text), expect, "{text} in {name}");
        }
    }

    #[test]
    fn local_time_stands_before_utc() {
        let tokyo = zone("asia/tokyo");
        assert_eq!(tokyo.date_time(NINE_32_14), "18:32:14 JST (09:32:14 UTC), 2026-11-23");
        assert_eq!(
            tokyo.range(NINE_32_14, after(NINE_32_14, 48_000)),
            "18:32:14 - 18:33:02 JST (09:32:14 - 09:33:02 UTC), 2026-11-23"
        );
        assert_eq!(tokyo.soon(after(NINE_32_14, HOUR), NINE_32_14), "19:32 JST");
        assert_eq!(tokyo.minute(NINE_32_14), ("18:32".to_owned(), "JST".to_owned()));
        assert_eq!(tokyo.day_and_clock(NINE_32_14), ("2026-11-23".to_owned(), "18:32:14".to_owned()));
    }

    #[test]
    fn the_day_is_the_local_one() {
        let tokyo = zone("Asia/Tokyo");
        let late = after(NINE_32_14, 6 * HOUR);
        assert_eq!(tokyo.date_time(late), "00:32:14 JST (15:32:14 UTC), 2026-11-24");
        assert_eq!(
            tokyo.range(NINE_32_14, late),
            "18:32:14 JST (09:32:14 UTC), 2026-11-23 - 00:32:14 JST (15:32:14 UTC), 2026-11-24"
        );
        assert_eq!(
            tokyo.range(late, after(late, HOUR)),
            "00:32:14 - 01:32:14 JST (15:32:14 - 16:32:14 UTC), 2026-11-24"
        );
        assert_eq!(tokyo.soon(late, NINE_32_14), "00:32 JST, 2026-11-24");
    }

    #[test]
    fn summer_time_is_that_of_the_moment() {
        let berlin = zone("Europe/Berlin");
        // Clocks went back from 03:00 to 02:00 at 01:00 UTC on 2026-10-25.
        let one = EpochMillis(1_792_890_000_000);
        assert_eq!(berlin.date_time(EpochMillis(one.0 - 1_000)), "02:59:59 CEST (00:59:59 UTC), 2026-10-25");
        assert_eq!(berlin.date_time(one), "02:00:00 CET (01:00:00 UTC), 2026-10-25");
        // And forward from 02:00 to 03:00 at 01:00 UTC on 2026-03-29.
        let one = EpochMillis(1_774_746_000_000);
        assert_eq!(
            berlin.range(EpochMillis(one.0 - 1_000), one),
            "01:59:59 CET - 03:00:00 CEST (00:59:59 - 01:00:00 UTC), 2026-03-29"
        );
    }

    #[test]
    fn a_zone_without_an_abbreviation_shows_its_offset() {
        assert_eq!(zone("America/Sao_Paulo").date_time(NINE_32_14), "06:32:14 UTC-03 (09:32:14 UTC), 2026-11-23");
        assert_eq!(zone("Asia/Kathmandu").soon(NINE_32_14, NINE_32_14), "15:17 UTC+0545");
    }

    #[test]
    fn a_day_and_a_minute_are_those_of_the_zone() {
        // 2026-11-30 00:02:59 UTC.
        let at = EpochMillis(1_795_996_979_000);
        for (name, minute, abbreviation) in [
            ("UTC", "2026-11-30 00:02", "UTC"),
            ("Asia/Tokyo", "2026-11-30 09:02", "JST"),
            ("America/Sao_Paulo", "2026-11-29 21:02", "UTC-03"),
        ] {
            let zone = zone(name);
            assert_eq!((zone.day_and_minute(at).as_str(), zone.minute(at).1.as_str()), (minute, abbreviation));
        }
        assert_eq!(Zone::UTC.day_and_minute(EpochMillis(u64::MAX)), "18446744073709551615 ms");
    }

    #[test]
    fn a_day_starts_at_midnight_of_the_zone() {
        for (name, start) in [("UTC", "2026-11-23 00:00"), ("Asia/Tokyo", "2026-11-23 00:00")] {
            let zone = zone(name);
            let midnight = zone.day_start(NINE_32_14);
            assert_eq!((zone.day_and_minute(midnight).as_str(), midnight.0 % MINUTE_MILLIS), (start, 0), "{name}");
            assert_eq!(zone.day_start(midnight), midnight);
        }
        // Clocks went back on this day: it has 25 hours.
        let berlin = zone("Europe/Berlin");
        let midnight = berlin.day_start(EpochMillis(1_792_890_000_000));
        assert_eq!(berlin.day_start(after(midnight, 24 * HOUR)), midnight);
        assert_eq!(berlin.day_start(after(midnight, 25 * HOUR)), after(midnight, 25 * HOUR));
        assert_eq!(berlin.day_start(EpochMillis(u64::MAX)), EpochMillis(u64::MAX));
    }

    #[test]
    fn names_that_are_no_zone_are_refused() {
        for name in ["", "Tokyo", "Asia/Edo", "+09:00", "Asia/Tokyo\n", "../../etc/localtime"] {
            assert_eq!(Zone::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_time_past_the_calendar_has_no_zone() {
        for zone in [zone("Asia/Tokyo"), Zone::UTC] {
            assert_eq!(zone.date_time(EpochMillis(u64::MAX)), "18446744073709551615 ms UTC");
        }
    }
}
