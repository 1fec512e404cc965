//! The sample emails in the READMEs, one for each language.

use alerting::notification::{Language, language::Section};
use sample_notifications::{Setting, scenario, shown};

#[test]
fn each_readme_shows_the_current_email() {
    let japanese = Setting { language: Language::Japanese, zone: "Asia/Tokyo", ..Setting::ENRICHED };
    for (file, setting) in [("README.md", Setting::ENRICHED), ("README.ja.md", japanese)] {
        let path = format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"));
        let readme = std::fs::read_to_string(path).unwrap();
        let mut blocks = readme.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
        let email = |name: &str| shown(&scenario(name, setting).email());
        // The sample leaves out the last section, because its links are too long for a page.
        let links = format!("\n\n{}\n", setting.language.phrases().heading(Section::Links));
        let answer = format!("{}\n", email("ping-deny").split_once(&links).unwrap().0);
        assert_eq!(blocks.next(), Some(answer.as_str()), "the first sample in {file} should read:\n{answer}");
        // Of a ping of ours and of a rejected connection the first lines.
        for (name, place) in [("own-request", "second"), ("request", "third")] {
            let first = email(name).split_inclusive("\n\n").take(2).collect::<String>();
            let first = format!("{}\n", first.trim_end());
            assert_eq!(blocks.next(), Some(first.as_str()), "the {place} sample in {file} should read:\n{first}");
        }
    }
}
