//! Facts, in English.

use std::net::IpAddr;

use crate::{
    address::Scope,
    detection::{Basis, Direction},
    notification::language::{
        english::{English, noun_words, way},
        phrases::Facts,
        terms::{Noun, RejectionKind, Traffic},
    },
};

impl Facts for English {
    fn protocols(&self, v4: bool, v6: bool) -> &'static str {
        match (v4, v6) {
            (true, true) => "ICMP and ICMPv6, the type is not recorded",
            (false, true) => "ICMPv6, its type is not recorded",
            _ => "ICMP, its type is not recorded",
        }
    }

    fn untracked(&self, records: &str, flows: &str) -> String {
        format!(
            "{records} past the limit of {flows}: they are counted here and in the metrics, without their addresses"
        )
    }

    fn unreadable(&self, lines: &str) -> String {
        let are = if lines.starts_with("1 ") { "is" } else { "are" };
        format!("{lines} of this batch could not be read and {are} not counted")
    }

    fn scope(&self, address: IpAddr) -> &'static str {
        match Scope::of(address) {
            Scope::Private => "private address",
            Scope::SharedNat => "shared NAT address, 100.64.0.0/10",
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

    fn through(&self, intermediate: &str) -> String {
        format!("through {intermediate}")
    }

    fn account(&self, id: &str) -> String {
        format!("account {id}")
    }

    fn copied_from(&self, name: &str) -> String {
        format!("copied from {name}")
    }

    fn only_for(&self, noun: Noun, value: &str) -> String {
        format!("this incident is about the {} {value} only", noun_words(noun).0)
    }

    fn all_others(&self, noun: Noun) -> String {
        format!("this incident is about all other {}", noun_words(noun).1)
    }

    fn direction(&self, direction: Direction, basis: Basis) -> String {
        let way = way(direction);
        match basis {
            Basis::Field => format!("{way}, as the record says"),
            Basis::PacketAddress => format!("{way}, judged by the address in the packet, which is not the interface's"),
            Basis::InterfaceAddresses => format!("{way}, judged by the addresses of the interface"),
            Basis::InternalSide => format!("{way}, judged by which side is the private address"),
            Basis::OtherRecords => format!("{way}, judged by the other records of the interface"),
        }
    }

    fn look_like_answers(&self) -> &'static str {
        match self.0 {
            Traffic::Pings => "they look like echo replies, see WHY",
            Traffic::Connections => "they are answers",
        }
    }

    fn direction_unknown(&self) -> &'static str {
        "unknown: the format has no flow-direction, and the addresses do not show it"
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

    fn timeline(&self, packets: bool, minutes: u64, zone: &str) -> String {
        let what = if packets { "Packets" } else { "Records" };
        match minutes {
            1 => format!("{what} in each minute, {zone}"),
            minutes => format!("{what} in each {minutes} minutes, {zone}"),
        }
    }

    fn way(&self, story: RejectionKind) -> &'static str {
        match (story, self.0) {
            (RejectionKind::AnswersStopped, Traffic::Pings) => "echo replies, outbound",
            (RejectionKind::AnswersNotReceived, Traffic::Pings) => "echo replies, inbound",
            (RejectionKind::AnswersStopped, Traffic::Connections) => "answers, outbound",
            (RejectionKind::AnswersNotReceived, Traffic::Connections) => "answers, inbound",
            (RejectionKind::Outbound, _) => "outbound",
            (RejectionKind::Inbound, _) => "inbound",
            (RejectionKind::Between | RejectionKind::Rejected, _) => "direction unknown",
        }
    }
}
