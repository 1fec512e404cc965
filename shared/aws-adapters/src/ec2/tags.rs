//! Which tags are of interest, and picking them out.

use alerting::enrichment::Tags;

/// A tag of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) resource_id: Box<str>,
    pub(super) key: Box<str>,
    pub(super) value: Box<str>,
}

/// `Name`, and the keys of the tags that say who owns a resource.
#[derive(Clone, Debug)]
pub(super) struct TagKeys(Vec<String>);

impl TagKeys {
    pub(super) fn new(owners: Vec<String>) -> TagKeys {
        TagKeys(owners)
    }

    /// What to ask EC2 for. Its filter tells upper from lower case and people do not: each key is asked for as it was
    /// configured, in lower and in upper case, and with a capital at the start, or at the start of each of its words.
    pub(super) fn asked_for(&self) -> Vec<String> {
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

    /// Picks what is of interest out of one resource's tags. `Name` is a convention that includes its capital; the other keys
    /// are compared without regard to case. Tags without a value say nothing.
    pub(super) fn pick(&self, tags: impl IntoIterator<Item = Tag>) -> Tags {
        let tags: Vec<Tag> = tags.into_iter().filter(|tag| !tag.value.is_empty()).collect();
        let name = tags.iter().find(|tag| &*tag.key == "Name").map(|tag| tag.value.clone());
        let owned_by = |key: &String| tags.iter().find(|tag| tag.key.to_lowercase() == key.to_lowercase());
        let owners = self.0.iter().filter_map(owned_by).map(|tag| (tag.key.clone(), tag.value.clone()));
        Tags { name, owners: owners.collect() }
    }
}

/// A text in lower case with a capital at its start, or at the start of each of its words.
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
    fn keys_are_asked_for_in_the_spellings_that_people_use() {
        let keys = TagKeys::new(vec!["owner".to_owned(), "cost-Center".to_owned()]);
        assert_eq!(
            keys.asked_for(),
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
    fn owners_come_in_the_order_configured_whatever_their_case() {
        let keys = TagKeys::new(vec!["owner".to_owned(), "team".to_owned()]);
        let tags = keys.pick([tag("Team", "team-a"), tag("name", "no"), tag("OWNER", "me"), tag("Name", "web-1")]);
        assert_eq!(tags.name.as_deref(), Some("web-1"));
        assert_eq!(tags.owners, [("OWNER".into(), "me".into()), ("Team".into(), "team-a".into())]);
    }

    #[test]
    fn a_tag_without_a_value_says_nothing() {
        let keys = TagKeys::new(vec!["owner".to_owned()]);
        assert_eq!(keys.pick([tag("Name", ""), tag("owner", "")]), Tags::default());
    }
}
