//! Points in time as emails show them: in UTC, and in the zone of the people who read them.

use flow_log::EpochMillis;
use jiff::{
    Timestamp,
    fmt::strtime,
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::time;

/// The time zone of the readers. Times are shown in UTC first, as the console and the records have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(Option<(Box<str>, TimeZone)>);

impl Zone {
    /// UTC, and nothing beside it.
    pub const UTC: Zone = Zone(None);

    /// The zone with an IANA name, such as `Asia/Tokyo`, whatever its case. None if there is no such zone.
    pub fn parse(name: &str) -> Option<Zone> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Zone::UTC);
        }
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        // Its name as the database spells it.
        let name = zone.iana_name()?.into();
        Some(Zone(Some((name, zone))))
    }

    /// A point in time: `2026-11-23 02:32:14 UTC (11:32:14 Asia/Tokyo)`. The day is repeated where it is another one.
    pub fn date_time(&self, at: EpochMillis) -> String {
        self.range(at, at)
    }

    /// From one point in time to another: `2026-11-23 02:32:14 - 02:33:02 UTC (11:32:14 - 11:33:02 Asia/Tokyo)`.
    pub fn range(&self, first: EpochMillis, last: EpochMillis) -> String {
        let utc = time::range(first, last);
        let (Some((name, _)), Some(from), Some(to)) = (&self.0, self.local(first), self.local(last)) else {
            return format!("{utc} UTC");
        };
        let day = |text: &str| text.get(..10).map(str::to_owned);
        let same_day = day(&from) == day(&to)
            && day(&from) == day(&time::date_time(first))
            && day(&to) == day(&time::date_time(last));
        let local = if from == to {
            from.clone()
        } else if day(&from) == day(&to) {
            format!("{from} - {}", &to[11..])
        } else {
            format!("{from} - {to}")
        };
        format!("{utc} UTC ({} {name})", if same_day { &local[11..] } else { &local })
    }

    /// A time of day soon after another point in time: `02:43 UTC (11:43 Asia/Tokyo)`, with the day where it is another one.
    pub fn soon(&self, at: EpochMillis, now: EpochMillis) -> String {
        let brief = |at: &str, now: &str| {
            let from = if at.get(..10) == now.get(..10) { 11 } else { 0 };
            at.get(from..16).unwrap_or(at).to_owned()
        };
        let utc = brief(&time::date_time(at), &time::date_time(now));
        match (&self.0, self.local(at), self.local(now)) {
            (Some((name, _)), Some(at), Some(now)) => format!("{utc} UTC ({} {name})", brief(&at, &now)),
            _ => format!("{utc} UTC"),
        }
    }

    /// A point in time in the zone; none in UTC, and past the year 9999.
    fn local(&self, at: EpochMillis) -> Option<String> {
        let (_, zone) = self.0.as_ref()?;
        let at = Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
        strtime::format("%Y-%m-%d %H:%M:%S", &at.to_zoned_datetime(zone.clone())).ok()
    }
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
            assert_eq!(zone(name).date_time(NINE_32_14), "2026-11-23 09:32:14 UTC");
        }
        assert_eq!(Zone::UTC.soon(after(NINE_32_14, HOUR), NINE_32_14), "10:32 UTC");
        assert_eq!(Zone::UTC.soon(after(NINE_32_14, 15 * HOUR), NINE_32_14), "2026-11-24 00:32 UTC");
    }

    #[test]
    fn another_zone_stands_behind() {
        let tokyo = zone("Asia/Tokyo");
        assert_eq!(tokyo.date_time(NINE_32_14), "2026-11-23 09:32:14 UTC (18:32:14 Asia/Tokyo)");
        assert_eq!(
            tokyo.range(NINE_32_14, after(NINE_32_14, 48_000)),
            "2026-11-23 09:32:14 - 09:33:02 UTC (18:32:14 - 18:33:02 Asia/Tokyo)"
        );
        assert_eq!(tokyo.soon(after(NINE_32_14, HOUR), NINE_32_14), "10:32 UTC (19:32 Asia/Tokyo)");
    }

    #[test]
    fn a_day_that_is_another_one_there_is_named() {
        let tokyo = zone("asia/tokyo");
        let late = after(NINE_32_14, 6 * HOUR);
        assert_eq!(tokyo.date_time(late), "2026-11-23 15:32:14 UTC (2026-11-24 00:32:14 Asia/Tokyo)");
        assert_eq!(
            tokyo.range(NINE_32_14, late),
            "2026-11-23 09:32:14 - 15:32:14 UTC (2026-11-23 18:32:14 - 2026-11-24 00:32:14 Asia/Tokyo)"
        );
        assert_eq!(
            tokyo.range(late, after(late, HOUR)),
            "2026-11-23 15:32:14 - 16:32:14 UTC (2026-11-24 00:32:14 - 01:32:14 Asia/Tokyo)"
        );
        assert_eq!(tokyo.soon(late, NINE_32_14), "15:32 UTC (2026-11-24 00:32 Asia/Tokyo)");
    }

    #[test]
    fn summer_time_is_that_of_the_moment() {
        let berlin = zone("Europe/Berlin");
        // Clocks went back from 03:00 to 02:00 at 01:00 UTC on 2026-10-25.
        let one = EpochMillis(1_792_890_000_000);
        assert_eq!(berlin.date_time(EpochMillis(one.0 - 1_000)), "2026-10-25 00:59:59 UTC (02:59:59 Europe/Berlin)");
        assert_eq!(berlin.date_time(one), "2026-10-25 01:00:00 UTC (02:00:00 Europe/Berlin)");
        // And forward from 02:00 to 03:00 at 01:00 UTC on 2026-03-29.
        let one = EpochMillis(1_774_746_000_000);
        assert_eq!(
            berlin.range(EpochMillis(one.0 - 1_000), one),
            "2026-03-29 00:59:59 - 01:00:00 UTC (01:59:59 - 03:00:00 Europe/Berlin)"
        );
    }

    #[test]
    fn names_that_are_no_zone_are_refused() {
        for name in ["", "Tokyo", "Asia/Edo", "+09:00", "Asia/Tokyo\n", "../../etc/localtime"] {
            assert_eq!(Zone::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_time_past_the_calendar_has_no_zone() {
        assert_eq!(zone("Asia/Tokyo").date_time(EpochMillis(u64::MAX)), "18446744073709551615 ms UTC");
    }
}
