//! The network as EC2 describes it now, asked as the functions ask.

use std::iter;

use alerting::{
    detection::Finding,
    enrichment::{EnrichmentRequest, MissingReason, Network},
    ports::Enricher as _,
};
use aws_adapters::Ec2Network;

use crate::{
    aws::{AwsArgs, Session, block_on},
    clock,
};

/// Flows of one request, which asks for 20 interfaces and 50 addresses at most: one interface and four addresses of each.
pub(super) const FLOWS_PER_REQUEST: usize = 10;

/// Asks EC2 about findings. Returns a network for each [`FLOWS_PER_REQUEST`] of them. Without credentials or a region it says so on
/// standard error, and nothing is known.
pub(super) fn ask(findings: &[&Finding], args: &AwsArgs, owner_tag_keys: &[String]) -> Vec<Network> {
    let requests = findings
        .chunks(FLOWS_PER_REQUEST)
        .map(|findings| EnrichmentRequest::of(findings.iter().copied(), iter::empty(), iter::empty()));
    let asked = block_on(async {
        let session = Session::new(args).await?;
        // Tells in one call whether the credentials are good, and says whose network it is.
        let caller = session.identity().await?;
        eprintln!("EC2 is asked in account {}, region {}", caller.account, session.region);
        let ec2 = Ec2Network::new(session.shared.clone(), owner_tag_keys.to_vec(), clock::now);
        let mut networks = Vec::new();
        for request in requests.clone() {
            networks.push(ec2.enrich(&request).await);
        }
        Ok(networks)
    });
    asked.unwrap_or_else(|reason| {
        eprintln!("vpc-flow-alerts: EC2 is not asked: {reason} (or --offline, without this message)");
        requests.map(|_| Network::unknown(MissingReason::NotGiven)).collect()
    })
}
