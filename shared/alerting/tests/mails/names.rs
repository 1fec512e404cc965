//! Whose an address is, as the records and EC2 tell.

use alerting::{
    Detection, Detector,
    detect::Source,
    mail::{Language, Mail},
    network::{Interface, Missing, Network, Tags},
};
use flow_log::{Formats, LogEvent};

use crate::scenario::{Setting, opening_of};

const FORMAT: &str = "${interface-id} ${instance-id} ${srcaddr} ${dstaddr} ${protocol} ${packets} ${start} ${end} ${action} \
                      ${flow-direction} ${log-status} ${instance-tag} ${instance-tag-2} ${asg-tag}";

/// One rejected ping: interface, instance, addresses, direction and tags.
fn detect(interface: &str, instance: &str, pair: &str, direction: &str, tags: &str) -> Detection {
    let formats = Formats::parse(FORMAT).unwrap();
    let mut detector = Detector::new(&formats);
    let line = format!("{interface} {instance} {pair} 1 4 1795401134 1795401182 REJECT {direction} OK {tags}");
    detector.observe(&LogEvent::new("1", 0, line));
    let detection = detector.finish(Source::default());
    assert_eq!(detection.findings.len(), 1, "{:?}", detection.tally);
    detection
}

fn mail(network: &Network, detection: &Detection) -> Mail {
    opening_of(Setting::PLAIN, network, detection, None)
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

/// The lines of a mail, each put together with its continuations.
fn has(mail: &Mail, expect: &str) {
    let words: Vec<&str> = mail.body.split_whitespace().collect();
    let text = words.join(" ");
    assert!(text.contains(expect), "no {expect:?} in:\n{}", mail.body);
}

#[test]
fn tags_in_the_record_are_told_without_keys() {
    let detection = detect("eni-1", "i-1", "10.0.0.5 8.8.8.8", "egress", "web%201 %E6%A5%AD%E5%8B%99 -");
    let tags: Vec<&str> = detection.findings[0].place.tags.iter().map(|tag| &**tag).collect();
    assert_eq!(tags, ["web 1", "業務"]);
    let unknown = Network::unknown(Missing::SwitchedOff);
    let english = mail(&unknown, &detection);
    has(&english, "10.0.0.5 (i-1, tagged \"web 1\", 業務) could not send 4 pings to 8.8.8.8 (public address)");
    let japanese = opening_of(Setting { language: Language::Japanese, ..Setting::PLAIN }, &unknown, &detection, None);
    has(&japanese, "10.0.0.5 (i-1、タグ \"web 1\"、業務) が 8.8.8.8");
}

#[test]
fn the_name_that_ec2_tells_goes_before_tags_of_unknown_keys() {
    let detection = detect("eni-1", "i-1", "10.0.0.5 8.8.8.8", "egress", "cost-center-7 - -");
    let mut network = network(vec![interface("eni-1", "10.0.0.5")]);
    network.tags.insert("i-1".to_owned(), named("web-1"));
    let mail = mail(&network, &detection);
    assert_eq!(mail.subject, "[Ping-Deny] web-1 could not send 4 pings to 8.8.8.8");
    has(&mail, "web-1 (i-1) could not send");
    assert!(!mail.body.contains("tagged"), "{}", mail.body);
}

#[test]
fn an_interface_without_an_instance_is_told_by_what_it_is() {
    let detection = detect("eni-1", "-", "10.0.0.5 8.8.8.8", "egress", "- - -");
    let nat = Interface {
        kind: "natGateway".into(),
        description: Some("Interface for NAT Gateway nat-0123".into()),
        ..interface("eni-1", "10.0.0.5")
    };
    let mail = mail(&network(vec![nat]), &detection);
    has(&mail, "10.0.0.5 (NAT gateway, eni-1) could not send 4 pings");
    has(&mail, "FROM 10.0.0.5 (NAT gateway, eni-1, \"Interface for NAT Gateway nat-0123\", private address)");
    has(&mail, "This NAT gateway has no security groups.");
}

#[test]
fn the_other_side_has_a_name_too() {
    let detection = detect("eni-1", "i-1", "10.0.0.9 10.0.0.5", "ingress", "- - -");
    let peer = Interface { instance_id: Some("i-2".into()), ..interface("eni-2", "10.0.0.9") };
    let mut network = network(vec![interface("eni-1", "10.0.0.5"), peer]);
    network.tags.extend([("i-1".to_owned(), named("web-1")), ("i-2".to_owned(), named("monitor"))]);
    let mail = mail(&network, &detection);
    assert_eq!(mail.subject, "[Ping-Deny] 4 rejected pings from monitor to web-1");
    has(&mail, "4 pings from monitor (i-2) to web-1 (i-1) were rejected.");
}

#[test]
fn two_of_the_same_name_are_told_apart_by_their_addresses() {
    let detection = detect("eni-1", "i-1", "10.0.0.9 10.0.0.5", "ingress", "- - -");
    let peer = Interface { instance_id: Some("i-2".into()), ..interface("eni-2", "10.0.0.9") };
    let mut network = network(vec![interface("eni-1", "10.0.0.5"), peer]);
    network.tags.extend([("i-1".to_owned(), named("web")), ("i-2".to_owned(), named("web"))]);
    let mail = mail(&network, &detection);
    assert_eq!(mail.subject, "[Ping-Deny] 4 rejected pings from 10.0.0.9 to 10.0.0.5");
    has(&mail, "4 pings from web (i-2) to web (i-1) were rejected.");
}

#[test]
fn tags_of_the_instance_and_of_its_interface_are_told_once() {
    let detection = detect("eni-1", "i-1", "10.0.0.5 8.8.8.8", "egress", "- - -");
    let owned = |owners: &[(&str, &str)]| Tags {
        name: None,
        owners: owners.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
    };
    let own = Interface { tags: owned(&[("owner", "nobody"), ("Cost center", "7")]), ..interface("eni-1", "10.0.0.5") };
    let mut network = network(vec![own]);
    network.tags.insert("i-1".to_owned(), owned(&[("owner", "team-a")]));
    has(&mail(&network, &detection), "10.0.0.5 (i-1, owner team-a, \"Cost center\": 7) could not send");
}
