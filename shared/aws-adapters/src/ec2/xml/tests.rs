//! Responses from AWS's documentation, verbatim (`testdata`), and invalid responses.

use alerting::{
    detection::PortRange,
    enrichment::{AclEntry, GroupRule, IcmpRange, Peer, RuleTraffic, Tags},
};

use super::*;

const INTERFACES: &str = include_str!("../../../testdata/describe-network-interfaces.xml");
const ERROR: &str = include_str!("../../../testdata/error.xml");
const TAGS: &str = include_str!("../../../testdata/describe-tags.xml");
const GROUPS_ICMP: &str = include_str!("../../../testdata/describe-security-groups-icmp.xml");
const GROUPS_IPV6: &str = include_str!("../../../testdata/describe-security-groups-ipv6.xml");
const ACLS: &str = include_str!("../../../testdata/describe-network-acls.xml");

fn keys() -> TagKeys {
    TagKeys::new(vec!["owner".to_owned()])
}

/// The rules of one direction: protocol, ICMP type and code, peer.
fn shown(rules: &[GroupRule]) -> Vec<String> {
    rules.iter().map(|rule| format!("{:?} {:?}", rule.traffic, rule.peer)).collect()
}

/// Reads an ACL with one entry and returns the entry.
fn acl(entry: &str) -> Result<AclEntry, Unreadable> {
    let xml = format!(
        "<R><networkAclSet><item><networkAclId>acl-1</networkAclId><default>false</default>\
         <entrySet><item>{entry}</item></entrySet></item></networkAclSet></R>"
    );
    acls(xml.as_bytes(), &keys()).map(|page| page.items[0].entries[0].clone())
}

#[test]
fn documented_interfaces() {
    let page = interfaces(INTERFACES.as_bytes(), &keys()).unwrap();
    assert_eq!((page.items.len(), page.next_token), (2, None));
    let expect = Interface {
        id: "eni-0f62d866".into(),
        kind: "interface".into(),
        description: None,
        requester: None,
        owner: Some("053230519467".into()),
        addresses: ["10.0.0.146", "10.0.0.148", "10.0.0.150"].map(|text| text.parse().unwrap()).into(),
        public_addresses: Vec::new(),
        instance_id: Some("i-1234567890abcdef0".into()),
        subnet_id: Some("subnet-c53c87ac".into()),
        vpc_id: Some("vpc-cc3c87a5".into()),
        zone: Some("api-southeast-1b".into()),
        group_ids: vec!["sg-3f4b5653".into()],
        tags: Tags::default(),
    };
    assert_eq!(page.items[0], expect);
    let second = &page.items[1];
    assert_eq!(second.description.as_deref(), Some("Primary network interface"));
    let addresses = ["10.0.1.233", "10.0.1.20", "2001:db8:1234:1a00::123", "2001:db8:1234:1a00::456"];
    assert_eq!(second.addresses, addresses.map(|text| text.parse::<std::net::IpAddr>().unwrap()));
}

#[test]
fn documented_tags() {
    let page = tags(TAGS.as_bytes(), &keys()).unwrap();
    assert_eq!(page.items.len(), 6);
    let tag = |id: &str, key: &str, value: &str| Tag { resource_id: id.into(), key: key.into(), value: value.into() };
    assert_eq!(page.items[2], tag("i-1234567890abcdef0", "webserver", ""));
    assert_eq!(page.items[3], tag("i-1234567890abcdef0", "stack", "Production"));
}

#[test]
fn documented_security_groups() {
    let group = &groups(GROUPS_ICMP.as_bytes(), &keys()).unwrap().items[0];
    assert_eq!((&*group.id, &*group.name), ("sg-1a2b3c4d", "MySecurityGroup"));
    let any = |traffic, peer| GroupRule { traffic, peer };
    let everywhere = || Peer::Block("0.0.0.0/0".parse().unwrap());
    assert_eq!(
        group.inbound,
        [
            any(RuleTraffic::Tcp(PortRange::only(22)), everywhere()),
            any(RuleTraffic::all_of(1), Peer::Group("sg-11aa22bb".into()))
        ]
    );
    assert_eq!(group.outbound, [any(RuleTraffic::All, everywhere())]);

    let group = &groups(GROUPS_IPV6.as_bytes(), &keys()).unwrap().items[0];
    let everywhere_v6 = || Peer::Block("::/0".parse().unwrap());
    assert_eq!(group.outbound, [any(RuleTraffic::All, everywhere()), any(RuleTraffic::All, everywhere_v6())]);
}

#[test]
fn documented_network_acls() {
    let page = acls(ACLS.as_bytes(), &keys()).unwrap();
    assert_eq!(page.items.len(), 2);
    let acl = &page.items[0];
    assert_eq!((&*acl.id, acl.is_default), ("acl-0ea1f54ca7EXAMPLE", true));
    assert_eq!(acl.subnet_ids, [Box::from("subnet-0931fc2fa5EXAMPLE")]);
    let entry = |number, egress, allow| AclEntry {
        number,
        egress,
        allow,
        traffic: RuleTraffic::All,
        block: "0.0.0.0/0".parse().unwrap(),
    };
    let expect = [
        entry(100, true, true),
        entry(AclEntry::DEFAULT, true, false),
        entry(100, false, true),
        entry(AclEntry::DEFAULT, false, false),
    ];
    assert_eq!(acl.entries, expect);
}

#[test]
fn the_rule_of_the_trial() {
    let rule = "<ruleNumber>50</ruleNumber><protocol>1</protocol><ruleAction>deny</ruleAction><egress>true</egress>\
                <cidrBlock>0.0.0.0/0</cidrBlock><icmpTypeCode><code>-1</code><type>-1</type></icmpTypeCode>";
    let entry = acl(rule).unwrap();
    assert_eq!((entry.number, entry.egress, entry.allow), (50, true, false));
    assert_eq!(entry.traffic, RuleTraffic::all_of(1));
    let echo_only = acl(&rule.replace("<type>-1", "<type>8").replace("<code>-1", "<code>0")).unwrap();
    assert_eq!(echo_only.traffic, RuleTraffic::Icmp(IcmpRange { kind: Some(8), code: Some(0) }));
}

#[test]
fn a_rule_that_cannot_be_interpreted_makes_the_response_unreadable() {
    let rule = "<ruleNumber>50</ruleNumber><protocol>1</protocol><ruleAction>deny</ruleAction><egress>true</egress>\
                <cidrBlock>10.0.0.0/8</cidrBlock>";
    assert!(acl(rule).is_ok());
    for (from, to) in [
        (">50<", ">fifty<"),
        (">50<", ">-50<"),
        (">1<", ">300<"),
        (">1<", "><"),
        (">deny<", ">maybe<"),
        (">true<", ">yes<"),
        ("10.0.0.0/8", "10.0.0.0/33"),
        ("10.0.0.0/8", "elsewhere"),
        ("<cidrBlock>10.0.0.0/8</cidrBlock>", ""),
        ("</cidrBlock>", "</cidrBlock><icmpTypeCode><type>999</type></icmpTypeCode>"),
    ] {
        assert_eq!(acl(&rule.replace(from, to)), Err(Unreadable), "{to}");
    }
    let group = GROUPS_ICMP.replace("<ipProtocol>icmp<", "<ipProtocol>pigeon<");
    assert_eq!(groups(group.as_bytes(), &keys()), Err(Unreadable));
}

#[test]
fn all_kinds_of_security_group_rules() {
    let xml = "<R><securityGroupInfo><item><groupId>sg-1</groupId><groupName>a &amp; b</groupName><ipPermissions>\
        <item><ipProtocol>icmpv6</ipProtocol><fromPort>128</fromPort><toPort>0</toPort>\
        <ipv6Ranges><item><cidrIpv6>fd00::/8</cidrIpv6><description>x</description></item></ipv6Ranges>\
        <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item>\
        <item><ipProtocol>58</ipProtocol><groups><item><groupId>sg-2</groupId></item></groups></item>\
        </ipPermissions></item></securityGroupInfo></R>";
    let group = &groups(xml.as_bytes(), &keys()).unwrap().items[0];
    assert_eq!(&*group.name, "a & b");
    assert_eq!(
        shown(&group.inbound),
        [
            "Icmpv6(IcmpRange { kind: Some(128), code: Some(0) }) Block(fd00::/8)",
            "Icmpv6(IcmpRange { kind: Some(128), code: Some(0) }) PrefixList(\"pl-1\")",
            "Icmpv6(IcmpRange { kind: None, code: None }) Group(\"sg-2\")",
        ]
    );
    assert!(group.outbound.is_empty());
}

#[test]
fn a_security_group_rule_without_a_peer_makes_the_response_unreadable() {
    let read = |peer: &str| {
        let xml = format!(
            "<R><securityGroupInfo><item><groupId>sg-1</groupId><groupName>a</groupName><ipPermissions>\
             <item><ipProtocol>icmp</ipProtocol><ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges></item>\
             <item><ipProtocol>icmp</ipProtocol>{peer}</item></ipPermissions></item></securityGroupInfo></R>"
        );
        groups(xml.as_bytes(), &keys()).map(|page| shown(&page.items[0].inbound).len())
    };
    assert_eq!(read("<groups><item><userId>1</userId><groupId>sg-2</groupId></item></groups>"), Ok(2));
    for peer in [
        "<groups><item><userId>1</userId></item></groups>",
        "<groups><item><userId>1</userId><groupId/></item></groups>",
        "<groups><item><groupId>sg-2</groupId></item><item><groupName>b</groupName></item></groups>",
        "<prefixListIds><item><description>x</description></item></prefixListIds>",
        "<prefixListIds><item><prefixListId/></item></prefixListIds>",
        "<ipRanges><item><description>x</description></item></ipRanges>",
        "<ipRanges><item><cidrIp/></item></ipRanges>",
        "<groups/><ipRanges/><ipv6Ranges/><prefixListIds/>",
        "<aNewKindOfPeer><item><id>x-1</id></item></aNewKindOfPeer>",
        "",
    ] {
        assert_eq!(read(peer), Err(Unreadable), "{peer}");
    }
}

#[test]
fn an_interface_with_a_group_without_id_makes_the_response_unreadable() {
    let read = |group: &str| {
        let xml = format!(
            "<R><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><groupSet>\
             <item><groupId>sg-1</groupId></item>{group}</groupSet></item></networkInterfaceSet></R>"
        );
        interfaces(xml.as_bytes(), &keys()).map(|page| page.items[0].group_ids.len())
    };
    assert_eq!(read(""), Ok(1));
    assert_eq!(read("<item><groupId>sg-2</groupId></item>"), Ok(2));
    assert_eq!(read("<item><groupName>b</groupName></item>"), Err(Unreadable));
    assert_eq!(read("<item><groupId></groupId></item>"), Err(Unreadable));
}

#[test]
fn interfaces_of_aws_services_and_with_public_addresses() {
    let xml = "<R><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId>\
        <interfaceType>natGateway</interfaceType><description>NAT &lt;one&gt;</description>\
        <requesterId>amazon-aws</requesterId><association><publicIp>203.0.113.9</publicIp></association>\
        <privateIpAddressesSet><item><privateIpAddress>10.0.0.1</privateIpAddress>\
        <association><publicIp>203.0.113.9</publicIp></association></item>\
        <item><privateIpAddress>no address</privateIpAddress></item></privateIpAddressesSet>\
        <tagSet><item><key>Name</key><value>\u{2028}nat\u{202e}</value></item>\
        <item><key>Owner</key><value>net</value></item></tagSet></item></networkInterfaceSet></R>";
    let interface = &interfaces(xml.as_bytes(), &keys()).unwrap().items[0];
    assert_eq!((&*interface.kind, interface.description.as_deref()), ("natGateway", Some("NAT <one>")));
    assert_eq!(interface.addresses, ["10.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(interface.public_addresses, ["203.0.113.9".parse::<std::net::IpAddr>().unwrap()]);
    // Foreign text is not changed here. The email neutralizes it.
    assert_eq!(interface.tags.name.as_deref(), Some("\u{2028}nat\u{202e}"));
    assert_eq!(interface.tags.owners, [("Owner".into(), "net".into())]);
}

#[test]
fn an_empty_next_token_means_the_last_page() {
    let xml = "<R><tagSet><item><resourceId>i-1</resourceId></item></tagSet><nextToken>a+b/c==</nextToken></R>";
    assert_eq!(tags(xml.as_bytes(), &keys()).unwrap().next_token.as_deref(), Some("a+b/c=="));
    for last in ["<R><tagSet/><nextToken/></R>", "<R><tagSet></tagSet></R>", "<R><requestId/><tagSet/></R>"] {
        assert_eq!(tags(last.as_bytes(), &keys()), Ok(Page { items: Vec::new(), next_token: None }), "{last}");
    }
}

#[test]
fn another_document_is_unreadable_and_not_an_empty_response() {
    for xml in ["", "<R/>", "<html><body>Welcome</body></html>", "not xml", ERROR, TAGS, "<R><networkInterfaceSet>"] {
        assert_eq!(interfaces(xml.as_bytes(), &keys()), Err(Unreadable), "{xml}");
    }
    assert_eq!(interfaces(&[0xc3, 0x28], &keys()), Err(Unreadable));
}

#[test]
fn a_truncated_response_is_unreadable_wherever_it_ends() {
    for end in 0..INTERFACES.trim_end().len() {
        assert_eq!(interfaces(&INTERFACES.as_bytes()[..end], &keys()), Err(Unreadable), "cut at {end}");
    }
}

#[test]
fn entities_are_not_expanded_and_depth_does_not_matter() {
    let laughs = "<!DOCTYPE R [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\
                  <R><tagSet><item><resourceId>i-1</resourceId><value>&b;</value></item></tagSet></R>";
    assert_eq!(tags(laughs.as_bytes(), &keys()), Err(Unreadable));
    let depth = 100_000;
    let deep = format!("<R>{}{}<tagSet/></R>", "<x>".repeat(depth), "</x>".repeat(depth));
    assert!(tags(deep.as_bytes(), &keys()).unwrap().items.is_empty());
}

#[test]
fn unknown_elements_are_skipped() {
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- new --><R xmlns=\"x\"><new a=\"1\"><tagSet>no</tagSet></new>\
               <tagSet>\n <item new=\"1\"><future><item/></future><resourceId>i-1</resourceId>\
               <key><![CDATA[Name]]></key><value>&#119;eb</value></item>\n</tagSet></R>";
    let page = tags(xml.as_bytes(), &keys()).unwrap();
    assert_eq!((&*page.items[0].key, &*page.items[0].value), ("Name", "web"));
}

#[test]
fn the_ports_of_rules() {
    let entry = |protocol: &str, ports: &str| {
        acl(&format!(
            "<ruleNumber>50</ruleNumber><protocol>{protocol}</protocol><ruleAction>allow</ruleAction><egress>false</egress>\
             <cidrBlock>10.0.0.0/8</cidrBlock>{ports}"
        ))
        .map(|entry| entry.traffic)
    };
    let range = |from: &str, to: &str| format!("<portRange><from>{from}</from><to>{to}</to></portRange>");
    let ports = |first, last| PortRange { first, last };
    assert_eq!(entry("6", &range("1024", "65535")), Ok(RuleTraffic::Tcp(ports(1024, 65535))));
    assert_eq!(entry("17", &range("0", "53")), Ok(RuleTraffic::Udp(ports(0, 53))));
    assert_eq!(entry("6", ""), Ok(RuleTraffic::Tcp(PortRange::ALL)));
    assert_eq!(entry("-1", &range("80", "80")), Ok(RuleTraffic::All));
    assert_eq!(entry("47", &range("80", "80")), Ok(RuleTraffic::Other(47)), "ports of other protocols have no effect");
    for (from, to) in [("443", "80"), ("80", "65536"), ("-1", "80"), ("80", "-1"), ("a", "80")] {
        assert_eq!(entry("6", &range(from, to)), Err(Unreadable), "{from}-{to}");
    }

    let group = |protocol: &str, ports: &str| {
        let xml = format!(
            "<R><securityGroupInfo><item><groupId>sg-1</groupId><groupName>a</groupName><ipPermissions><item><ipProtocol>{protocol}\
             </ipProtocol>{ports}<ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges></item></ipPermissions></item>\
             </securityGroupInfo></R>"
        );
        groups(xml.as_bytes(), &keys()).map(|page| page.items[0].inbound[0].traffic)
    };
    let from_to = |from: i32, to: i32| format!("<fromPort>{from}</fromPort><toPort>{to}</toPort>");
    assert_eq!(group("tcp", &from_to(5432, 5432)), Ok(RuleTraffic::Tcp(PortRange::only(5432))));
    assert_eq!(group("udp", &from_to(0, 65535)), Ok(RuleTraffic::Udp(PortRange::ALL)));
    assert_eq!(group("tcp", &from_to(-1, -1)), Ok(RuleTraffic::Tcp(PortRange::ALL)));
    assert_eq!(group("-1", &from_to(22, 22)), Ok(RuleTraffic::All));
    assert_eq!(group("50", &from_to(22, 22)), Ok(RuleTraffic::Other(50)));
    assert_eq!(group("tcp", &from_to(443, 80)), Err(Unreadable));
    assert_eq!(group("tcp", "<fromPort>443</fromPort>"), Err(Unreadable));
}

#[test]
fn the_entries_of_a_prefix_list() {
    let xml = include_str!("../../../testdata/network/get-managed-prefix-list-entries.xml");
    let page = prefix_list(xml.as_bytes(), &keys()).unwrap();
    let blocks: Vec<String> = page.items.iter().map(ToString::to_string).collect();
    assert_eq!((blocks, page.next_token), (vec!["198.51.100.0/24".to_owned(), "10.20.0.0/16".to_owned()], None));
    for wrong in ["everywhere", "", "10.0.0.0/33"] {
        assert_eq!(prefix_list(xml.replace("10.20.0.0/16", wrong).as_bytes(), &keys()), Err(Unreadable), "{wrong}");
    }
    assert_eq!(prefix_list(TAGS.as_bytes(), &keys()), Err(Unreadable));
}
