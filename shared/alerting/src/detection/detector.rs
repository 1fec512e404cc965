//! From the log events of one batch to findings and a summary.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, hash_map::Entry},
    hash::{Hash, Hasher},
    net::IpAddr,
};

use flow_log::{Field, FlowRecord, Formats, Line, LineError, LogEvent, LogFormat, Protocol, SystemFields};

use crate::{
    address::Networks,
    detection::{
        accepted::Accepted,
        batch::{Detection, LogSource, Tally, Untracked, UntrackedKey},
        direction::{Basis, Direction},
        finding::Finding,
        flow::Flow,
        limits::{
            MAX_ACCEPTED_FLOWS, MAX_FIELD_CHARS, MAX_FLOW_MINUTES, MAX_FLOWS, MAX_LINE_CHARS, MAX_LINES_PER_FLOW,
            MAX_SAMPLE_CHARS, MAX_UNPARSED_SAMPLES, MAX_UNTRACKED_TARGETS,
        },
        logger::{Loggers, Pair},
        metadata::FlowMetadata,
        origin::{Origin, OriginBasis, origin},
        rule::{Rule, Rules},
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
    own_networks: &'a Networks,
    tally: Tally,
    loggers: Loggers,
    /// One for each flow; what only the whole batch shows is missing until its end.
    findings: Vec<Finding>,
    /// The records of each finding by the minute of their log event.
    minutes: Vec<Minutes>,
    /// Findings from the internet, and others, by what was known when they were added.
    from_internet: usize,
    from_elsewhere: usize,
    /// Where a flow's finding stands: a finding is large, and a table moves what it holds when it grows.
    places: Table<FlowKey, usize>,
    accepted: Table<Pair, Accepted>,
    untracked: BTreeMap<UntrackedKey, Untracked>,
    untracked_minutes: BTreeMap<&'static str, Minutes>,
    untracked_accepted: u64,
    format: Option<LogFormat>,
    first_id: String,
    last_id: Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FlowKey {
    pair: Pair,
    rule: Rule,
    direction: Option<(Direction, Basis)>,
    protocol: Protocol,
    /// A hash of `reject-reason`.
    reason: Option<u64>,
}

/// Hashes the pair alone: what else tells flows apart seldom differs between the same two addresses.
impl Hash for FlowKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pair.hash(state);
    }
}

impl<'a> Detector<'a> {
    /// A detector for one batch, reading the declared formats.
    pub fn new(formats: &'a Formats) -> Self {
        Detector {
            formats,
            own_networks: &NO_NETWORKS,
            tally: Tally::default(),
            loggers: Loggers::default(),
            findings: Vec::new(),
            minutes: Vec::new(),
            from_internet: 0,
            from_elsewhere: 0,
            places: Table::default(),
            accepted: Table::default(),
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
            Ok(Line::Flow(line)) => {
                let rules = Rules::default();
                if !rules.look_at(line.protocol()) {
                    return;
                }
                let rule = Some(Rule::Ping).filter(|_| rules.may_match(line));
                match (&line.to_record(), rule) {
                    (Ok(record), Some(rule)) => {
                        self.format.get_or_insert_with(|| line.format().clone());
                        let content = line.format().position(Field::RejectReason).is_some();
                        let reason = record.reject_reason().map_or(Flow::NO_REASON, |reason| reason.as_str());
                        self.matched(rule, record, Some(reason).filter(|_| content), event);
                    }
                    (Ok(record), None) => self.accepted(record, &event.message),
                    (Err(reason), Some(_)) => self.unparsed(*reason, &event.message),
                    // No rule needs an accepted record whole: it is a record that was read, and no evidence.
                    (Err(_), None) => {}
                }
            }
            Err(reason) => self.unparsed(*reason, &event.message),
        }
    }

    /// Ends the batch: sets the directions that only other records show, what was accepted either way, and the origins.
    pub fn finish(mut self, source: LogSource) -> Detection {
        let mut minutes = std::mem::take(&mut self.untracked_minutes);
        for (FlowKey { pair, .. }, place) in &self.places {
            let finding = &mut self.findings[*place];
            let own = &self.loggers.get(pair.logger).own;
            finding.flow.direction = finding.flow.direction.or_else(|| own.direction(pair.srcaddr, pair.dstaddr));
            // Findings of one pair of addresses share the evidence, so it stays where it is.
            finding.same = self.accepted.get(pair).cloned();
            finding.opposite = self.accepted.get(&pair.opposite()).cloned();
            if finding.same.is_none() || finding.opposite.is_none() {
                finding.untracked_accepted = self.untracked_accepted;
            }
            let (direction, answers) = (finding.flow.direction.map(|(way, _)| way), finding.opposite.is_some());
            (finding.origin, finding.origin_basis) = origin(direction, pair, answers, self.own_networks);
            minutes.entry(finding.origin.word()).or_default().merge(&self.minutes[*place]);
        }
        // A finding is large: the keys are sorted, and each finding is moved once.
        self.findings.sort_by_cached_key(|finding| {
            (
                std::cmp::Reverse(finding.totals.weight()),
                finding.totals.first_start,
                finding.flow.srcaddr,
                finding.flow.dstaddr,
            )
        });
        Detection {
            source,
            tally: self.tally,
            findings: self.findings,
            untracked: self.untracked,
            untracked_accepted: self.untracked_accepted,
            minutes,
            ends: (self.first_id, self.last_id.into_owned()),
            format: self.format,
        }
    }

    fn matched(&mut self, rule: Rule, record: &FlowRecord<'_>, reason: Option<&str>, event: &LogEvent<'_>) {
        self.tally.matched += 1;
        let (pair, direction) = self.loggers.observe(record, self.own_networks);
        let key = FlowKey {
            pair,
            rule,
            direction,
            protocol: record.protocol,
            reason: reason.map(|reason| hash(reason.as_bytes())),
        };
        let place = match self.places.entry(key) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(place) => {
                let logger = self.loggers.get(key.pair.logger);
                let known = key.direction.or_else(|| logger.own.direction(pair.srcaddr, pair.dstaddr));
                let answers = self.accepted.contains_key(&pair.opposite());
                let (origin, _) = origin(known.map(|(way, _)| way), &pair, answers, self.own_networks);
                let tracked = match origin {
                    Origin::Internet => &mut self.from_internet,
                    _ => &mut self.from_elsewhere,
                };
                if *tracked >= MAX_FLOWS {
                    return self.untracked(origin, pair.receiver(), record, event);
                }
                *tracked += 1;
                let flow = Flow {
                    interface_id: logger.interface_id(),
                    resource_id: logger.resource_id(),
                    direction: key.direction,
                    srcaddr: record.srcaddr,
                    dstaddr: record.dstaddr,
                    packet_source: key.pair.packet_source,
                    packet_target: key.pair.packet_target,
                    protocol: record.protocol,
                    srcport: None,
                    dstport: None,
                    reject_reason: reason.map(field),
                };
                self.findings.push(Finding::new(rule, flow));
                self.minutes.push(Minutes::default());
                *place.insert(self.findings.len() - 1)
            }
        };
        self.minutes[place].add(event.timestamp, record);
        let finding = &mut self.findings[place];
        let totals = Totals::of(record);
        finding.totals.add(&totals);
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

    /// Counts a matched record of a flow past the limit.
    fn untracked(&mut self, origin: Origin, target: IpAddr, record: &FlowRecord<'_>, event: &LogEvent<'_>) {
        self.untracked_minutes.entry(origin.word()).or_default().add(event.timestamp, record);
        let mut key = UntrackedKey { origin, target: Some(target).filter(|_| origin == Origin::Internet) };
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

    fn accepted(&mut self, record: &FlowRecord<'_>, message: &str) {
        let (key, _) = self.loggers.observe(record, self.own_networks);
        if let Some(accepted) = self.accepted.get_mut(&key) {
            accepted.totals.add(&Totals::of(record));
        } else if self.accepted.len() < MAX_ACCEPTED_FLOWS {
            self.accepted
                .insert(key, Accepted { totals: Totals::of(record), tcp_flags: record.tcp_flags, line: line(message) });
        } else {
            self.untracked_accepted += 1;
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

impl Finding {
    /// A finding without any records yet.
    fn new(rule: Rule, flow: Flow) -> Finding {
        Finding {
            rule,
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
            longest_record_seconds: 0,
            opposite: None,
            same: None,
            untracked_accepted: 0,
        }
    }
}

impl FlowMetadata {
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
