//! English.

mod facts;
mod reasons;
mod steps;

use crate::{
    detection::Direction,
    incident::Reason,
    notification::{
        kind::NotificationKind,
        language::{
            phrases::{Headlines, Phrases},
            terms::{Noun, Number, Parties, RejectionKind, Section},
        },
    },
    text::grouped,
    time::{MINUTE_MILLIS, SECOND_MILLIS},
};

pub(super) struct English;

impl Phrases for English {
    fn count(&self, number: Number, noun: Noun) -> String {
        let (one, many) = noun_words(noun);
        let (how, amount) = match number {
            Number::Exactly(amount) => ("", amount),
            Number::About(amount) => ("about ", amount),
            Number::AtLeast(amount) => ("at least ", amount),
            Number::Unknown => return format!("unknown {many}"),
        };
        format!("{how}{} {}", grouped(amount), if amount == 1 { one } else { many })
    }

    fn and_more(&self, number: Number) -> String {
        match number {
            Number::Exactly(amount) => format!("and {} more", grouped(amount)),
            Number::About(amount) => format!("and about {} more", grouped(amount)),
            Number::AtLeast(amount) => format!("and at least {} more", grouped(amount)),
            Number::Unknown => "and others".to_owned(),
        }
    }

    fn items(&self, items: &[String]) -> String {
        items.join(", ")
    }

    fn groups(&self, groups: &[String]) -> String {
        groups.join("; ")
    }

    fn sentences(&self, clauses: &[String]) -> String {
        clauses.iter().map(|clause| format!("{clause}.")).collect::<Vec<_>>().join(" ")
    }

    fn joined(&self, sentences: &[String]) -> String {
        sentences.join(" ")
    }

    fn span(&self, millis: u64) -> String {
        const UNITS: [(&str, u64); 4] =
            [("d", 24 * 60 * MINUTE_MILLIS), ("h", 60 * MINUTE_MILLIS), ("min", MINUTE_MILLIS), ("s", SECOND_MILLIS)];
        crate::notification::language::common::two_largest(millis, &UNITS.map(|(_, size)| size))
            .into_iter()
            .map(|(unit, number)| format!("{number} {}", UNITS[unit].0))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn label(&self, section: Section) -> &'static str {
        match section {
            Section::What => "WHAT",
            Section::From => "FROM",
            Section::To => "TO",
            Section::Where => "WHERE",
            Section::Which => "WHICH",
            Section::When => "WHEN",
            Section::Flows => "FLOWS",
            Section::Why => "WHY",
            Section::Next => "NEXT",
            Section::Records => "RECORDS",
        }
    }

    fn left_out(&self, bytes: u64) -> String {
        format!("[{} bytes left out: the email would be too long]", grouped(bytes))
    }
}

/// A noun for one, and for several.
fn noun_words(noun: Noun) -> (&'static str, &'static str) {
    match noun {
        Noun::Ping => ("ping", "pings"),
        Noun::Packet => ("packet", "packets"),
        Noun::Byte => ("byte", "bytes"),
        Noun::Record => ("record", "records"),
        Noun::Source => ("source", "sources"),
        Noun::Target => ("target", "targets"),
        Noun::Address => ("address", "addresses"),
        Noun::Flow => ("flow", "flows"),
        Noun::Account => ("account", "accounts"),
        Noun::Region => ("region", "regions"),
        Noun::LogGroup => ("log group", "log groups"),
        Noun::Zone => ("availability zone", "availability zones"),
        Noun::Vpc => ("VPC", "VPCs"),
        Noun::Subnet => ("subnet", "subnets"),
        Noun::Interface => ("interface", "interfaces"),
        Noun::Instance => ("instance", "instances"),
    }
}

impl Headlines for English {
    fn headline(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        let Parties { own, other } = parties;
        let amount = with_more(amount, more);
        let were = if amount.starts_with("1 ") { "was" } else { "were" };
        let opening = capital(&amount);
        match story {
            RejectionKind::AnswersStopped => format!("{own} could not answer {amount} from {other}"),
            RejectionKind::AnswersNotReceived => format!("{own} could not get the answers of {other} to {amount}"),
            RejectionKind::Outbound => format!("{own} could not send {amount} to {other}"),
            RejectionKind::Inbound => format!("{opening} from {other} to {own} {were} rejected"),
            RejectionKind::Between => format!("{opening} between {own} and {other} {were} rejected"),
            RejectionKind::Rejected => format!("{opening} from {own} to {other} {were} rejected"),
        }
    }

    fn brief(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        let Parties { own, other } = parties;
        let rejected = with_more(amount, more).replacen("ping", "rejected ping", 1);
        match story {
            RejectionKind::Inbound => format!("{rejected} from {other} to {own}"),
            RejectionKind::Between => format!("{rejected} between {own} and {other}"),
            RejectionKind::Rejected => format!("{rejected} from {own} to {other}"),
            _ => self.headline(story, parties, amount, more),
        }
    }

    fn terse(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        // What may be cut off is the end of the last name.
        self.brief(story, parties, amount, more)
    }

    fn uncounted_pings(&self, records: &str) -> String {
        format!("pings ({records})")
    }

    fn subject(&self, rule: &str, kind: NotificationKind, lasted: &str, headline: &str) -> String {
        match kind {
            NotificationKind::Opened => format!("[{rule}] {headline}"),
            NotificationKind::Reopened => format!("[{rule}] REOPENED: {headline}"),
            NotificationKind::Update => format!("[{rule}] UPDATE: {headline}"),
            NotificationKind::Resolved => format!("[{rule}] RESOLVED after {lasted}: {headline}"),
        }
    }

    fn opened_since(&self, since: &str) -> String {
        format!("OPENED {since}")
    }

    fn update_since(&self, since: &str, number: u32) -> String {
        format!("UPDATE, open since {since}, email {number} of this incident")
    }

    fn reopened_since(&self, since: &str, resolved: &str, number: u32) -> String {
        format!("REOPENED, first opened {since}, resolved at {resolved}, email {number} of this incident")
    }

    fn resolved_over(&self, range: &str, number: u32) -> String {
        format!("RESOLVED: {range}, email {number} of this incident")
    }

    fn previous(&self, ended: &str, amounts: &str, lasted: &str) -> String {
        format!("The previous incident ended at {ended}: {amounts} in {lasted}.")
    }

    fn because(&self, reason: Reason, kind: NotificationKind, quiet: &str) -> String {
        match (reason, kind) {
            (Reason::New, _) => "Why now: no incident was open.".to_owned(),
            (Reason::UpdateDue | Reason::NewAddress, NotificationKind::Reopened) => {
                "Why now: pings were rejected again within an hour after it was resolved.".to_owned()
            }
            (Reason::NewAddress, _) => {
                "Why now: an address is affected that no email about this incident has named.".to_owned()
            }
            (Reason::UpdateDue | Reason::Open, _) => {
                "Why now: an update was due, and there are new findings.".to_owned()
            }
            (Reason::Quiet, _) | (Reason::LeaseExpired, NotificationKind::Resolved) => {
                format!("Why now: nothing was rejected for {quiet}.")
            }
            // The rest decide that nothing is sent, or that an earlier attempt is finished.
            (
                Reason::LeaseExpired
                | Reason::Reopened
                | Reason::Silenced
                | Reason::Capped
                | Reason::Resumed
                | Reason::Repeated
                | Reason::NotDue
                | Reason::SendInProgress
                | Reason::Stale,
                _,
            ) => "Why now: the run that should have sent it stopped, so this email is late.".to_owned(),
        }
    }

    fn sent_after(&self, span: &str, first: bool) -> String {
        format!("Sent {span} after the {} packet.", if first { "first" } else { "last" })
    }

    fn next_email(&self, next: &str, sooner: bool, quiet: &str, resolved: bool) -> String {
        let sooner = if sooner { ", sooner if another address is affected" } else { "" };
        let end = if resolved {
            format!("an email when resolved, after {quiet} without a rejected ping")
        } else {
            format!("resolved without an email after {quiet} without a rejected ping")
        };
        format!("Next email at {next} if it continues{sooner}; {end}.")
    }

    fn since_email(&self, at: &str) -> String {
        format!("The numbers below count what came since the email at {at}.")
    }

    fn since_last_email(&self, amounts: Option<&str>) -> String {
        match amounts {
            Some(amounts) => format!("Since the last email: {amounts}."),
            None => "No rejected pings since the last email.".to_owned(),
        }
    }
}

/// A text with a capital at its start.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn with_more(amount: &str, more: bool) -> String {
    if more { amount.replacen("ping", "more ping", 1) } else { amount.to_owned() }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "outbound",
        Direction::Ingress => "inbound",
    }
}
