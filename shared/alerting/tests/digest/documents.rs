//! Digests as documents and in chats.

use alerting::notification::{RenderedDigest, chat::MAX_DESCRIPTION_CHARS};
use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::stack::{Stack, incidents, scenarios};

const SCHEMA: &str = include_str!("../../../../schema/digest-1.0.json");

fn check(document: &Value) -> Result<(), String> {
    const ID: &str = "urn:vpc-flow-alerts:digest:1.0";
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource(ID, serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let mut schemas = Schemas::new();
    let index = compiler.compile(ID, &mut schemas).unwrap();
    schemas.validate(document, index).map_err(|error| format!("{error:#}"))
}

fn document(digest: &RenderedDigest) -> Value {
    serde_json::from_str(&digest.document.json()).unwrap()
}

#[test]
fn whole_documents() {
    for (name, stack) in scenarios().into_iter().filter(|(name, _)| ["incidents", "nothing-answered"].contains(name)) {
        let mut document = document(&stack.render());
        document["email"]["text"] = "(the email)".into();
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("digest-{name}.document"), serde_json::to_string_pretty(&document).unwrap());
        });
    }
}

#[test]
fn every_document_conforms_to_the_schema_and_has_no_null() {
    for (name, stack) in scenarios() {
        let digest = stack.render();
        let document = document(&digest);
        check(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!digest.document.json().contains(":null"), "{name}");
        assert_eq!(document["email"], json!({"subject": digest.subject, "text": digest.body}), "{name}");
    }
}

#[test]
fn a_shortened_document_conforms_and_says_what_is_left_out() {
    let (_, stack) = scenarios().into_iter().find(|(name, _)| *name == "largest").unwrap();
    let mut digest = stack.render();
    let mut sizes = vec![digest.document.json().len()];
    while digest.document.shorten() {
        check(&document(&digest)).unwrap();
        sizes.push(digest.document.json().len());
    }
    assert!(sizes.is_sorted_by(|one, next| one > next) && sizes.len() > 5, "{sizes:?}");
    // Each document stands in a message of 256 KiB four times.
    assert!(sizes[sizes.len() - 1] < 16 * 1024, "{sizes:?}");
    let document = document(&digest);
    assert_eq!((&document["silences_left_out"], &document["incidents"]["count"]), (&json!(50), &json!(100)));
    assert_eq!(document["coverage"]["interfaces"]["gone_left_out"], 97);
}

#[test]
fn the_schema_rejects_an_unknown_field_in_any_object() {
    fn paths(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| paths(member, format!("{path}/{name}"), found));
                found.push(path);
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| paths(item, format!("{path}/{at}"), found));
            }
            _ => {}
        }
    }
    let document = document(&incidents().render());
    let mut found = Vec::new();
    paths(&document, String::new(), &mut found);
    assert!(found.len() > 12, "{found:?}");
    for path in found {
        let mut copy = document.clone();
        copy.pointer_mut(&path).unwrap()["surprise"] = json!(1);
        assert!(check(&copy).is_err(), "{path:?} accepts an unknown field");
    }
}

#[test]
fn every_field_of_the_schema_has_a_description_or_a_reference() {
    fn look(schema: &Value, path: &str, bare: &mut Vec<String>) {
        let Some(members) = schema.as_object() else { return };
        if let Some(properties) = members.get("properties").and_then(Value::as_object) {
            for (name, property) in properties {
                let said = ["description", "$ref", "const", "enum"].iter().any(|word| property.get(word).is_some());
                if !said {
                    bare.push(format!("{path}/{name}"));
                }
            }
            if members.get("additionalProperties") != Some(&Value::Bool(false)) {
                bare.push(format!("{path} takes more than it names"));
            }
        }
        members.iter().for_each(|(name, member)| look(member, &format!("{path}/{name}"), bare));
    }
    let mut bare = Vec::new();
    look(&serde_json::from_str(SCHEMA).unwrap(), "", &mut bare);
    assert_eq!(bare, Vec::<String>::new());
}

/// The examples of docs/integrations.md that page somebody or open tickets.
#[test]
fn policies_that_page_do_not_match_a_digest() {
    let policies = [
        json!({"kind": ["opened", "reopened"], "origin": ["own", "private"]}),
        json!({"severity": ["high"]}),
        json!({"kind": ["opened", "reopened", "resolved"]}),
    ];
    for (name, stack) in scenarios() {
        let document = document(&stack.render());
        assert_eq!((&document["kind"], &document["severity"]), (&json!("digest"), &json!("info")), "{name}");
        for policy in &policies {
            let all = policy
                .as_object()
                .unwrap()
                .iter()
                .all(|(field, values)| values.as_array().unwrap().contains(&document[field]));
            assert!(!all, "{name} matches {policy}");
        }
        let values = stack.render().document.routing.values().len();
        assert_eq!(values, 5, "{name}: attributes");
    }
}

#[test]
fn a_chat_gets_the_words_of_the_email() {
    for (name, stack) in scenarios() {
        let digest = stack.render();
        let chat: Value = serde_json::from_str(&digest.chat()).unwrap();
        assert_eq!((&chat["version"], &chat["source"]), (&json!("1.0"), &json!("custom")), "{name}");
        let description = chat["content"]["description"].as_str().unwrap();
        assert!(description.chars().count() <= MAX_DESCRIPTION_CHARS, "{name}");
        assert!(!description.contains("<!channel>") && !description.contains(" @here"), "{name}: {description}");
        assert_eq!(chat["metadata"]["eventType"], "Ping-Deny-digest", "{name}");
    }
    let chat: Value = serde_json::from_str(&Stack::quiet().render().chat()).unwrap();
    assert_eq!(chat["content"]["description"], Stack::quiet().render().body.trim_end());
    assert_eq!(chat["metadata"]["threadId"], "digest/ap-northeast-1/Log-Group");
}
