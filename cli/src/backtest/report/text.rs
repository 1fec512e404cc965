//! The report for people.

use std::fmt::Write as _;

use alerting::zone::Zone;

use super::{
    counts::{Counts, KINDS, ORIGINS},
    json::days,
};
use crate::backtest::input::Tally;

/// Returns the report: what was read, emails by day, and the timeline.
pub(crate) fn report(tally: &Tally, counts: &Counts, zone: &Zone) -> String {
    let mut text = read(tally, zone);
    let total = counts.total(|_, _| true);
    if total == 0 {
        text.push_str("\nYou would have got no email but the daily digest.\n");
        return text;
    }
    let _ = writeln!(text, "\nYou would have got {}, daily digests not counted:\n", number(total, "email"));
    text.push_str(&by_day(counts));
    text.push_str("\nTIMELINE\n");
    for email in &counts.listed {
        let _ = writeln!(text, "{} {}  {:8}  {}", email.day, email.clock, email.kind, email.subject);
    }
    if counts.not_listed > 0 {
        let _ = writeln!(text, "... and {} more", counts.not_listed);
    }
    text
}

/// Returns what was read, in a sentence or two.
fn read(tally: &Tally, zone: &Zone) -> String {
    let mut text = String::new();
    match tally.span {
        Some(span) => {
            let days = number(days(span, zone), "day");
            let _ = writeln!(text, "{} ({days})", zone.range(span.0, span.1));
        }
        None => text.push_str("No records with traffic\n"),
    }
    let _ = write!(text, "{}: {} of rejected ICMP", number(tally.records, "record"), tally.matched);
    if tally.no_data > 0 {
        let _ = write!(text, ", {} NODATA", tally.no_data);
    }
    if tally.skip_data > 0 {
        let _ = write!(text, ", {} SKIPDATA (records that AWS could not log)", tally.skip_data);
    }
    text.push('\n');
    if let Some(first) = &tally.first_unparsed {
        let _ = writeln!(text, "Not readable: {}. The first one:\n  {first}", number(tally.unparsed, "line"));
        if tally.unparsed * 2 > tally.records {
            text.push_str(
                "  Do the records have another format? Declare it: --format '${version} ${account-id} ...'\n",
            );
        }
    }
    text
}

/// Returns a table with a line for each day that has emails, and a column for each origin and each kind.
fn by_day(counts: &Counts) -> String {
    let columns = ORIGINS.iter().chain(&KINDS);
    let mut text = format!("{:10}", "");
    for column in columns.clone() {
        let _ = write!(text, "  {column:>8}");
    }
    text.push_str("     total\n");
    let mut line = |name: &str, emails: &dyn Fn(&str) -> u64, total: u64| {
        let _ = write!(text, "{name:10}");
        for column in columns.clone() {
            let width = column.len().max(8);
            let _ = match emails(column) {
                0 => write!(text, "  {:>width$}", "-"),
                emails => write!(text, "  {emails:>width$}"),
            };
        }
        let _ = writeln!(text, "  {total:>8}");
    };
    let is_of = |column: &str, (origin, kind): (&str, &str)| column == origin || column == kind;
    for (day, emails) in &counts.days {
        let of = |column: &str| emails.iter().filter(|(key, _)| is_of(column, **key)).map(|(_, emails)| emails).sum();
        line(day, &of, emails.values().sum());
    }
    let of = |column: &str| counts.total(|origin, kind| is_of(column, (origin, kind)));
    line("total", &of, counts.total(|_, _| true));
    text
}

/// Returns the emails of two lists of settings side by side.
pub(crate) fn comparison(tally: &Tally, zone: &Zone, [(name_a, a), (name_b, b)]: [(&str, &Counts); 2]) -> String {
    let named = |name: &str| if name.trim().is_empty() { "defaults".to_owned() } else { name.trim().to_owned() };
    let mut text = read(tally, zone);
    let _ = writeln!(text, "\nA: {}\nB: {}\n", named(name_a), named(name_b));
    let _ = writeln!(text, "{:24}{:>8}{:>8}", "emails", "A", "B");
    let mut line = |name: &str, a: u64, b: u64| {
        let _ = writeln!(text, "{name:24}{a:>8}{b:>8}");
    };
    for word in ORIGINS.iter().chain(&KINDS) {
        let of = |counts: &Counts| counts.total(|origin, kind| origin == *word || kind == *word);
        line(word, of(a), of(b));
    }
    line("total", a.total(|_, _| true), b.total(|_, _| true));
    line("days with emails", a.days.len() as u64, b.days.len() as u64);
    let most = |counts: &Counts| counts.days.values().map(|day| day.values().sum()).max().unwrap_or_default();
    line("most emails in a day", most(a), most(b));
    text
}

/// A number with its noun: `1 email`, `2 emails`.
fn number(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
