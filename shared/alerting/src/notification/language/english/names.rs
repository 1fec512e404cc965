//! Lists and names, in English.

use crate::{
    explain::{AclEvidence, Group},
    notification::language::{
        common::{first_few, id, name},
        english::and_more,
    },
};

/// `a, b and c`, the first few of them.
pub(super) fn listed(items: Vec<String>) -> String {
    match first_few(items) {
        (items, Some(left)) => format!("{} {}", items.join(", "), and_more(left)),
        (items, None) => match &items[..] {
            [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            items => items.concat(),
        },
    }
}

/// Clauses after one another, the first few of them.
pub(super) fn clauses(items: Vec<String>) -> String {
    let (mut items, left) = first_few(items);
    items.extend(left.map(and_more));
    items.join("; ")
}

pub(super) fn acl_name(acl: &AclEvidence) -> String {
    match acl.name.as_deref().and_then(name) {
        Some(name) => format!("{} ({name})", id(&acl.id)),
        None => id(&acl.id),
    }
}

pub(super) fn group_name(groups: &[Group], group_id: &str) -> String {
    let known = groups.iter().find(|group| *group.id == *group_id).and_then(|group| group.name.as_deref());
    match known.and_then(name) {
        Some(name) => format!("the security group {} ({name})", id(group_id)),
        None => format!("the security group {}", id(group_id)),
    }
}

/// `the security group sg-0aa1 (web)`, `the security groups sg-0aa1 (web) and sg-0bb2`
pub(super) fn group_names(groups: &[Group]) -> String {
    match groups {
        [] => "the security groups".to_owned(),
        [only] => format!("the security group {}", named(only)),
        groups => format!("the security groups {}", listed(groups.iter().map(named).collect())),
    }
}

fn named(group: &Group) -> String {
    match group.name.as_deref().and_then(name) {
        Some(name) => format!("{} ({name})", id(&group.id)),
        None => id(&group.id),
    }
}

/// `sg-0aa1 (web) or sg-0ccc (app)`, the first few of them.
pub(super) fn names(groups: &[Group], separator: &str) -> String {
    let (items, left) = first_few(groups.iter().map(named).collect());
    items.into_iter().chain(left.map(and_more)).collect::<Vec<_>>().join(separator)
}
