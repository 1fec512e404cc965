//! The elements that several responses have.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::Unreadable;

/// A list: an array in JSON, `item` elements in XML.
#[derive(Debug)]
pub struct Items<T> {
    /// What it lists.
    pub item: Vec<T>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Items { item: Vec::new() }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Items", &["item"], ItemsVisitor(PhantomData))
    }
}

struct ItemsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ItemsVisitor<T> {
    type Value = Items<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Items<T>, A::Error> {
        let mut item = Vec::new();
        while let Some(next) = array.next_element()? {
            item.push(next);
        }
        Ok(Items { item })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut element: A) -> Result<Items<T>, A::Error> {
        let mut item = Vec::new();
        while let Some(name) = element.next_key::<String>()? {
            if name == "item" {
                item.extend(element.next_value::<Vec<T>>()?);
            } else {
                element.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Items { item })
    }
}

/// Yes or no: a boolean in JSON, a word in XML.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bool(FlagVisitor)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Flag, E> {
        Ok(Flag(yes))
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Flag, E> {
        match word {
            "true" | "True" => Ok(Flag(true)),
            "false" | "False" => Ok(Flag(false)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)),
        }
    }
}

/// A reference to a security group.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawGroupId {
    #[serde(alias = "GroupId")]
    group_id: Option<String>,
}

impl RawGroupId {
    pub(super) fn into_id(self) -> Result<Box<str>, Unreadable> {
        text(self.group_id).ok_or(Unreadable)
    }
}

/// Returns the text if it is not empty.
pub(super) fn text(text: Option<String>) -> Option<Box<str>> {
    text.filter(|text| !text.is_empty()).map(String::into_boxed_str)
}
