//! Network interfaces, and the tags of resources.

use std::net::IpAddr;

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its id.
    pub id: Box<str>,
    /// `interfaceType`: `interface`, `natGateway`, `lambda` and others.
    pub kind: Box<str>,
    /// Its description, which names the service that made it and what for.
    pub description: Option<Box<str>>,
    /// The account or service that made it on behalf of the owner.
    pub requester: Option<Box<str>>,
    /// The account that owns it.
    pub owner: Option<Box<str>>,
    /// Its private addresses, both families.
    pub addresses: Vec<IpAddr>,
    /// Its public IPv4 addresses.
    pub public_addresses: Vec<IpAddr>,
    /// The instance that it is attached to.
    pub instance_id: Option<Box<str>>,
    /// Its subnet.
    pub subnet_id: Option<Box<str>>,
    /// Its VPC.
    pub vpc_id: Option<Box<str>>,
    /// Its availability zone.
    pub zone: Option<Box<str>>,
    /// Its security groups, by id.
    pub group_ids: Vec<Box<str>>,
    /// Its own tags, which are not those of the instance.
    pub tags: Tags,
}

impl Interface {
    /// Tells whether an address is one of the interface's, private or public.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address) || self.public_addresses.contains(&address)
    }

    /// Tells whether it is a load balancer's: by its type, or by its description, which is `ELB app/NAME/ID`, `ELB net/NAME/ID` or `ELB NAME`
    /// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html>, find its interfaces).
    pub fn is_load_balancer(&self) -> bool {
        let described = self.description.as_deref().is_some_and(|description| description.starts_with("ELB "));
        described || matches!(&*self.kind, "load_balancer" | "network_load_balancer" | "gateway_load_balancer")
    }
}

/// The tags that emails use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// The value of `Name`.
    pub name: Option<Box<str>>,
    /// Key and value of the tags that say who owns the resource, in the order the keys were configured.
    pub owners: Vec<(Box<str>, Box<str>)>,
}
