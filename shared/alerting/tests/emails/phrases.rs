//! Every reason, kind of evidence, kind of missing data and next step in each language. The scenarios do not have all of them.

use std::fmt::Write as _;

use alerting::{
    detection::{Direction, Late, PortRange, ServerBasis, Side, Totals},
    enrichment::{AclEntry, GroupRule, IcmpRange, MissingData, MissingReason, NetworkPart, Peer, RuleTraffic},
    explain::{
        AclEvidence, AclVerdict, ClientPorts, Confidence, Evidence, Explanation, Group, GroupsEvidence, GroupsVerdict,
        Layer, OpenRule, PacketRole, Same, Undecided,
    },
    incident::{Reason, Signal, SignalPolicy},
    notification::{
        Language, NotificationKind, Severity,
        language::{
            ConnectionStory, Fix, Grade, Noun, Number, Opening, OpeningPeer, Parties, Permission, Phrases,
            RejectionKind, Traffic, WayBack,
        },
        links::Target,
    },
};

const LAYERS: [Layer; 9] = [
    Layer::BlockPublicAccess,
    Layer::EncryptionControls,
    Layer::Acl,
    Layer::SecurityGroup,
    Layer::Both,
    Layer::Either,
    Layer::Neither,
    Layer::Late,
    Layer::Other,
];

fn entry(number: u32, allow: bool, kind: Option<u8>) -> AclEntry {
    let traffic = RuleTraffic::Icmp(IcmpRange { kind, code: None });
    let block = "0.0.0.0/0".parse().unwrap();
    AclEntry { number, egress: false, allow, traffic, block }
}

fn acl(verdict: AclVerdict, rules: Vec<AclEntry>) -> AclEvidence {
    AclEvidence {
        id: "acl-1".into(),
        name: Some("public".into()),
        subnet_id: "subnet-1".into(),
        direction: Direction::Ingress,
        verdict,
        rules,
        client_ports: None,
    }
}

fn acls() -> Vec<AclEvidence> {
    vec![
        acl(AclVerdict::Denies, vec![entry(50, false, None)]),
        acl(AclVerdict::Denies, vec![entry(AclEntry::DEFAULT, false, None)]),
        acl(AclVerdict::Denies, vec![entry(50, false, Some(8)), entry(60, false, None)]),
        acl(AclVerdict::Allows, vec![entry(100, true, None)]),
        acl(AclVerdict::Depends, vec![entry(50, false, Some(8)), entry(100, true, None)]),
    ]
}

fn rule(icmp: IcmpRange, peer: Peer) -> GroupRule {
    GroupRule { traffic: RuleTraffic::Icmp(icmp), peer }
}

fn groups(verdict: GroupsVerdict) -> GroupsEvidence {
    let group = |id: &str, name: Option<&str>| Group { id: id.into(), name: name.map(Into::into) };
    let groups = vec![group("sg-1", Some("web")), group("sg-2", None)];
    GroupsEvidence { groups, direction: Direction::Ingress, verdict }
}

fn verdicts() -> Vec<GroupsVerdict> {
    let any = IcmpRange::default();
    let block = Peer::Block("10.0.0.0/8".parse().unwrap());
    let open = |icmp, peer, on| OpenRule { group_id: "sg-1".into(), rule: rule(icmp, peer), on };
    let request = IcmpRange { kind: Some(8), code: Some(0) };
    vec![
        GroupsVerdict::Allows { group_id: "sg-1".into(), rule: rule(any, block.clone()) },
        GroupsVerdict::NoRule,
        GroupsVerdict::Depends(vec![
            open(request, block.clone(), Undecided::IcmpType),
            open(any, block, Undecided::PeerAddress),
            open(any, Peer::Group("sg-9".into()), Undecided::PeerGroup),
            open(any, Peer::PrefixList("pl-9".into()), Undecided::PrefixList),
        ]),
    ]
}

fn evidence() -> Vec<Evidence> {
    let totals = Totals { records: 1, packets: Some(4), bytes: Some(336), ..Totals::default() };
    let mut evidence = vec![
        Evidence::RejectReason("BPA".into()),
        Evidence::OppositeAccepted(totals),
        Evidence::SameAccepted(totals, Same::Answers),
        Evidence::SameAccepted(totals, Same::KindOrChange),
        Evidence::SameAccepted(totals, Same::Change),
        Evidence::AcceptedUntracked(12),
        Evidence::NoGroups { kind: "natGateway".into() },
        Evidence::SameSubnet { subnet_id: "subnet-1".into(), peer_interface_id: "eni-2".into() },
        Evidence::MaybeSameSubnet { peer: "10.0.0.9".parse().unwrap() },
        Evidence::NoInterface,
    ];
    evidence.extend(acls().into_iter().map(Evidence::Acl));
    evidence.extend(verdicts().into_iter().map(|verdict| Evidence::Groups(groups(verdict))));
    evidence
}

/// Whose packets a rule may let through.
fn permissions() -> [Permission<'static>; 3] {
    let peer = Some("198.51.100.23".parse().unwrap());
    [
        Permission::default(),
        Permission { peer, narrow: true, ..Permission::default() },
        Permission { answers_strangers: true, ..Permission::default() },
    ]
}

/// A policy that never takes anything for a flood or for a persistent ping.
fn never() -> SignalPolicy {
    SignalPolicy { flood_packets_per_minute: 0, persistent_packets: 0, ..SignalPolicy::default() }
}

fn explanation(layer: Layer, direction: Option<Direction>, evidence: Vec<Evidence>) -> Explanation {
    Explanation {
        layer,
        direction,
        direction_basis: None,
        confidence: Confidence::Likely,
        role: PacketRole::Answer,
        evidence,
    }
}

fn grade(confidence: Confidence) -> Grade<'static> {
    Grade { confidence, heaviest: false, flows: None, rules_read: None, opening: None }
}

fn write(words: &dyn Phrases) -> String {
    let mut text = String::new();
    let mut line = |what: &str, phrase: String| writeln!(text, "{what}: {phrase}").unwrap();
    for direction in [Some(Direction::Ingress), None] {
        for layer in LAYERS {
            let bare = explanation(layer, direction, Vec::new());
            line(&format!("{layer:?} {direction:?}"), words.graded(&bare, &grade(bare.confidence)));
            for confidence in [Confidence::Certain, Confidence::Likely, Confidence::Possible] {
                line("  in short", words.blocked_by(&bare, &grade(confidence)));
            }
        }
    }
    for layer in [Layer::Acl, Layer::Both, Layer::SecurityGroup] {
        for acl in acls().into_iter().filter(|acl| acl.denying().next().is_some()) {
            let evidence = vec![Evidence::Acl(acl), Evidence::Groups(groups(GroupsVerdict::NoRule))];
            let explained = explanation(layer, Some(Direction::Ingress), evidence);
            line(&format!("{layer:?}"), words.blocked_by(&explained, &grade(Confidence::Certain)));
        }
    }
    for confidence in [Confidence::Certain, Confidence::Likely, Confidence::Possible] {
        for heaviest in [false, true] {
            let either = explanation(Layer::Either, Some(Direction::Egress), Vec::new());
            let grade = Grade { heaviest, flows: None, rules_read: Some("11:38 JST".to_owned()), ..grade(confidence) };
            line(&format!("{confidence:?}"), words.blocked_by(&either, &grade));
            let grade = Grade { flows: Some("10.0.0.5 → 8.8.8.8"), ..grade };
            line(&format!("{confidence:?}"), words.graded(&either, &grade));
        }
    }
    for evidence in evidence() {
        let explained = explanation(Layer::Acl, Some(Direction::Egress), Vec::new());
        let clause = words.evidence(&evidence, &explained, None).unwrap();
        line("evidence", words.sentences(&[clause]));
    }
    let totals = Totals { records: 1, packets: Some(4), bytes: Some(336), ..Totals::default() };
    for role in [PacketRole::Request, PacketRole::Answer, PacketRole::Unclear] {
        for (layer, confidence) in [(Layer::Acl, Confidence::Certain), (Layer::SecurityGroup, Confidence::Possible)] {
            let explained =
                Explanation { role, confidence, ..explanation(layer, Some(Direction::Ingress), Vec::new()) };
            let clause = words.evidence(&Evidence::OppositeAccepted(totals), &explained, None).unwrap();
            line(&format!("evidence {role:?} {confidence:?}"), words.sentences(&[clause]));
        }
    }
    let missing_data = Evidence::MissingData(MissingData { part: NetworkPart::Acls, reason: MissingReason::TooSlow });
    assert_eq!(
        words.evidence(&missing_data, &explanation(Layer::Acl, None, Vec::new()), None),
        None,
        "missing data is not stated as evidence"
    );
    let all =
        [NetworkPart::Interfaces, NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls, NetworkPart::PrefixLists];
    for reason in [
        MissingReason::SwitchedOff,
        MissingReason::NotGiven,
        MissingReason::TooSlow,
        MissingReason::Denied("ec2:DescribeNetworkAcls".into()),
        MissingReason::Failed("InternalError".into()),
        MissingReason::NotFound,
        MissingReason::Elsewhere,
        MissingReason::TooManyCalls,
        MissingReason::OverLimit { interfaces: 1, addresses: 12 },
        MissingReason::OverLimit { interfaces: 0, addresses: 1 },
    ] {
        line("gap", words.missing_data(&all, &reason));
    }
    line("gap", words.missing_data(&[NetworkPart::Acls], &MissingReason::TooSlow));
    let acls = acls();
    let named = groups(GroupsVerdict::NoRule).groups;
    let missing_rule = || Fix::GroupRuleMissing { groups: &named, direction: Direction::Ingress };
    for fix in [
        Fix::AclRules { acl: &acls[0], numbers: vec![50] },
        Fix::AclRules { acl: &acls[2], numbers: vec![50, 60] },
        Fix::AclRuleMissing { acl: &acls[1], before: None },
        Fix::AclRuleMissing { acl: &acls[1], before: Some(50) },
        Fix::AclRules { acl: &acls[0], numbers: (1..=9).collect() },
        Fix::Acl(Some(Direction::Egress)),
        Fix::Acl(None),
        missing_rule(),
        Fix::Groups(Some(Direction::Ingress)),
        Fix::Groups(None),
        Fix::Both {
            acl: Box::new(Fix::AclRuleMissing { acl: &acls[1], before: None }),
            groups: &named,
            direction: Direction::Ingress,
        },
        Fix::AclThenGroups {
            acl: Box::new(Fix::AclRules { acl: &acls[0], numbers: vec![50] }),
            groups: &named,
            direction: Direction::Ingress,
        },
        Fix::Either(Some(Direction::Egress)),
        Fix::Either(None),
        Fix::Neither,
        Fix::BlockPublicAccess,
        Fix::EncryptionControls,
        Fix::Other,
    ] {
        for permission in permissions() {
            line("fix", words.fix(&fix, permission, None));
        }
    }
    line("fix", words.fix(&Fix::Acl(None), Permission::default(), Some("10.0.0.5 → 8.8.8.8")));
    for sender in [None, Some("198.51.100.23")] {
        line("leave blocked", words.leave_blocked(sender));
    }
    for resolved in [false, true] {
        line("silence", words.silence("vpc-flow-alerts silence add", resolved));
        for all in [false, true] {
            line("silence", words.silences(all, resolved));
        }
    }
    line("test", words.test_of("4 pings were rejected"));
    line("test", words.test_means());
    for signal in Signal::ALL {
        for policy in [SignalPolicy::default(), never()] {
            line(signal.word(), words.incident_because(signal, &policy, false));
        }
        line(signal.word(), words.incident_because(signal, &never(), true));
    }
    for severity in [Severity::Info, Severity::Low, Severity::Medium, Severity::High] {
        line("severity", words.severity(severity));
    }
    for story in [
        RejectionKind::AnswersStopped,
        RejectionKind::AnswersNotReceived,
        RejectionKind::Outbound,
        RejectionKind::Inbound,
        RejectionKind::Between,
        RejectionKind::Rejected,
    ] {
        let sources = words.count(Number::About(126), Noun::Source);
        for (other, other_named, more) in [("8.8.8.8", true, false), (sources.as_str(), false, true)] {
            let parties = Parties { own: "web-1", other, own_named: true, other_named };
            let pings = words.count(Number::Exactly(4), Noun::Ping);
            line("headline", words.headline(story, parties, &pings, more));
            line("  brief", words.brief(story, parties, &pings, more));
            line("  terse", words.terse(story, parties, &pings, more));
        }
    }
    for kind in
        [NotificationKind::Opened, NotificationKind::Reopened, NotificationKind::Update, NotificationKind::Resolved]
    {
        for reason in [Reason::New, Reason::NewAddress, Reason::UpdateDue, Reason::Quiet, Reason::LeaseExpired] {
            line(&format!("{kind:?} {reason:?}"), words.because(reason, kind).unwrap_or_default());
        }
    }
    for kind in [
        "interface",
        "natGateway",
        "lambda",
        "load_balancer",
        "network_load_balancer",
        "gateway_load_balancer",
        "gateway_load_balancer_endpoint",
        "vpc_endpoint",
        "transit_gateway",
        "global_accelerator_managed",
        "api_gateway_managed",
        "quicksight",
        "moonbase",
    ] {
        line(kind, words.interface_kind(kind).unwrap_or_default());
    }
    for noun in [Noun::Interface, Noun::Source, Noun::Target] {
        line("only for", words.only_for(noun, "x"));
        line("only for", words.all_others(noun));
    }
    text
}

fn openings() -> Vec<Opening> {
    let of = |ports: &[(u16, u16)], peer: OpeningPeer, groups: &[(&str, Option<&str>)]| Opening {
        protocol: "tcp",
        ports: ports.iter().map(|(first, last)| PortRange { first: *first, last: *last }).collect(),
        of_clients: ports[0].0 > 40_000,
        denied: Vec::new(),
        peer,
        groups: groups.iter().map(|(id, name)| Group { id: (*id).into(), name: name.map(Into::into) }).collect(),
    };
    let address = |text: &str| OpeningPeer::Address(text.parse().unwrap());
    let prefix_list = || "com.amazonaws.eu-west-1.route53-healthchecks".to_owned();
    let two = [("sg-7", Some("app")), ("sg-8", None)];
    vec![
        of(&[(5432, 5432)], address("10.0.1.10"), &two[..1]),
        of(&[(5432, 5432)], address("10.0.1.10"), &two),
        of(&[(80, 80), (443, 443), (8000, 8080)], OpeningPeer::Several, &[]),
        of(&[(443, 443)], address("2001:db8::1"), &[]),
        of(&[(41_022, 41_987)], OpeningPeer::Anywhere { v6: false }, &[]),
        of(&[(41_022, 41_022)], OpeningPeer::Anywhere { v6: true }, &[]),
        of(&[(443, 443)], OpeningPeer::Route53 { prefix_list: prefix_list() }, &[]),
    ]
}

fn stories() -> Vec<ConnectionStory> {
    let [clients, service, ports, hosts] =
        ["web-1", "db-1:5432 (postgresql)", "15 ports", "25 hosts"].map(str::to_owned);
    vec![
        ConnectionStory::NotReached { clients: clients.clone(), service: service.clone() },
        ConnectionStory::NotAnswered { service: service.clone(), clients: clients.clone() },
        ConnectionStory::AnswersNotReceived { clients: clients.clone(), service: service.clone() },
        ConnectionStory::NotChecked { checker: "Route 53".to_owned(), service: service.clone() },
        ConnectionStory::RefusedByHosts { sender: clients.clone(), hosts, ports: "port 22 (ssh)".to_owned() },
        ConnectionStory::RefusedOnPorts { sender: clients.clone(), ports, host: "db-1".to_owned() },
        ConnectionStory::Between { clients: clients.clone(), service: service.clone() },
        ConnectionStory::Unclear { source: clients, target: service },
    ]
}

/// Rules for ports, which deny some that clients take.
fn for_ports(verdict: AclVerdict) -> AclEvidence {
    let ports = |first, last| PortRange { first, last };
    let tcp = AclEntry { traffic: RuleTraffic::Tcp(ports(1024, 40_000)), ..entry(100, true, None) };
    let all = AclEntry { traffic: RuleTraffic::Udp(PortRange::ALL), ..entry(110, true, None) };
    let rules = vec![tcp, all, entry(AclEntry::DEFAULT, false, None)];
    let client_ports = ClientPorts { allowed: vec![ports(1024, 40_000)], denied: vec![ports(40_001, 65_535)] };
    AclEvidence { client_ports: Some(client_ports), ..acl(verdict, rules) }
}

/// Rules of which it is not known whether they fit.
fn open_for_connections() -> GroupsVerdict {
    let (block, list) = (Peer::Block("10.0.0.0/8".parse().unwrap()), Peer::PrefixList("pl-9".into()));
    let rule = |first, last, peer| GroupRule { traffic: RuleTraffic::Tcp(PortRange { first, last }), peer };
    let open = |rule, on| OpenRule { group_id: "sg-1".into(), rule, on };
    GroupsVerdict::Depends(vec![
        open(rule(1024, 40_000, block), Undecided::ClientPort),
        open(rule(443, 443, list), Undecided::PrefixList),
    ])
}

/// The phrases that differ from those about pings.
fn write_connections(words: &dyn Phrases) -> String {
    let mut text = String::new();
    let mut line = |what: &str, phrase: String| writeln!(text, "{what}: {phrase}").unwrap();
    for story in stories() {
        for (amount, more) in [(1, false), (4, true)] {
            let amount = words.count(Number::Exactly(amount), Noun::Packet);
            line("connection", words.connection(&story, &amount, more));
            line("  brief", words.connection_brief(&story, &amount, more));
            line("  terse", words.connection_terse(&story, &amount, more));
        }
    }
    let (acls, named) = (acls(), groups(GroupsVerdict::NoRule).groups);
    for opening in &openings() {
        for direction in [Direction::Ingress, Direction::Egress] {
            for evidence in [
                vec![Evidence::Groups(GroupsEvidence { direction, ..groups(GroupsVerdict::NoRule) })],
                vec![Evidence::Acl(AclEvidence { direction, ..acls[1].clone() })],
            ] {
                let layer = if matches!(evidence[0], Evidence::Acl(_)) { Layer::Acl } else { Layer::SecurityGroup };
                let explained = explanation(layer, Some(direction), evidence);
                let grade = Grade { opening: Some(opening), ..grade(Confidence::Certain) };
                line("blocked", words.blocked_by(&explained, &grade));
                line("  evidence", words.evidence(&explained.evidence[0], &explained, Some(opening)).unwrap());
            }
            let permission = Permission { opening: Some(opening), ..Permission::default() };
            let missing = Fix::GroupRuleMissing { groups: &named, direction };
            line("fix", words.fix(&missing, permission, None));
            for fix in [Fix::Groups(Some(direction)), Fix::Acl(Some(direction)), Fix::Either(Some(direction))] {
                line("fix", words.fix(&fix, permission, None));
            }
            let acl = AclEvidence { direction, ..acls[0].clone() };
            let rule = || Box::new(Fix::AclRules { acl: &acl, numbers: vec![50] });
            line("fix", words.fix(&Fix::AclRuleMissing { acl: &acl, before: None }, permission, None));
            line("fix", words.fix(&Fix::Both { acl: rule(), groups: &named, direction }, permission, None));
            line("fix", words.fix(&Fix::AclThenGroups { acl: rule(), groups: &named, direction }, permission, None));
        }
    }
    let denied = vec![PortRange { first: 40_001, last: 65_535 }];
    let answers = Opening { denied, of_clients: true, ..openings()[0].clone() };
    for before in [None, Some(50)] {
        let way_back = Some(WayBack { acl: &acls[0], before, opening: &answers });
        let permission = Permission { opening: Some(&answers), way_back, ..Permission::default() };
        let missing = Fix::GroupRuleMissing { groups: &named, direction: Direction::Egress };
        line("way back", words.fix(&missing, permission, None));
    }
    let totals = Totals { records: 1, packets: Some(4), bytes: Some(336), ..Totals::default() };
    for evidence in [
        Evidence::OppositeAccepted(totals),
        Evidence::SameAccepted(totals, Same::Answers),
        Evidence::SameAccepted(totals, Same::KindOrChange),
        Evidence::SameAccepted(totals, Same::Change),
        Evidence::AcceptedUntracked(12),
        Evidence::Acl(acls[4].clone()),
        Evidence::Acl(for_ports(AclVerdict::Denies)),
        Evidence::Acl(for_ports(AclVerdict::Depends)),
        Evidence::ReturnPath(for_ports(AclVerdict::Depends)),
        Evidence::Late(Late::Closed),
        Evidence::Late(Late::Idle),
        Evidence::Late(Late::NoRequest),
        Evidence::Late(Late::NoData),
        Evidence::Groups(groups(open_for_connections())),
    ] {
        let explained = explanation(Layer::Acl, Some(Direction::Egress), Vec::new());
        line("evidence", words.sentences(&[words.evidence(&evidence, &explained, None).unwrap()]));
    }
    for signal in Signal::ALL {
        line(signal.word(), words.incident_because(signal, &SignalPolicy::default(), false));
        line(signal.word(), words.incident_because(signal, &never(), true));
    }
    line("scan", words.scan_because());
    line("scan", words.scan_steps("web-1"));
    line("because", words.because(Reason::UpdateDue, NotificationKind::Reopened).unwrap());
    line("leave blocked", words.leave_blocked(None));
    line("resolved", words.resolved_means("15 min"));
    line("next", words.next_email("02:43 UTC", false, "15 min", true));
    line("none", words.since_last_email(None));
    for basis in [
        ServerBasis::TcpFlags,
        ServerBasis::AcceptedOpposite,
        ServerBasis::KnownPort,
        ServerBasis::ManyPorts,
        ServerBasis::LowPort,
    ] {
        line("server", words.server(&words.port("53/udp".parse().unwrap()), Side::Source, basis));
    }
    line("server", words.server_unknown().to_owned());
    for (tcp, udp) in [(true, false), (false, true), (true, true)] {
        line("transport", words.transport(tcp, udp).to_owned());
    }
    for story in [RejectionKind::AnswersStopped, RejectionKind::AnswersNotReceived, RejectionKind::Outbound] {
        line("way", words.way(story).to_owned());
    }
    for target in [Target::Records, Target::Rejected] {
        line("opens", words.opens(&target));
    }
    for noun in [Noun::Attempt, Noun::Client, Noun::Host, Noun::Port, Noun::Checker, Noun::Service] {
        for number in [Number::Exactly(1), Number::Exactly(3), Number::About(126), Number::AtLeast(2), Number::Unknown]
        {
            line("count", words.count(number, noun));
        }
    }
    text
}

#[test]
fn every_phrase_about_connections_in_every_language() {
    for language in Language::ALL.iter().copied() {
        let text = write_connections(language.phrases_about(Traffic::Connections));
        let lower = text.to_lowercase().replace("icmp to 0.0.0.0/0", "").replace("icmp from 0.0.0.0/0", "");
        assert!(!lower.replace("persistent-ping: ", "").contains("ping"), "{text}");
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("phrases-connections.{}", language.code()), text);
        });
    }
}

#[test]
fn every_phrase_in_every_language() {
    for language in Language::ALL.iter().copied() {
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("phrases.{}", language.code()), write(language.phrases()));
        });
    }
}

#[test]
fn spans_show_their_two_largest_units() {
    let (english, japanese) = (Language::English.phrases(), Language::Japanese.phrases());
    for (millis, en, ja) in [
        (0, "0 s", "0 秒"),
        (999, "0 s", "0 秒"),
        (400_000, "6 min 40 s", "6 分 40 秒"),
        (60_000, "1 min", "1 分"),
        (7_500_000, "2 h 5 min", "2 時間 5 分"),
        (3_601_000, "1 h", "1 時間"),
        (273_600_000, "3 d 4 h", "3 日 4 時間"),
    ] {
        assert_eq!((english.span(millis).as_str(), japanese.span(millis).as_str()), (en, ja), "{millis} ms");
    }
}
