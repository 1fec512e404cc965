//! What is asked of CloudWatch, and what it answers.

use std::collections::BTreeMap;

use crate::{
    detection,
    digest::{
        known::{Known, Unknown},
        period::Span,
    },
    time::EpochMillis,
};

/// Contributors of a report
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetInsightRuleReport.html>).
pub const MAX_CONTRIBUTORS: usize = 100;

/// What a digest asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Questions {
    /// Metrics.
    pub metrics: Vec<MetricRequest>,
    /// Reports of Contributor Insights rules.
    pub reports: Vec<ReportQuestion>,
}

/// Metrics of the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricRequest {
    /// The time.
    pub span: Span,
    /// Seconds of a data point.
    pub period_seconds: u32,
    /// The metrics.
    pub metrics: Vec<MetricQuestion>,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricQuestion {
    /// What it counts.
    pub measure: Measure,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Names and values of its dimensions.
    pub dimensions: Vec<(&'static str, String)>,
    /// How the values of a data point are put together.
    pub statistic: Statistic,
}

/// How values are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// The largest.
    Maximum,
}

/// What a metric counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Records of rejected pings of origin `own`.
    OwnRecords,
    /// The same of origin `private`.
    PrivateRecords,
    /// The same of origin `internet`.
    InternetRecords,
    /// The packets of these.
    InternetPackets,
    /// Records of rejected TCP and UDP, by rule and [`crate::detection::Origin::word`].
    Rejects(detection::Rule, &'static str),
    /// The packets of these.
    RejectPackets(detection::Rule, &'static str),
    /// Incidents opened.
    Opened,
    /// SKIPDATA records.
    Skipped,
    /// Lines that could not be read.
    Unparsed,
    /// Log events that the log group got.
    LogEvents,
    /// The same by the minute.
    Arrivals,
    /// Batches in the failure queue.
    FailedBatches,
    /// Messages in the timers' failure queue.
    FailedTimers,
    /// Records that the silence with this id held back.
    HeldBack(String),
}

/// A value at a point in time: the start of its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataPoint {
    /// When.
    pub at: EpochMillis,
    /// The value.
    pub value: u64,
}

/// A Contributor Insights rule, by what it ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Sources of rejected pings, with their interface, by packets.
    Sources,
    /// The same of ICMPv6.
    SourcesV6,
    /// Targets of rejected pings, by packets.
    Targets,
    /// Interfaces, by records.
    Interfaces,
    /// Emails sent: incident, signal, kind, subject.
    Emails,
}

/// A report of a rule, over at most a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportQuestion {
    /// The rule.
    pub rule: Rule,
    /// Its name in CloudWatch.
    pub name: String,
    /// The time.
    pub span: Span,
    /// Seconds of a data point.
    pub period_seconds: u32,
}

/// The heaviest contributors of a rule, at most [`MAX_CONTRIBUTORS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The contributors.
    pub contributors: Vec<Contributor>,
    /// How many there are: an estimate where there are many.
    pub distinct: u64,
}

impl Report {
    /// Tells whether it has all contributors.
    pub fn is_complete(&self) -> bool {
        self.contributors.len() < MAX_CONTRIBUTORS
    }
}

/// A contributor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributor {
    /// The values of the rule's keys, in their order.
    pub keys: Vec<String>,
    /// Its weight.
    pub weight: u64,
    /// When it contributed.
    pub points: Vec<DataPoint>,
}

/// What CloudWatch answers. What is not in it was not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The data points of each metric, in no order. None at all: nothing was counted.
    pub metrics: BTreeMap<Measure, Known<Vec<DataPoint>>>,
    /// The report of each question.
    pub reports: Vec<(ReportQuestion, Known<Report>)>,
}

impl Answers {
    /// The data points of a metric.
    pub(super) fn points(&self, measure: &Measure) -> Known<&[DataPoint]> {
        match self.metrics.get(measure) {
            Some(Ok(points)) => Ok(points),
            Some(Err(unknown)) => Err(unknown.clone()),
            None => Err(Unknown::NotAsked),
        }
    }

    /// The sum of a metric over a time. Nothing counted is zero.
    pub(super) fn sum(&self, measure: &Measure, span: Span) -> Known<u64> {
        let points = self.points(measure)?.iter().filter(|point| span.contains(point.at));
        Ok(points.map(|point| point.value).fold(0, u64::saturating_add))
    }

    /// The reports of a rule within a time. All of them are needed: a missing one is what is not known.
    pub(super) fn reports(&self, rule: Rule, span: Span) -> Known<Vec<&Report>> {
        let mine = self.reports.iter().filter(|(question, _)| {
            question.rule == rule && question.span.from >= span.from && question.span.to <= span.to
        });
        let found: Vec<&Report> =
            mine.map(|(_, report)| report.as_ref().map_err(Clone::clone)).collect::<Known<_>>()?;
        if found.is_empty() { Err(Unknown::NotAsked) } else { Ok(found) }
    }
}
