//! The functions, and what wakes the timer's.

use super::{Check, deploy_again, known, problems_or, region};
use crate::doctor::{
    expected::{digest_expression, parameter, queue_name},
    facts::{Facts, Function, Mapping, Read, Schedule},
};

const TIMER: &str = "timer";

pub(super) fn function(facts: &Facts) -> Vec<Check> {
    one("function", facts, &facts.function)
}

fn one(name: &'static str, facts: &Facts, read: &Read<Option<Function>>) -> Vec<Check> {
    known(name, read, |found| match found {
        None => vec![Check::failure(name, "the function does not exist", deploy_again(facts))],
        Some(function) => of(name, facts, function),
    })
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>
fn of(name: &'static str, facts: &Facts, function: &Function) -> Vec<Check> {
    let Function { name: called, state, last_update, reason, reserved, .. } = function;
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let mut problems = Vec::new();
    match state.as_str() {
        // Services that are older than states leave them out.
        "Active" | "" => {}
        "Pending" => {
            problems.push(Check::warning(name, format!("{called} is being created"), "Wait a minute, then check again"))
        }
        "Inactive" => problems.push(Check::warning(
            name,
            format!("{called} is Inactive{because}"),
            "The next batch wakes it; if it stays so, deploy again",
        )),
        state => problems.push(Check::failure(name, format!("{called} is {state}{because}"), "Deploy again")),
    }
    match last_update.as_str() {
        "Failed" => {
            problems.push(Check::failure(name, format!("the last update of {called} failed{because}"), "Deploy again"))
        }
        "InProgress" => {
            problems.push(Check::warning(name, format!("{called} is being updated"), "Wait a minute, then check again"))
        }
        _ => {}
    }
    match reserved {
        Ok(Some(0)) => problems.push(Check::failure(
            name,
            format!("{called} has a reserved concurrency of 0, so it never runs"),
            format!("aws lambda delete-function-concurrency --function-name {called} {}", region(facts)),
        )),
        Ok(_) => {}
        Err(unread) => problems.push(Check::unknown(name, unread)),
    }
    problems_or(problems, || Check::ok(name, format!("{called} is active")))
}

pub(super) fn timer_runs(facts: &Facts) -> Vec<Check> {
    one("timer-function", facts, &facts.timer_function)
}

/// Whether the queue of timer messages invokes the timer's function.
pub(super) fn timer(facts: &Facts) -> Vec<Check> {
    known(TIMER, &facts.mappings, |mappings| {
        let queue = queue_name(facts.stack.output("TimerQueueUrl").unwrap_or_default());
        let found = mappings.iter().find(|mapping| queue_name(&mapping.source) == queue);
        vec![match found {
            None => Check::failure(
                TIMER,
                format!("{queue} invokes no function: no updates, no resolved emails, no retries"),
                deploy_again(facts),
            ),
            Some(Mapping { state, id, .. }) => match state.as_str() {
                "Enabled" => Check::ok(TIMER, format!("{queue} invokes the timer's function")),
                "Disabled" | "Disabling" => Check::failure(
                    TIMER,
                    format!(
                        "the event source mapping of {queue} is {state}: no updates, no resolved emails, no retries"
                    ),
                    format!("aws lambda update-event-source-mapping --uuid {id} --enabled {}", region(facts)),
                ),
                _ => Check::warning(
                    TIMER,
                    format!("the event source mapping of {queue} is {state}"),
                    "Wait a minute, then check again",
                ),
            },
        }]
    })
}

pub(super) fn digest(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "digest";
    let Some(read) = &facts.schedule else { return vec![Check::ok(NAME, "off (Digest=off)")] };
    known(NAME, read, |found| {
        let Some(Schedule { state, expression, time_zone }) = found else {
            return vec![Check::failure(NAME, "its schedule does not exist", deploy_again(facts))];
        };
        let deploy = "Somebody changed it outside the stack: set DigestHour and TimeZone to what you want, and deploy";
        let mut problems = Vec::new();
        if state != "ENABLED" {
            let enable = "Enable it in the console of EventBridge Scheduler, or deploy with Digest=off";
            problems.push(Check::failure(NAME, format!("its schedule is {state}: no digest is sent"), enable));
        }
        let expected = digest_expression(&facts.stack).unwrap_or_default();
        if *expression != expected {
            problems.push(Check::warning(NAME, format!("its schedule is {expression}, not {expected}"), deploy));
        }
        let zone = parameter(&facts.stack, "TimeZone");
        if time_zone != zone {
            problems.push(Check::warning(NAME, format!("its time zone is {time_zone}, not {zone}"), deploy));
        }
        problems_or(problems, || {
            let cadence = parameter(&facts.stack, "Digest");
            Check::ok(NAME, format!("{cadence}, at {}:00 {time_zone}", parameter(&facts.stack, "DigestHour")))
        })
    })
}
