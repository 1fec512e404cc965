//! The one sentence that says what happened: the subject, and the first lines of the body.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    detection::{Origin, Side},
    incident::short_id,
    notification::{
        email::{page::MAX_SUBJECT_CHARS, party::Party, why, writer::Writer},
        explained::ExplainedFinding,
        kind::NotificationKind,
        language::{Noun, Number, Parties, RejectionKind},
        notification::Notification,
    },
    text::one_line,
    time,
};

/// The subject, with the short id of the incident at its end.
pub(super) fn subject(writer: &Writer<'_>) -> String {
    let notification = writer.notification;
    let first = notification.total.first_start.unwrap_or(notification.opened_at);
    let last = notification.total.last_end.or(notification.last_seen).unwrap_or(notification.now);
    let lasted = time::millis_between(first, last);
    let (story, own, other) = parties(writer, false);
    let parties = named(writer, story, &own, &other);
    let (pings, more) = (pings(writer), is_more(notification));
    let lasted = writer.words.span(lasted);
    let subject = |what: &str, lasted: Option<&str>| {
        let (rule, silenced) = (notification.key.rule.name(), notification.is_silenced());
        writer.words.subject(rule, notification.kind, silenced, lasted, &marked(writer, what))
    };
    let id = format!(" (#{})", short_id(notification.incident));
    let room = MAX_SUBJECT_CHARS.saturating_sub(id.chars().count());
    let brief = subject(&writer.words.brief(story, parties, &pings, more), Some(&lasted));
    let fits = brief.chars().count() <= room;
    let text = if fits { brief } else { subject(&writer.words.terse(story, parties, &pings, more), None) };
    // Whatever is cut off, the id stays whole.
    format!("{}{id}", one_line(&text, room))
}

/// The first lines of the body: the sentence of the subject with who is who, and the reason.
pub(super) fn lead(writer: &Writer<'_>) -> Vec<String> {
    let (story, own, other) = parties(writer, true);
    let parties = named(writer, story, &own, &other);
    let headline = writer.words.headline(story, parties, &pings(writer), is_more(writer.notification));
    [marked(writer, &headline)]
        .into_iter()
        .chain(why::in_short(writer))
        .map(|clause| writer.words.sentences(&[clause]))
        .collect()
}

/// A headline, marked where it is about test records.
fn marked(writer: &Writer<'_>, headline: &str) -> String {
    if writer.notification.is_test() { writer.words.test_of(headline) } else { headline.to_owned() }
}

/// The parties with whether each is one address or its name.
fn named<'p>(writer: &Writer<'_>, story: RejectionKind, own: &'p str, other: &'p str) -> Parties<'p> {
    let (own_side, other_side) = match story {
        RejectionKind::AnswersNotReceived | RejectionKind::Inbound => (Side::Target, Side::Source),
        _ => (Side::Source, Side::Target),
    };
    Parties { own, other, own_named: only(writer, own_side).is_some(), other_named: only(writer, other_side).is_some() }
}

/// Tells whether the email counts what came after an earlier one.
fn is_more(notification: &Notification<'_>) -> bool {
    matches!(notification.kind, NotificationKind::Reopened | NotificationKind::Update)
}

/// Packets as pings, or the records where no record counts packets.
fn pings(writer: &Writer<'_>) -> String {
    let totals = &writer.notification.content.totals;
    match totals.packets {
        Some(packets) => writer.words.count(Number::Exactly(packets), Noun::Ping),
        None => writer.words.uncounted_pings(&writer.words.count(Number::Exactly(totals.records), Noun::Record)),
    }
}

/// What happened, and who is on either side: one name, or how many addresses.
fn parties(writer: &Writer<'_>, introduce: bool) -> (RejectionKind, String, String) {
    let story = story(writer);
    let own_side = match story {
        RejectionKind::AnswersNotReceived | RejectionKind::Inbound => Side::Target,
        RejectionKind::Between => return between(writer, introduce),
        RejectionKind::AnswersStopped | RejectionKind::Outbound | RejectionKind::Rejected => Side::Source,
    };
    let party = |side: Side| only(writer, side).map(|address| Party::of(writer, address, side));
    let (own, other) = (party(own_side), party(own_side.other()));
    let namesakes = own.as_ref().map(Party::short) == other.as_ref().map(Party::short);
    let words = |party: Option<Party>, side: Side| match party {
        Some(party) if introduce => party.introduced(writer.words),
        Some(_) if namesakes => only(writer, side).map(|address| address.to_string()).unwrap_or_default(),
        Some(party) => party.short(),
        None => {
            let noun = match (story, side) {
                (RejectionKind::Inbound | RejectionKind::Rejected, Side::Source) => Noun::Source,
                (RejectionKind::Inbound | RejectionKind::Rejected, Side::Target) => Noun::Target,
                _ => Noun::Address,
            };
            let addresses = writer.side(side);
            writer.words.count(writer.number(addresses, addresses.distinct), noun)
        }
    };
    (story, words(own, own_side), words(other, own_side.other()))
}

/// The one address whose flows go both ways, and how many addresses are on the other side.
fn between(writer: &Writer<'_>, introduce: bool) -> (RejectionKind, String, String) {
    let sides = || writer.flows.iter().filter_map(|flow| Some((flow, flow.own_side()?)));
    let others: BTreeSet<IpAddr> = sides().map(|(flow, side)| flow.endpoint(side.other()).host().address).collect();
    let own = sides().next().map(|(flow, side)| Party::of(writer, flow.endpoint(side).record.address, side));
    let own = own.map(|own| if introduce { own.introduced(writer.words) } else { own.short() });
    let other = match (others.first(), others.len()) {
        (Some(only), 1) => only.to_string(),
        (_, number) => writer.words.count(Number::Exactly(number as u64), Noun::Address),
    };
    (RejectionKind::Between, own.unwrap_or_default(), other)
}

/// The only address on one side.
fn only(writer: &Writer<'_>, side: Side) -> Option<IpAddr> {
    writer.side(side).only().copied()
}

/// What all flows have in common.
fn story(writer: &Writer<'_>) -> RejectionKind {
    if writer.notification.key.signal.origin() == Origin::Internet {
        // Only what is known to have come in counts as that.
        return RejectionKind::Inbound;
    }
    let Some(first) = writer.flows.first().filter(|_| writer.knows_all()) else { return RejectionKind::Rejected };
    let kind = RejectionKind::of(&first.explanation);
    if writer.flows.iter().all(|flow| RejectionKind::of(&flow.explanation) == kind) {
        return kind;
    }
    // The interface and its address.
    let own = |flow: &ExplainedFinding<'_>| {
        Some((flow.endpoint(flow.own_side()?).record.address, flow.finding.flow.logged_by()?.to_owned()))
    };
    let first = own(first);
    if first.is_some() && writer.flows.iter().all(|flow| own(flow) == first) {
        RejectionKind::Between
    } else {
        RejectionKind::Rejected
    }
}
