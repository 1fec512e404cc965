//! What 30 days of this traffic would cost: the formulas of `docs/generate/cost.py`, with what was counted here.

use std::collections::BTreeMap;

use alerting::time::{self, EpochMillis, HOUR_MILLIS, MINUTE_MILLIS};
use serde::Deserialize;

use super::traffic::Runs;

/// The prices, which `docs/cost.md` is computed from.
const PRICES: &str = include_str!("../../../../docs/generate/prices.json");

/// The shortest period that is scaled: of less, 30 days would be mostly chance.
pub(super) const MIN_PERIOD_HOURS: u64 = 12;

/// Bytes of a record of the default format.
pub(super) const RECORD_BYTES: f64 = 117.0;

const DAYS: f64 = 30.0;
const MONTH_MINUTES: f64 = DAYS * 24.0 * 60.0;
const GB: f64 = 1e9;

// Measured, counted from the template, or assumed: docs/cost.md says which.
const MEMORY_GB: f64 = 0.25;
const SECONDS_QUIET: f64 = 0.002;
const SECONDS_FINDING: f64 = 0.060;
const WRITES_PER_FINDING_BATCH: f64 = 12.9;
const READS_PER_FINDING_BATCH: f64 = 4.7;
const LOG_RUN_GB: f64 = 900.0 / GB;
const EMF_LINE_GB: f64 = 330.0 / GB;
const REJECT_LINE_GB: f64 = 280.0 / GB;
const STORED_SHARE: f64 = 0.15;
const METRICS_OF_RECORDS: f64 = 3.0;
const METRICS_OF_A_RULE: f64 = 2.0;
const METRICS_OF_DECISIONS: f64 = 13.0;
const WATCHDOG_METRICS: f64 = 2.0;
const OTHER_ALARM_METRICS: f64 = 14.0;
const RULES: f64 = 4.0;
const INTERFACE_RULES: f64 = 1.0;
const DIGEST_READS: f64 = 38.0;
const DIGEST_SECONDS: f64 = 3.0;
const POLLS: f64 = 5.0 * 3.0 * MONTH_MINUTES;

/// What was counted in a period.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Records that were read.
    pub(crate) records: u64,
    /// Records of rejected ICMP.
    pub(crate) rejected: u64,
    pub(crate) emails: u64,
    pub(crate) runs: Runs,
}

/// The bill of 30 days.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bill {
    /// Region of the prices.
    pub(crate) region: String,
    /// When the prices were collected.
    pub(crate) collected: String,
    /// What depends on the traffic: name and amount in USD.
    pub(crate) parts: Vec<(&'static str, f64)>,
    /// What does not, in USD.
    pub(crate) fixed: f64,
}

impl Bill {
    /// The sum in USD.
    pub(crate) fn total(&self) -> f64 {
        self.parts.iter().map(|(_, usd)| usd).sum::<f64>() + self.fixed
    }
}

/// Prices by name.
#[derive(Debug, Deserialize)]
struct PriceList {
    region: String,
    collected: String,
    prices: BTreeMap<String, Price>,
}

#[derive(Debug, Deserialize)]
struct Price {
    usd: f64,
}

/// An amount of what is charged.
type Amount = (&'static str, f64);

/// A line of the bill.
struct Part {
    name: &'static str,
    /// Whether it is the same whatever the traffic.
    is_fixed: bool,
    amounts: Vec<Amount>,
}

impl Part {
    fn of(name: &'static str, amounts: impl Into<Vec<Amount>>) -> Part {
        Part { name, is_fixed: false, amounts: amounts.into() }
    }

    fn fixed(name: &'static str, amounts: impl Into<Vec<Amount>>) -> Part {
        Part { is_fixed: true, ..Part::of(name, amounts) }
    }

    fn usd(&self, list: &PriceList) -> Result<f64, String> {
        let usd = |(name, amount): &Amount| {
            let price = list.prices.get(*name).ok_or_else(|| format!("there is no price {name}"))?;
            Ok(price.usd * amount)
        };
        self.amounts.iter().map(usd).sum()
    }
}

/// The bill of 30 days like this period. None if the period is shorter than [`MIN_PERIOD_HOURS`].
///
/// # Errors
/// The list of prices lacks one.
pub(super) fn bill(usage: &Usage, (first, last): (EpochMillis, EpochMillis)) -> Result<Option<Bill>, String> {
    let millis = time::millis_between(first, last) + MINUTE_MILLIS;
    if millis < MIN_PERIOD_HOURS * HOUR_MILLIS {
        return Ok(None);
    }
    let hours = millis as f64 / HOUR_MILLIS as f64;
    let list = prices()?;
    let mut bill =
        Bill { region: list.region.clone(), collected: list.collected.clone(), parts: Vec::new(), fixed: 0.0 };
    for part in parts(usage, hours) {
        let usd = part.usd(&list)?;
        match bill.parts.iter_mut().find(|(name, _)| *name == part.name) {
            _ if part.is_fixed => bill.fixed += usd,
            Some((_, sum)) => *sum += usd,
            None => bill.parts.push((part.name, usd)),
        }
    }
    Ok(Some(bill))
}

fn prices() -> Result<PriceList, String> {
    serde_json::from_str(PRICES).map_err(|error| format!("prices.json: {error}"))
}

/// The lines of a bill, in the order of `docs/cost.md`.
fn parts(usage: &Usage, hours: f64) -> Vec<Part> {
    let scale = DAYS * 24.0 / hours;
    let monthly = |number: u64| number as f64 * scale;
    // A metric is charged by the hour in which it has a value.
    let share = |with_value: u64| with_value as f64 / hours.max(with_value as f64);
    let share_of_origins = usage.runs.hours_of_origins as f64 / hours.max(usage.runs.hours as f64);
    let Usage { records, rejected, emails, runs } = *usage;
    let gigabytes = monthly(records) * RECORD_BYTES / GB;
    let (all, finding, emails) = (monthly(runs.all), monthly(runs.with_signal), monthly(emails));
    let lines = monthly(runs.background_only) * EMF_LINE_GB + monthly(runs.reject_lines) * REJECT_LINE_GB;
    let logged = all * LOG_RUN_GB + lines;
    let seconds = finding * SECONDS_FINDING + (all - finding) * SECONDS_QUIET;
    let stored = |gigabytes: f64| ("stored_gb", gigabytes * STORED_SHARE);
    let mut parts = vec![
        Part::of("flow log", [("vended_gb", gigabytes), stored(gigabytes)]),
        Part::of("functions and their logs", [("lambda_request", all), ("lambda_gbs", MEMORY_GB * seconds)]),
        Part::of("functions and their logs", [("ingest_gb", logged), stored(logged)]),
        Part::of("metrics of pings", [("metric", METRICS_OF_RECORDS * (share(runs.hours) + share_of_origins))]),
        Part::of("metrics of pings", [("metric_call", finding)]),
        Part::of("metrics of emails and decisions", [("metric", METRICS_OF_DECISIONS * share(runs.hours_with_signal))]),
        Part::fixed("watchdog", [("metric", 1.0), ("alarm", WATCHDOG_METRICS)]),
        Part::fixed("alarms", [("alarm", OTHER_ALARM_METRICS)]),
        Part::fixed("dashboard", [("dashboard", 1.0)]),
        Part::fixed("Contributor Insights", [("insight_rule", RULES + INTERFACE_RULES)]),
        Part::of(
            "events of Contributor Insights",
            [("insight_event", 2.0 * monthly(rejected) + emails + monthly(records))],
        ),
        Part::fixed(
            "digest",
            [
                ("metric_read", DAYS * DIGEST_READS),
                ("lambda_request", DAYS),
                ("lambda_gbs", DAYS * DIGEST_SECONDS * MEMORY_GB),
                ("sns_publish", DAYS),
                ("sns_email", DAYS),
            ],
        ),
        Part::of(
            "incidents (DynamoDB)",
            [
                ("dynamodb_write", finding * WRITES_PER_FINDING_BATCH),
                ("dynamodb_read", finding * READS_PER_FINDING_BATCH),
            ],
        ),
        Part::fixed("timers", [("sqs_request", POLLS)]),
        Part::of("emails and their timers", [("sqs_request", emails * 6.0)]),
        Part::of("emails and their timers", [("sns_publish", emails), ("sns_email", emails)]),
        Part::of("emails and their timers", [("kms_call", (emails * 2.0).min(4.0 * MONTH_MINUTES / 5.0))]),
        Part::fixed("topic's key", [("kms_key", 1.0)]),
    ];
    if runs.hours_of_rules > 0 {
        let metrics = METRICS_OF_A_RULE * runs.hours_of_rules as f64 / hours;
        parts.push(Part::of("metrics of TCP and UDP", [("metric", metrics)]));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page, which has the same for a thousand, a million and a billion records.
    const PAGE: &str = include_str!("../../../../docs/cost.md");

    /// The amounts of a line of the page's first table.
    fn line(name: &str) -> Vec<f64> {
        let line = PAGE.lines().find_map(|line| line.strip_prefix(&format!("| {name} | ")));
        let cells = line.unwrap_or_else(|| panic!("no line {name}")).trim_matches(['|', ' ']).split(" | ");
        cells.map(|cell| cell.trim_matches('*').replace("< 0.01", "0").parse().unwrap()).collect()
    }

    /// The usage of the page for so many records in 30 days: a batch for each rejected ping, as many with an accepted one.
    fn usage(records: u64, emails: u64, hours: u64) -> Usage {
        let rejected = records / 100;
        let runs = Runs {
            all: rejected * 2,
            with_signal: rejected,
            background_only: 0,
            hours,
            hours_with_signal: hours,
            hours_of_origins: 3 * hours,
            ..Runs::default()
        };
        Usage { records, rejected, emails, runs }
    }

    #[test]
    fn it_is_the_bill_of_the_page() {
        const NAMES: [(&[&str], &[&str]); 9] = [
            (&["flow log"], &["flow log (vended logs)"]),
            (&["functions and their logs"], &["functions (Lambda)", "the functions' logs"]),
            (&["metrics of pings"], &["metrics of pings", "the same by origin", "calls to publish them"]),
            (&["metrics of emails and decisions"], &["metrics of emails and decisions"]),
            (
                &["events of Contributor Insights", "Contributor Insights"],
                &["Contributor Insights: pings, emails", "Contributor Insights: interfaces"],
            ),
            (&["incidents (DynamoDB)"], &["incidents (DynamoDB)"]),
            (
                &["watchdog", "alarms", "dashboard", "digest"],
                &["watchdog: a metric and an alarm", "the other 12 alarms", "dashboard", "digest"],
            ),
            (
                &["timers", "emails and their timers", "topic's key"],
                &["timers (SQS), mostly Lambda polling", "emails (SNS)", "topic's key (KMS)"],
            ),
            (&[], &["subscription filter"]),
        ];
        let list = prices().unwrap();
        // The page has a month of 730 hours for metrics. 10 of them are 10/730 of a month.
        for (column, usage) in
            [usage(1_000, 9, 10), usage(1_000_000, 120, 730), usage(1_000_000_000, 120, 730)].iter().enumerate()
        {
            let hours = if column == 0 { 730.0 } else { 720.0 };
            let parts = parts(usage, hours);
            // Amounts that are scaled: to 30 days of 720 hours.
            let scale = hours / 720.0;
            let mut sum = 0.0;
            for (here, there) in NAMES {
                let of = |part: &&Part| here.contains(&part.name);
                let usd: f64 = parts.iter().filter(of).map(|part| part.usd(&list).unwrap()).sum();
                let stated: f64 = there.iter().map(|name| line(name)[column]).sum();
                let tolerance = 0.006 * there.len() as f64 + (scale - 1.0) * usd;
                assert!((usd - stated).abs() <= tolerance, "{here:?}, column {column}: {usd} is not {stated}");
                sum += usd;
            }
            let total = line("**list price**")[column];
            assert!((sum - total).abs() < 0.01 + (scale - 1.0) * total, "column {column}: {sum} is not {total}");
            let all: f64 = parts.iter().map(|part| part.usd(&list).unwrap()).sum();
            // The page has a table of its own for rules about TCP and UDP.
            assert!((all - sum).abs() < 1e-6, "a part is compared with nothing");
        }
    }

    #[test]
    fn background_is_a_run_and_a_line_of_its_log() {
        let runs = Runs { all: 40_113, background_only: 40_113, hours: 730, hours_of_origins: 730, ..Runs::default() };
        let usage = Usage { runs, ..Usage::default() };
        let list = prices().unwrap();
        let of = |name: &str| -> f64 {
            let parts = parts(&usage, 720.0).into_iter().filter(|part| part.name == name);
            parts.map(|part| part.usd(&list).unwrap()).sum()
        };
        // The page's table of background, for one address: function, its log, metrics as lines, metrics, the same by origin.
        let (row, _) = PAGE.split_once("| **together** |").unwrap();
        assert!(row.contains("| functions") || row.contains("| function (Lambda) | 0.02 | 0.01 |"), "the table");
        assert!((of("functions and their logs") - (0.01 + 0.02 + 0.01)).abs() < 0.01);
        assert!((of("metrics of pings") - 1.80).abs() < 0.01);
        for name in ["incidents (DynamoDB)", "metrics of emails and decisions", "emails and their timers"] {
            assert!(of(name).abs() < 1e-9, "{name}");
        }
    }

    #[test]
    fn background_of_tcp_and_udp_is_a_line_and_two_metrics_more() {
        let background = |reject_lines, hours_of_rules| {
            let (all, background_only) = (432_000, 401_129);
            let runs = Runs {
                all,
                background_only,
                hours: 720,
                hours_of_origins: 720,
                hours_of_rules,
                reject_lines,
                ..Runs::default()
            };
            let parts = parts(&Usage { runs, ..Usage::default() }, 720.0);
            let list = prices().unwrap();
            let names = ["functions and their logs", "metrics of pings", "metrics of TCP and UDP"];
            let of = parts.iter().filter(|part| names.contains(&part.name));
            of.map(|part| part.usd(&list).unwrap()).sum::<f64>()
        };
        // The table of rules for TCP and UDP, 10 hosts: accepted and rejected, 50 accepted a minute.
        let (_, table) = PAGE.split_once("## What rules for TCP and UDP cost").unwrap();
        let together = table.lines().find_map(|line| line.strip_prefix("| **together** | ")).unwrap();
        let stated: f64 = together.split(" | ").nth(2).unwrap().trim_matches('*').parse().unwrap();
        assert!((background(432_000, 720) - stated).abs() < 0.02, "{} is not {stated}", background(432_000, 720));
        assert!(background(0, 0) < stated - 0.6);
    }

    #[test]
    fn a_period_is_scaled_to_thirty_days_and_a_short_one_is_not() {
        let usage = usage(100_000, 12, 60);
        let span = |hours: u64| (EpochMillis(0), EpochMillis(hours * HOUR_MILLIS - MINUTE_MILLIS));
        let bill = |hours: u64| bill(&usage, span(hours)).unwrap();
        let flow_log = |hours: u64| bill(hours).unwrap().parts[0].1;
        assert!((flow_log(72) / flow_log(720) - 10.0).abs() < 1e-9);
        assert_eq!(bill(72).unwrap().fixed.to_bits(), bill(720).unwrap().fixed.to_bits());
        assert_eq!(bill(MIN_PERIOD_HOURS - 1), None);
        assert!(bill(MIN_PERIOD_HOURS).is_some_and(|bill| bill.total() > bill.fixed));
    }
}
