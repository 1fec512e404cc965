//! Signal and background: which findings are an incident, and which are what the internet sends to every public address.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

use crate::{
    address::{Networks, Scope},
    detection::{Detection, Finding, Origin, RejectedFlow, Rule, Rules, Treatment, UntrackedKey},
};

/// Why findings are an incident. Findings of different signals never share one, so that none hides another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// A request of ours was stopped, or the answer to it.
    OwnRequest,
    /// Our answer to an accepted request was stopped.
    OwnAnswer,
    /// A packet from a private network was stopped.
    Private,
    /// From the internet: from a source that must get through.
    MustReach,
    /// From the internet: a health check of Route 53.
    HealthCheck,
    /// From the internet: so many packets a minute for one target that it is a flood.
    Flood,
    /// From the internet: one source that keeps pinging one target.
    PersistentPing,
    /// From the internet: anything else, where that is an incident by configuration.
    Internet,
}

impl Signal {
    /// All of them, ours first.
    pub const ALL: [Signal; 8] = [
        Signal::OwnRequest,
        Signal::OwnAnswer,
        Signal::Private,
        Signal::MustReach,
        Signal::HealthCheck,
        Signal::Flood,
        Signal::PersistentPing,
        Signal::Internet,
    ];

    /// Where the packets came from.
    pub fn origin(self) -> Origin {
        match self {
            Signal::OwnRequest => Origin::OwnRequest,
            Signal::OwnAnswer => Origin::OwnAnswer,
            Signal::Private => Origin::Private,
            Signal::MustReach | Signal::HealthCheck | Signal::Flood | Signal::PersistentPing | Signal::Internet => {
                Origin::Internet
            }
        }
    }

    /// Tells whether the packets came from the internet.
    pub fn is_internet(self) -> bool {
        self.origin() == Origin::Internet
    }

    /// Tells whether there are addresses that its emails must name.
    pub(crate) fn names_addresses(self) -> bool {
        !matches!(self, Signal::Flood | Signal::PersistentPing | Signal::Internet)
    }

    /// Tells whether emails name the sender and the receiver of a finding, however light: who is ours, and whom we chose to reach.
    pub(crate) fn names(self, rule: Rule, finding: &Finding) -> (bool, bool) {
        match self {
            // What a scan looks for is no news.
            Signal::OwnRequest | Signal::Private if rule == Rule::Scan => (true, false),
            Signal::OwnRequest | Signal::Private => (true, true),
            // Those who are answered chose us.
            Signal::OwnAnswer => (true, Scope::of(finding.flow.receiver()).is_internal()),
            Signal::MustReach => (true, false),
            Signal::HealthCheck => (false, true),
            Signal::Flood | Signal::PersistentPing | Signal::Internet => (false, false),
        }
    }

    /// The signal as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            Signal::OwnRequest => "own-request",
            Signal::OwnAnswer => "own-answer",
            Signal::Private => "private",
            Signal::MustReach => "must-reach",
            Signal::HealthCheck => "health-check",
            Signal::Flood => "flood",
            Signal::PersistentPing => "persistent-ping",
            Signal::Internet => "internet",
        }
    }
}

/// What becomes of findings from the internet that are nothing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InternetPings {
    /// Counted, for a daily report.
    #[default]
    Digest,
    /// An incident, as findings of ours are.
    Alert,
    /// Counted.
    Count,
}

/// What makes findings an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalPolicy {
    /// The rules in force, with what becomes of what they match.
    pub rules: Rules,
    /// What becomes of those that are nothing more.
    pub internet_pings: InternetPings,
    /// Packets a minute for one target from which on they are a flood; 0: never.
    pub flood_packets_per_minute: u64,
    /// Packets from one source to one target in a batch from which on it is a persistent ping; 0: never. Scanners send one to four, a
    /// person or a monitor that gets no answer sends one a second.
    pub persistent_packets: u64,
    /// Sources whose pings must get through.
    pub must_reach: Networks,
}

impl Default for SignalPolicy {
    fn default() -> Self {
        SignalPolicy {
            rules: Rules::default(),
            internet_pings: InternetPings::default(),
            flood_packets_per_minute: 600,
            persistent_packets: 30,
            must_reach: Networks::none(),
        }
    }
}

/// The signals in one batch.
pub(crate) struct Signals<'p> {
    policy: &'p SignalPolicy,
    /// Targets of floods.
    floods: BTreeSet<IpAddr>,
    /// Packets from the internet by source and target.
    pairs: HashMap<(IpAddr, IpAddr), u64>,
}

impl<'p> Signals<'p> {
    /// Reads a batch. Records with a long aggregation interval count with their average rate.
    pub(crate) fn in_batch(detection: &Detection, policy: &'p SignalPolicy) -> Signals<'p> {
        let mut rates: BTreeMap<(IpAddr, u64), u64> = BTreeMap::new();
        let mut add = |target: IpAddr, (minute, packets): (u64, u64), record_seconds: u64| {
            let rate = rates.entry((target, minute)).or_default();
            *rate = rate.saturating_add(packets.saturating_mul(60) / record_seconds.max(60));
        };
        let mut pairs: HashMap<(IpAddr, IpAddr), u64> = HashMap::new();
        let is_ping = |flow: &&RejectedFlow| flow.rule == Rule::Ping && flow.origin == Origin::Internet;
        for flow in detection.flows().filter(is_ping) {
            let (sender, receiver) = (flow.sender(), flow.receiver());
            flow.minutes.iter().for_each(|minute| add(receiver, minute, flow.longest_record_seconds));
            let packets = pairs.entry((sender, receiver)).or_default();
            *packets = packets.saturating_add(flow.totals.weight());
        }
        for (key, untracked) in &detection.untracked {
            if let Some(target) = key.target.filter(|_| key.rule == Rule::Ping) {
                let minutes = untracked.minutes.iter().map(|(minute, packets)| (*minute, *packets));
                minutes.for_each(|minute| add(target, minute, untracked.longest_record_seconds));
            }
        }
        let reached = |rate: u64| policy.flood_packets_per_minute > 0 && rate >= policy.flood_packets_per_minute;
        let floods = rates.into_iter().filter(|(_, rate)| reached(*rate)).map(|((target, _), _)| target).collect();
        Signals { policy, floods, pairs }
    }

    /// The signal of a flow; none for background.
    pub(crate) fn of_flow(&self, flow: &RejectedFlow) -> Option<Signal> {
        let (sender, receiver) = (flow.sender(), flow.receiver());
        if flow.rule == Rule::Ping {
            return self.of_ping(flow.origin, Some(sender), Some(receiver));
        }
        let reaches_nobody = Scope::of(receiver) == Scope::Multicast;
        self.of_connection(flow.rule, flow.origin, Some(sender)).filter(|_| !reaches_nobody)
    }

    /// Tells whether a flow has so much of its signal that it is an incident. One that has not is counted.
    pub(crate) fn is_enough(&self, flow: &RejectedFlow) -> bool {
        flow.totals.weight() >= flow.rule.table().min_packets
    }

    /// The signal of untracked records, whose senders are not known; none for background.
    pub(crate) fn of_untracked(&self, key: &UntrackedKey) -> Option<Signal> {
        match key.rule {
            Rule::Ping => self.of_ping(key.origin, None, key.target),
            rule => self.of_connection(rule, key.origin, None),
        }
    }

    /// The signal of what a rule about TCP and UDP matched.
    fn of_connection(&self, rule: Rule, origin: Origin, sender: Option<IpAddr>) -> Option<Signal> {
        let signal = match origin {
            Origin::OwnRequest => Signal::OwnRequest,
            Origin::OwnAnswer => Signal::OwnAnswer,
            Origin::Private => Signal::Private,
            Origin::Internet if rule == Rule::Helper => Signal::HealthCheck,
            Origin::Internet if sender.is_some_and(|sender| self.policy.must_reach.contains(sender)) => {
                Signal::MustReach
            }
            Origin::Internet => return None,
        };
        (self.policy.rules.treatment(rule) == Treatment::Alert).then_some(signal)
    }

    fn of_ping(&self, origin: Origin, sender: Option<IpAddr>, receiver: Option<IpAddr>) -> Option<Signal> {
        if self.policy.rules.treatment(Rule::Ping) != Treatment::Alert {
            return None;
        }
        match origin {
            Origin::OwnRequest => Some(Signal::OwnRequest),
            Origin::OwnAnswer => Some(Signal::OwnAnswer),
            Origin::Private => Some(Signal::Private),
            Origin::Internet if sender.is_some_and(|sender| self.policy.must_reach.contains(sender)) => {
                Some(Signal::MustReach)
            }
            Origin::Internet if receiver.is_some_and(|receiver| self.floods.contains(&receiver)) => Some(Signal::Flood),
            Origin::Internet if self.is_persistent(sender, receiver) => Some(Signal::PersistentPing),
            Origin::Internet => (self.policy.internet_pings == InternetPings::Alert).then_some(Signal::Internet),
        }
    }

    fn is_persistent(&self, sender: Option<IpAddr>, receiver: Option<IpAddr>) -> bool {
        let packets = sender.zip(receiver).and_then(|pair| self.pairs.get(&pair)).copied().unwrap_or_default();
        self.policy.persistent_packets > 0 && packets >= self.policy.persistent_packets
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use flow_log::{Formats, LogEvent};

    use super::*;
    use crate::detection::{Detector, LogSource, MAX_FLOWS};

    fn detection<'l>(lines: impl IntoIterator<Item = &'l str>) -> Detection {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        for line in lines {
            detector.observe(&LogEvent::new("1", 0, line));
        }
        detector.finish(LogSource::default())
    }

    /// A record: source, target, packets, start and end in seconds.
    fn record(source: &str, target: &str, packets: u64, start: u64, end: u64) -> String {
        format!("2 1 eni-1 {source} {target} 0 0 1 {packets} 84 {start} {end} REJECT OK")
    }

    fn signals(records: &[String], policy: &SignalPolicy) -> Vec<(String, Option<Signal>)> {
        let detection = detection(records.iter().map(String::as_str));
        let signals = Signals::in_batch(&detection, policy);
        let mut found: Vec<_> =
            detection.flows().map(|flow| (flow.sender().to_string(), signals.of_flow(flow))).collect();
        found.sort();
        found
    }

    fn signal(records: &[String], policy: &SignalPolicy) -> Option<Signal> {
        signals(records, policy)[0].1
    }

    const HOST: &str = "10.0.0.5";

    #[test]
    fn what_is_ours_is_a_signal_whatever_the_policy() {
        let quiet = SignalPolicy {
            internet_pings: InternetPings::Count,
            flood_packets_per_minute: 0,
            persistent_packets: 0,
            ..SignalPolicy::default()
        };
        assert_eq!(signal(&[record(HOST, "8.8.8.8", 1, 60, 119)], &quiet), Some(Signal::OwnRequest));
        assert_eq!(signal(&[record("10.0.9.9", HOST, 1, 60, 119)], &quiet), Some(Signal::Private));
        assert_eq!(signal(&[record("8.8.8.8", HOST, 9_999, 60, 119)], &quiet), None);
    }

    #[test]
    fn a_scanner_is_background_unless_it_is_to_be_alerted() {
        for (internet_pings, expect) in [
            (InternetPings::Digest, None),
            (InternetPings::Count, None),
            (InternetPings::Alert, Some(Signal::Internet)),
        ] {
            let policy = SignalPolicy { internet_pings, ..SignalPolicy::default() };
            assert_eq!(signal(&[record("8.8.8.8", HOST, 4, 60, 119)], &policy), expect);
        }
    }

    #[test]
    fn thirty_packets_of_one_source_to_one_target_are_a_persistent_ping() {
        let policy = SignalPolicy::default();
        assert_eq!(signal(&[record("8.8.8.8", HOST, 29, 60, 119)], &policy), None);
        assert_eq!(signal(&[record("8.8.8.8", HOST, 30, 60, 119)], &policy), Some(Signal::PersistentPing));
        let in_two = [record("8.8.8.8", HOST, 15, 60, 119), record("8.8.8.8", HOST, 15, 120, 179)];
        assert_eq!(signal(&in_two, &policy), Some(Signal::PersistentPing));
        // Two sources, or two targets, are none.
        let two = [record("8.8.8.8", HOST, 29, 60, 119), record("8.8.4.4", HOST, 29, 60, 119)];
        assert_eq!(signals(&two, &policy).iter().filter(|(_, signal)| signal.is_some()).count(), 0);
        let two = [record("8.8.8.8", HOST, 29, 60, 119), record("8.8.8.8", "10.0.0.6", 29, 60, 119)];
        assert_eq!(signals(&two, &policy).iter().filter(|(_, signal)| signal.is_some()).count(), 0);
        let off = SignalPolicy { persistent_packets: 0, ..policy };
        assert_eq!(signal(&[record("8.8.8.8", HOST, 500, 60, 119)], &off), None);
    }

    #[test]
    fn six_hundred_packets_a_minute_for_one_target_are_a_flood() {
        let policy = SignalPolicy::default();
        let from = |sources: usize, packets: u64, seconds: u64| -> Vec<String> {
            (0..sources)
                .map(|n| record(&format!("8.8.{}.{}", n / 250, n % 250), HOST, packets, 60, 60 + seconds))
                .collect()
        };
        let all = |records: &[String], expect| {
            let found = signals(records, &policy);
            assert!(found.iter().all(|(_, signal)| *signal == expect), "{expect:?}: {found:?}");
        };
        all(&from(300, 2, 59), Some(Signal::Flood));
        all(&from(299, 2, 59), None);
        // The same packets within ten minutes.
        all(&from(300, 2, 599), None);
        all(&from(300, 20, 599), Some(Signal::Flood));
        // One source: a flood, and a persistent ping below that.
        all(&from(1, 600, 59), Some(Signal::Flood));
        all(&from(1, 599, 59), Some(Signal::PersistentPing));
        // Another minute, another target.
        let mut apart = from(150, 2, 59);
        apart.extend((0..150).map(|n| record(&format!("9.9.9.{n}"), HOST, 2, 120, 179)));
        all(&apart, None);
        let mut apart = from(150, 2, 59);
        apart.extend((0..150).map(|n| record(&format!("9.9.9.{n}"), "10.0.0.6", 2, 60, 119)));
        all(&apart, None);
        let off = SignalPolicy { flood_packets_per_minute: 0, persistent_packets: 0, ..policy.clone() };
        assert_eq!(signal(&[record("8.8.8.8", HOST, 9_999, 60, 119)], &off), None);
    }

    #[test]
    fn a_flood_of_more_sources_than_a_batch_tells_apart_is_one() {
        let flood: Vec<String> = (0..MAX_FLOWS + 50)
            .map(|n| {
                // The tracked ones are spread over many minutes.
                let start = if n < MAX_FLOWS { 60 * (n as u64 % 50) } else { 6_000 };
                record(&format!("8.{}.{}.1", n / 250, n % 250), HOST, 12, start, start + 59)
            })
            .collect();
        let detection = detection(flood.iter().map(String::as_str));
        let policy = SignalPolicy { flood_packets_per_minute: 600, ..SignalPolicy::default() };
        let signals = Signals::in_batch(&detection, &policy);
        let target = Some(HOST.parse().unwrap());
        assert_eq!(
            signals.of_untracked(&UntrackedKey { rule: Rule::Ping, origin: Origin::Internet, target }),
            Some(Signal::Flood)
        );
        let mut described = String::new();
        for (key, untracked) in &detection.untracked {
            let _ = write!(described, "{key:?} {}", untracked.totals.records);
        }
        assert_eq!(detection.untracked.len(), 1, "{described}");
    }

    #[test]
    fn a_source_that_must_get_through_is_a_signal_of_its_own() {
        let must_reach = Networks::parse("8.8.8.0/24").unwrap();
        let policy = SignalPolicy { must_reach, ..SignalPolicy::default() };
        let records = [record("8.8.8.8", HOST, 1, 60, 119), record("9.9.9.9", HOST, 700, 60, 119)];
        assert_eq!(
            signals(&records, &policy),
            [("8.8.8.8".to_owned(), Some(Signal::MustReach)), ("9.9.9.9".to_owned(), Some(Signal::Flood))]
        );
    }
}
