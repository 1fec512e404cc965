//! Lists and names, in Japanese.

use crate::{
    explain::{AclEvidence, Group},
    notification::language::{
        common::{first_few, id, name},
        japanese::and_more,
    },
};

/// Items after one another, the first few of them.
pub(super) fn listed(items: Vec<String>, separator: &str) -> String {
    let (mut items, left) = first_few(items);
    items.extend(left.map(and_more));
    items.join(separator)
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
        Some(name) => format!("セキュリティグループ {} ({name}) ", id(group_id)),
        None => format!("セキュリティグループ {} ", id(group_id)),
    }
}

/// `セキュリティグループ sg-0aa1 (web)、sg-0bb2 `
pub(super) fn group_names(groups: &[Group]) -> String {
    match groups {
        [] => "セキュリティグループ".to_owned(),
        groups => format!("セキュリティグループ {} ", names(groups, "、")),
    }
}

/// `sg-0aa1 (web) または sg-0ccc (app)`, the first few of them.
pub(super) fn names(groups: &[Group], separator: &str) -> String {
    let named = |group: &Group| match group.name.as_deref().and_then(name) {
        Some(name) => format!("{} ({name})", id(&group.id)),
        None => id(&group.id),
    };
    listed(groups.iter().map(named).collect(), separator)
}
