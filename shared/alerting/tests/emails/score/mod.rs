//! The twelve questions of an engineer on call, and the part of each email that answers them. If the answer cannot be known, the
//! email states the reason.
//!
//! An email that does not answer a question fails here, in each language, with and without enrichment.

mod connections;
mod table;

use std::collections::BTreeMap;

use alerting::notification::{
    Language,
    email::Email,
    language::{Fact, Section},
};

use connections::CONNECTION_TABLE;
use sample_notifications::{CONNECTIONS, EVENTS, OTHERS, Setting, scenario};
use table::{Answers, Both, TABLE};

/// The parts of an email.
struct Parts {
    subject: String,
    /// The lines before the first empty line.
    lead: String,
    status: String,
    /// What stands below each heading.
    sections: BTreeMap<&'static str, String>,
    /// The values behind each label, or below it.
    facts: BTreeMap<String, String>,
    links: Vec<String>,
}

impl Parts {
    fn of(email: &Email, language: Language) -> Parts {
        let mut blocks = email.body.trim_end().split("\n\n");
        let (lead, status) = (blocks.next().unwrap().to_owned(), blocks.next().unwrap().to_owned());
        let mut sections = BTreeMap::new();
        for (section, block) in SECTIONS.into_iter().zip(blocks) {
            let heading = language.phrases().heading(section);
            let text = block.strip_prefix(&format!("{heading}\n"));
            sections.insert(heading, text.unwrap_or_else(|| panic!("no {heading} in\n{}", email.body)).to_owned());
        }
        let mut facts: BTreeMap<String, String> = BTreeMap::new();
        let mut label = "";
        for line in sections[language.phrases().heading(Section::Details)].lines() {
            let value = line.strip_prefix("- ").unwrap_or_else(|| {
                let (head, value) = line.split_once(':').unwrap_or_else(|| panic!("no label: {line}"));
                label = head;
                value.trim_start()
            });
            let known = facts.entry(label.to_owned()).or_default();
            *known = format!("{known} {value}").trim().to_owned();
        }
        Parts {
            subject: email.subject.clone(),
            lead,
            status,
            sections,
            facts,
            links: email.body.lines().filter(|line| line.starts_with("https://")).map(str::to_owned).collect(),
        }
    }
}

const SECTIONS: [Section; 5] = [Section::Actions, Section::Why, Section::Details, Section::Records, Section::Links];

/// Checks one email. Returns the missing answers.
fn missing(answers: &Answers, setting: Setting) -> Vec<String> {
    let language = setting.language;
    let parts = Parts::of(&scenario(answers.scenario, setting).email(), language);
    let pick = |(english, japanese): Both| match language {
        Language::English => english,
        Language::Japanese => japanese,
    };
    let section = |section: Section| parts.sections[language.phrases().heading(section)].clone();
    let fact = |fact: Fact| parts.facts.get(language.phrases().label(fact)).cloned().unwrap_or_default();
    let mut missing = Vec::new();
    let mut look = |question: &str, text: &str, expect: &str| {
        if !text.contains(expect) {
            missing.push(format!("{question}: no {expect:?} in {text:?}"));
        }
    };
    look("1 what", &parts.lead, pick(answers.what));
    look("1 what", &parts.subject, pick(answers.what));
    for both in answers.much {
        look("2 how much", &[fact(Fact::What), fact(Fact::Total)].join(" "), pick(*both));
    }
    for both in answers.from {
        look("3 who", &fact(Fact::From), pick(*both));
    }
    for both in answers.to {
        look("4 to whom", &fact(Fact::To), pick(*both));
    }
    match answers.own {
        Some(own) if setting.enriched => {
            for expect in answers.host {
                look("4 whose", &fact(own), expect);
            }
            // It has two hosts on its own side.
            if answers.scenario != "custom-format" {
                look("1 what", &parts.lead, answers.host[0]);
            }
        }
        // The email states that names and owners are missing, and why.
        _ if !setting.enriched => {
            look("4 whose", &section(Section::Why), pick(("names and owners", "名前と所有者")));
            look("4 whose", &section(Section::Why), "Enrichment");
        }
        _ => {}
    }
    let place = [fact(Fact::Where), fact(Fact::LogGroup)].join(" ");
    look("5 where", &place, answers.account);
    look("5 where", &place, if answers.scenario == "custom-format" { "ap-southeast-2" } else { "ap-northeast-1" });
    look("5 where", &place, "Log-Group");
    let network = if setting.enriched && answers.network.is_empty() { answers.network_ec2 } else { answers.network };
    for expect in network {
        look("5 where", &place, expect);
    }
    if network.is_empty() {
        look("5 where", &section(Section::Why), pick(("interfaces", "インターフェイス")));
    }
    let sides = [fact(Fact::From), fact(Fact::To), place].concat();
    look("5 where", &sides, answers.interface);
    for expect in answers.span {
        look("6 when", &fact(Fact::When), expect);
    }
    if setting.zone == "Asia/Tokyo" {
        look("6 when", &fact(Fact::When), " JST (");
    }
    look("6 how late", &parts.status, pick(answers.late));
    let direction = answers.direction_ec2.filter(|_| setting.enriched).unwrap_or(answers.direction);
    look("7 direction", &fact(Fact::Direction), pick(direction));
    look("7 service", &fact(Fact::Service), answers.service);
    let why: &[Both] = if setting.enriched { &answers.why_ec2 } else { &answers.why };
    for both in why {
        look("8 why", &section(Section::Why), pick(*both));
    }
    look("9 state", &parts.status, pick(answers.state));
    look("10 evidence", &section(Section::Records).replace('\u{fffd}', " "), answers.record);
    let opens = if setting.enriched { answers.opens_ec2 } else { answers.opens };
    look("11 next", &parts.links[0], opens);
    for expect in ["logsV2:logs-insights", "metricsV2"] {
        look("11 next", &parts.links.concat(), expect);
    }
    look("12 silence", &section(Section::Actions), answers.silence);
    if answers.scenario.contains("resolved") {
        look("12 silence", &section(Section::Actions), "ResolvedEmails");
    }
    missing
}

#[test]
fn every_email_answers_the_twelve_questions() {
    let mut all = Vec::new();
    for answers in TABLE.iter().chain(&CONNECTION_TABLE) {
        for setting in Setting::all() {
            let name = setting.name(answers.scenario);
            all.extend(missing(answers, setting).into_iter().map(|missing| format!("{name}: {missing}")));
        }
    }
    assert!(all.is_empty(), "{} answers are missing:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_scenario_has_a_row() {
    for scenario in EVENTS.iter().chain(&OTHERS).chain(&CONNECTIONS) {
        let mut rows = TABLE.iter().chain(&CONNECTION_TABLE);
        assert!(rows.any(|answers| answers.scenario == *scenario), "{scenario} has no row");
    }
}
