//! What emails about TCP and UDP advise, and how they count.

use alerting::enrichment::Network;
use sample_notifications::{Setting, scenario};

/// Returns the advice of a scenario whose network was changed.
fn advice(name: &str, change: impl FnOnce(&mut Network)) -> String {
    let scenario = scenario(name, Setting::ENRICHED);
    let mut network = scenario.network().clone();
    change(&mut network);
    let body = scenario.enriched_with(network).email().body;
    let (_, rest) = body.split_once("\n\nWHAT TO DO\n").unwrap();
    rest.lines().next().unwrap().to_owned()
}

fn change_groups(network: &mut Network, interface: &str, groups: &[&str]) {
    network.interfaces.get_mut(interface).unwrap().group_ids = groups.iter().map(|id| (*id).into()).collect();
}

#[test]
fn a_rule_names_a_group_only_where_a_reference_to_it_fits_all_clients() {
    let starts = "Not intended? Add an inbound rule to the security group sg-0bb2 (db): tcp 5432, source ";
    for (groups, source) in [
        (&["sg-0aa1"][..], "sg-0aa1 (web):"),
        (&["sg-0dd4", "sg-0aa1"], "sg-0aa1 (web):"),
        (&["sg-0dd4"], "these addresses:"),
        (&[], "these addresses:"),
    ] {
        let change = |network: &mut Network| change_groups(network, "eni-0c11", groups);
        assert_eq!(advice("clients", change), format!("{starts}{source}"));
    }
    let unknown = |network: &mut Network| drop(network.interfaces.remove("eni-0c12"));
    assert_eq!(advice("clients", unknown), format!("{starts}these addresses:"));
    // An interface of another VPC may have the same address.
    let elsewhere =
        |network: &mut Network| network.interfaces.get_mut("eni-0aa1").unwrap().vpc_id = Some("vpc-9".into());
    assert_eq!(advice("request", elsewhere), format!("{starts}10.0.1.10/32:"));
}

#[test]
fn a_public_address_of_ours_is_no_member_of_a_group() {
    let public = |network: &mut Network| {
        let db = network.interfaces.get_mut("eni-0bb2").unwrap();
        db.public_addresses.push("198.51.100.23".parse().unwrap());
    };
    let expect =
        "Not intended? Add an inbound rule to the security group sg-0aa1 (web): tcp 22, source 198.51.100.23/32:";
    assert_eq!(advice("must-reach-tcp", public), expect);
}

#[test]
fn a_network_acl_gets_addresses_and_the_ports_that_clients_take() {
    assert_eq!(
        advice("answers-in", |_| {}),
        "Not intended? Add an inbound allow rule to acl-0f3a9c with a number below 50: tcp 1024-65535 (the ports that clients take), \
         source 198.51.100.7/32:"
    );
    let closed = |network: &mut Network| {
        network.acls[0].entries.retain(|entry| entry.is_default());
        network.groups.get_mut("sg-0bb2").unwrap().inbound = network.groups["sg-0bb2"].outbound.clone();
    };
    assert_eq!(
        advice("request", closed),
        "Not intended? Add an inbound allow rule to acl-0f3a9c: tcp 5432, source 10.0.1.10/32. The answers would be stopped next: for them \
         add an outbound allow rule to acl-0f3a9c: tcp 1024-65535 (the ports that clients take), destination 10.0.1.10/32:"
    );
}

#[test]
fn health_checkers_are_a_prefix_list_of_the_region_for_a_group() {
    assert_eq!(
        advice("health-check", |_| {}),
        "Not intended? Add an inbound rule to the security group sg-0aa1 (web): tcp 443, source the prefix list \
         com.amazonaws.ap-northeast-1.route53-healthchecks:"
    );
}

#[test]
fn a_load_balancer_is_known_by_its_description() {
    for (description, who) in [
        (Some("ELB app/my-alb/50dc6c495c0c9188"), "Load balancer app/my-alb"),
        (Some("ELB net/my-nlb/50dc6c495c0c9188"), "Load balancer net/my-nlb"),
        (Some("ELB my-clb"), "Load balancer my-clb"),
        (Some("RDSNetworkInterface"), "2 health checkers"),
        (None, "2 health checkers"),
    ] {
        let scenario = scenario("load-balancer", Setting::ENRICHED);
        let mut network = scenario.network().clone();
        for id in ["eni-0d35", "eni-0d36"] {
            network.interfaces.get_mut(id).unwrap().description = description.map(Into::into);
        }
        let subject = scenario.enriched_with(network).email().subject;
        assert!(subject.contains(&format!("] {who} could not check web-1:8080 (http-alt) (#")), "{subject}");
    }
}
