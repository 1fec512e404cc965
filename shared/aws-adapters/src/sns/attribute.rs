//! The attributes of a message: what a filter policy of a subscription can name.

/// Attributes of one message. More than 10 would keep it from queues with raw message delivery
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>).
pub(super) const MAX_ATTRIBUTES: usize = 10;

/// An attribute of an SNS message, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// Its values: a filter policy fits if any of them does.
    pub values: Vec<String>,
}

/// The attributes of a message, by what it can be routed by. SNS refuses one without a value.
pub(super) fn attributes(routing: Vec<(&'static str, Vec<&str>)>) -> Vec<Attribute> {
    let values = routing.into_iter().take(MAX_ATTRIBUTES);
    values.map(|(name, values)| Attribute { name, values: values.into_iter().map(str::to_owned).collect() }).collect()
}

impl Attribute {
    /// The data type: `String`, or `String.Array` where there are several values.
    pub(super) fn data_type(&self) -> &'static str {
        if self.values.len() == 1 { "String" } else { "String.Array" }
    }

    /// The value as SNS takes it: several of them as a JSON array of strings.
    pub(super) fn string_value(&self) -> String {
        match &self.values[..] {
            [only] => only.clone(),
            several => serde_json::Value::from(several).to_string(),
        }
    }

    /// What the attribute counts for in the message's size: name, type and value
    /// (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>).
    pub(super) fn size_bytes(&self) -> usize {
        self.name.len() + self.data_type().len() + self.string_value().len()
    }
}

#[cfg(test)]
mod tests {
    use sample_notifications::{Scenario, Setting, all, detect, detected, scenario};

    use super::*;

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
    fn attributes_route_by_what_is_known() {
        let text = |value: &str| Some(("String", value.to_owned()));
        let array = |value: &str| Some(("String.Array", value.to_owned()));
        let found = |scenario: &Scenario, name: &str| {
            let rendered = scenario.render();
            let attributes = attributes(rendered.document.routing.values());
            let found = attributes.iter().find(|attribute| attribute.name == name)?;
            Some((found.data_type(), found.string_value()))
        };
        let ping = Scenario::opened(&detect("ping-deny"));
        for (name, expect) in [
            ("rule", text("Ping-Deny")),
            ("kind", text("opened")),
            ("severity", text("medium")),
            ("region", text("ap-northeast-1")),
            ("log_group", text("Log-Group")),
            ("account", text("123456789010")),
            ("interface", text("eni-1235b8ca123456789")),
            ("direction", text("egress")),
            ("vpc", None),
        ] {
            assert_eq!(found(&ping, name), expect, "{name}");
        }
        assert_eq!(found(&scenario("ping-deny", Setting::ENRICHED), "vpc"), text("vpc-0123"), "from EC2");
        let custom = scenario("custom-format", Setting::PLAIN);
        assert_eq!(found(&custom, "vpc"), text("vpc-abcdefab012345678"), "from the record");
        let resolved = scenario("resolved", Setting::PLAIN);
        assert_eq!((found(&resolved, "severity"), found(&resolved, "kind")), (text("info"), text("resolved")));
        // Two requests of ours: one was stopped on its way out, the answer to the other one on its way in.
        let line = |from: &str, to: &str, packets: u64, action: &str| {
            format!("2 123456789010 eni-1 {from} {to} 0 0 1 {packets} 84 1795401134 1795401182 {action} OK")
        };
        let both = Scenario::opened(&detected([
            line("10.0.0.5", "203.0.113.12", 4, "REJECT"),
            line("10.0.0.5", "203.0.113.13", 5, "ACCEPT"),
            line("203.0.113.13", "10.0.0.5", 5, "REJECT"),
        ]));
        assert_eq!(found(&both, "direction"), array(r#"["ingress","egress"]"#));
    }

    #[test]
    fn attributes_are_few_never_empty_and_no_more_than_they_may_be() {
        for (name, notification) in all() {
            let attributes = attributes(notification.document.routing.values());
            assert_eq!(attributes.len(), notification.document.routing.values().len(), "{name}: some are cut");
            for attribute in attributes {
                assert!(!attribute.string_value().is_empty(), "{name}: {}", attribute.name);
                let control = attribute.values.iter().any(|value| value.chars().any(char::is_control));
                assert!(!control, "{name}: {attribute:?}");
            }
        }
    }
}
