//! All that is known of one incident, for people.

use std::{fmt::Display, fmt::Write as _};

use alerting::{
    incident::{
        Ranked, Silenced, Top,
        plan::{NextEmail, REOPEN_MILLIS},
        short_id,
    },
    text::one_line,
    time::{self, EpochMillis},
    zone::Zone,
};

use super::{
    read::{Entry, Incident, Open, Resolved, State},
    words,
};
use crate::words::{number, packets_and_records};

/// Addresses listed of each side; the rest is a number.
const MAX_ADDRESSES: usize = 12;
/// Maximum length of a foreign text, in characters.
const MAX_TEXT_CHARS: usize = 200;

/// Returns the story of an entry.
pub(super) fn story(entry: &Entry, zone: &Zone, now: EpochMillis) -> String {
    let Some(incident) = entry.incident() else { return String::new() };
    let key = &incident.key;
    let log_group = one_line(&key.log_group, MAX_TEXT_CHARS);
    let mut lines = vec![
        format!("#{}  {}", short_id(incident.seen_id()), incident.seen_id()),
        format!(
            "{}: {} (rule {}, log group {log_group}, account {}, region {})",
            state(incident),
            words::what(key),
            key.rule.name(),
            key.account,
            key.region
        ),
        String::new(),
    ];
    lines.extend(packets(incident, zone));
    lines.extend(emails(incident, zone));
    lines.extend(parties(incident));
    lines.extend(incident.silenced().iter().map(|silenced| silence(silenced, zone)));
    lines.extend(match &incident.state {
        State::Open(open) => next_of_open(open, zone, now),
        State::Resolved(resolved) => next_of_resolved(resolved, zone, now),
    });
    lines.into_iter().fold(String::new(), |text, line| text + &line + "\n")
}

fn state(incident: &Incident) -> String {
    let reopened = match &incident.state {
        State::Open(open) => open.record.earlier.as_ref().map_or(0, |earlier| earlier.reopened),
        State::Resolved(resolved) => resolved.record.reopened,
    };
    let state = if incident.is_open() { "OPEN" } else { "RESOLVED" };
    match reopened {
        0 => state.to_owned(),
        times => format!("{state}, reopened {}", number(times.into(), "time")),
    }
}

/// What was counted, and when.
fn packets(incident: &Incident, zone: &Zone) -> Vec<String> {
    let totals = incident.totals();
    let mut lines = vec![format!("Counted: {}", packets_and_records(totals.packets, totals.records))];
    if let State::Open(open) = &incident.state {
        if !open.counters.unreported.is_empty() {
            let unreported = open.counters.unreported.totals;
            let _ = write!(
                lines[0],
                "; no email has reported {}",
                packets_and_records(unreported.packets, unreported.records)
            );
        }
        if open.counters_incomplete {
            lines.push("There is more: a later version wrote some of the counters.".to_owned());
        }
    }
    if let (Some(first), Some(last)) = (totals.first_start, totals.last_end) {
        lines.push(format!("Packets: {}, give or take a minute", zone.range(first, last)));
    }
    lines
}

/// What has been sent, and when.
fn emails(incident: &Incident, zone: &Zone) -> Vec<String> {
    let (emails, last_at) = incident.emails();
    let mut lines = vec![format!("Opened: {}", zone.date_time(incident.opened_at()))];
    let earlier = match &incident.state {
        State::Open(open) => open.record.earlier.as_ref().map(|earlier| (earlier.resolved_at, open.record.opened_at)),
        State::Resolved(resolved) => {
            lines.push(format!("Resolved: {}", zone.date_time(resolved.record.resolved_at)));
            None
        }
    };
    if let Some((resolved_at, reopened_at)) = earlier {
        lines.push(format!("Resolved: {}; reopened: {}", zone.date_time(resolved_at), zone.date_time(reopened_at)));
    }
    lines.push(match emails {
        0 => "Emails: none was sent yet".to_owned(),
        _ => format!("Emails: {} sent, the latest at {}", number(emails.into(), "email"), zone.date_time(last_at)),
    });
    lines
}

/// Who and where.
fn parties(incident: &Incident) -> Vec<String> {
    let Some(summary) = incident.summary() else { return Vec::new() };
    let unit = if summary.totals.packets.is_some() { "packet" } else { "record" };
    [
        ("From", listed(&summary.sources, unit)),
        ("To", listed(&summary.targets, unit)),
        ("Logged by", listed(&summary.interfaces, unit)),
    ]
    .into_iter()
    .filter_map(|(name, values)| Some(format!("{name}: {}", values?)))
    .collect()
}

/// The heaviest values, and how many more there are.
fn listed<K: Ord + Clone + Display>(top: &Top<K>, unit: &str) -> Option<String> {
    let ranked = top.ranked();
    let one = |one: &Ranked<K>| {
        let at_least = if one.exact { "" } else { "at least " };
        format!("{} ({at_least}{})", one_line(&one.value.to_string(), MAX_TEXT_CHARS), number(one.weight, unit))
    };
    let mut values: Vec<String> = ranked.iter().take(MAX_ADDRESSES).map(one).collect();
    let (distinct, exact) = top.distinct();
    let more = distinct.saturating_sub(values.len() as u64);
    if more > 0 {
        values.push(format!("and {}{more} more", if exact { "" } else { "about " }));
    }
    (!values.is_empty()).then(|| values.join(", "))
}

fn silence(Silenced { silence, since, ended }: &Silenced, zone: &Zone) -> String {
    let text = |text: &str| one_line(text, MAX_TEXT_CHARS).into_owned();
    let until = ended.unwrap_or_else(|| silence.ends_at());
    let ends = if ended.is_some() { "ended" } else { "until" };
    format!(
        "Silence {} ({}; by {}: {}): covers findings since {}, {ends} {}. They are not counted here.",
        text(&silence.id),
        text(&silence.conditions()),
        text(&silence.by),
        text(&silence.reason),
        zone.date_time(*since),
        zone.date_time(until),
    )
}

fn next_of_open(open: &Open, zone: &Zone, now: EpochMillis) -> Vec<String> {
    let at = |at: EpochMillis| if at <= now { "now".to_owned() } else { format!("at {}", zone.soon(at, now)) };
    let mut lines = vec![String::new()];
    if let Some(lease) = open.record.lease.as_ref().filter(|lease| lease.until > now) {
        lines.push(format!(
            "An email is being sent; if that fails, it is tried again after {}.",
            zone.soon(lease.until, now)
        ));
    } else if open.unsent.tries > 0 || open.unsent.retry.is_some() {
        lines.push("The next email could not be sent so far, and is tried again: look at the timer's log.".to_owned());
    }
    lines.push(match open.outlook.next_email {
        NextEmail::Opened => "Next email: the opened one, now".to_owned(),
        NextEmail::Update(due) => format!("Next email: an update, {}", at(due)),
        NextEmail::Resolved(due) => format!("Next email: the resolved one, {}, if nothing else is rejected", at(due)),
        NextEmail::None => "Next email: none, if nothing else is rejected".to_owned(),
    });
    if matches!(open.outlook.next_email, NextEmail::Resolved(_) | NextEmail::None) {
        lines.push(format!("If it goes on: an update, {}", at(open.outlook.update_at)));
    }
    lines.push(format!("Resolved: {}, if nothing else is rejected", at(open.outlook.resolved_at)));
    lines
}

fn next_of_resolved(resolved: &Resolved, zone: &Zone, now: EpochMillis) -> Vec<String> {
    let mut lines = vec![String::new()];
    if resolved.unreported.is_some() {
        lines.push("Next email: the resolved one, which is not sent yet".to_owned());
    }
    let until = time::after(resolved.record.resolved_at, REOPEN_MILLIS);
    lines.push(if until > now {
        format!("If it goes on before {}, it is reopened; later it is another incident.", zone.soon(until, now))
    } else {
        "If it goes on, it is another incident.".to_owned()
    });
    lines
}
