//! Findings: the records a rule matched, grouped by flow.

use std::{cmp::Reverse, collections::BTreeMap, net::IpAddr};

use flow_log::TcpFlags;
use serde::{Deserialize, Serialize};

use crate::detection::{
    accepted::Accepted,
    flow::Flow,
    late::Late,
    limits::MAX_LINES_PER_FLOW,
    metadata::FlowMetadata,
    origin::{Origin, OriginBasis},
    role::Role,
    rule::Rule,
    server::{PortRange, Server},
    service::Service,
    side::Side,
    tcp_flags,
    totals::{Totals, add_minutes, is_zero},
};

/// What findings are ordered by, whether they have their texts or not: those with most packets first.
pub(super) fn rank(totals: &Totals, (source, target): (IpAddr, IpAddr), service: Option<Service>) -> impl Ord + use<> {
    (Reverse(totals.weight()), totals.first_start, source, target, service)
}

/// The records a rule matched, for one flow, within one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that matched.
    pub rule: Rule,
    /// The flow.
    pub flow: Flow,
    /// Where its packets came from.
    pub origin: Origin,
    /// How that is known.
    pub origin_basis: OriginBasis,
    /// Which side is the server, where that is known. Of TCP and UDP only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
    /// The client's ports, one for each connection, from the lowest to the highest; none where the server is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ports: Option<PortRange>,
    /// The `tcp-flags` of all its records, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "tcp_flags")]
    pub tcp_flags: Option<TcpFlags>,
    /// Why its packets are late ones, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
    /// Its records together.
    pub totals: Totals,
    /// Metadata of the first record that carried each field.
    #[serde(default)]
    pub metadata: FlowMetadata,
    /// The first of its records, at most [`crate::detection::limits::MAX_LINES_PER_FLOW`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Box<str>>,
    /// Packets (or records) by the minute since the epoch in which their record starts, at most [`crate::detection::MAX_FLOW_MINUTES`] of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minutes: BTreeMap<u64, u64>,
    /// ICMP accepted the opposite way: for a rejected reply, the request that was let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite: Option<Accepted>,
    /// ICMP accepted the same way: packets of another kind, or from before or after a change of the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<Accepted>,
    /// Accepted ICMP records of the batch that are past [`crate::detection::limits::MAX_ACCEPTED_FLOWS`], where `opposite` or `same` is missing:
    /// it may be among them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untracked_accepted: u64,
}

impl Finding {
    /// The service that the packets were for or came from. Where it is not known which side is the server, that of the receiver. None
    /// for protocols without ports.
    pub fn service(&self) -> Option<Service> {
        let flow = &self.flow;
        let (address, port) = match self.server.map(|server| server.side) {
            Some(Side::Source) => (flow.sender(), flow.srcport?),
            Some(Side::Target) | None => (flow.receiver(), flow.dstport?),
        };
        Some(Service::new(address, port, flow.protocol))
    }

    /// What its packets are: a client's requests, or the answers to them; none where that is not known. Of TCP and UDP only.
    pub fn role(&self) -> Option<Role> {
        self.server.map(Server::role_of_packets)
    }

    /// Adds another finding of the same flow.
    pub fn add(&mut self, other: &Finding) {
        let directions = [self.flow.direction, other.flow.direction].into_iter().flatten();
        self.flow.direction = directions.min_by_key(|(_, basis)| *basis);
        self.server = [self.server, other.server].into_iter().flatten().min_by_key(|server| server.basis);
        self.client_ports = PortRange::both(self.client_ports, other.client_ports);
        self.tcp_flags = tcp_flags::both(self.tcp_flags, other.tcp_flags);
        self.totals.add(&other.totals);
        self.lines.extend(other.lines.iter().take(MAX_LINES_PER_FLOW.saturating_sub(self.lines.len())).cloned());
        add_minutes(&mut self.minutes, &other.minutes);
        Accepted::add_to(&mut self.opposite, other.opposite.as_ref());
        Accepted::add_to(&mut self.same, other.same.as_ref());
        self.untracked_accepted = self.untracked_accepted.saturating_add(other.untracked_accepted);
    }

    /// What findings are ordered by: those with most packets first.
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        rank(&self.totals, (self.flow.srcaddr, self.flow.dstaddr), self.service())
    }

    /// Tells whether two findings are about one flow. Where nothing names what logged it, the accounts are the same.
    pub fn is_of_same_flow(&self, other: &Finding) -> bool {
        let same_place = self.flow.logged_by().is_some() || self.metadata.account_id == other.metadata.account_id;
        same_place && self.flow.is(&other.flow)
    }
}
