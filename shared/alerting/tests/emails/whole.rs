//! Snapshots of the whole email of every scenario.

use sample_notifications::{CONNECTIONS, EVENTS, OTHERS, Setting, TEST, scenario, shown};

use crate::limits;

/// Defines one test for each scenario, so that a failure names it.
macro_rules! whole_emails {
    ($($test:ident: $name:literal,)*) => {
        const TESTED: &[&str] = &[$($name),*];

        $(#[test]
        fn $test() {
            for setting in Setting::all() {
                let email = scenario($name, setting).email();
                limits::check(&email);
                insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
                    insta::assert_snapshot!(setting.name($name), shown(&email));
                });
            }
        })*
    };
}

whole_emails! {
    a_reply_stopped_by_the_acl: "ping-deny",
    icmpv6: "ping-deny-v6",
    pings_from_outside: "ping-deny-inbound",
    several_flows_among_other_traffic: "mixed-traffic",
    a_custom_format: "custom-format",
    many_sources: "sweep",
    broken_lines_among_valid_ones: "broken-line",
    hostile_records: "hostile",
    hostile_names: "hostile-names",
    an_update: "update",
    an_update_of_many_sources: "update-of-many",
    a_resolved_email: "resolved",
    a_reopened_incident: "reopened",
    a_resolved_email_of_many_sources: "resolved-of-many",
    an_opened_email_sent_late: "late-opened",
    an_opened_email_after_an_earlier_incident: "repeated",
    a_request_stopped_by_the_acl: "own-request",
    a_source_that_must_get_through: "must-reach",
    a_flood: "flood",
    an_update_under_silences: "update-with-silences",
    an_incident_that_ends_under_a_silence: "silenced",
    a_test: "test",
    a_request_that_no_group_allows: "request",
    an_update_about_a_service: "request-update",
    a_resolved_email_about_a_service: "request-resolved",
    a_request_whose_answers_would_be_stopped_too: "return-path",
    a_request_that_no_group_lets_out: "request-out",
    answers_that_do_not_come_back: "answers-in",
    requests_and_answers: "both-ways",
    an_answer_that_the_acl_stops: "reply",
    an_update_of_many_answers: "reply-update",
    a_load_balancer: "load-balancer",
    health_checks_of_route_53: "health-check",
    a_scan_of_hosts: "scan-hosts",
    a_scan_of_ports: "scan-ports",
    several_clients: "clients",
    several_services: "other-services",
    no_known_server: "no-server",
    a_request_over_ipv6: "request-v6",
    dns: "dns",
    ntp: "ntp",
    a_source_that_must_get_through_over_tcp: "must-reach-tcp",
    hostile_names_of_a_service: "hostile-service",
}

#[test]
fn every_scenario_has_a_snapshot() {
    for scenario in EVENTS.iter().chain(&OTHERS).chain(&CONNECTIONS).chain([&TEST]) {
        assert!(TESTED.contains(scenario), "{scenario} has no snapshot");
    }
}
