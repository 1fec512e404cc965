//! Which rejected requests are the health checks of load balancers: the records do not say it, EC2 does.

use std::{borrow::Cow, collections::BTreeSet, net::IpAddr};

use crate::{
    detection::{Detection, Finding, Origin, Role, Rule},
    engine::Engine,
    enrichment::{EnrichmentRequest, Interface, Network},
    ports::{Enricher, IncidentStore, MetricSink, Timers},
};

impl<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher> Engine<S, T, M, N> {
    /// The same batch, where the requests of load balancers are of the rule for health checks. What a load balancer passes on for its
    /// clients is among them: it comes from the same address.
    ///
    /// EC2 is asked only where a request of a private network is enough for an incident. Without an answer it stays a request: an email comes
    /// either way.
    pub(super) async fn with_health_checks<'d>(&self, detection: &'d Detection) -> Cow<'d, Detection> {
        let unchanged = Cow::Borrowed(detection);
        if !self.signals.rules.is_on(Rule::Helper) || detection.source.is_test() {
            return unchanged;
        }
        let requests = || detection.findings.iter().filter(|finding| may_be_check(finding));
        let wanted =
            EnrichmentRequest::of(std::iter::empty(), std::iter::empty(), requests().map(|one| one.flow.sender()));
        if wanted.addresses.is_empty() {
            return unchanged;
        }
        let network = self.network.enrich(&wanted).await;
        let senders: BTreeSet<IpAddr> =
            wanted.addresses.into_iter().filter(|address| is_load_balancer(*address, &network)).collect();
        if senders.is_empty() {
            return unchanged;
        }
        let mut detection = detection.clone();
        let checks = |finding: &&mut Finding| may_be_check(finding) && senders.contains(&finding.flow.sender());
        detection.findings.iter_mut().filter(checks).for_each(|finding| finding.rule = Rule::Helper);
        Cow::Owned(detection)
    }
}

fn may_be_check(finding: &Finding) -> bool {
    let ours = matches!(finding.origin, Origin::Private | Origin::OwnRequest);
    let asks = finding.role() != Some(Role::Answer);
    finding.rule == Rule::Request && ours && asks && finding.totals.weight() >= Rule::Helper.table().min_packets
}

/// Tells whether a load balancer has an address. In another VPC the same address may be somebody else's: then nobody knows.
fn is_load_balancer(address: IpAddr, network: &Network) -> bool {
    let mut owners = network.interfaces.values().filter(|interface| interface.owns(address)).peekable();
    owners.peek().is_some() && owners.all(Interface::is_load_balancer)
}
