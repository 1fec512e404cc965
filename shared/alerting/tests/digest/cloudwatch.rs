//! A naive CloudWatch: every data point and log event ever, and answers over any time.

use std::collections::{BTreeMap, BTreeSet};

use alerting::{
    digest::{
        Answers, Contributor, DataPoint, MAX_CONTRIBUTORS, Measure, Questions, Report, Rule, Span, Statistic, Unknown,
    },
    ports::DigestSource,
    time::EpochMillis,
};

/// A log event that a rule matches: when, the values of the keys, and the weight.
type Event = (EpochMillis, Vec<String>, u64);

#[derive(Clone, Debug, Default)]
pub(crate) struct CloudWatch {
    values: BTreeMap<Measure, Vec<DataPoint>>,
    events: BTreeMap<Rule, Vec<Event>>,
    failing_metrics: BTreeMap<Measure, Unknown>,
    failing_rules: BTreeMap<Rule, Unknown>,
    /// Reports that contain this point in time fail.
    pub(crate) failing_at: Option<EpochMillis>,
}

impl CloudWatch {
    pub(crate) fn count(&mut self, measure: Measure, at: EpochMillis, value: u64) {
        self.values.entry(measure).or_default().push(DataPoint { at, value });
    }

    pub(crate) fn event(&mut self, rule: Rule, at: EpochMillis, keys: &[&str], weight: u64) {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self.events.entry(rule).or_default().push((at, keys, weight));
    }

    pub(crate) fn fail_metric(&mut self, measure: Measure, unknown: Unknown) {
        self.failing_metrics.insert(measure, unknown);
    }

    pub(crate) fn fail_rule(&mut self, rule: Rule, unknown: Unknown) {
        self.failing_rules.insert(rule, unknown);
    }

    pub(crate) fn answer(&self, questions: &Questions) -> Answers {
        let mut answers = Answers::default();
        for request in &questions.metrics {
            for metric in &request.metrics {
                let known = match self.failing_metrics.get(&metric.measure) {
                    Some(unknown) => Err(unknown.clone()),
                    None => Ok(self.points(&metric.measure, metric.statistic, request.span, request.period_seconds)),
                };
                assert!(answers.metrics.insert(metric.measure.clone(), known).is_none(), "asked twice: {metric:?}");
            }
        }
        let mut asked = BTreeSet::new();
        for question in &questions.reports {
            assert!(asked.insert(question.clone()), "asked twice: {question:?}");
            let Span { from, to } = question.span;
            assert!(from < to && to.0 - from.0 <= 24 * 3_600_000, "no report covers more than a day: {question:?}");
            let failing = self.failing_at.filter(|at| question.span.contains(*at));
            let known = match (self.failing_rules.get(&question.rule), failing) {
                (Some(unknown), _) => Err(unknown.clone()),
                (None, Some(_)) => Err(Unknown::TooSlow),
                (None, None) => Ok(self.report(question.rule, question.span, question.period_seconds)),
            };
            answers.reports.push((question.clone(), known));
        }
        answers
    }

    /// The values of each period, put together. A period without a value has no point.
    fn points(&self, measure: &Measure, statistic: Statistic, span: Span, seconds: u32) -> Vec<DataPoint> {
        let step = u64::from(seconds) * 1_000;
        assert!(span.from.0.is_multiple_of(step) || seconds == 60, "a time begins with a data point");
        let mut periods: BTreeMap<u64, u64> = BTreeMap::new();
        let values = self.values.get(measure).into_iter().flatten().filter(|point| span.contains(point.at));
        for DataPoint { at, value } in values {
            let sum = periods.entry(at.0 / step * step).or_default();
            match statistic {
                Statistic::Sum => *sum += value,
                Statistic::Maximum => *sum = (*sum).max(*value),
            }
        }
        // The newest first, as GetMetricData returns them by default.
        periods.into_iter().rev().map(|(at, value)| DataPoint { at: EpochMillis(at), value }).collect()
    }

    fn report(&self, rule: Rule, span: Span, seconds: u32) -> Report {
        let step = u64::from(seconds) * 1_000;
        let mut by_keys: BTreeMap<&Vec<String>, BTreeMap<u64, u64>> = BTreeMap::new();
        for (at, keys, weight) in self.events.get(&rule).into_iter().flatten().filter(|(at, ..)| span.contains(*at)) {
            *by_keys.entry(keys).or_default().entry(at.0 / step * step).or_default() += weight;
        }
        let distinct = by_keys.len() as u64;
        let mut contributors: Vec<Contributor> = by_keys
            .into_iter()
            .map(|(keys, points)| Contributor {
                keys: keys.clone(),
                weight: points.values().sum(),
                points: points.into_iter().map(|(at, value)| DataPoint { at: EpochMillis(at), value }).collect(),
            })
            .collect();
        contributors.sort_by_key(|one| std::cmp::Reverse(one.weight));
        contributors.truncate(MAX_CONTRIBUTORS);
        Report { contributors, distinct }
    }
}

impl DigestSource for CloudWatch {
    async fn ask(&self, questions: &Questions) -> Answers {
        self.answer(questions)
    }
}
