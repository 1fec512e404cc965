//! Scenarios about TCP and UDP.

use alerting::{
    address::Networks,
    detection::{Detection, Detector, PortRange, Rule, Rules, Totals, Untracked},
    enrichment::{
        AclEntry, GroupRule, Interface, MissingReason, Network, NetworkAcl, Peer, RuleTraffic, SecurityGroup, Tags,
    },
    incident::{GroupBy, SignalPolicy, Summary, key},
    notification::NotificationContent,
};
use flow_log::{Formats, LogEvent};

use crate::{Kind, Scenario, open};

/// The scenarios about TCP and UDP.
pub const CONNECTIONS: [&str; 21] = [
    "request",
    "request-update",
    "request-resolved",
    "return-path",
    "request-out",
    "answers-in",
    "both-ways",
    "reply",
    "reply-update",
    "load-balancer",
    "health-check",
    "scan-hosts",
    "scan-ports",
    "clients",
    "other-services",
    "no-server",
    "request-v6",
    "dns",
    "ntp",
    "must-reach-tcp",
    "hostile-service",
];

/// The default format with what tells more of TCP.
const FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} \
                      ${start} ${end} ${action} ${log-status} ${tcp-flags} ${flow-direction}";

/// Returns the policy with all rules in force.
fn policy() -> SignalPolicy {
    SignalPolicy {
        rules: Rules::all(),
        must_reach: Networks::parse("198.51.100.0/24").unwrap(),
        ..SignalPolicy::default()
    }
}

/// Returns a record: interface, source and target with their ports, protocol, packets/bytes, `A` or `R`, tcp-flags, direction.
fn line(text: &str) -> String {
    let [interface, source, target, protocol, amount, action, flags, direction] =
        text.split(' ').collect::<Vec<_>>()[..]
    else {
        panic!("eight words: {text}")
    };
    let (source, sport) = source.rsplit_once(':').unwrap();
    let (target, dport) = target.rsplit_once(':').unwrap();
    let (packets, bytes) = amount.split_once('/').unwrap();
    let protocol = if protocol == "tcp" { 6 } else { 17 };
    let action = if action == "A" { "ACCEPT" } else { "REJECT" };
    format!(
        "5 123456789010 {interface} {source} {target} {sport} {dport} {protocol} {packets} {bytes} 1795401134 1795401182 {action} OK \
         {flags} {direction}"
    )
}

fn detect(lines: impl IntoIterator<Item = String>) -> Detection {
    let formats = Formats::parse(FORMAT).unwrap();
    let mut detector = Detector::new(&formats).with_rules(Rules::all());
    for line in lines {
        detector.observe(&LogEvent::new("1", 0, line));
    }
    detector.finish(crate::source("eni-0bb2-all"))
}

fn played(lines: &[&str]) -> Detection {
    detect(lines.iter().map(|text| line(text)))
}

fn opened(lines: &[&str]) -> Scenario {
    Scenario::opened_by(&played(lines), &policy())
}

/// Returns the opened notification of the scan that the requests of one sender are.
fn scan(detection: &Detection) -> Scenario {
    let grouped = key::group(detection, GroupBy::LogGroup, &policy());
    let sender = grouped.senders.into_iter().next().unwrap();
    let named =
        Summary::of(sender.findings.iter().copied(), &Untracked::default(), (Rule::Scan, sender.scan.signal)).named();
    let content = NotificationContent::batch(detection, &sender.findings, &Untracked::default(), &named);
    Scenario::new(sender.scan, content, Kind::Opened(None), alerting::incident::Reason::New, 0)
}

/// Returns the counters of the largest incident of a batch, with its key.
fn counted(detection: &Detection) -> (Summary, key::Group<'_>) {
    let group = crate::largest_group(detection, &policy());
    let summary = Summary::of(group.findings.iter().copied(), &group.untracked, (group.key.rule, group.key.signal));
    (summary, group)
}

const REQUEST: &str = "eni-0bb2 10.0.1.10:41022 10.0.2.20:5432 tcp 4/240 R 2 ingress";
const REQUEST_AGAIN: &str = "eni-0bb2 10.0.1.10:41987 10.0.2.20:5432 tcp 6/360 R 2 ingress";
const REPLY: [&str; 2] = [
    "eni-0aa1 203.0.113.9:51000 10.0.1.10:443 tcp 4/240 A 2 ingress",
    "eni-0aa1 10.0.1.10:443 203.0.113.9:51000 tcp 5/300 R 18 egress",
];

/// Returns the scenario of this name in [`CONNECTIONS`], without data from EC2.
pub fn connection(name: &str) -> Scenario {
    match name {
        "request" | "return-path" | "hostile-service" => opened(&[REQUEST]),
        "request-update" => {
            let detection = played(&[REQUEST_AGAIN]);
            let (since, group) = counted(&detection);
            let mut total = counted(&played(&[REQUEST])).0;
            total.merge(&since);
            let content = NotificationContent::counters(&group.key, &since);
            Scenario { content, key: group.key, ..Scenario::update(&since, total.totals) }
        }
        "request-resolved" => {
            let detection = played(&[REQUEST, REQUEST_AGAIN]);
            let (total, group) = counted(&detection);
            let content = NotificationContent::counters(&group.key, &total);
            Scenario { content, key: group.key, ..Scenario::resolved(total, 2, Totals::default()) }
        }
        "request-out" => opened(&["eni-0aa1 10.0.1.10:41022 10.0.2.20:5432 tcp 4/240 R 2 egress"]),
        "answers-in" => opened(&[
            "eni-0aa1 10.0.1.10:40000 198.51.100.7:443 tcp 4/240 A 2 egress",
            "eni-0aa1 198.51.100.7:443 10.0.1.10:40000 tcp 4/240 R 18 ingress",
        ]),
        "both-ways" => opened(&[
            "eni-0aa1 10.0.1.10:40000 192.0.2.7:443 tcp 4/240 A 2 egress",
            "eni-0aa1 192.0.2.7:443 10.0.1.10:40000 tcp 4/240 R 18 ingress",
            "eni-0aa1 10.0.1.10:40001 192.0.2.7:443 tcp 3/180 R 2 egress",
        ]),
        "reply" => opened(&REPLY),
        "reply-update" => {
            let more: Vec<String> = (1..=30)
                .flat_map(|n| {
                    REPLY.map(|text| line(&text.replace("203.0.113.9:51000", &format!("203.0.113.{n}:{}", 50_000 + n))))
                })
                .collect();
            let detection = detect(more);
            let (since, group) = counted(&detection);
            let mut total = counted(&played(&REPLY)).0;
            total.merge(&since);
            let content = NotificationContent::counters(&group.key, &since);
            Scenario { content, key: group.key, kind: Kind::Update(open(1), total.totals), ..opened(&REPLY) }
        }
        "load-balancer" => {
            let detection = played(&[
                "eni-0aa1 10.0.3.5:20100 10.0.1.10:8080 tcp 3/180 R 2 ingress",
                "eni-0aa1 10.0.3.6:20222 10.0.1.10:8080 tcp 3/180 R 2 ingress",
            ]);
            // As the engine does where EC2 knows that the senders are load balancers.
            Scenario::opened_by(&detection.with_rule(Rule::Helper, |_| true), &policy())
        }
        "health-check" => opened(&[
            "eni-0aa1 15.177.2.9:33001 10.0.1.10:443 tcp 3/180 R 2 ingress",
            "eni-0aa1 54.183.255.140:33002 10.0.1.10:443 tcp 3/180 R 2 ingress",
        ]),
        "scan-hosts" => scan(&detect(
            (1..=25)
                .map(|n| line(&format!("eni-0cc{n:02} 10.0.9.5:{} 10.0.4.{n}:22 tcp 2/120 R 2 ingress", 40_000 + n))),
        )),
        "scan-ports" => scan(&detect((0..15).map(|n| {
            line(&format!("eni-0bb2 10.0.9.5:{} 10.0.2.20:{} tcp 2/120 R 2 ingress", 40_000 + n, 8_000 + n * 10))
        }))),
        "clients" => opened(&[
            REQUEST,
            "eni-0bb2 10.0.1.11:41100 10.0.2.20:5432 tcp 3/180 R 2 ingress",
            "eni-0bb2 10.0.1.12:41200 10.0.2.20:5432 tcp 2/120 R 2 ingress",
        ]),
        "other-services" => {
            let detection = played(&[REQUEST, "eni-0bb2 10.0.1.10:41100 10.0.2.20:6379 tcp 3/180 R 2 ingress"]);
            let grouped = key::group(&detection, GroupBy::LogGroup, &policy());
            let findings: Vec<_> = grouped.groups.iter().flat_map(|group| group.findings.clone()).collect();
            let key = key::others_of(&grouped.groups[0].key, GroupBy::LogGroup);
            let content = NotificationContent::batch(&detection, &findings, &Untracked::default(), &Default::default());
            Scenario { content, key, ..opened(&[REQUEST]) }
        }
        "no-server" => opened(&["eni-0bb2 10.0.1.10:40001 10.0.2.20:40002 tcp 4/240 R - ingress"]),
        "request-v6" => {
            opened(&["eni-0bb2 2001:db8:1234:a100::10:41022 2001:db8:1234:a102::20:5432 tcp 4/320 R 2 ingress"])
        }
        "dns" => opened(&["eni-0aa1 10.0.1.10:40053 10.0.2.20:53 udp 4/320 R - egress"]),
        "ntp" => opened(&["eni-0bb2 10.0.1.10:40123 10.0.2.20:123 udp 4/304 R - ingress"]),
        "must-reach-tcp" => opened(&["eni-0aa1 198.51.100.23:50100 10.0.1.10:22 tcp 3/180 R 2 ingress"]),
        other => panic!("no scenario {other}"),
    }
}

fn rule(protocol: u8, block: &str) -> GroupRule {
    GroupRule { traffic: RuleTraffic::all_of(protocol), peer: Peer::Block(block.parse().unwrap()) }
}

fn ports(first: u16, last: u16, block: &str) -> GroupRule {
    GroupRule { traffic: RuleTraffic::Tcp(PortRange { first, last }), ..rule(6, block) }
}

fn everything(block: &str) -> GroupRule {
    GroupRule { traffic: RuleTraffic::All, ..rule(0, block) }
}

fn entry(number: u32, egress: bool, allow: bool, block: &str) -> AclEntry {
    AclEntry { number, egress, allow, traffic: RuleTraffic::All, block: block.parse().unwrap() }
}

fn host(name: &str, addresses: &[&str], group: &str) -> Interface {
    Interface {
        id: format!("eni-0{name}").into(),
        kind: "interface".into(),
        owner: Some("123456789010".into()),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        instance_id: Some(format!("i-0{name}").into()),
        subnet_id: Some(format!("subnet-0{name}").into()),
        vpc_id: Some("vpc-0123".into()),
        zone: Some("ap-northeast-1a".into()),
        group_ids: vec![group.into()],
        ..Interface::default()
    }
}

/// Returns the data from EC2 for a scenario, or that enrichment is switched off.
pub fn connection_network(name: &str, enriched: bool) -> Network {
    if !enriched {
        return Network::unknown(MissingReason::SwitchedOff);
    }
    let web = host("aa1", &["10.0.1.10", "2001:db8:1234:a100::10"], "sg-0aa1");
    let db = host("bb2", &["10.0.2.20", "2001:db8:1234:a102::20"], "sg-0bb2");
    let mut interfaces = vec![web, db];
    if name == "clients" {
        interfaces
            .extend([("c11", "10.0.1.11"), ("c12", "10.0.1.12")].map(|(id, address)| host(id, &[address], "sg-0aa1")));
    }
    if name == "load-balancer" {
        let balancer = |id: &str, address: &str| Interface {
            instance_id: None,
            description: Some("ELB app/my-alb/50dc6c495c0c9188".into()),
            requester: Some("amazon-elb".into()),
            ..host(id, &[address], "sg-0dd4")
        };
        interfaces.extend([balancer("d35", "10.0.3.5"), balancer("d36", "10.0.3.6")]);
    }
    let out = || vec![everything("0.0.0.0/0"), everything("::/0")];
    let group =
        |id: &str, name: &str, inbound, outbound| SecurityGroup { id: id.into(), name: name.into(), inbound, outbound };
    // Neither lets TCP or UDP in; what goes out is stopped where the scenario is about that.
    let stopped_out = matches!(name, "request-out" | "dns");
    let web_out = if stopped_out { vec![rule(1, "0.0.0.0/0")] } else { out() };
    let web_in = match name {
        "reply" | "reply-update" => vec![ports(443, 443, "0.0.0.0/0")],
        _ => vec![rule(1, "10.0.0.0/8")],
    };
    let groups = [
        group("sg-0aa1", "web", web_in, web_out),
        group("sg-0bb2", "db", vec![ports(5432, 5432, "10.0.5.0/24"), rule(1, "10.0.0.0/8")], out()),
        group("sg-0dd4", "alb", Vec::new(), out()),
    ];
    let mut entries: Vec<AclEntry> = Vec::new();
    for (family, block) in (0..).zip(["0.0.0.0/0", "::/0"]) {
        for egress in [false, true] {
            entries.push(entry(100 + family, egress, true, block));
            entries.push(entry(AclEntry::DEFAULT + family, egress, false, block));
        }
    }
    match name {
        // What clients of Linux and of Windows take is denied in part.
        "return-path" | "reply-update" => {
            let allowed = RuleTraffic::Tcp(PortRange { first: 1024, last: 40_000 });
            entries.retain(|entry| !entry.egress || entry.is_default() || entry.block.addr().is_ipv6());
            entries.push(AclEntry { traffic: allowed, ..entry(100, true, true, "0.0.0.0/0") });
        }
        "reply" => entries.push(entry(50, true, false, "203.0.113.0/24")),
        "answers-in" | "both-ways" => entries.push(entry(50, false, false, "0.0.0.0/0")),
        _ => {}
    }
    let subnet_ids = interfaces.iter().filter_map(|one| one.subnet_id.clone()).collect();
    let acl = NetworkAcl { id: "acl-0f3a9c".into(), subnet_ids, entries, ..NetworkAcl::default() };
    let hostile = "x\r\n\r\nNEXT   Nothing to do: https://phish.example/\u{202e}gnp";
    let named = |name_: &str, owner: &str| {
        let name_ = if name == "hostile-service" { hostile } else { name_ };
        Tags { name: Some(name_.into()), owners: vec![("owner".into(), owner.into())] }
    };
    let tags = [("i-0aa1", named("web-1", "team-a")), ("i-0bb2", named("db-1", "team-b"))];
    Network {
        interfaces: interfaces.into_iter().map(|one| (one.id.to_string(), one)).collect(),
        tags: tags.map(|(id, tags)| (id.to_owned(), tags)).into(),
        groups: groups.into_iter().map(|one| (one.id.to_string(), one)).collect(),
        acls: vec![acl],
        ..Network::default()
    }
}
