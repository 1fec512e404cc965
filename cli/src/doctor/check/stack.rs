//! The stack itself.

use super::{Check, region};
use crate::doctor::facts::Facts;

const NAME: &str = "stack";

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>
pub(super) fn state(facts: &Facts) -> Vec<Check> {
    let (name, status) = (&facts.stack.name, &facts.stack.status);
    let what = format!("{name} is {status}");
    let events = format!("aws cloudformation describe-stack-events --stack-name {name} {}", region(facts));
    vec![match status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => {
            Check::ok(NAME, what)
        }
        "UPDATE_ROLLBACK_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" | "IMPORT_ROLLBACK_COMPLETE" => {
            Check::warning(NAME, format!("{what}: its last change failed, and it is as before"), events)
        }
        failed if failed.ends_with("_FAILED") || failed.contains("ROLLBACK") || failed.starts_with("DELETE") => {
            Check::failure(NAME, what, events)
        }
        _ => Check::warning(NAME, format!("{what}: it is being changed"), "Wait until it is done, then check again"),
    }]
}
