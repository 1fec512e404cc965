//! From the log events of one batch to findings and a summary.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use flow_log::{Field, FlowRecord, Formats, Line, LineError, LogEvent, LogFormat};
use foldhash::fast::RandomState;

use crate::{
    address::Networks,
    detection::{
        accepted::AcceptedFlow,
        batch::{Detection, LogSource, LoggedRecord, Tally, Untracked, UntrackedKey},
        describe::field,
        direction::{Basis, Direction},
        flow::Flow,
        flow_key::{FiveTuple, FlowKey},
        health_checks::ROUTE_53_SERVICE,
        judge::{self, Judge},
        kept::KeptTexts,
        limits::{
            FIRST_FLOWS, MAX_ACCEPTED_FLOWS, MAX_FLOW_MINUTES, MAX_FLOWS, MAX_LINE_CHARS, MAX_SAMPLE_CHARS,
            MAX_UNPARSED_SAMPLES, MAX_UNTRACKED_TARGETS,
        },
        logger::Loggers,
        origin::{Origin, origin},
        places::{Places, TupleHash},
        rejected::{RejectedFlow, record_seconds, start_minute},
        rule::{Rule, Rules},
        server::has_ports,
        totals::Totals,
    },
    metrics::Minutes,
    text::one_line,
};

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
    /// Of TCP and UDP one for each connection; what only the whole batch shows is missing until its end.
    flows: Vec<RejectedFlow>,
    flow_places: Places,
    /// How many flows there are of each [`class`], once there are [`MAX_FLOWS`] of them.
    tracked: Option<[usize; 4]>,
    accepted: Vec<AcceptedFlow>,
    accepted_places: Places,
    /// Accepted records of TCP and UDP. They are read at the end, if there are rejected ones that they may explain.
    accepted_lines: Vec<AcceptedLine<'a>>,
    /// A flow whose direction nothing has told yet, and how many of these records came before it. The addresses of those after it are noted.
    undirected: Option<(FiveTuple, usize)>,
    untracked: BTreeMap<UntrackedKey, Untracked>,
    untracked_minutes: BTreeMap<(Rule, &'static str), Minutes>,
    untracked_accepted: u64,
    texts: KeptTexts,
    /// The values of `reject-reason`, each with its place as its number.
    reasons: Vec<Box<str>>,
    logged: Vec<LoggedRecord>,
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

impl<'a> Detector<'a> {
    /// A detector for one batch, reading the declared formats, with the default rules.
    pub fn new(formats: &'a Formats) -> Self {
        Detector {
            formats,
            rules: Rules::default(),
            own_networks: &NO_NETWORKS,
            tally: Tally::default(),
            loggers: Loggers::default(),
            flows: Vec::new(),
            flow_places: Places::default(),
            tracked: None,
            accepted: Vec::new(),
            accepted_places: Places::default(),
            accepted_lines: Vec::new(),
            undirected: None,
            untracked: BTreeMap::new(),
            untracked_minutes: BTreeMap::new(),
            untracked_accepted: 0,
            texts: KeptTexts::default(),
            reasons: Vec::new(),
            logged: Vec::new(),
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
                self.accepted_lines.push(AcceptedLine { ports: line.ports(), message: event.message.clone() });
                if self.undirected.is_some() {
                    self.loggers.note_addresses(line, self.own_networks);
                }
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

    /// Ends the batch, and judges its flows by all of it.
    pub fn finish(mut self, source: LogSource) -> Detection {
        self.read_accepted_lines();
        let judge = Judge {
            loggers: &self.loggers,
            accepted: &self.accepted,
            accepted_places: &self.accepted_places,
            rules: self.rules,
            own_networks: self.own_networks,
        };
        judge.judge(&mut self.flows);
        judge.join(&mut self.flows);
        let mut detection = Detection {
            source,
            tally: self.tally,
            flows: self.flows,
            loggers: self.loggers,
            accepted: self.accepted,
            texts: self.texts,
            reasons: self.reasons,
            logged: self.logged,
            formats: self.formats.clone(),
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
        let mut key = self.loggers.key(record);
        key.reason = reason.map(|reason| self.number_of(reason));
        let hash = TupleHash::of(&key.tuple);
        let place = match self.flow_places.find(hash, |place| self.flows[place].key == key) {
            Some(place) => place,
            None => {
                let direction = self.loggers.observe(&key, self.own_networks);
                match self.refused(&key, direction) {
                    Some(origin) => return self.untracked(origin, &key, record, event),
                    None => self.add_flow(key, direction, hash, event),
                }
            }
        };
        self.logged.push(LoggedRecord::new(place, event.timestamp, record.packets));
        let flow = &mut self.flows[place];
        flow.add(record, event.timestamp);
        if let Some(line) = flow.lines.iter_mut().find(|line| line.is_none()) {
            *line = self.texts.keep(&event.message);
        }
        if flow.is_from_route_53.is_none() {
            flow.is_from_route_53 = record.pkt_src_aws_service().map(|service| service == ROUTE_53_SERVICE);
        }
    }

    /// Adds a flow without any records, and returns its place.
    fn add_flow(
        &mut self,
        key: FlowKey,
        direction: Option<(Direction, Basis)>,
        hash: TupleHash,
        event: &LogEvent<'_>,
    ) -> usize {
        if self.flows.is_empty() {
            self.logged.reserve(FIRST_FLOWS);
            self.texts.reserve(FIRST_FLOWS * event.message.len().min(MAX_LINE_CHARS));
        }
        self.loggers.note_origin(key.tuple.logger, event);
        self.undirected = self.undirected.filter(|(tuple, _)| self.told_direction(tuple).is_none());
        if self.undirected.is_none() && direction.or_else(|| self.told_direction(&key.tuple)).is_none() {
            self.undirected = Some((key.tuple, self.accepted_lines.len()));
        }
        let place = self.flows.len();
        if place == self.flows.capacity() {
            // Growing less often than twofold: each time every flow moves.
            self.flows.reserve(FIRST_FLOWS.max(3 * place));
        }
        self.flows.push(RejectedFlow::new(key, direction));
        self.flow_places.insert(hash, place);
        place
    }

    /// The number of a `reject-reason`. AWS has few of them.
    fn number_of(&mut self, reason: &str) -> u16 {
        let known = |reasons: &[Box<str>], reason: &str| reasons.iter().position(|known| **known == *reason);
        let place = known(&self.reasons, reason).unwrap_or_else(|| {
            let reason = field(reason);
            known(&self.reasons, &reason).unwrap_or_else(|| {
                self.reasons.push(reason);
                self.reasons.len() - 1
            })
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Makes room for another flow: none where there is, otherwise the flow's origin. As long as there are few flows of all classes, nobody has
    /// to know them.
    fn refused(&mut self, key: &FlowKey, direction: Option<(Direction, Basis)>) -> Option<Origin> {
        if self.flows.len() < MAX_FLOWS {
            return None;
        }
        let mut tracked = self.tracked.unwrap_or_else(|| {
            let mut tracked = [0; 4];
            for RejectedFlow { key, direction, .. } in &self.flows {
                tracked[class(key, self.probable_origin(key, *direction))] += 1;
            }
            tracked
        });
        let origin = self.probable_origin(key, direction);
        let number = &mut tracked[class(key, origin)];
        let is_full = *number >= MAX_FLOWS;
        *number += usize::from(!is_full);
        self.tracked = Some(tracked);
        is_full.then_some(origin)
    }

    /// The origin of a flow, as far as the records before it tell.
    fn probable_origin(&self, FlowKey { tuple, .. }: &FlowKey, direction: Option<(Direction, Basis)>) -> Origin {
        let direction = direction.or_else(|| self.told_direction(tuple));
        let answers = judge::find(&self.accepted_places, &self.accepted, &tuple.opposite()).is_some();
        origin(direction.map(|(way, _)| way), tuple, answers, self.own_networks).0
    }

    /// Counts a matched record of a flow past the limit.
    fn untracked(&mut self, origin: Origin, key: &FlowKey, record: &FlowRecord<'_>, event: &LogEvent<'_>) {
        let rule = if key.tuple.ports.is_some() { Rule::Request } else { Rule::Ping };
        self.untracked_minutes.entry((rule, origin.word())).or_default().add(
            event.timestamp,
            record.protocol,
            record.packets,
        );
        let target = Some(key.tuple.receiver()).filter(|_| origin == Origin::Internet);
        let mut key = UntrackedKey { rule, origin, target };
        if self.untracked.len() >= MAX_UNTRACKED_TARGETS && !self.untracked.contains_key(&key) {
            key.target = None;
        }
        let untracked = self.untracked.entry(key).or_default();
        let totals = Totals::of(record);
        untracked.totals.add(&totals);
        untracked.protocols.insert(record.protocol.0);
        let minute = start_minute(record, event.timestamp);
        if untracked.minutes.len() < MAX_FLOW_MINUTES || untracked.minutes.contains_key(&minute) {
            let known = untracked.minutes.entry(minute).or_default();
            *known = known.saturating_add(totals.weight());
        }
        untracked.longest_record_seconds = untracked.longest_record_seconds.max(record_seconds(record));
    }

    /// Remembers accepted ICMP.
    fn accepted(&mut self, record: &FlowRecord<'_>, message: &str) {
        let key = self.loggers.key(record);
        self.loggers.observe(&key, self.own_networks);
        if !self.accept(key.tuple, record, message, MAX_ACCEPTED_FLOWS) {
            self.untracked_accepted += 1;
        }
    }

    /// Remembers an accepted record, unless it is of another flow past a limit.
    fn accept(&mut self, tuple: FiveTuple, record: &FlowRecord<'_>, message: &str, limit: usize) -> bool {
        if let Some(place) = judge::find(&self.accepted_places, &self.accepted, &tuple) {
            self.accepted[place].add(record);
            return true;
        }
        if self.accepted.len() >= limit {
            return false;
        }
        let (totals, tcp_flags, line) = (Totals::of(record), record.tcp_flags, self.texts.keep(message));
        let (hash, place) = (TupleHash::of(&tuple), self.accepted.len());
        self.accepted.push(AcceptedFlow { tuple, totals, tcp_flags, line });
        self.accepted_places.insert(hash, place);
        true
    }

    /// Reads what was accepted over TCP and UDP, where it says something of what was rejected: the same connections either way are evidence,
    /// and all records show the interface's addresses, which flows without a direction need.
    fn read_accepted_lines(&mut self) {
        let lines = std::mem::take(&mut self.accepted_lines);
        let has_direction =
            |flow: &RejectedFlow| flow.direction.or_else(|| self.told_direction(&flow.key.tuple)).is_some();
        if !self.flows.iter().all(has_direction) {
            let before = self.undirected.map_or(lines.len(), |(_, before)| before);
            for AcceptedLine { message, .. } in &lines[..before] {
                if let Ok(Line::Flow(line)) = &self.formats.read(message) {
                    self.loggers.note_addresses(line, self.own_networks);
                }
            }
        }
        // Two ports are read in no time, and few records have those of a rejected one.
        let wanted_ports: HashSet<(u16, u16), RandomState> = match lines.is_empty() {
            true => HashSet::default(),
            false => {
                let ports = self.flows.iter().filter_map(|flow| flow.key.tuple.ports);
                ports.flat_map(|(source, target)| [(source, target), (target, source)]).collect()
            }
        };
        for AcceptedLine { ports, message } in &lines {
            if ports.is_some_and(|ports| wanted_ports.contains(&ports))
                && let Ok(Line::Flow(line)) = &self.formats.read(message)
                && let Ok(record) = &line.to_record()
            {
                let key = self.loggers.key(record);
                self.loggers.observe(&key, self.own_networks);
                if self.is_rejected(&key.tuple) || self.is_rejected(&key.tuple.opposite()) {
                    self.accept(key.tuple, record, message, usize::MAX);
                }
            }
        }
    }

    /// The direction of a flow by the records that were read.
    fn told_direction(&self, tuple: &FiveTuple) -> Option<(Direction, Basis)> {
        self.loggers.get(tuple.logger).told_direction(tuple.srcaddr, tuple.dstaddr)
    }

    /// Tells whether something of a five-tuple was rejected.
    fn is_rejected(&self, tuple: &FiveTuple) -> bool {
        self.flow_places.find(TupleHash::of(tuple), |place| self.flows[place].key.tuple == *tuple).is_some()
    }

    fn unparsed(&mut self, reason: LineError, message: &str) {
        self.tally.unparsed += 1;
        *self.tally.unparsed_reasons.entry(reason.label()).or_default() += 1;
        if self.tally.unparsed_samples.len() < MAX_UNPARSED_SAMPLES {
            self.tally.unparsed_samples.push((reason.to_string(), one_line(message, MAX_SAMPLE_CHARS).into_owned()));
        }
    }
}

/// Flows of different classes do not take each other's room: ICMP and others, from the internet and from elsewhere.
fn class(key: &FlowKey, origin: Origin) -> usize {
    usize::from(key.tuple.ports.is_some()) * 2 + usize::from(origin == Origin::Internet)
}
