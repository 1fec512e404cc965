//! What detection returns for one document of CloudWatch Logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::IpAddr,
    sync::OnceLock,
};

use flow_log::{BatchMetadata, Formats, LogFormat, Protocol, SystemFields};

use crate::{
    detection::{
        accepted::AcceptedFlow,
        finding::Finding,
        kept::KeptTexts,
        limits::{MAX_FIELD_CHARS, MAX_KEY_BYTES},
        logger::Loggers,
        origin::Origin,
        places::Place,
        rejected::RejectedFlow,
        rule::Rule,
        totals::{Totals, add_minutes},
    },
    hash::hash,
    metrics::Minutes,
    text::{cut_bytes, one_line},
};

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

/// The log stream whose records test the deployment. They are written by a person, and no interface has a stream of this name.
pub const TEST_LOG_STREAM: &str = "vpc-flow-alerts-test";

/// Where the records of a batch were logged, and where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSource {
    /// The account that they were logged in.
    pub account: String,
    /// The region that they were logged in.
    pub region: String,
    /// The log group that they were logged in.
    pub log_group: String,
    /// The log group that has them, where it is another one: a copy
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs_Centralization.html>).
    pub copy: Option<String>,
    /// The log stream that has them: one for each interface.
    pub log_stream: String,
}

impl LogSource {
    /// What log events say of their origin with their system fields, and for the rest the metadata of their document. No document names a
    /// region: then it is that of whoever reads it.
    pub fn of(metadata: &BatchMetadata<'_>, origin: &SystemFields<'_>, region: &str) -> Self {
        // A log group's name and a log stream's have at most 512 characters:
        // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
        const MAX_NAME_CHARS: usize = 512;
        let name = |text: &str| one_line(text, MAX_NAME_CHARS).into_owned();
        let SystemFields { account, region: origin_region, source_log_group, .. } = origin;
        let log_group = source_log_group.as_ref().unwrap_or(&metadata.log_group);
        LogSource {
            account: one_line(account.as_ref().unwrap_or(&metadata.owner), MAX_FIELD_CHARS).into_owned(),
            region: one_line(origin_region.as_deref().unwrap_or(region), MAX_FIELD_CHARS).into_owned(),
            copy: (*log_group != metadata.log_group).then(|| name(&metadata.log_group)),
            log_group: name(log_group),
            log_stream: name(&metadata.log_stream),
        }
    }

    /// The source of records in the log group that they were logged in, without a log stream.
    pub fn logged_in(account: &str, region: &str, log_group: &str) -> Self {
        let [account, region, log_group] = [account, region, log_group].map(str::to_owned);
        LogSource { account, region, log_group, ..LogSource::default() }
    }

    /// The log group in which a reader finds the records.
    pub fn readable_log_group(&self) -> &str {
        self.copy.as_deref().unwrap_or(&self.log_group)
    }

    /// Tells whether the records are a test of the deployment.
    pub fn is_test(&self) -> bool {
        self.log_stream == TEST_LOG_STREAM
    }
}

/// Matched records of flows past [`crate::detection::MAX_FLOWS`]: counted, without names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untracked {
    /// Their counters.
    pub totals: Totals,
    /// The IANA numbers of their protocols.
    pub protocols: BTreeSet<u8>,
    /// Packets (or records) by the minute since the epoch in which their record starts, at most
    /// [`crate::detection::MAX_FLOW_MINUTES`] of them.
    pub minutes: BTreeMap<u64, u64>,
    /// The longest time from `start` to `end` of one of them, in seconds.
    pub longest_record_seconds: u64,
}

impl Untracked {
    /// Adds others.
    pub fn add(&mut self, other: &Untracked) {
        self.totals.add(&other.totals);
        self.protocols.extend(&other.protocols);
        add_minutes(&mut self.minutes, &other.minutes);
        self.longest_record_seconds = self.longest_record_seconds.max(other.longest_record_seconds);
    }
}

/// What is known of untracked records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UntrackedKey {
    /// The rule: [`Rule::Ping`], or [`Rule::Request`] for TCP and UDP, which are not looked at any closer.
    pub rule: Rule,
    /// Where they came from, as far as the records before them in the batch tell.
    pub origin: Origin,
    /// Their target, where they came from the internet: the first [`crate::detection::MAX_UNTRACKED_TARGETS`] targets.
    pub target: Option<IpAddr>,
}

/// What one batch tells.
#[derive(Clone, Debug, Default)]
pub struct Detection {
    /// Where the batch came from.
    pub source: LogSource,
    /// Everything read, counted.
    pub tally: Tally,
    /// All of them, those too that are joined to others.
    pub(super) flows: Vec<RejectedFlow>,
    pub(super) loggers: Loggers,
    pub(super) accepted: Vec<AcceptedFlow>,
    pub(super) texts: KeptTexts,
    pub(super) reasons: Vec<Box<str>>,
    /// Each matched record of a flow.
    pub(super) logged: Vec<LoggedRecord>,
    pub(super) formats: Formats,
    /// Matched records that no finding has.
    pub untracked: BTreeMap<UntrackedKey, Untracked>,
    /// Accepted ICMP records of flows past [`crate::detection::MAX_ACCEPTED_FLOWS`]: evidence that no finding has.
    pub untracked_accepted: u64,
    /// The minutes of the untracked records, by rule and [`Origin::word`].
    pub(super) untracked_minutes: BTreeMap<(Rule, &'static str), Minutes>,
    /// The ids of the first and the last log event: with their number they tell this batch from any other, however often it is
    /// delivered.
    pub ends: (String, String),
    /// The declared format of the first matched record, for the query that finds the records again.
    pub format: Option<LogFormat>,
}

impl Detection {
    /// The flows, each of which is a finding, in the order in which the batch shows them.
    pub fn flows(&self) -> impl Iterator<Item = &RejectedFlow> {
        let is_first = |(place, flow): &(usize, &RejectedFlow)| flow.joined.first == Some(Place::new(*place));
        self.flows.iter().enumerate().filter(is_first).map(|(_, flow)| flow)
    }

    /// All findings with their texts, those with most packets first.
    pub fn findings(&self) -> Vec<&Finding> {
        let mut flows: Vec<&RejectedFlow> = self.flows().collect();
        flows.sort_by_cached_key(|flow| flow.rank());
        flows.into_iter().map(|flow| self.finding(flow)).collect()
    }

    /// The same batch with another rule of some flows.
    #[must_use]
    pub fn with_rule(&self, rule: Rule, is: impl Fn(&RejectedFlow) -> bool) -> Detection {
        let mut detection = self.clone();
        for flow in detection.flows.iter_mut().filter(|flow| is(flow)) {
            (flow.rule, flow.finding) = (rule, OnceLock::new());
        }
        detection
    }

    /// Matched records by their rule, [`Origin::word`] and the minute of their log event: what the metrics are made from. `rule` gives the
    /// rule that a flow counts as, none where it is not counted.
    pub fn minutes(&self, rule: impl Fn(&RejectedFlow) -> Option<Rule>) -> BTreeMap<(Rule, &'static str), Minutes> {
        let mut by_kind = [const { [const { Minutes::new() }; Origin::ALL.len()] }; Rule::ALL.len()];
        let mut kinds: Vec<Option<(Rule, Origin, Protocol)>> = Vec::with_capacity(self.flows.len());
        for (place, flow) in self.flows.iter().enumerate() {
            // The first one of several is before the others.
            kinds.push(match flow.joined.first.map(Place::index) {
                Some(first) if first < place => kinds[first],
                Some(_) => rule(flow).map(|rule| (rule, flow.origin, flow.key.tuple.protocol)),
                None => None,
            });
        }
        for logged in &self.logged {
            if let Some((rule, origin, protocol)) = kinds[logged.flow.index()] {
                by_kind[rule as usize][origin as usize].add(logged.timestamp, protocol, logged.packets);
            }
        }
        let mut minutes = self.untracked_minutes.clone();
        for (rule, by_origin) in Rule::ALL.into_iter().zip(&by_kind) {
            for (origin, found) in Origin::ALL.into_iter().zip(by_origin).filter(|(_, found)| !found.is_empty()) {
                minutes.entry((rule, origin.word())).or_default().merge(found);
            }
        }
        minutes
    }

    /// The key of the batch: the same whenever it is delivered again, however it is cut from others, and no other's. At most
    /// [`MAX_KEY_BYTES`] long.
    pub fn key(&self) -> String {
        let LogSource { account, region, log_group, log_stream, .. } = &self.source;
        let (first, last) = &self.ends;
        let mut key = format!("{account}|{region}|{log_group}|{log_stream}|{first}|{last}|{}", self.tally.records);
        if key.len() > MAX_KEY_BYTES {
            let hash = hash(key.as_bytes());
            key.truncate(cut_bytes(&key, MAX_KEY_BYTES - 20).len());
            let _ = write!(key, "#{hash:016x}");
        }
        key
    }

    /// All matched records together.
    pub fn totals(&self) -> Totals {
        let untracked = self.untracked.values().map(|untracked| &untracked.totals);
        self.flows().map(|flow| &flow.totals).chain(untracked).fold(Totals::default(), |mut sum, totals| {
            sum.add(totals);
            sum
        })
    }
}

/// A matched record, for the metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoggedRecord {
    /// The place of its flow.
    flow: Place,
    /// That of its log event.
    timestamp: i64,
    packets: Option<u64>,
}

impl LoggedRecord {
    pub(super) fn new(place: usize, timestamp: i64, packets: Option<u64>) -> LoggedRecord {
        LoggedRecord { flow: Place::new(place), timestamp, packets }
    }
}
