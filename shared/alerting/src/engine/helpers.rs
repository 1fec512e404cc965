//! Which rejected requests are the health checks of load balancers: the records do not say it, EC2 does.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::{
    detection::{Detection, LogSource, Origin, RejectedFlow, Role, Rule},
    engine::{Engine, together::Batch},
    enrichment::{EnrichmentRequest, Interface, Network},
    ports::{Enricher, IncidentStore, MetricSink, Timers},
};

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// The same batches, where the requests of load balancers are of the rule for health checks. What a load balancer passes on for its
    /// clients is among them: it comes from the same address.
    ///
    /// EC2 is asked only where a request of a private network is enough for an incident. Without an answer it stays a request: an email comes
    /// either way.
    pub(super) async fn with_health_checks<'d>(&self, batches: &[Batch<'d>]) -> Vec<Cow<'d, Detection>> {
        let unchanged = batches.iter().map(|batch| Cow::Borrowed(batch.detection));
        if !self.signals.rules.is_on(Rule::Helper) {
            return unchanged.collect();
        }
        let mut senders: BTreeMap<(String, String), BTreeSet<IpAddr>> = BTreeMap::new();
        for detection in batches.iter().map(|batch| batch.detection).filter(|detection| !detection.source.is_test()) {
            let may_be_checks = detection.flows().filter(|flow| may_be_check(flow)).map(RejectedFlow::sender);
            senders.entry(network_of(detection)).or_default().extend(may_be_checks);
        }
        for ((account, region), senders) in senders.iter_mut().filter(|(_, senders)| !senders.is_empty()) {
            let source = LogSource::logged_in(account, region, "");
            let wanted = EnrichmentRequest::of(std::iter::empty(), std::iter::empty(), senders.iter().copied());
            let network = self.network.enrich(&wanted.logged_in(&source)).await;
            senders.retain(|address| is_load_balancer(*address, &network));
        }
        let judged = unchanged.map(|batch| {
            let senders = senders.get(&network_of(&batch)).filter(|_| !batch.source.is_test());
            let is_check = |flow: &RejectedFlow| {
                may_be_check(flow) && senders.is_some_and(|senders| senders.contains(&flow.sender()))
            };
            if batch.flows().any(is_check) { Cow::Owned(batch.with_rule(Rule::Helper, is_check)) } else { batch }
        });
        judged.collect()
    }
}

/// The account and the region that a batch was logged in: an address is another one's in another network.
fn network_of(detection: &Detection) -> (String, String) {
    (detection.source.account.clone(), detection.source.region.clone())
}

fn may_be_check(flow: &RejectedFlow) -> bool {
    let ours = matches!(flow.origin, Origin::Private | Origin::OwnRequest);
    let asks = flow.role() != Some(Role::Answer);
    flow.rule == Rule::Request && ours && asks && flow.totals.weight() >= Rule::Helper.table().min_packets
}

/// Tells whether a load balancer has an address. In another VPC the same address may be somebody else's: then nobody knows.
fn is_load_balancer(address: IpAddr, network: &Network) -> bool {
    let mut owners = network.interfaces.values().filter(|interface| interface.owns(address)).peekable();
    owners.peek().is_some() && owners.all(Interface::is_load_balancer)
}
