//! The naive implementation: it keeps all lines in one list, splits them at their spaces, and selects the records of each email.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use alerting::incident::GroupBy;

use super::{
    judge::{self, Fault},
    play::{Email, PlayedWorld, Step},
    signal, text,
};

/// An ICMP record with the values of its line.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) text: String,
    /// The number of the record in the world.
    pub(crate) record: usize,
    pub(crate) batch: usize,
    pub(crate) rejected: bool,
    pub(crate) interface: Option<String>,
    pub(crate) resource: Option<String>,
    pub(crate) source: IpAddr,
    pub(crate) target: IpAddr,
    /// Whether the line has packet addresses. If not, they are set to the addresses of the record.
    pub(crate) packet_source: IpAddr,
    pub(crate) packet_target: IpAddr,
    pub(crate) packets: Option<u64>,
    pub(crate) bytes: Option<u64>,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) direction: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) protocol: u64,
    pub(crate) account: Option<String>,
}

impl Seen {
    fn of(line: &str, record: usize, batch: usize, formats: &[super::format::Format]) -> Seen {
        let words: Vec<&str> = line.split_whitespace().collect();
        let format = formats.iter().find(|format| format.names().count() == words.len()).unwrap();
        let get = |name: &str| {
            let at = format.names().position(|known| known == name)?;
            Some(words[at]).filter(|word| *word != "-").map(str::to_owned)
        };
        let number = |name: &str| get(name).map(|text| text.parse::<u64>().unwrap());
        let address = |name: &str| get(name).map(|text| text.parse::<IpAddr>().unwrap());
        let (source, target) = (address("srcaddr").unwrap(), address("dstaddr").unwrap());
        Seen {
            text: line.to_owned(),
            record,
            batch,
            rejected: get("action").unwrap() == "REJECT",
            interface: get("interface-id"),
            resource: get("resource-id"),
            source,
            target,
            packet_source: address("pkt-srcaddr").unwrap_or(source),
            packet_target: address("pkt-dstaddr").unwrap_or(target),
            packets: number("packets"),
            bytes: number("bytes"),
            start: number("start").unwrap() * 1_000,
            end: number("end").unwrap() * 1_000,
            direction: get("flow-direction"),
            reason: get("reject-reason"),
            account: get("account-id").filter(|account| account != "unknown"),
            protocol: number("protocol").unwrap(),
        }
    }

    /// The interface id or, without one, the id of the resource that logs instead.
    pub(crate) fn interface_or_resource(&self) -> Option<&str> {
        self.interface.as_deref().or(self.resource.as_deref())
    }
}

/// The totals of some records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) records: u64,
    pub(crate) packets: Option<u64>,
    pub(crate) bytes: Option<u64>,
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<u64>,
}

impl Sums {
    pub(crate) fn of<'s>(records: impl IntoIterator<Item = &'s Seen>) -> Sums {
        let mut sums = Sums::default();
        for seen in records {
            sums.records += 1;
            if let Some(packets) = seen.packets {
                sums.packets = Some(sums.packets.unwrap_or(0) + packets);
            }
            if let Some(bytes) = seen.bytes {
                sums.bytes = Some(sums.bytes.unwrap_or(0) + bytes);
            }
            sums.first = Some(sums.first.map_or(seen.start, |first| first.min(seen.start)));
            sums.last = Some(sums.last.map_or(seen.end, |last| last.max(seen.end)));
        }
        sums
    }

    /// Returns the packets, or the records if none counts packets.
    pub(crate) fn weight(&self) -> u64 {
        self.packets.unwrap_or(self.records)
    }
}

/// Returns weights by name: packets, or records if packets were not counted.
pub(crate) fn weights<T: Ord>(records: &[&Seen], name: impl Fn(&Seen) -> T) -> BTreeMap<T, u64> {
    let mut weights = BTreeMap::new();
    for seen in records {
        *weights.entry(name(seen)).or_default() += seen.packets.unwrap_or(1);
    }
    weights
}

/// An email, and what it is checked against.
#[derive(Debug)]
pub(crate) struct Case<'s> {
    pub(crate) played: &'s PlayedWorld,
    pub(crate) email: &'s Email,
    /// Every record that was delivered so far, including accepted ones.
    pub(crate) all: Vec<&'s Seen>,
    /// Rejected records of the incident until the email.
    pub(crate) total: Vec<&'s Seen>,
    /// Those since the previous email.
    pub(crate) since: Vec<&'s Seen>,
    /// The records that the email is about: for an update those since the previous email, otherwise all.
    pub(crate) period: Vec<&'s Seen>,
    /// When the previous email was sent.
    pub(crate) before: Option<u64>,
    /// When the last batch of the incident arrived.
    pub(crate) last_seen: u64,
    /// When the incident was resolved before it was reopened.
    pub(crate) resolved_at: Option<u64>,
    /// Why it is an incident.
    pub(crate) signal: &'s str,
    /// The records of the previous incident of the same key.
    pub(crate) previous: Option<Vec<&'s Seen>>,
}

#[derive(Debug, Default)]
struct Incident {
    id: Option<String>,
    records: Vec<usize>,
    content: usize,
    sent_at: Option<u64>,
    emails: u64,
    last_batch: Option<usize>,
    last_seen: u64,
    /// When it was resolved, and the number of its records when it was reopened after that.
    resolved_at: Option<u64>,
    reopened_with: usize,
}

/// Incidents of one interface each that one batch tells apart.
const MAX_PARTS: usize = 7;
/// A record within this time after an incident was resolved reopens it.
const REOPEN_MILLIS: u64 = 3_600_000;

#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) emails: u64,
    pub(crate) faults: Vec<Fault>,
}

/// Returns the key of a rejected record's incident, without what all keys have in common.
fn key(seen: &Seen, signal: &str, by: GroupBy) -> String {
    match by {
        GroupBy::Interface => format!("{signal}|interface={}", seen.interface.as_deref().unwrap_or("-")),
        _ => signal.to_owned(),
    }
}

/// Replays the steps and checks each email.
pub(crate) fn judge(played: &PlayedWorld, show: bool) -> Verdict {
    let mut verdict = Verdict::default();
    let mut raw: Vec<Seen> = Vec::new();
    let mut delivered: Vec<usize> = Vec::new();
    let ranges: Vec<std::ops::Range<usize>> = played
        .batches
        .iter()
        .enumerate()
        .map(|(number, batch)| {
            let from = raw.len();
            let lines = batch.documents.iter().flat_map(|(_, lines)| lines);
            raw.extend(
                lines.filter_map(|line| Some(Seen::of(&line.text, line.record?, number, &played.world.formats))),
            );
            from..raw.len()
        })
        .collect();
    // Where a batch has more incidents than can be told apart, some share one: the unit tests are about that.
    let signals: Vec<&str> = ranges.iter().flat_map(|range| signal::signals(&raw[range.clone()])).collect();
    let key_of = |number: usize| key(&raw[number], signals[number], played.setting.group_by);
    let keys = |range: &std::ops::Range<usize>| -> BTreeSet<String> {
        range.clone().filter(|number| raw[*number].rejected).map(key_of).collect()
    };
    let about_others = played.steps.iter().any(|step| match step {
        Step::Failed(email) | Step::Sent(email) => {
            email.document["incident"]["key"].as_str().unwrap().ends_with("=others")
        }
        Step::Counted(..) => false,
    });
    // The same where there are as many emails in an hour as may be.
    if about_others || ranges.iter().any(|range| keys(range).len() > MAX_PARTS) {
        return verdict;
    }
    let mut open: BTreeMap<String, Incident> = BTreeMap::new();
    let mut past: BTreeMap<String, Incident> = BTreeMap::new();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let mut now = 0;
    let _ = now;
    if show {
        eprintln!("{:?}", played.setting);
    }
    for step in &played.steps {
        let (email, sent) = match step {
            Step::Counted(batch, at) => {
                now = *at;
                delivered.extend(ranges[*batch].clone());
                let mut keys = BTreeSet::new();
                for number in ranges[*batch].clone().filter(|number| raw[*number].rejected) {
                    let key = key_of(number);
                    let goes_on = |past: &Incident| past.resolved_at.is_some_and(|at| now <= at + REOPEN_MILLIS);
                    if !open.contains_key(&key) && past.get(&key).is_some_and(goes_on) {
                        let mut reopened = past.remove(&key).unwrap();
                        reopened.reopened_with = reopened.records.len();
                        open.insert(key.clone(), reopened);
                    }
                    let incident = open.entry(key.clone()).or_default();
                    incident.records.push(number);
                    incident.last_batch = Some(*batch);
                    incident.last_seen = now;
                    keys.insert(key);
                }
                if show {
                    eprintln!("--- batch {batch} at {now}, incidents {keys:?}");
                    ranges[*batch].clone().for_each(|number| eprintln!("{}", raw[number].text));
                }
                continue;
            }
            Step::Failed(email) => (email, false),
            Step::Sent(email) => (email, true),
        };
        let id = email.document["incident"]["id"].as_str().unwrap().to_owned();
        let kind = email.document["kind"].as_str().unwrap();
        let full_key = email.document["incident"]["key"].as_str().unwrap();
        let key = full_key.splitn(5, '|').nth(4).unwrap().to_owned();
        if !open.get(&key).is_some_and(|incident| incident.id.is_none() || incident.id.as_ref() == Some(&id)) {
            // The previous incident ended without an email. The last batch opened this incident.
            let mut ended = open.remove(&key).unwrap_or_default();
            let batch = ended.last_batch;
            let (old, new) = ended.records.iter().partition(|number| Some(raw[**number].batch) != batch);
            ended.records = old;
            let last_seen = ended.last_seen;
            past.insert(key.clone(), ended);
            open.insert(key.clone(), Incident { records: new, last_batch: batch, last_seen, ..Incident::default() });
        }
        let incident = open.get_mut(&key).unwrap();
        incident.id = Some(id.clone());
        ids.insert(id);
        if !sent {
            continue;
        }
        let seen = |numbers: &[usize]| numbers.iter().map(|number| &raw[*number]).collect::<Vec<_>>();
        let total = seen(&incident.records);
        let since = seen(&incident.records[incident.content..]);
        let case = Case {
            played,
            email,
            all: seen(&delivered),
            period: match kind {
                "update" | "reopened" => since.clone(),
                // What it had before it was reopened is in the total.
                _ => seen(&incident.records[incident.reopened_with..]),
            },
            resolved_at: incident.resolved_at,
            signal: key.split('|').next().unwrap(),
            total,
            since,
            before: incident.sent_at,
            last_seen: incident.last_seen,
            previous: past.get(&key).map(|past| seen(&past.records)),
        };
        incident.content = incident.records.len();
        incident.sent_at = Some(email.at);
        incident.emails += 1;
        if email.document["incident"]["number"] != incident.emails {
            verdict.faults.push(judge::number_of_email(&case, incident.emails));
        }
        if kind == "resolved" {
            let mut ended = open.remove(&key).unwrap();
            ended.resolved_at = Some(email.at);
            past.insert(key.clone(), ended);
        }
        let mut faults = judge::document(&case);
        faults.extend(text::judge(&case));
        if show {
            eprintln!("=== {} at {}: {}\n{}", kind, email.at, email.subject, email.body);
            eprintln!("flows {:#}", email.document["flows"]);
            faults.iter().for_each(|fault| eprintln!("!!! {:?}: {}", fault.check, fault.text));
        }
        verdict.emails += 1;
        verdict.faults.extend(faults);
    }
    verdict
}
