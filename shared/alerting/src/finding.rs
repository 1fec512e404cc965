//! Findings: the records a rule matched, grouped by flow.

use std::{collections::BTreeMap, net::IpAddr};

use flow_log::{EpochMillis, FlowRecord, Protocol};
use serde::{Deserialize, Serialize};

use crate::{
    direction::{Basis, Direction},
    rule::Rule,
    time::epoch_millis,
};

/// Minutes of one flow within one batch that are told apart.
pub const MAX_FLOW_MINUTES: usize = 60;

/// How far apart accepted and rejected records may be and still be of about the same time.
const SAME_TIME_MILLIS: u64 = 120_000;

/// The flow that a finding is about: what all its records have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// The interface that logged it; none for a regional NAT gateway, whose records carry `-`.
    #[serde(rename = "on", default, skip_serializing_if = "Option::is_none")]
    pub interface_id: Option<Box<str>>,
    /// `resource-id`: the regional NAT gateway that logged it, where there is no interface.
    #[serde(rename = "at", default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<Box<str>>,
    /// The direction and how it is known; none where neither the records nor the addresses tell.
    #[serde(rename = "way", default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<(Direction, Basis)>,
    /// The `srcaddr` of its records.
    #[serde(rename = "from")]
    pub srcaddr: IpAddr,
    /// The `dstaddr` of its records.
    #[serde(rename = "to")]
    pub dstaddr: IpAddr,
    /// `pkt-srcaddr` where it differs from `srcaddr`, which then is the interface's own address: the sender behind a NAT gateway, a
    /// transit gateway or a node of containers
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `pkt-srcaddr`).
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub packet_source: Option<IpAddr>,
    /// `pkt-dstaddr` where it differs from `dstaddr`, which then is the interface's own address: the receiver behind it, or a
    /// secondary address of the interface.
    #[serde(rename = "via", default, skip_serializing_if = "Option::is_none")]
    pub packet_target: Option<IpAddr>,
    /// The IANA protocol number.
    #[serde(rename = "ip", with = "protocol_number")]
    pub protocol: Protocol,
    /// `reject-reason`, as AWS spells it; [`Flow::NO_REASON`] for none of those, none where the format does not have the field. Part
    /// of the flow, as packets between the same two addresses may be rejected for one reason today and for another one tomorrow.
    #[serde(rename = "why", default, skip_serializing_if = "Option::is_none")]
    pub reject_reason: Option<Box<str>>,
}

impl Flow {
    /// What AWS writes for any reason but those that `reject-reason` tells.
    pub const NO_REASON: &'static str = "-";

    /// The sender of the packets: `pkt-srcaddr`, or `srcaddr` where they are the same or only that is known.
    pub fn sender(&self) -> IpAddr {
        self.packet_source.unwrap_or(self.srcaddr)
    }

    /// The receiver of the packets: `pkt-dstaddr`, or `dstaddr` where they are the same or only that is known.
    pub fn receiver(&self) -> IpAddr {
        self.packet_target.unwrap_or(self.dstaddr)
    }

    /// The id of what logged it: the interface or, where there is none, the resource.
    pub fn logged_by(&self) -> Option<&str> {
        self.interface_id.as_deref().or(self.resource_id.as_deref())
    }

    /// The id of the regional NAT gateway that logged it, where one did. Other kinds of resources may come with other prefixes
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>, `resource-id`).
    pub fn nat_gateway(&self) -> Option<&str> {
        self.resource_id.as_deref().filter(|id| id.starts_with("nat-"))
    }

    /// Tells whether another flow is this one. A direction that only one of them knows is no difference: another batch need not have
    /// the records that show it.
    pub fn is(&self, other: &Flow) -> bool {
        let ways = (self.direction.map(|(way, _)| way), other.direction.map(|(way, _)| way));
        let agree = !matches!(ways, (Some(one), Some(other)) if one != other);
        agree && Flow { direction: None, ..self.clone() } == Flow { direction: None, ..other.clone() }
    }

    /// Tells whether the flow left the interface.
    pub fn is_egress(&self) -> bool {
        matches!(self.direction, Some((Direction::Egress, _)))
    }

    /// Tells whether the flow was bound for the interface.
    pub fn is_ingress(&self) -> bool {
        matches!(self.direction, Some((Direction::Ingress, _)))
    }
}

/// Counters of some records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Flow records.
    pub records: u64,
    /// Packets; none where no record carried a count.
    pub packets: Option<u64>,
    /// Bytes; none where no record carried a count (`-` is documented for records of VPC Block Public Access).
    pub bytes: Option<u64>,
    /// The earliest `start`: the first packet, give or take 60 s.
    #[serde(with = "epoch_millis::option")]
    pub first_start: Option<EpochMillis>,
    /// The latest `end`: the last packet, give or take 60 s.
    #[serde(with = "epoch_millis::option")]
    pub last_end: Option<EpochMillis>,
}

impl Totals {
    /// The counters of one record.
    pub fn of(record: &FlowRecord<'_>) -> Totals {
        Totals {
            records: 1,
            packets: record.packets,
            bytes: record.bytes,
            first_start: record.start,
            last_end: record.end,
        }
    }

    /// Adds other counters to these. Sums stop at the largest number there is.
    pub fn add(&mut self, other: &Totals) {
        self.records = self.records.saturating_add(other.records);
        self.packets = combine(self.packets, other.packets, u64::saturating_add);
        self.bytes = combine(self.bytes, other.bytes, u64::saturating_add);
        self.first_start = combine(self.first_start, other.first_start, Ord::min);
        self.last_end = combine(self.last_end, other.last_end, Ord::max);
    }

    /// Packets where they are known, records otherwise: what findings are ranked by.
    pub fn weight(&self) -> u64 {
        self.packets.unwrap_or(self.records)
    }
}

fn combine<T>(left: Option<T>, right: Option<T>, with: impl Fn(T, T) -> T) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(with(left, right)),
        (left, right) => left.or(right),
    }
}

/// Where a flow was seen and what AWS noted about it: the metadata fields of versions 3 to 11, where the format has them, and the system
/// fields of its log events, where the subscription filter emits them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The owner of the interface, which may differ from the owner of the log group: `account-id`, or `@aws.account` of the log event.
    /// None where AWS wrote `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Box<str>>,
    /// `region`, or `@aws.region` of the log event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Box<str>>,
    /// The log group that the record was written to first, where this one holds a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<Box<str>>,
    /// `az-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub az_id: Option<Box<str>>,
    /// `vpc-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<Box<str>>,
    /// `subnet-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<Box<str>>,
    /// `instance-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<Box<str>>,
    /// `pkt-src-aws-service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_service: Option<Box<str>>,
    /// `pkt-dst-aws-service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_service: Option<Box<str>>,
    /// Values of tags: `instance-tag`, `interface-tag`, `asg-tag` and their seconds. Which keys they are of is chosen with the flow
    /// log and not part of a record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Box<str>>,
}

/// Accepted ICMP between the same two addresses on the same interface: evidence for what was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// What was accepted.
    pub totals: Totals,
    /// One of its records: the first of its batch.
    pub line: Box<str>,
}

impl Accepted {
    /// Adds what was accepted of the same flow in another batch. The record shown is one of the newest.
    pub fn add(&mut self, other: &Accepted) {
        if (other.totals.last_end, &other.line) > (self.totals.last_end, &self.line) {
            self.line = other.line.clone();
        }
        self.totals.add(&other.totals);
    }

    /// Tells whether it was logged for about the same time as some records, as far as the times are known. A record's times can be
    /// 60 s off the packets it counts, and one aggregation interval lasts up to 60 s more on either side.
    pub fn is_of_the_time_of(&self, totals: &Totals) -> bool {
        let after = |one: Option<EpochMillis>, other: Option<EpochMillis>| match (one, other) {
            (Some(one), Some(other)) => one.0 > other.0.saturating_add(SAME_TIME_MILLIS),
            _ => false,
        };
        !after(self.totals.first_start, totals.last_end) && !after(totals.first_start, self.totals.last_end)
    }
}

/// The records a rule matched, for one flow, within one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that matched.
    pub rule: Rule,
    /// The flow.
    pub flow: Flow,
    /// Its records together.
    pub totals: Totals,
    /// Metadata of the first record that carried each field.
    #[serde(default)]
    pub place: Place,
    /// The first of its records, at most [`crate::detect::MAX_LINES_PER_FLOW`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Box<str>>,
    /// Packets (or records) by the minute since the epoch in which their record starts, at most [`MAX_FLOW_MINUTES`] of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minutes: BTreeMap<u64, u64>,
    /// ICMP accepted the opposite way: for a rejected reply, the request that was let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite: Option<Accepted>,
    /// ICMP accepted the same way: packets of another kind, or from before or after a change of the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<Accepted>,
    /// Accepted ICMP records of the batch that are past [`crate::detect::MAX_ACCEPTED_FLOWS`], where `opposite` or `same` is missing:
    /// it may be among them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untracked_accepted: u64,
}

/// For fields that are left out where nothing was counted.
pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Finding {
    /// Tells whether two findings are about one flow. Where nothing names what logged it, the accounts are the same.
    pub fn is_of_same_flow(&self, other: &Finding) -> bool {
        let same_place = self.flow.logged_by().is_some() || self.place.account_id == other.place.account_id;
        same_place && self.flow.is(&other.flow)
    }
}

/// Writes and reads a protocol as its number.
mod protocol_number {
    use flow_log::Protocol;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(protocol: &Protocol, serializer: S) -> Result<S::Ok, S::Error> {
        protocol.0.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Protocol, D::Error> {
        u8::deserialize(deserializer).map(Protocol)
    }
}
