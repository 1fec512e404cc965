//! What a message can be routed by: the attributes of an SNS message, and the same names and values at the top of the
//! document, so that one filter policy fits both.

use serde::Serialize;

use crate::{
    detection::Finding,
    enrichment::Network,
    explain,
    notification::{links::query, names::MAX_NAME_CHARS, notification::Notification, severity::Severity},
    text::one_line,
};

/// Attributes of one message. More than 10 would keep it from queues with raw message delivery
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>).
pub const MAX_ATTRIBUTES: usize = 10;

/// Values of one attribute, those of the heaviest flows first; the others cannot be routed by.
pub const MAX_VALUES: usize = 50;

/// What a message can be routed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Routing {
    /// The rule, by its stable name.
    pub rule: String,
    /// `opened`, `update` or `resolved`.
    pub kind: &'static str,
    /// How urgent it is.
    pub severity: Severity,
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
    /// What a message can be routed by.
    pub fn of(notification: &Notification<'_>) -> Routing {
        let findings = &notification.content.findings;
        let each = |get: &dyn Fn(&Finding) -> Option<String>| distinct(findings.iter().filter_map(get));
        let mut account = each(&|finding| finding.metadata.account_id.as_deref().map(str::to_owned));
        if account.is_empty() {
            account = distinct([notification.key.owner().to_owned()]);
        }
        let mut interface = each(&|finding| finding.flow.logged_by().map(str::to_owned));
        let ranked = notification.content.interfaces.ranked.iter().map(|one| one.name.clone());
        interface = distinct(interface.into_iter().chain(ranked));
        let mut direction = Vec::new();
        for (way, _) in findings.iter().filter_map(|finding| explain::direction(finding, notification.network)) {
            if !direction.contains(&way.word()) {
                direction.push(way.word());
            }
        }
        Routing {
            rule: notification.key.rule().to_owned(),
            kind: notification.kind.word(),
            severity: Severity::of(notification),
            region: notification.site.region.clone(),
            log_group: one_line(notification.key.log_group(), MAX_NAME_CHARS).into_owned(),
            account,
            vpc: each(&|finding| vpc_of(finding, notification.network).map(str::to_owned)),
            interface,
            direction,
        }
    }

    /// The attributes of the SNS message: those that have a value.
    pub fn attributes(&self) -> Vec<Attribute> {
        let text = |name, value: &str| Attribute { name, values: vec![value.to_owned()] };
        let mut attributes = vec![
            text("rule", &self.rule),
            text("kind", self.kind),
            text("severity", self.severity.word()),
            text("region", &self.region),
            text("log_group", &self.log_group),
            Attribute { name: "account", values: self.account.clone() },
            Attribute { name: "vpc", values: self.vpc.clone() },
            Attribute { name: "interface", values: self.interface.clone() },
            Attribute { name: "direction", values: self.direction.iter().map(|way| (*way).to_owned()).collect() },
        ];
        // SNS refuses an attribute without a value.
        attributes.retain(|attribute| attribute.values.iter().any(|value| !value.is_empty()));
        attributes
    }
}

/// The VPC of a finding, as the record says it or else EC2.
fn vpc_of<'a>(finding: &'a Finding, network: &'a Network) -> Option<&'a str> {
    finding.metadata.vpc_id.as_deref().or_else(|| network.interface_of(finding)?.vpc_id.as_deref())
}

/// Each value once, in the order they come; only what can be an id, as anything else cannot be meant by a policy.
fn distinct(values: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in values {
        if query::is_plain(&value) && value != "-" && !found.contains(&value) {
            found.push(value);
            if found.len() == MAX_VALUES {
                break;
            }
        }
    }
    found
}

/// An attribute of an SNS message, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its values: a filter policy fits if any of them does.
    pub values: Vec<String>,
}

impl Attribute {
    /// The data type: `String`, or `String.Array` where there are several values.
    pub fn data_type(&self) -> &'static str {
        if self.values.len() == 1 { "String" } else { "String.Array" }
    }

    /// The value as SNS takes it: several of them as a JSON array of strings.
    pub fn string_value(&self) -> String {
        match &self.values[..] {
            [only] => only.clone(),
            several => serde_json::Value::from(several).to_string(),
        }
    }

    /// What the attribute counts for in the message's size: name, type and value
    /// (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>).
    pub fn size_bytes(&self) -> usize {
        self.name.len() + self.data_type().len() + self.string_value().len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Attribute, MAX_VALUES, distinct};

    #[test]
    fn several_values_are_an_array() {
        let attribute = |values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            let attribute = Attribute { name: "vpc", values };
            (attribute.data_type(), attribute.string_value(), attribute.size_bytes())
        };
        assert_eq!(attribute(&["vpc-1"]), ("String", "vpc-1".to_owned(), 14));
        assert_eq!(attribute(&["vpc-1", "vpc-2"]), ("String.Array", r#"["vpc-1","vpc-2"]"#.to_owned(), 32));
    }

    #[test]
    fn only_what_can_be_an_id_is_a_value() {
        let given = ["eni-1", "-", "", "eni-\u{fffd}", "<b>", "eni-1", "1 2", "123456789012"].map(str::to_owned);
        assert_eq!(distinct(given), ["eni-1", "123456789012"]);
        assert!(distinct(["e".repeat(65)]).is_empty());
        assert_eq!(distinct((0..1_000).map(|n| format!("eni-{n}"))).len(), MAX_VALUES);
    }
}
