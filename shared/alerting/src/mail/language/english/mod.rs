//! English.

mod reasons;

use super::{Cast, Facts, Headlines, Noun, Number, Phrases, Section, Story};
use crate::{
    address::Scope,
    alert::Kind,
    direction::{Basis, Direction},
    incident::Reason,
    text::grouped,
    time::{MINUTE_MILLIS, SECOND_MILLIS},
};

pub(super) struct English;

impl Phrases for English {
    fn count(&self, number: Number, noun: Noun) -> String {
        let (Number::Exactly(amount) | Number::About(amount) | Number::AtLeast(amount)) = number;
        let (one, many) = match noun {
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
            Noun::Zone => ("availability zone", "availability zones"),
            Noun::Vpc => ("VPC", "VPCs"),
            Noun::Subnet => ("subnet", "subnets"),
            Noun::Interface => ("interface", "interfaces"),
            Noun::Instance => ("instance", "instances"),
        };
        let how = match number {
            Number::Exactly(_) => "",
            Number::About(_) => "about ",
            Number::AtLeast(_) => "at least ",
        };
        format!("{how}{} {}", grouped(amount), if amount == 1 { one } else { many })
    }

    fn and_more(&self, number: Number) -> String {
        match number {
            Number::Exactly(amount) => format!("and {} more", grouped(amount)),
            Number::About(amount) => format!("and about {} more", grouped(amount)),
            Number::AtLeast(amount) => format!("and at least {} more", grouped(amount)),
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
        super::two_largest(millis, &UNITS.map(|(_, size)| size))
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
        format!("[{} bytes left out: the mail would be too long]", grouped(bytes))
    }
}

impl Headlines for English {
    fn headline(&self, story: Story, cast: Cast<'_>, amount: &str, more: bool) -> String {
        let Cast { own, other } = cast;
        let amount = with_more(amount, more);
        let were = if amount.starts_with("1 ") { "was" } else { "were" };
        let opening = capital(&amount);
        match story {
            Story::AnswersStopped => format!("{own} could not answer {amount} from {other}"),
            Story::AnswersNotReceived => format!("{own} could not get the answers of {other} to {amount}"),
            Story::Outbound => format!("{own} could not send {amount} to {other}"),
            Story::Inbound => format!("{opening} from {other} to {own} {were} rejected"),
            Story::Between => format!("{opening} between {own} and {other} {were} rejected"),
            Story::Rejected => format!("{opening} from {own} to {other} {were} rejected"),
        }
    }

    fn brief(&self, story: Story, cast: Cast<'_>, amount: &str, more: bool) -> String {
        let Cast { own, other } = cast;
        let rejected = with_more(amount, more).replacen("ping", "rejected ping", 1);
        match story {
            Story::Inbound => format!("{rejected} from {other} to {own}"),
            Story::Between => format!("{rejected} between {own} and {other}"),
            Story::Rejected => format!("{rejected} from {own} to {other}"),
            _ => self.headline(story, cast, amount, more),
        }
    }

    fn terse(&self, story: Story, cast: Cast<'_>, amount: &str, more: bool) -> String {
        // What may be cut off is the end of the last name.
        self.brief(story, cast, amount, more)
    }

    fn uncounted_pings(&self, records: &str) -> String {
        format!("pings ({records})")
    }

    fn subject(&self, rule: &str, kind: Kind, lasted: &str, headline: &str) -> String {
        match kind {
            Kind::Opening => format!("[{rule}] {headline}"),
            Kind::Update => format!("[{rule}] still going on: {headline}"),
            Kind::AllClear => format!("[{rule}] over after {lasted}: {headline}"),
        }
    }

    fn new_since(&self, since: &str) -> String {
        format!("NEW since {since}")
    }

    fn going_on_since(&self, since: &str, number: u32) -> String {
        format!("GOING ON since {since}, mail {number} about it")
    }

    fn over(&self, range: &str, number: u32) -> String {
        format!("OVER: {range}, mail {number} about it")
    }

    fn previous(&self, ended: &str, amounts: &str, lasted: &str) -> String {
        format!("The incident before ended at {ended}: {amounts} in {lasted}.")
    }

    fn because(&self, reason: Reason, kind: Kind, quiet: &str) -> String {
        match (reason, kind) {
            (Reason::New, _) => "Why now: no incident was open here.".to_owned(),
            (Reason::UpdateDue | Reason::Open, _) => {
                "Why now: an update was due, and there was more to tell.".to_owned()
            }
            (Reason::Quiet, _) | (Reason::TakenOver, Kind::AllClear) => {
                format!("Why now: nothing was rejected for {quiet}.")
            }
            (Reason::TakenOver, _) => {
                "Why now: the run that was to send it earlier stopped half-way, so this mail is late.".to_owned()
            }
        }
    }

    fn sent_after(&self, span: &str, first: bool) -> String {
        format!("Sent {span} after the {} packet.", if first { "first" } else { "last" })
    }

    fn what_comes_next(&self, next: &str, quiet: &str, all_clear: bool) -> String {
        let end = if all_clear {
            format!("an all-clear after {quiet} without a rejected ping")
        } else {
            format!("over after {quiet} without a rejected ping")
        };
        format!("Next mail at {next} if it goes on; {end}.")
    }

    fn since_mail_before(&self, at: &str) -> String {
        format!("The numbers below are what came since the mail at {at}.")
    }

    fn after_last_mail(&self, amounts: Option<&str>) -> String {
        match amounts {
            Some(amounts) => format!("After the last mail came {amounts}."),
            None => "After the last mail came nothing.".to_owned(),
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

impl Facts for English {
    fn altogether(&self, amounts: &str) -> String {
        format!("altogether {amounts}")
    }

    fn protocols(&self, v4: bool, v6: bool) -> &'static str {
        match (v4, v6) {
            (true, true) => "ICMP and ICMPv6, the type is not recorded",
            (false, true) => "ICMPv6, its type is not recorded",
            _ => "ICMP, its type is not recorded",
        }
    }

    fn untracked(&self, records: &str, flows: &str) -> String {
        format!("{records} of them beyond {flows} are counted here and in the metrics, but not told apart below")
    }

    fn scope(&self, scope: Scope) -> &'static str {
        match scope {
            Scope::Private => "private address",
            Scope::SharedNat => "shared NAT address (100.64.0.0/10)",
            Scope::LinkLocal => "link-local address",
            Scope::Own => "loopback or unspecified address",
            Scope::Multicast => "multicast or broadcast address",
            Scope::Documentation => "documentation address",
            Scope::Public => "public address",
        }
    }

    fn service(&self, name: &str) -> String {
        format!("AWS service {name}")
    }

    fn interface_kind(&self, kind: &str) -> Option<String> {
        Some(match kind {
            "" | "interface" | "efa" | "efa-only" | "trunk" | "branch" => return None,
            "natGateway" => "NAT gateway".to_owned(),
            "lambda" => "Lambda function".to_owned(),
            "load_balancer" => "load balancer".to_owned(),
            "network_load_balancer" => "Network Load Balancer".to_owned(),
            "gateway_load_balancer" => "Gateway Load Balancer".to_owned(),
            "gateway_load_balancer_endpoint" => "Gateway Load Balancer endpoint".to_owned(),
            "vpc_endpoint" => "VPC endpoint".to_owned(),
            "transit_gateway" => "transit gateway".to_owned(),
            "global_accelerator_managed" => "Global Accelerator".to_owned(),
            "api_gateway_managed" => "API Gateway".to_owned(),
            "quicksight" => "QuickSight".to_owned(),
            other => format!("interface of type {other}"),
        })
    }

    fn owner(&self, key: &str, value: &str) -> String {
        // The usual keys are words; another one is shown as what it is.
        match key.to_ascii_lowercase().as_str() {
            word @ ("owner" | "team") => format!("{word} {value}"),
            _ => format!("{key}: {value}"),
        }
    }

    fn tagged(&self, values: &str) -> String {
        format!("tagged {values}")
    }

    fn in_the_packet(&self, address: &str, scope: &str) -> String {
        format!("in the packet {address}, {scope}")
    }

    fn account(&self, id: &str) -> String {
        format!("account {id}")
    }

    fn log_group(&self, name: &str) -> String {
        format!("log group {name}")
    }

    fn only_for(&self, part: &str, value: &str) -> String {
        match value {
            "others" => format!("this incident is about all other {part}s"),
            _ => format!("this incident is about the {part} {value} only"),
        }
    }

    fn direction(&self, direction: Direction, basis: Basis) -> String {
        let way = way(direction);
        match basis {
            Basis::Field => format!("{way}, as the record says"),
            Basis::SharedAddress => format!("{way}, judged by the address that all its records share"),
            Basis::InternalSide => format!("{way}, judged by which side is the private address"),
        }
    }

    fn direction_by_interface(&self, direction: Direction) -> String {
        format!("{}, judged by the addresses of the interface", way(direction))
    }

    fn look_like_answers(&self) -> &'static str {
        "echo replies by the look of it, see WHY"
    }

    fn direction_unknown(&self) -> &'static str {
        "direction not known: the format has no flow-direction, and the addresses do not tell"
    }

    fn directions_differ(&self) -> &'static str {
        "different directions, see the flows below"
    }

    fn of_the_heaviest(&self, text: &str) -> String {
        format!("{text} (the heaviest flows only)")
    }

    fn heaviest_only(&self) -> &'static str {
        "the heaviest flows only"
    }

    fn give_or_take(&self, range: &str) -> String {
        format!("{range}, give or take a minute")
    }

    fn no_times(&self) -> &'static str {
        "not in these records: the declared format has neither start nor end"
    }

    fn timeline(&self, packets: bool, minutes: u64) -> String {
        let what = if packets { "packets" } else { "records" };
        match minutes {
            1 => format!("{what} in each minute, UTC"),
            minutes => format!("{what} in each {minutes} minutes, UTC"),
        }
    }

    fn way(&self, story: Story) -> &'static str {
        match story {
            Story::AnswersStopped => "echo replies, outbound",
            Story::AnswersNotReceived => "echo replies, inbound",
            Story::Outbound => "outbound",
            Story::Inbound => "inbound",
            Story::Between | Story::Rejected => "direction not known",
        }
    }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "outbound",
        Direction::Ingress => "inbound",
    }
}
