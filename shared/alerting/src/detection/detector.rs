//! From the log events of one batch to findings and a summary.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet, hash_map::Entry},
    hash::{Hash, Hasher},
};

use flow_log::{Field, FlowLine, FlowRecord, Formats, Line, LineError, LogEvent, LogFormat, SystemFields};

use crate::{
    address::Networks,
    detection::{
        accepted::Accepted,
        batch::{Detection, LogSource, Tally, Untracked, UntrackedKey},
        connection::{Peers, Seen},
        direction::{Basis, Direction},
        finding::Finding,
        flow::Flow,
        limits::{
            MAX_ACCEPTED_FLOWS, MAX_FIELD_CHARS, MAX_FLOW_MINUTES, MAX_FLOWS, MAX_LINE_CHARS, MAX_LINES_PER_FLOW,
            MAX_SAMPLE_CHARS, MAX_UNPARSED_SAMPLES, MAX_UNTRACKED_TARGETS,
        },
        logger::{FiveTuple, Loggers},
        metadata::FlowMetadata,
        origin::{Origin, OriginBasis, origin},
        rule::{Rule, Rules},
        server::{PortRange, has_ports},
        side::Side,
        tcp_flags,
        totals::Totals,
    },
    hash::hash,
    metrics::Minutes,
    text::one_line,
    time::{MINUTE_MILLIS, SECOND_MILLIS},
};

/// A table of at most some thousand flows. Its hash is seeded and fast, and not made against chosen keys: with so few they cost little.
type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// Where no networks are declared as ours.
static NO_NETWORKS: Networks = Networks::none();

/// Reads the log events of one batch, one at a time.
#[derive(Debug)]
pub struct Detector<'a> {
    formats: &'a Formats,
    rules: Rules,
    own_networks: &'a Networks,
    tally: Tally,
    loggers: Loggers,
    /// One for each flow, of TCP and UDP for each connection; what only the whole batch shows is missing until its end.
    findings: Vec<Finding>,
    /// What tells each of them from the others.
    keys: Vec<FlowKey>,
    /// Where a flow's finding stands: a finding is large, and a table moves what it holds when it grows.
    places: Table<FlowKey, usize>,
    /// How many findings there are of each [`class`], once there are [`MAX_FLOWS`] of them.
    tracked: Option<[usize; 4]>,
    accepted: Table<FiveTuple, Accepted>,
    /// Accepted records of TCP and UDP. They are read at the end, if there are rejected ones that they may explain.
    accepted_lines: Vec<AcceptedLine<'a>>,
    untracked: BTreeMap<UntrackedKey, Untracked>,
    untracked_minutes: BTreeMap<(Rule, &'static str), Minutes>,
    untracked_accepted: u64,
    format: Option<LogFormat>,
    first_id: String,
    last_id: Cow<'a, str>,
}

/// An accepted record of TCP or UDP that is not read yet, but for its ports.
#[derive(Debug)]
struct AcceptedLine<'a> {
    ports: Option<(u16, u16)>,
    message: Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FlowKey {
    tuple: FiveTuple,
    direction: Option<(Direction, Basis)>,
    /// A hash of `reject-reason`.
    reason: Option<u64>,
}

/// Hashes the five-tuple alone: what else tells flows apart seldom differs within one.
impl Hash for FlowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.tuple.hash(state);
    }
}

impl<'a> Detector<'a> {
    /// A detector for one batch, reading the declared formats, with the default rules.
    pub fn new(formats: &'a Formats) -> Self {
        Detector {
            formats,
            rules: Rules::default(),
            own_networks: &NO_NETWORKS,
            tally: Tally::default(),
            loggers: Loggers::default(),
            findings: Vec::new(),
            keys: Vec::new(),
            places: Table::default(),
            tracked: None,
            accepted: Table::default(),
            accepted_lines: Vec::new(),
            untracked: BTreeMap::new(),
            untracked_minutes: BTreeMap::new(),
            untracked_accepted: 0,
            format: None,
            first_id: String::new(),
            last_id: Cow::Borrowed(""),
        }
    }

    /// The same, where these networks are ours.
    #[must_use]
    pub fn with_own_networks(self, own_networks: &'a Networks) -> Self {
        Detector { own_networks, ..self }
    }

    /// The same with these rules in force.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Detector { rules, ..self }
    }

    /// Takes one log event into account. A line that cannot be read is counted with its reason and never an error.
    pub fn observe(&mut self, event: &LogEvent<'a>) {
        if self.tally.records == 0 {
            self.first_id.push_str(&event.id);
        }
        self.last_id = event.id.clone();
        self.tally.records += 1;
        // By reference, here and below: a record is large.
        match &self.formats.read(&event.message) {
            Ok(Line::NoData(_)) => self.tally.no_data += 1,
            Ok(Line::SkipData(_)) => self.tally.skip_data += 1,
            Ok(Line::Flow(line)) if !self.rules.look_at(line.protocol()) => {}
            Ok(Line::Flow(line)) if self.rules.may_match(line) => match &line.to_record() {
                Ok(record) => {
                    self.format.get_or_insert_with(|| line.format().clone());
                    let content = line.format().position(Field::RejectReason).is_some();
                    let reason = record.reject_reason().map_or(Flow::NO_REASON, |reason| reason.as_str());
                    self.rejected(record, Some(reason).filter(|_| content), event);
                }
                Err(reason) => self.unparsed(*reason, &event.message),
            },
            Ok(Line::Flow(line)) if has_ports(line.protocol()) => {
                self.accepted_lines.push(AcceptedLine { ports: ports(line), message: event.message.clone() });
            }
            // No rule needs an accepted record whole: one that cannot be read is a record that was read, and no evidence.
            Ok(Line::Flow(line)) => {
                if let Ok(record) = &line.to_record() {
                    self.accepted(record, &event.message);
                }
            }
            Err(reason) => self.unparsed(*reason, &event.message),
        }
    }

    /// Ends the batch: sets the directions that only other records show, what was accepted either way, and what follows from all of it.
    pub fn finish(mut self, source: LogSource) -> Detection {
        self.read_accepted_lines();
        let mut peers = Peers::default();
        self.keys.iter().filter_map(|key| key.tuple.ports.map(|ports| (key, ports))).for_each(|(key, ports)| {
            peers.add(&key.tuple, ports);
        });
        for (key, finding) in self.keys.iter().zip(&mut self.findings) {
            let tuple = &key.tuple;
            let own = &self.loggers.get(tuple.logger).own;
            finding.flow.direction = finding.flow.direction.or_else(|| own.direction(tuple.srcaddr, tuple.dstaddr));
            // Findings of one pair of addresses share the evidence, so it stays where it is.
            finding.same = self.accepted.get(tuple).cloned();
            finding.opposite = self.accepted.get(&tuple.opposite()).cloned();
            let direction = finding.flow.direction.map(|(way, _)| way);
            match tuple.ports {
                Some(ports) => finding.judge_connection((tuple, ports), &peers, (self.rules, self.own_networks)),
                None => {
                    if finding.same.is_none() || finding.opposite.is_none() {
                        finding.untracked_accepted = self.untracked_accepted;
                    }
                    let answers = finding.opposite.is_some();
                    (finding.origin, finding.origin_basis) = origin(direction, tuple, answers, self.own_networks);
                }
            }
        }
        let mut findings = merge(self.findings, &self.keys, self.rules);
        // A finding is large: the keys are sorted, and each finding is moved once.
        findings.sort_by_cached_key(|finding| {
            (
                std::cmp::Reverse(finding.totals.weight()),
                finding.totals.first_start,
                finding.flow.srcaddr,
                finding.flow.dstaddr,
                finding.service(),
            )
        });
        let mut detection = Detection {
            source,
            tally: self.tally,
            findings,
            untracked: self.untracked,
            untracked_accepted: self.untracked_accepted,
            untracked_minutes: self.untracked_minutes,
            ends: (self.first_id, self.last_id.into_owned()),
            format: self.format,
        };
        detection.tally.matched = detection.totals().records;
        detection
    }

    fn rejected(&mut self, record: &FlowRecord<'_>, reason: Option<&str>, event: &LogEvent<'_>) {
        let (tuple, direction) = self.loggers.observe(record, self.own_networks);
        let key = FlowKey { tuple, direction, reason: reason.map(|reason| hash(reason.as_bytes())) };
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => match self.place_for(&key) {
                Ok(place) => {
                    let flow = self.flow(&key, record, reason);
                    self.findings.push(Finding::new(flow));
                    place
                }
                Err(origin) => return self.untracked(origin, &key, record, event),
            },
        };
        let finding = &mut self.findings[place];
        finding.logged_minutes.add(event.timestamp, record);
        let totals = Totals::of(record);
        finding.totals.add(&totals);
        finding.tcp_flags = tcp_flags::both(finding.tcp_flags, record.tcp_flags);
        add_minute(&mut finding.minutes, record, event.timestamp, &totals);
        finding.longest_record_seconds = finding.longest_record_seconds.max(record_seconds(record));
        let is_first = finding.lines.is_empty();
        finding.metadata.fill(record);
        if is_first {
            finding.metadata.fill_origin(&event.system_fields());
        }
        if finding.lines.len() < MAX_LINES_PER_FLOW {
            finding.lines.push(line(&event.message));
        }
    }

    fn flow(&self, key: &FlowKey, record: &FlowRecord<'_>, reason: Option<&str>) -> Flow {
        let logger = self.loggers.get(key.tuple.logger);
        Flow {
            interface_id: logger.interface_id(),
            resource_id: logger.resource_id(),
            direction: key.direction,
            srcaddr: record.srcaddr,
            dstaddr: record.dstaddr,
            packet_source: key.tuple.packet_source,
            packet_target: key.tuple.packet_target,
            protocol: record.protocol,
            srcport: key.tuple.ports.map(|(source, _)| source),
            dstport: key.tuple.ports.map(|(_, target)| target),
            reject_reason: reason.map(field),
        }
    }

    /// Makes room for another flow: the place of its finding, or its origin where there is none. As long as there are few flows of all
    /// classes, nobody has to know them.
    fn place_for(&mut self, key: &FlowKey) -> Result<usize, Origin> {
        if self.findings.len() >= MAX_FLOWS {
            let mut tracked = self.tracked.unwrap_or_else(|| {
                let mut tracked = [0; 4];
                self.keys.iter().for_each(|key| tracked[class(key, self.probable_origin(key))] += 1);
                tracked
            });
            let origin = self.probable_origin(key);
            let number = &mut tracked[class(key, origin)];
            let is_full = *number >= MAX_FLOWS;
            *number += usize::from(!is_full);
            self.tracked = Some(tracked);
            if is_full {
                return Err(origin);
            }
        }
        self.keys.push(*key);
        self.places.insert(*key, self.findings.len());
        Ok(self.findings.len())
    }

    /// The origin of a flow, as far as the records before it tell.
    fn probable_origin(&self, key: &FlowKey) -> Origin {
        let FlowKey { tuple, direction, .. } = key;
        let own = &self.loggers.get(tuple.logger).own;
        let direction = direction.or_else(|| own.direction(tuple.srcaddr, tuple.dstaddr));
        let answers = self.accepted.contains_key(&tuple.opposite());
        origin(direction.map(|(way, _)| way), tuple, answers, self.own_networks).0
    }

    /// Counts a matched record of a flow past the limit.
    fn untracked(&mut self, origin: Origin, key: &FlowKey, record: &FlowRecord<'_>, event: &LogEvent<'_>) {
        let rule = if key.tuple.ports.is_some() { Rule::Request } else { Rule::Ping };
        self.untracked_minutes.entry((rule, origin.word())).or_default().add(event.timestamp, record);
        let target = Some(key.tuple.receiver()).filter(|_| origin == Origin::Internet);
        let mut key = UntrackedKey { rule, origin, target };
        if self.untracked.len() >= MAX_UNTRACKED_TARGETS && !self.untracked.contains_key(&key) {
            key.target = None;
        }
        let untracked = self.untracked.entry(key).or_default();
        let totals = Totals::of(record);
        untracked.totals.add(&totals);
        untracked.protocols.insert(record.protocol.0);
        add_minute(&mut untracked.minutes, record, event.timestamp, &totals);
        untracked.longest_record_seconds = untracked.longest_record_seconds.max(record_seconds(record));
    }

    /// Remembers accepted ICMP.
    fn accepted(&mut self, record: &FlowRecord<'_>, message: &str) {
        let (tuple, _) = self.loggers.observe(record, self.own_networks);
        if self.accepted.len() < MAX_ACCEPTED_FLOWS || self.accepted.contains_key(&tuple) {
            self.accept(tuple, record, message);
        } else {
            self.untracked_accepted += 1;
        }
    }

    fn accept(&mut self, tuple: FiveTuple, record: &FlowRecord<'_>, message: &str) {
        let (totals, flags) = (Totals::of(record), record.tcp_flags);
        self.accepted
            .entry(tuple)
            .and_modify(|known| {
                known.totals.add(&totals);
                known.tcp_flags = tcp_flags::both(known.tcp_flags, flags);
            })
            .or_insert_with(|| Accepted { totals, tcp_flags: flags, line: line(message) });
    }

    /// Reads what was accepted over TCP and UDP, if it can say something of what was rejected: the same connections either way are evidence,
    /// and all records show the interface's addresses, which pings without a direction need.
    fn read_accepted_lines(&mut self) {
        let lines = std::mem::take(&mut self.accepted_lines);
        let with_ports = self.keys.iter().map(|key| key.tuple).filter(|tuple| tuple.ports.is_some());
        let wanted: HashSet<FiveTuple> = with_ports.flat_map(|tuple| [tuple, tuple.opposite()]).collect();
        let has_direction = |key: &FlowKey| {
            let FiveTuple { logger, srcaddr, dstaddr, .. } = key.tuple;
            key.direction.is_some() || self.loggers.get(logger).own.direction(srcaddr, dstaddr).is_some()
        };
        let show_addresses = !self.keys.iter().all(has_direction);
        if wanted.is_empty() && !show_addresses {
            return;
        }
        let wanted_ports: HashSet<Option<(u16, u16)>, foldhash::fast::RandomState> =
            wanted.iter().map(|tuple| tuple.ports).collect();
        let formats = self.formats;
        // Two ports are read in no time, and few records have those of a rejected one.
        let may_say_something = |line: &&AcceptedLine<'_>| show_addresses || wanted_ports.contains(&line.ports);
        for AcceptedLine { message, .. } in lines.iter().filter(may_say_something) {
            let Ok(Line::Flow(flow)) = &formats.read(message) else { continue };
            if let Ok(record) = &flow.to_record() {
                let (tuple, _) = self.loggers.observe(record, self.own_networks);
                if wanted.contains(&tuple) {
                    self.accept(tuple, record, message);
                }
            }
        }
    }

    fn unparsed(&mut self, reason: LineError, message: &str) {
        self.tally.unparsed += 1;
        *self.tally.unparsed_reasons.entry(reason.label()).or_default() += 1;
        if self.tally.unparsed_samples.len() < MAX_UNPARSED_SAMPLES {
            self.tally.unparsed_samples.push((reason.to_string(), one_line(message, MAX_SAMPLE_CHARS).into_owned()));
        }
    }
}

/// The ports of a record.
fn ports(line: &FlowLine<'_>) -> Option<(u16, u16)> {
    let port = |field| line.text(field)?.parse().ok();
    Some((port(Field::SrcPort)?, port(Field::DstPort)?))
}

/// Flows of different classes do not take each other's room: ICMP and others, from the internet and from elsewhere.
fn class(key: &FlowKey, origin: Origin) -> usize {
    usize::from(key.tuple.ports.is_some()) * 2 + usize::from(origin == Origin::Internet)
}

/// The findings of the rules in force, where those of one service are one. In place: a second list of them costs more than all else here.
fn merge(mut findings: Vec<Finding>, keys: &[FlowKey], rules: Rules) -> Vec<Finding> {
    if keys.iter().all(|key| key.tuple.ports.is_none()) {
        return findings;
    }
    let mut places: HashMap<ServiceKey, usize, foldhash::fast::RandomState> = HashMap::default();
    let mut stays = vec![true; findings.len()];
    for (place, key) in keys.iter().enumerate() {
        let (before, rest) = findings.split_at_mut(place);
        let Some(finding) = rest.first_mut() else { break };
        // The rule about scans judges requests.
        let is_judged = finding.rule == Rule::Request && rules.is_on(Rule::Scan);
        if !rules.is_on(finding.rule) && !is_judged {
            stays[place] = false;
            continue;
        }
        let Some(server) = finding.server else { continue };
        let port = finding.service().map(|service| service.port.port);
        let tuple = FiveTuple { ports: None, ..key.tuple };
        let direction = finding.flow.direction.map(|(way, _)| way);
        let (side, rule, reason) = (server.side, finding.rule, key.reason);
        match places.entry(ServiceKey { tuple, port, side, rule, direction, reason }) {
            Entry::Occupied(first) => {
                before[*first.get()].absorb(finding);
                stays[place] = false;
            }
            Entry::Vacant(first) => {
                first.insert(place);
            }
        }
    }
    let mut stays = stays.into_iter();
    findings.retain(|_| stays.next().unwrap_or(true));
    findings
}

/// What the connections to one service have in common.
#[derive(PartialEq, Eq, Hash)]
struct ServiceKey {
    /// Without ports.
    tuple: FiveTuple,
    port: Option<u16>,
    side: Side,
    rule: Rule,
    direction: Option<Direction>,
    reason: Option<u64>,
}

impl Finding {
    /// A finding without any records yet.
    fn new(flow: Flow) -> Finding {
        Finding {
            rule: Rule::Ping,
            flow,
            origin: Origin::default(),
            origin_basis: OriginBasis::default(),
            server: None,
            client_ports: None,
            tcp_flags: None,
            late: None,
            totals: Totals::default(),
            metadata: FlowMetadata::default(),
            lines: Vec::new(),
            minutes: BTreeMap::new(),
            logged_minutes: Minutes::default(),
            longest_record_seconds: 0,
            opposite: None,
            same: None,
            untracked_accepted: 0,
        }
    }

    /// Takes over what the packets of a connection are, and leaves the client's port to the range of them.
    fn judge_connection(
        &mut self,
        (tuple, ports): (&FiveTuple, (u16, u16)),
        peers: &Peers,
        (rules, own_networks): (Rules, &Networks),
    ) {
        let seen = Seen {
            tuple,
            ports,
            flags: self.tcp_flags,
            totals: &self.totals,
            opposite: self.opposite.as_ref(),
            same: self.same.as_ref(),
            source_service: self.metadata.source_service.as_deref(),
        };
        let verdict = seen.verdict(self.flow.direction.map(|(way, _)| way), peers, own_networks);
        let helps = verdict.rule != Rule::Helper || rules.is_on(Rule::Helper);
        self.rule = if helps { verdict.rule } else { Rule::Request };
        (self.server, self.late) = (verdict.server, verdict.late);
        (self.origin, self.origin_basis) = verdict.origin;
        let client = match verdict.server.map(|server| server.side) {
            Some(Side::Source) => self.flow.dstport.take(),
            Some(Side::Target) => self.flow.srcport.take(),
            None => None,
        };
        self.client_ports = client.map(PortRange::only);
    }
}

impl FlowMetadata {
    /// Takes over what another has, where it is not known yet.
    pub(super) fn fill_from(&mut self, other: FlowMetadata) {
        let FlowMetadata { account_id, region, log_group, az_id, vpc_id, subnet_id, .. } = other;
        let FlowMetadata { instance_id, source_service, target_service, tags, .. } = other;
        let take = |slot: &mut Option<Box<str>>, value: Option<Box<str>>| {
            if slot.is_none() {
                *slot = value;
            }
        };
        take(&mut self.account_id, account_id);
        take(&mut self.region, region);
        take(&mut self.log_group, log_group);
        take(&mut self.az_id, az_id);
        take(&mut self.vpc_id, vpc_id);
        take(&mut self.subnet_id, subnet_id);
        take(&mut self.instance_id, instance_id);
        take(&mut self.source_service, source_service);
        take(&mut self.target_service, target_service);
        if self.tags.is_empty() {
            self.tags = tags;
        }
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

impl FlowMetadata {
    /// Takes over what the subscription filter says of the log event's origin and the record does not. All records of a flow have one
    /// origin, as an interface has.
    fn fill_origin(&mut self, origin: &SystemFields<'_>) {
        let take = |slot: &mut Option<Box<str>>, value: Option<&str>| {
            if slot.is_none() {
                *slot = value.filter(|value| !value.is_empty()).map(field);
            }
        };
        take(&mut self.account_id, origin.account.as_deref());
        take(&mut self.region, origin.region.as_deref());
        take(&mut self.log_group, origin.source_log_group.as_deref());
    }
}

/// Adds a record's packets to the minute in which it starts.
fn add_minute(minutes: &mut BTreeMap<u64, u64>, record: &FlowRecord<'_>, timestamp: i64, totals: &Totals) {
    let minute = record.start.map_or(timestamp.unsigned_abs(), |start| start.0) / MINUTE_MILLIS;
    if minutes.len() < MAX_FLOW_MINUTES || minutes.contains_key(&minute) {
        let known = minutes.entry(minute).or_default();
        *known = known.saturating_add(totals.weight());
    }
}

/// The time from a record's `start` to its `end` in seconds.
fn record_seconds(record: &FlowRecord<'_>) -> u64 {
    record.start.zip(record.end).map_or(0, |(start, end)| end.0.saturating_sub(start.0) / SECOND_MILLIS)
}

fn field(value: &str) -> Box<str> {
    Box::from(one_line(value, MAX_FIELD_CHARS).as_ref())
}

fn line(message: &str) -> Box<str> {
    Box::from(one_line(message, MAX_LINE_CHARS).as_ref())
}
