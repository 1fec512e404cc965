//! Which tags are requested, and how they are selected.

use serde::Deserialize;

use crate::enrichment::interface::Tags;

/// A tag of a resource
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagDescription.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tag {
    /// The resource. Only responses of DescribeTags name it.
    #[serde(alias = "ResourceId")]
    pub resource_id: Box<str>,
    /// The key.
    #[serde(alias = "Key")]
    pub key: Box<str>,
    /// The value.
    #[serde(alias = "Value")]
    pub value: Box<str>,
}

/// The keys of the tags that name a resource's owner. `Name` is always requested too.
#[derive(Clone, Debug)]
pub struct TagKeys(Vec<String>);

impl TagKeys {
    /// Creates the keys from those of the owner tags.
    pub fn new(owners: Vec<String>) -> TagKeys {
        TagKeys(owners)
    }

    /// Returns the keys to request. EC2's filter is case-sensitive and people are not, so each key is requested as configured, in
    /// lower case, in upper case, with its first letter capitalized, and with each word capitalized.
    pub fn requested(&self) -> Vec<String> {
        let mut keys = vec!["Name".to_owned()];
        for key in &self.0 {
            let lower = key.to_lowercase();
            for spelling in [key.clone(), capitals(&lower, false), capitals(&lower, true), key.to_uppercase(), lower] {
                if !keys.contains(&spelling) {
                    keys.push(spelling);
                }
            }
        }
        keys
    }

    /// Selects the name and the owners from one resource's tags. `Name` is matched exactly, by AWS's convention; the other keys
    /// ignore case. Tags without a value are ignored.
    pub fn pick(&self, tags: impl IntoIterator<Item = Tag>) -> Tags {
        let tags: Vec<Tag> = tags.into_iter().filter(|tag| !tag.value.is_empty()).collect();
        let name = tags.iter().find(|tag| &*tag.key == "Name").map(|tag| tag.value.clone());
        let owned_by = |key: &String| tags.iter().find(|tag| tag.key.to_lowercase() == key.to_lowercase());
        let owners = self.0.iter().filter_map(owned_by).map(|tag| (tag.key.clone(), tag.value.clone()));
        Tags { name, owners: owners.collect() }
    }
}

/// Capitalizes the first letter of a lower-case text, or of each of its words.
fn capitals(lower: &str, each_word: bool) -> String {
    let mut text = String::with_capacity(lower.len());
    let mut starts = true;
    for c in lower.chars() {
        if starts {
            text.extend(c.to_uppercase());
        } else {
            text.push(c);
        }
        starts = each_word && !c.is_alphanumeric();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { resource_id: "i-1".into(), key: key.into(), value: value.into() }
    }

    #[test]
    fn keys_are_requested_in_common_spellings() {
        let keys = TagKeys::new(vec!["owner".to_owned(), "cost-Center".to_owned()]);
        assert_eq!(
            keys.requested(),
            [
                "Name",
                "owner",
                "Owner",
                "OWNER",
                "cost-Center",
                "Cost-center",
                "Cost-Center",
                "COST-CENTER",
                "cost-center"
            ]
        );
    }

    #[test]
    fn owners_are_in_configured_order_whatever_their_case() {
        let keys = TagKeys::new(vec!["owner".to_owned(), "team".to_owned()]);
        let tags = keys.pick([tag("Team", "team-a"), tag("name", "no"), tag("OWNER", "me"), tag("Name", "web-1")]);
        assert_eq!(tags.name.as_deref(), Some("web-1"));
        assert_eq!(tags.owners, [("OWNER".into(), "me".into()), ("Team".into(), "team-a".into())]);
    }

    #[test]
    fn a_tag_without_a_value_is_ignored() {
        let keys = TagKeys::new(vec!["owner".to_owned()]);
        assert_eq!(keys.pick([tag("Name", ""), tag("owner", "")]), Tags::default());
    }
}
