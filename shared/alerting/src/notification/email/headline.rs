//! The one sentence that says what happened: the subject, and the first lines of the body.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    notification::{
        email::{
            case::{Case, Judged, Side},
            page::MAX_SUBJECT_CHARS,
            party::Party,
            why,
        },
        kind::Kind,
        language::{Cast, Noun, Number, Story},
    },
    text::{one_line, settle},
    time,
};

/// The subject.
pub(super) fn subject(case: &Case<'_>) -> String {
    let message = case.message;
    let first = message.total.first_start.unwrap_or(message.opened_at);
    let last = message.total.last_end.or(message.last_seen).unwrap_or(message.now);
    let lasted = time::millis_between(first, last);
    let (story, own, other) = cast(case, false);
    let cast = Cast { own: &own, other: &other };
    let (pings, more) = (pings(case), message.kind == Kind::Update);
    let subject = |what: &str| case.words.subject(message.key.rule(), message.kind, &case.words.span(lasted), what);
    let brief = settle(&subject(&case.words.brief(story, cast, &pings, more)));
    if brief.chars().count() <= MAX_SUBJECT_CHARS {
        return brief;
    }
    let terse = settle(&subject(&case.words.terse(story, cast, &pings, more)));
    one_line(&terse, MAX_SUBJECT_CHARS).into_owned()
}

/// The first lines of the body: the sentence of the subject with who is who, and the reason.
pub(super) fn lead(case: &Case<'_>) -> String {
    let (story, own, other) = cast(case, true);
    let cast = Cast { own: &own, other: &other };
    let mut clauses = vec![case.words.headline(story, cast, &pings(case), case.message.kind == Kind::Update)];
    clauses.extend(why::in_short(case));
    case.words.sentences(&clauses)
}

/// Packets as pings, or the records where no record counts packets.
fn pings(case: &Case<'_>) -> String {
    let totals = &case.message.told.totals;
    match totals.packets {
        Some(packets) => case.words.count(Number::Exactly(packets), Noun::Ping),
        None => case.words.uncounted_pings(&case.words.count(Number::Exactly(totals.records), Noun::Record)),
    }
}

/// What happened, and who is on either side: one name, or how many addresses.
fn cast(case: &Case<'_>, introduce: bool) -> (Story, String, String) {
    let story = story(case);
    let own_side = match story {
        Story::AnswersNotReceived | Story::Inbound => Side::Target,
        Story::Between => return between(case, introduce),
        Story::AnswersStopped | Story::Outbound | Story::Rejected => Side::Source,
    };
    let party = |side: Side| only(case, side).map(|address| Party::of(case, address, side));
    let (own, other) = (party(own_side), party(own_side.other()));
    let namesakes = own.as_ref().map(Party::short) == other.as_ref().map(Party::short);
    let words = |party: Option<Party>, side: Side| match party {
        Some(party) if introduce => party.introduced(case.words),
        Some(_) if namesakes => only(case, side).map(|address| address.to_string()).unwrap_or_default(),
        Some(party) => party.short(),
        None => {
            let noun = match (story, side) {
                (Story::Inbound | Story::Rejected, Side::Source) => Noun::Source,
                (Story::Inbound | Story::Rejected, Side::Target) => Noun::Target,
                _ => Noun::Address,
            };
            let names = case.names(side);
            case.words.count(case.number(names, names.distinct), noun)
        }
    };
    (story, words(own, own_side), words(other, own_side.other()))
}

/// The one address whose flows go both ways, and how many addresses are on the other side.
fn between(case: &Case<'_>, introduce: bool) -> (Story, String, String) {
    let sides = || case.flows.iter().filter_map(|flow| Some((flow, flow.own_side()?)));
    let others: BTreeSet<IpAddr> = sides().map(|(flow, side)| side.other().address(flow.finding)).collect();
    let own = sides().next().map(|(flow, side)| Party::of(case, side.record_address(flow.finding), side));
    let own = own.map(|own| if introduce { own.introduced(case.words) } else { own.short() });
    let other = match (others.first(), others.len()) {
        (Some(only), 1) => only.to_string(),
        (_, number) => case.words.count(Number::Exactly(number as u64), Noun::Address),
    };
    (Story::Between, own.unwrap_or_default(), other)
}

/// The only address on one side.
fn only(case: &Case<'_>, side: Side) -> Option<IpAddr> {
    case.names(side).only()?.parse().ok()
}

/// What all flows have in common.
fn story(case: &Case<'_>) -> Story {
    let Some(first) = case.flows.first().filter(|_| case.knows_all()) else { return Story::Rejected };
    if case.flows.iter().all(|flow| flow.story() == first.story()) {
        return first.story();
    }
    let own = |flow: &Judged<'_>| Some((flow.own_address()?, flow.finding.flow.logged_by().map(str::to_owned)));
    let same = own(first).is_some() && case.flows.iter().all(|flow| own(flow) == own(first));
    if same { Story::Between } else { Story::Rejected }
}
