//! Which rejected requests are the health checks of load balancers: the records do not say it, EC2 does.

use std::{borrow::Cow, collections::BTreeSet, net::IpAddr};

use crate::{
    detection::{Detection, Origin, RejectedFlow, Role, Rule},
    engine::{Batch, Engine},
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
        let of_traffic = batches.iter().map(|batch| batch.detection).filter(|detection| !detection.source.is_test());
        let senders = of_traffic.flat_map(Detection::flows).filter(|flow| may_be_check(flow)).map(RejectedFlow::sender);
        let wanted = EnrichmentRequest::of(std::iter::empty(), std::iter::empty(), senders);
        if wanted.addresses.is_empty() {
            return unchanged.collect();
        }
        let network = self.network.enrich(&wanted).await;
        let senders: BTreeSet<IpAddr> =
            wanted.addresses.into_iter().filter(|address| is_load_balancer(*address, &network)).collect();
        let is_check = |flow: &RejectedFlow| may_be_check(flow) && senders.contains(&flow.sender());
        let judged = unchanged.map(|batch| match !batch.source.is_test() && batch.flows().any(is_check) {
            true => Cow::Owned(batch.with_rule(Rule::Helper, is_check)),
            false => batch,
        });
        judged.collect()
    }
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
