//! The flow logs that write to the log group.

use flow_log::LogFormat;

use super::{Check, known, problems_or, region};
use crate::doctor::{
    expected::{default_format, formats},
    facts::{Facts, FlowLog},
};

const NAME: &str = "flow-logs";

/// The longest interval that delays emails no further than it has to.
const SHORT_INTERVAL_SECONDS: u64 = 60;

pub(super) fn flow_logs(facts: &Facts) -> Vec<Check> {
    known(NAME, &facts.flow_logs, |flow_logs| {
        let log_group = facts.stack.output("LogGroupName").unwrap_or_default();
        if flow_logs.is_empty() {
            return vec![none(facts, log_group)];
        }
        let declared = formats(&facts.stack);
        let problems = flow_logs.iter().flat_map(|flow_log| problems(facts, flow_log, declared.as_deref()));
        problems_or(problems.collect(), || {
            let named: Vec<String> = flow_logs.iter().map(|one| format!("{} ({})", one.id, one.resource)).collect();
            Check::ok(NAME, format!("{} to {log_group}", named.join(", ")))
        })
    })
}

fn none(facts: &Facts, log_group: &str) -> Check {
    let what = format!("no flow log of this account and region writes to {log_group}");
    if matches!(facts.recent_record, Ok(Some(_))) {
        return Check::warning(
            NAME,
            format!("{what}, but records arrive"),
            "Check the flow logs where the records come from",
        );
    }
    let deploy = "Deploy with FlowLogResourceId set to your VPC, or let your flow logs write there";
    Check::failure(NAME, what, format!("{deploy} (docs/second-stack.md)"))
}

fn problems(facts: &Facts, flow_log: &FlowLog, declared: Result<&[LogFormat], &String>) -> Vec<Check> {
    let FlowLog { id, resource, status, delivery, delivery_error, traffic, format, interval_seconds } = flow_log;
    let this = format!("{id} ({resource})");
    let again = format!(
        "Flow logs cannot be changed: create another one, then aws ec2 delete-flow-logs --flow-log-ids {id} {}",
        region(facts)
    );
    let mut problems = Vec::new();
    if status != "ACTIVE" {
        problems.push(Check::failure(NAME, format!("{this} is {status}, not ACTIVE"), again.clone()));
    }
    if delivery == "FAILED" || !delivery_error.is_empty() {
        problems.push(delivery_problem(facts, flow_log, &this));
    }
    match traffic.as_str() {
        "ACCEPT" => {
            let what = format!("{this} records accepted traffic only: there is nothing to detect");
            problems.push(Check::failure(NAME, what, again.clone()));
        }
        "REJECT" => {
            let what = format!(
                "{this} records rejected traffic only: nothing tells answers from requests, or a network ACL from a security group"
            );
            problems.push(Check::warning(NAME, what, again.clone()));
        }
        _ => {}
    }
    // EC2 leaves the default format out, in some answers.
    let default = default_format();
    let format = if format.is_empty() { &default } else { format };
    match (declared, LogFormat::parse(format)) {
        (Err(error), _) => problems.push(Check::failure(NAME, error.clone(), "Correct the parameter FlowLogFormat")),
        (Ok(declared), Ok(parsed)) if declared.contains(&parsed) => {}
        (Ok(_), Ok(_)) => {
            let what =
                format!("{this} has a format that the stack does not declare, so its records cannot be read: {format}");
            problems.push(Check::failure(
                NAME,
                what,
                "Add it to FlowLogFormat, behind |, and fit FilterPattern and NativeFilterPattern to it",
            ));
        }
        (Ok(_), Err(error)) => {
            problems.push(Check::failure(NAME, format!("{this} has an unfit format: {error}"), again.clone()))
        }
    }
    if *interval_seconds > SHORT_INTERVAL_SECONDS {
        let what = format!(
            "{this} aggregates over {interval_seconds} s: emails come up to that much later, except for instances on Nitro"
        );
        problems.push(Check::warning(NAME, what, again));
    }
    problems
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html>, `deliverLogsErrorMessage`.
fn delivery_problem(facts: &Facts, flow_log: &FlowLog, this: &str) -> Check {
    let FlowLog { delivery_error, .. } = flow_log;
    let what = format!(
        "{this} cannot deliver its records: {}",
        if delivery_error.is_empty() { "no reason given" } else { delivery_error }
    );
    match delivery_error.as_str() {
        "Access error" => {
            let role = format!("aws ec2 describe-flow-logs --flow-log-ids {} {}", flow_log.id, region(facts));
            Check::failure(
                NAME,
                what,
                format!("Give its role logs:CreateLogStream and logs:PutLogEvents on the log group; the role: {role}"),
            )
        }
        "Rate limited" => Check::failure(NAME, what, "Raise the quota of CloudWatch Logs for PutLogEvents"),
        _ => Check::failure(NAME, what, "Create the flow log again; if that does not help, ask AWS Support"),
    }
}
