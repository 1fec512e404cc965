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

/// The flow that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// The interface that logged it; none for a regional NAT gateway, whose records carry `-`.
    #[serde(rename = "on", default, skip_serializing_if = "Option::is_none")]
    pub interface_id: Option<Box<str>>,
    /// The direction and how it is known; none where neither the records nor the addresses tell.
    #[serde(rename = "way", default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<(Direction, Basis)>,
    /// The `srcaddr` of its records.
    #[serde(rename = "from")]
    pub srcaddr: IpAddr,
    /// The `dstaddr` of its records.
    #[serde(rename = "to")]
    pub dstaddr: IpAddr,
    /// The IANA protocol number.
    #[serde(rename = "ip", with = "protocol_number")]
    pub protocol: Protocol,
}

impl Flow {
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

    /// What came on top of an earlier state of the same counters. The times stay those of the whole.
    pub fn since(&self, earlier: &Totals) -> Totals {
        Totals {
            records: self.records.saturating_sub(earlier.records),
            packets: self.packets.map(|packets| packets.saturating_sub(earlier.packets.unwrap_or_default())),
            bytes: self.bytes.map(|bytes| bytes.saturating_sub(earlier.bytes.unwrap_or_default())),
            ..*self
        }
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

/// Where a flow was seen and what AWS noted about it: the metadata fields of versions 3 to 11, where the format has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// `account-id`: the owner of the interface, which may differ from the owner of the log group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Box<str>>,
    /// `region`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Box<str>>,
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
    /// `pkt-srcaddr` where it differs from `srcaddr`: the sender behind a NAT gateway or another intermediate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet_source: Option<IpAddr>,
    /// `pkt-dstaddr` where it differs from `dstaddr`: a secondary address of the interface, for example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet_target: Option<IpAddr>,
    /// `reject-reason`, as AWS spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject_reason: Option<Box<str>>,
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
    /// The first of its records.
    pub line: Box<str>,
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
