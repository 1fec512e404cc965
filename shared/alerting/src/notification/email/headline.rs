//! The one sentence that says what happened: the subject, and the first lines of the body.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    notification::{
        email::{
            draft::{EmailDraft, ExplainedFinding, Side},
            page::MAX_SUBJECT_CHARS,
            party::Party,
            why,
        },
        kind::NotificationKind,
        language::{Noun, Number, Parties, RejectionKind},
    },
    text::{one_line, settle},
    time,
};

/// The subject.
pub(super) fn subject(draft: &EmailDraft<'_>) -> String {
    let notification = draft.notification;
    let first = notification.total.first_start.unwrap_or(notification.opened_at);
    let last = notification.total.last_end.or(notification.last_seen).unwrap_or(notification.now);
    let lasted = time::millis_between(first, last);
    let (story, own, other) = parties(draft, false);
    let parties = Parties { own: &own, other: &other };
    let (pings, more) = (pings(draft), notification.kind == NotificationKind::Update);
    let subject =
        |what: &str| draft.words.subject(notification.key.rule(), notification.kind, &draft.words.span(lasted), what);
    let brief = settle(&subject(&draft.words.brief(story, parties, &pings, more)));
    if brief.chars().count() <= MAX_SUBJECT_CHARS {
        return brief;
    }
    let terse = settle(&subject(&draft.words.terse(story, parties, &pings, more)));
    one_line(&terse, MAX_SUBJECT_CHARS).into_owned()
}

/// The first lines of the body: the sentence of the subject with who is who, and the reason.
pub(super) fn lead(draft: &EmailDraft<'_>) -> String {
    let (story, own, other) = parties(draft, true);
    let parties = Parties { own: &own, other: &other };
    let mut clauses =
        vec![draft.words.headline(story, parties, &pings(draft), draft.notification.kind == NotificationKind::Update)];
    clauses.extend(why::in_short(draft));
    draft.words.sentences(&clauses)
}

/// Packets as pings, or the records where no record counts packets.
fn pings(draft: &EmailDraft<'_>) -> String {
    let totals = &draft.notification.content.totals;
    match totals.packets {
        Some(packets) => draft.words.count(Number::Exactly(packets), Noun::Ping),
        None => draft.words.uncounted_pings(&draft.words.count(Number::Exactly(totals.records), Noun::Record)),
    }
}

/// What happened, and who is on either side: one name, or how many addresses.
fn parties(draft: &EmailDraft<'_>, introduce: bool) -> (RejectionKind, String, String) {
    let story = story(draft);
    let own_side = match story {
        RejectionKind::AnswersNotReceived | RejectionKind::Inbound => Side::Target,
        RejectionKind::Between => return between(draft, introduce),
        RejectionKind::AnswersStopped | RejectionKind::Outbound | RejectionKind::Rejected => Side::Source,
    };
    let party = |side: Side| only(draft, side).map(|address| Party::of(draft, address, side));
    let (own, other) = (party(own_side), party(own_side.other()));
    let namesakes = own.as_ref().map(Party::short) == other.as_ref().map(Party::short);
    let words = |party: Option<Party>, side: Side| match party {
        Some(party) if introduce => party.introduced(draft.words),
        Some(_) if namesakes => only(draft, side).map(|address| address.to_string()).unwrap_or_default(),
        Some(party) => party.short(),
        None => {
            let noun = match (story, side) {
                (RejectionKind::Inbound | RejectionKind::Rejected, Side::Source) => Noun::Source,
                (RejectionKind::Inbound | RejectionKind::Rejected, Side::Target) => Noun::Target,
                _ => Noun::Address,
            };
            let names = draft.names(side);
            draft.words.count(draft.number(names, names.distinct), noun)
        }
    };
    (story, words(own, own_side), words(other, own_side.other()))
}

/// The one address whose flows go both ways, and how many addresses are on the other side.
fn between(draft: &EmailDraft<'_>, introduce: bool) -> (RejectionKind, String, String) {
    let sides = || draft.flows.iter().filter_map(|flow| Some((flow, flow.own_side()?)));
    let others: BTreeSet<IpAddr> = sides().map(|(flow, side)| side.other().address(flow.finding)).collect();
    let own = sides().next().map(|(flow, side)| Party::of(draft, side.record_address(flow.finding), side));
    let own = own.map(|own| if introduce { own.introduced(draft.words) } else { own.short() });
    let other = match (others.first(), others.len()) {
        (Some(only), 1) => only.to_string(),
        (_, number) => draft.words.count(Number::Exactly(number as u64), Noun::Address),
    };
    (RejectionKind::Between, own.unwrap_or_default(), other)
}

/// The only address on one side.
fn only(draft: &EmailDraft<'_>, side: Side) -> Option<IpAddr> {
    draft.names(side).only()?.parse().ok()
}

/// What all flows have in common.
fn story(draft: &EmailDraft<'_>) -> RejectionKind {
    let Some(first) = draft.flows.first().filter(|_| draft.knows_all()) else { return RejectionKind::Rejected };
    if draft.flows.iter().all(|flow| flow.story() == first.story()) {
        return first.story();
    }
    let own =
        |flow: &ExplainedFinding<'_>| Some((flow.own_address()?, flow.finding.flow.logged_by().map(str::to_owned)));
    let same = own(first).is_some() && draft.flows.iter().all(|flow| own(flow) == own(first));
    if same { RejectionKind::Between } else { RejectionKind::Rejected }
}
