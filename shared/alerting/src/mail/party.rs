//! Who is at an address, as far as the records and EC2 tell.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    case::{Case, Side},
    language::{Noun, Number, Phrases},
};
use crate::{
    address::Scope,
    network::{Interface, Tags},
    text::{inert, name},
};

/// Columns shown of a name, and of a description.
const MAX_NAME_COLUMNS: usize = 48;
/// Columns shown of a name in a subject.
const MAX_SHORT_COLUMNS: usize = 32;
/// Characters shown of an id.
const MAX_ID_CHARS: usize = 64;
/// Tags shown.
const MAX_TAGS: usize = 4;

/// Who is at an address. All its texts are fit to be shown.
#[derive(Debug)]
pub(super) struct Party {
    address: IpAddr,
    name: Option<String>,
    /// The name where there is little room.
    short_name: Option<String>,
    kind: Option<String>,
    description: Option<String>,
    instance: Option<String>,
    interface: Option<String>,
    /// Interfaces that the address was seen on, where there are several: then it is nobody's in particular.
    interfaces: usize,
    owners: Vec<(String, String)>,
    tagged: Vec<String>,
    service: Option<String>,
    in_the_packet: Option<IpAddr>,
}

impl Party {
    /// Who is at an address on one side of the findings.
    pub(super) fn of(case: &Case<'_>, address: IpAddr, side: Side) -> Party {
        let network = case.message.network;
        let there = || case.flows.iter().filter(|flow| side.address(flow.finding) == address);
        let own = || there().filter(|flow| flow.own_side() == Some(side));
        let own_ids: BTreeSet<&str> = own().filter_map(|flow| flow.finding.flow.interface_id.as_deref()).collect();
        let place = own().next().filter(|_| own_ids.len() <= 1).map(|flow| &flow.finding.place);
        let id = own_ids.first().copied().filter(|_| own_ids.len() == 1);
        // The other side's owner is looked for where the finding's interface is.
        let vpc_id = there().find_map(|flow| {
            let known = flow.finding.flow.interface_id.as_deref().and_then(|id| network.interfaces.get(id));
            flow.finding.place.vpc_id.as_deref().or(known.and_then(|known| known.vpc_id.as_deref()))
        });
        let known: Option<&Interface> = match id {
            Some(id) => network.interfaces.get(id),
            None if own_ids.is_empty() => network.owner_of(address, vpc_id),
            None => None,
        };
        let instance = place
            .and_then(|place| place.instance_id.as_deref())
            .or(known.and_then(|known| known.instance_id.as_deref()));
        let of_instance = instance.and_then(|id| network.tags.get(id));
        let of_interface = known.map(|known| &known.tags);
        let service = there().find_map(|flow| {
            let place = &flow.finding.place;
            if side == Side::Source { place.source_service.as_deref() } else { place.target_service.as_deref() }
        });
        let in_the_packet = there().find_map(|flow| {
            let place = &flow.finding.place;
            if side == Side::Source { place.packet_source } else { place.packet_target }
        });
        let shown_id = |text: &str| inert(text, MAX_ID_CHARS);
        let tags: Vec<&Tags> = of_instance.into_iter().chain(of_interface).collect();
        let tagged = place.filter(|_| tags.iter().all(|tags| tags.name.is_none()));
        Party {
            address,
            name: tags.iter().find_map(|tags| name(tags.name.as_deref()?, MAX_NAME_COLUMNS)),
            short_name: tags.iter().find_map(|tags| name(tags.name.as_deref()?, MAX_SHORT_COLUMNS)),
            kind: known
                .filter(|_| instance.is_none())
                .and_then(|known| case.words.interface_kind(&shown_id(&known.kind))),
            // What it is for, where no instance's name says so.
            description: known
                .filter(|_| instance.is_none())
                .and_then(|known| name(known.description.as_deref()?, MAX_NAME_COLUMNS)),
            instance: instance.map(shown_id),
            interface: id.or(known.map(|known| &*known.id)).map(shown_id),
            interfaces: own_ids.len(),
            owners: owners(&tags),
            tagged: tagged
                .map(|place| place.tags.iter().take(MAX_TAGS).filter_map(|tag| name(tag, MAX_NAME_COLUMNS)).collect())
                .unwrap_or_default(),
            service: service.map(shown_id),
            in_the_packet,
        }
    }

    /// As short as can be, for a subject.
    pub(super) fn short(&self) -> String {
        self.short_name.clone().unwrap_or_else(|| self.address.to_string())
    }

    /// The address with what is known of it in brackets: `web-1 (i-0789cafe, owner team-a)`.
    pub(super) fn introduced(&self, words: &dyn Phrases) -> String {
        let mut known: Vec<String> = Vec::new();
        known.extend(self.service.as_deref().map(|service| words.service(service)));
        known.extend(self.kind.clone());
        if let Some(id) = self.instance.as_ref().or(self.interface.as_ref()) {
            known.push(id.clone());
        } else if self.interfaces > 1 {
            known.push(words.count(Number::Exactly(self.interfaces as u64), Noun::Interface));
        }
        known.extend(self.owner_words(words));
        if known.is_empty() {
            known.push(words.scope(Scope::of(self.address)).to_owned());
        }
        let name = self.name.clone().unwrap_or_else(|| self.address.to_string());
        format!("{name} ({})", words.items(&known))
    }

    /// The address with everything that is known of it.
    pub(super) fn described(&self, words: &dyn Phrases) -> String {
        let mut known: Vec<String> = Vec::new();
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
        known.push(words.scope(Scope::of(self.address)).to_owned());
        let mut groups = vec![words.items(&known)];
        groups.extend(
            self.in_the_packet.map(|packet| words.in_the_packet(&packet.to_string(), words.scope(Scope::of(packet)))),
        );
        format!("{} ({})", self.address, words.groups(&groups))
    }

    fn owner_words(&self, words: &dyn Phrases) -> Vec<String> {
        let mut known: Vec<String> = self.owners.iter().map(|(key, value)| words.owner(key, value)).collect();
        if !self.tagged.is_empty() {
            known.push(words.tagged(&words.items(&self.tagged)));
        }
        known
    }

    /// The instance, or else the interface, to open in the console.
    pub(super) fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }
}

/// The tags that say who owns it: each key once, the instance's before the interface's.
fn owners(tags: &[&Tags]) -> Vec<(String, String)> {
    let mut owners: Vec<(String, String)> = Vec::new();
    for (key, value) in tags.iter().flat_map(|tags| &tags.owners) {
        if let (Some(key), Some(value)) = (name(key, MAX_NAME_COLUMNS), name(value, MAX_NAME_COLUMNS))
            && owners.len() < MAX_TAGS
            && !owners.iter().any(|(known, _)| *known == key)
        {
            owners.push((key, value));
        }
    }
    owners
}
