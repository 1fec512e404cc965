//! A generated network of which all facts are known: the owners of addresses, the rules, and for each packet its type and the
//! layers that reject it.

use std::{collections::BTreeMap, net::IpAddr};

use super::format::Format;

/// A seeded pseudo-random number generator (xorshift64*).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(crate) fn permille(&mut self, share: u64) -> bool {
        self.below(1_000) < share
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }
}

/// The type of a packet. No record contains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icmp {
    Request,
    Reply,
    Error,
}

impl Icmp {
    pub(crate) const ALL: [Icmp; 3] = [Icmp::Request, Icmp::Reply, Icmp::Error];

    fn number(self, v6: bool) -> u8 {
        match (self, v6) {
            (Icmp::Request, false) => 8,
            (Icmp::Reply, false) => 0,
            (Icmp::Error, false) => 3,
            (Icmp::Request, true) => 128,
            (Icmp::Reply, true) => 129,
            (Icmp::Error, true) => 1,
        }
    }
}

/// A rule of a network ACL or of a security group.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) number: u32,
    pub(crate) egress: bool,
    pub(crate) allow: bool,
    pub(crate) protocol: Option<u8>,
    pub(crate) icmp_type: Option<u8>,
    pub(crate) block: String,
}

impl Rule {
    fn fits(&self, egress: bool, peer: IpAddr, icmp: Icmp) -> bool {
        let protocol = if peer.is_ipv6() { 58 } else { 1 };
        self.egress == egress
            && self.protocol.is_none_or(|only| only == protocol)
            && self.icmp_type.is_none_or(|only| only == icmp.number(peer.is_ipv6()))
            && contains(&self.block, peer)
    }
}

/// Returns whether a CIDR block contains an address.
pub(crate) fn contains(block: &str, address: IpAddr) -> bool {
    let (base, length) = block.split_once('/').unwrap();
    let length: u32 = length.parse().unwrap();
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let base: IpAddr = base.parse().unwrap();
    base.is_ipv4() == address.is_ipv4() && (length == 0 || (bits(base) ^ bits(address)) >> (128 - length) == 0)
}

#[derive(Clone, Debug)]
pub(crate) struct Subnet {
    pub(crate) id: String,
    pub(crate) acl_id: String,
    pub(crate) acl: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) id: String,
    /// The id of a regional NAT gateway. Its records have this id instead of an interface.
    pub(crate) resource: Option<String>,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) instance: Option<String>,
    pub(crate) account: String,
    /// AWS writes `unknown` for interfaces that it has created.
    pub(crate) account_shown: bool,
    /// Whether EC2 shows the interface to this account.
    pub(crate) visible: bool,
    pub(crate) vpc: String,
    pub(crate) subnet: usize,
    /// The addresses that EC2 lists. Records show the first one of the address family.
    pub(crate) addresses: Vec<IpAddr>,
    /// Addresses of delegated prefixes. Records show them, but EC2 does not list them one by one.
    pub(crate) delegated: Vec<IpAddr>,
    pub(crate) groups: Option<(String, Vec<Rule>)>,
    pub(crate) format: usize,
}

/// The owner of an address: an interface, by its number, or a host that EC2 does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Interface(usize),
    Elsewhere,
}

/// The layers that reject a packet. More than one can reject it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) bpa: bool,
    pub(crate) acl: bool,
    pub(crate) groups: bool,
}

/// A flow record, with facts that no record contains.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) interface: usize,
    pub(crate) egress: bool,
    pub(crate) accept: bool,
    pub(crate) bpa: bool,
    pub(crate) source: IpAddr,
    pub(crate) target: IpAddr,
    pub(crate) packet_source: IpAddr,
    pub(crate) packet_target: IpAddr,
    pub(crate) packets: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The owners of `source`, `target`, `packet_source` and `packet_target`.
    pub(crate) owners: [Owner; 4],
    pub(crate) truth: Vec<(Icmp, Fate)>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) formats: Vec<Format>,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) records: Vec<Record>,
    minutes: u64,
    /// Ranges of minutes in which VPC Block Public Access is on.
    blocked: Vec<(u64, u64)>,
}

/// Packets of one type that are sent at the same time.
#[derive(Clone, Copy, Debug)]
struct Packets {
    at: u64,
    count: u64,
    icmp: Icmp,
    /// Whether they belong to a connection that the security groups allow.
    tracked: bool,
}

/// One end of a conversation.
#[derive(Clone, Copy, Debug)]
struct End {
    /// None for a host outside the generated network.
    interface: Option<usize>,
    /// The address in the packets.
    address: IpAddr,
    owner: Owner,
}

/// Start of each world, in seconds since the epoch: 2026-11-23 02:32:00 UTC.
pub(crate) const START: u64 = 1_795_401_120;
pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const REGION: &str = "eu-west-1";
const OTHER_ACCOUNT: &str = "222222222222";

fn v4(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let mut random = Random::new(seed);
        for _ in 0..4 {
            random.next();
        }
        let formats = Format::some(&mut random);
        let minutes = random.pick(&[6, 15, 40, 40, 200]);
        let blocked = if random.permille(300) {
            (0..=random.below(2))
                .map(|_| {
                    let from = random.below(minutes);
                    (from, from + 1 + random.below(minutes))
                })
                .collect()
        } else {
            Vec::new()
        };
        let mut world = World {
            random,
            formats,
            subnets: Vec::new(),
            interfaces: Vec::new(),
            records: Vec::new(),
            minutes,
            blocked,
        };
        world.make_network();
        world.make_traffic();
        world
    }

    pub(crate) fn start_of_world_millis() -> u64 {
        START * 1_000
    }

    fn make_network(&mut self) {
        // Copies of one VPC with the same addresses, as with one stack for each customer.
        let copies = self.random.permille(100);
        let vpcs = if copies { 4 + self.random.below(3) } else { 1 + self.random.below(2) };
        let same_range = copies || self.random.permille(600);
        for vpc in 0..vpcs {
            let range = if same_range { 0 } else { vpc };
            let first_subnet = self.subnets.len();
            for number in 0..=self.random.below(2) {
                let acl = self.acl();
                let id = format!("subnet-{vpc}{number}");
                self.subnets.push(Subnet { acl_id: format!("acl-{vpc}{number}"), id, acl });
            }
            let subnets = self.subnets.len() - first_subnet;
            let special: &[&'static str] = match self.random.below(6) {
                0 | 1 => &["transit_gateway"],
                2 => &["natGateway"],
                3 => &["transit_gateway", "natGateway"],
                _ => &[],
            };
            let hosts = if copies { 1 } else { 1 + self.random.below(3) as usize };
            let kinds: Vec<&'static str> =
                std::iter::repeat_n("interface", hosts).chain(special.iter().copied()).collect();
            for (number, kind) in kinds.into_iter().enumerate() {
                let slot = self.random.below(subnets as u64);
                let address = |last: u64| v4(&format!("10.{range}.{slot}.{last}"));
                let is_host = kind == "interface";
                let mut addresses = vec![address(10 + number as u64)];
                if is_host && self.random.permille(300) {
                    addresses.push(address(100 + number as u64));
                }
                if is_host && self.random.permille(300) {
                    addresses.push(v4(&format!("2600:1f18:{range}:{slot}::{}", 10 + number)));
                }
                let delegated =
                    if is_host && self.random.permille(150) { (200..204).map(address).collect() } else { vec![] };
                let regional = kind == "natGateway" && self.random.permille(500);
                let tag = format!("{vpc}{number}");
                let visible = !is_host || !self.random.permille(150);
                let groups = is_host.then(|| (format!("sg-{tag}"), self.group()));
                let format = self.random.below(self.formats.len() as u64) as usize;
                self.interfaces.push(Interface {
                    id: format!("eni-{tag}"),
                    resource: regional.then(|| format!("nat-{tag}")),
                    kind,
                    name: format!("host-{tag}"),
                    instance: is_host.then(|| format!("i-{tag}")),
                    account: if visible { ACCOUNT } else { OTHER_ACCOUNT }.to_owned(),
                    account_shown: is_host || self.random.permille(500),
                    visible,
                    vpc: format!("vpc-{vpc}"),
                    subnet: first_subnet + slot as usize,
                    addresses,
                    delegated,
                    groups,
                    format,
                });
            }
        }
    }

    /// Generates the rules of a network ACL for both directions.
    fn acl(&mut self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for egress in [false, true] {
            for (any, protocol, request, reply) in [("0.0.0.0/0", 1, 8, 0), ("::/0", 58, 128, 129)] {
                let offset = u32::from(protocol);
                let mut add = |number: u32, allow, protocol, icmp_type, block: &str| {
                    rules.push(Rule {
                        number: number + offset,
                        egress,
                        allow,
                        protocol,
                        icmp_type,
                        block: block.to_owned(),
                    });
                };
                match self.random.below(9) {
                    0 | 1 => add(100, false, Some(protocol), None, any),
                    2 => add(100, false, Some(protocol), Some(request), any),
                    3 => add(100, false, Some(protocol), Some(reply), any),
                    4 if protocol == 1 => add(100, false, Some(1), None, "10.0.0.0/8"),
                    5 if protocol == 1 => add(100, false, None, None, "203.0.113.0/25"),
                    _ => {}
                }
                if !self.random.permille(80) {
                    add(200, true, None, None, any);
                }
            }
        }
        rules
    }

    /// Generates the rules of a security group for both directions.
    fn group(&mut self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for egress in [false, true] {
            let mut add = |protocol, icmp_type, block: &str| {
                rules.push(Rule { number: 0, egress, allow: true, protocol, icmp_type, block: block.to_owned() });
            };
            match self.random.below(if egress { 9 } else { 7 }) {
                0 => {}
                1 => add(Some(6), None, "0.0.0.0/0"),
                2 => add(Some(1), Some(8), "0.0.0.0/0"),
                3 => add(Some(1), None, "10.0.0.0/8"),
                _ => {
                    add(None, None, "0.0.0.0/0");
                    add(None, None, "::/0");
                }
            }
        }
        rules
    }

    /// Returns whether the rules of the network ACL deny a packet.
    pub(crate) fn acl_denies(&self, interface: usize, egress: bool, peer: IpAddr, icmp: Icmp) -> bool {
        let mut rules: Vec<&Rule> = self.subnets[self.interfaces[interface].subnet].acl.iter().collect();
        rules.sort_by_key(|rule| rule.number);
        rules.into_iter().find(|rule| rule.fits(egress, peer, icmp)).is_none_or(|rule| !rule.allow)
    }

    /// Returns whether the security groups allow a connection of any protocol. Error messages may belong to such a connection.
    pub(crate) fn groups_connect(&self, interface: usize, peer: IpAddr) -> bool {
        let rules = self.interfaces[interface].groups.as_ref().map(|(_, rules)| rules);
        rules.is_none_or(|rules| rules.iter().any(|rule| contains(&rule.block, peer)))
    }

    /// Returns whether the security groups deny a packet that belongs to no connection.
    pub(crate) fn groups_deny(&self, interface: usize, egress: bool, peer: IpAddr, icmp: Icmp) -> bool {
        let Some((_, rules)) = &self.interfaces[interface].groups else { return false };
        !rules.iter().any(|rule| rule.fits(egress, peer, icmp))
    }

    /// Lets packets pass an interface and records them. Returns whether they are accepted.
    fn pass(&mut self, packets: Packets, interface: usize, own: (IpAddr, Owner), peer: End, egress: bool) -> bool {
        let Packets { at, count, icmp, tracked } = packets;
        let logging = &self.interfaces[interface];
        let shown = if logging.delegated.contains(&own.0) {
            own.0
        } else {
            *logging.addresses.iter().find(|address| address.is_ipv4() == own.0.is_ipv4()).unwrap()
        };
        let same_subnet = peer.interface.is_some_and(|peer| self.interfaces[peer].subnet == logging.subnet);
        let minute = (at - START) / 60;
        let internet = !is_private(peer.address) && peer.owner == Owner::Elsewhere;
        let fate = Fate {
            bpa: internet && self.blocked.iter().any(|(from, until)| (*from..*until).contains(&minute)),
            acl: !same_subnet && self.acl_denies(interface, egress, peer.address, icmp),
            groups: !tracked && self.groups_deny(interface, egress, peer.address, icmp),
        };
        let accept = !(fate.bpa || fate.acl || fate.groups);
        let own_owner = Owner::Interface(interface);
        let (mine, theirs) = ((shown, own.0, own_owner, own.1), (peer.address, peer.address, peer.owner, peer.owner));
        let (from, to) = if egress { (mine, theirs) } else { (theirs, mine) };
        let same = |record: &Record| {
            record.interface == interface
                && record.egress == egress
                && record.accept == accept
                && record.bpa == fate.bpa
                && (record.source, record.target) == (from.0, to.0)
                && (record.packet_source, record.packet_target) == (from.1, to.1)
                && (record.first - START) / 60 == minute
        };
        let record = match self.records.iter_mut().rev().take(400).find(|record| same(record)) {
            Some(record) => record,
            None => {
                self.records.push(Record {
                    interface,
                    egress,
                    accept,
                    bpa: fate.bpa,
                    source: from.0,
                    target: to.0,
                    packet_source: from.1,
                    packet_target: to.1,
                    packets: 0,
                    first: at,
                    last: at,
                    owners: [from.2, to.2, from.3, to.3],
                    truth: Vec::new(),
                });
                self.records.last_mut().unwrap()
            }
        };
        record.packets += count;
        record.first = record.first.min(at);
        record.last = record.last.max(at + 1);
        if !record.truth.contains(&(icmp, fate)) {
            record.truth.push((icmp, fate));
        }
        accept
    }

    /// Sends packets through every interface on their way. Returns whether they arrive.
    fn send(&mut self, packets: Packets, from: End, to: End, by: Option<usize>) -> bool {
        if let Some(interface) = from.interface
            && !self.pass(packets, interface, (from.address, from.owner), to, true)
        {
            return false;
        }
        if let Some(by) = by {
            // The host outside is behind the intermediate. The packets have the host's address, and the record shows the
            // intermediate's address.
            let behind = if from.interface.is_none() { from } else { to };
            let local = if from.interface.is_none() { to } else { from };
            let egress = from.interface.is_none();
            let packets = Packets { tracked: true, ..packets };
            if !self.pass(packets, by, (behind.address, behind.owner), local, egress) {
                return false;
            }
        }
        to.interface.is_none_or(|interface| self.pass(packets, interface, (to.address, to.owner), from, false))
    }

    /// Sends a ping and, if it arrives, its answer.
    fn ping(&mut self, at: u64, count: u64, from: End, to: End, by: Option<usize>) {
        if self.send(Packets { at, count, icmp: Icmp::Request, tracked: false }, from, to, by) {
            self.send(Packets { at, count, icmp: Icmp::Reply, tracked: true }, to, from, by);
        }
    }

    fn host(&mut self) -> End {
        let hosts: Vec<usize> =
            (0..self.interfaces.len()).filter(|number| self.interfaces[*number].kind == "interface").collect();
        let number = self.random.pick(&hosts);
        let host = &self.interfaces[number];
        let usable: Vec<IpAddr> =
            if host.delegated.is_empty() { host.addresses.clone() } else { host.delegated.clone() };
        End { interface: Some(number), address: self.random.pick(&usable), owner: Owner::Interface(number) }
    }

    fn stranger(&mut self, v6: bool, of: u64) -> End {
        let number = self.random.below(of);
        let address = match v6 {
            true => v4(&format!("2a00:1450::{number:x}")),
            false => v4(&format!("203.0.113.{}", number % 250)
                .replace("203.0.113", ["203.0.113", "8.8.4"][(number % 2) as usize])),
        };
        End { interface: None, address, owner: Owner::Elsewhere }
    }

    /// Returns a host with a private address in another network. An unconnected VPC may use the same address.
    fn remote(&mut self, here: usize, of: u64) -> End {
        let vpc = self.interfaces[here].vpc.clone();
        let taken: Vec<IpAddr> =
            self.interfaces.iter().filter(|other| other.vpc == vpc).flat_map(|other| other.addresses.clone()).collect();
        let elsewhere: Vec<IpAddr> = self
            .interfaces
            .iter()
            .filter(|other| other.vpc != vpc)
            .map(|other| other.addresses[0])
            .filter(|address| !taken.contains(address))
            .collect();
        let address = if !elsewhere.is_empty() && self.random.permille(400) {
            self.random.pick(&elsewhere)
        } else {
            v4(&format!("10.200.0.{}", self.random.below(of.min(250))))
        };
        End { interface: None, address, owner: Owner::Elsewhere }
    }

    fn intermediate(&mut self, vpc: &str, kind: &str) -> Option<usize> {
        self.interfaces.iter().position(|other| other.vpc == vpc && other.kind == kind)
    }

    fn make_traffic(&mut self) {
        let conversations = 1 + self.random.below(5);
        for _ in 0..conversations {
            let from = self.random.below(self.minutes);
            let last = (from + 1 + self.random.below(self.minutes)).min(self.minutes);
            let every = self.random.pick(&[1, 1, 2, 7, 30]);
            let crowd = self.random.pick(&[1, 1, 2, 4, 13, 60]);
            let kind = self.random.below(12);
            let mut host = self.host();
            let other = self.host();
            let copied = self.interfaces.len() > 3 && self.random.permille(500);
            let first_stranger = self.stranger(false, 1);
            let near = host.interface.unwrap();
            let vpc = self.interfaces[near].vpc.clone();
            let gateway = self.intermediate(&vpc, "transit_gateway").filter(|_| host.address.is_ipv4());
            let nat = self.intermediate(&vpc, "natGateway").filter(|_| host.address.is_ipv4());
            let mut minute = from;
            while minute < last {
                for _ in 0..=self.random.below(crowd) {
                    if self.records.len() > 400 {
                        return;
                    }
                    let at = START + minute * 60 + self.random.below(55);
                    let count = 1 + self.random.below(9);
                    if copied {
                        host = self.host();
                    }
                    let near = host.interface.unwrap();
                    let vpc = self.interfaces[near].vpc.clone();
                    let gateway =
                        gateway.filter(|number| self.interfaces[*number].vpc == vpc && host.address.is_ipv4());
                    let nat = nat.filter(|number| self.interfaces[*number].vpc == vpc && host.address.is_ipv4());
                    let stranger = match self.stranger(host.address.is_ipv6(), crowd) {
                        stranger if copied && stranger.address.is_ipv4() => first_stranger,
                        stranger => stranger,
                    };
                    let connected =
                        other.interface.is_some_and(|peer| self.interfaces[peer].vpc == vpc && peer != near)
                            && other.address.is_ipv4() == host.address.is_ipv4();
                    match kind {
                        0..=2 => self.ping(at, count, stranger, host, None),
                        3 => self.ping(at, count, host, stranger, None),
                        4 if connected => self.ping(at, count, other, host, None),
                        5 if connected => {
                            self.ping(at, count, other, host, None);
                            self.ping(at + 1, count, host, other, None);
                        }
                        6 => {
                            self.ping(at, count, stranger, host, None);
                            self.ping(at + 1, count, host, stranger, None);
                        }
                        7 | 8 if gateway.is_some() => {
                            let remote = self.remote(near, crowd);
                            self.ping(at, count, remote, host, gateway);
                            if kind == 8 {
                                self.ping(at + 1, count, host, remote, gateway);
                            }
                        }
                        9 if nat.is_some() => self.ping(at, count, host, stranger, nat),
                        10 if host.address.is_ipv4() => {
                            let remote = self.remote(near, crowd);
                            self.ping(at, count, remote, host, None);
                        }
                        11 => {
                            let tracked = self.groups_connect(near, stranger.address);
                            self.send(Packets { at, count, icmp: Icmp::Error, tracked }, stranger, host, None);
                        }
                        _ => self.ping(at, count, stranger, host, None),
                    }
                }
                minute += every;
            }
        }
    }

    /// Returns the numbers of the records by interface.
    pub(crate) fn by_interface(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut streams: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, record) in self.records.iter().enumerate() {
            streams.entry(record.interface).or_default().push(number);
        }
        streams
    }
}

pub(crate) fn is_private(address: IpAddr) -> bool {
    contains("10.0.0.0/8", address)
}
