//! What detection returns for one document of CloudWatch Logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::IpAddr,
};

use flow_log::{BatchMetadata, LogFormat};

use crate::{
    detection::{
        finding::Finding,
        limits::{MAX_FIELD_CHARS, MAX_KEY_BYTES},
        origin::Origin,
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

/// Where a batch came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSource {
    /// The account that owns the log group.
    pub owner: String,
    /// The log group.
    pub log_group: String,
    /// The log stream: one for each interface.
    pub log_stream: String,
}

impl LogSource {
    /// The source that a batch's metadata names.
    pub fn of(metadata: &BatchMetadata<'_>) -> Self {
        // A log group's name and a log stream's have at most 512 characters:
        // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
        const MAX_NAME_CHARS: usize = 512;
        LogSource {
            owner: one_line(&metadata.owner, MAX_FIELD_CHARS).into_owned(),
            log_group: one_line(&metadata.log_group, MAX_NAME_CHARS).into_owned(),
            log_stream: one_line(&metadata.log_stream, MAX_NAME_CHARS).into_owned(),
        }
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
    /// The findings, those with most packets first.
    pub findings: Vec<Finding>,
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
    /// Matched records by their rule, [`Origin::word`] and the minute of their log event: what the metrics are made from. `rule` gives the
    /// rule that a finding counts as, none where it is not counted.
    pub fn minutes(&self, rule: impl Fn(&Finding) -> Option<Rule>) -> BTreeMap<(Rule, &'static str), Minutes> {
        let mut minutes = self.untracked_minutes.clone();
        for finding in &self.findings {
            if let Some(rule) = rule(finding) {
                minutes.entry((rule, finding.origin.word())).or_default().merge(&finding.logged_minutes);
            }
        }
        minutes
    }

    /// All matched records together.
    pub fn totals(&self) -> Totals {
        let untracked = self.untracked.values().map(|untracked| &untracked.totals);
        self.findings.iter().map(|finding| &finding.totals).chain(untracked).fold(
            Totals::default(),
            |mut sum, totals| {
                sum.add(totals);
                sum
            },
        )
    }
}

/// The key of the batches in one event: the same whenever they are delivered again, and no other's. At most
/// [`MAX_KEY_BYTES`] long.
pub fn batch_key(detections: &[Detection]) -> String {
    let mut key = String::new();
    for detection in detections {
        let LogSource { log_group, log_stream, .. } = &detection.source;
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
