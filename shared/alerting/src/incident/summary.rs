//! What is counted of an incident: totals, who and where, and when.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

use crate::{
    detection::{Accepted, Finding, Rule, ServicePort, Totals, Untracked, add_minutes, is_zero},
    incident::{signal::Signal, top::Top},
    time::{EpochMillis, MINUTE_MILLIS, epoch_millis},
};

/// Minutes of a timeline, the latest ones; what came before is in the totals only.
pub const MAX_MINUTES: usize = 90;

/// Log lines that are kept as evidence.
pub const MAX_LINES: usize = 3;

/// Flows that are remembered with all that is known of them, the heaviest: what later emails explain.
pub const MAX_FLOWS: usize = 3;

/// Characters kept of such a line.
const MAX_LINE_CHARS: usize = 300;

/// The counters of an incident, or of a part of it. Two of them merge to one, whatever the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Everything counted.
    pub totals: Totals,
    /// Packets (or records) by source address.
    pub sources: Top<IpAddr>,
    /// The same by target address.
    pub targets: Top<IpAddr>,
    /// The same by the server's port, of TCP and UDP.
    #[serde(default, skip_serializing_if = "Top::is_empty")]
    pub ports: Top<ServicePort>,
    /// The same by what logged them: interfaces, and resources without one.
    pub interfaces: Top<Box<str>>,
    /// The same by account that owns the interface.
    #[serde(default)]
    pub accounts: Top<Box<str>>,
    /// The same by region.
    #[serde(default)]
    pub regions: Top<Box<str>>,
    /// The log group that has the newest records, where it is a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<String>,
    /// The IANA numbers of the protocols.
    #[serde(default)]
    pub protocols: BTreeSet<u8>,
    /// The same by minute since the epoch.
    #[serde(default)]
    pub minutes: BTreeMap<u64, u64>,
    /// The heaviest flows, without their log lines and minutes, by Space-Saving as in [`Top`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<HeavyFlow>,
    /// Whether there are other flows. Then those above may lack what came while they were not among the heaviest.
    #[serde(default)]
    pub flows_left_out: bool,
    /// Accepted records that were evidence for those: what a flow above lacks may be among them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub accepted_left_out: u64,
    /// The newest log lines, the newest first.
    #[serde(default)]
    pub lines: Vec<NewestLine>,
}

/// A log line that is kept while there is none newer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewestLine {
    /// The latest end of its flow's records in its batch; where they have no times, the minute of the latest log event.
    #[serde(with = "epoch_millis")]
    pub at: EpochMillis,
    /// The line.
    pub line: String,
}

/// One of the heaviest flows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeavyFlow {
    /// What is known of it since it is among the heaviest.
    #[serde(flatten)]
    pub finding: Finding,
    /// What it may have had before that: at most so many packets (or records).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub before: u64,
}

impl HeavyFlow {
    /// Its weight, at most.
    fn weight(&self) -> u64 {
        self.finding.totals.weight().saturating_add(self.before)
    }
}

impl Summary {
    /// The counters of some findings of one rule and signal, and of records that belong to none of them.
    pub fn of<'f>(
        findings: impl IntoIterator<Item = &'f Finding>,
        untracked: &Untracked,
        (rule, signal): (Rule, Signal),
    ) -> Summary {
        let mut summary = Summary {
            totals: untracked.totals,
            protocols: untracked.protocols.clone(),
            flows_left_out: untracked.totals.records > 0,
            ..Summary::default()
        };
        if untracked.totals.records > 0 {
            summary.sources.add_unknown();
            summary.targets.add_unknown();
        }
        let mut heaviest: Vec<&Finding> = Vec::new();
        for finding in findings {
            let weight = finding.totals.weight();
            summary.totals.add(&finding.totals);
            let flow = &finding.flow;
            // At home is an interface's own address, not one behind it.
            let home = |own: bool, packet: Option<IpAddr>| flow.logged_by().filter(|_| own && packet.is_none());
            let (sent, received) =
                (home(flow.is_egress(), flow.packet_source), home(flow.is_ingress(), flow.packet_target));
            let (names_sender, names_receiver) = signal.names(rule, finding);
            let count = |top: &mut Top<IpAddr>, address: IpAddr, home: Option<&str>, named: bool| match named {
                true => top.add_named(address, weight, home),
                false => top.add(address, weight, home),
            };
            count(&mut summary.sources, flow.sender(), sent, names_sender);
            count(&mut summary.targets, flow.receiver(), received, names_receiver);
            let note = |top: &mut Top<Box<str>>, value: Option<&str>| match value {
                Some(value) => top.add(value.into(), weight, None),
                None => top.add_unknown(),
            };
            if let Some(service) = finding.service() {
                summary.ports.add(service.port, weight, None);
            }
            note(&mut summary.interfaces, flow.logged_by());
            note(&mut summary.accounts, finding.metadata.account_id.as_deref());
            note(&mut summary.regions, finding.metadata.region.as_deref());
            summary.protocols.insert(flow.protocol.0);
            add_minutes(&mut summary.minutes, &finding.minutes);
            heaviest.push(finding);
            heaviest.sort_by_key(|finding| rank(finding));
            for left_out in heaviest.drain(MAX_FLOWS.min(heaviest.len())..) {
                summary.leave_out(left_out);
            }
            summary.note_line(finding);
        }
        for finding in heaviest {
            summary.add_flow(finding, 0, 0);
        }
        summary.trim();
        summary
    }

    /// The addresses that an email about this names.
    pub fn named(&self) -> BTreeSet<IpAddr> {
        self.sources.named().chain(self.targets.named()).copied().collect()
    }

    /// Keeps the last line of a finding, where it is among the newest.
    fn note_line(&mut self, finding: &Finding) {
        // Where records have no times, their log events have.
        let minute = || finding.minutes.last_key_value().map_or(0, |(minute, _)| minute.saturating_mul(MINUTE_MILLIS));
        let at = finding.totals.last_end.or(finding.totals.first_start).unwrap_or_else(|| EpochMillis(minute()));
        let place = self.lines.partition_point(|kept| kept.at >= at);
        if let Some(line) = finding.lines.last().filter(|_| place < MAX_LINES) {
            self.lines.insert(place, NewestLine { at, line: line.chars().take(MAX_LINE_CHARS).collect() });
            self.lines.truncate(MAX_LINES);
        }
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Summary) {
        self.totals.add(&other.totals);
        if other.copy.is_some() {
            self.copy.clone_from(&other.copy);
        }
        self.sources.merge(&other.sources);
        self.targets.merge(&other.targets);
        self.ports.merge(&other.ports);
        self.interfaces.merge(&other.interfaces);
        self.accounts.merge(&other.accounts);
        self.regions.merge(&other.regions);
        self.protocols.extend(&other.protocols);
        add_minutes(&mut self.minutes, &other.minutes);
        let (floor, missing) = (self.flow_floor(), other.flow_floor());
        for known in &mut self.flows {
            if !other.flows.iter().any(|flow| flow.finding.is_of_same_flow(&known.finding)) {
                known.before = known.before.saturating_add(missing);
            }
        }
        for flow in &other.flows {
            self.add_flow(&flow.finding, flow.before, floor);
        }
        self.flows_left_out |= other.flows_left_out;
        self.accepted_left_out = self.accepted_left_out.saturating_add(other.accepted_left_out);
        self.lines.extend(other.lines.iter().cloned());
        self.trim();
    }

    /// Tells whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.totals.records == 0
    }

    /// The most that a flow can have that is not among the heaviest.
    fn flow_floor(&self) -> u64 {
        let lightest = self.flows.iter().map(HeavyFlow::weight).min();
        if self.flows_left_out { lightest.unwrap_or_default() } else { 0 }
    }

    /// Adds a flow that may have had `before` when it was not among the heaviest of where it comes from, and at most `floor` here.
    fn add_flow(&mut self, finding: &Finding, before: u64, floor: u64) {
        let finding = Finding {
            lines: Vec::new(),
            minutes: BTreeMap::new(),
            opposite: finding.opposite.as_ref().map(brief),
            same: finding.same.as_ref().map(brief),
            ..finding.clone()
        };
        match self.flows.iter_mut().find(|known| known.finding.is_of_same_flow(&finding)) {
            Some(known) => {
                known.before = known.before.saturating_add(before);
                known.finding.add(&finding);
            }
            None => self.flows.push(HeavyFlow { finding, before: before.saturating_add(floor) }),
        }
    }

    fn leave_out(&mut self, finding: &Finding) {
        self.flows_left_out = true;
        for accepted in finding.opposite.iter().chain(&finding.same) {
            self.accepted_left_out = self.accepted_left_out.saturating_add(accepted.totals.records);
        }
    }

    fn trim(&mut self) {
        // Which flows stay goes by what they can have had, and their order by what they have had.
        self.flows
            .sort_by_key(|flow| (Reverse(flow.weight()), flow.finding.flow.sender(), flow.finding.flow.receiver()));
        for left_out in self.flows.split_off(MAX_FLOWS.min(self.flows.len())) {
            self.leave_out(&left_out.finding);
        }
        self.flows.sort_by_key(|flow| rank(&flow.finding));
        while self.minutes.len() > MAX_MINUTES {
            self.minutes.pop_first();
        }
        self.lines.sort_by_key(|kept| Reverse(kept.at));
        self.lines.truncate(MAX_LINES);
    }
}

/// The heaviest first.
fn rank(finding: &Finding) -> (Reverse<u64>, IpAddr, IpAddr) {
    (Reverse(finding.totals.weight()), finding.flow.sender(), finding.flow.receiver())
}

/// Accepted traffic with no more of its record than is kept of others.
fn brief(accepted: &Accepted) -> Accepted {
    Accepted { line: accepted.line.chars().take(MAX_LINE_CHARS).collect::<String>().into(), ..*accepted }
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::*;
    use crate::detection::{Basis, Detector, Direction, LogSource};

    /// The counters of a batch with lines of the form `source target action packets start`.
    fn batch(lines: &[&str]) -> Summary {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        for line in lines {
            let [source, target, action, packets, start] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("five words: {line}")
            };
            let end = start.parse::<u64>().unwrap() + 59;
            let line = format!("2 1 eni-1 {source} {target} 0 0 1 {packets} 84 {start} {end} {action} OK");
            detector.observe(&LogEvent::new("1", 0, line));
        }
        Summary::of(
            detector.finish(LogSource::default()).findings(),
            &Untracked::default(),
            (Rule::Ping, Signal::Flood),
        )
    }

    /// Source, packets, and the packets accepted the opposite and the same way.
    type Counts = (String, Option<u64>, Option<u64>, Option<u64>);

    /// The counts of each flow.
    fn flows(summary: &Summary) -> Vec<Counts> {
        let packets = |accepted: &Option<Accepted>| accepted.as_ref().and_then(|accepted| accepted.totals.packets);
        let of = |flow: &Finding| {
            (flow.flow.srcaddr.to_string(), flow.totals.packets, packets(&flow.opposite), packets(&flow.same))
        };
        summary.flows.iter().map(|flow| of(&flow.finding)).collect()
    }

    const REJECTED: &str = "10.0.0.1 8.8.8.8 REJECT 4";

    #[test]
    fn what_was_accepted_is_counted_with_the_newest_record_whatever_the_order() {
        let of = |start: u64, packets: u64| {
            batch(&[
                &format!("{REJECTED} {start}"),
                &format!("8.8.8.8 10.0.0.1 ACCEPT {packets} {start}"),
                &format!("10.0.0.1 8.8.8.8 ACCEPT {} {start}", packets + 1),
            ])
        };
        let (older, newer, bare) = (of(1_000, 5), of(1_600, 7), batch(&[&format!("{REJECTED} 1900")]));
        for order in [[&older, &newer, &bare], [&bare, &newer, &older], [&newer, &bare, &older]] {
            let mut merged = Summary::default();
            order.into_iter().for_each(|summary| merged.merge(summary));
            assert_eq!(flows(&merged), [("10.0.0.1".to_owned(), Some(12), Some(12), Some(14))]);
            let accepted =
                [merged.flows[0].finding.opposite.as_ref(), merged.flows[0].finding.same.as_ref()].map(Option::unwrap);
            for accepted in accepted {
                assert!(accepted.line.contains(" 1600 1659 ACCEPT"), "{}", accepted.line);
                let seconds = |at: Option<EpochMillis>| at.map(|at| at.0 / 1_000);
                let totals = accepted.totals;
                assert_eq!((seconds(totals.first_start), seconds(totals.last_end)), (Some(1_000), Some(1_659)));
            }
        }
    }

    #[test]
    fn a_heavy_flow_is_seen_behind_early_ones() {
        let line = |n: usize, packets: u64| format!("10.0.0.{n} 8.8.8.8 REJECT {packets} 1000");
        let early: Vec<String> = (0..5).map(|n| line(n, 10)).collect();
        let mut merged = batch(&early.iter().map(String::as_str).collect::<Vec<_>>());
        for _ in 0..100 {
            merged.merge(&batch(&[&line(200, 5), &line(100, 1)]));
        }
        let (first, before) = (&merged.flows[0].finding, merged.flows[0].before);
        assert_eq!(first.flow.srcaddr.to_string(), "10.0.0.200");
        let counted = first.totals.packets.unwrap();
        assert!(counted <= 500 && counted + before >= 500, "{counted} and at most {before} before");
        assert!(counted >= 490, "{counted}");
        assert_eq!(merged.totals.packets, Some(50 + 600));
    }

    #[test]
    fn the_flows_that_stay_are_those_with_more_than_a_share_of_all() {
        let line = |n: u64, packets: u64| format!("10.0.0.{n} 8.8.8.8 REJECT {packets} 1000");
        for seed in 1..50_u64 {
            let mut state = seed;
            let mut next = |bound: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % bound
            };
            let (mut merged, mut truth) = (Summary::default(), BTreeMap::new());
            for _ in 0..60 {
                let (flow, packets) = (next(4) * next(4), 1 + next(5));
                *truth.entry(flow).or_default() += packets;
                merged.merge(&batch(&[&line(flow, packets)]));
            }
            let total: u64 = truth.values().sum();
            for (flow, packets) in truth {
                let found =
                    merged.flows.iter().find(|one| one.finding.flow.srcaddr.to_string() == format!("10.0.0.{flow}"));
                let counted = found.map(|one| one.finding.totals.weight());
                assert!(counted.is_none_or(|counted| counted <= packets), "seed {seed}: {flow}");
                assert!(found.is_none_or(|one| one.weight() >= packets), "seed {seed}: {flow}");
                assert!(packets * MAX_FLOWS as u64 <= total || counted.is_some(), "seed {seed}: {flow} is not there");
            }
        }
    }

    #[test]
    fn evidence_that_was_left_out_is_counted_by_flow() {
        let left_out = |number| {
            let mut summary = batch(&[&format!("{REJECTED} 1000")]);
            summary.flows[0].finding.untracked_accepted = number;
            summary
        };
        let mut total = left_out(3);
        total.merge(&left_out(4));
        assert_eq!(total.flows[0].finding.untracked_accepted, 7);
    }

    #[test]
    fn that_there_are_other_flows_is_never_forgotten() {
        let few = batch(&["10.0.0.1 8.8.8.8 REJECT 4 1000", "10.0.0.2 8.8.8.8 REJECT 3 1000"]);
        let more = batch(&["10.0.0.2 8.8.8.8 REJECT 2 1600", "10.0.0.3 8.8.8.8 REJECT 1 1600"]);
        let mut merged = few.clone();
        merged.merge(&more);
        assert!(!merged.flows_left_out, "three are remembered, with everything that came of each");
        assert_eq!(flows(&merged).iter().map(|flow| flow.1).collect::<Vec<_>>(), [Some(5), Some(4), Some(1)]);
        merged.merge(&batch(&["10.0.0.4 8.8.8.8 REJECT 9 1600"]));
        assert!(merged.flows_left_out);
        merged.merge(&few);
        assert!(merged.flows_left_out);
        let totals = Totals { records: 1, ..Totals::default() };
        let others = Summary::of(
            [],
            &Untracked { totals, protocols: [58].into(), ..Untracked::default() },
            (Rule::Ping, Signal::Flood),
        );
        assert!(
            others.flows_left_out && others.totals == totals,
            "records without a flow are counted as those of others"
        );
        assert_eq!(others.protocols, [58].into());
    }

    #[test]
    fn one_flow_stays_one_whatever_batch_shows_its_direction() {
        // Only the second batch shows whose 10.0.0.1 is.
        let mut merged = batch(&["10.0.0.1 10.0.0.9 REJECT 4 1000"]);
        merged.merge(&batch(&["10.0.0.1 10.0.0.9 REJECT 3 1600", "8.8.8.8 10.0.0.1 ACCEPT 1 1600"]));
        merged.merge(&batch(&["10.0.0.1 10.0.0.9 REJECT 2 2200"]));
        assert_eq!(merged.flows.len(), 1);
        assert_eq!(merged.flows[0].finding.totals.packets, Some(9));
        assert!(merged.flows[0].finding.flow.is_egress());
    }

    #[test]
    fn of_two_directions_the_surer_one_stays() {
        let known = |basis| {
            let mut summary = batch(&[&format!("{REJECTED} 1000")]);
            summary.flows[0].finding.flow.direction = Some((Direction::Egress, basis));
            summary
        };
        for order in [[Basis::Field, Basis::InternalSide], [Basis::InternalSide, Basis::Field], [Basis::Field; 2]] {
            let mut merged = known(order[0]);
            merged.merge(&known(order[1]));
            assert_eq!(merged.flows[0].finding.flow.direction, Some((Direction::Egress, Basis::Field)), "{order:?}");
        }
    }

    #[test]
    fn of_accepted_records_no_more_is_kept_than_of_others() {
        let mut long =
            batch(&[&format!("{REJECTED} 1000"), "8.8.8.8 10.0.0.1 ACCEPT 5 1000", "10.0.0.1 8.8.8.8 ACCEPT 5 1000"]);
        let flow = &mut long.flows[0];
        for accepted in [&mut flow.finding.opposite, &mut flow.finding.same] {
            accepted.as_mut().unwrap().line = "x".repeat(MAX_LINE_CHARS + 1).into();
        }
        let mut merged = Summary::default();
        merged.merge(&long);
        let lengths = [&merged.flows[0].finding.opposite, &merged.flows[0].finding.same]
            .map(|one| one.as_ref().unwrap().line.len());
        assert_eq!(lengths, [MAX_LINE_CHARS; 2]);
    }

    #[test]
    fn the_newest_lines_are_kept_whatever_the_order() {
        let of = |number: u64| batch(&[&format!("10.0.0.{number} 8.8.8.8 REJECT 4 {}", 1_000 + 60 * number)]);
        let kept = |order: &mut dyn Iterator<Item = u64>| {
            let mut merged = Summary::default();
            order.for_each(|number| merged.merge(&of(number)));
            merged.lines.iter().map(|kept| kept.at.0 / 1_000).collect::<Vec<_>>()
        };
        let newest = [9, 8, 7].map(|number| 1_059 + 60 * number);
        assert_eq!(kept(&mut (0..10)), newest);
        assert_eq!(kept(&mut (0..10).rev()), newest);
        // Of one batch too, whose heaviest flow is not the newest.
        let one = batch(&["10.0.0.1 8.8.8.8 REJECT 400 1000", "10.0.0.2 8.8.8.8 REJECT 1 1060"]);
        assert!(one.lines[0].line.contains("10.0.0.2"), "{:?}", one.lines);
    }

    #[test]
    fn the_latest_ninety_minutes_are_told_apart() {
        let minutes = |range: std::ops::Range<u64>| Summary {
            minutes: range.map(|minute| (minute, 1)).collect(),
            ..Summary::default()
        };
        let mut merged = minutes(0..50);
        merged.merge(&minutes(50..90));
        assert_eq!(merged.minutes.len(), MAX_MINUTES);
        merged.merge(&minutes(90..91));
        assert_eq!((merged.minutes.len(), merged.minutes.first_key_value()), (MAX_MINUTES, Some((&1, &1))));
    }

    #[test]
    fn a_flow_that_an_older_version_stored_has_no_such_evidence() {
        let stored = serde_json::to_string(&batch(&[&format!("{REJECTED} 1000")]).flows[0]).unwrap();
        assert!(
            !stored.contains("same") && !stored.contains("untracked_accepted"),
            "what is empty is not stored: {stored}"
        );
        let read: Finding = serde_json::from_str(&stored).unwrap();
        assert_eq!((read.same, read.untracked_accepted), (None, 0));
    }
}
