//! Who is at an address, according to the records and EC2.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use crate::{
    detection::{ServicePort, Side},
    notification::{
        email::writer::Writer,
        explained::{ExplainedFinding, Host},
        language::{Noun, Number, Phrases},
    },
    text::{inert, name},
};

/// Characters shown of a name, and of a description.
const MAX_NAME_CHARS: usize = 48;

/// Characters shown of a name in a subject.
const MAX_SHORT_CHARS: usize = 32;

/// Characters shown of a name in a subject that has too little room.
const MAX_SHORTER_CHARS: usize = 16;

/// Characters shown of an id.
const MAX_ID_CHARS: usize = 64;

/// Tags shown.
const MAX_TAGS: usize = 4;

/// The port that somebody has in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartyPort {
    /// The port of a service.
    Service(ServicePort),
    /// A port of which nobody knows whether it is a client's or a server's.
    Unknown(u16),
}

/// Who is at an address. All its texts are fit to be shown.
#[derive(Debug)]
pub(super) struct Party {
    address: IpAddr,
    port: Option<PartyPort>,
    name: Option<String>,
    /// The name where there is little room.
    short_name: Option<String>,
    /// The name where there is less.
    shorter_name: Option<String>,
    kind: Option<String>,
    description: Option<String>,
    instance: Option<String>,
    interface: Option<String>,
    /// Interfaces that the address was seen on, where there are several: then it is nobody's in particular.
    interfaces: usize,
    owners: Vec<(String, String)>,
    tagged: Vec<String>,
    service: Option<String>,
    /// What stands between the address and the network, one text for each interface.
    through: BTreeSet<String>,
}

impl Party {
    /// Who is at an address on one side of the findings.
    pub(super) fn of(writer: &Writer<'_>, address: IpAddr, side: Side) -> Party {
        let words = writer.words;
        let knows_places = knows_places(writer);
        let host = if knows_places { only_host(writer, address, side) } else { likely_host(writer, address, side) };
        let known = host.as_ref().and_then(|host| host.interface);
        let instance = host.as_ref().and_then(|host| host.instance_id);
        let names: Vec<&str> = host.iter().flat_map(Host::names).collect();
        let record_tags = host.as_ref().filter(|_| names.is_empty()).map_or(&[][..], |host| host.record_tags);
        let there = || writer.flows.iter().filter(|flow| flow.endpoint(side).host().address == address);
        // Where an instance's name says what it is, the interface need not.
        let bare = || known.filter(|_| instance.is_none());
        Party {
            address,
            port: None,
            name: names.iter().find_map(|text| name(text, MAX_NAME_CHARS)),
            short_name: names.iter().find_map(|text| name(text, MAX_SHORT_CHARS)),
            shorter_name: names.iter().find_map(|text| name(text, MAX_SHORTER_CHARS)),
            kind: bare().and_then(|interface| words.interface_kind(&shown_id(&interface.kind))),
            description: bare().and_then(|interface| name(interface.description.as_deref()?, MAX_NAME_CHARS)),
            instance: instance.map(shown_id),
            interface: host.as_ref().and_then(Host::id).map(shown_id),
            interfaces: if knows_places { own_ids(writer, address, side).iter().flatten().count() } else { 0 },
            owners: owners(host.as_ref()),
            tagged: record_tags.iter().take(MAX_TAGS).filter_map(|tag| name(tag, MAX_NAME_CHARS)).collect(),
            service: there().find_map(|flow| flow.endpoint(side).service).map(shown_id),
            through: there()
                .filter(|flow| knows_places && flow.endpoint(side).behind)
                .map(|flow| intermediate(flow, side, words))
                .collect(),
        }
    }

    /// The same at a port.
    pub(super) fn at(self, port: Option<PartyPort>) -> Party {
        Party { port, ..self }
    }

    /// The same by the address.
    pub(super) fn without_name(self) -> Party {
        Party { name: None, short_name: None, shorter_name: None, ..self }
    }

    /// The name in a subject.
    pub(super) fn name(&self) -> Option<&str> {
        self.short_name.as_deref()
    }

    /// Short, for a subject: `db-1:5432 (postgresql)`.
    pub(super) fn short(&self, words: &dyn Phrases) -> String {
        let port = self.port_words(words).map(|port| format!(" ({port})")).unwrap_or_default();
        format!("{}{port}", self.label(self.short_name.as_deref()))
    }

    /// As short as can be: `db-1:5432`.
    pub(super) fn shorter(&self) -> String {
        self.label(self.shorter_name.as_deref())
    }

    /// A name, or else the address, with the port of a service.
    fn label(&self, name: Option<&str>) -> String {
        match (self.port, name) {
            (Some(PartyPort::Service(port)), name) => {
                let udp = if port.protocol_word() == "udp" { "/udp" } else { "" };
                let address = || SocketAddr::new(self.address, port.port).to_string();
                name.map_or_else(address, |name| format!("{name}:{}", port.port)) + udp
            }
            (_, Some(name)) => name.to_owned(),
            (_, None) => self.address.to_string(),
        }
    }

    /// What stands of the port in brackets: the name of its service, or the port that may be anything.
    fn port_words(&self, words: &dyn Phrases) -> Option<String> {
        match self.port? {
            PartyPort::Service(port) => port.name().map(str::to_owned),
            PartyPort::Unknown(port) => Some(words.unknown_port(port)),
        }
    }

    /// The address with what is known of it in brackets: `web-1 (i-0789cafe, owner team-a)`.
    pub(super) fn introduced(&self, words: &dyn Phrases) -> String {
        let mut known: Vec<String> = Vec::new();
        known.extend(self.port_words(words));
        let before = known.len();
        known.extend(self.service.as_deref().map(|service| words.service(service)));
        known.extend(self.kind.clone());
        if let Some(id) = self.instance.as_ref().or(self.interface.as_ref()) {
            known.push(id.clone());
        } else if self.interfaces > 1 {
            known.push(words.count(Number::Exactly(self.interfaces as u64), Noun::Interface));
        }
        known.extend(self.owner_words(words));
        if known.len() == before {
            known.push(words.scope(self.address).to_owned());
        }
        known.extend(self.through(words));
        format!("{} ({})", self.label(self.name.as_deref()), words.items(&known))
    }

    /// The address with everything that is known of it.
    pub(super) fn described(&self, words: &dyn Phrases) -> String {
        let mut known: Vec<String> = Vec::new();
        known.extend(self.port_words(words));
        known.extend(self.name.clone());
        known.extend(self.service.as_deref().map(|service| words.service(service)));
        known.extend(self.kind.clone());
        known.extend(self.instance.clone());
        known.extend(self.interface.clone());
        if self.interfaces > 1 {
            known.push(words.count(Number::Exactly(self.interfaces as u64), Noun::Interface));
        }
        known.extend(self.description.clone());
        known.extend(self.owner_words(words));
        known.push(words.scope(self.address).to_owned());
        known.extend(self.through(words));
        format!("{} ({})", self.label(None), words.items(&known))
    }

    /// What stands between, or how many interfaces do.
    fn through(&self, words: &dyn Phrases) -> Option<String> {
        let first = self.through.first()?;
        Some(match self.through.len() {
            1 => words.through(first),
            several => words.through(&words.count(Number::Exactly(several as u64), Noun::Interface)),
        })
    }

    fn owner_words(&self, words: &dyn Phrases) -> Vec<String> {
        let mut known: Vec<String> = self.owners.iter().map(|(key, value)| words.owner(key, value)).collect();
        if !self.tagged.is_empty() {
            known.push(words.tagged(&words.items(&self.tagged)));
        }
        known
    }
}

/// Tells whether the flows show everywhere that an address may be: the heaviest ones of several interfaces alone do not.
fn knows_places(writer: &Writer<'_>) -> bool {
    let content = writer.notification.content;
    content.complete || content.interfaces.only().is_some()
}

/// The hosts that an address was seen at, on one side.
fn hosts<'w>(writer: &'w Writer<'_>, address: IpAddr, side: Side) -> impl Iterator<Item = &'w Host<'w>> {
    writer.flows.iter().filter_map(move |flow| {
        // An intermediate's address is somebody only where it is the interface's own.
        let host = flow.endpoint(side).host_at(address)?;
        (host.is_own || flow.endpoint(side).host().address == address).then_some(host)
    })
}

/// The interfaces that logged it as an address of their own.
fn own_ids<'w>(writer: &'w Writer<'_>, address: IpAddr, side: Side) -> BTreeSet<Option<&'w str>> {
    hosts(writer, address, side).filter(|host| host.is_own).map(Host::id).collect()
}

/// Who has an address, where all flows agree. VPCs may use the same addresses: then it is nobody in particular.
fn only_host<'w>(writer: &'w Writer<'_>, address: IpAddr, side: Side) -> Option<Host<'w>> {
    let mut hosts: Vec<&Host<'_>> = hosts(writer, address, side).collect();
    let ids: BTreeSet<Option<&str>> = hosts.iter().map(|host| host.id()).collect();
    let all_own = hosts.iter().all(|host| host.is_own);
    let has_id = ids.first().is_some_and(Option::is_some);
    // What logged it knows most of itself.
    hosts.sort_by_key(|host| !host.is_own);
    hosts.into_iter().next().filter(|_| ids.len() == 1 && (has_id || all_own)).cloned()
}

/// Who has an address, where only the heaviest flows are known: what the counters noted, or what EC2 knows of the only VPC.
fn likely_host<'w>(writer: &'w Writer<'_>, address: IpAddr, side: Side) -> Option<Host<'w>> {
    let network = writer.notification.network;
    let only_vpc = || network.owner_of(address, Some(writer.only_vpc()?));
    let id = writer.side(side).home(&address).or_else(|| only_vpc().map(|owner| &*owner.id))?;
    let logged = hosts(writer, address, side).find(|host| host.is_own && host.id() == Some(id));
    Some(
        logged.cloned().unwrap_or_else(|| Host {
            interface_id: Some(id),
            ..Host::of(address, network.interfaces.get(id), network)
        }),
    )
}

/// What stands between an address and the network, as far as it is known.
fn intermediate(flow: &ExplainedFinding<'_>, side: Side, words: &dyn Phrases) -> String {
    let host = &flow.endpoint(side).record;
    let mut known = vec![host.address.to_string()];
    if host.is_own {
        known.extend(host.interface.and_then(|interface| words.interface_kind(&shown_id(&interface.kind))));
        known.extend(host.id().map(shown_id));
    }
    words.items(&known)
}

fn shown_id(text: &str) -> String {
    inert(text, MAX_ID_CHARS)
}

/// The tags that say who owns it, fit to be shown.
fn owners(host: Option<&Host<'_>>) -> Vec<(String, String)> {
    let owners = host.map(Host::owners).unwrap_or_default().into_iter();
    let shown = owners.filter_map(|(key, value)| Some((name(key, MAX_NAME_CHARS)?, name(value, MAX_NAME_CHARS)?)));
    shown.take(MAX_TAGS).collect()
}
