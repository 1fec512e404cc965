//! Attributes for subscription filter policies.

use sample_notifications::all;
use serde_json::Value;

/// The same filter policy must work for attributes and, with `FilterPolicyScope: MessageBody`, for the document.
#[test]
fn attributes_and_document_have_the_same_names_and_values() {
    for (name, notification) in all() {
        let document: Value = serde_json::from_str(&notification.document.json()).unwrap();
        for (field, values) in notification.document.routing.values() {
            let same = match &document[field] {
                Value::String(one) => values == [one.as_str()],
                Value::Array(several) => values.iter().copied().eq(several.iter().map(|value| value.as_str().unwrap())),
                other => panic!("{name}: {field} is {other}"),
            };
            assert!(same, "{name}: {field} is {values:?} and {}", document[field]);
        }
    }
}
