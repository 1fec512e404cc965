//! What a rule would have to be for, to let rejected packets of TCP or UDP through.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    address::Scope,
    detection::{PortRange, Role, Rule, ServicePort, Side, has_ports},
    explain::{AclEvidence, Group},
    notification::{
        email::{connections, writer::Writer},
        explained::ExplainedFinding,
        language::{Opening, OpeningPeer},
    },
    text::inert,
};

/// Characters shown of a region.
const MAX_REGION_CHARS: usize = 32;

/// What the packets of some flows need; none of pings, and where the flows have no port or protocol in common.
pub(super) fn of(writer: &Writer<'_>, flows: &[&ExplainedFinding<'_>]) -> Option<Opening> {
    let protocol = flows.first()?.finding.flow.protocol;
    if !has_ports(protocol) || flows.iter().any(|flow| flow.finding.flow.protocol != protocol) {
        return None;
    }
    let of_clients = flows.iter().all(|flow| flow.finding.role() == Some(Role::Answer));
    let ports: BTreeSet<PortRange> = flows.iter().map(|flow| receiver_ports(flow)).collect::<Option<_>>()?;
    let ports: Vec<PortRange> = match of_clients {
        // One range says as much as all the ports that clients happened to take.
        true => ports.into_iter().reduce(PortRange::with).into_iter().collect(),
        false => ports.into_iter().collect(),
    };
    let peers: BTreeSet<IpAddr> = flows.iter().map(|flow| peer(flow)).collect();
    Some(Opening {
        protocol: ServicePort { port: 0, protocol }.protocol_word(),
        ports,
        of_clients,
        denied: flows.first()?.explanation.rejecting_acl().filter(|_| of_clients).map(denied).unwrap_or_default(),
        peer: opening_peer(writer, &peers),
        groups: peer_groups(writer, flows),
    })
}

/// What a rule has to be for that lets the answers through to what `opening` lets through.
pub(super) fn of_answers(opening: &Opening, acl: &AclEvidence) -> Opening {
    Opening { of_clients: true, denied: denied(acl), groups: Vec::new(), ..opening.clone() }
}

/// The ports that clients take and that a network ACL denies; none where it denies all of them.
fn denied(acl: &AclEvidence) -> Vec<PortRange> {
    let ports = acl.client_ports.as_ref().filter(|ports| !ports.allowed.is_empty());
    ports.map(|ports| ports.denied.clone()).unwrap_or_default()
}

/// The ports that the packets of a flow are for.
fn receiver_ports(flow: &ExplainedFinding<'_>) -> Option<PortRange> {
    let finding = flow.finding;
    finding.flow.dstport.map(PortRange::only).or(finding.client_ports)
}

/// The side of the other address; where it is not known which is the interface's, the sender.
fn peer_side(flow: &ExplainedFinding<'_>) -> Side {
    flow.own_side().map_or(Side::Source, Side::other)
}

/// The address on the other side, as the rules of the interface see it.
fn peer(flow: &ExplainedFinding<'_>) -> IpAddr {
    flow.endpoint(peer_side(flow)).record.address
}

fn opening_peer(writer: &Writer<'_>, peers: &BTreeSet<IpAddr>) -> OpeningPeer {
    let v6 = peers.first().is_some_and(IpAddr::is_ipv6);
    let outside = peers.iter().all(|peer| !Scope::of(*peer).is_internal());
    match peers.first() {
        _ if connections::is_route53(writer) => OpeningPeer::Route53 { prefix_list: health_checkers(writer, v6) },
        // Who is answered chose us: tomorrow it is somebody else.
        _ if outside && writer.notification.key.rule == Rule::Reply => OpeningPeer::Anywhere { v6 },
        Some(only) if peers.len() == 1 && writer.knows_all() => OpeningPeer::Address(*only),
        _ => OpeningPeer::Several,
    }
}

/// The AWS-managed prefix list of Route 53's health checkers in the region of the interface
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html>).
fn health_checkers(writer: &Writer<'_>, v6: bool) -> String {
    let region = writer.flows.iter().find_map(|flow| flow.location.region).unwrap_or(&writer.notification.key.region);
    let family = if v6 { "ipv6." } else { "" };
    format!("com.amazonaws.{}.{family}route53-healthchecks", inert(region, MAX_REGION_CHARS))
}

/// The security groups that all interfaces on the other side are in. A rule that names one fits their private addresses alone.
fn peer_groups(writer: &Writer<'_>, flows: &[&ExplainedFinding<'_>]) -> Vec<Group> {
    if !writer.knows_all() {
        return Vec::new();
    }
    let groups = |flow: &&ExplainedFinding<'_>| -> BTreeSet<Box<str>> {
        let endpoint = flow.endpoint(peer_side(flow));
        let near = endpoint.record.interface.filter(|interface| interface.addresses.contains(&endpoint.record.address));
        let near = near.filter(|_| endpoint.packet.is_none() && flow.own_side().is_some());
        near.map(|interface| interface.group_ids.iter().cloned().collect()).unwrap_or_default()
    };
    let shared = flows.iter().map(groups).reduce(|one, other| one.intersection(&other).cloned().collect());
    let name = |id: &str| writer.notification.network.groups.get(id).map(|group| group.name.clone());
    shared.unwrap_or_default().into_iter().map(|id| Group { name: name(&id), id }).collect()
}
