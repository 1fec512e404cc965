//! How things stand: new, going on or over, since when, how late the mail is and when the next one comes.

use crate::{
    notification::{
        email::{case::Case, page::Page},
        kind::Kind,
        language::amounts,
    },
    time,
};

pub(super) fn write(case: &Case<'_>, page: &mut Page) {
    let (message, words, zone) = (case.message, case.words, &case.message.site.zone);
    let quiet = words.span(message.policy.quiet_millis());
    let since = zone.date_time(message.total.first_start.unwrap_or(message.opened_at));
    page.paragraph(&match message.kind {
        Kind::Opening => words.new_since(&since),
        Kind::Update => words.going_on_since(&since, message.number),
        Kind::AllClear => {
            let first = message.total.first_start.unwrap_or(message.opened_at);
            let last = message.total.last_end.or(message.last_seen).unwrap_or(message.now);
            words.over(&zone.range(first, last.max(first)), message.number)
        }
    });
    if let Some(previous) = message.previous {
        page.paragraph(&words.previous(
            &zone.date_time(previous.last_seen),
            &amounts(words, &previous.totals),
            &words.span(time::millis_between(previous.opened_at, previous.last_seen)),
        ));
    }
    let is_first = message.kind == Kind::Opening;
    let packet = if is_first { message.told.totals.first_start } else { message.total.last_end };
    let mut sentences = Vec::new();
    sentences.extend(
        packet.map(|packet| words.sent_after(&words.span(time::millis_between(packet, message.now)), is_first)),
    );
    sentences.push(words.because(message.reason, message.kind, &quiet));
    match message.kind {
        Kind::Update => {
            sentences.extend(message.mailed_at.map(|at| words.since_mail_before(&zone.soon(at, message.now))));
        }
        Kind::AllClear => {
            let amounts = (message.since.records > 0).then(|| amounts(words, &message.since));
            sentences.push(words.after_last_mail(amounts.as_deref()));
        }
        Kind::Opening => {}
    }
    page.paragraph(&words.joined(&sentences));
    if message.kind != Kind::AllClear {
        let next = time::after(message.now, message.policy.interval_millis(message.number));
        page.paragraph(&words.what_comes_next(&zone.soon(next, message.now), &quiet, message.policy.all_clear));
    }
}
