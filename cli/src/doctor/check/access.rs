//! What roles and services may do.

use std::collections::BTreeSet;

use super::{Check, known, problems_or, region};
use crate::doctor::facts::{Denied, Facts, Key, Statement};

pub(super) fn look_ups(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "look-ups";
    let Some(read) = &facts.look_ups else { return vec![Check::ok(NAME, "off (Enrichment=off)")] };
    known(NAME, read, |denied| {
        let roles: BTreeSet<&str> = denied.iter().map(|one| one.role.as_str()).collect();
        let problems = roles.into_iter().map(|role| {
            let actions: Vec<&str> = denied.iter().filter(|one| one.role == role).map(|one: &Denied| &*one.action).collect();
            Check::warning(
                NAME,
                format!("{} may not do {}: emails lack names and rules", name_of(role), actions.join(", ")),
                "A policy of the organization, a permissions boundary or a change by hand denies it: docs/explanations.md",
            )
        });
        problems_or(problems.collect(), || Check::ok(NAME, "both functions may ask EC2 for names and rules"))
    })
}

/// The name in the ARN of a role.
fn name_of(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

/// Whether the topics can be written to by CloudWatch alarms, which need the key's own policy for it.
///
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html>
pub(super) fn key(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "key";
    let Some(read) = &facts.key else { return vec![Check::ok(NAME, "none (TopicKey=none)")] };
    known(NAME, read, |Key { id, state, statements }| {
        let mut problems = Vec::new();
        match state.as_deref() {
            Ok("Enabled") => {}
            Ok(state) => problems.push(Check::failure(
                NAME,
                format!("{id} is {state}: nothing can be sent"),
                match state {
                    "PendingDeletion" => {
                        format!("aws kms cancel-key-deletion --key-id {id} {}; then enable it", region(facts))
                    }
                    _ => format!("aws kms enable-key --key-id {id} {}", region(facts)),
                },
            )),
            Err(unread) => problems.push(Check::unknown(NAME, unread)),
        }
        match statements {
            Ok(statements) if lets_alarms_encrypt(statements) => {}
            Ok(_) => problems.push(Check::failure(
                NAME,
                format!("the policy of {id} does not let CloudWatch alarms use it: no alarm notifies anybody"),
                "Allow cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey* in the policy of the key: docs/operations.md#encryption",
            )),
            Err(unread) => problems.push(Check::unknown(NAME, unread)),
        }
        problems_or(problems, || Check::ok(NAME, format!("{id} is enabled, and alarms may use it")))
    })
}

fn lets_alarms_encrypt(statements: &[Statement]) -> bool {
    let of_alarms = || {
        let named = |service: &String| service == "cloudwatch.amazonaws.com";
        statements.iter().filter(move |statement| statement.services.iter().any(named)).flat_map(|one| &one.actions)
    };
    let may = |action: &str| of_alarms().any(|allowed| covers(allowed, action));
    may("kms:Decrypt") && may("kms:GenerateDataKey")
}

/// Tells whether a name of actions, which may end with a wildcard, stands for an action.
fn covers(allowed: &str, action: &str) -> bool {
    allowed.strip_suffix('*').map_or(allowed == action, |prefix| action.starts_with(prefix))
}
