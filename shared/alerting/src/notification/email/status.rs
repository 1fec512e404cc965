//! How things stand: opened, an update or resolved, since when, how urgent and why it is an incident, how late the email is, what it
//! covers, and when the next one comes.

use crate::{
    detection::{OriginBasis, Rule},
    incident::Silenced,
    notification::{
        email::writer::Writer,
        kind::NotificationKind,
        language::{SilenceWords, amounts},
    },
    text::inert,
    time::{self, EpochMillis},
};

/// Silences that are named; the rest is a number.
const MAX_SILENCES: usize = 3;

/// Characters of each text of a silence.
const MAX_SILENCE_CHARS: usize = 200;

/// The statements, a line each.
pub(super) fn statements(writer: &Writer<'_>) -> Vec<String> {
    let (notification, words, zone) = (writer.notification, writer.words, &writer.notification.site.zone);
    let is_first = notification.kind == NotificationKind::Opened;
    let packet = if is_first { notification.content.totals.first_start } else { notification.total.last_end };
    let delay =
        packet.map(|packet| words.sent_after(&words.span(time::millis_between(packet, notification.now)), is_first));
    let first: Vec<String> =
        [state(writer), words.severity(notification.severity())].into_iter().chain(delay).collect();
    let undecided = writer.flows.iter().any(|flow| flow.finding.origin_basis == OriginBasis::Undecided);
    let because = match notification.key.rule {
        Rule::Scan => words.scan_because(),
        _ => words.incident_because(notification.key.signal, notification.signals, undecided),
    };
    let mut second = vec![because];
    second.extend(words.because(notification.reason, notification.kind));
    let mut lines = vec![words.joined(&first), words.joined(&second)];
    if let Some(previous) = notification.previous {
        lines.push(words.previous(
            &zone.date_time(previous.last_seen),
            &amounts(words, &previous.totals),
            &words.span(time::millis_between(previous.opened_at, previous.last_seen)),
        ));
    }
    if !is_first {
        lines.push(covers(writer));
    }
    lines.extend(silences(writer));
    if notification.kind != NotificationKind::Resolved {
        lines.push(next_email(writer));
    }
    lines
}

/// The silences that have covered findings of the incident.
fn silences(writer: &Writer<'_>) -> Vec<String> {
    let (notification, words, zone) = (writer.notification, writer.words, &writer.notification.site.zone);
    let text = |text: &str| inert(text, MAX_SILENCE_CHARS);
    let time = |at: EpochMillis| zone.soon(at, notification.now);
    let one = |silenced: &Silenced| {
        let silence = &silenced.silence;
        words.silenced(&SilenceWords {
            id: &text(&silence.id),
            conditions: &text(&silence.conditions()),
            until: &time(silence.ends_at()),
            by: &text(&silence.by),
            reason: &text(&silence.reason),
            since: &time(silenced.since),
            ended: silenced.ended.map(time).as_deref(),
        })
    };
    let more = notification.silenced.len().saturating_sub(MAX_SILENCES) as u64;
    let named = notification.silenced.iter().take(MAX_SILENCES).map(one);
    named.chain((more > 0).then(|| words.more_silences(more))).collect()
}

/// Opened, an update or resolved, and since when.
fn state(writer: &Writer<'_>) -> String {
    let (notification, words, zone) = (writer.notification, writer.words, &writer.notification.site.zone);
    let first = notification.total.first_start.unwrap_or(notification.opened_at);
    let since = zone.date_time(first);
    match notification.kind {
        NotificationKind::Opened => words.opened_since(&since),
        NotificationKind::Reopened => {
            let resolved = notification.earlier.map_or(notification.now, |earlier| earlier.resolved_at);
            words.reopened_since(&since, &zone.date_time(resolved))
        }
        NotificationKind::Update => words.update_since(&since),
        NotificationKind::Resolved => {
            let last = notification.total.last_end.or(notification.last_seen).unwrap_or(notification.now).max(first);
            let lasted = words.span(time::millis_between(first, last));
            words.resolved_over(&zone.range(first, last), &lasted, notification.is_silenced())
        }
    }
}

/// Which email of the incident it is, and what it covers: the time since the email before, or the whole incident.
fn covers(writer: &Writer<'_>) -> String {
    let (notification, words, zone) = (writer.notification, writer.words, &writer.notification.site.zone);
    let number = notification.number;
    if notification.kind != NotificationKind::Resolved {
        let at = notification.last_email_at.unwrap_or(notification.opened_at);
        return words.covers_since(number, &zone.soon(at, notification.now));
    }
    let resolved = notification.earlier.map(|earlier| zone.soon(earlier.resolved_at, notification.now));
    let amounts = (notification.since.records > 0).then(|| amounts(words, &notification.since));
    // Whether there were none is not known under a silence.
    let since =
        (amounts.is_some() || notification.silenced.is_empty()).then(|| words.since_last_email(amounts.as_deref()));
    words.joined(&[words.covers_incident(number, resolved.as_deref())].into_iter().chain(since).collect::<Vec<_>>())
}

fn next_email(writer: &Writer<'_>) -> String {
    let (notification, words) = (writer.notification, writer.words);
    let (interval, first) =
        (notification.policy.interval_millis(notification.number), notification.policy.interval_millis(1));
    let next = notification.site.zone.soon(time::after(notification.now, interval), notification.now);
    let sooner = interval > first && notification.key.signal.names_addresses();
    words.next_email(&next, sooner, &words.span(notification.quiet_millis), notification.policy.resolved_emails)
}
