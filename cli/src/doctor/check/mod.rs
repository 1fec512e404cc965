//! What the facts mean: for each check its status, what it saw, and what to do. Pure.

mod access;
mod emails;
mod flow_logs;
mod functions;
mod logs;
mod metrics;
mod stack;
mod stores;
#[cfg(test)]
mod tests;

use alerting::{
    notification::Language,
    time::{self, EpochMillis},
};
use serde::Serialize;

use super::facts::{Facts, Read, Unread};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could, or not for long.
    Warning,
    /// The deployment cannot do its job.
    Failure,
    /// It could not be read.
    Unknown,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// Its stable name.
    pub(crate) name: &'static str,
    /// How it ended.
    pub(crate) status: Status,
    /// What it saw.
    pub(crate) what: String,
    /// What to do: a command, or a page of the documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
}

impl Check {
    fn ok(name: &'static str, what: impl Into<String>) -> Check {
        Check { name, status: Status::Ok, what: what.into(), action: None }
    }

    fn warning(name: &'static str, what: impl Into<String>, action: impl Into<String>) -> Check {
        Check { name, status: Status::Warning, what: what.into(), action: Some(action.into()) }
    }

    fn failure(name: &'static str, what: impl Into<String>, action: impl Into<String>) -> Check {
        Check { name, status: Status::Failure, what: what.into(), action: Some(action.into()) }
    }

    fn unknown(name: &'static str, unread: &Unread) -> Check {
        let what = match unread {
            Unread::Denied(permission) => format!("needs {permission}"),
            Unread::Failed(reason) => reason.clone(),
        };
        Check { name, status: Status::Unknown, what, action: None }
    }
}

/// Checks a part that may be unknown.
fn known<'f, T>(name: &'static str, read: &'f Read<T>, check: impl FnOnce(&'f T) -> Vec<Check>) -> Vec<Check> {
    read.as_ref().map_or_else(|unread| vec![Check::unknown(name, unread)], check)
}

/// The problems, or that all is well.
fn problems_or(mut problems: Vec<Check>, ok: impl FnOnce() -> Check) -> Vec<Check> {
    if problems.is_empty() {
        problems.push(ok());
    }
    problems
}

/// Checks a deployment, in the order of the data flow.
pub(crate) fn all(facts: &Facts, now: EpochMillis) -> Vec<Check> {
    [
        stack::state(facts),
        flow_logs::flow_logs(facts),
        logs::log_group(facts),
        logs::last_record(facts, now),
        logs::subscription(facts),
        logs::permission(facts),
        functions::function(facts),
        metrics::last_batch(facts, now),
        stores::failures(facts),
        access::look_ups(facts),
        stores::table(facts),
        functions::timer(facts),
        functions::timer_runs(facts),
        stores::timer_failures(facts),
        functions::digest(facts),
        emails::alerts(facts),
        emails::health(facts),
        emails::chat(facts),
        access::key(facts),
        metrics::watchdog(facts),
        metrics::alarms(facts),
    ]
    .concat()
}

/// The end of a command of the AWS CLI: which region.
fn region(facts: &Facts) -> String {
    format!("--region {}", facts.region)
}

/// That the stack lost something which a deployment makes.
fn deploy_again(facts: &Facts) -> String {
    format!(
        "Something outside the stack {} has removed it: delete the stack and deploy it again, or restore it by hand",
        facts.stack.name
    )
}

/// How long ago something was: `6 min 40 s ago`.
fn ago(at: EpochMillis, now: EpochMillis) -> String {
    format!("{} ago", Language::English.phrases().span(time::millis_between(at, now)))
}
