//! The one sentence that says what happened: the subject, and the first lines of the body.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    detection::{Origin, Side},
    incident::short_id,
    notification::{
        email::{
            connections::{self, Length},
            page::MAX_SUBJECT_CHARS,
            party::Party,
            why,
            writer::Writer,
        },
        explained::ExplainedFinding,
        kind::NotificationKind,
        language::{Noun, Number, Parties, RejectionKind, weight},
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
    let lasted = writer.words.span(lasted);
    let subject = |what: &str, lasted: Option<&str>| {
        let (rule, silenced) = (notification.key.rule.name(), notification.is_silenced());
        writer.words.subject(rule, notification.kind, silenced, lasted, &marked(writer, what))
    };
    let id = format!(" (#{})", short_id(notification.incident));
    let room = MAX_SUBJECT_CHARS.saturating_sub(id.chars().count());
    let whats = if writer.is_about_connections() { connection_subjects(writer) } else { ping_subjects(writer) };
    // With how long it lasted only where nothing else has to be shortened for it.
    let lasting = whats.first().map(|what| subject(what, Some(&lasted)));
    let texts = lasting.into_iter().chain(whats.iter().map(|what| subject(what, None)));
    let mut text = String::new();
    for next in texts {
        let fits = next.chars().count() <= room;
        text = next;
        if fits {
            break;
        }
    }
    // Whatever is cut off, the id stays whole.
    format!("{}{id}", one_line(&text, room))
}

/// What happened, as a subject about pings has it: the longest first.
fn ping_subjects(writer: &Writer<'_>) -> Vec<String> {
    let (story, own, other) = parties(writer, false);
    let parties = named(writer, story, &own, &other);
    let (pings, more) = (pings(writer), is_more(writer.notification));
    let (brief, terse) =
        (writer.words.brief(story, parties, &pings, more), writer.words.terse(story, parties, &pings, more));
    vec![brief, terse]
}

/// The same about TCP and UDP.
fn connection_subjects(writer: &Writer<'_>) -> Vec<String> {
    let (words, amount, more) = (writer.words, rejected(writer), is_more(writer.notification));
    let brief = |length: Length| words.connection_brief(&connections::story(writer, length), &amount, more);
    let terse = words.connection_terse(&connections::story(writer, Length::Shorter), &amount, more);
    vec![brief(Length::Short), brief(Length::Shorter), terse]
}

/// How much of TCP and UDP was rejected.
fn rejected(writer: &Writer<'_>) -> String {
    weight(writer.words, &writer.notification.content.totals, true)
}

/// The first lines of the body: the sentence of the subject with who is who, and the reason.
pub(super) fn lead(writer: &Writer<'_>) -> Vec<String> {
    let (words, more) = (writer.words, is_more(writer.notification));
    let headline = if writer.is_about_connections() {
        words.connection(&connections::story(writer, Length::Introduced), &rejected(writer), more)
    } else {
        let (story, own, other) = parties(writer, true);
        words.headline(story, named(writer, story, &own, &other), &pings(writer), more)
    };
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
    let short = |party: &Option<Party>| party.as_ref().map(|party| party.short(writer.words));
    let namesakes = short(&own) == short(&other);
    let words = |party: Option<Party>, side: Side| match party {
        Some(party) if introduce => party.introduced(writer.words),
        Some(_) if namesakes => only(writer, side).map(|address| address.to_string()).unwrap_or_default(),
        Some(party) => party.short(writer.words),
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
    let own = own.map(|own| if introduce { own.introduced(writer.words) } else { own.short(writer.words) });
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
    let kind = RejectionKind::of(&first.explanation, None);
    if writer.flows.iter().all(|flow| RejectionKind::of(&flow.explanation, None) == kind) {
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
