//! Sentences about TCP and UDP, in English.

use crate::{
    detection::{SCAN_HOSTS, SCAN_MILLIS, SCAN_PORTS, ServerBasis, ServicePort, Side},
    notification::language::{
        connections::Connections, english::English, phrases::Phrases as _, terms::ConnectionStory,
    },
};

impl Connections for English {
    fn connection(&self, story: &ConnectionStory, amount: &str, more: bool) -> String {
        match story {
            ConnectionStory::Between { .. } | ConnectionStory::Unclear { .. } => {
                self.connection_brief(story, amount, more)
            }
            story => {
                let amount = with_more(amount, more);
                format!("{}: {amount} {} rejected", self.connection_brief(story, &amount, more), were(&amount))
            }
        }
    }

    fn connection_brief(&self, story: &ConnectionStory, amount: &str, more: bool) -> String {
        match story {
            ConnectionStory::NotReached { clients, service } => format!("{clients} could not reach {service}"),
            ConnectionStory::NotAnswered { service, clients } => format!("{service} could not answer {clients}"),
            ConnectionStory::AnswersNotReceived { clients, service } => {
                format!("{clients} could not get the answers of {service}")
            }
            ConnectionStory::NotChecked { checker, service } => format!("{} could not check {service}", checker),
            ConnectionStory::RefusedByHosts { sender, hosts, ports } => {
                format!("{sender} was refused by {hosts} on {ports}")
            }
            ConnectionStory::RefusedOnPorts { sender, ports, host } => {
                format!("{sender} was refused on {ports} of {host}")
            }
            ConnectionStory::Between { clients, service } => {
                let amount = with_more(amount, more);
                format!("{amount} between {clients} and {service} {} rejected", were(&amount))
            }
            ConnectionStory::Unclear { source, target } => {
                let amount = with_more(amount, more);
                format!("{amount} from {source} to {target} {} rejected", were(&amount))
            }
        }
    }

    fn connection_terse(&self, story: &ConnectionStory, amount: &str, more: bool) -> String {
        match story {
            ConnectionStory::NotReached { clients, service } => format!("not reached: {service} by {clients}"),
            ConnectionStory::NotAnswered { service, clients } => format!("no answers from {service} to {clients}"),
            ConnectionStory::AnswersNotReceived { clients, service } => {
                format!("no answers of {service} to {clients}")
            }
            ConnectionStory::NotChecked { checker, service } => format!("not checked: {service} by {}", checker),
            ConnectionStory::Between { clients, service } => {
                format!("{} rejected: {service}, {clients}", with_more(amount, more))
            }
            ConnectionStory::Unclear { source, target } => {
                format!("{} rejected: {source} → {target}", with_more(amount, more))
            }
            story => self.connection_brief(story, amount, more),
        }
    }

    fn load_balancer(&self, name: &str) -> String {
        format!("Load balancer {name}")
    }

    fn port(&self, port: ServicePort) -> String {
        let udp = if port.protocol_word() == "udp" { "/udp" } else { "" };
        let name = port.name().map(|name| format!(" ({name})")).unwrap_or_default();
        format!("port {}{udp}{name}", port.port)
    }

    fn unknown_port(&self, port: u16) -> String {
        format!("port {port}")
    }

    fn ports_of(&self, ports: &str, hosts: &str) -> String {
        format!("{ports} of {hosts}")
    }

    fn server(&self, service: &str, side: Side, basis: ServerBasis) -> String {
        let side = match side {
            Side::Source => "sender",
            Side::Target => "receiver",
        };
        format!("{service}; the {side} is the server, judged by {}", judged_by(basis))
    }

    fn server_unknown(&self) -> &'static str {
        "nothing tells which side is the server, so both ports are shown"
    }

    fn requests_or_answers(&self, answers: bool) -> &'static str {
        if answers { "answers" } else { "requests" }
    }

    fn transport(&self, tcp: bool, udp: bool) -> &'static str {
        match (tcp, udp) {
            (true, true) => "TCP and UDP",
            (false, true) => "UDP",
            _ => "TCP",
        }
    }

    fn scan_because(&self) -> String {
        format!(
            "It is an incident because it looks like a scan, or like a host that lost a rule it needs: one sender of yours was \
             refused on {SCAN_PORTS} ports of one host or more, or by {SCAN_HOSTS} hosts or more on one port, within {}.",
            self.span(SCAN_MILLIS)
        )
    }

    fn scan_steps(&self, sender: &str) -> String {
        format!(
            "Find out what runs on {sender}. If it scans and nobody intends that, treat the host as compromised and isolate it. If \
             this is its normal traffic, a rule that it needs was removed: restore it. See the records"
        )
    }
}

/// How the server is known, and how sure that is.
fn judged_by(basis: ServerBasis) -> &'static str {
    match basis {
        ServerBasis::TcpFlags => "tcp-flags (certain)",
        ServerBasis::AcceptedOpposite => "what was accepted the other way (likely)",
        ServerBasis::KnownPort => "its known port (likely)",
        ServerBasis::ManyPorts => "one port on its side and several on the other (likely)",
        ServerBasis::LowPort => "its low port (possible)",
    }
}

fn with_more(amount: &str, more: bool) -> String {
    match amount.rsplit_once(' ') {
        Some((number, noun)) if more && !amount.contains(" more ") => format!("{number} more {noun}"),
        _ => amount.to_owned(),
    }
}

fn were(amount: &str) -> &'static str {
    if amount.starts_with("1 ") { "was" } else { "were" }
}
