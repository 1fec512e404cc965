//! Every document conforms to `schema/alert-1.0.json`, and the schema allows nothing else.

use boon::{Compiler, SchemaIndex, Schemas};
use sample_notifications::{Setting, all, scenario};
use serde_json::{Value, json};

use super::opened;

const SCHEMA: &str = include_str!("../../../../schema/alert-1.0.json");
const ID: &str = "urn:vpc-flow-alerts:alert:1.0";

pub(crate) struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    pub(crate) fn load() -> Schema {
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource(ID, serde_json::from_str(SCHEMA).unwrap()).unwrap();
        let mut schemas = Schemas::new();
        let index = compiler.compile(ID, &mut schemas).unwrap();
        Schema { schemas, index }
    }

    pub(crate) fn check(&self, document: &Value) -> Result<(), String> {
        self.schemas.validate(document, self.index).map_err(|error| format!("{error:#}"))
    }
}

fn document(notification: &alerting::notification::RenderedNotification) -> Value {
    serde_json::from_str(&notification.document.json()).unwrap()
}

#[test]
fn every_document_conforms_to_the_schema() {
    let schema = Schema::load();
    for (name, notification) in all() {
        schema.check(&document(&notification)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_shortened_document_conforms_to_the_schema() {
    let schema = Schema::load();
    for (name, mut notification) in all() {
        let mut steps = 0;
        while notification.document.shorten() {
            schema.check(&document(&notification)).unwrap_or_else(|error| panic!("{name}, step {steps}: {error}"));
            steps += 1;
        }
        assert!((3..20).contains(&steps), "{name}: {steps} steps");
        assert!(notification.document.json().len() < 16 * 1024, "{name}: {} bytes", notification.document.json().len());
    }
}

#[test]
fn the_schema_rejects_other_versions() {
    let schema = Schema::load();
    for version in [json!("1.1"), json!("2.0"), json!(1.0), json!(null)] {
        let mut document = document(&opened("ping-deny"));
        document["version"] = version.clone();
        assert!(schema.check(&document).is_err(), "{version}");
    }
}

/// Changes each object of a document in a separate copy, and verifies the copy.
fn each_object(document: &Value, change: &mut impl FnMut(&str, &mut Value) -> bool, verify: &impl Fn(&str, &Value)) {
    let mut paths = Vec::new();
    collect(document, String::new(), &mut paths);
    for path in paths {
        let mut copy = document.clone();
        if change(&path, copy.pointer_mut(&path).unwrap()) {
            verify(&path, &copy);
        }
    }
}

fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| collect(member, format!("{path}/{name}"), paths));
            paths.push(path);
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| collect(item, format!("{path}/{at}"), paths));
        }
        _ => {}
    }
}

#[test]
fn the_schema_rejects_an_unknown_field_in_any_object() {
    let schema = Schema::load();
    let mut objects = 0;
    for notification in [
        scenario("ping-deny", Setting::ENRICHED).render(),
        scenario("repeated", Setting::PLAIN).render(),
        scenario("update-of-many", Setting::PLAIN).render(),
    ] {
        let add = &mut |_: &str, object: &mut Value| {
            object["surprise"] = json!(1);
            true
        };
        each_object(&document(&notification), add, &|path, document| {
            assert!(schema.check(document).is_err(), "{path:?} accepts an unknown field");
        });
        objects += 1;
    }
    assert_eq!(objects, 3);
}

#[test]
fn documents_have_no_null_and_the_schema_rejects_it() {
    let schema = Schema::load();
    for (name, notification) in all() {
        let document = document(&notification);
        assert!(!document.to_string().contains(":null"), "{name}");
    }
    let mut document = document(&opened("ping-deny"));
    document["flows"][0]["interface"] = Value::Null;
    assert!(schema.check(&document).is_err());
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
                if !properties.is_empty() && members.get("additionalProperties") != Some(&Value::Bool(false)) {
                    bare.push(format!("{path} takes more than it names"));
                }
            }
        }
        for (name, member) in members {
            match member {
                Value::Array(items) => items.iter().for_each(|item| look(item, &format!("{path}/{name}"), bare)),
                member => look(member, &format!("{path}/{name}"), bare),
            }
        }
    }
    let mut bare = Vec::new();
    look(&serde_json::from_str(SCHEMA).unwrap(), "", &mut bare);
    assert_eq!(bare, Vec::<String>::new());
}
