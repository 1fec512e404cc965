//! What a document can be routed by.

use sample_notifications::all;
use serde_json::Value;

/// One filter policy fits attributes and, with `FilterPolicyScope: MessageBody`, the document.
#[test]
fn the_document_has_the_values_by_the_same_names() {
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
