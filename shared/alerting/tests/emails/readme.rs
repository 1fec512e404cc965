//! The sample emails in the READMEs, one for each language.

use alerting::notification::{Language, language::Section};
use sample_notifications::{Setting, scenario, shown};

#[test]
fn each_readme_shows_the_current_email() {
    let japanese = Setting { language: Language::Japanese, zone: "Asia/Tokyo", ..Setting::ENRICHED };
    for (file, setting, first_link) in [
        ("README.md", Setting::ENRICHED, "\nThe network ACL acl-0f3a9c:\n"),
        ("README.ja.md", japanese, "\nネットワーク ACL acl-0f3a9c:\n"),
    ] {
        let path = format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"));
        let readme = std::fs::read_to_string(path).unwrap();
        let block = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let email = shown(&scenario("ping-deny", setting).email());
        // The sample leaves out the links and their titles, because the links are too long for a page.
        let (before, rest) = email.split_once(first_link).unwrap();
        let records = format!("\n{}\n", setting.language.phrases().label(Section::Records));
        let (_, lines) = rest.split_once(&records).unwrap();
        let sample = format!("{before}{records}{lines}");
        assert_eq!(block, sample, "the sample in {file} should read:\n{sample}");
    }
}
