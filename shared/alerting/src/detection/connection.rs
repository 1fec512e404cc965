//! What the rejected packets of a TCP or UDP flow are: which side is the server, whether they came late, and which rule they are of.
//!
//! No record says it. The procedure asks what is surest first, and a mistake is towards an email: what cannot be decided is a request.

use flow_log::{Protocol, TcpFlags};

use crate::{
    address::Networks,
    detection::{
        accepted::AcceptedFlow,
        direction::Direction,
        flow_key::FiveTuple,
        health_checks,
        late::Late,
        origin::{Origin, OriginBasis, origin},
        places::{Places, TupleHash},
        rule::Rule,
        server::{FIRST_CLIENT_PORT, Server, ServerBasis},
        service::ServicePort,
        side::Side,
        totals::Totals,
    },
};

/// Client ports of one side against one port of the other from which on that is taken for the server's.
const MANY_PORTS: u32 = 3;

/// The first port that Linux gives to clients; Windows begins at 49,152
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html>, ephemeral ports). A scan from one port goes to lower ones.
const FIRST_GIVEN_PORT: u16 = 32_768;

/// How long after a UDP request its answer is let through, in milliseconds: the shortest time that a security group tracks UDP
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>, idle timeouts), and 60 s that a
/// record's times can be off.
const UDP_TRACKED_MILLIS: u64 = 30_000 + 60_000;

/// What is known of the rejected packets of one five-tuple.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'s> {
    pub(super) tuple: &'s FiveTuple,
    pub(super) ports: (u16, u16),
    pub(super) flags: Option<TcpFlags>,
    pub(super) totals: &'s Totals,
    pub(super) opposite: Option<&'s AcceptedFlow>,
    pub(super) same: Option<&'s AcceptedFlow>,
    /// Whether Route 53's health checks sent them, by the record.
    pub(super) is_from_route_53: Option<bool>,
}

/// What they are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) rule: Rule,
    pub(super) server: Option<Server>,
    pub(super) late: Option<Late>,
    pub(super) origin: (Origin, OriginBasis),
}

impl Seen<'_> {
    /// What the packets are taken for. `direction` is that of the flow, `peers` those of the batch.
    pub(super) fn verdict<'p>(
        &self,
        direction: Option<Direction>,
        peers: impl FnOnce() -> &'p Peers,
        own_networks: &Networks,
    ) -> Verdict {
        let server = self.server(peers);
        let late = self.late(server);
        let answers = server.is_some_and(|server| server.side == Side::Source);
        // Backscatter: the internet answers what somebody else sent in our name, all day. A request of ours would be in the same batch.
        let is_inbound = || origin(direction, self.tuple, false, own_networks).0 == Origin::Internet;
        let answers = answers && (late.is_some() || self.opposite.is_some() || !is_inbound());
        let origin = origin(direction, self.tuple, answers, own_networks);
        let rule = match (late, answers) {
            (Some(_), _) => Rule::Late,
            // An answer to a request of ours: the request failed.
            (None, true) if origin.0 != Origin::OwnRequest => Rule::Reply,
            (None, false) if self.is_health_check() => Rule::Helper,
            (None, _) => Rule::Request,
        };
        Verdict { rule, server, late, origin }
    }

    /// Tells whether Route 53 sent them.
    fn is_health_check(&self) -> bool {
        self.is_from_route_53.unwrap_or_else(|| health_checks::is_route_53(self.tuple.sender()))
    }

    /// Which side is the server.
    fn server<'p>(&self, peers: impl FnOnce() -> &'p Peers) -> Option<Server> {
        let known = |side, basis| Some(Server { side, basis });
        let (mine, theirs) = (self.flags, self.opposite.and_then(|accepted| accepted.tcp_flags));
        if let Some(side) = opener(mine, Side::Source).or_else(|| opener(theirs, Side::Target)) {
            return known(side.other(), ServerBasis::TcpFlags);
        }
        // Flags without a SYN are of a connection that was open before: that tells no side.
        if self.opposite.is_some() && self.same.is_none() && theirs.is_none() {
            return known(Side::Source, ServerBasis::AcceptedOpposite);
        }
        let (source, target) = self.ports;
        let protocol = self.tuple.protocol;
        let is_known = |port| ServicePort { port, protocol }.name().is_some();
        match (is_known(source), is_known(target)) {
            (true, false) if target >= FIRST_CLIENT_PORT => return known(Side::Source, ServerBasis::KnownPort),
            (false, true) if source >= FIRST_CLIENT_PORT => return known(Side::Target, ServerBasis::KnownPort),
            _ => {}
        }
        match peers().of(self.tuple, self.ports) {
            (from, to) if to >= MANY_PORTS && from < MANY_PORTS => return known(Side::Target, ServerBasis::ManyPorts),
            (from, to) if from >= MANY_PORTS && to < MANY_PORTS => return known(Side::Source, ServerBasis::ManyPorts),
            _ => {}
        }
        match (source < FIRST_CLIENT_PORT, target < FIRST_CLIENT_PORT) {
            (true, false) => known(Side::Source, ServerBasis::LowPort),
            (false, true) => known(Side::Target, ServerBasis::LowPort),
            _ => None,
        }
    }

    /// Why the packets are late ones, if they are.
    fn late(&self, server: Option<Server>) -> Option<Late> {
        match (self.tuple.protocol, self.flags) {
            (Protocol::TCP, Some(flags)) if flags.contains(TcpFlags::SYN) => None,
            (Protocol::TCP, Some(flags)) if has_end(flags) => Some(Late::Closed),
            (Protocol::TCP, Some(_)) => match self.opposite {
                None => Some(Late::Idle),
                Some(accepted) => self.was_closed(accepted).then_some(Late::Closed),
            },
            (Protocol::TCP, None) if self.same.is_some() && self.has_no_data() => Some(Late::NoData),
            (protocol, _) => {
                let answers = server.is_some_and(|server| server.side == Side::Source);
                let request = self.opposite.filter(|accepted| !self.is_past(protocol, accepted));
                (answers && request.is_none()).then_some(Late::NoRequest)
            }
        }
    }

    /// Tells whether the packets are no longer than their headers: 20 bytes of IPv4 or 40 of IPv6, and TCP's 20 with 12 for time stamps.
    fn has_no_data(&self) -> bool {
        let headers = if self.tuple.srcaddr.is_ipv4() { 52 } else { 72 };
        let counts = self.totals.packets.zip(self.totals.bytes);
        counts.is_some_and(|(packets, bytes)| bytes <= packets.saturating_mul(headers))
    }

    /// Tells whether what was accepted shows that the connection had ended.
    fn was_closed(&self, opposite: &AcceptedFlow) -> bool {
        let ended = |accepted: &AcceptedFlow| accepted.tcp_flags.is_some_and(has_end);
        ended(opposite) || self.same.is_some_and(ended)
    }

    /// Tells whether the answer to a request comes after the time in which it is let through.
    fn is_past(&self, protocol: Protocol, request: &AcceptedFlow) -> bool {
        let times = request.totals.last_end.zip(self.totals.first_start);
        protocol == Protocol::UDP
            && times.is_some_and(|(end, start)| start.0 > end.0.saturating_add(UDP_TRACKED_MILLIS))
    }
}

/// The side that opens the connection, by the flags of the packets that this side sent.
fn opener(flags: Option<TcpFlags>, sender: Side) -> Option<Side> {
    match flags? {
        flags if flags.contains(TcpFlags::SYN_ACK) => Some(sender.other()),
        flags if flags.contains(TcpFlags::SYN) => Some(sender),
        _ => None,
    }
}

/// Tells whether flags end a connection.
fn has_end(flags: TcpFlags) -> bool {
    flags.contains(TcpFlags::FIN) || flags.contains(TcpFlags::RST)
}

/// How many client ports of one side have to do with one port of the other, in the rejected records of a batch.
#[derive(Debug, Default)]
pub(super) struct Peers {
    places: Places,
    /// Two addresses with the port of one of them, the other one's 0, and the number.
    numbers: Vec<(FiveTuple, u32)>,
}

impl Peers {
    /// Those of these five-tuples, each of them once.
    pub(super) fn of_all<'t>(tuples: impl ExactSizeIterator<Item = &'t FiveTuple>) -> Peers {
        let mut peers =
            Peers { places: Places::with_capacity(tuples.len()), numbers: Vec::with_capacity(tuples.len()) };
        for tuple in tuples {
            let Some((source, target)) = tuple.ports else { continue };
            if target >= FIRST_GIVEN_PORT {
                peers.add(tuple.as_seen().with_ports((source, 0)));
            }
            if source >= FIRST_GIVEN_PORT {
                peers.add(tuple.as_seen().with_ports((0, target)));
            }
        }
        peers
    }

    fn add(&mut self, key: FiveTuple) {
        let hash = TupleHash::of(&key);
        match self.places.find(hash, |place| self.numbers[place].0 == key) {
            Some(place) => self.numbers[place].1 += 1,
            None => {
                self.places.insert(hash, self.numbers.len());
                self.numbers.push((key, 1));
            }
        }
    }

    /// Client ports that the source port sent to, and those that sent to the target port.
    fn of(&self, tuple: &FiveTuple, (source, target): (u16, u16)) -> (u32, u32) {
        let number = |ports| {
            let key = tuple.as_seen().with_ports(ports);
            let place = self.places.find(TupleHash::of(&key), |place| self.numbers[place].0 == key);
            place.map_or(0, |place| self.numbers[place].1)
        };
        (number((source, 0)), number((0, target)))
    }
}
