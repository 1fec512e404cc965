//! JSON: one object a line for each email, and the summary.

use std::collections::BTreeMap;

use alerting::{
    time::{self, EpochMillis},
    zone::Zone,
};
use serde::Serialize;

use super::counts::{Counts, KINDS};
use crate::backtest::{input::Tally, play::SentEmail};

/// The line about an email.
#[derive(Serialize)]
struct EmailLine<'a> {
    at: String,
    kind: &'a str,
    origin: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    incident: &'a str,
    severity: &'a str,
    subject: &'a str,
    body: &'a str,
    records: u64,
}

/// The last line.
#[derive(Serialize)]
struct SummaryLine<'a> {
    summary: Summary<'a>,
}

#[derive(Serialize)]
struct Summary<'a> {
    records: u64,
    matched: u64,
    no_data: u64,
    skip_data: u64,
    unparsed: u64,
    emails: Emails<'a>,
    /// Days from the first to the last record.
    days: u64,
    first: Option<String>,
    last: Option<String>,
}

#[derive(Serialize)]
struct Emails<'a> {
    total: u64,
    by_kind: BTreeMap<&'a str, u64>,
    by_origin: BTreeMap<&'a str, u64>,
}

/// Returns the line about an email, without its line break.
///
/// # Errors
/// None: text and numbers can always be written.
pub(crate) fn email(email: &SentEmail) -> Result<String, String> {
    text(&EmailLine {
        at: time::iso_millis(email.at),
        kind: email.kind.word(),
        origin: email.origin,
        role: email.role,
        incident: &email.incident,
        severity: email.severity,
        subject: &email.subject,
        body: &email.body,
        records: email.records,
    })
}

/// Returns the last line.
///
/// # Errors
/// None: text and numbers can always be written.
pub(crate) fn summary(tally: &Tally, counts: &Counts, zone: &Zone) -> Result<String, String> {
    let of_origin = |word: &'static str| (word, counts.total(|origin, _| origin.starts_with(word)));
    text(&SummaryLine {
        summary: Summary {
            records: tally.records,
            matched: tally.matched,
            no_data: tally.no_data,
            skip_data: tally.skip_data,
            unparsed: tally.unparsed,
            emails: Emails {
                total: counts.total(|_, _| true),
                by_kind: KINDS.map(|word| (word, counts.total(|_, kind| kind == word))).into(),
                by_origin: ["own", "private", "internet"].map(of_origin).into(),
            },
            days: tally.span.map_or(0, |span| days(span, zone)),
            first: tally.span.map(|(first, _)| time::iso_millis(first)),
            last: tally.span.map(|(_, last)| time::iso_millis(last)),
        },
    })
}

fn text(line: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(line).map_err(|error| error.to_string())
}

/// Number of days, in a zone, from the first to the last start of a record.
pub(super) fn days((first, last): (EpochMillis, EpochMillis), zone: &Zone) -> u64 {
    let date = |at| zone.day_and_clock(at).0.parse::<jiff::civil::Date>().ok();
    let (Some(first), Some(last)) = (date(first), date(last)) else { return 1 };
    u64::try_from((last - first).get_days()).unwrap_or_default() + 1
}
