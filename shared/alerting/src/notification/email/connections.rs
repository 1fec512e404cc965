//! What happened to packets of TCP or UDP, and who took part.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    detection::{Origin, Role, Rule, Side},
    incident::{KeyPart, Signal},
    notification::{
        email::{
            party::{Party, PartyPort},
            writer::Writer,
        },
        explained::{ExplainedFinding, Host},
        language::{ConnectionStory, Noun, Number},
    },
    text::name,
};

/// Characters shown of a load balancer's name.
const MAX_NAME_CHARS: usize = 48;

/// What AWS writes before a load balancer's name into the description of its interfaces: `ELB app/my-alb/50dc6c495c0c9188`
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html>).
const LOAD_BALANCER: &str = "ELB ";

/// How much is said of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// With what is known of them in brackets.
    Introduced,
    /// A name or an address, for a subject.
    Short,
    /// The same where there is little room.
    Shorter,
}

/// Somebody: one party, or how many there are.
enum Who {
    One(Box<Party>),
    Many(String),
}

impl Who {
    fn text(&self, writer: &Writer<'_>, length: Length) -> String {
        match (self, length) {
            (Who::Many(text), _) => text.clone(),
            (Who::One(party), Length::Introduced) => party.introduced(writer.words),
            (Who::One(party), Length::Short) => party.short(writer.words),
            (Who::One(party), Length::Shorter) => party.shorter(),
        }
    }

    fn name(&self) -> Option<&str> {
        if let Who::One(party) = self { party.name() } else { None }
    }

    fn without_name(self) -> Who {
        if let Who::One(party) = self { Who::One(Box::new(party.without_name())) } else { self }
    }
}

/// What all packets have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Requests,
    AnswersOut,
    AnswersIn,
    Both,
    Unclear,
}

/// What happened.
pub(super) fn story(writer: &Writer<'_>, length: Length) -> ConnectionStory {
    let key = writer.notification.key;
    if key.rule == Rule::Scan {
        return scan(writer, length);
    }
    let kind = kind(writer);
    if kind == Kind::Unclear {
        return unclear(writer, length);
    }
    let server = server_side(kind);
    let (mut clients, mut service) = match kind {
        Kind::Both => (clients_of_both(writer), service_of_both(writer)),
        _ => (client(writer, server.other()), service(writer, server)),
    };
    if length != Length::Introduced && clients.name().is_some() && clients.name() == service.name() {
        (clients, service) = (clients.without_name(), service.without_name());
    }
    let (clients, service) = (clients.text(writer, length), service.text(writer, length));
    match kind {
        Kind::Requests if key.rule == Rule::Helper => {
            let checker = checker(writer).or_else(|| balancer(writer, length)).unwrap_or(clients);
            ConnectionStory::NotChecked { checker, service }
        }
        Kind::Requests => ConnectionStory::NotReached { clients: balancer(writer, length).unwrap_or(clients), service },
        Kind::AnswersOut => ConnectionStory::NotAnswered { service, clients },
        Kind::AnswersIn => ConnectionStory::AnswersNotReceived { clients, service },
        Kind::Both | Kind::Unclear => ConnectionStory::Between { clients, service },
    }
}

fn server_side(kind: Kind) -> Side {
    match kind {
        Kind::AnswersOut | Kind::AnswersIn => Side::Source,
        Kind::Requests | Kind::Both | Kind::Unclear => Side::Target,
    }
}

/// The side of the server, where it is the same in all flows.
pub(super) fn common_server(writer: &Writer<'_>) -> Option<Side> {
    match kind(writer) {
        Kind::Both | Kind::Unclear => None,
        kind => Some(server_side(kind)),
    }
}

/// What the packets are. Of counters only the heaviest flows are known: then it is what must hold for the others, too.
fn kind(writer: &Writer<'_>) -> Kind {
    let key = writer.notification.key;
    match key.rule {
        Rule::Reply => return Kind::AnswersOut,
        Rule::Scan => return Kind::Requests,
        _ => {}
    }
    // What comes in from elsewhere asks; what answers us is a request of ours.
    let asks = matches!(key.signal.origin(), Origin::Private | Origin::Internet);
    let roles = || writer.flows.iter().map(|flow| flow.finding.role());
    let heaviest = if !writer.flows.is_empty() && roles().all(|role| role.is_none()) {
        Kind::Unclear
    } else if !roles().any(|role| role == Some(Role::Answer)) {
        Kind::Requests
    } else if !roles().all(|role| role == Some(Role::Answer)) {
        Kind::Both
    } else if writer.flows.iter().all(|flow| flow.own_side() == Some(Side::Source)) {
        Kind::AnswersOut
    } else {
        Kind::AnswersIn
    };
    match heaviest {
        kind if writer.knows_all() && !writer.flows.is_empty() => kind,
        Kind::Unclear => Kind::Unclear,
        // One service on one side: then all packets go the same way.
        kind if writer.service_port().is_some()
            && writer.side(server_side(kind)).only() == writer.service_host().as_ref() =>
        {
            kind
        }
        _ if asks => Kind::Requests,
        _ => Kind::Both,
    }
}

fn one(writer: &Writer<'_>, address: IpAddr, side: Side, port: Option<PartyPort>) -> Who {
    Who::One(Box::new(Party::of(writer, address, side).at(port)))
}

/// The addresses of one side, or how many there are.
fn client(writer: &Writer<'_>, side: Side) -> Who {
    let noun = if writer.notification.key.rule == Rule::Helper { Noun::Checker } else { Noun::Client };
    match writer.side(side).only() {
        Some(address) => one(writer, *address, side, None),
        None => Who::Many(many(writer, side, noun)),
    }
}

fn many(writer: &Writer<'_>, side: Side, noun: Noun) -> String {
    let addresses = writer.side(side);
    writer.words.count(writer.number(addresses, addresses.distinct), noun)
}

/// The service on one side, or how many ports and hosts there are.
fn service(writer: &Writer<'_>, side: Side) -> Who {
    let (words, ports) = (writer.words, &writer.notification.content.ports);
    let host = writer.side(side).only().copied();
    let port = writer.service_port();
    if let (Some(host), Some(port)) = (host, port) {
        return one(writer, host, side, Some(PartyPort::Service(port)));
    }
    let ports = match port {
        Some(port) => words.port(port),
        None => words.count(writer.number(ports, ports.distinct), Noun::Port),
    };
    let hosts = match host {
        Some(host) => Party::of(writer, host, side).short(words),
        None => many(writer, side, Noun::Host),
    };
    Who::Many(words.ports_of(&ports, &hosts))
}

/// Who asks or is answered, where the packets go both ways.
fn clients_of_both(writer: &Writer<'_>) -> Who {
    let client = |flow: &ExplainedFinding<'_>| {
        let side = flow.finding.server.map_or(Side::Target, |server| server.side).other();
        (flow.endpoint(side).host().address, side)
    };
    let clients: BTreeSet<(IpAddr, Side)> = writer.flows.iter().map(client).collect();
    let addresses: BTreeSet<IpAddr> = clients.iter().map(|(address, _)| *address).collect();
    match (clients.first(), addresses.len()) {
        (Some((address, side)), 1) if writer.knows_all() => one(writer, *address, *side, None),
        (_, number) => {
            let number = number as u64;
            let number = if writer.knows_all() { Number::Exactly(number) } else { Number::AtLeast(number) };
            Who::Many(writer.words.count(number, Noun::Client))
        }
    }
}

/// The service that the packets go to and come from, where it is one.
fn service_of_both(writer: &Writer<'_>) -> Who {
    let words = writer.words;
    if let (Some(host), Some(port)) = (writer.service_host(), writer.service_port()) {
        let receives = writer.flows.iter().any(|flow| flow.target.host().address == host);
        let side = if receives { Side::Target } else { Side::Source };
        return one(writer, host, side, Some(PartyPort::Service(port)));
    }
    let ports = &writer.notification.content.ports;
    Who::Many(words.count(writer.number(ports, ports.distinct), Noun::Port))
}

/// One sender's requests to many ports or hosts.
fn scan(writer: &Writer<'_>, length: Length) -> ConnectionStory {
    let (words, ports) = (writer.words, &writer.notification.content.ports);
    let sender = sender(writer).text(writer, length);
    let counted = || words.count(writer.number(ports, ports.distinct), Noun::Port);
    match (writer.service_port(), writer.side(Side::Target).only()) {
        (None, Some(host)) => {
            let host = one(writer, *host, Side::Target, None).text(writer, length);
            ConnectionStory::RefusedOnPorts { sender, ports: counted(), host }
        }
        (port, _) => {
            let ports = port.map_or_else(counted, |port| words.port(port));
            ConnectionStory::RefusedByHosts { sender, hosts: many(writer, Side::Target, Noun::Host), ports }
        }
    }
}

fn sender(writer: &Writer<'_>) -> Who {
    match writer.notification.key.part {
        KeyPart::Source(address) => one(writer, address, Side::Source, None),
        _ => client(writer, Side::Source),
    }
}

/// The sender of a scan.
pub(super) fn scanner(writer: &Writer<'_>) -> String {
    sender(writer).text(writer, Length::Short)
}

/// Both sides with their ports, where each has one only.
fn unclear(writer: &Writer<'_>, length: Length) -> ConnectionStory {
    let side = |side: Side, noun: Noun| match writer.side(side).only() {
        Some(address) => one(writer, *address, side, only_port(writer, side)).text(writer, length),
        None => many(writer, side, noun),
    };
    ConnectionStory::Unclear { source: side(Side::Source, Noun::Source), target: side(Side::Target, Noun::Target) }
}

/// The port of one side, where all flows have the same and nobody knows whether it is a client's or a server's.
fn only_port(writer: &Writer<'_>, side: Side) -> Option<PartyPort> {
    let port = |flow: &ExplainedFinding<'_>| match side {
        Side::Source => flow.finding.flow.srcport,
        Side::Target => flow.finding.flow.dstport,
    };
    let ports: BTreeSet<Option<u16>> = writer.flows.iter().map(port).collect();
    let port = ports.first().copied().flatten().filter(|_| ports.len() == 1 && writer.knows_all());
    port.map(PartyPort::Unknown)
}

/// The port that everything on one side has: a service's, or one that may be anything.
pub(super) fn port_of(writer: &Writer<'_>, side: Side) -> Option<PartyPort> {
    match kind(writer) {
        Kind::Both => None,
        Kind::Unclear => only_port(writer, side),
        kind => writer.service_port().filter(|_| server_side(kind) == side).map(PartyPort::Service),
    }
}

/// Tells whether all of it is health checks of Route 53: load balancers have addresses of our own.
pub(super) fn is_route53(writer: &Writer<'_>) -> bool {
    let key = writer.notification.key;
    key.rule == Rule::Helper && key.signal == Signal::HealthCheck
}

/// Who checks, where it is Route 53.
fn checker(writer: &Writer<'_>) -> Option<String> {
    is_route53(writer).then(|| "Route 53".to_owned())
}

/// Who asks, where it is one load balancer, with however many interfaces.
fn balancer(writer: &Writer<'_>, length: Length) -> Option<String> {
    let names: BTreeSet<Option<String>> = writer.flows.iter().map(|flow| load_balancer(flow.source.host())).collect();
    let name = names.first().cloned().flatten().filter(|_| names.len() == 1 && writer.knows_all())?;
    let name = match (length, writer.side(Side::Source).only()) {
        (Length::Introduced, Some(address)) => format!("{name} ({address})"),
        (Length::Introduced, None) => format!("{name} ({})", many(writer, Side::Source, Noun::Address)),
        _ => name,
    };
    Some(writer.words.load_balancer(&name))
}

/// The name of the load balancer that an interface belongs to: `app/my-alb`.
fn load_balancer(host: &Host<'_>) -> Option<String> {
    let known = host.interface?.description.as_deref()?.strip_prefix(LOAD_BALANCER)?;
    let named = match known.split('/').collect::<Vec<_>>()[..] {
        [kind @ ("app" | "net" | "gwy"), name, ..] => format!("{kind}/{name}"),
        _ => known.to_owned(),
    };
    name(&named, MAX_NAME_CHARS)
}
