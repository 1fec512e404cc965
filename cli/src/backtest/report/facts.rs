//! What the text and the page state in the same words.

use alerting::{detection::Origin, notification::NotificationKind, text::grouped, time, zone::Zone};

use super::{
    cost::{Bill, RECORD_BYTES},
    differences::Fate,
    emails::KINDS,
    results::Results,
    story::Story,
    words::{duration, later},
};
use crate::backtest::{
    play::{Amount, Background, origin_words},
    silence::{self, SilenceArg},
};
use crate::words::number;

/// Updates of an incident whose times are listed.
const MAX_UPDATES: usize = 4;

/// Returns what belongs to no incident, a line for each kind.
pub(super) fn background(results: &Results) -> Vec<String> {
    let days = results.traffic.days.len() as u64;
    let by_day = days > 1 && !results.traffic.has_more_days;
    let line = |(kind, Amount { records, packets }): (&Background, &Amount)| {
        let (noun, what) = match kind {
            Background::Pings => ("ping", " from the internet"),
            Background::Connections => ("packet", " of TCP and UDP from the internet"),
            Background::Late => ("late packet", " of connections that were over"),
            Background::Ours => ("packet", " of yours and of private networks, single ones or by rules without emails"),
        };
        let a_day = if by_day { format!(", {} a day", grouped(packets / days)) } else { String::new() };
        let is_pings = *kind == Background::Pings;
        let fate = if !is_pings || results.is_in_digest { "in the digest only" } else { "counted only" };
        format!("{}{what}{a_day}, in {}: no email, {fate}.", number(*packets, noun), number(*records, "record"))
    };
    let lines: Vec<String> = results.traffic.total.background.iter().map(line).collect();
    if lines.is_empty() { vec!["No pings from the internet but those of incidents.".to_owned()] } else { lines }
}

/// Returns a line for each silence: what it covered.
pub(super) fn silenced(results: &Results, silences: &[SilenceArg]) -> Vec<String> {
    let line = |(index, silence): (usize, &SilenceArg)| {
        let records = results.silenced.get(&silence::id(index)).copied().unwrap_or_default();
        format!("{}: {}, no email", silence.conditions(), number(records, "record"))
    };
    silences.iter().enumerate().map(line).collect()
}

/// Returns what a bill is based on.
pub(super) fn cost_basis(bill: &Bill) -> String {
    format!(
        "USD for 30 days like these with the default settings, at list prices of {} ({}) without the free tier.\n\
         Assumed are {RECORD_BYTES} bytes a record. No bill has been seen: see docs/cost.md.",
        bill.region, bill.collected,
    )
}

/// Returns when each email comes: `opened 11:58:59, updates 12:03:59, 12:18:59, resolved 12:54:59 (56 min)`.
pub(super) fn emails(story: &Story, zone: &Zone) -> String {
    let opened = story.opened_at();
    let mut parts: Vec<String> = Vec::new();
    let mut updates: Vec<String> = Vec::new();
    let mut previous = opened;
    let flush = |updates: &mut Vec<String>, parts: &mut Vec<String>| {
        let more = updates.len().saturating_sub(MAX_UPDATES);
        updates.truncate(MAX_UPDATES);
        let noun = if updates.len() + more == 1 { "update" } else { "updates" };
        if !updates.is_empty() {
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            parts.push(format!("{noun} {}{more}", updates.join(", ")));
        }
        updates.clear();
    };
    for email in &story.emails {
        let at = later(email.at, previous, zone);
        previous = email.at;
        if email.kind == NotificationKind::Update {
            updates.push(at);
        } else {
            flush(&mut updates, &mut parts);
            parts.push(format!("{} {at}", email.kind.word()));
        }
    }
    flush(&mut updates, &mut parts);
    if story.emails_left_out > 0 {
        parts.push(format!("and {}", number(story.emails_left_out, "more email")));
    }
    let lasted = duration(time::millis_between(opened, story.resolved_at()));
    let has_email = story.emails.iter().any(|email| email.kind == NotificationKind::Resolved);
    let end = if has_email {
        String::new()
    } else {
        format!("resolved {} without an email, ", later(story.resolved_at(), previous, zone))
    };
    format!("{} ({end}{lasted})", parts.join(", "))
}

/// Returns the numbers of both, with their names.
pub(super) fn numbers(both: [&Results; 2]) -> Vec<(&'static str, [String; 2])> {
    let of = |number: &dyn Fn(&Results) -> u64| both.map(|results| grouped(number(results)));
    let mut rows = vec![("emails", ["A".to_owned(), "B".to_owned()])];
    for origin in Origin::ALL {
        rows.push((origin_words(origin), of(&|results| results.emails.of(|one, _| one == origin))));
    }
    for kind in KINDS {
        rows.push((kind.word(), of(&|results| results.emails.of(|_, one| one == kind))));
    }
    rows.push(("total", of(&|results| results.emails.total())));
    rows.push(("days with emails", of(&|results| results.emails.days.len() as u64)));
    rows.push(("most emails in a day", of(&|results| results.emails.most_in_a_day())));
    rows.push(("incidents", of(&|results| results.stories.number())));
    rows.push(("records of background", of(&|results| results.traffic.total.all_background().records)));
    rows.push(("records silenced", of(&Results::all_silenced)));
    rows
}

/// Returns what becomes of an incident in the other list.
pub(super) fn fate_words(fate: Fate, other: &str) -> String {
    match fate {
        Fate::NoEmail => format!("no email in {other}"),
        Fate::Later { millis, kind } => {
            format!("{} later in {other}, in an email of kind {}", duration(millis), kind.word())
        }
        Fate::InTime => format!("in time in {other}, too"),
    }
}
