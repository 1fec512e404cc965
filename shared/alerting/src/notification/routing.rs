//! What a notification can be routed by: names and values at the top of the document, and the same ones as attributes of a
//! message where its destination has such, so that one filter policy fits both.

use serde::Serialize;

use crate::{
    notification::{links::query, notification::Notification, ranking::MAX_NAME_CHARS, severity::Severity},
    text::one_line,
};

/// Values of one name, those of the heaviest flows first; the others cannot be routed by.
pub const MAX_VALUES: usize = 50;

/// What a notification can be routed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Routing {
    /// The rule, by its stable name.
    pub rule: &'static str,
    /// `opened`, `reopened`, `update` or `resolved`.
    pub kind: &'static str,
    /// How urgent it is.
    pub severity: Severity,
    /// Where the packets came from: `own`, `private` or `internet`.
    pub origin: &'static str,
    /// The region of the log group.
    pub region: String,
    /// The log group.
    pub log_group: String,
    /// The accounts that own the interfaces; where no record names one, the account that owns the log group.
    pub account: Vec<String>,
    /// The VPCs, as far as the records or EC2 name them.
    pub vpc: Vec<String>,
    /// The interfaces.
    pub interface: Vec<String>,
    /// The directions: `ingress`, `egress`, as far as they are known.
    pub direction: Vec<&'static str>,
}

impl Routing {
    /// What a notification can be routed by.
    pub fn of(notification: &Notification<'_>) -> Routing {
        let flows = &notification.flows;
        let mut account = distinct(flows.iter().filter_map(|flow| flow.location.account));
        if account.is_empty() {
            account = distinct([&*notification.key.account]);
        }
        let logged_by = flows.iter().filter_map(|flow| flow.finding.flow.logged_by());
        let ranked = notification.content.interfaces.ranked.iter().map(|one| &*one.value);
        let mut direction = Vec::new();
        for way in flows.iter().filter_map(|flow| flow.explanation.direction) {
            if !direction.contains(&way.word()) {
                direction.push(way.word());
            }
        }
        Routing {
            rule: notification.key.rule.name(),
            kind: notification.kind.word(),
            severity: notification.severity(),
            origin: notification.key.signal.origin().word(),
            region: one_line(&notification.key.region, MAX_NAME_CHARS).into_owned(),
            log_group: one_line(&notification.key.log_group, MAX_NAME_CHARS).into_owned(),
            account,
            vpc: distinct(flows.iter().filter_map(|flow| flow.location.vpc)),
            interface: distinct(logged_by.chain(ranked)),
            direction,
        }
    }

    /// The names with their values, those without a value left out.
    pub fn values(&self) -> Vec<(&'static str, Vec<&str>)> {
        fn many(values: &[String]) -> Vec<&str> {
            values.iter().map(String::as_str).collect()
        }
        let mut values = vec![
            ("rule", vec![self.rule]),
            ("kind", vec![self.kind]),
            ("severity", vec![self.severity.word()]),
            ("origin", vec![self.origin]),
            ("region", vec![self.region.as_str()]),
            ("log_group", vec![self.log_group.as_str()]),
            ("account", many(&self.account)),
            ("vpc", many(&self.vpc)),
            ("interface", many(&self.interface)),
            ("direction", self.direction.clone()),
        ];
        values.retain(|(_, values)| values.iter().any(|value| !value.is_empty()));
        values
    }
}

/// Each value once, in the order they come; only what can be an id, as anything else cannot be meant by a policy.
fn distinct<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in values {
        if query::is_plain(value) && value != "-" && !found.iter().any(|known| known == value) {
            found.push(value.to_owned());
            if found.len() == MAX_VALUES {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{MAX_VALUES, distinct};

    #[test]
    fn only_what_can_be_an_id_is_a_value() {
        let given = ["eni-1", "-", "", "eni-\u{fffd}", "<b>", "eni-1", "1 2", "123456789012"];
        assert_eq!(distinct(given), ["eni-1", "123456789012"]);
        assert!(distinct([&*"e".repeat(65)]).is_empty());
        let many: Vec<String> = (0..1_000).map(|n| format!("eni-{n}")).collect();
        assert_eq!(distinct(many.iter().map(String::as_str)).len(), MAX_VALUES);
    }
}
