//! The report for people at a terminal.

mod by_day;
mod comparison;
mod stories;

use std::fmt::Write as _;

use alerting::text::grouped;

use super::{
    cost::{Bill, MIN_PERIOD_HOURS},
    facts::{background, cost_basis, silenced},
    results::Results,
    words::{days, usd},
};
use crate::words::number;
use crate::{backtest::silence::SilenceArg, records::Tally};
pub(crate) use comparison::comparison;

/// Returns the report: what was read, emails by day, incidents, background, silences and cost.
///
/// # Errors
/// The list of prices lacks one.
pub(crate) fn report(tally: &Tally, results: &Results, silences: &[SilenceArg]) -> Result<String, String> {
    let mut text = read(tally, results);
    match results.emails.total() {
        0 => text.push_str("\nYou would have got no email but the daily digest.\n"),
        total => {
            let _ = writeln!(text, "\nYou would have got {}, daily digests not counted:\n", number(total, "email"));
            text.push_str(&by_day::table(results));
            text.push_str(&stories::list(results));
        }
    }
    if tally.span.is_some() {
        let _ = writeln!(text, "\nBACKGROUND\n{}", background(results).join("\n"));
        if !silences.is_empty() {
            let _ = writeln!(text, "\nSILENCED\n{}", silenced(results, silences).join("\n"));
        }
        text.push_str(&cost(results.bill(tally)?.as_ref()));
    }
    Ok(text)
}

/// Returns what was read, in a sentence or two.
fn read(tally: &Tally, results: &Results) -> String {
    let mut text = String::new();
    match tally.span {
        Some(span) => {
            let days = number(days(span, &results.zone), "day");
            let _ = writeln!(text, "{} ({days})", results.zone.range(span.0, span.1));
        }
        None => text.push_str("No records with traffic\n"),
    }
    let _ = write!(text, "{}: {} of rejected ICMP", number(tally.records, "record"), grouped(tally.matched));
    if tally.matched_ports > 0 {
        let _ = write!(text, ", {} of rejected TCP and UDP", grouped(tally.matched_ports));
    }
    if tally.no_data > 0 {
        let _ = write!(text, ", {} NODATA", grouped(tally.no_data));
    }
    if tally.skip_data > 0 {
        let _ = write!(text, ", {} SKIPDATA (records that AWS could not log)", grouped(tally.skip_data));
    }
    text.push('\n');
    if let Some(first) = tally.unparsed_samples.first() {
        let _ = writeln!(text, "Not readable: {}. The first one:\n  {first}", number(tally.unparsed, "line"));
        if tally.unparsed * 2 > tally.records {
            text.push_str(
                "  Do the records have another format? Declare it: --format '${version} ${account-id} ...'\n",
            );
        }
    }
    text
}

fn cost(bill: Option<&Bill>) -> String {
    let mut text = "\nCOST\n".to_owned();
    let Some(bill) = bill else {
        let _ = writeln!(text, "Not estimated: the records span less than {MIN_PERIOD_HOURS} hours.");
        return text;
    };
    let _ = writeln!(text, "{}", cost_basis(bill));
    for (name, amount) in bill.parts.iter().copied().chain([("the same whatever the traffic", bill.fixed)]) {
        let _ = writeln!(text, "{name:32}{:>10}", usd(amount));
    }
    let _ = writeln!(text, "{:32}{:>10}", "total", usd(bill.total()));
    text
}
