//! The sample in the README.

use sample_notifications::{Setting, scenario, shown};

#[test]
fn the_readme_shows_the_mail_as_it_is() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let block = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let email = shown(&scenario("ping-deny", Setting::ENRICHED).email());
    // The links are too long for a page, and left out with what they open.
    let (before, rest) = email.split_once("\nThe network ACL acl-0f3a9c:\n").unwrap();
    let (_, records) = rest.split_once("\nRECORDS\n").unwrap();
    let sample = format!("{before}\nRECORDS\n{records}");
    assert_eq!(block, sample, "the sample in README.md should read:\n{sample}");
}
