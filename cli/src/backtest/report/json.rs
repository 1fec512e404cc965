//! JSON: one object a line for each email, and the summary.

use std::collections::BTreeMap;

use alerting::{detection::Role, time};
use serde::Serialize;

use super::{emails::KINDS, results::Results, words::days};
use crate::{backtest::play::SentEmail, records::Tally};

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
    incidents: u64,
    background: Background,
    /// Records that silences cover.
    silenced: u64,
    /// Estimated for 30 days like these; null for a period that is too short.
    cost_usd: Option<f64>,
}

/// What belongs to no incident.
#[derive(Serialize)]
struct Background {
    records: u64,
    packets: u64,
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
        origin: email.origin.word(),
        role: email.origin.role().map(Role::word),
        incident: &email.incident,
        severity: email.severity.word(),
        subject: &email.subject,
        body: &email.body,
        records: email.records,
    })
}

/// Returns the last line.
///
/// # Errors
/// The list of prices lacks one.
pub(crate) fn summary(tally: &Tally, results: &Results) -> Result<String, String> {
    let emails = &results.emails;
    let of_origin = |word: &'static str| (word, emails.of(|origin, _| origin.word() == word));
    let background = results.traffic.total.all_background();
    let bill = results.bill(tally)?;
    text(&SummaryLine {
        summary: Summary {
            records: tally.records,
            matched: tally.matched,
            no_data: tally.no_data,
            skip_data: tally.skip_data,
            unparsed: tally.unparsed,
            emails: Emails {
                total: emails.total(),
                by_kind: KINDS.map(|kind| (kind.word(), emails.of(|_, one| one == kind))).into(),
                by_origin: ["own", "private", "internet"].map(of_origin).into(),
            },
            days: tally.span.map_or(0, |span| days(span, &results.zone)),
            first: tally.span.map(|(first, _)| time::iso_millis(first)),
            last: tally.span.map(|(_, last)| time::iso_millis(last)),
            incidents: results.stories.number(),
            background: Background { records: background.records, packets: background.packets },
            silenced: results.all_silenced(),
            cost_usd: bill.map(|bill| (bill.total() * 100.0).round() / 100.0),
        },
    })
}

fn text(line: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(line).map_err(|error| error.to_string())
}
