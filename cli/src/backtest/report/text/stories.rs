//! The incidents: three lines each.

use std::fmt::Write as _;

use alerting::zone::Zone;

use crate::backtest::{
    play::origin_words,
    report::{
        facts::emails,
        results::Results,
        story::Story,
        words::{listed, moment},
    },
};
use crate::words::packets_and_records;

/// Incidents that are listed: the newest.
const MAX_LISTED: usize = 50;

/// Returns the incidents in the order of their first email.
pub(super) fn list(results: &Results) -> String {
    let stories = results.stories.iter();
    let all = results.stories.number();
    let mut text = format!("\nINCIDENTS ({all})\n");
    let listed = stories.len().min(MAX_LISTED);
    if listed as u64 != all {
        let _ = writeln!(text, "The newest {listed}. --emails writes the emails of all.");
    }
    for story in stories.skip(results.stories.iter().len() - listed) {
        text.push_str(&lines(story, &results.zone));
    }
    text
}

/// Returns an incident: the first subject, who and how much, and when each email comes.
fn lines(story: &Story, zone: &Zone) -> String {
    format!(
        "{}  {}\n    {}, {}; {}; {} -> {}\n    {}\n",
        moment(story.opened_at(), zone),
        story.subject(),
        origin_words(story.origin),
        story.severity.word(),
        packets_and_records(story.packets, story.records),
        listed(&story.senders),
        listed(&story.receivers),
        emails(story, zone),
    )
}
