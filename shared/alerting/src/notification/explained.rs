//! Findings with what the records and EC2 know of them, resolved once: every output reads it from here, so that none says more
//! than another.

use std::net::IpAddr;

use crate::{
    detection::{Direction, Finding, Side},
    enrichment::{Interface, Network, Tags},
    explain::{Explanation, explain},
};

/// A finding with its explanation, its location and who is on its two sides.
#[derive(Clone, Debug)]
pub struct ExplainedFinding<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Why it was rejected.
    pub explanation: Explanation,
    /// Where it was seen.
    pub location: Location<'a>,
    /// Who sent the packets.
    pub source: Endpoint<'a>,
    /// Who was to receive them.
    pub target: Endpoint<'a>,
}

/// Where a flow was seen, as its records say it or else EC2.
#[derive(Clone, Copy, Debug)]
pub struct Location<'a> {
    /// The account that owns the interface.
    pub account: Option<&'a str>,
    /// The region, where the records name it.
    pub region: Option<&'a str>,
    /// The log group that the records were written to first, where they are in a copy of it.
    pub log_group: Option<&'a str>,
    /// The availability zone.
    pub zone: Option<&'a str>,
    /// The VPC.
    pub vpc: Option<&'a str>,
    /// The subnet.
    pub subnet: Option<&'a str>,
    /// The instance.
    pub instance: Option<&'a str>,
}

/// One side of a flow.
#[derive(Clone, Debug)]
pub struct Endpoint<'a> {
    /// Who has the address in the record.
    pub record: Host<'a>,
    /// Who has the address in the packets, where it is another one.
    pub packet: Option<Host<'a>>,
    /// Whether the address in the record is that of an intermediate: the packets carry one that is not the interface's.
    pub behind: bool,
    /// The AWS service that the address in the packets belongs to.
    pub service: Option<&'a str>,
}

/// Who has an address.
#[derive(Clone, Debug)]
pub struct Host<'a> {
    /// The address.
    pub address: IpAddr,
    /// Whether it is an address of the interface that logged the flow.
    pub is_own: bool,
    /// The interface.
    pub interface_id: Option<&'a str>,
    /// The resource that logged the flow, where it has no interface.
    pub resource_id: Option<&'a str>,
    /// What EC2 says of the interface.
    pub interface: Option<&'a Interface>,
    /// The instance that it is attached to.
    pub instance_id: Option<&'a str>,
    /// The tags of the instance.
    pub instance_tags: Option<&'a Tags>,
    /// Values of tags that the records carry; their keys are not known.
    pub record_tags: &'a [Box<str>],
}

impl<'a> ExplainedFinding<'a> {
    /// Explains a finding.
    pub fn of(finding: &'a Finding, network: &'a Network) -> ExplainedFinding<'a> {
        let (flow, metadata) = (&finding.flow, &finding.metadata);
        let explanation = explain(finding, network);
        let interface = network.interface_of(finding);
        let location = Location {
            account: metadata.account_id.as_deref().or_else(|| interface?.owner.as_deref()),
            region: metadata.region.as_deref(),
            log_group: metadata.log_group.as_deref(),
            zone: metadata.az_id.as_deref().or_else(|| interface?.zone.as_deref()),
            vpc: metadata.vpc_id.as_deref().or_else(|| interface?.vpc_id.as_deref()),
            subnet: metadata.subnet_id.as_deref().or_else(|| interface?.subnet_id.as_deref()),
            instance: metadata.instance_id.as_deref().or_else(|| interface?.instance_id.as_deref()),
        };
        let own_side = own_side(&explanation);
        let endpoint = |side: Side, record: IpAddr, packet: Option<IpAddr>, service: &'a Option<Box<str>>| {
            let is_own = own_side == Some(side);
            let owns = |address: IpAddr| interface.is_some_and(|interface| interface.owns(address));
            let host = |address: IpAddr, is_own: bool| {
                if is_own {
                    Host::that_logged(address, finding, interface, &location, network)
                } else {
                    Host::of(address, network.owner_of(address, location.vpc), network)
                }
            };
            Endpoint {
                record: host(record, is_own),
                packet: packet.map(|address| host(address, is_own && owns(address))),
                behind: packet.is_some_and(|address| !owns(address)),
                service: service.as_deref(),
            }
        };
        let source = endpoint(Side::Source, flow.srcaddr, flow.packet_source, &metadata.source_service);
        let target = endpoint(Side::Target, flow.dstaddr, flow.packet_target, &metadata.target_service);
        ExplainedFinding { finding, explanation, location, source, target }
    }

    /// One of its sides.
    pub fn endpoint(&self, side: Side) -> &Endpoint<'a> {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// The side of the interface that logged it, where that is known.
    pub fn own_side(&self) -> Option<Side> {
        own_side(&self.explanation)
    }
}

fn own_side(explanation: &Explanation) -> Option<Side> {
    explanation.direction.map(|direction| match direction {
        Direction::Egress => Side::Source,
        Direction::Ingress => Side::Target,
    })
}

impl<'a> Endpoint<'a> {
    /// Who sent the packets, or who was to receive them.
    pub fn host(&self) -> &Host<'a> {
        self.packet.as_ref().unwrap_or(&self.record)
    }

    /// Who has an address, if it is one of this side.
    pub fn host_at(&self, address: IpAddr) -> Option<&Host<'a>> {
        self.packet.iter().chain([&self.record]).find(|host| host.address == address)
    }
}

impl<'a> Host<'a> {
    /// The interface that logged a finding.
    fn that_logged(
        address: IpAddr,
        finding: &'a Finding,
        interface: Option<&'a Interface>,
        location: &Location<'a>,
        network: &'a Network,
    ) -> Host<'a> {
        Host {
            is_own: true,
            interface_id: finding.flow.interface_id.as_deref(),
            resource_id: finding.flow.resource_id.as_deref(),
            instance_id: location.instance,
            instance_tags: location.instance.and_then(|id| network.tags.get(id)),
            record_tags: &finding.metadata.tags,
            ..Host::of(address, interface, network)
        }
    }

    /// The interface that has an address according to EC2, if it knows one.
    pub fn of(address: IpAddr, interface: Option<&'a Interface>, network: &'a Network) -> Host<'a> {
        let instance_id = interface.and_then(|interface| interface.instance_id.as_deref());
        Host {
            address,
            is_own: false,
            interface_id: interface.map(|interface| &*interface.id),
            resource_id: None,
            interface,
            instance_id,
            instance_tags: instance_id.and_then(|id| network.tags.get(id)),
            record_tags: &[],
        }
    }

    /// The interface or, where there is none, the resource.
    pub fn id(&self) -> Option<&'a str> {
        self.interface_id.or(self.resource_id)
    }

    /// The names of the instance and of the interface.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.tags().filter_map(|tags| tags.name.as_deref())
    }

    /// The tags that say who owns it, each key once: the instance's before the interface's.
    pub fn owners(&self) -> Vec<(&'a str, &'a str)> {
        let mut owners: Vec<(&str, &str)> = Vec::new();
        for (key, value) in self.tags().flat_map(|tags| &tags.owners) {
            if !owners.iter().any(|(known, _)| **known == **key) {
                owners.push((key, value));
            }
        }
        owners
    }

    fn tags(&self) -> impl Iterator<Item = &'a Tags> {
        self.instance_tags.into_iter().chain(self.interface.map(|interface| &interface.tags))
    }
}
