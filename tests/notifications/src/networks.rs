//! Data from EC2 for the events in `events/`.

use alerting::enrichment::{
    AclEntry, GroupRule, Interface, MissingReason, Network, NetworkAcl, Peer, RuleTraffic, SecurityGroup, Tags,
};

/// Returns the data from EC2 for an event, or that enrichment is switched off.
pub(crate) fn of(event: &str, enriched: bool) -> Network {
    if !enriched {
        return Network::unknown(MissingReason::SwitchedOff);
    }
    match event {
        "ping-deny" | "broken-line" => web("eni-1235b8ca123456789", "172.31.16.139").acl_denies(true, "0.0.0.0/0", 1),
        "ping-deny-v6" => {
            let mut network = web("eni-0d7e5a1f9c3b2846e", "172.31.16.139").acl_denies(true, "::/0", 58);
            network.interface().addresses.push("2001:db8:1234:a100:8d6e:3477:df66:f105".parse().unwrap());
            network
        }
        "ping-deny-inbound" | "sweep" | "test" => web("eni-1235b8ca123456789", "172.31.16.139").group_allows_no_ping(),
        "custom-format" => {
            let mut network = web("eni-0f19e2d4c6b8a7351", "10.0.0.71").acl_denies(true, "203.0.113.0/24", 1);
            network.rename_instance("i-0c50d5961bcb2d47b");
            network.interface().addresses.push("10.0.0.88".parse().unwrap());
            network.group_allows_no_ping()
        }
        "mixed-traffic" => {
            let mut network = web("eni-0a1b2c3d4e5f60718", "10.20.1.15").acl_denies(true, "203.0.113.0/24", 1);
            network.peer("eni-0999", "10.20.7.9", "prometheus");
            network.group_allows_no_ping()
        }
        "hostile" => hostile(web("eni-\u{fffd}\u{fffd}\u{fffd}\u{fffd}987654321", "172.31.16.139")),
        "hostile-names" => hostile(web("eni-1235b8ca123456789", "172.31.16.139").acl_denies(true, "0.0.0.0/0", 1)),
        other => panic!("no network for {other}"),
    }
    .0
}

struct SampleNetwork(Network);

/// Returns an instance with one interface, whose security group and network ACL allow all pings.
fn web(interface_id: &str, address: &str) -> SampleNetwork {
    let all: [(u32, bool); 2] = [(100, true), (AclEntry::DEFAULT, false)];
    let entries = ["0.0.0.0/0", "::/0"].into_iter().enumerate().flat_map(|(family, block)| {
        all.into_iter().flat_map(move |(number, allow)| {
            let number = number + u32::try_from(family).unwrap();
            [false, true].map(|egress| entry(number, egress, allow, RuleTraffic::All, block))
        })
    });
    let any = |protocol: u8, block: &str| GroupRule {
        traffic: RuleTraffic::all_of(protocol),
        peer: Peer::Block(block.parse().unwrap()),
    };
    let pings = vec![any(1, "0.0.0.0/0"), any(58, "::/0")];
    let group = SecurityGroup { id: "sg-0aa1".into(), name: "web".into(), inbound: pings.clone(), outbound: pings };
    let interface = Interface {
        id: interface_id.into(),
        kind: "interface".into(),
        owner: Some("123456789010".into()),
        addresses: vec![address.parse().unwrap()],
        instance_id: Some("i-0789cafe".into()),
        subnet_id: Some("subnet-0456".into()),
        vpc_id: Some("vpc-0123".into()),
        zone: Some("ap-northeast-1a".into()),
        group_ids: vec!["sg-0aa1".into()],
        ..Interface::default()
    };
    let owners = vec![("owner".into(), "team-a".into())];
    let named = |name: &str| Tags { name: Some(name.into()), owners: Vec::new() };
    SampleNetwork(Network {
        interfaces: [(interface_id.to_owned(), interface)].into(),
        tags: [
            ("i-0789cafe".to_owned(), Tags { name: Some("web-1".into()), owners }),
            ("vpc-0123".to_owned(), named("shop-prod")),
            ("subnet-0456".to_owned(), named("public a")),
        ]
        .into(),
        groups: [("sg-0aa1".to_owned(), group)].into(),
        acls: vec![NetworkAcl {
            id: "acl-0f3a9c".into(),
            subnet_ids: vec!["subnet-0456".into()],
            entries: entries.collect(),
            ..NetworkAcl::default()
        }],
        prefix_lists: Default::default(),
        rules_read_at: None,
        missing: Vec::new(),
    })
}

fn entry(number: u32, egress: bool, allow: bool, traffic: RuleTraffic, block: &str) -> AclEntry {
    AclEntry { number, egress, allow, traffic, block: block.parse().unwrap() }
}

impl SampleNetwork {
    fn interface(&mut self) -> &mut Interface {
        self.0.interfaces.values_mut().next().unwrap()
    }

    /// Adds rule 50, a deny, to the network ACL.
    fn acl_denies(mut self, egress: bool, block: &str, protocol: u8) -> SampleNetwork {
        self.0.acls[0].entries.push(entry(50, egress, false, RuleTraffic::all_of(protocol), block));
        self
    }

    /// Replaces the inbound rules of the security group by one for TCP.
    fn group_allows_no_ping(mut self) -> SampleNetwork {
        let rule = GroupRule { traffic: RuleTraffic::all_of(6), peer: Peer::Block("0.0.0.0/0".parse().unwrap()) };
        self.0.groups.get_mut("sg-0aa1").unwrap().inbound = vec![rule];
        self
    }

    fn rename_instance(&mut self, id: &str) {
        self.interface().instance_id = Some(id.into());
        let tags = self.0.tags.remove("i-0789cafe").unwrap();
        self.0.tags.insert(id.to_owned(), tags);
    }

    /// Adds an interface in another subnet.
    fn peer(&mut self, id: &str, address: &str, name: &str) {
        let instance = "i-0456beef";
        let interface = Interface {
            id: id.into(),
            kind: "interface".into(),
            addresses: vec![address.parse().unwrap()],
            instance_id: Some(instance.into()),
            subnet_id: Some("subnet-0789".into()),
            vpc_id: Some("vpc-0123".into()),
            ..Interface::default()
        };
        self.0.interfaces.insert(id.to_owned(), interface);
        self.0.tags.insert(instance.to_owned(), Tags { name: Some(name.into()), owners: Vec::new() });
    }
}

/// Sets tags, names and descriptions that imitate lines, labels or links.
fn hostile(mut network: SampleNetwork) -> SampleNetwork {
    let evil = "x\r\n\r\nNEXT   Nothing to do: https://phish.example/\u{202e}gnp";
    let tags = Tags {
        name: Some(evil.into()),
        owners: vec![("owner".into(), evil.into()), (evil.into(), "対応 対応は不要です www.phish.example".into())],
    };
    for id in ["i-0789cafe", "vpc-0123", "subnet-0456"] {
        network.0.tags.insert(id.to_owned(), tags.clone());
    }
    network.interface().tags = tags.clone();
    network.0.acls[0].tags = tags;
    network.0.groups.get_mut("sg-0aa1").unwrap().name = evil.into();
    network
}
