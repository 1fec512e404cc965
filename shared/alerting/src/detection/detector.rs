//! From the log events of one batch to findings and a summary.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, hash_map::Entry},
    hash::{Hash, Hasher},
};

use flow_log::{Field, FlowRecord, Formats, Line, LineError, LogEvent, LogFormat, Protocol, SystemFields};

use crate::{
    detection::{
        accepted::Accepted,
        batch::{Detection, LogSource, Tally, Untracked},
        direction::{Basis, Direction},
        finding::Finding,
        flow::Flow,
        limits::{
            MAX_ACCEPTED_FLOWS, MAX_FIELD_CHARS, MAX_FLOW_MINUTES, MAX_FLOWS, MAX_LINE_CHARS, MAX_LINES_PER_FLOW,
            MAX_SAMPLE_CHARS, MAX_UNPARSED_SAMPLES,
        },
        logger::{Loggers, Pair},
        metadata::FlowMetadata,
        rule::{self, Rule},
        totals::Totals,
    },
    hash::hash,
    metrics::Minutes,
    text::one_line,
    time::MINUTE_MILLIS,
};

/// Reads the log events of one batch, one at a time.
#[derive(Debug)]
pub struct Detector<'a> {
    formats: &'a Formats,
    tally: Tally,
    loggers: Loggers,
    /// One for each flow; what only the whole batch shows is missing until its end.
    findings: Vec<Finding>,
    /// Where a flow's finding stands: a finding is large, and a table moves what it holds when it grows.
    places: HashMap<FlowKey, usize>,
    accepted: HashMap<Pair, Accepted>,
    untracked: Untracked,
    untracked_accepted: u64,
    minutes: Minutes,
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
            tally: Tally::default(),
            loggers: Loggers::default(),
            findings: Vec::new(),
            places: HashMap::new(),
            accepted: HashMap::new(),
            untracked: Untracked::default(),
            untracked_accepted: 0,
            minutes: Minutes::default(),
            format: None,
            first_id: String::new(),
            last_id: Cow::Borrowed(""),
        }
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
                let rule = Rule::ALL.into_iter().find(|rule| rule.matches(line));
                if rule.is_none() && !rule::is_icmp(line.protocol()) {
                    return;
                }
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

    /// Ends the batch: sets the directions that only other records show, and what was accepted either way.
    pub fn finish(mut self, source: LogSource) -> Detection {
        for (FlowKey { pair, .. }, metadata) in &self.places {
            let finding = &mut self.findings[*metadata];
            let own = &self.loggers.get(pair.logger).own;
            finding.flow.direction = finding.flow.direction.or_else(|| own.direction(pair.srcaddr, pair.dstaddr));
            // Findings of one pair of addresses share the evidence, so it stays where it is.
            finding.same = self.accepted.get(pair).cloned();
            finding.opposite = self.accepted.get(&pair.opposite()).cloned();
            if finding.same.is_none() || finding.opposite.is_none() {
                finding.untracked_accepted = self.untracked_accepted;
            }
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
            minutes: self.minutes,
            ends: (self.first_id, self.last_id.into_owned()),
            format: self.format,
        }
    }

    fn matched(&mut self, rule: Rule, record: &FlowRecord<'_>, reason: Option<&str>, event: &LogEvent<'_>) {
        self.tally.matched += 1;
        self.minutes.add(event.timestamp, record);
        let (pair, direction) = self.loggers.observe(record);
        let key = FlowKey {
            pair,
            rule,
            direction,
            protocol: record.protocol,
            reason: reason.map(|reason| hash(reason.as_bytes())),
        };
        let totals = Totals::of(record);
        let metadata = match self.places.entry(key) {
            Entry::Occupied(metadata) => *metadata.get(),
            Entry::Vacant(_) if self.findings.len() >= MAX_FLOWS => {
                self.untracked.totals.add(&totals);
                self.untracked.protocols.insert(record.protocol.0);
                return;
            }
            Entry::Vacant(metadata) => {
                let logger = self.loggers.get(key.pair.logger);
                let flow = Flow {
                    interface_id: logger.interface_id(),
                    resource_id: logger.resource_id(),
                    direction: key.direction,
                    srcaddr: record.srcaddr,
                    dstaddr: record.dstaddr,
                    packet_source: key.pair.packet_source,
                    packet_target: key.pair.packet_target,
                    protocol: record.protocol,
                    reject_reason: reason.map(field),
                };
                let mut finding = Finding::new(rule, flow);
                finding.metadata.fill(record);
                finding.metadata.fill_origin(&event.system_fields());
                self.findings.push(finding);
                *metadata.insert(self.findings.len() - 1)
            }
        };
        let finding = &mut self.findings[metadata];
        finding.totals.add(&totals);
        let minute = record.start.map_or(event.timestamp.unsigned_abs(), |start| start.0) / MINUTE_MILLIS;
        if finding.minutes.len() < MAX_FLOW_MINUTES || finding.minutes.contains_key(&minute) {
            let known = finding.minutes.entry(minute).or_default();
            *known = known.saturating_add(totals.weight());
        }
        finding.metadata.fill(record);
        if finding.lines.len() < MAX_LINES_PER_FLOW {
            finding.lines.push(line(&event.message));
        }
    }

    fn accepted(&mut self, record: &FlowRecord<'_>, message: &str) {
        let (key, _) = self.loggers.observe(record);
        if let Some(accepted) = self.accepted.get_mut(&key) {
            accepted.totals.add(&Totals::of(record));
        } else if self.accepted.len() < MAX_ACCEPTED_FLOWS {
            self.accepted.insert(key, Accepted { totals: Totals::of(record), line: line(message) });
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
            totals: Totals::default(),
            metadata: FlowMetadata::default(),
            lines: Vec::new(),
            minutes: BTreeMap::new(),
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

fn field(value: &str) -> Box<str> {
    Box::from(one_line(value, MAX_FIELD_CHARS).as_ref())
}

fn line(message: &str) -> Box<str> {
    Box::from(one_line(message, MAX_LINE_CHARS).as_ref())
}
