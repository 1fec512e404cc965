//! What logged the records of one batch, and which addresses are its own.

use std::{collections::HashMap, net::IpAddr};

use flow_log::{Field, FlowLine, FlowRecord, LogEvent};

use crate::{
    address::Networks,
    detection::{
        direction::{self, Basis, Direction, OwnAddresses},
        flow_key::FlowKey,
        limits::MAX_FIELD_CHARS,
        metadata::FlowMetadata,
    },
    text::one_line,
};

/// The interfaces of a batch, and the resources without one, each with its place in the list as its number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loggers {
    list: Vec<Logger>,
    /// By their names, one table for each kind.
    numbers: [HashMap<Box<str>, usize>; 3],
    /// The one seen last. A log stream has the records of one interface, so it mostly is the next one too.
    last: usize,
}

/// Who logged a record.
#[derive(Clone, Debug)]
pub(crate) struct Logger {
    name: Box<str>,
    kind: LoggerKind,
    /// The addresses that the records show which were read.
    own: OwnAddresses,
    /// Those that other accepted records show. They tell only the directions that nothing else tells.
    noted: Option<OwnAddresses>,
    /// What the subscription filter says of the origin of its log events, by the first rejected one. All of them have one, as an interface
    /// has.
    pub(super) origin: Option<FlowMetadata>,
}

/// What a logger is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LoggerKind {
    /// `interface-id`.
    Interface,
    /// `resource-id`, of records without an interface.
    Resource,
    /// `account-id`, of records without either: what is in different accounts is not the same.
    Account,
}

impl Logger {
    /// The direction of a flow by the addresses of the records that were read.
    pub(super) fn told_direction(&self, source: IpAddr, target: IpAddr) -> Option<(Direction, Basis)> {
        self.own.direction(source, target)
    }

    /// The same, or else by all addresses.
    pub(super) fn direction(&self, source: IpAddr, target: IpAddr) -> Option<(Direction, Basis)> {
        let told = self.told_direction(source, target);
        told.or_else(|| self.own.with(self.noted.as_ref()?).direction(source, target))
    }

    /// The interface's id.
    pub(crate) fn interface_id(&self) -> Option<Box<str>> {
        Some(&self.name).filter(|_| self.kind == LoggerKind::Interface).cloned()
    }

    /// The resource's id, where there is no interface.
    pub(crate) fn resource_id(&self) -> Option<Box<str>> {
        Some(&self.name).filter(|_| self.kind == LoggerKind::Resource).cloned()
    }
}

impl Loggers {
    /// What tells the flow of a record from others, but for the reason.
    #[inline]
    pub(super) fn key(&mut self, record: &FlowRecord<'_>) -> FlowKey {
        let logger = match record.interface_id() {
            Some(interface) => self.number(interface, LoggerKind::Interface),
            None => match record.resource_id() {
                Some(resource) => self.number(resource, LoggerKind::Resource),
                None => self.number(record.account_id().unwrap_or_default(), LoggerKind::Account),
            },
        };
        FlowKey::of(logger, record)
    }

    /// The direction of a flow that its records tell. The logger takes note of its own address.
    pub(super) fn observe(&mut self, key: &FlowKey, own_networks: &Networks) -> Option<(Direction, Basis)> {
        let tuple = &key.tuple;
        let has_interface = self.list[tuple.logger].kind == LoggerKind::Interface;
        let direction = key.direction(has_interface, own_networks);
        if let Some(direction) = direction.filter(|_| has_interface) {
            self.list[tuple.logger].own.observe(direction, tuple.srcaddr, tuple.dstaddr);
        }
        direction
    }

    /// Takes note of the addresses of an accepted record that is not read otherwise.
    pub(super) fn note_addresses(&mut self, line: &FlowLine<'_>, own_networks: &Networks) {
        if let Some((direction, source, target)) = told(line, own_networks)
            && let Some(interface) = line.text(Field::InterfaceId)
        {
            let logger = self.number(interface, LoggerKind::Interface);
            self.list[logger].noted.get_or_insert_default().observe(direction, source, target);
        }
    }

    /// The logger of that number.
    pub(crate) fn get(&self, number: usize) -> &Logger {
        &self.list[number]
    }

    /// Takes note of a rejected record's log event.
    pub(super) fn note_origin(&mut self, number: usize, event: &LogEvent<'_>) {
        self.list[number].origin.get_or_insert_with(|| FlowMetadata::of_origin(&event.system_fields()));
    }

    /// The number under which a logger is known in this batch.
    fn number(&mut self, id: &str, kind: LoggerKind) -> usize {
        let known = self.list.get(self.last);
        if known.is_none_or(|known| *known.name != *id || known.kind != kind) {
            let name = one_line(id, MAX_FIELD_CHARS);
            let numbers = &mut self.numbers[kind as usize];
            self.last = match numbers.get(&*name) {
                Some(number) => *number,
                None => {
                    let name: Box<str> = name.into();
                    numbers.insert(name.clone(), self.list.len());
                    self.list.push(Logger { name, kind, own: OwnAddresses::default(), noted: None, origin: None });
                    self.list.len() - 1
                }
            };
        }
        self.last
    }
}

/// The direction that a record of an interface tells, with its addresses. Where these alone can tell it, nothing else is read.
fn told(line: &FlowLine<'_>, own_networks: &Networks) -> Option<((Direction, Basis), IpAddr, IpAddr)> {
    if direction::has_addresses_only(line.format()) {
        let (source, target) = line.addresses()?;
        return Some((direction::by_internal_side(source, target, own_networks)?, source, target));
    }
    let record = &line.to_record().ok()?;
    Some((FlowKey::of(0, record).direction(true, own_networks)?, record.srcaddr, record.dstaddr))
}
