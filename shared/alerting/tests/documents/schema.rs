//! Every document is as `schema/alert-1.0.json` says, and nothing else is.

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

fn document(notice: &alerting::notification::RenderedNotification) -> Value {
    serde_json::from_str(&notice.document.json()).unwrap()
}

#[test]
fn every_document_is_as_the_schema_says() {
    let schema = Schema::load();
    for (name, notice) in all() {
        schema.check(&document(&notice)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn what_is_left_of_a_shortened_document_is_as_the_schema_says() {
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
fn another_version_is_another_schema() {
    let schema = Schema::load();
    for version in [json!("1.1"), json!("2.0"), json!(1.0), json!(null)] {
        let mut document = document(&opened("ping-deny"));
        document["version"] = version.clone();
        assert!(schema.check(&document).is_err(), "{version}");
    }
}

/// Calls `change` with each object in a document, one after the other, each in a copy of its own.
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
fn a_field_that_the_schema_does_not_name_is_refused_anywhere() {
    let schema = Schema::load();
    let mut objects = 0;
    for notice in [
        scenario("ping-deny", Setting::ENRICHED).render(),
        scenario("repeated", Setting::PLAIN).render(),
        scenario("update-of-many", Setting::PLAIN).render(),
    ] {
        let add = &mut |_: &str, object: &mut Value| {
            object["surprise"] = json!(1);
            true
        };
        each_object(&document(&notice), add, &|path, document| {
            assert!(schema.check(document).is_err(), "{path:?} takes a field that nobody knows");
        });
        objects += 1;
    }
    assert_eq!(objects, 3);
}

#[test]
fn nothing_is_null() {
    let schema = Schema::load();
    for (name, notice) in all() {
        let document = document(&notice);
        assert!(!document.to_string().contains(":null"), "{name}");
    }
    let mut document = document(&opened("ping-deny"));
    document["flows"][0]["interface"] = Value::Null;
    assert!(schema.check(&document).is_err());
}

#[test]
fn every_field_of_the_schema_is_described_or_refers_to_one_that_is() {
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
