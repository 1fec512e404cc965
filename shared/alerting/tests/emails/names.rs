//! Names and owners of addresses, from the records and from EC2.

use alerting::{
    detection::{Detection, Detector, LogSource, MAX_ACCEPTED_FLOWS},
    enrichment::{GroupRule, Interface, MissingReason, Network, NetworkAcl, Peer, RuleTraffic, SecurityGroup, Tags},
    incident::Summary,
    notification::{Language, email::Email},
};
use flow_log::{Formats, LogEvent};
use sample_notifications::{Scenario, Setting};

const FORMAT: &str = "${interface-id} ${instance-id} ${srcaddr} ${dstaddr} ${protocol} ${packets} ${start} ${end} ${action} \
                      ${flow-direction} ${log-status} ${instance-tag} ${instance-tag-2} ${asg-tag}";

/// Detects one rejected ping with this interface, instance, addresses, direction and tags.
fn detect(interface: &str, instance: &str, pair: &str, direction: &str, tags: &str) -> Detection {
    let formats = Formats::parse(FORMAT).unwrap();
    let mut detector = Detector::new(&formats);
    let line = format!("{interface} {instance} {pair} 1 4 1795401134 1795401182 REJECT {direction} OK {tags}");
    detector.observe(&LogEvent::new("1", 0, line));
    let detection = detector.finish(LogSource::default());
    assert_eq!(detection.findings().len(), 1, "{:?}", detection.tally);
    detection
}

fn email(network: &Network, detection: &Detection) -> Email {
    Scenario::opened(detection).enriched_with(network.clone()).email()
}

fn interface(id: &str, address: &str) -> Interface {
    Interface {
        id: id.into(),
        addresses: vec![address.parse().unwrap()],
        vpc_id: Some("vpc-1".into()),
        ..Interface::default()
    }
}

fn named(name: &str) -> Tags {
    Tags { name: Some(name.into()), owners: Vec::new() }
}

fn network(interfaces: Vec<Interface>) -> Network {
    let interfaces = interfaces.into_iter().map(|interface| (interface.id.to_string(), interface)).collect();
    Network { interfaces, ..Network::default() }
}

/// Asserts that an email contains a text, regardless of line breaks.
fn has(email: &Email, expect: &str) {
    let words: Vec<&str> = email.body.split_whitespace().collect();
    let text = words.join(" ");
    assert!(text.contains(expect), "no {expect:?} in:\n{}", email.body);
}

#[test]
fn tags_in_the_record_are_shown_without_keys() {
    let detection = detect("eni-1", "i-1", "10.0.0.5 8.8.8.8", "egress", "web%201 %E6%A5%AD%E5%8B%99 -");
    let tags: Vec<&str> = detection.findings()[0].metadata.tags.iter().map(|tag| &**tag).collect();
    assert_eq!(tags, ["web 1", "業務"]);
    let unknown = Network::unknown(MissingReason::SwitchedOff);
    let english = email(&unknown, &detection);
    has(&english, "10.0.0.5 (i-1, tagged \"web 1\", 業務) could not send 4 pings to 8.8.8.8 (public address)");
    let japanese = Scenario::opened(&detection)
        .enriched_with(unknown)
        .read_in(Setting { language: Language::Japanese, ..Setting::PLAIN })
        .email();
    has(&japanese, "10.0.0.5 (i-1、タグ \"web 1\"、業務) が 8.8.8.8");
}

#[test]
fn a_name_from_ec2_replaces_the_tags_of_the_record() {
    let detection = detect("eni-1", "i-1", "10.0.0.5 8.8.8.8", "egress", "cost-center-7 - -");
    let mut network = network(vec![interface("eni-1", "10.0.0.5")]);
    network.tags.insert("i-1".to_owned(), named("web-1"));
    let email = email(&network, &detection);
    assert_eq!(email.subject, "[Ping-Deny] web-1 could not send 4 pings to 8.8.8.8 (#nn5w)");
    has(&email, "web-1 (i-1) could not send");
    assert!(!email.body.contains("tagged"), "{}", email.body);
}

#[test]
fn an_interface_without_an_instance_is_shown_with_its_type() {
    let detection = detect("eni-1", "-", "10.0.0.5 8.8.8.8", "egress", "- - -");
    let nat = Interface {
        kind: "natGateway".into(),
        description: Some("Interface for NAT Gateway nat-0123".into()),
        ..interface("eni-1", "10.0.0.5")
    };
    let email = email(&network(vec![nat]), &detection);
    has(&email, "10.0.0.5 (NAT gateway, eni-1) could not send 4 pings");
    has(&email, "From: 10.0.0.5 (NAT gateway, eni-1, \"Interface for NAT Gateway nat-0123\", private address)");
    has(&email, "This NAT gateway has no security groups.");
}

#[test]
fn both_sides_are_shown_with_their_names() {
    let detection = detect("eni-1", "i-1", "10.0.0.9 10.0.0.5", "ingress", "- - -");
    let peer = Interface { instance_id: Some("i-2".into()), ..interface("eni-2", "10.0.0.9") };
    let mut network = network(vec![interface("eni-1", "10.0.0.5"), peer]);
    network.tags.extend([("i-1".to_owned(), named("web-1")), ("i-2".to_owned(), named("monitor"))]);
    let email = email(&network, &detection);
    assert_eq!(email.subject, "[Ping-Deny] 4 rejected pings from monitor to web-1 (#nn5w)");
    has(&email, "4 pings from monitor (i-2) to web-1 (i-1) were rejected.");
}

/// Detects rejected pings, one for each line of interface, VPC, addresses and direction.
fn pings(lines: &[&str]) -> Detection {
    let format = "${interface-id} ${vpc-id} ${srcaddr} ${dstaddr} ${flow-direction} ${protocol} ${packets} ${start} ${end} \
                  ${action} ${log-status}";
    let formats = Formats::parse(format).unwrap();
    let mut detector = Detector::new(&formats);
    for line in lines {
        detector.observe(&LogEvent::new("1", 0, format!("{line} 1 4 1795401134 1795401182 REJECT OK")));
    }
    detector.finish(LogSource::default())
}

/// Returns a host in another VPC with an address that the interface's VPC uses too.
fn stranger() -> Interface {
    Interface {
        instance_id: Some("i-9".into()),
        vpc_id: Some("vpc-2".into()),
        description: Some("payroll".into()),
        ..interface("eni-9", "10.0.0.9")
    }
}

#[test]
fn a_host_of_another_vpc_with_the_same_address_is_not_named() {
    for (lines, own) in [
        // The VPC is known from the record, from EC2, or not at all.
        ("eni-1 vpc-1 10.0.0.9 10.0.0.5 ingress", Some("vpc-1")),
        ("eni-1 - 10.0.0.9 10.0.0.5 ingress", Some("vpc-1")),
        ("eni-1 - 10.0.0.9 10.0.0.5 ingress", None),
        ("- - 10.0.0.9 10.0.0.5 ingress", Some("vpc-1")),
    ] {
        let own = Interface { vpc_id: own.map(Into::into), ..interface("eni-1", "10.0.0.5") };
        let mut network = network(vec![own, stranger()]);
        network.tags.insert("i-9".to_owned(), named("payroll-db"));
        let email = email(&network, &pings(&[lines]));
        for name in ["payroll", "i-9", "eni-9"] {
            assert!(!email.body.contains(name) && !email.subject.contains(name), "{lines}: {name} in\n{}", email.body);
        }
        has(&email, "10.0.0.9 (private address)");
    }
}

#[test]
fn a_host_of_the_same_vpc_is_named_although_another_vpc_has_the_address() {
    let near = Interface { instance_id: Some("i-2".into()), ..interface("eni-2", "10.0.0.9") };
    let mut network = network(vec![interface("eni-1", "10.0.0.5"), near, stranger()]);
    network.tags.extend([("i-2".to_owned(), named("monitor")), ("i-9".to_owned(), named("payroll-db"))]);
    for line in ["eni-1 vpc-1 10.0.0.9 10.0.0.5 ingress", "eni-1 - 10.0.0.9 10.0.0.5 ingress"] {
        let email = email(&network, &pings(&[line]));
        has(&email, "4 pings from monitor (i-2) to 10.0.0.5 (eni-1) were rejected.");
        assert!(!email.body.contains("payroll"), "{}", email.body);
    }
}

#[test]
fn an_address_of_two_vpcs_has_no_name_in_an_email_about_both() {
    let far = Interface { vpc_id: Some("vpc-2".into()), ..interface("eni-3", "10.0.0.7") };
    let near = Interface { instance_id: Some("i-2".into()), ..interface("eni-2", "10.0.0.9") };
    let mut network = network(vec![interface("eni-1", "10.0.0.5"), near, far, stranger()]);
    network.tags.extend([("i-2".to_owned(), named("monitor")), ("i-9".to_owned(), named("payroll-db"))]);
    let lines = ["eni-1 vpc-1 10.0.0.9 10.0.0.5 ingress", "eni-3 vpc-2 10.0.0.9 10.0.0.7 ingress"];
    let both = email(&network, &pings(&lines));
    for name in ["monitor", "payroll"] {
        assert!(!both.body.contains(name), "{name} in\n{}", both.body);
    }
    let one = ["eni-1 vpc-1 10.0.0.9 10.0.0.5 ingress", "eni-1 vpc-1 10.0.0.9 10.0.0.6 ingress"];
    has(&email(&network, &pings(&one)), "From: 10.0.0.9 (monitor, i-2, eni-2, private address)");
}

#[test]
fn the_next_step_for_a_network_acl_mentions_the_missing_security_group_rule() {
    let own = Interface {
        subnet_id: Some("subnet-1".into()),
        group_ids: vec!["sg-1".into()],
        ..interface("eni-1", "10.0.0.5")
    };
    let everywhere = || Peer::Block("0.0.0.0/0".parse().unwrap());
    let all = GroupRule { traffic: RuleTraffic::All, peer: everywhere() };
    let group =
        SecurityGroup { id: "sg-1".into(), name: "web".into(), outbound: vec![all], ..SecurityGroup::default() };
    let acl = NetworkAcl { id: "acl-1".into(), subnet_ids: vec!["subnet-1".into()], ..NetworkAcl::default() };
    let mut network = network(vec![own]);
    network.groups.insert("sg-1".to_owned(), group);
    network.acls.push(acl);
    let email = email(&network, &pings(&["eni-1 vpc-1 10.9.9.9 10.0.0.5 ingress"]));
    has(&email, "Inbound network ACL (certain)");
    has(
        &email,
        "if they are pings and no answers, also add an inbound rule to the security group sg-1 (web) that allows ICMP from 10.9.9.9",
    );
    has(&email, "The security group sg-1:");
}

#[test]
fn two_hosts_of_the_same_name_are_shown_by_their_addresses() {
    let detection = detect("eni-1", "i-1", "10.0.0.9 10.0.0.5", "ingress", "- - -");
    let peer = Interface { instance_id: Some("i-2".into()), ..interface("eni-2", "10.0.0.9") };
    let mut network = network(vec![interface("eni-1", "10.0.0.5"), peer]);
    network.tags.extend([("i-1".to_owned(), named("web")), ("i-2".to_owned(), named("web"))]);
    let email = email(&network, &detection);
    assert_eq!(email.subject, "[Ping-Deny] 4 rejected pings from 10.0.0.9 to 10.0.0.5 (#nn5w)");
    has(&email, "4 pings from web (i-2) to web (i-1) were rejected.");
}

#[test]
fn with_pings_both_ways_the_rejected_packets_are_pings_if_answers_are_accepted() {
    let record = |from: &str, to: &str, action: &str| {
        format!("2 1 eni-1 {from} {to} 0 0 1 4 336 1795401134 1795401182 {action} OK")
    };
    let email_about = |lines: &[String]| {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        lines.iter().for_each(|line| detector.observe(&LogEvent::new("1", 0, line)));
        email(&network(vec![interface("eni-1", "10.0.0.5")]), &detector.finish(LogSource::default()))
    };
    let (theirs, answers, rejected) = (
        record("10.0.0.9", "10.0.0.5", "ACCEPT"),
        record("10.0.0.5", "10.0.0.9", "ACCEPT"),
        record("10.0.0.5", "10.0.0.9", "REJECT"),
    );
    let answered = email_about(&[theirs.clone(), rejected.clone()]);
    assert_eq!(answered.subject, "[Ping-Deny] 10.0.0.5 could not answer 4 pings from 10.0.0.9 (#nn5w)");
    let sent = email_about(&[theirs.clone(), answers.clone(), rejected.clone()]);
    assert_eq!(sent.subject, "[Ping-Deny] 10.0.0.5 could not send 4 pings to 10.0.0.9 (#nn5w)");
    has(&sent, "4 packets the same way were let through at about the same time too: those are the answers");
    for line in [&theirs, &answers, &rejected] {
        has(&sent, line);
    }
    // Accepted records beyond the limit of a batch may be the pings that these packets answer.
    let strangers =
        (0..MAX_ACCEPTED_FLOWS).map(|n| record(&format!("10.1.{}.{}", n / 250, n % 250), "10.0.0.5", "ACCEPT"));
    let lines: Vec<String> = strangers.chain([theirs, rejected]).collect();
    let unclear = email_about(&lines);
    assert_eq!(unclear.subject, "[Ping-Deny] 4 rejected pings from 10.0.0.5 to 10.0.0.9 (#nn5w)");
    has(
        &unclear,
        "Accepted ICMP was too much to be remembered (1 record left out): whether these are pings or answers is not known.",
    );
}

#[test]
fn tags_of_the_instance_take_precedence_over_those_of_its_interface() {
    let detection = detect("eni-1", "i-1", "10.0.0.5 8.8.8.8", "egress", "- - -");
    let owned = |owners: &[(&str, &str)]| Tags {
        name: None,
        owners: owners.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
    };
    let own = Interface { tags: owned(&[("owner", "nobody"), ("Cost center", "7")]), ..interface("eni-1", "10.0.0.5") };
    let mut network = network(vec![own]);
    network.tags.insert("i-1".to_owned(), owned(&[("owner", "team-a")]));
    has(&email(&network, &detection), "10.0.0.5 (i-1, owner team-a, \"Cost center\": 7) could not send");
}

#[test]
fn names_do_not_become_links() {
    for (tag, shown) in [
        ("evil.com/login", "evil[.]com/login"),
        ("WWW.evil.prod", "WWW[.]evil[.]prod"),
        ("HTTP://[2001:db8::1]/", "HTTP[:]//[2001:db8::1]/"),
        ("ftp.files", "ftp[.]files"),
        ("a@b.c", "a[@]b.c"),
        ("web-1.prod", "web-1.prod"),
        ("ip-10-0-0-1.ec2.internal", "ip-10-0-0-1.ec2.internal"),
    ] {
        // The text is both the name of the instance and a tag in the record.
        let detection = detect("eni-1", "i-1", "10.0.0.5 8.8.8.8", "egress", &format!("{tag} - -"));
        let mut network = network(vec![interface("eni-1", "10.0.0.5")]);
        network.tags.insert("i-1".to_owned(), named(tag));
        let email = email(&network, &detection);
        assert_eq!(email.subject, format!("[Ping-Deny] {shown} could not send 4 pings to 8.8.8.8 (#nn5w)"));
        has(&email, &format!("{shown} (i-1) could not send"));
        has(&email, &format!("egress OK {shown} - -"));
        assert_eq!(tag == shown, email.body.contains(tag), "{}", email.body);

        // The text as an owner.
        let detection = detect("eni-1", "i-1", "10.0.0.5 8.8.8.8", "egress", "- - -");
        network.tags.insert("i-1".to_owned(), Tags { name: None, owners: vec![("owner".into(), tag.into())] });
        has(&self::email(&network, &detection), &format!("10.0.0.5 (i-1, owner {shown}) could not send"));
    }
}

/// An update is written from counters alone.
#[test]
fn the_records_are_in_the_copy_and_were_logged_elsewhere() {
    let earlier = sample_notifications::counted("ping-deny");
    let mut since = earlier.clone();
    since.merge(&Summary { copy: Some("/central/flow-logs".to_owned()), ..earlier.clone() });
    since.merge(&earlier);
    let email = Scenario::update(&since, since.totals).email();
    let body = &email.body;
    assert!(body.contains("Log group: /central/flow-logs; copied from Log-Group\n"), "{body}");
    assert!(body.contains("$252Fcentral$252Fflow-logs") || body.contains("*2fcentral*2fflow-logs"), "{body}");
    let email = Scenario::update(&earlier, earlier.totals).email();
    assert!(email.body.contains("Log group: Log-Group\n"), "{}", email.body);
}
