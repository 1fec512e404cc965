//! The twelve questions of an engineer on call, and the part of each email that answers them. If the answer cannot be known, the
//! email states the reason.
//!
//! An email that does not answer a question fails here, in each language, with and without enrichment.

mod table;

use std::collections::BTreeMap;

use alerting::{
    notification::{Language, email::Email, language::Section},
    text::columns,
};

use sample_notifications::{EVENTS, OTHERS, Setting, scenario};
use table::{Answers, Both, TABLE};

/// The parts of an email.
struct Parts {
    subject: String,
    /// The lines before the first empty line.
    lead: String,
    status: String,
    sections: BTreeMap<&'static str, String>,
    links: Vec<String>,
    records: String,
}

impl Parts {
    fn of(email: &Email, language: Language) -> Parts {
        let label = |section| language.phrases().label(section);
        let (text, records) = email.body.split_once(&format!("\n{}\n", label(Section::Records))).unwrap();
        let mut blocks = text.split("\n\n");
        let joined = |block: Option<&str>| joined(&block.unwrap().lines().collect::<Vec<_>>(), language);
        let (lead, status) = (joined(blocks.next()), joined(blocks.next()));
        let mut sections: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
        let mut current = "";
        for line in text.lines().filter(|line| !line.starts_with("https://")) {
            if !line.starts_with(' ') {
                current = ALL
                    .map(label)
                    .into_iter()
                    .find(|label| line.strip_prefix(label).is_some_and(|rest| rest.starts_with(' ')))
                    .unwrap_or("");
            }
            sections.entry(current).or_default().push(line.strip_prefix(current).unwrap_or(line).trim());
        }
        Parts {
            subject: email.subject.clone(),
            lead,
            status,
            sections: sections.into_iter().map(|(label, lines)| (label, self::joined(&lines, language))).collect(),
            links: email.body.lines().filter(|line| line.starts_with("https://")).map(str::to_owned).collect(),
            records: records.to_owned(),
        }
    }
}

const ALL: [Section; 9] = [
    Section::What,
    Section::From,
    Section::To,
    Section::Where,
    Section::Which,
    Section::When,
    Section::Flows,
    Section::Why,
    Section::Next,
];

/// Joins wrapped lines. Between two Japanese characters there was no space; otherwise there was one.
fn joined(lines: &[&str], language: Language) -> String {
    let mut text = String::new();
    for line in lines {
        let wide = |c: Option<char>| c.is_some_and(|c| columns(c.encode_utf8(&mut [0; 4])) > 1);
        let japanese = language == Language::Japanese && (wide(text.chars().next_back()) && wide(line.chars().next()));
        if !text.is_empty() && !japanese {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

/// Checks one email. Returns the missing answers.
fn missing(answers: &Answers, setting: Setting) -> Vec<String> {
    let language = setting.language;
    let parts = Parts::of(&scenario(answers.scenario, setting).email(), language);
    let pick = |(english, japanese): Both| match language {
        Language::English => english,
        Language::Japanese => japanese,
    };
    let section = |section: Section| parts.sections.get(language.phrases().label(section)).cloned().unwrap_or_default();
    let mut missing = Vec::new();
    let mut look = |question: &str, text: &str, expect: &str| {
        // Joining lines may have added or removed a space.
        let squeezed = |text: &str| text.replace(' ', "");
        if !squeezed(text).contains(&squeezed(expect)) {
            missing.push(format!("{question}: no {expect:?} in {text:?}"));
        }
    };
    look("1 what", &parts.lead, pick(answers.what));
    look("1 what", &parts.subject, pick(answers.what));
    for both in answers.much {
        look("2 how much", &section(Section::What), pick(*both));
    }
    for both in answers.from {
        look("3 who", &section(Section::From), pick(*both));
    }
    for both in answers.to {
        look("4 to whom", &section(Section::To), pick(*both));
    }
    match answers.own {
        Some(own) if setting.enriched => {
            for expect in ["web-1", "i-0", "team-a"] {
                look("4 whose", &section(own), expect);
            }
            // It has two hosts on its own side.
            if answers.scenario != "custom-format" {
                look("1 what", &parts.lead, "web-1");
            }
        }
        // The email states that names and owners are missing, and why.
        _ if !setting.enriched => {
            look("4 whose", &section(Section::Why), pick(("names and owners", "名前と所有者")));
            look("4 whose", &section(Section::Why), "Enrichment");
        }
        _ => {}
    }
    let place = section(Section::Where);
    look("5 where", &place, answers.account);
    look("5 where", &place, if answers.scenario == "custom-format" { "ap-southeast-2" } else { "ap-northeast-1" });
    look("5 where", &place, "Log-Group");
    let network =
        if setting.enriched && answers.network.is_empty() { &["vpc-0123", "subnet-0456"][..] } else { answers.network };
    for expect in network {
        look("5 where", &place, expect);
    }
    if network.is_empty() {
        look("5 where", &section(Section::Why), pick(("interfaces", "インターフェイス")));
    }
    let sides = [section(Section::From), section(Section::To), place].concat();
    look("5 where", &sides, answers.interface);
    for expect in answers.span {
        look("6 when", &section(Section::When), expect);
    }
    if setting.zone == "Asia/Tokyo" {
        look("6 when", &section(Section::When), "Asia/Tokyo");
    }
    look("6 how late", &parts.status, pick(answers.late));
    let direction = answers.direction_ec2.filter(|_| setting.enriched).unwrap_or(answers.direction);
    look("7 direction", &section(Section::Which), pick(direction));
    let why: &[Both] = if setting.enriched { &answers.why_ec2 } else { &answers.why };
    for both in why {
        look("8 why", &section(Section::Why), pick(*both));
    }
    look("9 state", &parts.status, pick(answers.state));
    look("10 evidence", &parts.records.replace('\u{fffd}', " "), answers.record);
    let opens = if setting.enriched { answers.opens_ec2 } else { answers.opens };
    look("11 next", &parts.links[0], opens);
    for expect in ["logsV2:logs-insights", "metricsV2"] {
        look("11 next", &parts.links.concat(), expect);
    }
    look("12 tune", &section(Section::Next), answers.tune);
    missing
}

#[test]
fn every_email_answers_the_twelve_questions() {
    let mut all = Vec::new();
    for answers in &TABLE {
        for setting in Setting::all() {
            let name = setting.name(answers.scenario);
            all.extend(missing(answers, setting).into_iter().map(|missing| format!("{name}: {missing}")));
        }
    }
    assert!(all.is_empty(), "{} answers are missing:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_scenario_has_a_row() {
    for scenario in EVENTS.iter().chain(&OTHERS) {
        assert!(TABLE.iter().any(|answers| answers.scenario == *scenario), "{scenario} has no row");
    }
}
