//! What a digest asks of CloudWatch.

use crate::{
    digest::{
        connections,
        input::DigestInput,
        period::{Period, Span},
        source::{Measure, MetricQuestion, MetricRequest, Questions, ReportQuestion, Rule, Statistic},
    },
    incident::InternetPings,
    metrics::{ORIGIN, REJECT, RULE},
    time::{EpochMillis, MINUTE_MILLIS},
};

/// Seconds of a data point where periods are added up. Each period begins and ends at one, because zones differ from UTC by quarters of an
/// hour, and CloudWatch keeps such points for 63 days
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const PERIOD_SECONDS: u32 = 900;

/// Seconds of a data point where the minute matters.
const MINUTE_SECONDS: u32 = 60;

/// The longest time of a report, in milliseconds: a day. A report may begin up to 15 days ago
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-ViewReports.html>).
const MAX_REPORT_MILLIS: u64 = 24 * 60 * MINUTE_MILLIS;

impl DigestInput<'_> {
    /// What has to be asked about a period.
    pub fn questions(&self, period: &Period) -> Questions {
        let history = Span { from: period.earliest(), to: period.span.to };
        let mut metrics = self.counted(period.span.from);
        metrics.push(self.aws(
            Measure::LogEvents,
            "AWS/Logs",
            "IncomingLogEvents",
            ("LogGroupName", &self.settings.log_group),
        ));
        let arrivals =
            self.aws(Measure::Arrivals, "AWS/Logs", "IncomingLogEvents", ("LogGroupName", &self.settings.log_group));
        let queue = |measure, name: &str| MetricQuestion {
            statistic: Statistic::Maximum,
            ..self.aws(measure, "AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName", name))
        };
        let newest = vec![
            arrivals,
            queue(Measure::FailedBatches, &self.settings.failure_queue),
            queue(Measure::FailedTimers, &self.settings.timer_failure_queue),
        ];
        let latest = Span { from: EpochMillis(self.now.0.saturating_sub(MAX_REPORT_MILLIS)), to: self.now };
        let mut requests = vec![MetricRequest { span: history, period_seconds: PERIOD_SECONDS, metrics }];
        requests.push(MetricRequest { span: latest, period_seconds: MINUTE_SECONDS, metrics: newest });
        Questions { metrics: requests, reports: self.reports(period) }
    }

    fn reports_background(&self) -> bool {
        self.internet_pings == InternetPings::Digest
    }

    /// The metrics of the functions and the metric filters.
    fn counted(&self, from: EpochMillis) -> Vec<MetricQuestion> {
        let of = |measure, suffix: &str, dimension: Option<(&'static str, &str)>| MetricQuestion {
            measure,
            namespace: self.namespace.to_owned(),
            name: format!("{}{suffix}", self.metric),
            dimensions: dimension.map(|(name, value)| (name, value.to_owned())).into_iter().collect(),
            statistic: Statistic::Sum,
        };
        let origin = |word| Some(("Origin", word));
        let mut metrics = vec![
            of(Measure::OwnRecords, "", origin("own")),
            of(Measure::PrivateRecords, "", origin("private")),
            of(Measure::Skipped, "-Skipped", None),
            of(Measure::Unparsed, "-Unparsed", None),
        ];
        if self.reports_background() {
            metrics.push(of(Measure::InternetRecords, "", origin("internet")));
            metrics.push(of(Measure::InternetPackets, "-Packets", origin("internet")));
        }
        if self.operational_metrics {
            metrics.push(of(Measure::Opened, "-Decisions", Some(("Reason", "new"))));
        }
        let held = self
            .silences_since(from)
            .map(|silence| of(Measure::HeldBack(silence.id.clone()), "-Silenced", Some(("Silence", &silence.id))));
        metrics.extend(held);
        metrics.extend(connections::measures(self.in_force).into_iter().map(|measure| self.of_connections(measure)));
        metrics
    }

    /// The metric of a rule about TCP and UDP, by rule and origin.
    fn of_connections(&self, measure: Measure) -> MetricQuestion {
        let (suffix, dimensions) = match measure {
            Measure::RejectPackets(rule, origin) => ("-Packets", vec![(RULE, rule.word()), (ORIGIN, origin)]),
            Measure::Rejects(rule, origin) => ("", vec![(RULE, rule.word()), (ORIGIN, origin)]),
            _ => ("", Vec::new()),
        };
        MetricQuestion {
            measure,
            namespace: self.namespace.to_owned(),
            name: format!("{REJECT}{suffix}"),
            dimensions: dimensions.into_iter().map(|(name, value)| (name, value.to_owned())).collect(),
            statistic: Statistic::Sum,
        }
    }

    fn aws(&self, measure: Measure, namespace: &str, name: &str, (key, value): (&'static str, &str)) -> MetricQuestion {
        MetricQuestion {
            measure,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: vec![(key, value.to_owned())],
            statistic: Statistic::Sum,
        }
    }

    fn reports(&self, period: &Period) -> Vec<ReportQuestion> {
        let ranked: &[(Rule, bool)] = &[
            (Rule::Emails, false),
            (Rule::Interfaces, true),
            (Rule::Sources, true),
            (Rule::SourcesV6, true),
            (Rule::Targets, false),
        ];
        let mut reports = Vec::new();
        for (rule, compared) in ranked {
            let only_background = matches!(rule, Rule::Sources | Rule::SourcesV6 | Rule::Targets);
            let Ok(name) = self.settings.rules.name(*rule) else { continue };
            if only_background && !self.reports_background() {
                continue;
            }
            let before = period.days_before.iter().filter(|_| *compared);
            let spans = [&period.span].into_iter().chain(before).flat_map(|span| span.parts(MAX_REPORT_MILLIS));
            let period_seconds = if *rule == Rule::Emails { MINUTE_SECONDS } else { PERIOD_SECONDS };
            reports.extend(spans.map(|span| ReportQuestion {
                rule: *rule,
                name: name.to_owned(),
                span,
                period_seconds,
            }));
        }
        reports
    }
}
