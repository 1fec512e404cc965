//! What the whole batch shows of the rejected flows: evidence, server, origin and rule, and which connections are one finding.

use std::cell::OnceCell;

use crate::{
    address::Networks,
    detection::{
        accepted::AcceptedFlow,
        connection::{Peers, Seen, Verdict},
        direction::Direction,
        flow_key::FiveTuple,
        logger::Loggers,
        origin::origin,
        places::{Place, Places, TupleHash},
        rejected::RejectedFlow,
        rule::{Rule, Rules},
        server::PortRange,
        side::Side,
    },
};

/// What flows are judged by.
pub(super) struct Judge<'j> {
    pub(super) loggers: &'j Loggers,
    pub(super) accepted: &'j [AcceptedFlow],
    pub(super) accepted_places: &'j Places,
    pub(super) rules: Rules,
    pub(super) own_networks: &'j Networks,
}

impl Judge<'_> {
    /// Sets the directions that only other records show, what was accepted either way, and what follows from all of it.
    pub(super) fn judge(&self, flows: &mut [RejectedFlow]) {
        // Few flows need it, and it is of all of them.
        let peers = OnceCell::new();
        for place in 0..flows.len() {
            let FiveTuple { logger, srcaddr, dstaddr, .. } = flows[place].key.tuple;
            let known = flows[place].direction;
            let direction = known.or_else(|| self.loggers.get(logger).direction(srcaddr, dstaddr));
            let way = direction.map(|(way, _)| way);
            let (same, opposite) = self.evidence(&flows[place].key.tuple);
            let verdict = flows[place].key.tuple.ports.map(|ports| {
                let peers = || peers.get_or_init(|| Peers::of_all(flows.iter().map(|flow| &flow.key.tuple)));
                self.seen(&flows[place], ports, (same, opposite)).verdict(way, peers, self.own_networks)
            });
            let flow = &mut flows[place];
            (flow.direction, flow.same, flow.opposite) = (direction, same, opposite);
            match verdict {
                Some(verdict) => self.take_over(verdict, flow),
                None => {
                    let answers = opposite.is_some();
                    (flow.origin, flow.origin_basis) = origin(way, &flow.key.tuple, answers, self.own_networks);
                }
            }
        }
    }

    /// The places of what was accepted of a five-tuple, and of the opposite one.
    fn evidence(&self, tuple: &FiveTuple) -> (Option<Place>, Option<Place>) {
        if self.accepted.is_empty() {
            return (None, None);
        }
        let place = |tuple: &FiveTuple| find(self.accepted_places, self.accepted, tuple).map(Place::new);
        (place(tuple), place(&tuple.opposite()))
    }

    fn seen<'s>(
        &'s self,
        flow: &'s RejectedFlow,
        ports: (u16, u16),
        (same, opposite): (Option<Place>, Option<Place>),
    ) -> Seen<'s> {
        let accepted = |place: Option<Place>| place.and_then(|place| self.accepted.get(place.index()));
        Seen {
            tuple: &flow.key.tuple,
            ports,
            flags: flow.tcp_flags,
            totals: &flow.totals,
            opposite: accepted(opposite),
            same: accepted(same),
            is_from_route_53: flow.is_from_route_53,
        }
    }

    /// Takes over what the packets of a connection are.
    fn take_over(&self, verdict: Verdict, flow: &mut RejectedFlow) {
        let helps = verdict.rule != Rule::Helper || self.rules.is_on(Rule::Helper);
        flow.rule = if helps { verdict.rule } else { Rule::Request };
        (flow.server, flow.late) = (verdict.server, verdict.late);
        (flow.origin, flow.origin_basis) = verdict.origin;
        let client = flow.server.zip(flow.key.tuple.ports).map(|(server, (source, target))| match server.side {
            Side::Source => target,
            Side::Target => source,
        });
        flow.client_ports = client.map(PortRange::only);
    }

    /// Joins the connections to one service, and leaves out flows whose rule is off.
    pub(super) fn join(&self, flows: &mut [RejectedFlow]) {
        let mut firsts = Places::with_capacity(flows.len());
        for place in 0..flows.len() {
            let (before, rest) = flows.split_at_mut(place);
            let Some(flow) = rest.first_mut() else { return };
            // The rule about scans judges requests.
            let is_judged = flow.rule == Rule::Request && self.rules.is_on(Rule::Scan);
            if !self.rules.is_on(flow.rule) && !is_judged {
                continue;
            }
            flow.joined.first = Some(Place::new(place));
            let Some(key) = ServiceKey::of(flow) else { continue };
            let hash = TupleHash::of(&key.tuple);
            match firsts.find(hash, |first| ServiceKey::of(&before[first]) == Some(key)) {
                Some(first) => {
                    flow.joined.first = Some(Place::new(first));
                    let head = &mut before[first];
                    head.absorb(flow);
                    let last = head.joined.last.replace(Place::new(place)).map_or(first, Place::index);
                    before[last].joined.next = Some(Place::new(place));
                }
                None => firsts.insert(hash, place),
            }
        }
    }
}

/// The place of what was accepted of a five-tuple.
pub(super) fn find(places: &Places, accepted: &[AcceptedFlow], tuple: &FiveTuple) -> Option<usize> {
    places.find(TupleHash::of(tuple), |place| accepted[place].tuple == *tuple)
}

/// What the connections to one service have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ServiceKey {
    /// With the service's port, and none of the client's.
    tuple: FiveTuple,
    side: Side,
    rule: Rule,
    direction: Option<Direction>,
    reason: Option<u16>,
}

impl ServiceKey {
    /// None where the server is not known: then a connection is a finding of its own.
    fn of(flow: &RejectedFlow) -> Option<ServiceKey> {
        let side = flow.server?.side;
        let (source, target) = flow.key.tuple.ports?;
        let ports = match side {
            Side::Source => (source, 0),
            Side::Target => (0, target),
        };
        let tuple = flow.key.tuple.with_ports(ports);
        let direction = flow.direction.map(|(way, _)| way);
        Some(ServiceKey { tuple, side, rule: flow.rule, direction, reason: flow.key.reason })
    }
}
