//! One line for each case.

use alerting::detection::Rules;

use super::judged;

/// Named cases: what an interface logged, and what that is taken for.
macro_rules! cases {
    ($($name:ident: $case:literal => $expect:literal;)*) => {$(
        #[test]
        fn $name() {
            assert_eq!(judged($case, Rules::all()), $expect);
        }
    )*};
}

// Requests.
cases! {
    no_rule_at_the_database: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2" =>
        "!request private 10.0.2.20:5432/tcp by tcp-flags";
    no_outbound_rule: "10.0.1.10: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2" =>
        "!request own-request 10.0.2.20:5432/tcp by tcp-flags";
    the_acl_stops_the_request: "10.0.1.10: 10.0.9.5:50100>10.0.1.10:22 tcp 4/240 R 2" =>
        "!request private 10.0.1.10:22/tcp by tcp-flags";
    a_request_without_flags_by_its_known_port: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R" =>
        "!request private 10.0.2.20:5432/tcp by known-port";
    a_request_without_flags_by_its_low_port: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:999 tcp 4/240 R" =>
        "!request private 10.0.2.20:999/tcp by low-port";
    a_request_whose_server_nobody_knows: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:7777 tcp 4/240 R" =>
        "!request private 10.0.2.20:7777/tcp by -";
    three_client_ports_show_the_server:
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:7777 tcp 4/240 R; 10.0.1.10:41023>10.0.2.20:7777 tcp 4/240 R; \
         10.0.1.10:41024>10.0.2.20:7777 tcp 4/240 R" =>
        "!request private 10.0.2.20:7777/tcp by many-ports";
    two_client_ports_do_not:
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:7777 tcp 4/240 R; 10.0.1.10:41023>10.0.2.20:7777 tcp 4/240 R" =>
        "!request private 10.0.2.20:7777/tcp by -; !request private 10.0.2.20:7777/tcp by -";
    one_port_that_sends_to_many_low_ones_is_no_server:
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:7001 tcp 2/80 R; 10.0.1.10:41022>10.0.2.20:7002 tcp 2/80 R; \
         10.0.1.10:41022>10.0.2.20:7003 tcp 2/80 R" =>
        "!request private 10.0.2.20:7001/tcp by -; !request private 10.0.2.20:7002/tcp by -; !request private 10.0.2.20:7003/tcp by -";
    one_packet_is_a_stray: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 1/60 R 2" =>
        "request private 10.0.2.20:5432/tcp by tcp-flags";
    two_packets_are_not: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 2/120 R 2" =>
        "!request private 10.0.2.20:5432/tcp by tcp-flags";
    two_attempts_with_a_packet_each_are_not:
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 1/60 R 2; 10.0.1.10:41024>10.0.2.20:5432 tcp 1/60 R 2" =>
        "!request private 10.0.2.20:5432/tcp by tcp-flags";
    a_syn_and_a_reset_of_the_client_are_a_request: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 3/140 R 6" =>
        "!request private 10.0.2.20:5432/tcp by tcp-flags";
    the_flags_outweigh_the_ports: "10.0.2.20: 10.0.1.10:443>10.0.2.20:41022 tcp 4/240 R 2" =>
        "!request private 10.0.2.20:41022/tcp by tcp-flags";
    a_request_over_ipv6: "2600:1f18::20: 2600:1f18::10:41022>2600:1f18::20:5432 tcp 4/320 R 2" =>
        "!request private [2600:1f18::20]:5432/tcp by tcp-flags";
    a_request_of_one_of_our_networks: "10.0.2.20: 198.51.100.7:41022>10.0.2.20:5432 tcp 4/240 R 2" =>
        "!request private 10.0.2.20:5432/tcp by tcp-flags";
    a_request_without_a_direction: "?: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2" =>
        "!request private 10.0.2.20:5432/tcp by tcp-flags";
    a_load_balancer_passes_on_the_client_s_address: "10.0.3.7: 203.0.113.9:51000>10.0.3.7:8080 tcp 4/240 R 2" =>
        "request internet 10.0.3.7:8080/tcp by tcp-flags";
    an_endpoint_without_a_rule: "10.0.4.8: 10.0.1.10:40200>10.0.4.8:443 tcp 4/240 R 2" =>
        "!request private 10.0.4.8:443/tcp by tcp-flags";
    a_public_address_of_ours_as_a_source: "10.0.2.20: 198.51.100.9:41022>10.0.2.20:443 tcp 4/240 R 2" =>
        "!request private 10.0.2.20:443/tcp by tcp-flags";
    a_request_over_udp: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:53 udp 2/140 R" =>
        "!request private 10.0.2.20:53/udp by known-port";
    a_time_server_of_the_internet_is_not_reached: "10.0.1.10: 10.0.1.10:41022>203.0.113.1:123 udp 2/152 R" =>
        "!request own-request 203.0.113.1:123/udp by known-port";
    a_time_server_asked_from_its_own_port: "10.0.1.10: 10.0.1.10:123>203.0.113.1:123 udp 2/152 R" =>
        "!request own-request 203.0.113.1:123/udp by -";
    multicast_reaches_nobody: "10.0.1.10: 10.0.1.10:5353>224.0.0.251:5353 udp 9/900 R" =>
        "request own-request 224.0.0.251:5353/udp by -";
    a_rule_of_a_live_untracked_connection_is_removed:
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 9/4000 R 0; 10.0.2.20:5432>10.0.1.10:41022 tcp 3/900 A 0" =>
        "!request private 10.0.2.20:5432/tcp by known-port";
}

// Answers.
cases! {
    the_acl_stops_our_answer:
        "10.0.1.10: 203.0.113.9:51000>10.0.1.10:443 tcp 5/300 A 2; 10.0.1.10:443>203.0.113.9:51000 tcp 5/300 R 18" =>
        "!reply own-answer 10.0.1.10:443/tcp by tcp-flags";
    the_acl_stops_the_answer_to_us:
        "10.0.1.10: 10.0.1.10:40000>198.51.100.7:443 tcp 5/300 A 2; 198.51.100.7:443>10.0.1.10:40000 tcp 5/300 R 18" =>
        "!request own-request 198.51.100.7:443/tcp by tcp-flags";
    the_acl_stops_the_answer_of_the_internet_to_us:
        "10.0.1.10: 10.0.1.10:40000>8.8.8.8:443 tcp 5/300 A; 8.8.8.8:443>10.0.1.10:40000 tcp 5/300 R" =>
        "!request own-request 8.8.8.8:443/tcp by accepted-opposite";
    our_answer_without_flags:
        "10.0.1.10: 203.0.113.9:51000>10.0.1.10:443 tcp 5/300 A; 10.0.1.10:443>203.0.113.9:51000 tcp 5/300 R" =>
        "!reply own-answer 10.0.1.10:443/tcp by accepted-opposite";
    our_answer_from_a_port_that_nobody_knows:
        "10.0.1.10: 203.0.113.9:51000>10.0.1.10:7777 tcp 5/300 A; 10.0.1.10:7777>203.0.113.9:51000 tcp 5/300 R" =>
        "!reply own-answer 10.0.1.10:7777/tcp by accepted-opposite";
    our_answer_whose_request_is_in_another_batch: "10.0.1.10: 10.0.1.10:443>203.0.113.9:51000 tcp 5/300 R 18" =>
        "!reply own-answer 10.0.1.10:443/tcp by tcp-flags";
    the_request_of_another_connection_is_no_evidence:
        "10.0.1.10: 203.0.113.9:51001>10.0.1.10:443 tcp 5/300 A; 10.0.1.10:443>203.0.113.9:51000 tcp 5/300 R" =>
        "late own-answer 10.0.1.10:443/tcp by known-port no-request";
    the_same_ports_over_udp_are_no_evidence_for_tcp:
        "10.0.1.10: 203.0.113.9:51000>10.0.1.10:443 udp 5/300 A; 10.0.1.10:443>203.0.113.9:51000 tcp 5/300 R" =>
        "late own-answer 10.0.1.10:443/tcp by known-port no-request";
    our_answer_over_udp:
        "10.0.1.10: 10.0.9.9:51000>10.0.1.10:53 udp 2/140 A; 10.0.1.10:53>10.0.9.9:51000 udp 2/240 R" =>
        "!reply own-answer 10.0.1.10:53/udp by accepted-opposite";
    an_established_connection_whose_answers_the_acl_stops_from_now_on:
        "10.0.1.10: 203.0.113.9:51000>10.0.1.10:443 tcp 9/900 A 0; 10.0.1.10:443>203.0.113.9:51000 tcp 5/3000 R 0" =>
        "!reply own-answer 10.0.1.10:443/tcp by known-port";
    an_answer_of_the_internet_that_nobody_asked_for: "10.0.1.10: 8.8.8.8:443>10.0.1.10:40000 tcp 5/300 R 18" =>
        "request internet 8.8.8.8:443/tcp by tcp-flags";
    an_answer_from_one_of_our_networks_that_nobody_asked_for: "10.0.1.10: 198.51.100.7:443>10.0.1.10:40000 tcp 5/300 R 18" =>
        "!request own-request 198.51.100.7:443/tcp by tcp-flags";
    an_answer_that_takes_another_way_back:
        "10.0.5.5: 10.0.1.10:443>10.0.5.5:51000 tcp 4/240 R 18" =>
        "!request own-request 10.0.1.10:443/tcp by tcp-flags";
}

// Late packets.
cases! {
    a_reset_after_the_end: "10.0.1.10: 10.0.2.20:443>10.0.1.10:41022 tcp 1/40 R 4" =>
        "late own-request 10.0.2.20:443/tcp by known-port closed";
    many_resets_after_the_end: "10.0.1.10: 10.0.2.20:443>10.0.1.10:41022 tcp 50/2000 R 4" =>
        "late own-request 10.0.2.20:443/tcp by known-port closed";
    a_fin_of_the_client: "10.0.2.20: 10.0.1.10:41022>10.0.2.20:443 tcp 3/156 R 1" =>
        "late private 10.0.2.20:443/tcp by known-port closed";
    data_of_an_idle_connection: "10.0.1.10: 10.0.2.20:5432>10.0.1.10:41022 tcp 3/1200 R 0" =>
        "late own-request 10.0.2.20:5432/tcp by known-port idle";
    data_of_an_idle_connection_without_flags: "10.0.1.10: 10.0.2.20:5432>10.0.1.10:41022 tcp 3/1200 R" =>
        "late own-request 10.0.2.20:5432/tcp by known-port no-request";
    an_acknowledgement_after_both_sides_have_closed:
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 9/900 A 3; 10.0.2.20:5432>10.0.1.10:41022 tcp 8/800 A 19; \
         10.0.1.10:41022>10.0.2.20:5432 tcp 2/104 R 0" =>
        "late private 10.0.2.20:5432/tcp by tcp-flags closed";
    an_acknowledgement_after_the_end_without_flags:
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 9/900 A; 10.0.2.20:5432>10.0.1.10:41022 tcp 8/800 A; \
         10.0.1.10:41022>10.0.2.20:5432 tcp 2/104 R" =>
        "late private 10.0.2.20:5432/tcp by known-port no-data";
    data_of_a_running_connection_is_not_late:
        "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 9/900 A; 10.0.2.20:5432>10.0.1.10:41022 tcp 8/800 A; \
         10.0.1.10:41022>10.0.2.20:5432 tcp 2/105 R" =>
        "!request private 10.0.2.20:5432/tcp by known-port";
    an_answer_over_udp_that_nobody_asked_for: "10.0.1.10: 10.0.2.20:53>10.0.1.10:41022 udp 2/240 R" =>
        "late own-request 10.0.2.20:53/udp by known-port no-request";
    an_answer_over_udp_in_time:
        "10.0.1.10: 10.0.1.10:41022>10.0.2.20:53 udp 1/70 A; 10.0.2.20:53>10.0.1.10:41022 udp 2/240 R +140" =>
        "!request own-request 10.0.2.20:53/udp by accepted-opposite";
    an_answer_over_udp_past_its_time:
        "10.0.1.10: 10.0.1.10:41022>10.0.2.20:53 udp 1/70 A; 10.0.2.20:53>10.0.1.10:41022 udp 2/240 R +141" =>
        "late own-request 10.0.2.20:53/udp by accepted-opposite no-request";
    a_reset_of_the_internet: "10.0.1.10: 203.0.113.9:51000>10.0.1.10:443 tcp 2/80 R 4" =>
        "late internet 10.0.1.10:443/tcp by known-port closed";
}

// The internet, health checks, and what is no finding.
cases! {
    a_scanner: "10.0.0.53: 159.89.148.43:56911>10.0.0.53:5984 tcp 1/40 R" => "request internet 10.0.0.53:5984/tcp by -";
    a_persistent_scanner: "10.0.0.53: 159.89.148.43:56911>10.0.0.53:22 tcp 5000/200000 R 2" =>
        "request internet 10.0.0.53:22/tcp by tcp-flags";
    a_source_that_must_get_through: "10.0.0.53: 192.0.2.7:56911>10.0.0.53:22 tcp 4/240 R 2" =>
        "!request internet 10.0.0.53:22/tcp by tcp-flags";
    a_health_check_of_route_53: "10.0.0.53: 15.177.2.9:56911>10.0.0.53:443 tcp 3/180 R 2" =>
        "!helper internet 10.0.0.53:443/tcp by tcp-flags";
    a_health_check_by_the_service_that_the_record_names:
        "10.0.0.53: 203.0.113.9:56911>10.0.0.53:443 tcp 3/180 R 2 service=ROUTE53_HEALTHCHECKS" =>
        "!helper internet 10.0.0.53:443/tcp by tcp-flags";
    another_service_than_the_address_suggests:
        "10.0.0.53: 15.177.2.9:56911>10.0.0.53:443 tcp 3/180 R 2 service=EC2" =>
        "request internet 10.0.0.53:443/tcp by tcp-flags";
    a_closed_port_is_no_finding:
        "10.0.1.10: 10.0.9.5:50100>10.0.1.10:22 tcp 1/60 A 2; 10.0.1.10:22>10.0.9.5:50100 tcp 1/40 A 4" => "";
    a_nat_gateway_accepts_what_it_drops: "10.0.0.220: 203.0.113.9:51000>10.0.0.220:22 tcp 3/180 A 2" => "";
    other_protocols_are_no_finding: "10.0.2.20: 10.0.1.10:0>10.0.2.20:0 47 4/240 R" => "";
    a_ping_whose_direction_accepted_connections_show:
        "?: 10.0.1.10:0>10.0.2.20:0 icmp 8/336 R; 10.0.1.10:41022>9.9.9.9:443 tcp 4/240 A" => "!ping own-request - by -";
    a_ping_beside_a_connection:
        "10.0.2.20: 10.0.1.10:0>10.0.2.20:0 icmp 8/336 R; 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2" =>
        "!ping private - by -; !request private 10.0.2.20:5432/tcp by tcp-flags";
}

#[test]
fn a_rule_that_is_off_matches_nothing_and_lends_its_records_to_no_other() {
    let request = "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2";
    let answer = "10.0.1.10: 10.0.1.10:443>203.0.113.9:51000 tcp 5/300 R 18";
    let late = "10.0.1.10: 10.0.2.20:443>10.0.1.10:41022 tcp 1/40 R 4";
    let check = "10.0.0.53: 15.177.2.9:56911>10.0.0.53:443 tcp 3/180 R 2";
    for (rules, case, expect) in [
        ("ping", request, ""),
        ("ping", late, ""),
        ("reply", request, ""),
        ("request", answer, ""),
        ("reply", answer, "!reply own-answer 10.0.1.10:443/tcp by tcp-flags"),
        ("reply:digest", answer, "reply own-answer 10.0.1.10:443/tcp by tcp-flags"),
        ("request:count", request, "request private 10.0.2.20:5432/tcp by tcp-flags"),
        ("reply", late, "late own-request 10.0.2.20:443/tcp by known-port closed"),
        // A check that is nothing special is a request from the internet.
        ("request", check, "request internet 10.0.0.53:443/tcp by tcp-flags"),
        ("helper", check, "!helper internet 10.0.0.53:443/tcp by tcp-flags"),
        // What a scan is judged by.
        ("scan", request, "request private 10.0.2.20:5432/tcp by tcp-flags"),
        ("scan", answer, ""),
    ] {
        assert_eq!(judged(case, Rules::parse(rules).unwrap()), expect, "{rules}: {case}");
    }
}
