//! Who is at an address, according to the records and EC2.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    address::Scope,
    enrichment::{Interface, Tags},
    notification::{
        email::draft::{EmailDraft, ExplainedFinding, Side},
        language::{Noun, Number, Phrases},
    },
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
    /// What stands between the address and the network, one text for each interface.
    through: BTreeSet<String>,
}

impl Party {
    /// Who is at an address on one side of the findings.
    pub(super) fn of(draft: &EmailDraft<'_>, address: IpAddr, side: Side) -> Party {
        let network = draft.notification.network;
        let there = || draft.flows.iter().filter(|flow| side.address(flow.finding) == address);
        // Behind an intermediate it is not the interface's own address, unless EC2 says so: a secondary one.
        let is_interfaces = |flow: &ExplainedFinding<'_>| {
            let interface = network.interface_of(flow.finding);
            side.record_address(flow.finding) == address
                || (side.address(flow.finding) == address && interface.is_some_and(|known| known.owns(address)))
        };
        let is_own = |flow: &ExplainedFinding<'_>| flow.own_side() == Some(side) && is_interfaces(flow);
        let own = || draft.flows.iter().filter(|flow| is_own(flow));
        let own_ids: BTreeSet<Option<&str>> = own().map(|flow| flow.finding.flow.logged_by()).collect();
        // VPCs may use the same addresses, so that flows of several may have several owners on this side: then it is nobody's.
        let vpc_of = |flow: &ExplainedFinding<'_>| {
            let vpc_id = flow.finding.metadata.vpc_id.clone();
            vpc_id.or_else(|| network.interface_of(flow.finding)?.vpc_id.clone())
        };
        let seen: BTreeSet<Option<&str>> = there()
            .chain(own())
            .map(|flow| match is_own(flow) {
                true => flow.finding.flow.logged_by(),
                false => network.owner_of(address, vpc_of(flow).as_deref()).map(|owner| &*owner.id),
            })
            .collect();
        // The heaviest flows alone do not show where else the address may be: then the counters do.
        let content = &draft.notification.content;
        let all = content.complete || content.interfaces.only().is_some();
        let id = if all {
            seen.first().copied().flatten().filter(|_| seen.len() == 1)
        } else {
            let only_vpc = || draft.only_vpc().and_then(|vpc_id| network.owner_of(address, Some(vpc_id)));
            draft.names(side).home(&address.to_string()).or_else(|| only_vpc().map(|owner| &*owner.id))
        };
        let known: Option<&Interface> = id.and_then(|id| network.interfaces.get(id));
        let all_own = all && there().all(is_own);
        let metadata = own().find(|flow| flow.finding.flow.logged_by() == id);
        let metadata =
            metadata.filter(|_| id.is_some() || (all_own && seen.len() == 1)).map(|flow| &flow.finding.metadata);
        let instance = metadata
            .and_then(|metadata| metadata.instance_id.as_deref())
            .or(known.and_then(|known| known.instance_id.as_deref()));
        let of_instance = instance.and_then(|id| network.tags.get(id));
        let of_interface = known.map(|known| &known.tags);
        let service = there().find_map(|flow| {
            let metadata = &flow.finding.metadata;
            if side == Side::Source { metadata.source_service.as_deref() } else { metadata.target_service.as_deref() }
        });
        let shown_id = |text: &str| inert(text, MAX_ID_CHARS);
        let through = there().filter(|flow| all && !is_interfaces(flow)).map(|flow| {
            let logged_by = flow.finding.flow.logged_by().filter(|_| flow.own_side() == Some(side));
            let known = logged_by.and_then(|id| network.interfaces.get(id));
            let mut words = vec![side.record_address(flow.finding).to_string()];
            words.extend(known.and_then(|known| draft.words.interface_kind(&shown_id(&known.kind))));
            words.extend(logged_by.map(shown_id));
            draft.words.items(&words)
        });
        let tags: Vec<&Tags> = of_instance.into_iter().chain(of_interface).collect();
        let tagged = metadata.filter(|_| tags.iter().all(|tags| tags.name.is_none()));
        Party {
            address,
            name: tags.iter().find_map(|tags| name(tags.name.as_deref()?, MAX_NAME_COLUMNS)),
            short_name: tags.iter().find_map(|tags| name(tags.name.as_deref()?, MAX_SHORT_COLUMNS)),
            kind: known
                .filter(|_| instance.is_none())
                .and_then(|known| draft.words.interface_kind(&shown_id(&known.kind))),
            // What it is for, where no instance's name says so.
            description: known
                .filter(|_| instance.is_none())
                .and_then(|known| name(known.description.as_deref()?, MAX_NAME_COLUMNS)),
            instance: instance.map(shown_id),
            interface: id.map(shown_id),
            interfaces: if all { own_ids.iter().flatten().count() } else { 0 },
            owners: owners(&tags),
            tagged: tagged
                .map(|metadata| {
                    metadata.tags.iter().take(MAX_TAGS).filter_map(|tag| name(tag, MAX_NAME_COLUMNS)).collect()
                })
                .unwrap_or_default(),
            service: service.map(shown_id),
            through: through.collect(),
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
        known.extend(self.through(words));
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
        known.extend(self.through(words));
        format!("{} ({})", self.address, words.items(&known))
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
