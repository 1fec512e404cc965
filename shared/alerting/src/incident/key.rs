//! What belongs to one incident.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

use crate::{
    detection::{
        Detection, Finding, Grouping, LogSource, Origin, RejectedFlow, Rule, Service, Untracked, UntrackedKey,
    },
    incident::signal::{Signal, SignalPolicy, Signals},
};

/// Incidents with a part of their own that one batch may open or add to; findings beyond them share one for each signal.
const MAX_PARTS_PER_BATCH: usize = 7;

/// Incidents that share what has no part of its own: one for each rule and each signal that it can have. Pings have all signals but that of
/// health checks; of connections there are requests (own, private, must reach), answers (own, private), health checks (own, private, from the
/// internet) and scans (own, private).
const MAX_WHOLES_PER_BATCH: usize = (Signal::ALL.len() - 1) + 3 + 2 + 3 + 2;

/// Senders whose requests are held against what was rejected of them before, those with most services. A batch is what one interface
/// logged, so that it seldom has more.
pub const MAX_SENDERS_PER_BATCH: usize = 4;

/// Incidents that one batch may open or add to.
pub const MAX_KEYS_PER_BATCH: usize = MAX_PARTS_PER_BATCH + MAX_WHOLES_PER_BATCH + MAX_SENDERS_PER_BATCH;

/// What one incident covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// All findings of a rule and a signal in a log group.
    #[default]
    LogGroup,
    /// Those of one network interface.
    Interface,
    /// Those from one source address.
    Source,
    /// Those to one target address.
    Target,
    /// Those of one service: a port of a host. No setting: rules about TCP and UDP have it.
    Service,
}

impl GroupBy {
    /// What one incident of a rule covers, where this is the setting.
    #[must_use]
    pub fn of_rule(self, rule: Rule) -> GroupBy {
        match rule.table().grouping {
            Grouping::Setting => self,
            Grouping::Service => GroupBy::Service,
            Grouping::Source => GroupBy::Source,
        }
    }
}

/// The key of an incident: at most one incident of a key is open at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IncidentKey {
    /// The rule.
    pub rule: Rule,
    /// The account that the records were logged in.
    pub account: String,
    /// The region that they were logged in.
    pub region: String,
    /// The log group that they were logged in.
    pub log_group: String,
    /// Why it is an incident.
    pub signal: Signal,
    /// The part of the log group's findings that the incident covers.
    pub part: KeyPart,
}

/// A part of a log group's findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", content = "value")]
pub enum KeyPart {
    /// All of them.
    #[default]
    All,
    /// Those that one interface or resource logged; `-` where the record names neither, as AWS writes it.
    Interface(String),
    /// Those from one source address.
    Source(IpAddr),
    /// Those to one target address.
    Target(IpAddr),
    /// Those of one service.
    Service(Service),
    /// Those of interfaces past [`MAX_KEYS_PER_BATCH`].
    OtherInterfaces,
    /// Those from sources past [`MAX_KEYS_PER_BATCH`].
    OtherSources,
    /// Those to targets past [`MAX_KEYS_PER_BATCH`].
    OtherTargets,
    /// Those of services past [`MAX_KEYS_PER_BATCH`].
    OtherServices,
    /// Test records, whatever incidents are otherwise of: they are in no other part.
    Test,
}

impl KeyPart {
    /// The part that a finding belongs to.
    fn of(finding: &Finding, source: &LogSource, by: GroupBy) -> KeyPart {
        match by {
            _ if source.is_test() => KeyPart::Test,
            GroupBy::LogGroup => KeyPart::All,
            GroupBy::Interface => KeyPart::Interface(finding.flow.logged_by().unwrap_or("-").to_owned()),
            GroupBy::Source => KeyPart::Source(finding.flow.sender()),
            GroupBy::Target => KeyPart::Target(finding.flow.receiver()),
            GroupBy::Service => finding.service().map_or(KeyPart::OtherServices, KeyPart::Service),
        }
    }

    /// Tells whether emails about such incidents are limited: there can be as many as there are interfaces or addresses.
    pub(crate) fn is_capped(&self) -> bool {
        matches!(self, KeyPart::Interface(_) | KeyPart::Source(_) | KeyPart::Target(_) | KeyPart::Service(_))
    }

    /// Tells whether it is the part of what does not have a key of its own.
    fn is_others(&self) -> bool {
        matches!(
            self,
            KeyPart::OtherInterfaces | KeyPart::OtherSources | KeyPart::OtherTargets | KeyPart::OtherServices
        )
    }

    /// Reads what [`IncidentKey`]'s text has of it.
    fn parse(text: &str) -> Option<KeyPart> {
        if text == "test" {
            return Some(KeyPart::Test);
        }
        Some(match text.split_once('=')? {
            ("interface", "others") => KeyPart::OtherInterfaces,
            ("source", "others") => KeyPart::OtherSources,
            ("target", "others") => KeyPart::OtherTargets,
            ("service", "others") => KeyPart::OtherServices,
            ("interface", id) => KeyPart::Interface(id.to_owned()),
            ("source", address) => KeyPart::Source(address.parse().ok()?),
            ("target", address) => KeyPart::Target(address.parse().ok()?),
            ("service", service) => KeyPart::Service(service.parse().ok()?),
            _ => return None,
        })
    }

    /// The part of untracked records.
    fn of_untracked(source: &LogSource, by: GroupBy) -> KeyPart {
        if source.is_test() { KeyPart::Test } else { KeyPart::others(by) }
    }

    /// The part of what does not have a key of its own.
    fn others(by: GroupBy) -> KeyPart {
        match by {
            GroupBy::LogGroup => KeyPart::All,
            GroupBy::Interface => KeyPart::OtherInterfaces,
            GroupBy::Source => KeyPart::OtherSources,
            GroupBy::Target => KeyPart::OtherTargets,
            GroupBy::Service => KeyPart::OtherServices,
        }
    }
}

/// The key as text, as it stands in ids and documents: `Ping-Deny|123456789012|eu-west-1|Log-Group|own-request` and, where it is narrower,
/// `|source=10.0.0.1`.
impl fmt::Display for IncidentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IncidentKey { rule, account, region, log_group, signal, part } = self;
        write!(f, "{}|{account}|{region}|{log_group}|{}", rule.name(), signal.word())?;
        match part {
            KeyPart::All => Ok(()),
            KeyPart::Interface(id) => write!(f, "|interface={id}"),
            KeyPart::Source(address) => write!(f, "|source={address}"),
            KeyPart::Target(address) => write!(f, "|target={address}"),
            KeyPart::Service(service) => write!(f, "|service={service}"),
            KeyPart::OtherInterfaces => f.write_str("|interface=others"),
            KeyPart::OtherSources => f.write_str("|source=others"),
            KeyPart::OtherTargets => f.write_str("|target=others"),
            KeyPart::OtherServices => f.write_str("|service=others"),
            KeyPart::Test => f.write_str("|test"),
        }
    }
}

impl IncidentKey {
    /// The key of a rule, what it was logged in, and a signal.
    pub fn new(rule: Rule, source: &LogSource, signal: Signal) -> IncidentKey {
        let LogSource { account, region, log_group, .. } = source;
        IncidentKey {
            rule,
            account: account.clone(),
            region: region.clone(),
            log_group: log_group.clone(),
            signal,
            part: KeyPart::All,
        }
    }

    /// Reads a key's text, as it stands in the ids of stored items. None if this version does not write such a one.
    pub fn parse(text: &str) -> Option<IncidentKey> {
        // Neither an account, a region nor the name of a log group has this character; an interface, which is foreign text, may.
        let mut words = text.splitn(6, '|');
        let (rule, account, region, log_group, signal) =
            (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
        let rule = Rule::ALL.into_iter().find(|known| known.name() == rule)?;
        let signal = Signal::ALL.into_iter().find(|known| known.word() == signal)?;
        let part = words.next().map_or(Some(KeyPart::All), KeyPart::parse)?;
        let source = LogSource::logged_in(account, region, log_group);
        Some(IncidentKey::new(rule, &source, signal).with(part))
    }

    /// The same, narrower.
    #[must_use]
    pub fn with(self, part: KeyPart) -> IncidentKey {
        IncidentKey { part, ..self }
    }
}

/// What a batch has of one incident.
#[derive(Clone, Debug)]
pub struct Group<'d> {
    /// The incident's key.
    pub key: IncidentKey,
    /// The findings, those with most packets first.
    pub findings: Vec<&'d Finding>,
    /// Records past [`crate::detection::MAX_FLOWS`].
    pub untracked: Untracked,
}

impl<'d> Group<'d> {
    /// A group that findings may move to.
    pub fn without_findings(key: IncidentKey) -> Group<'d> {
        Group { key, findings: Vec::new(), untracked: Untracked::default() }
    }
}

/// What of a batch belongs to incidents, and how much is background.
#[derive(Clone, Debug, Default)]
pub struct Grouped<'d> {
    /// The incidents.
    pub groups: Vec<Group<'d>>,
    /// Senders of ours whose requests were rejected: the one or other may be a scan.
    pub senders: Vec<Sender<'d>>,
    /// Findings that belong to none.
    pub background: u64,
}

/// The rejected requests of one sender of ours, those too that are no incident by themselves.
#[derive(Clone, Debug)]
pub struct Sender<'d> {
    /// The sender.
    pub address: IpAddr,
    /// The key of the incident that its scan would be.
    pub scan: IncidentKey,
    /// The findings.
    pub findings: Vec<&'d Finding>,
}

/// Groups the findings of a batch by incident, those of ours first: background takes none of their places. Untracked records are counted
/// where findings without a part of their own are, which may be an incident without findings.
pub fn group<'d>(detection: &'d Detection, by: GroupBy, policy: &SignalPolicy) -> Grouped<'d> {
    let signals = Signals::in_batch(detection, policy);
    let mut background = 0;
    let mut found: Vec<(Signal, &RejectedFlow)> = Vec::new();
    for flow in detection.flows() {
        match signals.of_flow(flow).filter(|_| signals.is_enough(flow)) {
            Some(signal) => found.push((signal, flow)),
            None => background += 1,
        }
    }
    // Those of one signal with most packets first.
    found.sort_by_cached_key(|(signal, flow)| (*signal, flow.rank()));
    let mut groups: Vec<Group<'d>> = Vec::new();
    for (signal, flow) in found {
        let finding = detection.finding(flow);
        let whole = IncidentKey::new(finding.rule, &detection.source, signal);
        let key = whole.with(KeyPart::of(finding, &detection.source, by.of_rule(finding.rule)));
        group_of(or_others(key, &groups, by), &mut groups).findings.push(finding);
    }
    for (UntrackedKey { rule, .. }, untracked, signal) in
        detection.untracked.iter().filter_map(|(key, untracked)| Some((key, untracked, signals.of_untracked(key)?)))
    {
        let part = KeyPart::of_untracked(&detection.source, by.of_rule(*rule));
        let key = IncidentKey::new(*rule, &detection.source, signal).with(part);
        group_of(key, &mut groups).untracked.add(untracked);
    }
    Grouped { groups, senders: senders(detection, policy), background }
}

/// Tells whether all of these batches can have incidents of their own for what each of them has such incidents for.
pub fn has_room<'g, 'd: 'g>(batches: impl Iterator<Item = &'g Grouped<'d>> + Clone) -> bool {
    let groups = batches.clone().flat_map(|batch| &batch.groups).filter(|group| !group.key.part.is_others());
    let parts: BTreeSet<&IncidentKey> = groups.map(|group| &group.key).collect();
    let scans: BTreeSet<&IncidentKey> = batches.flat_map(|batch| &batch.senders).map(|sender| &sender.scan).collect();
    parts.len() <= MAX_PARTS_PER_BATCH && scans.len() <= MAX_SENDERS_PER_BATCH
}

/// The same of several batches of one log group. A flow may be in several findings then.
pub fn together<'d>(batches: impl IntoIterator<Item = Grouped<'d>>, by: GroupBy) -> Grouped<'d> {
    let mut all = Grouped::default();
    for Grouped { groups, senders, background } in batches {
        all.background += background;
        for Group { key, findings, untracked } in groups {
            let group = group_of(or_others(key, &all.groups, by), &mut all.groups);
            group.findings.extend(findings);
            group.untracked.add(&untracked);
        }
        for sender in senders {
            match all.senders.iter_mut().find(|known| known.scan == sender.scan) {
                Some(known) => known.findings.extend(sender.findings),
                None => all.senders.push(sender),
            }
        }
    }
    limit(&mut all.senders);
    all
}

/// The senders of ours whose requests were rejected for most services.
fn senders<'d>(detection: &'d Detection, policy: &SignalPolicy) -> Vec<Sender<'d>> {
    if !policy.rules.is_on(Rule::Scan) || detection.source.is_test() {
        return Vec::new();
    }
    let mut senders: Vec<Sender<'d>> = Vec::new();
    let mut places: HashMap<(IpAddr, Signal), usize> = HashMap::new();
    let ours = |flow: &&RejectedFlow| matches!(flow.origin, Origin::OwnRequest | Origin::Private);
    let mut requests: Vec<&RejectedFlow> =
        detection.flows().filter(|flow| flow.rule == Rule::Request).filter(ours).collect();
    requests.sort_by_cached_key(|flow| flow.rank());
    for flow in requests {
        let signal = if flow.origin == Origin::OwnRequest { Signal::OwnRequest } else { Signal::Private };
        let address = flow.sender();
        let place = *places.entry((address, signal)).or_insert_with(|| {
            let scan = IncidentKey::new(Rule::Scan, &detection.source, signal).with(KeyPart::Source(address));
            senders.push(Sender { address, scan, findings: Vec::new() });
            senders.len() - 1
        });
        senders[place].findings.push(detection.finding(flow));
    }
    limit(&mut senders);
    senders
}

/// Keeps the senders with most findings, which are of a service each. Those with as many stay in the order of their packets.
fn limit(senders: &mut Vec<Sender<'_>>) {
    senders.sort_by_key(|sender| std::cmp::Reverse(sender.findings.len()));
    senders.truncate(MAX_SENDERS_PER_BATCH);
}

/// Groups without findings, one for each signal of these groups that has no part for all others yet: findings that may not open an
/// incident of their own belong to them. None where incidents are of a whole log group.
pub fn others<'d>(groups: &[Group<'d>], by: GroupBy) -> Vec<Group<'d>> {
    let capped = groups.iter().filter(|group| group.key.part.is_capped());
    let keys: BTreeSet<IncidentKey> = capped.map(|group| others_of(&group.key, by)).collect();
    let missing = keys.into_iter().filter(|key| groups.iter().all(|group| group.key != *key));
    missing.map(Group::without_findings).collect()
}

/// Tells whether `others` is the incident of all others that findings of an incident belong to if they may not open one of their own.
pub fn is_other(key: &IncidentKey, others: &IncidentKey, by: GroupBy) -> bool {
    others_of(key, by) == *others
}

/// The incident of all others that findings of an incident belong to if they may not open one of their own.
pub fn others_of(key: &IncidentKey, by: GroupBy) -> IncidentKey {
    key.clone().with(KeyPart::others(by.of_rule(key.rule)))
}

/// The key, or that of all others where a batch has as many parts as it may have.
fn or_others(key: IncidentKey, groups: &[Group<'_>], by: GroupBy) -> IncidentKey {
    let parts = groups.iter().filter(|group| !group.key.part.is_others()).count();
    let is_full = key.part.is_capped() && parts >= MAX_PARTS_PER_BATCH && groups.iter().all(|group| group.key != key);
    if is_full { others_of(&key, by) } else { key }
}

fn group_of<'g, 'd>(key: IncidentKey, groups: &'g mut Vec<Group<'d>>) -> &'g mut Group<'d> {
    let at = groups.iter().position(|group| group.key == key).unwrap_or_else(|| {
        groups.push(Group::without_findings(key));
        groups.len() - 1
    });
    &mut groups[at]
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::*;
    use crate::detection::{Detector, MAX_FLOWS, TEST_LOG_STREAM};

    fn detection(sources: usize) -> Detection {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        for n in 0..sources {
            let line =
                format!("2 1 eni-1 10.{}.{}.{} 8.8.8.8 0 0 1 4 336 1 2 REJECT OK", n >> 16, n >> 8 & 255, n & 255);
            detector.observe(&LogEvent::new("1", 0, line));
        }
        detector.finish(LogSource::logged_in("1", "eu-west-1", "Log-Group"))
    }

    fn groups(sources: usize, by: GroupBy) -> Vec<(String, usize, u64)> {
        let detection = detection(sources);
        let groups = group(&detection, by, &SignalPolicy::default()).groups.into_iter();
        groups.map(|group| (group.key.to_string(), group.findings.len(), group.untracked.totals.records)).collect()
    }

    const KEY: &str = "Ping-Deny|1|eu-west-1|Log-Group|own-request";

    #[test]
    fn a_log_group_is_one_incident_of_a_signal_whatever_is_in_it() {
        assert_eq!(groups(3, GroupBy::LogGroup), [(KEY.to_owned(), 3, 0)]);
        assert_eq!(
            groups(MAX_FLOWS + 9, GroupBy::LogGroup),
            [(KEY.to_owned(), MAX_FLOWS, 9)],
            "records past the limit are counted with the others"
        );
        assert_eq!(groups(0, GroupBy::LogGroup), []);
    }

    #[test]
    fn the_last_incident_of_a_signal_is_about_all_others() {
        let few = groups(MAX_PARTS_PER_BATCH, GroupBy::Source);
        assert_eq!(few.len(), MAX_PARTS_PER_BATCH);
        assert_eq!(few[0], (format!("{KEY}|source=10.0.0.0"), 1, 0));
        let many = groups(MAX_FLOWS, GroupBy::Source);
        let others = format!("{KEY}|source=others");
        assert_eq!(many.len(), MAX_PARTS_PER_BATCH + 1);
        assert_eq!(many.last(), Some(&(others.clone(), MAX_FLOWS - MAX_PARTS_PER_BATCH, 0)));
        assert_eq!(
            groups(MAX_FLOWS + 9, GroupBy::Source).last().unwrap(),
            &(others, MAX_FLOWS - MAX_PARTS_PER_BATCH, 9)
        );
    }

    #[test]
    fn each_signal_has_one_incident_of_all_others() {
        let detection = detection(3);
        let missing = |by: GroupBy| {
            let groups = group(&detection, by, &SignalPolicy::default()).groups;
            others(&groups, by).iter().map(|group| group.key.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(missing(GroupBy::Source), [format!("{KEY}|source=others")]);
        assert_eq!(missing(GroupBy::Interface), [format!("{KEY}|interface=others")]);
        assert_eq!(missing(GroupBy::LogGroup), [""; 0]);
        let all = self::detection(MAX_FLOWS);
        let groups = group(&all, GroupBy::Source, &SignalPolicy::default()).groups;
        assert_eq!(others(&groups, GroupBy::Source).len(), 0, "it is among them");
    }

    #[test]
    fn records_past_the_limit_are_no_key_s_own() {
        assert_eq!(
            groups(MAX_FLOWS + 9, GroupBy::Target),
            [(format!("{KEY}|target=8.8.8.8"), MAX_FLOWS, 0), (format!("{KEY}|target=others"), 0, 9)]
        );
    }

    #[test]
    fn each_signal_has_incidents_of_its_own_and_ours_come_first() {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        let mut observe = |source: &str, target: &str, packets: u64, action: &str| {
            let line = format!("2 1 eni-1 {source} {target} 0 0 1 {packets} 84 60 119 {action} OK");
            detector.observe(&LogEvent::new("1", 0, line));
        };
        for n in 0..20 {
            observe(&format!("9.9.9.{n}"), "10.0.0.5", 100, "REJECT");
        }
        observe("9.9.8.1", "10.0.0.5", 1, "REJECT");
        observe("8.8.8.8", "10.0.0.5", 1, "ACCEPT");
        observe("10.0.0.5", "8.8.8.8", 1, "REJECT");
        observe("10.0.0.5", "8.8.4.4", 2, "REJECT");
        observe("10.0.9.9", "10.0.0.5", 3, "REJECT");
        observe("9.9.7.1", "10.0.0.7", 1, "REJECT");
        let detection = detector.finish(LogSource::logged_in("1", "eu-west-1", ""));
        let by = |by: GroupBy| {
            let grouped = group(&detection, by, &SignalPolicy::default());
            assert_eq!(grouped.background, 1, "only the scan of another target");
            let one = |group: &Group<'_>| {
                (group.key.to_string().replace("Ping-Deny|1|eu-west-1||", ""), group.findings.len())
            };
            grouped.groups.iter().map(one).collect::<Vec<_>>()
        };
        let expect = |text: &[(&str, usize)]| text.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect::<Vec<_>>();
        assert_eq!(
            by(GroupBy::LogGroup),
            expect(&[("own-request", 1), ("own-answer", 1), ("private", 1), ("flood", 21)])
        );
        let sources = by(GroupBy::Source);
        assert_eq!(
            sources[..3],
            expect(&[
                ("own-request|source=10.0.0.5", 1),
                ("own-answer|source=10.0.0.5", 1),
                ("private|source=10.0.9.9", 1)
            ])
        );
        assert_eq!((sources.len(), sources.last()), (8, Some(&("flood|source=others".to_owned(), 17))));
    }

    #[test]
    fn test_records_have_incidents_of_their_own_whatever_incidents_are_of() {
        let mut detection = detection(MAX_FLOWS + 9);
        detection.source.log_stream = TEST_LOG_STREAM.to_owned();
        for by in [GroupBy::LogGroup, GroupBy::Interface, GroupBy::Source, GroupBy::Target] {
            let groups = group(&detection, by, &SignalPolicy::default()).groups;
            let found: Vec<_> = groups
                .iter()
                .map(|group| (group.key.to_string(), group.findings.len(), group.untracked.totals.records))
                .collect();
            assert_eq!(found, [(format!("{KEY}|test"), MAX_FLOWS, 9)], "{by:?}");
            assert_eq!(others(&groups, by).len(), 0, "their emails are not limited");
        }
        detection.source.log_stream += "-2";
        let groups = group(&detection, GroupBy::LogGroup, &SignalPolicy::default()).groups;
        assert_eq!(groups[0].key.to_string(), KEY, "it is another stream");
    }

    #[test]
    fn a_key_is_stored_and_read_as_it_is() {
        let whole =
            IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", "Log-Group"), Signal::OwnAnswer);
        for part in [
            KeyPart::All,
            KeyPart::Interface("eni-1".to_owned()),
            KeyPart::Interface("-".to_owned()),
            KeyPart::Interface("x|source=10.0.0.1".to_owned()),
            KeyPart::Source("2001:db8::1".parse().unwrap()),
            KeyPart::Target("10.0.0.1".parse().unwrap()),
            KeyPart::OtherInterfaces,
            KeyPart::OtherSources,
            KeyPart::OtherTargets,
            KeyPart::Test,
        ] {
            let key = whole.clone().with(part);
            let text = serde_json::to_string(&key).unwrap();
            assert_eq!(serde_json::from_str::<IncidentKey>(&text).unwrap(), key, "{text}");
            assert_eq!(IncidentKey::parse(&key.to_string()), Some(key));
        }
        for signal in Signal::ALL {
            let key = IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", "/a/b_c.d-e#f"), signal);
            assert_eq!(IncidentKey::parse(&key.to_string()), Some(key));
        }
    }

    #[test]
    fn a_key_of_a_later_version_is_not_read_as_another_one() {
        for text in [
            "",
            "Ping-Deny|1|Log-Group",
            "Ssh-Deny|1|eu-west-1|Log-Group|private",
            "Ping-Deny|1|eu-west-1|Log-Group|own-reply",
            "Ping-Deny|1|eu-west-1|Log-Group|private|port=22",
            "Ping-Deny|1|eu-west-1|Log-Group|private|source=10.0.0.1|port=22",
            "Ping-Deny|1|eu-west-1|Log-Group|private|",
        ] {
            assert_eq!(IncidentKey::parse(text), None, "{text}");
        }
    }
}
