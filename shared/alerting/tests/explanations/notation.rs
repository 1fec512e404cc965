//! A short notation for findings, networks and explanations in the tables of cases.
//!
//! A flow: `in 203.0.113.12 > 10.0.0.5` or `out ...`. `in?` and `out?` mean that the direction is judged by the addresses, `?` that
//! it is unknown. Options follow:
//! - `tcp 41022>5432` or `udp 41022>53`: a protocol with the ports of source and target. The client's may be several: `40000-40010`
//! - `syn`, `synack`: TCP flags that prove the source to be the client or the server. `request`, `answer`: the same, judged by the
//!   ports. Without any of them, only the opposite way being accepted makes it an answer; else the role is not known
//! - `late=closed`, `late=idle`, `late=no-request`: late packets
//! - `answers`, `answers-late`, `answers-before`: ICMP of the opposite direction was accepted at the same time, an hour later, or
//!   just before
//! - `same`, `same-before`, `same-after`, `same-late`: ICMP of the same direction was accepted at the same time, just before, just
//!   after, or an hour later
//! - `untracked=N`: the number of accepted records that were not kept
//! - `reason=BPA`, `packet-source=A`, `packet-target=A`, `no-interface`, `subnet=S`, `vpc=V`: fields of the record
//!
//! A network has one line for each of these:
//! - `own 10.0.0.5 subnet-a sg-web,sg-2`: the interface that logged the flow, in vpc-1. `-` means no groups. A type other than
//!   `interface` follows.
//! - `peer 10.0.0.9 subnet-a sg-db`: another interface. `vpc=V` and `public=A` may follow.
//! - `acl subnet-a`: the network ACL of a subnet, without rules. `acl subnet-a out 50 deny icmp/8/0 0.0.0.0/0` adds a rule. The
//!   number of the last rule is `*`. Protocols: `all`, `icmp`, `icmpv6`, `tcp`, `udp`, `tcp/443`, `udp/1024-65535`, `gre`.
//! - `sg sg-web`: a security group without rules. `sg sg-web in icmp 10.0.0.0/8` adds a rule. The other side is a block, a group or
//!   a prefix list (`pl-1`).
//! - `list pl-1 10.0.0.0/8,10.1.0.0/16`: the entries of a prefix list. `more` may follow: not all of them were read
//! - `missing acls denied`: missing data and its reason
//! - `open acl`: a network ACL of subnet-a that allows everything. `open out`: the group sg-web allows all outbound packets, as in
//!   a group that AWS creates.

use std::net::IpAddr;

use alerting::{
    detection::{
        Accepted, Basis, Direction, Finding, Flow, FlowMetadata, Late, Origin, OriginBasis, PortRange, Rule, Server,
        ServerBasis, Side, Totals,
    },
    enrichment::{
        AclEntry, GroupRule, IcmpRange, Interface, MissingData, MissingReason, Network, NetworkAcl, NetworkPart, Peer,
        PrefixList, RuleTraffic, SecurityGroup,
    },
    explain::{
        AclEvidence, AclVerdict, Confidence, Evidence, Explanation, GroupsVerdict, Layer, PacketRole, Same, Undecided,
    },
};
use flow_log::{EpochMillis, Protocol};

/// The id of the interface that logs the flows.
pub(crate) const OWN: &str = "eni-own";

/// Parses a finding.
pub(crate) fn finding(flow: &str) -> Finding {
    let words: Vec<&str> = flow.split(' ').collect();
    let [way, source, ">", target, rest @ ..] = &words[..] else { panic!("not a flow: {flow}") };
    let (srcaddr, dstaddr): (IpAddr, IpAddr) = (source.parse().unwrap(), target.parse().unwrap());
    let totals = |start: u64| Totals {
        records: 1,
        packets: Some(4),
        bytes: Some(336),
        first_start: Some(EpochMillis(start)),
        last_end: Some(EpochMillis(start + 59_000)),
    };
    let direction = match *way {
        "in" => Some((Direction::Ingress, Basis::Field)),
        "out" => Some((Direction::Egress, Basis::Field)),
        "in?" => Some((Direction::Ingress, Basis::InternalSide)),
        "out?" => Some((Direction::Egress, Basis::InternalSide)),
        "?" => None,
        _ => panic!("not a direction: {way}"),
    };
    let protocol = if srcaddr.is_ipv6() { Protocol::ICMPV6 } else { Protocol::ICMP };
    let mut finding = Finding {
        rule: Rule::Ping,
        flow: Flow {
            interface_id: Some(OWN.into()),
            resource_id: None,
            direction,
            srcaddr,
            dstaddr,
            packet_source: None,
            packet_target: None,
            protocol,
            srcport: None,
            dstport: None,
            reject_reason: None,
        },
        origin: Origin::default(),
        origin_basis: OriginBasis::default(),
        server: None,
        client_ports: None,
        tcp_flags: None,
        late: None,
        totals: totals(10_000_000),
        metadata: FlowMetadata::default(),
        lines: vec![],
        minutes: Default::default(),
        opposite: None,
        same: None,
        untracked_accepted: 0,
    };
    let accepted = |start| Some(Accepted { totals: totals(start), tcp_flags: None, line: "".into() });
    let mut server: Option<Server> = None;
    let mut ports: Option<(PortRange, PortRange)> = None;
    let is = |side, basis| Some(Server { side, basis });
    for word in rest {
        match word.split_once('=').unwrap_or((word, "")) {
            ("tcp", _) => finding.flow.protocol = Protocol::TCP,
            ("udp", _) => finding.flow.protocol = Protocol::UDP,
            ("syn", _) => server = is(Side::Target, ServerBasis::TcpFlags),
            ("synack", _) => server = is(Side::Source, ServerBasis::TcpFlags),
            ("request", _) => server = is(Side::Target, ServerBasis::KnownPort),
            ("answer", _) => server = is(Side::Source, ServerBasis::KnownPort),
            ("late", "closed") => finding.late = Some(Late::Closed),
            ("late", "idle") => finding.late = Some(Late::Idle),
            ("late", "no-request") => finding.late = Some(Late::NoRequest),
            (both, "") if both.contains('>') => {
                let (source, target) = both.split_once('>').unwrap();
                ports = Some((port_range(source), port_range(target)));
            }
            ("answers", _) => finding.opposite = accepted(10_000_000),
            ("answers-late", _) => finding.opposite = accepted(13_600_000),
            ("answers-before", _) => finding.opposite = accepted(9_870_000),
            ("same", _) => finding.same = accepted(10_000_000),
            ("same-before", _) => finding.same = accepted(9_870_000),
            ("same-after", _) => finding.same = accepted(10_130_000),
            ("same-late", _) => finding.same = accepted(13_600_000),
            ("untracked", number) => finding.untracked_accepted = number.parse().unwrap(),
            ("no-interface", _) => finding.flow.interface_id = None,
            ("protocol", number) => finding.flow.protocol = Protocol(number.parse().unwrap()),
            ("reason", reason) => finding.flow.reject_reason = Some(reason.into()),
            ("subnet", subnet) => finding.metadata.subnet_id = Some(subnet.into()),
            ("vpc", vpc) => finding.metadata.vpc_id = Some(vpc.into()),
            ("packet-source", address) => finding.flow.packet_source = Some(address.parse().unwrap()),
            ("packet-target", address) => finding.flow.packet_target = Some(address.parse().unwrap()),
            _ => panic!("not an option of a flow: {word}"),
        }
    }
    if let Some((source, target)) = ports {
        if server.is_none() && finding.opposite.is_some() && finding.same.is_none() {
            server = is(Side::Source, ServerBasis::AcceptedOpposite);
        }
        finding.rule = Rule::Request;
        finding.server = server;
        let side = server.map(|server| server.side);
        finding.flow.srcport = (side != Some(Side::Target)).then_some(source.first);
        finding.flow.dstport = (side != Some(Side::Source)).then_some(target.first);
        finding.client_ports = side.map(|side| if side == Side::Target { source } else { target });
    }
    finding
}

fn port_range(text: &str) -> PortRange {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    PortRange { first: first.parse().unwrap(), last: last.parse().unwrap() }
}

/// Parses a network.
pub(crate) fn network(lines: &[&str]) -> Network {
    let mut network = Network::default();
    for line in lines {
        match &line.split(' ').collect::<Vec<_>>()[..] {
            ["own", address, subnet, groups, rest @ ..] => interface(&mut network, OWN, address, subnet, groups, rest),
            ["peer", address, subnet, groups, rest @ ..] => {
                let id = format!("eni-{}", network.interfaces.len());
                interface(&mut network, &id, address, subnet, groups, rest);
            }
            ["acl", subnet, rule @ ..] => {
                let acl = acl(&mut network, subnet);
                if !rule.is_empty() {
                    acl.entries.push(entry(rule));
                }
            }
            ["sg", id, rule @ ..] => group(&mut network, id, rule),
            ["list", id, blocks, rest @ ..] => {
                let blocks = blocks.split(',').map(|block| block.parse().unwrap()).collect();
                network.prefix_lists.insert((*id).to_owned(), PrefixList { blocks, complete: rest.is_empty() });
            }
            ["missing", part, reason] => {
                network.missing.push(MissingData { part: self::part(part), reason: self::reason(reason) })
            }
            ["open", "acl"] => {
                for rule in ["in 100 allow all 0.0.0.0/0", "in 101 allow all ::/0", "in * deny all 0.0.0.0/0"] {
                    for rule in [rule.to_owned(), rule.replace("in", "out")] {
                        let entry = entry(&rule.split(' ').collect::<Vec<_>>());
                        acl(&mut network, "subnet-a").entries.push(entry);
                    }
                }
            }
            ["open", "out"] => {
                group(&mut network, "sg-web", &["out", "all", "0.0.0.0/0"]);
                group(&mut network, "sg-web", &["out", "all", "::/0"]);
            }
            _ => panic!("not a line of a network: {line}"),
        }
    }
    network
}

fn interface(network: &mut Network, id: &str, address: &str, subnet: &str, groups: &str, rest: &[&str]) {
    let mut interface = Interface {
        id: id.into(),
        kind: "interface".into(),
        addresses: address.split(',').map(|address| address.parse().unwrap()).collect(),
        subnet_id: (subnet != "-").then(|| subnet.into()),
        vpc_id: Some("vpc-1".into()),
        group_ids: groups.split(',').filter(|id| *id != "-").map(Into::into).collect(),
        ..Interface::default()
    };
    for word in rest {
        match word.split_once('=') {
            Some(("vpc", vpc)) => interface.vpc_id = Some(vpc.into()),
            Some(("public", address)) => interface.public_addresses.push(address.parse().unwrap()),
            _ => interface.kind = (*word).into(),
        }
    }
    network.interfaces.insert(id.to_owned(), interface);
}

fn acl<'n>(network: &'n mut Network, subnet: &str) -> &'n mut NetworkAcl {
    let id = format!("acl-{subnet}");
    if network.acl_of(subnet).is_none() {
        let subnet_ids = vec![subnet.into()];
        network.acls.push(NetworkAcl { id: id.clone().into(), subnet_ids, ..NetworkAcl::default() });
    }
    network.acls.iter_mut().find(|acl| *acl.id == *id).unwrap()
}

pub(crate) fn entry(words: &[&str]) -> AclEntry {
    let [way, number, action, protocol, block] = words else { panic!("not a rule of an ACL: {words:?}") };
    AclEntry {
        number: if *number == "*" { AclEntry::DEFAULT } else { number.parse().unwrap() },
        egress: *way == "out",
        allow: *action == "allow",
        traffic: traffic(protocol),
        block: block.parse().unwrap(),
    }
}

fn group(network: &mut Network, id: &str, rule: &[&str]) {
    let group = network.groups.entry(id.to_owned()).or_insert_with(|| SecurityGroup {
        id: id.into(),
        name: id.into(),
        ..SecurityGroup::default()
    });
    let [way, protocol, peer] = rule else { return };
    let peer = match peer {
        id if id.starts_with("sg-") => Peer::Group((*id).into()),
        id if id.starts_with("pl-") => Peer::PrefixList((*id).into()),
        block => Peer::Block(block.parse().unwrap()),
    };
    let rules = if *way == "out" { &mut group.outbound } else { &mut group.inbound };
    rules.push(GroupRule { traffic: traffic(protocol), peer });
}

pub(crate) fn traffic(text: &str) -> RuleTraffic {
    let (protocol, rest) = text.split_once('/').unwrap_or((text, ""));
    let ports = || if rest.is_empty() { PortRange::ALL } else { port_range(rest) };
    let mut numbers = rest.split('/').map(|number| number.parse().ok());
    let icmp = IcmpRange { kind: numbers.next().flatten(), code: numbers.next().flatten() };
    match protocol {
        "all" => RuleTraffic::All,
        "icmp" => RuleTraffic::Icmp(icmp),
        "icmpv6" => RuleTraffic::Icmpv6(icmp),
        "tcp" => RuleTraffic::Tcp(ports()),
        "udp" => RuleTraffic::Udp(ports()),
        "gre" => RuleTraffic::Other(47),
        other => panic!("not a protocol: {other}"),
    }
}

fn part(word: &str) -> NetworkPart {
    match word {
        "interfaces" => NetworkPart::Interfaces,
        "tags" => NetworkPart::Tags,
        "groups" => NetworkPart::Groups,
        "acls" => NetworkPart::Acls,
        "lists" => NetworkPart::PrefixLists,
        _ => panic!("not a part: {word}"),
    }
}

fn reason(word: &str) -> MissingReason {
    match word {
        "off" => MissingReason::SwitchedOff,
        "slow" => MissingReason::TooSlow,
        "denied" => MissingReason::Denied("ec2:Describe".into()),
        "failed" => MissingReason::Failed("InternalError".into()),
        "not-found" => MissingReason::NotFound,
        "calls" => MissingReason::TooManyCalls,
        "limit" => MissingReason::OverLimit { interfaces: 3, addresses: 0 },
        _ => panic!("not a reason: {word}"),
    }
}

/// Formats an explanation in one line: `acl out certain: answers; acl denies 50; groups allow by sg-web`.
pub(crate) fn line(explanation: &Explanation) -> String {
    let layer = match explanation.layer {
        Layer::BlockPublicAccess => "bpa",
        Layer::EncryptionControls => "encryption",
        Layer::Acl => "acl",
        Layer::SecurityGroup => "groups",
        Layer::Both => "both",
        Layer::Either => "either",
        Layer::Neither => "neither",
        Layer::Late => "late",
        Layer::Other => "other",
    };
    let confidence = match explanation.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    let unclear = if explanation.role == PacketRole::Unclear { " unclear" } else { "" };
    let evidence: Vec<String> = explanation.evidence.iter().map(|one| shown(one, explanation)).collect();
    let line = format!("{layer} {} {confidence}{unclear}: {}", way(explanation.direction), evidence.join("; "));
    line.trim_end_matches(": ").to_owned()
}

fn way(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::Ingress) => "in",
        Some(Direction::Egress) => "out",
        None => "?",
    }
}

fn shown(evidence: &Evidence, explanation: &Explanation) -> String {
    // If the direction is unknown, the evidence shows both.
    let known = explanation.direction;
    let of = |direction| if known.is_none() { format!(" {}", way(Some(direction))) } else { String::new() };
    match evidence {
        Evidence::RejectReason(reason) => format!("reason {reason}"),
        Evidence::OppositeAccepted(_) if explanation.role == PacketRole::Answer => "answers".to_owned(),
        Evidence::OppositeAccepted(_) => "opposite accepted".to_owned(),
        Evidence::SameAccepted(_, same) => match same {
            Same::Answers => "pings, as answers pass".to_owned(),
            Same::KindOrChange => "same accepted: kind or change".to_owned(),
            Same::Change => "same accepted: change".to_owned(),
        },
        Evidence::AcceptedUntracked(records) => format!("{records} untracked"),
        Evidence::Acl(acl) => format!("acl{} {}", of(acl.direction), acl_rules(acl)),
        Evidence::ReturnPath(acl) => format!("back {} {}", way(Some(acl.direction)), acl_rules(acl)),
        Evidence::Late(late) => late.word().to_owned(),
        Evidence::Groups(groups) => {
            let verdict = match &groups.verdict {
                GroupsVerdict::Allows { group_id, .. } => format!("allow by {group_id}"),
                GroupsVerdict::NoRule => "have no rule".to_owned(),
                GroupsVerdict::Depends(open) => {
                    let on = |on: Undecided| match on {
                        Undecided::IcmpType => "type",
                        Undecided::ClientPort => "port",
                        Undecided::PeerAddress => "address",
                        Undecided::PeerGroup => "member",
                        Undecided::PrefixList => "list",
                    };
                    let mut words: Vec<String> =
                        open.iter().map(|rule| format!("{} {}", rule.group_id, on(rule.on))).collect();
                    let unknown = groups.groups.iter().filter(|group| group.name.is_none());
                    words.extend(unknown.map(|group| format!("{} unknown", group.id)));
                    format!("depend on {}", words.join(", "))
                }
            };
            format!("groups{} {verdict}", of(groups.direction))
        }
        Evidence::NoGroups { kind } => format!("no groups on {kind}"),
        Evidence::SameSubnet { subnet_id, peer_interface_id } => format!("{peer_interface_id} in {subnet_id} too"),
        Evidence::MaybeSameSubnet { peer } => format!("{peer} maybe in its subnet"),
        Evidence::NoInterface => "no interface".to_owned(),
        Evidence::MissingData(missing) => format!("no {:?}: {:?}", missing.part, missing.reason),
    }
}

/// What the rules of a network ACL come to: `denies 50,*`, and which of the client's ports they deny: `denies * (40001-65535)`.
fn acl_rules(acl: &AclEvidence) -> String {
    let verdict = match acl.verdict {
        AclVerdict::Denies => "denies",
        AclVerdict::Allows => "allows",
        AclVerdict::Depends => "depends",
    };
    let number = |rule: &AclEntry| if rule.is_default() { "*".to_owned() } else { rule.number.to_string() };
    let rules: Vec<String> = acl.rules.iter().map(number).collect();
    let range = |range: &PortRange| format!("{}-{}", range.first, range.last);
    let denied: Vec<String> = acl.client_ports.iter().flat_map(|ports| &ports.denied).map(range).collect();
    let denied = if denied.is_empty() { String::new() } else { format!(" ({})", denied.join(",")) };
    format!("{verdict} {}{denied}", rules.join(","))
}
