//! Updates and all-clears: what an incident's counters tell.

use super::{
    Body,
    headline::pings,
    query,
    sections::{amounts, what_comes_next},
};
use crate::{
    alert::Kind,
    message::{Message, Names, Told},
    text::{count, grouped, one_line},
    time::{self, EpochMillis, MINUTE_MILLIS},
};

/// Names shown of each kind.
const MAX_NAMES: usize = 5;
/// Rows of a timeline.
const MAX_ROWS: usize = 12;
/// Columns of a timeline's longest bar.
const BAR_COLUMNS: u128 = 30;

/// The subject, before it is cut.
pub(crate) fn subject(report: &Message<'_>) -> String {
    let rule = report.key.rule();
    let who = who(&report.told);
    let pings = pings(&report.told.totals, "rejected ");
    match report.kind {
        Kind::Opening => format!("[{rule}] {pings}{who}"),
        Kind::Update => format!("[{rule}] still going on: {pings} more{who}"),
        Kind::AllClear => {
            let lasted = time::span(time::millis_between(report.opened_at, report.last_seen.unwrap_or(report.now)));
            format!("[{rule}] over after {lasted}: {pings}{who}")
        }
    }
}

/// ` from 10.0.0.1 to 12 targets`.
fn who(told: &Told) -> String {
    let side = |names: &Names, noun: &str| match (names.only(), names.exact) {
        (Some(only), _) => one_line(only, 64).into_owned(),
        (None, true) => count(names.distinct, noun),
        (None, false) => format!("about {}", count(names.distinct, noun)),
    };
    format!(" from {} to {}", side(&told.sources, "source"), side(&told.targets, "target"))
}

pub(crate) fn write(report: &Message<'_>, body: &mut Body) {
    let told = &report.told;
    let were = if told.totals.packets == Some(1) { "was" } else { "were" };
    let more = if report.kind == Kind::Update { " more" } else { "" };
    body.paragraph(&format!("{}{more}{} {were} rejected.", pings(&told.totals, ""), who(told)));
    body.gap();
    status(report, body);
    body.gap();
    body.field("WHAT", &amounts(&told.totals));
    if report.kind == Kind::Update {
        body.field("", &format!("altogether {}", amounts(&report.total)));
    }
    names(body, "FROM", &told.sources);
    names(body, "TO", &told.targets);
    names(body, "ON", &told.interfaces);
    let part = report.key.part().map(|(name, value)| format!("; {name} {}", one_line(value, 64))).unwrap_or_default();
    body.field(
        "WHERE",
        &format!(
            "account {}, {}; log group {}{part}",
            report.key.owner(),
            report.site.region,
            one_line(report.key.log_group(), 128)
        ),
    );
    timeline(body, told);
    body.gap();
    links(report, body);
    if !told.lines.is_empty() {
        body.gap();
        body.line("RECORDS");
        for line in &told.lines {
            body.line(&one_line(line, 300));
        }
        let rest = told.totals.records.saturating_sub(told.lines.len() as u64);
        if rest > 0 {
            body.line(&format!("and {} more; the first link shows them", count(rest, "rejected record")));
        }
    }
}

fn status(report: &Message<'_>, body: &mut Body) {
    let first = report.total.first_start.unwrap_or(report.opened_at);
    let since = time::date_time(first);
    match report.kind {
        Kind::Opening => {
            body.paragraph(&format!("NEW since {since} UTC"));
            body.paragraph("This mail is late: whoever was to send it stopped half-way.");
        }
        Kind::Update => {
            body.paragraph(&format!("GOING ON since {since} UTC (mail {} about it)", report.number));
            let before = report.mailed_at.map_or_else(String::new, |at| format!(" at {} UTC", time::time_of_day(at)));
            body.paragraph(&format!("What follows came since the mail before{before}."));
        }
        Kind::AllClear => {
            let last = report.total.last_end.or(report.last_seen).unwrap_or(report.now);
            body.paragraph(&format!("OVER: {} UTC (mail {} about it)", time::range(first, last), report.number));
            body.paragraph(&format!(
                "Nothing was rejected for {} since then. After the mail before this one came {}.",
                time::span(report.policy.quiet_millis()),
                if report.since.records == 0 { "nothing".to_owned() } else { amounts(&report.since) },
            ));
            return;
        }
    }
    body.paragraph(&what_comes_next(report.policy, report.now, report.number));
}

fn names(body: &mut Body, label: &str, names: &Names) {
    let ranked = &names.ranked;
    for (index, (name, weight)) in ranked.iter().take(MAX_NAMES).enumerate() {
        let label = if index == 0 { label } else { "" };
        body.field(label, &format!("{}: {}", one_line(name, 64), grouped(*weight)));
    }
    let (number, exact) = (names.distinct, names.exact);
    let shown = ranked.len().min(MAX_NAMES) as u64;
    if number > shown {
        let about = if exact { "" } else { "about " };
        body.field("", &format!("and {about}{} more", grouped(number - shown)));
    }
}

/// Packets by the minute, as bars; several minutes to a row where there are many.
fn timeline(body: &mut Body, told: &Told) {
    let (Some((first, _)), Some((last, _))) = (told.minutes.first_key_value(), told.minutes.last_key_value()) else {
        return;
    };
    let span = last - first + 1;
    let step = span.div_ceil(MAX_ROWS as u64).max(1);
    let rows: Vec<(u64, u64)> = (*first..=*last)
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .map(|from| {
            (from, told.minutes.range(from..from + step).fold(0, |sum: u64, (_, weight)| sum.saturating_add(*weight)))
        })
        .collect();
    let highest = rows.iter().map(|(_, weight)| *weight).max().unwrap_or_default().max(1);
    body.gap();
    for (index, (from, weight)) in rows.iter().enumerate() {
        let label = if index == 0 { "WHEN" } else { "" };
        let at = time::time_of_day(EpochMillis(from.saturating_mul(MINUTE_MILLIS)));
        let share = u128::from(*weight) * BAR_COLUMNS / u128::from(highest);
        let columns = if *weight == 0 { 0 } else { share.max(1) };
        let bar = "=".repeat(usize::try_from(columns).unwrap_or_default());
        let row = format!("{} {} {bar}", &at[..at.len().min(5)], grouped(*weight));
        body.field(label, row.trim_end());
    }
    body.field(
        "",
        &format!("UTC, packets in each {}", if step == 1 { "minute".to_owned() } else { format!("{step} minutes") }),
    );
}

fn links(report: &Message<'_>, body: &mut Body) {
    const AROUND_MILLIS: u64 = 5 * MINUTE_MILLIS;
    let totals = &report.told.totals;
    let from = time::before(totals.first_start.unwrap_or(report.opened_at), AROUND_MILLIS);
    let to = time::after(totals.last_end.unwrap_or(report.now), AROUND_MILLIS);
    body.line("All rejected ICMP records of that time, in Logs Insights:");
    body.line(&report.site.console.logs_insights(report.key.log_group(), query::REJECTED, from, to));
    body.line(&format!("The metric {}:", one_line(&report.site.metric_name, 255)));
    body.line(&report.site.console.metric(&report.site.metric_namespace, &report.site.metric_name, from, to));
}
