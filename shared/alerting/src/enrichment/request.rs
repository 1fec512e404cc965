//! What is requested from EC2 before an email is sent.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    address::Scope,
    detection::{Finding, LogSource},
    enrichment::missing::{MissingData, MissingReason, NetworkPart},
};

/// Interfaces that are asked for at once, those of the heaviest findings. A filter takes 200 values
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html>).
pub const MAX_INTERFACES: usize = 20;

/// Addresses on the other side that are asked for at once.
pub const MAX_PEERS: usize = 50;

/// What an email would like to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrichmentRequest {
    /// The account that the records were logged in.
    pub account: String,
    /// The region that they were logged in.
    pub region: String,
    /// The interfaces that logged the findings, at most [`MAX_INTERFACES`].
    pub interfaces: BTreeSet<String>,
    /// Internal addresses on either side, which may belong to interfaces of ours, at most [`MAX_PEERS`].
    pub addresses: BTreeSet<IpAddr>,
    /// Interfaces that were left out, as far as the notifications name them.
    pub interfaces_left_out: u64,
    /// Addresses that were left out, as far as the notifications name them.
    pub addresses_left_out: u64,
}

impl EnrichmentRequest {
    /// What notifications ask for: first what concerns the flows that they list, then the heaviest interfaces and addresses.
    pub fn of<'f>(
        findings: impl Iterator<Item = &'f Finding>,
        heaviest_interfaces: impl Iterator<Item = &'f str>,
        heaviest_addresses: impl Iterator<Item = IpAddr>,
    ) -> EnrichmentRequest {
        let mut interfaces = Limited::of(MAX_INTERFACES);
        let mut addresses = Limited::of(MAX_PEERS);
        let mut address = |address: IpAddr| {
            if Scope::of(address).is_internal() {
                addresses.add(address);
            }
        };
        for finding in findings {
            if let Some(id) = &finding.flow.interface_id {
                interfaces.add(&**id);
            }
            let flow = &finding.flow;
            [flow.srcaddr, flow.dstaddr, flow.sender(), flow.receiver()].into_iter().for_each(&mut address);
        }
        heaviest_interfaces.for_each(|id| interfaces.add(id));
        heaviest_addresses.for_each(&mut address);
        EnrichmentRequest {
            account: String::new(),
            region: String::new(),
            interfaces: interfaces.first.into_iter().map(str::to_owned).collect(),
            addresses: addresses.first,
            interfaces_left_out: interfaces.rest.len() as u64,
            addresses_left_out: addresses.rest.len() as u64,
        }
    }

    /// The same about the network of where records were logged.
    #[must_use]
    pub fn logged_in(self, source: &LogSource) -> EnrichmentRequest {
        EnrichmentRequest { account: source.account.clone(), region: source.region.clone(), ..self }
    }

    /// What is missing because it is not even asked for.
    pub fn missing(&self) -> Option<MissingData> {
        let (interfaces, addresses) = (self.interfaces_left_out, self.addresses_left_out);
        let reason = MissingReason::OverLimit { interfaces, addresses };
        (interfaces > 0 || addresses > 0).then_some(MissingData { part: NetworkPart::Interfaces, reason })
    }
}

/// The first of some names, and the others. A batch has no more of them than [`crate::detection::MAX_FLOWS`] allows.
struct Limited<T> {
    limit: usize,
    first: BTreeSet<T>,
    rest: BTreeSet<T>,
}

impl<T: Ord> Limited<T> {
    fn of(limit: usize) -> Self {
        Limited { limit, first: BTreeSet::new(), rest: BTreeSet::new() }
    }

    fn add(&mut self, name: T) {
        if self.first.len() < self.limit {
            self.first.insert(name);
        } else if !self.first.contains(&name) {
            self.rest.insert(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::{Detector, LogSource};

    /// What an email about these records would like to know: a target for each interface.
    fn wanted(interfaces: usize, senders: usize) -> EnrichmentRequest {
        let formats = flow_log::Formats::default();
        let mut detector = Detector::new(&formats);
        for n in 0..interfaces.max(senders) {
            let (interface, sender) = (n % interfaces, n % senders);
            // Public addresses are not asked for, however many there are.
            let target = format!("203.0.{}.{}", n / 250, n % 250);
            let line = format!("2 1 eni-{interface} 10.0.0.{sender} {target} 0 0 1 1 84 100 160 REJECT OK");
            detector.observe(&flow_log::LogEvent::new("1", 0, line));
        }
        let detection = detector.finish(LogSource::default());
        EnrichmentRequest::of(detection.findings().into_iter(), std::iter::empty(), std::iter::empty())
    }

    #[test]
    fn what_is_past_the_limits_is_counted_and_a_gap() {
        let counts = |wanted: &EnrichmentRequest| {
            let asked = (wanted.interfaces.len(), wanted.addresses.len());
            (asked, (wanted.interfaces_left_out, wanted.addresses_left_out))
        };
        let fits = wanted(MAX_INTERFACES, MAX_PEERS);
        assert_eq!(counts(&fits), ((MAX_INTERFACES, MAX_PEERS), (0, 0)));
        assert_eq!(fits.missing(), None);
        let missing = |interfaces, addresses| {
            Some(MissingData {
                part: NetworkPart::Interfaces,
                reason: MissingReason::OverLimit { interfaces, addresses },
            })
        };
        let more = wanted(MAX_INTERFACES + 3, 10);
        assert_eq!(
            (counts(&more), more.missing()),
            (((MAX_INTERFACES, 10), (3, 0)), missing(3, 0)),
            "each is counted once"
        );
        let more = wanted(1, MAX_PEERS + 7);
        assert_eq!((counts(&more), more.missing()), (((1, MAX_PEERS), (0, 7)), missing(0, 7)));
    }
}
