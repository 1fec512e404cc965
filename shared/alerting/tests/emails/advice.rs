//! What emails advise: safe for strangers, narrow, and with the flow that it is for.

use alerting::{
    address::Networks,
    detection::{Detection, Detector, LogSource},
    enrichment::{AclEntry, GroupRule, Interface, Network, NetworkAcl, Peer, RuleTraffic, SecurityGroup},
    incident::SignalPolicy,
    notification::{RenderedNotification, Severity},
};
use flow_log::{Formats, LogEvent};
use sample_notifications::{Scenario, counted, detected};

const FORMAT: &str = "${interface-id} ${region} ${srcaddr} ${dstaddr} ${flow-direction} ${protocol} ${packets} ${start} ${end} \
                      ${action} ${log-status}";

/// Detects ICMP, one line each: region, addresses, direction, packets and action.
fn detect(lines: &[&str]) -> Detection {
    let formats = Formats::parse(FORMAT).unwrap();
    let mut detector = Detector::new(&formats);
    for line in lines {
        let [region, source, target, direction, packets, action] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("six words: {line}")
        };
        let protocol = if source.contains(':') { 58 } else { 1 };
        let line = format!(
            "eni-1 {region} {source} {target} {direction} {protocol} {packets} 1795401134 1795401182 {action} OK"
        );
        detector.observe(&LogEvent::new("1", 0, line));
    }
    detector.finish(LogSource { log_group: "Log-Group".to_owned(), ..LogSource::default() })
}

fn entry(number: u32, egress: bool, allow: bool, block: &str) -> AclEntry {
    AclEntry { number, egress, allow, traffic: RuleTraffic::All, block: block.parse().unwrap() }
}

/// An interface with 10.0.0.5. Its security group lets pings in from these blocks and anything out; the network ACL denies these
/// blocks both ways and allows the rest.
fn network(group_allows: &[&str], acl_denies: &[&str]) -> Network {
    let rule = |block: &str| GroupRule { traffic: RuleTraffic::All, peer: Peer::Block(block.parse().unwrap()) };
    let interface = Interface {
        id: "eni-1".into(),
        addresses: vec!["10.0.0.5".parse().unwrap()],
        subnet_id: Some("subnet-1".into()),
        vpc_id: Some("vpc-1".into()),
        group_ids: vec!["sg-1".into()],
        ..Interface::default()
    };
    let group = SecurityGroup {
        id: "sg-1".into(),
        name: "web".into(),
        inbound: group_allows.iter().map(|block| rule(block)).collect(),
        outbound: vec![rule("0.0.0.0/0")],
    };
    let both = |number, allow, block: &str| [false, true].map(|egress| entry(number, egress, allow, block));
    let denied = acl_denies.iter().zip(50..).flat_map(|(block, number)| both(number, false, block));
    let entries = denied.chain(both(100, true, "0.0.0.0/0")).collect();
    let acl = NetworkAcl { id: "acl-1".into(), subnet_ids: vec!["subnet-1".into()], entries, ..NetworkAcl::default() };
    Network {
        interfaces: [("eni-1".to_owned(), interface)].into(),
        groups: [("sg-1".to_owned(), group)].into(),
        acls: vec![acl],
        ..Network::default()
    }
}

fn actions(scenario: &Scenario) -> String {
    let body = scenario.email().body;
    let (_, rest) = body.split_once("\n\nWHAT TO DO\n").unwrap();
    rest.split("\n\n").next().unwrap().to_owned()
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn each_fix_names_its_flow_where_the_reasons_differ() {
    let lines = ["- 10.9.0.1 10.0.0.5 ingress 4 REJECT", "- 10.8.0.1 10.0.0.5 ingress 3 REJECT"];
    let scenario = Scenario::opened(&detect(&lines)).enriched_with(network(&["10.9.0.0/16"], &["10.9.0.0/16"]));
    let text = actions(&scenario);
    let lines: Vec<&str> = text.lines().collect();
    assert_has(
        lines[0],
        &["For 10.9.0.1 → 10.0.0.5: remove inbound rule 50 of acl-1, or add an allow rule with a lower number"],
    );
    assert_has(lines[1], &["NetworkAclDetails:networkAclId=acl-1"]);
    assert_has(
        lines[2],
        &[
            "For 10.8.0.1 → 10.0.0.5: add an inbound rule to the security group sg-1 (web) that allows ICMP from 10.8.0.1",
        ],
    );
    assert_has(lines[3], &["SecurityGroup:groupId=sg-1"]);
}

#[test]
fn nothing_is_opened_for_strangers() {
    for packets in [4, 40, 700] {
        let detection = detect(&[&format!("- 8.8.8.8 10.0.0.5 ingress {packets} REJECT")]);
        for known in [network(&[], &[]), network(&["0.0.0.0/0"], &["8.8.8.0/24"]), network(&[], &["0.0.0.0/0"])] {
            let text = actions(&Scenario::opened(&detection).enriched_with(known));
            assert_has(&text, &["Normally leave it blocked"]);
            let opens = text.replace("add it to the stack's MustReach", "").replace("silence add", "");
            for word in ["emove", "add ", "Add ", "allow"] {
                assert!(!opens.contains(word), "{packets} packets: {word} in {text}");
            }
        }
    }
}

#[test]
fn a_source_that_must_get_through_gets_a_rule_of_its_own() {
    let policy = SignalPolicy { must_reach: Networks::parse("8.8.8.0/24").unwrap(), ..SignalPolicy::default() };
    let detection = detect(&["- 8.8.8.8 10.0.0.5 ingress 4 REJECT"]);
    let scenario = |known| Scenario::opened_by(&detection, &policy).enriched_with(known);
    let by_the_group = actions(&scenario(network(&[], &[])));
    assert_has(
        &by_the_group,
        &["Add an inbound rule to the security group sg-1 (web) that allows ICMP from 8.8.8.8:\n"],
    );
    let by_the_acl = actions(&scenario(network(&["0.0.0.0/0"], &["8.8.0.0/16"])));
    assert_has(
        &by_the_acl,
        &["Add an inbound rule to acl-1 that allows ICMP from 8.8.8.8, with a lower number than 50:\n"],
    );
    assert!(!by_the_acl.contains("emove"), "{by_the_acl}");
}

#[test]
fn that_strangers_are_answered_is_said_where_they_are() {
    let warning = "Allowing it means that anyone's pings from the internet are answered";
    for (peer, warned) in [("8.8.8.8", true), ("10.9.0.1", false)] {
        let lines = [format!("- 10.0.0.5 {peer} egress 4 REJECT"), format!("- {peer} 10.0.0.5 ingress 4 ACCEPT")];
        let detection = detect(&lines.each_ref().map(String::as_str));
        let text = actions(&Scenario::opened(&detection).enriched_with(network(&["0.0.0.0/0"], &["0.0.0.0/0"])));
        assert_eq!(text.contains(warning), warned, "{text}");
        assert_has(
            &text,
            &["vpc-flow-alerts silence add --stack ping-deny --source 10.0.0.5 --for 8h --reason \"...\""],
        );
    }
}

#[test]
fn links_open_in_the_region_of_the_record() {
    for (region, expect) in [("eu-central-1", "eu-central-1"), ("-", "ap-northeast-1")] {
        let detection = detect(&[&format!("{region} 10.0.0.5 10.9.0.1 egress 4 REJECT")]);
        for known in [network(&["0.0.0.0/0"], &["0.0.0.0/0"]), network(&[], &["10.0.0.0/8"])] {
            let body = Scenario::opened(&detection).enriched_with(known).email().body;
            let links: Vec<&str> = body.lines().filter(|line| line.starts_with("https://")).collect();
            for page in ["NetworkAclDetails", "NetworkInterface:"] {
                let link = links.iter().find(|link| link.contains(page)).unwrap_or_else(|| panic!("no {page}: {body}"));
                assert!(link.starts_with(&format!("https://{expect}.console.")), "{link}");
                assert!(link.contains(&format!("region={expect}#")), "{link}");
            }
            // The log group and the metric are where the function is.
            for page in ["logsV2:logs-insights", "metricsV2"] {
                let link = links.iter().find(|link| link.contains(page)).unwrap();
                assert!(link.starts_with("https://ap-northeast-1.console."), "{link}");
            }
        }
    }
}

#[test]
fn blocked_ipv6_of_ours_is_of_medium_severity() {
    let severity = |detection: &Detection| {
        let RenderedNotification { document, email, .. } = Scenario::opened(detection).render();
        assert_has(&email.body, &[&format!(". Severity {}. ", document.routing.severity.word())]);
        document.routing.severity
    };
    let pair = "2001:db8:1234:a100::5 2001:db8:9::1";
    for line in [format!("- {pair} egress 4 REJECT"), format!("- {pair} - 4 REJECT")] {
        assert_eq!(severity(&detect(&[&line])), Severity::Medium, "{line}");
    }
    let line = format!("2 1 eni-1 {pair} 0 0 58 4 416 1795401134 1795401182 REJECT OK");
    assert_eq!(severity(&detected([line])), Severity::Medium, "the default format has no direction");
}

#[test]
fn more_records_than_a_query_shows_are_not_promised() {
    let mut since = counted("ping-deny");
    since.totals.records = 10_000;
    let records = |scenario: &Scenario| scenario.email().body.split_once("\n\nRECORDS\n").unwrap().1.to_owned();
    let text = records(&Scenario::update(&since, since.totals));
    assert_has(&text, &["\nand 9,999 records more (these are the newest): see the Logs Insights link\n"]);
    since.totals.records = 10_001;
    let text = records(&Scenario::update(&since, since.totals));
    assert_has(&text, &["see the Logs Insights link, which shows 10,000 records at most\n"]);
}
