//! What logged the records of one batch, and the five-tuple of a record as it saw it.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    net::IpAddr,
};

use flow_log::{FlowRecord, Protocol};

use crate::{
    address::Networks,
    detection::{
        direction::{self, Basis, Direction, OwnAddresses},
        limits::MAX_FIELD_CHARS,
        server::has_ports,
    },
    text::one_line,
};

/// The interfaces of a batch, and the resources without one, each with its place in the list as its number.
#[derive(Debug, Default)]
pub(crate) struct Loggers {
    list: Vec<Logger>,
    /// By their names, one table for each kind.
    numbers: [HashMap<Box<str>, usize>; 3],
    /// The one seen last. A log stream has the records of one interface, so it mostly is the next one too.
    last: usize,
}

/// Who logged a record.
#[derive(Debug)]
pub(crate) struct Logger {
    name: Box<str>,
    kind: LoggerKind,
    pub(crate) own: OwnAddresses,
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

/// The addresses of a record as its logger saw them, and its protocol and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FiveTuple {
    /// The logger's number.
    pub(crate) logger: usize,
    pub(crate) srcaddr: IpAddr,
    pub(crate) dstaddr: IpAddr,
    pub(crate) protocol: Protocol,
    /// Those of TCP and UDP.
    pub(crate) ports: Option<(u16, u16)>,
    /// Those in the packet, where they are others.
    pub(crate) packet_source: Option<IpAddr>,
    pub(crate) packet_target: Option<IpAddr>,
}

impl FiveTuple {
    /// The sender of the packets.
    pub(crate) fn sender(&self) -> IpAddr {
        self.packet_source.unwrap_or(self.srcaddr)
    }

    /// The receiver of the packets.
    pub(crate) fn receiver(&self) -> IpAddr {
        self.packet_target.unwrap_or(self.dstaddr)
    }

    /// That of a packet that goes the opposite way.
    pub(crate) fn opposite(&self) -> FiveTuple {
        FiveTuple {
            logger: self.logger,
            srcaddr: self.dstaddr,
            dstaddr: self.srcaddr,
            protocol: self.protocol,
            ports: self.ports.map(|(source, target)| (target, source)),
            packet_source: self.packet_target,
            packet_target: self.packet_source,
        }
    }
}

impl Logger {
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
    /// A record's five-tuple and its direction. The logger takes note of the addresses.
    pub(crate) fn observe(
        &mut self,
        record: &FlowRecord<'_>,
        own_networks: &Networks,
    ) -> (FiveTuple, Option<(Direction, Basis)>) {
        let logger = match (record.interface_id(), record.resource_id()) {
            (Some(interface), _) => self.number(interface, LoggerKind::Interface),
            (None, Some(resource)) => self.number(resource, LoggerKind::Resource),
            (None, None) => self.number(record.account_id().unwrap_or_default(), LoggerKind::Account),
        };
        let direction = direction::of_record(record, own_networks);
        if let (Some(direction), Some(_)) = (direction, record.interface_id()) {
            self.list[logger].own.observe(direction, record.srcaddr, record.dstaddr);
        }
        let other = |packet: Option<IpAddr>, seen| packet.filter(|address| *address != seen);
        let tuple = FiveTuple {
            logger,
            srcaddr: record.srcaddr,
            dstaddr: record.dstaddr,
            protocol: record.protocol,
            ports: record.srcport.zip(record.dstport).filter(|_| has_ports(record.protocol)),
            packet_source: other(record.pkt_srcaddr, record.srcaddr),
            packet_target: other(record.pkt_dstaddr, record.dstaddr),
        };
        (tuple, direction)
    }

    /// The logger of that number.
    pub(crate) fn get(&self, number: usize) -> &Logger {
        &self.list[number]
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
                    self.list.push(Logger { name, kind, own: OwnAddresses::default() });
                    self.list.len() - 1
                }
            };
        }
        self.last
    }
}

/// Hashes a few numbers instead of the many small pieces that a derived implementation has.
impl Hash for FiveTuple {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let bits = |address| match address {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let (source, target) = self.ports.unwrap_or_default();
        state.write_u64(
            (self.logger as u64) << 40 | u64::from(source) << 24 | u64::from(target) << 8 | u64::from(self.protocol.0),
        );
        state.write_u128(bits(self.srcaddr));
        state.write_u128(bits(self.dstaddr));
        // Mostly there is none.
        for packet in [self.packet_source, self.packet_target].into_iter().flatten() {
            state.write_u128(bits(packet));
        }
    }
}
