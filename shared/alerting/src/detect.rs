//! From the log events of one batch to findings and a summary.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, hash_map::Entry},
    fmt::Write as _,
    hash::{Hash, Hasher},
};

use flow_log::{
    BatchMetadata, Field, FlowRecord, Formats, Line, LineError, LogEvent, LogFormat, Protocol, SystemFields,
};

use crate::{
    direction::{Basis, Direction},
    finding::{Accepted, Finding, Flow, MAX_FLOW_MINUTES, Place, Totals},
    incident::top::hash,
    logger::{Loggers, Pair},
    metric::Minutes,
    rule::{self, Rule},
    text::{cut_bytes, one_line},
    time::MINUTE_MILLIS,
};

/// Flows that one batch tells apart. Records of further flows are counted in [`Detection::untracked`].
pub const MAX_FLOWS: usize = 2_000;
/// Accepted ICMP flows that one batch remembers as evidence.
pub const MAX_ACCEPTED_FLOWS: usize = 2_000;
/// Log lines kept for each flow.
pub const MAX_LINES_PER_FLOW: usize = 3;
/// Characters kept of a log line. The longest real record, with all 54 fields of versions 2 to 11, stays below it.
pub const MAX_LINE_CHARS: usize = 2_000;
/// Characters kept of an identifier or another metadata field.
pub const MAX_FIELD_CHARS: usize = 128;
/// Bytes of a batch's key. A partition key of DynamoDB may have 2,048
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
pub const MAX_KEY_BYTES: usize = 1_500;
/// Unreadable lines kept as samples for the function's log.
pub const MAX_UNPARSED_SAMPLES: usize = 3;
/// Characters kept of an unreadable line.
pub const MAX_SAMPLE_CHARS: usize = 200;

/// What was read, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Log events read.
    pub records: u64,
    /// Records that a rule matched.
    pub matched: u64,
    /// NODATA records.
    pub no_data: u64,
    /// SKIPDATA records: flows that AWS could not log.
    pub skip_data: u64,
    /// Log events that are no readable record.
    pub unparsed: u64,
    /// The unreadable ones by reason.
    pub unparsed_reasons: BTreeMap<&'static str, u64>,
    /// The first few unreadable lines with their reason, fit for one line of a log.
    pub unparsed_samples: Vec<(String, String)>,
}

/// Where a batch came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The account that owns the log group.
    pub owner: String,
    /// The log group.
    pub log_group: String,
    /// The log stream: one for each interface.
    pub log_stream: String,
}

impl Source {
    /// The source that a batch's metadata names.
    pub fn of(metadata: &BatchMetadata<'_>) -> Self {
        // A log group's name and a log stream's have at most 512 characters:
        // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
        const MAX_NAME_CHARS: usize = 512;
        Source {
            owner: one_line(&metadata.owner, MAX_FIELD_CHARS).into_owned(),
            log_group: one_line(&metadata.log_group, MAX_NAME_CHARS).into_owned(),
            log_stream: one_line(&metadata.log_stream, MAX_NAME_CHARS).into_owned(),
        }
    }
}

/// What one batch tells.
#[derive(Clone, Debug, Default)]
pub struct Detection {
    /// Where the batch came from.
    pub source: Source,
    /// Everything read, counted.
    pub tally: Tally,
    /// The findings, those with most packets first.
    pub findings: Vec<Finding>,
    /// Matched records of flows past [`MAX_FLOWS`].
    pub untracked: Totals,
    /// Accepted ICMP records of flows past [`MAX_ACCEPTED_FLOWS`]: evidence that no finding has.
    pub untracked_accepted: u64,
    /// Matched records by the minute of their log event: what the metrics are made from.
    pub minutes: Minutes,
    /// The ids of the first and the last log event: with their number they tell this batch from any other, however often it is
    /// delivered.
    pub ends: (String, String),
    /// The declared format of the first matched record, for the query that finds the records again.
    pub format: Option<LogFormat>,
}

impl Detection {
    /// All matched records together.
    pub fn totals(&self) -> Totals {
        self.findings.iter().fold(self.untracked, |mut sum, finding| {
            sum.add(&finding.totals);
            sum
        })
    }
}

/// The key of the batches in one event: the same whenever they are delivered again, and no other's. At most
/// [`MAX_KEY_BYTES`] long.
pub fn batch_key(detections: &[Detection]) -> String {
    let mut key = String::new();
    for detection in detections {
        let Source { log_group, log_stream, .. } = &detection.source;
        let (first, last) = &detection.ends;
        let gap = if key.is_empty() { "" } else { " " };
        let _ = write!(key, "{gap}{log_group}|{log_stream}|{first}|{last}|{}", detection.tally.records);
    }
    if key.len() > MAX_KEY_BYTES {
        let hash = hash(key.as_bytes());
        key.truncate(cut_bytes(&key, MAX_KEY_BYTES - 20).len());
        let _ = write!(key, "#{hash:016x}");
    }
    key
}

/// Reads the log events of one batch, one at a time.
#[derive(Debug)]
pub struct Detector<'a> {
    formats: &'a Formats,
    tally: Tally,
    loggers: Loggers,
    /// One for each flow; what only the whole batch tells is missing until its end.
    findings: Vec<Finding>,
    /// Where a flow's finding stands: a finding is large, and a table moves what it holds when it grows.
    places: HashMap<FlowKey, usize>,
    accepted: HashMap<Pair, Accepted>,
    untracked: Totals,
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
            untracked: Totals::default(),
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
                        let told = line.format().position(Field::RejectReason).is_some();
                        let reason = record.reject_reason().map_or(Flow::NO_REASON, |reason| reason.as_str());
                        self.matched(rule, record, Some(reason).filter(|_| told), event);
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

    /// Ends the batch: tells the directions that only other records show, and what was accepted either way.
    pub fn finish(mut self, source: Source) -> Detection {
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
        let place = match self.places.entry(key) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(_) if self.findings.len() >= MAX_FLOWS => return self.untracked.add(&totals),
            Entry::Vacant(place) => {
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
                finding.place.fill(record);
                finding.place.fill_origin(&event.system_fields());
                self.findings.push(finding);
                *place.insert(self.findings.len() - 1)
            }
        };
        let finding = &mut self.findings[place];
        finding.totals.add(&totals);
        let minute = record.start.map_or(event.timestamp.unsigned_abs(), |start| start.0) / MINUTE_MILLIS;
        if finding.minutes.len() < MAX_FLOW_MINUTES || finding.minutes.contains_key(&minute) {
            let known = finding.minutes.entry(minute).or_default();
            *known = known.saturating_add(totals.weight());
        }
        finding.place.fill(record);
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
            place: Place::default(),
            lines: Vec::new(),
            minutes: BTreeMap::new(),
            opposite: None,
            same: None,
            untracked_accepted: 0,
        }
    }
}

impl Place {
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

impl Place {
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

#[cfg(test)]
mod tests {
    use flow_log::{EpochMillis, Formats, LogEvent};

    use super::*;

    fn detect(lines: &[&str]) -> Detection {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        for line in lines {
            detector.observe(&LogEvent::new("1", 1_795_401_134_000, *line));
        }
        detector.finish(Source::default())
    }

    fn flows(detection: &Detection) -> Vec<(String, u64, Option<u64>)> {
        let one = |finding: &Finding| {
            let flow = &finding.flow;
            (format!("{} {}", flow.srcaddr, flow.dstaddr), finding.totals.records, finding.totals.packets)
        };
        detection.findings.iter().map(one).collect()
    }

    #[test]
    fn records_are_grouped_by_flow_with_the_heaviest_first() {
        let detection = detect(&[
            "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
            "2 1 eni-1 9.9.9.9 10.0.0.1 0 0 1 5 420 90 150 REJECT OK",
            "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 2 168 160 220 REJECT OK",
            "2 1 eni-1 10.0.0.1 8.8.8.8 443 50000 6 9 900 100 160 REJECT OK",
            "2 1 eni-1 8.8.8.8 10.0.0.1 0 0 1 7 588 100 160 ACCEPT OK",
        ]);
        assert_eq!(
            flows(&detection),
            [("9.9.9.9 10.0.0.1".into(), 1, Some(5)), ("10.0.0.1 8.8.8.8".into(), 2, Some(3))]
        );
        let second = &detection.findings[1];
        assert_eq!(second.totals.bytes, Some(252));
        assert_eq!(
            (second.totals.first_start, second.totals.last_end),
            (Some(EpochMillis(100_000)), Some(EpochMillis(220_000)))
        );
        assert_eq!(second.opposite.as_ref().map(|accepted| accepted.totals.packets), Some(Some(7)));
        assert!(second.same.is_none(), "the other way is not the same way");
        assert!(detection.findings[0].opposite.is_none());
        assert_eq!((detection.tally.records, detection.tally.matched), (5, 3));
    }

    #[test]
    fn another_interface_or_protocol_is_another_flow() {
        let detection = detect(&[
            "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
            "2 1 eni-2 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
            "2 1 - 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
            "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 58 1 84 100 160 REJECT OK",
            "2 1 eni-1 ::a00:1 ::808:808 0 0 1 1 84 100 160 REJECT OK",
            "2 1 eni-2 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
        ]);
        assert_eq!(detection.findings.len(), 5);
        let heaviest = &detection.findings[0];
        assert_eq!((heaviest.flow.interface_id.as_deref(), heaviest.totals.packets), (Some("eni-2"), Some(2)));
        let none = detection.findings.iter().filter(|finding| finding.flow.interface_id.is_none()).count();
        assert_eq!(none, 1, "the record with - has no interface");
    }

    /// The findings in some lines of a format: what tells each apart, and its packets.
    fn told_apart(format: &str, lines: &[&str], tell: impl Fn(&Flow) -> String) -> Vec<(String, u64)> {
        let formats = Formats::parse(format).unwrap();
        let mut detector = Detector::new(&formats);
        for line in lines {
            detector.observe(&LogEvent::new("1", 0, format!("{line} 1 REJECT OK")));
        }
        let detection = detector.finish(Source::default());
        detection.findings.iter().map(|finding| (tell(&finding.flow), finding.totals.weight())).collect()
    }

    #[test]
    fn another_reject_reason_is_another_flow() {
        let format =
            "${interface-id} ${srcaddr} ${dstaddr} ${packets} ${reject-reason} ${protocol} ${action} ${log-status}";
        let lines = [
            "eni-1 8.8.8.8 10.0.0.1 1 BPA",
            "eni-1 8.8.8.8 10.0.0.1 4000 -",
            "eni-1 8.8.8.8 10.0.0.1 2 NEW",
            "eni-1 8.8.8.8 10.0.0.1 900 -",
        ];
        assert_eq!(
            told_apart(format, &lines, |flow| flow.reject_reason.as_deref().unwrap_or("none").to_owned()),
            [("-".to_owned(), 4_900), ("NEW".to_owned(), 2), ("BPA".to_owned(), 1)]
        );
    }

    #[test]
    fn senders_behind_one_address_are_several_flows() {
        let format = "${interface-id} ${resource-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${packets} ${protocol} \
                      ${action} ${log-status}";
        // A transit gateway's attachment, a node with containers, and two regional NAT gateways.
        let lines = [
            "eni-1 - 10.40.1.175 10.40.2.236 10.20.33.1 10.40.2.236 9",
            "eni-1 - 10.40.1.175 10.40.2.236 10.20.33.2 10.40.2.236 8",
            "eni-1 - 10.40.1.175 10.40.2.236 10.40.1.175 10.40.2.236 7",
            "eni-2 - 8.8.8.8 10.0.0.1 8.8.8.8 10.0.0.2 6",
            "eni-2 - 8.8.8.8 10.0.0.1 8.8.8.8 10.0.0.3 5",
            "- nat-1 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 4",
            "- nat-2 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 3",
            "- - 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 2",
            "nat-1 - 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 1",
        ];
        let tell = |flow: &Flow| format!("{} {} {}", flow.logged_by().unwrap_or("-"), flow.sender(), flow.receiver());
        let expect = [
            ("eni-1 10.20.33.1 10.40.2.236", 9),
            ("eni-1 10.20.33.2 10.40.2.236", 8),
            ("eni-1 10.40.1.175 10.40.2.236", 7),
            ("eni-2 8.8.8.8 10.0.0.2", 6),
            ("eni-2 8.8.8.8 10.0.0.3", 5),
            ("nat-1 10.0.1.5 203.0.113.5", 4),
            ("nat-2 10.0.1.5 203.0.113.5", 3),
            ("- 10.0.1.5 203.0.113.5", 2),
            ("nat-1 10.0.1.5 203.0.113.5", 1),
        ];
        assert_eq!(told_apart(format, &lines, tell), expect.map(|(flow, packets)| (flow.to_owned(), packets)));
        let gateways = told_apart(format, &lines[5..], |flow| flow.nat_gateway().unwrap_or("none").to_owned());
        let names: Vec<&str> = gateways.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["nat-1", "nat-2", "none", "none"], "an interface is no gateway, whatever its name");
    }

    #[test]
    fn what_was_accepted_for_one_sender_says_nothing_of_another_behind_the_same_address() {
        let formats = Formats::parse(
            "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${protocol} ${action} ${log-status}",
        )
        .unwrap();
        let mut detector = Detector::new(&formats);
        for line in [
            "eni-1 10.40.1.175 10.40.2.236 10.20.33.1 10.40.2.236 1 REJECT OK",
            "eni-1 10.40.1.175 10.40.2.236 10.20.33.2 10.40.2.236 1 REJECT OK",
            "eni-1 10.40.2.236 10.40.1.175 10.40.2.236 10.20.33.2 1 ACCEPT OK",
        ] {
            detector.observe(&LogEvent::new("1", 0, line));
        }
        let detection = detector.finish(Source::default());
        let answered = detection.findings.iter().filter(|finding| finding.opposite.is_some());
        let answered: Vec<String> = answered.map(|finding| finding.flow.sender().to_string()).collect();
        assert_eq!(answered, ["10.20.33.2"]);
    }

    #[test]
    fn a_shared_address_tells_no_direction() {
        let direction = |lines: &[&str]| {
            let directions = detect(lines).findings.into_iter().map(|finding| finding.flow.direction);
            directions.collect::<Vec<_>>()
        };
        let line = |id: &str, a: &str, b: &str| format!("2 1 {id} {a} {b} 0 0 1 1 84 100 160 REJECT OK");
        // One peer of an interface with several addresses, several peers of one address: nobody can tell which.
        for id in ["eni-1", "-"] {
            let lines = [line(id, "10.0.0.9", "10.0.1.16"), line(id, "10.0.0.9", "10.0.1.17")];
            assert_eq!(direction(&[&lines[0], &lines[1]]), [None, None], "{id}");
        }
        // Where one address is known from other traffic, accepted or not, it is.
        let known =
            [line("eni-1", "10.0.1.16", "10.0.0.9"), line("eni-1", "8.8.8.8", "10.0.1.16").replace("REJECT", "ACCEPT")];
        assert_eq!(direction(&[&known[0], &known[1]]), [Some((Direction::Egress, Basis::OtherRecords))]);
        // A record of an unknown interface says nothing, about itself or others.
        let other = known[1].replace("eni-1", "-");
        assert_eq!(direction(&[&known[0], &other]), [None]);
        assert_eq!(direction(&[&line("-", "8.8.8.8", "10.0.1.16")]), [None]);
    }

    #[test]
    fn the_origin_of_a_log_event_fills_what_the_record_leaves_open() {
        let place = |account: &str, system_fields: &str| {
            let formats = Formats::default();
            let mut detector = Detector::new(&formats);
            let line = format!("2 {account} eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK");
            detector.observe(&LogEvent::new("1", 0, line).with_extracted_fields(system_fields));
            let place = detector.finish(Source::default()).findings.remove(0).place;
            [place.account_id, place.region, place.log_group].map(Option::unwrap_or_default).map(String::from)
        };
        let origin = r#"{"@aws.account":"2","@aws.region":"eu-west-1","@source.log":"/vpc","action":"REJECT"}"#;
        assert_eq!(place("1", origin), ["1", "eu-west-1", "/vpc"]);
        assert_eq!(place("unknown", origin), ["2", "eu-west-1", "/vpc"]);
        assert_eq!(place("unknown", r#"{"@aws.account":"","action":"REJECT"}"#), ["", "", ""]);
        assert_eq!(place("unknown", ""), ["", "", ""]);
    }

    #[test]
    fn a_matching_record_must_be_readable_as_a_whole_and_another_need_not() {
        let detection = detect(&[
            "2 1 eni-1 10.0.0.300 8.8.8.8 0 0 1 1 84 100 160 REJECT OK",
            "2 1 eni-1 10.0.0.300 8.8.8.8 0 0 6 1 84 100 160 REJECT OK",
            "2 1 eni-1 10.0.0.300 8.8.8.8 0 0 1 1 84 100 160 ACCEPT OK",
            "2 1 eni-1 - - - - - - - 100 160 - NODATA",
            "2 1 eni-1 - - - - - - - 100 160 - SKIPDATA",
            "not a record\u{7}",
        ]);
        let tally = &detection.tally;
        assert_eq!((tally.records, tally.matched, tally.unparsed, tally.no_data, tally.skip_data), (6, 0, 2, 1, 1));
        assert_eq!(tally.unparsed_reasons, BTreeMap::from([("field-count", 1), ("srcaddr", 1)]));
        assert_eq!(tally.unparsed_samples[1].1, "not a record\u{fffd}");
        assert!(detection.findings.is_empty());
    }

    #[test]
    fn flows_past_the_limit_are_counted_together() {
        let lines: Vec<String> = (0..MAX_FLOWS + 10)
            .map(|n| format!("2 1 eni-1 10.{}.{}.1 10.0.0.1 0 0 1 2 168 100 160 REJECT OK", n / 250, n % 250))
            .collect();
        let detection = detect(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(detection.findings.len(), MAX_FLOWS);
        assert_eq!((detection.untracked.records, detection.untracked.packets), (10, Some(20)));
        assert_eq!(detection.totals().records, MAX_FLOWS as u64 + 10);
        assert_eq!(detection.tally.matched, MAX_FLOWS as u64 + 10);
    }

    #[test]
    fn what_was_accepted_either_way_is_evidence_for_each_finding_of_the_two_addresses() {
        let detection = detect(&[
            "2 1 eni-1 10.0.0.2 10.0.0.1 0 0 1 1 84 100 160 ACCEPT OK",
            "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 2 168 100 160 ACCEPT OK",
            "2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 3 252 100 160 REJECT OK",
            "2 1 eni-1 10.0.0.2 10.0.0.1 0 0 1 4 336 100 160 REJECT OK",
            "2 1 eni-2 10.0.0.1 10.0.0.2 0 0 1 5 420 100 160 REJECT OK",
        ]);
        let evidence = |finding: &Finding| {
            let packets = |accepted: &Option<Accepted>| accepted.as_ref().and_then(|accepted| accepted.totals.packets);
            (finding.totals.packets, packets(&finding.same), packets(&finding.opposite))
        };
        let found: Vec<_> = detection.findings.iter().map(evidence).collect();
        assert_eq!(
            found,
            [(Some(5), None, None), (Some(4), Some(1), Some(2)), (Some(3), Some(2), Some(1))],
            "packets rejected, accepted the same way, accepted the opposite way"
        );
        assert!(detection.findings.iter().all(|finding| finding.untracked_accepted == 0));
    }

    #[test]
    fn what_was_accepted_of_another_sender_behind_an_intermediate_is_no_evidence() {
        let format = "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${protocol} ${packets} ${start} \
                      ${end} ${action} ${log-status}";
        let formats = Formats::parse(format).unwrap();
        let detect = |lines: &[&str]| {
            let mut detector = Detector::new(&formats);
            lines.iter().for_each(|line| detector.observe(&LogEvent::new("1", 0, *line)));
            detector.finish(Source::default()).findings.remove(0)
        };
        let rejected = "eni-1 10.40.1.175 10.40.2.236 10.20.33.164 10.40.2.236 1 4 100 160 REJECT OK";
        let accepted = |sender: &str| {
            let same = format!("eni-1 10.40.1.175 10.40.2.236 {sender} 10.40.2.236 1 4 100 160 ACCEPT OK");
            let opposite = format!("eni-1 10.40.2.236 10.40.1.175 10.40.2.236 {sender} 1 4 100 160 ACCEPT OK");
            let finding = detect(&[rejected, &same, &opposite]);
            (finding.same.is_some(), finding.opposite.is_some())
        };
        assert_eq!(accepted("10.20.33.164"), (true, true));
        assert_eq!(accepted("10.20.33.165"), (false, false));
    }

    #[test]
    fn accepted_flows_past_the_limit_are_counted_and_noted_where_evidence_may_be_missing() {
        let mut lines: Vec<String> = (0..MAX_ACCEPTED_FLOWS - 2)
            .map(|n| format!("2 1 eni-1 10.{}.{}.1 10.0.0.1 0 0 1 2 168 100 160 ACCEPT OK", n / 250, n % 250))
            .collect();
        let pair =
            |from: &str, to: &str, action: &str| format!("2 1 eni-1 {from} {to} 0 0 1 4 336 100 160 {action} OK");
        lines.push(pair("8.8.8.8", "10.0.0.1", "ACCEPT"));
        lines.push(pair("10.0.0.1", "8.8.8.8", "ACCEPT"));
        lines.push(pair("10.0.0.1", "8.8.8.8", "REJECT"));
        lines.push(pair("10.0.0.1", "9.9.9.9", "REJECT"));
        let untracked = |detection: &Detection| {
            let of = |finding: &Finding| (finding.flow.dstaddr.to_string(), finding.untracked_accepted);
            let mut findings: Vec<_> = detection.findings.iter().map(of).collect();
            findings.sort();
            (detection.untracked_accepted, findings)
        };
        let full = detect(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(untracked(&full), (0, vec![("8.8.8.8".into(), 0), ("9.9.9.9".into(), 0)]), "the limit itself fits");
        // Two records of one more flow, and one more of a flow that is known.
        lines.push(pair("9.9.9.9", "10.0.0.1", "ACCEPT"));
        lines.push(pair("9.9.9.9", "10.0.0.1", "ACCEPT"));
        lines.push(pair("8.8.8.8", "10.0.0.1", "ACCEPT"));
        let over = detect(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(
            untracked(&over),
            (2, vec![("8.8.8.8".into(), 0), ("9.9.9.9".into(), 2)]),
            "who has all evidence lacks none"
        );
    }

    #[test]
    fn a_batch_has_the_same_key_again_and_another_one_has_another() {
        let formats = Formats::default();
        let detection = |log_group: &str, ids: &[&str]| {
            let mut detector = Detector::new(&formats);
            for id in ids {
                detector.observe(&LogEvent::new(*id, 0, "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK"));
            }
            detector.finish(Source { log_group: log_group.to_owned(), ..Source::default() })
        };
        let key = |log_group: &str, ids: &[&str]| batch_key(&[detection(log_group, ids)]);
        assert_eq!(key("g", &["1", "2", "3"]), key("g", &["1", "2", "3"]));
        for other in
            [key("h", &["1", "2", "3"]), key("g", &["1", "3"]), key("g", &["0", "2", "3"]), key("g", &["1", "2", "4"])]
        {
            assert_ne!(other, key("g", &["1", "2", "3"]));
        }
        let many: Vec<Detection> = (0..100).map(|n| detection("group", &[&n.to_string()])).collect();
        assert!(batch_key(&many).len() <= MAX_KEY_BYTES);
        assert_ne!(batch_key(&many), batch_key(&many[..99]));
    }

    #[test]
    fn lines_kept_are_few_and_short() {
        let long = format!("2 {} eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 100 160 REJECT OK", "9".repeat(10_000));
        let detection = detect(&[&long, &long, &long, &long]);
        let lines = &detection.findings[0].lines;
        assert_eq!(lines.len(), MAX_LINES_PER_FLOW);
        assert_eq!(lines[0].chars().count(), MAX_LINE_CHARS);
        let account = detection.findings[0].place.account_id.as_deref().unwrap();
        assert_eq!(account.chars().count(), MAX_FIELD_CHARS);
    }
}
