//! Rejected flows: what a batch has of them as numbers. Their texts follow where a finding is reported.

use std::{collections::BTreeMap, net::IpAddr, sync::OnceLock};

use flow_log::{FlowRecord, TcpFlags};
use smallvec::SmallVec;

use crate::{
    detection::{
        direction::{Basis, Direction},
        finding::{self, Finding},
        flow_key::{FiveTuple, FlowKey},
        kept::KeptText,
        late::Late,
        limits::{MAX_FLOW_MINUTES, MAX_LINES_PER_FLOW},
        origin::{Origin, OriginBasis},
        places::Place,
        role::Role,
        rule::Rule,
        server::{PortRange, Server},
        service::Service,
        side::Side,
        tcp_flags,
        totals::Totals,
    },
    time::{MINUTE_MILLIS, SECOND_MILLIS},
};

/// The rejected records of one flow within one batch, of TCP and UDP those of a client's connections to one service: numbers and addresses
/// alone. [`crate::detection::Detection::finding`] returns the [`Finding`] with its texts; most flows are background, and nobody reads
/// theirs.
#[derive(Clone, Debug)]
pub struct RejectedFlow {
    /// The rule that matched.
    pub rule: Rule,
    /// Where its packets came from.
    pub origin: Origin,
    /// Its records together.
    pub totals: Totals,
    /// Packets (or records) by the minute in which their record starts.
    pub minutes: FlowMinutes,
    /// The longest time from `start` to `end` of one of its records, in seconds.
    pub longest_record_seconds: u64,
    pub(super) origin_basis: OriginBasis,
    pub(super) key: FlowKey,
    pub(super) direction: Option<(Direction, Basis)>,
    pub(super) server: Option<Server>,
    pub(super) client_ports: Option<PortRange>,
    pub(super) tcp_flags: Option<TcpFlags>,
    pub(super) late: Option<Late>,
    /// Whether the first record that names a service of AWS as its sender names Route 53's health checks.
    pub(super) is_from_route_53: Option<bool>,
    pub(super) lines: [Option<KeptText>; MAX_LINES_PER_FLOW],
    /// The place of what was accepted of the same five-tuple, and of the opposite one.
    pub(super) same: Option<Place>,
    pub(super) opposite: Option<Place>,
    pub(super) joined: Joined,
    pub(super) finding: OnceLock<Box<Finding>>,
}

/// How the connections to one service are one finding: the first of them has the numbers, and the others follow it. By places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Joined {
    /// The first one, which may be itself; none where its rule is off.
    pub(super) first: Option<Place>,
    pub(super) next: Option<Place>,
    /// The last one, where it is the first of several.
    pub(super) last: Option<Place>,
}

impl RejectedFlow {
    /// A flow without any records yet.
    pub(super) fn new(key: FlowKey, direction: Option<(Direction, Basis)>) -> RejectedFlow {
        RejectedFlow {
            rule: Rule::Ping,
            origin: Origin::default(),
            totals: Totals::default(),
            minutes: FlowMinutes::default(),
            longest_record_seconds: 0,
            origin_basis: OriginBasis::default(),
            key,
            direction,
            server: None,
            client_ports: None,
            tcp_flags: None,
            late: None,
            is_from_route_53: None,
            lines: [None; MAX_LINES_PER_FLOW],
            same: None,
            opposite: None,
            joined: Joined::default(),
            finding: OnceLock::new(),
        }
    }

    /// The sender of the packets.
    pub fn sender(&self) -> IpAddr {
        self.key.tuple.sender()
    }

    /// The receiver of the packets.
    pub fn receiver(&self) -> IpAddr {
        self.key.tuple.receiver()
    }

    /// The service: see [`Finding::service`].
    pub fn service(&self) -> Option<Service> {
        let FiveTuple { protocol, ports, .. } = self.key.tuple;
        let (source, target) = ports?;
        let side = self.server.map_or(Side::Target, |server| server.side);
        Some(match side {
            Side::Source => Service::new(self.sender(), source, protocol),
            Side::Target => Service::new(self.receiver(), target, protocol),
        })
    }

    /// What its packets are: see [`Finding::role`].
    pub fn role(&self) -> Option<Role> {
        self.server.map(Server::role_of_packets)
    }

    /// Takes a record into account.
    pub(super) fn add(&mut self, record: &FlowRecord<'_>, timestamp: i64) {
        let totals = Totals::of(record);
        self.totals.add(&totals);
        self.tcp_flags = tcp_flags::both(self.tcp_flags, record.tcp_flags);
        self.minutes.add(start_minute(record, timestamp), totals.weight());
        self.longest_record_seconds = self.longest_record_seconds.max(record_seconds(record));
    }

    /// Adds the records of another connection to the same service.
    pub(super) fn absorb(&mut self, other: &RejectedFlow) {
        self.server = [self.server, other.server].into_iter().flatten().min_by_key(|server| server.basis);
        self.client_ports = PortRange::both(self.client_ports, other.client_ports);
        self.tcp_flags = tcp_flags::both(self.tcp_flags, other.tcp_flags);
        self.totals.add(&other.totals);
        other.minutes.iter().for_each(|(minute, weight)| self.minutes.add(minute, weight));
        self.longest_record_seconds = self.longest_record_seconds.max(other.longest_record_seconds);
    }

    /// What findings are ordered by: those with most packets first.
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        let FiveTuple { srcaddr, dstaddr, .. } = self.key.tuple;
        finding::rank(&self.totals, (srcaddr, dstaddr), self.service())
    }
}

/// Packets (or records) by the minute since the epoch in which their record starts, at most [`MAX_FLOW_MINUTES`] of them. Nearly all flows of a
/// batch have one or two.
#[derive(Clone, Debug, Default)]
pub struct FlowMinutes(SmallVec<[(u64, u64); 2]>);

impl FlowMinutes {
    /// Adds to a minute.
    pub(super) fn add(&mut self, minute: u64, weight: u64) {
        let is = |(known, _): &(u64, u64)| *known == minute;
        // Which of the first two it is changes from record to record: no branch depends on it.
        let guess = usize::from(!self.0.first().is_some_and(is));
        let place = Some(guess).filter(|place| self.0.get(*place).is_some_and(is));
        match place.or_else(|| self.0.iter().position(is)) {
            Some(place) => self.0[place].1 = self.0[place].1.saturating_add(weight),
            None if self.0.len() < MAX_FLOW_MINUTES => self.0.push((minute, weight)),
            None => {}
        }
    }

    /// Each minute, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().copied()
    }

    /// The same in the order of time.
    pub(super) fn in_order(&self) -> BTreeMap<u64, u64> {
        self.iter().collect()
    }
}

/// The minute in which a record starts; where it has no times, that of its log event.
pub(super) fn start_minute(record: &FlowRecord<'_>, timestamp: i64) -> u64 {
    record.start.map_or(timestamp.unsigned_abs(), |start| start.0) / MINUTE_MILLIS
}

/// The time from a record's `start` to its `end` in seconds.
pub(super) fn record_seconds(record: &FlowRecord<'_>) -> u64 {
    record.start.zip(record.end).map_or(0, |(start, end)| end.0.saturating_sub(start.0) / SECOND_MILLIS)
}
