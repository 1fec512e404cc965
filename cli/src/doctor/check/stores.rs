//! Queues of what failed, and the table.

use alerting::{text::grouped, time::HOUR_MILLIS};

use super::{Check, deploy_again, known, problems_or};
use crate::doctor::facts::{Facts, Metric, Queue, Read};

/// How long the queues keep a message, in days (template.yaml, `MessageRetentionPeriod`).
const RETENTION_DAYS: u64 = 14;

pub(super) fn failures(facts: &Facts) -> Vec<Check> {
    let replay = format!("Fix the cause, then: vpc-flow-alerts replay --stack {}", facts.stack.name);
    let what = "batches failed three times and wait: what is in them was not reported";
    let age = facts.metrics.as_ref().ok().map(|metrics| metrics.failure_age);
    queue("failure-queue", facts, &facts.failures, (what, &replay), age)
}

pub(super) fn timer_failures(facts: &Facts) -> Vec<Check> {
    let what = "timer messages or digests failed and wait: emails are missing";
    let page = "docs/operations.md#what-each-alarm-watches";
    let age = facts.metrics.as_ref().ok().map(|metrics| metrics.timer_failure_age);
    queue("timer-failure-queue", facts, &facts.timer_failures, (what, page), age)
}

fn queue(
    name: &'static str,
    facts: &Facts,
    read: &Read<Option<Queue>>,
    (what, action): (&str, &str),
    age: Option<Metric>,
) -> Vec<Check> {
    known(name, read, |found| {
        vec![match found {
            None => Check::failure(name, "the queue does not exist", deploy_again(facts)),
            Some(Queue { messages: 0 }) => Check::ok(name, "empty"),
            Some(Queue { messages }) => {
                let hours = age.map(|age| age.last * 1_000 / HOUR_MILLIS).filter(|hours| *hours > 0);
                let age =
                    hours.map(|hours| format!("; the oldest is {hours} h old and is lost after {RETENTION_DAYS} days"));
                Check::failure(name, format!("{} {what}{}", grouped(*messages), age.unwrap_or_default()), action)
            }
        }]
    })
}

pub(super) fn table(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "table";
    let called = facts.stack.output("IncidentTableName").unwrap_or_default();
    known(NAME, &facts.table, |found| {
        let Some(table) = found else {
            return vec![Check::failure(NAME, format!("{called} does not exist"), deploy_again(facts))];
        };
        let mut problems = Vec::new();
        // A table that is being updated can be used.
        if !matches!(table.status.as_str(), "ACTIVE" | "UPDATING") {
            let action = "See the table in the console of DynamoDB";
            problems.push(Check::failure(NAME, format!("{called} is {}", table.status), action));
        }
        match table.expiry.as_deref() {
            Ok("ENABLED" | "ENABLING") => {}
            Ok(other) => problems.push(Check::warning(
                NAME,
                format!("the time to live of {called} is {other}: old incidents are never deleted"),
                format!(
                    "aws dynamodb update-time-to-live --table-name {called} --time-to-live-specification \
                     Enabled=true,AttributeName=expires_at {}",
                    super::region(facts)
                ),
            )),
            Err(unread) => problems.push(Check::unknown(NAME, unread)),
        }
        problems_or(problems, || Check::ok(NAME, format!("{called} is active, and old items expire")))
    })
}
