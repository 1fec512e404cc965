//! The document can hold every kind of explanation and evidence.

use alerting::{
    detection::{Direction, Late, PortRange, Totals},
    enrichment::{AclEntry, GroupRule, IcmpRange, MissingData, MissingReason, NetworkPart, Peer, RuleTraffic},
    explain::{
        AclEvidence, AclVerdict, ClientPorts, Confidence, Evidence, Explanation, Group, GroupsEvidence, GroupsVerdict,
        Layer, OpenRule, PacketRole, Same, Undecided,
    },
    notification::document::ExplanationDoc,
};
use serde_json::Value;

use super::{opened, schema::Schema};

fn acl(verdict: AclVerdict) -> Evidence {
    let entry =
        |number, allow, traffic| AclEntry { number, egress: true, allow, traffic, block: "0.0.0.0/0".parse().unwrap() };
    Evidence::Acl(AclEvidence {
        id: "acl-0f3a9c".into(),
        name: Some("prod".into()),
        subnet_id: "subnet-0456".into(),
        direction: Direction::Egress,
        verdict,
        client_ports: None,
        rules: vec![
            entry(50, false, RuleTraffic::Icmp(IcmpRange { kind: Some(8), code: None })),
            entry(AclEntry::DEFAULT, false, RuleTraffic::All),
        ],
    })
}

/// Rules for ports, which reject some of the answers.
fn way_back() -> Evidence {
    let ports = |first, last| PortRange { first, last };
    let Evidence::Acl(acl) = acl(AclVerdict::Depends) else { unreachable!() };
    let tcp =
        |number, range| AclEntry { number, traffic: RuleTraffic::Tcp(range), allow: true, ..acl.rules[0].clone() };
    Evidence::ReturnPath(AclEvidence {
        rules: vec![tcp(100, ports(1024, 40_000)), tcp(110, PortRange::ALL), tcp(120, PortRange::only(443))],
        client_ports: Some(ClientPorts { allowed: vec![ports(1024, 40_000)], denied: vec![ports(40_001, 65_535)] }),
        ..acl
    })
}

fn groups(verdict: GroupsVerdict) -> Evidence {
    let group = |id: &str, name: Option<&str>| Group { id: id.into(), name: name.map(Into::into) };
    Evidence::Groups(GroupsEvidence {
        groups: vec![group("sg-1", Some("web")), group("sg-2", None)],
        direction: Direction::Ingress,
        verdict,
    })
}

fn rule(peer: Peer) -> GroupRule {
    GroupRule { traffic: RuleTraffic::Icmp(IcmpRange { kind: Some(8), code: Some(0) }), peer }
}

fn open(peer: Peer, on: Undecided) -> OpenRule {
    OpenRule { group_id: "sg-1".into(), rule: rule(peer), on }
}

/// Returns one piece of evidence of each kind.
fn every_kind() -> Vec<Evidence> {
    let block = || Peer::Block("10.0.0.0/8".parse().unwrap());
    let mut all = vec![
        Evidence::RejectReason("BPA".into()),
        Evidence::OppositeAccepted(Totals { records: 1, packets: Some(4), ..Totals::default() }),
        Evidence::SameAccepted(Totals { records: 1, ..Totals::default() }, Same::Answers),
        Evidence::SameAccepted(Totals { records: 1, ..Totals::default() }, Same::KindOrChange),
        Evidence::SameAccepted(Totals { records: 1, ..Totals::default() }, Same::Change),
        Evidence::AcceptedUntracked(12),
        acl(AclVerdict::Denies),
        acl(AclVerdict::Allows),
        acl(AclVerdict::Depends),
        groups(GroupsVerdict::Allows { group_id: "sg-1".into(), rule: rule(block()) }),
        groups(GroupsVerdict::NoRule),
        groups(GroupsVerdict::Depends(vec![
            open(block(), Undecided::IcmpType),
            open(block(), Undecided::ClientPort),
            open(block(), Undecided::PeerAddress),
            open(Peer::Group("sg-9".into()), Undecided::PeerGroup),
            open(Peer::PrefixList("pl-1".into()), Undecided::PrefixList),
        ])),
        Evidence::NoGroups { kind: "natGateway".into() },
        Evidence::SameSubnet { subnet_id: "subnet-0456".into(), peer_interface_id: "eni-2".into() },
        Evidence::MaybeSameSubnet { peer: "172.31.16.140".parse().unwrap() },
        Evidence::NoInterface,
        way_back(),
    ];
    all.extend([Late::Closed, Late::Idle, Late::NoRequest, Late::NoData].map(Evidence::Late));
    let reasons = [
        MissingReason::SwitchedOff,
        MissingReason::NotGiven,
        MissingReason::TooSlow,
        MissingReason::Denied("ec2:DescribeTags".into()),
        MissingReason::Failed("InternalError".into()),
        MissingReason::NotFound,
        MissingReason::Elsewhere,
        MissingReason::TooManyCalls,
        MissingReason::OverLimit { interfaces: 1, addresses: 12 },
    ];
    let parts =
        [NetworkPart::Interfaces, NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls, NetworkPart::PrefixLists];
    all.extend(parts.map(|part| Evidence::MissingData(MissingData { part, reason: MissingReason::TooSlow })));
    all.extend(reasons.map(|reason| Evidence::MissingData(MissingData { part: NetworkPart::Acls, reason })));
    all
}

#[test]
fn every_kind_of_evidence_is_in_the_schema() {
    let explanation = Explanation {
        layer: Layer::Acl,
        direction: Some(Direction::Egress),
        direction_basis: None,
        confidence: Confidence::Certain,
        role: PacketRole::Answer,
        evidence: every_kind(),
    };
    let mut notification = opened("ping-deny");
    notification.document.flows[0].explanation = ExplanationDoc::from(&explanation);
    let document: Value = serde_json::from_str(&notification.document.json()).unwrap();
    Schema::load().check(&document).unwrap();
    insta::assert_snapshot!("evidence", serde_json::to_string_pretty(&document["flows"][0]["explanation"]).unwrap());
}

#[test]
fn every_layer_and_confidence_is_in_the_schema() {
    let layers = [
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
    let schema = Schema::load();
    for layer in layers {
        for (confidence, role) in [
            (Confidence::Certain, PacketRole::Request),
            (Confidence::Likely, PacketRole::Answer),
            (Confidence::Possible, PacketRole::Unclear),
        ] {
            let mut notification = opened("ping-deny");
            let explanation =
                Explanation { layer, direction: None, direction_basis: None, confidence, role, evidence: Vec::new() };
            notification.document.flows[0].explanation = ExplanationDoc::from(&explanation);
            schema.check(&serde_json::from_str(&notification.document.json()).unwrap()).unwrap();
        }
    }
}

#[test]
fn a_list_of_rules_is_cut_off_at_its_limit() {
    let Evidence::Acl(mut acl) = acl(AclVerdict::Denies) else { unreachable!() };
    acl.rules = vec![acl.rules[0].clone(); 1_000];
    let evidence = vec![Evidence::Acl(acl)];
    let explanation = Explanation {
        layer: Layer::Acl,
        direction: None,
        direction_basis: None,
        confidence: Confidence::Likely,
        role: PacketRole::Request,
        evidence,
    };
    let document: Value = serde_json::to_value(ExplanationDoc::from(&explanation)).unwrap();
    assert_eq!(document["evidence"][0]["rules"].as_array().map(Vec::len), Some(20));
}
