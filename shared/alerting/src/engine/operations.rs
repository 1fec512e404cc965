//! Metrics about the monitor itself: decisions by reason, emails sent, findings suppressed, and how late an email was.
//!
//! Beside the metrics that count traffic ([`crate::metric`]), in the same namespace and in the same call.
//!
//! | Metric | Unit | |
//! |---|---|---|
//! | `Ping-Deny-Decisions`, dimension `Reason` | Count | decisions, by [`Reason::word`] |
//! | `Ping-Deny-Emails` | Count | emails sent |
//! | `Ping-Deny-Suppressed` | Count | findings counted without an email: of an open incident, or background or silenced beside it |
//! | `Ping-Deny-Email-Delay` | Seconds | from the first packet to the opened email |
//! | `Ping-Deny-Unreadable` | Count | records of a stream that are no document of CloudWatch Logs; written to the log whatever the configuration says |
//! | `Ping-Deny-Set-Aside` | Count | stored documents that could not be read; published whatever the configuration says |
//! | `Ping-Deny-Silenced`, dimension `Silence` | Count | records that a silence covers, by its id; published whatever the configuration says |

use std::collections::BTreeMap;

use crate::{
    engine::outcome::Outcome,
    incident::Reason,
    metrics::{Point, Sample, Unit},
    time::EpochMillis,
};

/// The decisions, known before anything is sent.
pub(super) fn decided(name: &str, outcome: &Outcome, now: EpochMillis) -> Vec<Point> {
    let mut decisions: BTreeMap<Reason, u64> = BTreeMap::new();
    for reason in &outcome.reasons {
        *decisions.entry(*reason).or_default() += 1;
    }
    let mut points: Vec<Point> = decisions
        .into_iter()
        .map(|(reason, count)| Point {
            dimensions: vec![("Reason", reason.word().into())],
            ..point(format!("{name}-Decisions"), now, Sample::ones(count))
        })
        .collect();
    if outcome.suppressed > 0 {
        points.push(point(format!("{name}-Suppressed"), now, Sample::of(outcome.suppressed)));
    }
    points
}

/// What was sent.
pub(super) fn sent(name: &str, outcome: &Outcome, now: EpochMillis) -> Vec<Point> {
    let mut points = Vec::new();
    if outcome.emails > 0 {
        points.push(point(format!("{name}-Emails"), now, Sample::ones(outcome.emails)));
    }
    let delays = outcome.delays_seconds.iter().map(|seconds| Sample::of(*seconds));
    if let Some(sample) = delays.reduce(Sample::with) {
        points.push(Point { unit: Unit::Seconds, ..point(format!("{name}-Email-Delay"), now, sample) });
    }
    points
}

/// Stored documents that could not be read and are set aside.
pub(super) fn set_aside(name: &str, documents: u64, now: EpochMillis) -> Vec<Point> {
    let some = (documents > 0).then(|| point(format!("{name}-Set-Aside"), now, Sample::ones(documents)));
    some.into_iter().collect()
}

/// Records of a stream that cannot be read.
pub(super) fn unreadable(name: &str, records: u64, now: EpochMillis) -> Point {
    point(format!("{name}-Unreadable"), now, Sample::ones(records))
}

/// Records that silences cover, by the id of the silence.
pub(super) fn silenced(name: &str, silenced: &BTreeMap<String, u64>, now: EpochMillis) -> Vec<Point> {
    let one = |(silence, records): (&String, &u64)| Point {
        dimensions: vec![("Silence", silence.clone().into())],
        ..point(format!("{name}-Silenced"), now, Sample::of(*records))
    };
    silenced.iter().map(one).collect()
}

fn point(name: String, at: EpochMillis, sample: Sample) -> Point {
    Point { name, at, sample, unit: Unit::Count, dimensions: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EpochMillis = EpochMillis(1_795_426_800_000);

    fn content(points: &[Point]) -> Vec<(&str, Option<&str>, Unit, Sample)> {
        points
            .iter()
            .map(|point| {
                (point.name.as_str(), point.dimensions.first().map(|(_, value)| &**value), point.unit, point.sample)
            })
            .collect()
    }

    #[test]
    fn each_decision_counts_under_its_reason() {
        let reasons = vec![Reason::Open, Reason::New, Reason::Open];
        let outcome = Outcome { reasons, suppressed: 7, ..Outcome::default() };
        assert_eq!(
            content(&decided("Ping-Deny", &outcome, NOW)),
            [
                ("Ping-Deny-Decisions", Some("new"), Unit::Count, Sample::ones(1)),
                ("Ping-Deny-Decisions", Some("open"), Unit::Count, Sample::ones(2)),
                ("Ping-Deny-Suppressed", None, Unit::Count, Sample { count: 1, sum: 7, min: 7, max: 7 }),
            ]
        );
    }

    #[test]
    fn mails_count_one_each_and_delays_keep_the_longest() {
        let outcome = Outcome { emails: 2, delays_seconds: vec![400, 90], ..Outcome::default() };
        assert_eq!(
            content(&sent("Ping-Deny", &outcome, NOW)),
            [
                ("Ping-Deny-Emails", None, Unit::Count, Sample::ones(2)),
                ("Ping-Deny-Email-Delay", None, Unit::Seconds, Sample { count: 2, sum: 490, min: 90, max: 400 }),
            ]
        );
    }

    #[test]
    fn nothing_done_is_nothing_to_publish() {
        assert!(decided("Ping-Deny", &Outcome::default(), NOW).is_empty());
        assert!(sent("Ping-Deny", &Outcome::default(), NOW).is_empty());
    }
}
