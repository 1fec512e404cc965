//! Metrics about traffic: what was rejected, by rule and origin.
//!
//! | Metric | Dimensions | |
//! |---|---|---|
//! | `Ping-Deny`, `Ping-Deny-V6`, `Ping-Deny-Packets` | none, and once more `Origin` | what rule `ping` matched |
//! | `Reject`, `Reject-Packets` | `Rule` and `Origin` together | what the rules about TCP and UDP matched |

use std::collections::BTreeMap;

use crate::{
    detection::Rule,
    metrics::{Minutes, ORIGIN, Point, REJECT, RULE},
    time::EpochMillis,
};

/// Data points of the traffic of one batch. PutMetricData takes 1,000
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>), and a call that fails after another one
/// would be repeated with it. The rest is for up to 50 silences and what [`super::operations`] has.
const MAX_POINTS: usize = 930;

/// The data points of matched records by rule and origin. Nothing where nothing was matched.
///
/// The batch keeps as many minutes apart as [`MAX_POINTS`] allows: 77 with pings of all origins, 22 with all rules and origins.
pub(super) fn points(by_rule: &BTreeMap<(Rule, &'static str), Minutes>, name: &str, now: EpochMillis) -> Vec<Point> {
    let mut all_pings = Minutes::default();
    let mut pings = 0;
    for ((_, minutes), number) in by_rule.iter().filter(|((rule, _), _)| *rule == Rule::Ping).zip(1..) {
        all_pings.merge(minutes);
        pings = number + 1;
    }
    let others = by_rule.keys().filter(|(rule, _)| *rule != Rule::Ping).count();
    let limit = MAX_POINTS / (pings * Minutes::POINTS + others * REJECT_POINTS).max(1);
    let mut points = all_pings.within(limit).points(name, &[], now);
    for ((rule, origin), minutes) in by_rule {
        let (minutes, origin) = (minutes.within(limit), (ORIGIN, (*origin).into()));
        points.extend(match rule {
            Rule::Ping => minutes.points(name, &[origin], now),
            rule => minutes.points(REJECT, &[(RULE, rule.word().into()), origin], now),
        });
    }
    points
}

/// Data points of one minute of a rule about TCP and UDP, at most: records and packets.
const REJECT_POINTS: usize = 2;

#[cfg(test)]
mod tests {
    use flow_log::Protocol;

    use super::*;
    use crate::{detection::Origin, time::MINUTE_MILLIS};

    const NOW: EpochMillis = EpochMillis(1_795_426_800_000);

    fn minutes(records: &[(u64, u8, u64)]) -> Minutes {
        let mut minutes = Minutes::default();
        for (timestamp, protocol, packets) in records {
            minutes.add(i64::try_from(*timestamp).unwrap(), Protocol(*protocol), Some(*packets));
        }
        minutes
    }

    /// Name with dimensions, and sum.
    fn named(points: &[Point]) -> Vec<(String, u64)> {
        let dimensions = |point: &Point| -> String {
            point.dimensions.iter().map(|(name, value)| format!(" {name}={value}")).collect()
        };
        points.iter().map(|point| (format!("{}{}", point.name, dimensions(point)), point.sample.sum)).collect()
    }

    #[test]
    fn pings_are_counted_altogether_and_by_origin_and_the_other_rules_by_both() {
        let by_rule = [
            ((Rule::Ping, "internet"), minutes(&[(NOW.0, 1, 3)])),
            ((Rule::Ping, "own"), minutes(&[(NOW.0, 58, 4), (NOW.0, 1, 1)])),
            ((Rule::Request, "internet"), minutes(&[(NOW.0, 6, 1), (NOW.0, 17, 1)])),
            ((Rule::Reply, "own"), minutes(&[(NOW.0, 6, 5)])),
            ((Rule::Late, "own"), minutes(&[(NOW.0, 6, 2)])),
        ];
        let found = named(&points(&by_rule.into(), "P", NOW));
        let found: Vec<(&str, u64)> = found.iter().map(|(name, sum)| (name.as_str(), *sum)).collect();
        assert_eq!(
            found,
            [
                ("P", 3),
                ("P-V6", 1),
                ("P-Packets", 8),
                ("P Origin=internet", 1),
                ("P-Packets Origin=internet", 3),
                ("P Origin=own", 2),
                ("P-V6 Origin=own", 1),
                ("P-Packets Origin=own", 5),
                ("Reject Rule=request Origin=internet", 2),
                ("Reject-Packets Rule=request Origin=internet", 2),
                ("Reject Rule=reply Origin=own", 1),
                ("Reject-Packets Rule=reply Origin=own", 5),
                ("Reject Rule=late Origin=own", 1),
                ("Reject-Packets Rule=late Origin=own", 2),
            ]
        );
        assert_eq!(named(&points(&BTreeMap::new(), "P", NOW)), []);
    }

    #[test]
    fn the_points_of_a_batch_fit_one_call_and_lose_no_record() {
        let many: Vec<_> = (0..100).map(|n| (NOW.0 - n * MINUTE_MILLIS, 1, 1)).collect();
        let many_v6: Vec<_> = many.iter().map(|(at, _, packets)| (*at, 58, *packets)).collect();
        let origins = [Origin::OwnRequest, Origin::Private, Origin::Internet].map(Origin::word);
        for (rules, kept) in [(&[Rule::Ping][..], 77), (&Rule::ALL[..], 22), (&Rule::ALL[1..], 31), (&[Rule::Late], 80)]
        {
            let keys = rules.iter().flat_map(|rule| origins.map(|origin| (*rule, origin)));
            let of = |rule| minutes(if rule == Rule::Ping { &many_v6 } else { &many });
            let by_rule = keys.map(|key| (key, of(key.0))).collect();
            let points = points(&by_rule, "P", NOW);
            assert!(points.len() <= MAX_POINTS, "{rules:?}: {}", points.len());
            for ((rule, origin), _) in by_rule {
                let name = if rule == Rule::Ping { "P" } else { REJECT };
                let of = |point: &&Point| {
                    let values: Vec<&str> = point.dimensions.iter().map(|(_, value)| &**value).collect();
                    point.name == name
                        && values.ends_with(&[origin])
                        && (rule == Rule::Ping || values[0] == rule.word())
                };
                let found: Vec<u64> = points.iter().filter(of).map(|point| point.sample.sum).collect();
                assert_eq!((found.len(), found.iter().sum::<u64>()), (kept, 100), "{rules:?}: {rule:?} {origin}");
            }
        }
    }
}
