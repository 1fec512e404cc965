//! The phrases about TCP and UDP that every language has.

use crate::{
    detection::{ServerBasis, ServicePort, Side},
    notification::language::terms::ConnectionStory,
};

/// Sentences about TCP and UDP.
pub trait Connections {
    /// What happened, as a clause with how much it was: `amount` is a number of packets or records; `more` came after an earlier email.
    fn connection(&self, story: &ConnectionStory, amount: &str, more: bool) -> String;
    /// What happened, for a subject.
    fn connection_brief(&self, story: &ConnectionStory, amount: &str, more: bool) -> String;
    /// The same for a subject that would be too long: what happened stands before names that may be cut.
    fn connection_terse(&self, story: &ConnectionStory, amount: &str, more: bool) -> String;
    /// A load balancer by its name.
    fn load_balancer(&self, name: &str) -> String;
    /// A port with the name of its service: `port 22 (ssh)`.
    fn port(&self, port: ServicePort) -> String;
    /// A port that may be anything: `port 40001`.
    fn unknown_port(&self, port: u16) -> String;
    /// A port, or several, of a host, or of several.
    fn ports_of(&self, ports: &str, hosts: &str) -> String;
    /// A service, the side that offers it, and how that is known.
    fn server(&self, service: &str, side: Side, basis: ServerBasis) -> String;
    /// That it is not known which side is the server.
    fn server_unknown(&self) -> &'static str;
    /// What the packets are, as short as it can be: requests, or answers to them.
    fn requests_or_answers(&self, answers: bool) -> &'static str;
    /// TCP, UDP or both.
    fn transport(&self, tcp: bool, udp: bool) -> &'static str;
    /// Why a scan is an incident: that it looks like one, and the limits.
    fn scan_because(&self) -> String;
    /// What to do about a scan.
    fn scan_steps(&self, sender: &str) -> String;
}
