//! What CloudWatch counted of the last day, and its alarms.

use alerting::{text::grouped, time::EpochMillis};

use super::{Check, ago, known, problems_or, region};
use crate::doctor::{
    expected::{alarm_names, counts_pings, parameter},
    facts::{Alarm, Facts, Runs, Unread},
};

/// The page of the alarms.
const ALARMS_PAGE: &str = "docs/operations.md#what-each-alarm-watches";

const BATCH: &str = "last-batch";

/// Runs of both functions.
pub(super) fn last_batch(facts: &Facts, now: EpochMillis) -> Vec<Check> {
    known(BATCH, &facts.metrics, |metrics| {
        let log = |output: &str| format!("aws logs tail {} --since 1d {}", log_name(facts, output), region(facts));
        let mut problems = runs("the function", &metrics.function, &log("flow-alerts"));
        problems.extend(runs("the timer's function", &metrics.timer_function, &log("incident-timer")));
        problems_or(problems, || {
            let Runs { invocations, .. } = metrics.function;
            match invocations.newest {
                Some(at) => Check::ok(
                    BATCH,
                    format!("{} batches in 24 hours, the last one {}", grouped(invocations.sum), ago(at, now)),
                ),
                None => Check::ok(BATCH, "no batch in 24 hours: no record passed FilterPattern"),
            }
        })
    })
}

fn log_name(facts: &Facts, function: &str) -> String {
    format!("/aws/lambda/{}-{function}", facts.stack.name)
}

fn runs(who: &str, runs: &Runs, log: &str) -> Vec<Check> {
    let Runs { invocations, errors, throttles } = runs;
    let mut problems = Vec::new();
    if errors.sum > 0 {
        let what = format!("{} of {} runs of {who} failed in 24 hours", grouped(errors.sum), grouped(invocations.sum));
        problems.push(match errors.sum >= invocations.sum {
            true => Check::failure(BATCH, what, log),
            false => Check::warning(BATCH, what, log),
        });
    }
    if throttles.sum > 0 {
        let what = format!("{who} was throttled {} times in 24 hours", grouped(throttles.sum));
        problems.push(Check::warning(
            BATCH,
            what,
            "Raise the account's Lambda concurrency, or see ReservedConcurrency",
        ));
    }
    problems
}

/// Whether the function counts what CloudWatch counts.
pub(super) fn watchdog(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "watchdog";
    if parameter(&facts.stack, "NativeFilterPattern").is_empty() {
        return vec![Check::ok(NAME, "off (NativeFilterPattern is empty)")];
    }
    if !counts_pings(&facts.stack) {
        return vec![Check::ok(NAME, "off (Rules has no ping)")];
    }
    known(NAME, &facts.metrics, |metrics| {
        let (native, published) = (metrics.native, metrics.published);
        let metric = parameter(&facts.stack, "MetricName");
        vec![if native.sum > 0 && published.sum == 0 {
            Check::failure(
                NAME,
                format!("CloudWatch counted {} rejected pings in 24 hours, and the function none", grouped(native.sum)),
                ALARMS_PAGE,
            )
        } else if native.points == 0 && metrics.incoming.sum > 0 {
            Check::warning(
                NAME,
                format!("records came in 24 hours, but {metric}-Native has no points: nothing watches the function"),
                format!(
                    "aws logs describe-metric-filters --log-group-name {} {}",
                    facts.stack.output("LogGroupName").unwrap_or_default(),
                    region(facts)
                ),
            )
        } else {
            let counts = format!("{} rejected IPv4 pings by CloudWatch", grouped(native.sum));
            Check::ok(NAME, format!("in 24 hours {counts}, {} rejected pings by the function", grouped(published.sum)))
        }]
    })
}

pub(super) fn alarms(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "alarms";
    let (resources, alarms) = match (&facts.resources, &facts.alarms) {
        (Err(unread), _) | (_, Err(unread)) => return vec![Check::unknown(NAME, unread)],
        (Ok(resources), Ok(alarms)) => (resources, alarms),
    };
    // Its state is about pings, not about the deployment.
    let about_pings = parameter(&facts.stack, "AlarmName");
    let mut problems = Vec::new();
    for name in alarm_names(resources) {
        let Some(alarm) = alarms.iter().find(|alarm| alarm.name == name) else {
            problems.push(Check::failure(NAME, format!("{name} does not exist"), super::deploy_again(facts)));
            continue;
        };
        problems.extend(problem(NAME, facts, alarm, name == about_pings));
    }
    let number = alarm_names(resources).count();
    if number == 0 {
        return vec![Check::unknown(NAME, &Unread::Failed("the stack has no alarms".to_owned()))];
    }
    problems_or(problems, || Check::ok(NAME, format!("none of {number} is in ALARM about the deployment")))
}

fn problem(name: &'static str, facts: &Facts, alarm: &Alarm, is_about_pings: bool) -> Vec<Check> {
    let Alarm { name: called, state, description, actions_enabled } = alarm;
    let mut problems = Vec::new();
    if state == "ALARM" && !is_about_pings {
        problems.push(Check::failure(name, format!("{called} is in ALARM: {description}"), ALARMS_PAGE));
    }
    if !actions_enabled {
        problems.push(Check::warning(
            name,
            format!("the actions of {called} are disabled: it notifies nobody"),
            format!("aws cloudwatch enable-alarm-actions --alarm-names {called} {}", region(facts)),
        ));
    }
    problems
}
