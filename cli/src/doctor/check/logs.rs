//! The log group, and the way from it to the function.

use alerting::time::{self, EpochMillis};

use super::{Check, ago, deploy_again, known, problems_or, region};
use crate::doctor::{
    expected::{filter_pattern, parameter},
    facts::{Facts, Statement, SubscriptionFilter},
};

const FILTER: &str = "subscription";

fn log_group_name(facts: &Facts) -> &str {
    facts.stack.output("LogGroupName").unwrap_or_default()
}

fn function_name(facts: &Facts) -> &str {
    facts.stack.output("FunctionName").unwrap_or_default()
}

pub(super) fn log_group(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "log-group";
    known(NAME, &facts.log_group, |found| {
        let name = log_group_name(facts);
        vec![match found {
            None => Check::failure(NAME, format!("{name} does not exist"), deploy_again(facts)),
            // Only this class has subscription filters and metric filters:
            // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
            Some(found) if found.class != "STANDARD" => Check::failure(
                NAME,
                format!("{name} has the class {}, which has no subscription filters", found.class),
                "The class of a log group cannot be changed: let the flow logs write to another one of class STANDARD",
            ),
            Some(found) => {
                let kept = found.retention_days.map_or("for ever".to_owned(), |days| format!("for {days} days"));
                Check::ok(NAME, format!("{name} keeps records {kept}"))
            }
        }]
    })
}

pub(super) fn last_record(facts: &Facts, now: EpochMillis) -> Vec<Check> {
    const NAME: &str = "last-record";
    // Even interfaces without traffic have NODATA records.
    let action = "See flow-logs above; do the VPC, subnet or interface and its flow log still exist?";
    if let Ok(Some(at)) = facts.recent_record {
        return vec![Check::ok(NAME, format!("records arrive: there is one from {}", ago(at, now)))];
    }
    let incoming = match (&facts.recent_record, &facts.metrics) {
        (_, Ok(metrics)) => metrics.incoming.newest,
        (Ok(_), Err(unread)) => {
            let what = "no record of the last 30 minutes; whether there are older ones is not known";
            let unknown = Check::unknown(NAME, unread);
            return vec![Check { what: format!("{what}: {}", unknown.what), ..unknown }];
        }
        (Err(unread), Err(_)) => return vec![Check::unknown(NAME, unread)],
    };
    vec![match incoming {
        None => Check::failure(NAME, "no record came in the last 24 hours", action),
        Some(at) if facts.recent_record.is_err() && time::millis_between(at, now) < STALE_MILLIS => {
            Check::ok(NAME, format!("records arrive: some came {}", ago(at, now)))
        }
        Some(at) => Check::warning(
            NAME,
            format!("no record of the last 30 minutes; the newest came in {}", ago(at, now)),
            action,
        ),
    }]
}

/// From which age on the newest record is old, by the metric, whose points are 5 minutes long and some minutes late.
const STALE_MILLIS: u64 = 40 * time::MINUTE_MILLIS;

pub(super) fn subscription(facts: &Facts) -> Vec<Check> {
    known(FILTER, &facts.filters, |filters| {
        let function = function_name(facts);
        let here: Vec<&SubscriptionFilter> =
            filters.iter().filter(|filter| leads_to(&filter.destination, function)).collect();
        let [filter, more @ ..] = &here[..] else { return vec![missing(facts, filters)] };
        let mut problems = Vec::new();
        if !more.is_empty() {
            let names: Vec<&str> = here.iter().map(|filter| filter.name.as_str()).collect();
            problems.push(Check::failure(
                FILTER,
                format!(
                    "{} filters lead to {function}, so records are counted twice: {}",
                    here.len(),
                    names.join(", ")
                ),
                format!(
                    "Delete all but one: aws logs delete-subscription-filter --log-group-name {} --filter-name NAME {}",
                    log_group_name(facts),
                    region(facts)
                ),
            ));
        }
        let expected = filter_pattern(&facts.stack);
        if filter.pattern.trim() != expected {
            let said = match parameter(&facts.stack, "FilterPattern") {
                "auto" => format!("FilterPattern=auto with Rules={}", parameter(&facts.stack, "Rules")),
                _ => "the parameter FilterPattern".to_owned(),
            };
            let what = format!("{} has another pattern than {said}: {}", filter.name, filter.pattern);
            problems.push(Check::warning(
                FILTER,
                what,
                "Somebody changed it outside the stack: set FilterPattern to what you want, and deploy",
            ));
        }
        problems_or(problems, || Check::ok(FILTER, format!("{} leads to {function}", filter.name)))
    })
}

fn missing(facts: &Facts, filters: &[SubscriptionFilter]) -> Check {
    let (log_group, function) = (log_group_name(facts), function_name(facts));
    let own = format!("{}-flow-alerts", facts.stack.name);
    let what = match filters.iter().find(|filter| filter.name == own) {
        Some(filter) => format!("{own} leads to {}, not to {function}: no record reaches it", filter.destination),
        None => format!("no subscription filter of {log_group} leads to {function}: no record reaches it"),
    };
    Check::failure(FILTER, what, deploy_again(facts))
}

/// Tells whether an ARN is that of a function, or of a version or an alias of it.
fn leads_to(arn: &str, function: &str) -> bool {
    let mut parts = arn.split(':').skip(5);
    parts.next() == Some("function") && parts.next() == Some(function)
}

/// Whether CloudWatch Logs may invoke the function. Where it may not, it drops records, 10 minutes at a time.
pub(super) fn permission(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "invoke-permission";
    known(NAME, &facts.invokers, |statements| {
        let (function, log_group) = (function_name(facts), log_group_name(facts));
        let allowed = statements.iter().any(|statement| lets_logs_invoke(statement, &facts.region, log_group));
        vec![match allowed {
            true => Check::ok(NAME, format!("CloudWatch Logs may invoke {function} for {log_group}")),
            false => Check::failure(
                NAME,
                format!("CloudWatch Logs may not invoke {function} for {log_group}: no record reaches it"),
                deploy_again(facts),
            ),
        }]
    })
}

fn lets_logs_invoke(statement: &Statement, region: &str, log_group: &str) -> bool {
    let service = format!("logs.{region}.amazonaws.com");
    let resource = format!(":log-group:{log_group}:*");
    let may = |action: &String| matches!(action.as_str(), "lambda:InvokeFunction" | "lambda:*" | "*");
    // What stands before the log group is account and region of the stack, or a wildcard for them.
    let covers = |arn: &String| arn.ends_with(&resource) || arn == "*" || fits(arn, &resource);
    statement.services.iter().any(|name| name.starts_with("logs.amazonaws.com") || *name == service)
        && statement.actions.iter().any(may)
        && (statement.source_arns.is_empty() || statement.source_arns.iter().any(covers))
}

/// Tells whether an ARN that ends with a wildcard covers a log group.
fn fits(pattern: &str, resource: &str) -> bool {
    let Some(prefix) = pattern.strip_suffix('*') else { return false };
    prefix.find(":log-group:").is_some_and(|at| resource.starts_with(&prefix[at..]))
}
