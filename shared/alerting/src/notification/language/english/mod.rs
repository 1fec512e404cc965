//! English.

mod connections;
mod digest;
mod facts;
mod headlines;
mod names;
mod opening;
mod reasons;
mod steps;

use crate::{
    detection::Direction,
    notification::language::{
        phrases::Phrases,
        terms::{Fact, Noun, Number, Section, Traffic},
    },
    text::grouped,
    time::{MINUTE_MILLIS, SECOND_MILLIS},
};

/// English about some packets.
#[derive(Clone, Copy)]
pub(super) struct English(pub(super) Traffic);

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
        and_more(number)
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

    fn with_more(&self, first: &str, more: &str) -> String {
        format!("{first} {more}")
    }

    fn link(&self, text: &str) -> String {
        format!("{text}:")
    }

    fn heading(&self, section: Section) -> &'static str {
        match section {
            Section::Actions => "WHAT TO DO",
            Section::Why => "WHY",
            Section::Details => "DETAILS",
            Section::Records => "RECORDS",
            Section::Links => "LINKS",
        }
    }

    fn label(&self, fact: Fact) -> &'static str {
        match fact {
            Fact::What => "What",
            Fact::Total => "In total",
            Fact::Untracked => "Not listed",
            Fact::Unreadable => "Not read",
            Fact::From => "From",
            Fact::To => "To",
            Fact::Service => "Service",
            Fact::ClientPorts => "Client ports",
            Fact::Ports => "Ports",
            Fact::Where => "Where",
            Fact::LogGroup => "Log group",
            Fact::Direction => "Direction",
            Fact::When => "When",
            Fact::Flows => "Flows",
        }
    }

    fn left_out(&self, bytes: u64) -> String {
        format!("[{} bytes left out: the email would be too long]", grouped(bytes))
    }
}

/// How many more there are than were named.
fn and_more(number: Number) -> String {
    match number {
        Number::Exactly(amount) => format!("and {} more", grouped(amount)),
        Number::About(amount) => format!("and about {} more", grouped(amount)),
        Number::AtLeast(amount) => format!("and at least {} more", grouped(amount)),
        Number::Unknown => "and others".to_owned(),
    }
}

/// A noun for one, and for several.
fn noun_words(noun: Noun) -> (&'static str, &'static str) {
    match noun {
        Noun::Ping => ("ping", "pings"),
        Noun::Attempt => ("connection attempt", "connection attempts"),
        Noun::Packet => ("packet", "packets"),
        Noun::Byte => ("byte", "bytes"),
        Noun::Record => ("record", "records"),
        Noun::Line => ("line", "lines"),
        Noun::Source => ("source", "sources"),
        Noun::Target => ("target", "targets"),
        Noun::Address => ("address", "addresses"),
        Noun::Service => ("service", "services"),
        Noun::Client => ("client", "clients"),
        Noun::Host => ("host", "hosts"),
        Noun::Port => ("port", "ports"),
        Noun::Checker => ("health checker", "health checkers"),
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

/// A text with a capital at its start.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "outbound",
        Direction::Ingress => "inbound",
    }
}
