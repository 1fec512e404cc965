//! From the log events of one batch to findings and a summary.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, hash_map::Entry},
    fmt::Write as _,
    hash::{Hash, Hasher},
    net::IpAddr,
};

use flow_log::{FlowDirection, FlowRecord, Formats, Header, LogEvent, LogFormat, Protocol, Record, Unparsed};

use crate::{
    direction::{Basis, Direction},
    finding::{Accepted, Finding, Flow, MAX_FLOW_MINUTES, Place, Totals},
    incident::top::hash,
    interface::{Interfaces, Pair},
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
/// Characters kept of a log line. The longest real record, with all 70 fields of version 11, stays below it.
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
    /// The source that a batch's header names.
    pub fn of(header: &Header<'_>) -> Self {
        // A log group's name and a log stream's have at most 512 characters:
        // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
        const MAX_NAME_CHARS: usize = 512;
        Source {
            owner: one_line(&header.owner, MAX_FIELD_CHARS).into_owned(),
            log_group: one_line(&header.log_group, MAX_NAME_CHARS).into_owned(),
            log_stream: one_line(&header.log_stream, MAX_NAME_CHARS).into_owned(),
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
    interfaces: Interfaces,
    /// One for each flow; what only the whole batch tells is missing until its end.
    findings: Vec<Finding>,
    /// Where a flow's finding stands: a finding is large, and a table moves what it holds when it grows.
    places: HashMap<FlowKey, usize>,
    accepted: HashMap<Pair, Accepted>,
    untracked: Totals,
    minutes: Minutes,
    format: Option<LogFormat>,
    first_id: String,
    last_id: Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FlowKey {
    pair: Pair,
    rule: Rule,
    direction: Option<Direction>,
    protocol: Protocol,
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
            interfaces: Interfaces::default(),
            findings: Vec::new(),
            places: HashMap::new(),
            accepted: HashMap::new(),
            untracked: Totals::default(),
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
            Ok(Record::NoData(_)) => self.tally.no_data += 1,
            Ok(Record::SkipData(_)) => self.tally.skip_data += 1,
            Ok(Record::Flow(line)) => {
                let rule = Rule::ALL.into_iter().find(|rule| rule.matches(line));
                if rule.is_none() && !rule::is_icmp(line.protocol()) {
                    return;
                }
                match (&line.to_record(), rule) {
                    (Ok(record), Some(rule)) => {
                        self.format.get_or_insert_with(|| line.format().clone());
                        self.matched(rule, record, event);
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

    /// Ends the batch: tells the directions and what was accepted the opposite way.
    pub fn finish(mut self, source: Source) -> Detection {
        for (FlowKey { pair, .. }, place) in &self.places {
            let Pair { interface, srcaddr, dstaddr } = *pair;
            let finding = &mut self.findings[*place];
            let own = &self.interfaces.get(interface).own;
            finding.flow.direction = finding.flow.direction.or_else(|| own.direction(srcaddr, dstaddr));
            finding.opposite = self.accepted.remove(&Pair { interface, srcaddr: dstaddr, dstaddr: srcaddr });
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
            minutes: self.minutes,
            ends: (self.first_id, self.last_id.into_owned()),
            format: self.format,
        }
    }

    fn matched(&mut self, rule: Rule, record: &FlowRecord<'_>, event: &LogEvent<'_>) {
        self.tally.matched += 1;
        self.minutes.add(event.timestamp, record);
        let key = FlowKey {
            pair: self.interfaces.pair(record),
            rule,
            direction: match record.flow_direction() {
                Some(FlowDirection::Ingress) => Some(Direction::Ingress),
                Some(FlowDirection::Egress) => Some(Direction::Egress),
                _ => None,
            },
            protocol: record.protocol,
        };
        let totals = Totals::of(record);
        let place = match self.places.entry(key) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(_) if self.findings.len() >= MAX_FLOWS => return self.untracked.add(&totals),
            Entry::Vacant(place) => {
                let name = &self.interfaces.get(key.pair.interface).name;
                let flow = Flow {
                    interface_id: Some(name.clone()).filter(|name| !name.is_empty()),
                    direction: key.direction.map(|direction| (direction, Basis::Field)),
                    srcaddr: record.srcaddr,
                    dstaddr: record.dstaddr,
                    protocol: record.protocol,
                };
                self.findings.push(Finding::new(rule, flow));
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
        let key = self.interfaces.pair(record);
        if let Some(accepted) = self.accepted.get_mut(&key) {
            accepted.totals.add(&Totals::of(record));
        } else if self.accepted.len() < MAX_ACCEPTED_FLOWS {
            self.accepted.insert(key, Accepted { totals: Totals::of(record), line: line(message) });
        }
    }

    fn unparsed(&mut self, reason: Unparsed, message: &str) {
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
        }
    }
}

impl Place {
    /// Takes over each field that is not known yet.
    fn fill(&mut self, record: &FlowRecord<'_>) {
        let take = |slot: &mut Option<Box<str>>, value: Option<&str>| {
            if slot.is_none() {
                *slot = value.map(|value| Box::from(one_line(value, MAX_FIELD_CHARS).as_ref()));
            }
        };
        take(&mut self.account_id, record.account_id());
        take(&mut self.region, record.region());
        take(&mut self.az_id, record.az_id());
        take(&mut self.vpc_id, record.vpc_id());
        take(&mut self.subnet_id, record.subnet_id());
        take(&mut self.instance_id, record.instance_id());
        take(&mut self.source_service, record.pkt_src_aws_service());
        take(&mut self.target_service, record.pkt_dst_aws_service());
        take(&mut self.reject_reason, record.reject_reason().map(|reason| reason.as_str()));
        if self.tags.is_empty() {
            let tags = [
                record.instance_tag(),
                record.instance_tag_2(),
                record.interface_tag(),
                record.interface_tag_2(),
                record.asg_tag(),
                record.asg_tag_2(),
            ];
            let tags =
                tags.into_iter().flatten().map(|tag| Box::from(one_line(&tag.decode(), MAX_FIELD_CHARS).as_ref()));
            self.tags = tags.collect();
        }
        let other = |packet: Option<IpAddr>, seen| packet.filter(|address| *address != seen);
        self.packet_source = self.packet_source.or(other(record.pkt_srcaddr, record.srcaddr));
        self.packet_target = self.packet_target.or(other(record.pkt_dstaddr, record.dstaddr));
    }
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
