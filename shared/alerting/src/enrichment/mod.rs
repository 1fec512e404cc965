//! What EC2 adds to a finding: interfaces, tags, security groups, network ACLs and prefix lists, and what is missing.
//!
//! It is the state at the time of the request, which need not be the state that the packets met.

mod interface;
mod missing;
mod network;
mod request;
pub mod response;
mod rules;

pub use interface::{Interface, Tags};
pub use missing::{MissingData, MissingReason, NetworkPart};
pub use network::Network;
pub use request::{EnrichmentRequest, MAX_INTERFACES, MAX_PEERS};
pub use rules::{AclEntry, GroupRule, IcmpRange, NetworkAcl, Peer, PrefixList, RuleTraffic, SecurityGroup};
