//! The incidents with their emails.

use std::fmt::Write as _;

use alerting::{time, zone::Zone};

use super::{charts::kind_class, incidents::class_of, svg::escape};
use crate::backtest::{
    play::origin_words,
    report::{
        results::Results,
        story::{Story, StoryEmail},
        words::{duration, later, listed, moment},
    },
};
use crate::words::{number, packets_and_records};

/// Writes the incidents in the order of their first email, and says how many are left out.
pub(super) fn list(prefix: &str, results: &Results) -> String {
    let stories = &results.stories;
    let mut text = String::new();
    if stories.left_out > 0 {
        let _ = write!(text, "<p>{} are left out.</p>", number(stories.left_out, "older incident"));
    }
    if stories.lacks_bodies {
        text.push_str(
            "<p>The texts of the oldest emails are left out; <code>--emails DIR</code> writes all of them.</p>",
        );
    }
    for (index, story) in stories.iter().enumerate() {
        text.push_str(&article(&format!("{prefix}incident-{index}"), story, &results.zone));
    }
    text
}

fn article(id: &str, story: &Story, zone: &Zone) -> String {
    let lasted = duration(time::millis_between(story.opened_at(), story.resolved_at()));
    let mut emails = String::new();
    let mut previous = story.opened_at();
    for email in &story.emails {
        emails.push_str(&entry(email, &later(email.at, previous, zone)));
        previous = email.at;
    }
    if story.emails_left_out > 0 {
        let _ = write!(emails, "<li>{} not kept</li>", number(story.emails_left_out, "more email"));
    }
    format!(
        r#"<article class="story {}" id="{id}"><h3>{}</h3><p class="facts">{} · {lasted} · {}, {} · {}</p><p class="facts">{} → {}</p><ol>{emails}</ol></article>"#,
        class_of(story.origin),
        escape(story.subject()),
        moment(story.opened_at(), zone),
        origin_words(story.origin),
        story.severity.word(),
        packets_and_records(story.packets, story.records),
        escape(&listed(&story.senders)),
        escape(&listed(&story.receivers)),
    )
}

fn entry(email: &StoryEmail, at: &str) -> String {
    let kind = email.kind.word();
    let summary = format!(
        r#"<time>{at}</time> <span class="kind {}">{kind}</span> <span class="subject">{}</span>"#,
        kind_class(email.kind),
        escape(&email.subject)
    );
    match &email.body {
        Some(body) => {
            format!(r"<li><details><summary>{summary}</summary><pre>{}</pre></details></li>", escape(body.trim_end()))
        }
        None => format!(r#"<li class="bare">{summary}</li>"#),
    }
}
