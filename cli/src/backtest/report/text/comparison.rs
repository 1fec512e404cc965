//! Two lists of settings side by side.

use std::fmt::Write as _;

use alerting::zone::Zone;

use super::read;
use crate::{
    backtest::{
        report::{
            differences::{Fate, missed},
            facts::{fate_words, numbers, silenced},
            side::Side,
            story::Story,
            words::moment,
        },
        silence::SilenceArg,
    },
    records::Tally,
};

/// Incidents that each list of differences has.
const MAX_LISTED: usize = 20;

/// Returns the emails of two lists of settings side by side, and what the readers of one hear of later or never.
pub(crate) fn comparison(tally: &Tally, [a, b]: [Side<'_>; 2], silences: &[SilenceArg]) -> String {
    let mut text = read(tally, a.results);
    let _ = writeln!(text, "\nA: {}\nB: {}\n", a.name(), b.name());
    for (name, [a, b]) in numbers([a.results, b.results]) {
        let _ = writeln!(text, "{name:24}{a:>8}{b:>8}");
    }
    for (side, letter) in [(a, "A"), (b, "B")].into_iter().filter(|_| !silences.is_empty()) {
        let _ = writeln!(text, "\nSILENCED, {letter}\n{}", silenced(side.results, silences).join("\n"));
    }
    for (this, [letter, other]) in [((a, b), ["A", "B"]), ((b, a), ["B", "A"])] {
        let missed = missed(this.0.results.stories.iter(), this.1.results.stories.iter());
        let _ = writeln!(text, "\nIN {letter}, AND LATER OR NEVER IN {other}");
        if missed.is_empty() {
            text.push_str("nothing\n");
        }
        for (story, fate) in missed.iter().take(MAX_LISTED) {
            let _ = writeln!(text, "{}", difference(story, *fate, other, &this.0.results.zone));
        }
        if missed.len() > MAX_LISTED {
            let _ = writeln!(text, "... and {} more", missed.len() - MAX_LISTED);
        }
    }
    let left_out = a.results.stories.left_out + b.results.stories.left_out;
    if left_out > 0 {
        let _ = writeln!(text, "\n{left_out} older incidents are not compared one by one.");
    }
    text
}

/// Returns what becomes of an incident in the other list, in a line.
fn difference(story: &Story, fate: Fate, other: &str, zone: &Zone) -> String {
    format!("{}  {}\n    {}", moment(story.opened_at(), zone), story.subject(), fate_words(fate, other))
}
