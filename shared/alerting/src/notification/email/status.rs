//! How things stand: opened, an update or resolved, since when, how late the email is and when the next one comes.

use crate::{
    notification::{email::writer::Writer, kind::NotificationKind, language::amounts},
    time,
};

/// The statements, a paragraph each.
pub(super) fn statements(writer: &Writer<'_>) -> Vec<String> {
    let (notification, words, zone) = (writer.notification, writer.words, &writer.notification.site.zone);
    let mut statements = Vec::new();
    let quiet = words.span(notification.quiet_millis);
    let since = zone.date_time(notification.total.first_start.unwrap_or(notification.opened_at));
    statements.push(match notification.kind {
        NotificationKind::Opened => words.opened_since(&since),
        NotificationKind::Reopened => {
            let resolved = notification.earlier.map_or(notification.now, |earlier| earlier.resolved_at);
            words.reopened_since(&since, &zone.date_time(resolved), notification.number)
        }
        NotificationKind::Update => words.update_since(&since, notification.number),
        NotificationKind::Resolved => {
            let first = notification.total.first_start.unwrap_or(notification.opened_at);
            let last = notification.total.last_end.or(notification.last_seen).unwrap_or(notification.now);
            words.resolved_over(&zone.range(first, last.max(first)), notification.number)
        }
    });
    if let Some(previous) = notification.previous {
        statements.push(words.previous(
            &zone.date_time(previous.last_seen),
            &amounts(words, &previous.totals),
            &words.span(time::millis_between(previous.opened_at, previous.last_seen)),
        ));
    }
    let is_first = notification.kind == NotificationKind::Opened;
    let packet = if is_first { notification.content.totals.first_start } else { notification.total.last_end };
    let mut sentences = Vec::new();
    sentences.extend(
        packet.map(|packet| words.sent_after(&words.span(time::millis_between(packet, notification.now)), is_first)),
    );
    sentences.push(words.because(notification.reason, notification.kind, &quiet));
    match notification.kind {
        NotificationKind::Reopened | NotificationKind::Update => {
            sentences.extend(notification.last_email_at.map(|at| words.since_email(&zone.soon(at, notification.now))));
        }
        NotificationKind::Resolved => {
            let amounts = (notification.since.records > 0).then(|| amounts(words, &notification.since));
            sentences.push(words.since_last_email(amounts.as_deref()));
        }
        NotificationKind::Opened => {}
    }
    statements.push(words.joined(&sentences));
    if notification.kind != NotificationKind::Resolved {
        let (interval, first) =
            (notification.policy.interval_millis(notification.number), notification.policy.interval_millis(1));
        let sooner = interval > first && notification.key.signal.names_addresses();
        statements.push(words.next_email(
            &zone.soon(time::after(notification.now, interval), notification.now),
            sooner,
            &quiet,
            notification.policy.resolved_emails,
        ));
    }
    statements
}
