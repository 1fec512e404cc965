//! Scans: one sender of ours whose requests many ports or hosts reject.
//!
//! Each batch shows what one interface logged, and a scan of many hosts is in the batches of many. So what was rejected of a sender lately is
//! stored, one item for each.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    detection::{Finding, SCAN_HOSTS, SCAN_MILLIS, SCAN_PORTS, Service},
    time::{EpochMillis, MINUTE_MILLIS, SECOND_MILLIS},
};

/// Services of one sender that are remembered, the latest ones: enough for both kinds of scans beside one another.
pub const MAX_SERVICES: usize = 64;

/// Services of one sender that have incidents of their own within [`SCAN_MILLIS`]. Findings of further ones belong to the incident of all
/// others: a sender that is about to turn out as a scan does not open an incident for each port.
pub const MAX_OWN_SERVICES: usize = 3;

/// What was rejected of one sender's requests lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderRecord {
    /// The services whose requests were rejected.
    pub services: BTreeMap<Service, SeenAt>,
    /// Until when it is taken for a scan, in seconds since the epoch; 0: it is not.
    #[serde(default)]
    pub scanning_until: u64,
}

/// The service's number in the order in which they came to notice, and when a request to it was rejected last, in seconds since the epoch.
///
/// Batches come in any order: by the times of their records, each that comes late would be among the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenAt(pub u64, pub u64);

/// What becomes of a finding of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderVerdict {
    /// It belongs to the incident of its service.
    Own,
    /// The sender has incidents of other services already: it belongs to the incident of all others.
    Others,
    /// It is a part of a scan.
    Scan,
}

const SCAN_SECONDS: u64 = SCAN_MILLIS / SECOND_MILLIS;

impl SenderRecord {
    /// The same with the findings of a batch, as of when their records end, or of `now`.
    #[must_use]
    pub fn with(&self, findings: &[&Finding], now: EpochMillis) -> SenderRecord {
        let mut record = self.clone();
        let mut next = record.services.values().map(|seen| seen.0 + 1).max().unwrap_or_default();
        for finding in findings {
            let Some(service) = finding.service() else { continue };
            let at = finding.totals.last_end.or(finding.totals.first_start).unwrap_or(now).min(now).0 / SECOND_MILLIS;
            let seen = record.services.entry(service).or_insert(SeenAt(next, at));
            seen.1 = seen.1.max(at);
            next = next.max(seen.0 + 1);
        }
        let newest = record.services.values().map(|seen| seen.1).max().unwrap_or_default();
        record.services.retain(|_, seen| seen.1 + SCAN_SECONDS > newest);
        if record.is_scan() {
            record.scanning_until = record.scanning_until.max(newest + SCAN_SECONDS);
        }
        record.trim();
        record
    }

    /// Tells whether there are enough ports of a host, or hosts of a port.
    fn is_scan(&self) -> bool {
        let (mut ports, mut hosts) = (BTreeMap::<IpAddr, usize>::new(), BTreeMap::new());
        for Service { address, port } in self.services.keys() {
            *ports.entry(*address).or_default() += 1;
            *hosts.entry(*port).or_insert(0) += 1;
        }
        ports.values().any(|ports| *ports >= SCAN_PORTS) || hosts.values().any(|hosts: &usize| *hosts >= SCAN_HOSTS)
    }

    /// Forgets the services that were rejected least lately.
    fn trim(&mut self) {
        if self.services.len() > MAX_SERVICES {
            let mut by_time: Vec<(u64, Service)> =
                self.services.iter().map(|(service, seen)| (seen.1, *service)).collect();
            by_time.sort_unstable_by(|one, other| other.cmp(one));
            by_time[MAX_SERVICES..].iter().for_each(|(_, service)| {
                self.services.remove(service);
            });
        }
    }

    /// Tells whether another record differs by more than what a minute changes: then it is not worth a write.
    pub fn is_news_to(&self, stored: &SenderRecord) -> bool {
        let minute = MINUTE_MILLIS / SECOND_MILLIS;
        let known = |service: &Service, seen: &SeenAt| {
            stored.services.get(service).is_some_and(|known| known.1 + minute > seen.1)
        };
        self.scanning_until > stored.scanning_until + minute
            || self.services.iter().any(|(service, seen)| !known(service, seen))
    }

    /// What becomes of a finding of the sender, that the record has.
    pub fn verdict(&self, finding: &Finding) -> SenderVerdict {
        let Some(service) = finding.service() else { return SenderVerdict::Own };
        let newest = self.services.values().map(|seen| seen.1).max().unwrap_or_default();
        if self.scanning_until > newest {
            return SenderVerdict::Scan;
        }
        let Some(seen) = self.services.get(&service) else { return SenderVerdict::Others };
        let earlier = self.services.iter().filter(|(_, other)| other.0 < seen.0).count();
        if earlier < MAX_OWN_SERVICES { SenderVerdict::Own } else { SenderVerdict::Others }
    }
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::*;
    use crate::detection::{Detector, LogSource, Rules};

    /// The findings of rejected SYNs of one sender, `host:port`, at some second.
    fn findings(services: &[String], second: u64) -> Vec<Finding> {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats).with_rules(Rules::all());
        for service in services {
            let (host, port) = service.split_once(':').unwrap();
            let line = format!("2 1 eni-1 10.0.9.5 {host} 45000 {port} 6 1 60 {} {second} REJECT OK", second - 30);
            detector.observe(&LogEvent::new("1", 0, line));
        }
        detector.finish(LogSource::default()).findings().into_iter().cloned().collect()
    }

    fn seen(record: &SenderRecord, services: &[String], second: u64) -> SenderRecord {
        let findings = findings(services, second);
        record.with(&findings.iter().collect::<Vec<_>>(), EpochMillis((second + 300) * 1_000))
    }

    fn verdict(record: &SenderRecord, service: &str) -> SenderVerdict {
        record.verdict(&findings(&[service.to_owned()], 1_000_000)[0])
    }

    fn ports(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|n| format!("10.0.0.53:{}", 5_000 + n)).collect()
    }

    fn hosts(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|n| format!("10.0.0.{n}:22")).collect()
    }

    const START: u64 = 1_000_000;

    #[test]
    fn fifteen_ports_of_a_host_or_twenty_five_hosts_of_a_port_are_a_scan() {
        let of = |services: &[String]| {
            let record = seen(&SenderRecord::default(), services, START);
            verdict(&record, &services[0])
        };
        assert_eq!(of(&ports(0..14)), SenderVerdict::Own);
        assert_eq!(of(&ports(0..15)), SenderVerdict::Scan);
        assert_eq!(of(&hosts(0..24)), SenderVerdict::Own);
        assert_eq!(of(&hosts(0..25)), SenderVerdict::Scan);
        // Fourteen ports of one host and as many of another, and one host of each of many ports.
        let two: Vec<String> =
            ports(0..14).into_iter().chain((0..14).map(|n| format!("10.0.0.54:{}", 6_000 + n))).collect();
        assert_eq!(of(&two), SenderVerdict::Own);
        let spread: Vec<String> = (0..40).map(|n| format!("10.0.1.{n}:{}", 7_000 + n)).collect();
        assert_eq!(of(&spread), SenderVerdict::Own);
    }

    #[test]
    fn a_scan_is_found_over_several_batches_within_ten_minutes() {
        let after = |gap: u64| {
            let record = seen(&SenderRecord::default(), &hosts(0..24), START);
            verdict(&seen(&record, &hosts(24..25), START + gap), "10.0.0.24:22")
        };
        assert_eq!(after(599), SenderVerdict::Scan);
        assert_eq!(after(600), SenderVerdict::Own, "the others are too long ago");
    }

    #[test]
    fn while_a_scan_lasts_any_reject_of_the_sender_is_a_part_of_it() {
        let scan = seen(&SenderRecord::default(), &ports(0..15), START);
        let later = |gap: u64| {
            let record = seen(&scan, &["10.0.7.7:5432".to_owned()], START + gap);
            verdict(&record, "10.0.7.7:5432")
        };
        assert_eq!((later(0), later(599)), (SenderVerdict::Scan, SenderVerdict::Scan));
        assert_eq!(later(600), SenderVerdict::Own, "ten minutes after the last time that it was a scan");
    }

    #[test]
    fn the_first_three_services_of_a_sender_have_incidents_of_their_own() {
        let first = seen(&SenderRecord::default(), &ports(7..9), START);
        let record = seen(&first, &ports(0..5), START + 60);
        assert_eq!(verdict(&record, "10.0.0.53:5007"), SenderVerdict::Own);
        assert_eq!(verdict(&record, "10.0.0.53:5008"), SenderVerdict::Own);
        assert_eq!(verdict(&record, "10.0.0.53:5000"), SenderVerdict::Own);
        assert_eq!(verdict(&record, "10.0.0.53:5001"), SenderVerdict::Others);
        let earlier = seen(&record, &ports(1..2), START - 60);
        assert_eq!(verdict(&earlier, "10.0.0.53:5001"), SenderVerdict::Others, "who came late has older records");
        let repeated = seen(&record, &ports(7..8), START + 500);
        assert_eq!(verdict(&repeated, "10.0.0.53:5007"), SenderVerdict::Own, "who came first stays first");
    }

    #[test]
    fn a_record_is_bounded_and_a_delivery_again_is_no_news() {
        let record = seen(&SenderRecord::default(), &ports(0..2_000), START);
        assert_eq!(record.services.len(), MAX_SERVICES);
        assert_eq!(verdict(&record, "10.0.0.53:5000"), SenderVerdict::Scan);
        let few = seen(&SenderRecord::default(), &ports(0..5), START);
        assert_eq!(seen(&few, &ports(0..5), START), few);
        assert!(!seen(&few, &ports(0..5), START + 59).is_news_to(&few));
        assert!(seen(&few, &ports(0..5), START + 60).is_news_to(&few));
        assert!(seen(&few, &ports(5..6), START).is_news_to(&few));
        assert!(few.is_news_to(&SenderRecord::default()));
    }

    #[test]
    fn a_record_is_stored_as_short_text() {
        let record = seen(&SenderRecord::default(), &ports(0..1), START);
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(text, r#"{"services":{"10.0.0.53:5000/tcp":[0,1000000]},"scanning_until":0}"#);
        assert_eq!(serde_json::from_str::<SenderRecord>(&text).unwrap(), record);
    }
}
