//! The table of emails by day.

use std::fmt::Write as _;

use alerting::detection::Origin;

use crate::backtest::{
    play::origin_words,
    report::{
        emails::{KINDS, OfDay, sum},
        results::Results,
    },
};

/// Days that the table lists: the newest.
const MAX_DAYS: usize = 62;

/// Returns a table with a line for each day that has emails, and a column for each origin and each kind.
pub(super) fn table(results: &Results) -> String {
    let counts = &results.emails;
    let heads = Origin::ALL.map(origin_words).into_iter().chain(KINDS.map(|kind| kind.word()));
    let mut text = format!("{:10}", "");
    for head in heads {
        let _ = write!(text, "  {head:>8}");
    }
    text.push_str("     total\n");
    let left_out = counts.days.len().saturating_sub(MAX_DAYS);
    if left_out > 0 || counts.of_other_days > 0 {
        let _ = writeln!(text, "(only the newest {MAX_DAYS} of the days with emails)");
    }
    for (midnight, emails) in counts.days.iter().skip(left_out) {
        text.push_str(&line(&results.zone.day_and_clock(*midnight).0, emails, emails.values().sum()));
    }
    let mut all = OfDay::new();
    for kind in KINDS {
        for origin in Origin::ALL {
            all.insert((origin, kind), counts.of(|one, other| one == origin && other == kind));
        }
    }
    text.push_str(&line("total", &all, counts.total()));
    text
}

fn line(name: &str, emails: &OfDay, total: u64) -> String {
    let mut text = format!("{name:10}");
    let mut cell = |head: &str, number: u64| {
        let width = head.len().max(8);
        let _ = match number {
            0 => write!(text, "  {:>width$}", "-"),
            number => write!(text, "  {number:>width$}"),
        };
    };
    for origin in Origin::ALL {
        cell(origin_words(origin), sum(emails, |one, _| one == origin));
    }
    for kind in KINDS {
        cell(kind.word(), sum(emails, |_, one| one == kind));
    }
    let _ = writeln!(text, "  {total:>8}");
    text
}
