//! Generated files next to what they should be.

use std::collections::BTreeMap;

/// Names of files below `events/` and what stands in them.
pub type Files = BTreeMap<String, String>;

/// Names every file that is missing, differs, or has no source.
pub fn differences(wanted: &Files, found: &Files) -> Vec<String> {
    let wrong = wanted.iter().filter_map(|(name, text)| match found.get(name) {
        None => Some(format!("events/{name} is missing")),
        Some(there) => (there != text).then(|| format!("events/{name} differs from what its source makes")),
    });
    let extra =
        found.keys().filter(|name| !wanted.contains_key(*name)).map(|name| format!("events/{name} has no source"));
    wrong.chain(extra).collect()
}

#[cfg(test)]
mod tests {
    use super::{Files, differences};

    fn files(pairs: &[(&str, &str)]) -> Files {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn each_way_to_be_wrong_is_named() {
        let wanted = files(&[("a.json", "1"), ("b.json", "2"), ("c.json", "3")]);
        let found = files(&[("a.json", "1"), ("b.json", "two"), ("d.json", "4")]);
        assert_eq!(
            differences(&wanted, &found),
            [
                "events/b.json differs from what its source makes",
                "events/c.json is missing",
                "events/d.json has no source"
            ]
        );
        assert_eq!(differences(&wanted, &wanted), [""; 0]);
    }
}
