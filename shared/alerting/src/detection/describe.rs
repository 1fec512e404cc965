//! From a rejected flow to its finding: the texts that a reader sees.

use flow_log::{FlowRecord, Line, SystemFields};

use crate::{
    detection::{
        accepted::Accepted,
        batch::Detection,
        finding::Finding,
        flow::Flow,
        limits::{MAX_FIELD_CHARS, MAX_LINE_CHARS, MAX_LINES_PER_FLOW},
        metadata::FlowMetadata,
        places::Place,
        rejected::RejectedFlow,
        side::Side,
    },
    text::one_line,
};

impl Detection {
    /// The finding that a flow of this batch is. It is made when somebody asks for it first.
    pub fn finding<'d>(&'d self, flow: &'d RejectedFlow) -> &'d Finding {
        flow.finding.get_or_init(|| Box::new(self.describe(flow)))
    }

    fn describe(&self, rejected: &RejectedFlow) -> Finding {
        let lines: Vec<&str> = self.lines(rejected).collect();
        let flow = self.flow(rejected);
        let evidence = |of: fn(&RejectedFlow) -> Option<Place>| {
            self.connections(rejected).filter_map(of).fold(None, |known, place| self.with_accepted(known, place))
        };
        let (same, opposite) = (evidence(|one| one.same), evidence(|one| one.opposite));
        let is_without_ports = rejected.key.tuple.ports.is_none();
        let may_lack_evidence = is_without_ports && (same.is_none() || opposite.is_none());
        Finding {
            rule: rejected.rule,
            flow,
            origin: rejected.origin,
            origin_basis: rejected.origin_basis,
            server: rejected.server,
            client_ports: rejected.client_ports,
            tcp_flags: rejected.tcp_flags,
            late: rejected.late,
            totals: rejected.totals,
            metadata: self.metadata(rejected, &lines),
            lines: lines.iter().map(|text| line(text)).collect(),
            minutes: rejected.minutes.in_order(),
            opposite,
            same,
            untracked_accepted: if may_lack_evidence { self.untracked_accepted } else { 0 },
        }
    }

    /// The connections that a finding is about, the first one first.
    fn connections<'d>(&'d self, rejected: &'d RejectedFlow) -> impl Iterator<Item = &'d RejectedFlow> {
        std::iter::successors(Some(rejected), |one| self.flows.get(one.joined.next?.index()))
    }

    /// The first lines of a finding.
    fn lines<'d>(&'d self, rejected: &'d RejectedFlow) -> impl Iterator<Item = &'d str> {
        let kept = self.connections(rejected).flat_map(|one| one.lines.iter().flatten());
        kept.take(MAX_LINES_PER_FLOW).map(|text| self.texts.get(*text))
    }

    fn flow(&self, rejected: &RejectedFlow) -> Flow {
        let key = &rejected.key;
        let logger = self.loggers.get(key.tuple.logger);
        // The client has a port for each connection.
        let client = rejected.server.map(|server| server.side.other());
        let port = |side, port: fn((u16, u16)) -> u16| key.tuple.ports.map(port).filter(|_| client != Some(side));
        Flow {
            interface_id: logger.interface_id(),
            resource_id: logger.resource_id(),
            direction: rejected.direction,
            srcaddr: key.tuple.srcaddr,
            dstaddr: key.tuple.dstaddr,
            packet_source: key.tuple.packet_source,
            packet_target: key.tuple.packet_target,
            protocol: key.tuple.protocol,
            srcport: port(Side::Source, |(source, _)| source),
            dstport: port(Side::Target, |(_, target)| target),
            reject_reason: key.reason.and_then(|number| self.reasons.get(usize::from(number))).cloned(),
        }
    }

    /// What the lines say, each field by the first that has it.
    fn metadata(&self, rejected: &RejectedFlow, lines: &[&str]) -> FlowMetadata {
        let mut metadata = FlowMetadata::default();
        for (place, text) in lines.iter().enumerate() {
            if let Ok(Line::Flow(flow)) = &self.formats.read(text)
                && let Ok(record) = &flow.to_record()
            {
                metadata.fill(record);
            }
            if place == 0 {
                metadata.fill_from(self.loggers.get(rejected.key.tuple.logger).origin.as_ref());
            }
        }
        metadata
    }

    /// Evidence together with that at another place.
    fn with_accepted(&self, known: Option<Accepted>, place: Place) -> Option<Accepted> {
        let Some(accepted) = self.accepted.get(place.index()) else { return known };
        let text = accepted.line.map(|text| self.texts.get(text)).unwrap_or_default();
        let other = Accepted { totals: accepted.totals, tcp_flags: accepted.tcp_flags, line: line(text) };
        match known {
            Some(mut known) => {
                known.add(&other);
                Some(known)
            }
            None => Some(other),
        }
    }
}

impl FlowMetadata {
    /// What the subscription filter says of a log event's origin.
    pub(super) fn of_origin(origin: &SystemFields<'_>) -> FlowMetadata {
        let text = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(field);
        FlowMetadata {
            account_id: text(origin.account.as_deref()),
            region: text(origin.region.as_deref()),
            log_group: text(origin.source_log_group.as_deref()),
            ..FlowMetadata::default()
        }
    }

    /// Takes over what is known of the origin of the log events and the record does not say.
    fn fill_from(&mut self, origin: Option<&FlowMetadata>) {
        let Some(FlowMetadata { account_id, region, log_group, .. }) = origin else { return };
        let take = |slot: &mut Option<Box<str>>, value: &Option<Box<str>>| {
            if slot.is_none() {
                slot.clone_from(value);
            }
        };
        take(&mut self.account_id, account_id);
        take(&mut self.region, region);
        take(&mut self.log_group, log_group);
    }

    /// Takes over each field that is not known yet.
    fn fill(&mut self, record: &FlowRecord<'_>) {
        let take = |slot: &mut Option<Box<str>>, value: Option<&str>| {
            if slot.is_none() {
                *slot = value.map(field);
            }
        };
        // `unknown` is what AWS writes for some interfaces that it made itself
        // (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html, `account-id`).
        take(&mut self.account_id, record.account_id().filter(|id| *id != "unknown"));
        take(&mut self.region, record.region());
        take(&mut self.az_id, record.az_id());
        take(&mut self.vpc_id, record.vpc_id());
        take(&mut self.subnet_id, record.subnet_id());
        take(&mut self.instance_id, record.instance_id());
        take(&mut self.source_service, record.pkt_src_aws_service());
        take(&mut self.target_service, record.pkt_dst_aws_service());
        if self.tags.is_empty() {
            let tags = [
                record.instance_tag(),
                record.instance_tag_2(),
                record.interface_tag(),
                record.interface_tag_2(),
                record.asg_tag(),
                record.asg_tag_2(),
            ];
            self.tags = tags.into_iter().flatten().map(|tag| field(&tag.decode())).collect();
        }
    }
}

/// A text of a record as one line.
pub(super) fn field(value: &str) -> Box<str> {
    Box::from(one_line(value, MAX_FIELD_CHARS).as_ref())
}

fn line(message: &str) -> Box<str> {
    Box::from(one_line(message, MAX_LINE_CHARS).as_ref())
}
