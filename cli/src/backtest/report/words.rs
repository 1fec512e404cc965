//! Numbers and times in words.

use alerting::{
    text::grouped,
    time::{self, EpochMillis, HOUR_MILLIS, MINUTE_MILLIS, SECOND_MILLIS},
    zone::Zone,
};

use crate::{backtest::play::Listed, words::number};

/// A time in its two largest units: `48 s`, `35 min`, `2 h 5 min`, `3 d 4 h`.
pub(super) fn duration(millis: u64) -> String {
    let (days, hours, minutes) = (millis / (24 * HOUR_MILLIS), millis / HOUR_MILLIS, millis / MINUTE_MILLIS);
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {small_unit}"),
    };
    match () {
        () if days > 0 => two(days, "d", hours % 24, "h"),
        () if hours > 0 => two(hours, "h", minutes % 60, "min"),
        () if minutes > 0 => format!("{minutes} min"),
        () => format!("{} s", millis / SECOND_MILLIS),
    }
}

/// A point in time: `2026-11-23 11:58:59 JST`.
pub(super) fn moment(at: EpochMillis, zone: &Zone) -> String {
    let (day, clock) = zone.day_and_clock(at);
    format!("{day} {clock} {}", zone.minute(at).1)
}

/// A point in time some time after another: `12:33:59`, with the day where it is another one.
pub(super) fn later(at: EpochMillis, before: EpochMillis, zone: &Zone) -> String {
    let (day, clock) = zone.day_and_clock(at);
    if day == zone.day_and_clock(before).0 { clock } else { format!("{day} {clock}") }
}

/// The number of days, in a zone, from one point in time to another.
pub(super) fn days((first, last): (EpochMillis, EpochMillis), zone: &Zone) -> u64 {
    // A day may have 23 or 25 hours.
    let millis = time::millis_between(zone.day_start(first), zone.day_start(last));
    (millis + 12 * HOUR_MILLIS) / (24 * HOUR_MILLIS) + 1
}

/// Addresses: `10.0.0.5`, or `10.0.0.5, 10.0.0.6, 10.0.0.7 and 4 more`.
pub(super) fn listed(listed: &Listed) -> String {
    let names = listed.names.join(", ");
    let left_out = listed.number.saturating_sub(listed.names.len() as u64);
    let about = if listed.is_exact { "" } else { "about " };
    match (names.is_empty(), left_out) {
        (true, _) => format!("{about}{}", number(listed.number, "address").replace("addresss", "addresses")),
        (false, 0) => names,
        (false, left_out) => format!("{names} and {about}{} more", grouped(left_out)),
    }
}

/// An amount of money: `8.77`.
pub(super) fn usd(amount: f64) -> String {
    if amount > 0.0 && amount < 0.005 { "< 0.01".to_owned() } else { format!("{amount:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units() {
        for (seconds, text) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (7_500, "2 h 5 min"), (273_600, "3 d 4 h")]
        {
            assert_eq!(duration(seconds * SECOND_MILLIS), text);
        }
    }

    #[test]
    fn addresses_beyond_the_named_ones_are_a_number() {
        let of = |number, is_exact, names: &[&str]| {
            listed(&Listed { number, is_exact, names: names.iter().map(|name| (*name).to_owned()).collect() })
        };
        assert_eq!(of(1, true, &["10.0.0.5"]), "10.0.0.5");
        assert_eq!(of(1_005, false, &["a", "b"]), "a, b and about 1,003 more");
        assert_eq!((of(1, true, &[]).as_str(), of(9, false, &[]).as_str()), ("1 address", "about 9 addresses"));
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        // 2026-10-24 23:30 to 2026-10-26 00:30 there, over a day of 25 hours.
        let span = (EpochMillis(1_792_877_400_000), EpochMillis(1_792_971_000_000));
        assert_eq!((days(span, &berlin), days(span, &Zone::UTC)), (3, 2));
        assert_eq!(days((span.0, span.0), &berlin), 1);
    }
}
