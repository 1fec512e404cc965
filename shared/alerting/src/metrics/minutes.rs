//! Matched records by the minute, and the data points they become.

use flow_log::{EpochMillis, Protocol};

use crate::{
    metrics::point::{Dimension, Point, Sample, Unit},
    time::{self, MINUTE_MILLIS},
};

/// Minutes that one batch tells apart. A batch spans a few; records past this many are counted in the nearest minute there is.
pub const MAX_MINUTES: usize = 80;

/// CloudWatch refuses a whole call when one time stamp is older than this ...
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
pub const MAX_AGE_MILLIS: u64 = 14 * 24 * 60 * MINUTE_MILLIS;

/// ... or further in the future than this.
pub const MAX_AHEAD_MILLIS: u64 = 2 * 60 * MINUTE_MILLIS;

/// Kept away from both ends, because the call arrives later than it was made and clocks differ.
const MARGIN_MILLIS: u64 = 10 * MINUTE_MILLIS;

/// The matched records of a batch by the minute of their log event. CloudWatch stores standard-resolution metrics by the
/// minute, so nothing is lost by adding up within one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minutes(
    /// In the order of time.
    Vec<Minute>,
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Minute {
    /// Its number since the epoch.
    number: u64,
    /// The earliest log event of the minute.
    at: EpochMillis,
    records: u64,
    records_v6: u64,
    packets: Option<Sample>,
}

impl Minute {
    fn add(&mut self, other: &Minute) {
        self.at = self.at.min(other.at);
        self.records += other.records;
        self.records_v6 += other.records_v6;
        self.packets = both(self.packets, other.packets);
    }
}

/// The samples of both, as far as there are any.
fn both(one: Option<Sample>, other: Option<Sample>) -> Option<Sample> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.with(other)),
        (one, other) => one.or(other),
    }
}

impl Minutes {
    /// Data points of one minute, at most: records, ICMPv6 records and packets.
    pub const POINTS: usize = 3;

    /// None.
    pub const fn new() -> Minutes {
        Minutes(Vec::new())
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts one matched record. `timestamp` is that of its log event, milliseconds since the epoch.
    pub fn add(&mut self, timestamp: i64, protocol: Protocol, packets: Option<u64>) {
        let at = EpochMillis(u64::try_from(timestamp).unwrap_or(0));
        let minute = self.minute(at.0 / MINUTE_MILLIS, at);
        minute.at = minute.at.min(at);
        minute.records += 1;
        minute.records_v6 += u64::from(protocol == Protocol::ICMPV6);
        minute.packets = both(minute.packets, packets.map(Sample::of));
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Minutes) {
        other.0.iter().for_each(|minute| self.minute(minute.number, minute.at).add(minute));
    }

    /// The minute of this number, or the nearest where there are too many.
    fn minute(&mut self, number: u64, at: EpochMillis) -> &mut Minute {
        let place = match self.0.binary_search_by_key(&number, |minute| minute.number) {
            Ok(place) => place,
            Err(place) if self.0.len() >= MAX_MINUTES => place.saturating_sub(1),
            Err(place) => {
                self.0.insert(place, Minute { number, at, records: 0, records_v6: 0, packets: None });
                place
            }
        };
        &mut self.0[place]
    }

    /// The same records in this many minutes at most: those past it in the nearest minute there is.
    #[must_use]
    pub fn within(&self, minutes: usize) -> Minutes {
        let mut kept = self.clone();
        for over in kept.0.split_off(minutes.clamp(1, MAX_MINUTES).min(self.0.len())) {
            if let Some(last) = kept.0.last_mut() {
                last.add(&over);
            }
        }
        kept
    }

    /// The data points to publish under these dimensions, [`Minutes::POINTS`] a minute at most: `name` counts matched records with the
    /// value 1 each, as a metric filter would; `name-V6` the ICMPv6 share of them; `name-Packets` their packets.
    ///
    /// A time stamp that CloudWatch would refuse is replaced by `now`, because one of them fails the whole call.
    pub fn points(&self, name: &str, dimensions: &[Dimension], now: EpochMillis) -> Vec<Point> {
        let oldest = time::before(now, MAX_AGE_MILLIS - MARGIN_MILLIS);
        let newest = time::after(now, MAX_AHEAD_MILLIS - MARGIN_MILLIS);
        let mut points = Vec::with_capacity(self.0.len() * Minutes::POINTS);
        for minute in &self.0 {
            let at = if (oldest..=newest).contains(&minute.at) { minute.at } else { now };
            let mut push = |name: String, sample| {
                points.push(Point { name, at, sample, unit: Unit::Count, dimensions: dimensions.to_vec() })
            };
            push(name.to_owned(), Sample::ones(minute.records));
            if minute.records_v6 > 0 {
                push(format!("{name}-V6"), Sample::ones(minute.records_v6));
            }
            if let Some(packets) = minute.packets {
                push(format!("{name}-Packets"), packets);
            }
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EpochMillis = EpochMillis(1_795_426_800_000);

    fn minutes(records: &[(u64, u8, u64)]) -> Minutes {
        let mut minutes = Minutes::default();
        for (timestamp, protocol, packets) in records {
            minutes.add(i64::try_from(*timestamp).unwrap(), Protocol(*protocol), Some(*packets));
        }
        minutes
    }

    fn named(points: &[Point]) -> Vec<(String, u64, Sample)> {
        points.iter().map(|point| (point.name.clone(), point.at.0, point.sample)).collect()
    }

    fn points(records: &[(u64, u8, u64)]) -> Vec<(String, u64, Sample)> {
        named(&minutes(records).points("Ping-Deny", &[], NOW))
    }

    #[test]
    fn records_count_one_each_in_their_minute() {
        let at = NOW.0 - 400_000;
        assert_eq!(
            points(&[(at + 9_000, 1, 4), (at, 1, 1), (at + MINUTE_MILLIS, 1, 7)]),
            [
                ("Ping-Deny".into(), at, Sample::ones(2)),
                ("Ping-Deny-Packets".into(), at, Sample { count: 2, sum: 5, min: 1, max: 4 }),
                ("Ping-Deny".into(), at + MINUTE_MILLIS, Sample::ones(1)),
                ("Ping-Deny-Packets".into(), at + MINUTE_MILLIS, Sample { count: 1, sum: 7, min: 7, max: 7 }),
            ]
        );
    }

    #[test]
    fn icmpv6_is_counted_in_both() {
        let found = points(&[(NOW.0, 58, 2), (NOW.0, 1, 2)]);
        assert_eq!(found[0], ("Ping-Deny".into(), NOW.0, Sample::ones(2)));
        assert_eq!(found[1], ("Ping-Deny-V6".into(), NOW.0, Sample::ones(1)));
    }

    #[test]
    fn a_time_cloudwatch_would_refuse_becomes_now() {
        for at in [0, NOW.0 - MAX_AGE_MILLIS, NOW.0 + MAX_AHEAD_MILLIS] {
            assert_eq!(points(&[(at, 1, 1)])[0].1, NOW.0, "{at}");
        }
        assert_eq!(points(&[(NOW.0 - 13 * 24 * 60 * MINUTE_MILLIS, 1, 1)])[0].1, NOW.0 - 13 * 24 * 60 * MINUTE_MILLIS);
    }

    #[test]
    fn minutes_are_limited_and_lose_no_record() {
        let many: Vec<_> = (0..2 * MAX_MINUTES as u64).map(|n| (NOW.0 - n * MINUTE_MILLIS, 1, 1)).collect();
        for (limit, kept) in [(MAX_MINUTES, MAX_MINUTES), (1_000, MAX_MINUTES), (22, 22), (1, 1), (0, 1)] {
            let found = named(&minutes(&many).within(limit).points("P", &[], NOW));
            let records: Vec<u64> = found.iter().filter(|point| point.0 == "P").map(|point| point.2.sum).collect();
            assert_eq!((records.len(), records.iter().sum()), (kept, 2 * MAX_MINUTES as u64), "{limit}");
        }
        assert_eq!(minutes(&many[..3]).within(22), minutes(&many[..3]), "fewer stay as they are");
    }

    #[test]
    fn nothing_matched_is_nothing_to_publish() {
        assert!(points(&[]).is_empty());
    }
}
