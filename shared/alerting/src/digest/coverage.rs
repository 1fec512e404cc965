//! Coverage: what was seen, and what may be missing.

use std::collections::BTreeSet;

use crate::{
    digest::{
        input::DigestSettings,
        known::{Known, Unknown},
        period::{Period, Span},
        source::{Answers, Measure, Report, Rule},
    },
    time::{self, EpochMillis, MINUTE_MILLIS},
};

/// The age of the newest record from which on records may be missing.
pub const STALE_MILLIS: u64 = 60 * MINUTE_MILLIS;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Records that the log group got.
    pub log_events: Known<u64>,
    /// The minute in which the newest one came; none in the day before the digest.
    pub newest: Known<Option<EpochMillis>>,
    /// The interfaces that sent records.
    pub interfaces: Known<Interfaces>,
    /// SKIPDATA records: each stands for records that AWS lost.
    pub skipped: Known<u64>,
    /// Lines that could not be read.
    pub unparsed: Known<u64>,
    /// Batches that wait in the failure queue.
    pub failed_batches: Known<u64>,
    /// Messages that wait in the timers' failure queue.
    pub failed_timers: Known<u64>,
}

/// Interfaces that sent records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interfaces {
    /// How many.
    pub sent: u64,
    /// Whether that is exact: an estimate otherwise.
    pub exact: bool,
    /// Those that sent some in the days before and none in the period.
    pub gone: Known<Vec<String>>,
}

impl Coverage {
    pub(super) fn of(period: &Period, settings: &DigestSettings, answers: &Answers) -> Coverage {
        let sum = |measure| answers.sum(&measure, period.span);
        Coverage {
            log_events: sum(Measure::LogEvents),
            newest: answers
                .points(&Measure::Arrivals)
                .map(|points| points.iter().filter(|point| point.value > 0).map(|point| point.at).max()),
            interfaces: settings.rules.name(Rule::Interfaces).and_then(|_| Interfaces::of(period, answers)),
            skipped: sum(Measure::Skipped),
            unparsed: sum(Measure::Unparsed),
            failed_batches: waiting(answers, Measure::FailedBatches),
            failed_timers: waiting(answers, Measure::FailedTimers),
        }
    }

    /// Tells whether something shows that records or emails may be missing.
    pub fn has_gaps(&self, now: EpochMillis) -> bool {
        let counts = [&self.skipped, &self.unparsed, &self.failed_batches, &self.failed_timers];
        counts.into_iter().any(|count| matches!(count, Ok(1..))) || self.is_stale(now)
    }

    /// Tells whether the newest record is too old.
    pub fn is_stale(&self, now: EpochMillis) -> bool {
        self.newest
            .as_ref()
            .is_ok_and(|newest| newest.is_none_or(|newest| time::millis_between(newest, now) > STALE_MILLIS))
    }
}

/// Messages in a queue: the latest value. A queue without values has had no message for hours
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-monitoring-using-cloudwatch.html>).
fn waiting(answers: &Answers, measure: Measure) -> Known<u64> {
    let latest = answers.points(&measure)?.iter().max_by_key(|point| point.at);
    Ok(latest.map_or(0, |point| point.value))
}

impl Interfaces {
    fn of(period: &Period, answers: &Answers) -> Known<Interfaces> {
        let (now, complete) = names(answers, period.span)?;
        let days = period.days_before.iter();
        let before = days.map(|day| names(answers, *day)).collect::<Known<Vec<_>>>();
        let gone = match before {
            // Of so many, some that are not among the heaviest sent records, too.
            _ if !complete => Err(Unknown::TooMany),
            Err(unknown) => Err(unknown),
            Ok(before) => {
                let before: BTreeSet<&str> = before.into_iter().flat_map(|(names, _)| names).collect();
                Ok(before.difference(&now).map(|name| (*name).to_owned()).collect())
            }
        };
        let estimate = answers.reports(Rule::Interfaces, period.span)?.iter().map(|report| report.distinct).max();
        let sent = if complete { now.len() as u64 } else { estimate.unwrap_or_default().max(now.len() as u64) };
        Ok(Interfaces { sent, exact: complete, gone })
    }
}

/// The interfaces of a time, and whether these are all.
fn names(answers: &Answers, span: Span) -> Known<(BTreeSet<&str>, bool)> {
    let reports = answers.reports(Rule::Interfaces, span)?;
    let complete = reports.iter().all(|report| Report::is_complete(report));
    let keys = reports.iter().flat_map(|report| &report.contributors).filter_map(|one| one.keys.first());
    Ok((keys.map(String::as_str).collect(), complete))
}
