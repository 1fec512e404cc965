//! Comparison of generated and existing files.

use std::collections::BTreeMap;

/// File names below `events/` and the contents of the files.
pub type Files = BTreeMap<String, String>;

/// Returns one line for every file that is missing, differs, or has no source.
pub fn differences(generated: &Files, existing: &Files) -> Vec<String> {
    let wrong = generated.iter().filter_map(|(name, text)| match existing.get(name) {
        None => Some(format!("events/{name} is missing")),
        Some(content) => (content != text).then(|| format!("events/{name} differs from its source")),
    });
    let extra = existing
        .keys()
        .filter(|name| !generated.contains_key(*name))
        .map(|name| format!("events/{name} has no source"));
    wrong.chain(extra).collect()
}

#[cfg(test)]
mod tests {
    use super::{Files, differences};

    fn files(pairs: &[(&str, &str)]) -> Files {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn each_kind_of_difference_is_reported() {
        let wanted = files(&[("a.json", "1"), ("b.json", "2"), ("c.json", "3")]);
        let found = files(&[("a.json", "1"), ("b.json", "two"), ("d.json", "4")]);
        assert_eq!(
            differences(&wanted, &found),
            ["events/b.json differs from its source", "events/c.json is missing", "events/d.json has no source"]
        );
        assert_eq!(differences(&wanted, &wanted), [""; 0]);
    }
}
