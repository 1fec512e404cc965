//! Snapshots of the whole email of every scenario.

use sample_notifications::{EVENTS, OTHERS, Setting, TEST, scenario, shown};

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
}

#[test]
fn every_scenario_has_a_snapshot() {
    for scenario in EVENTS.iter().chain(&OTHERS).chain([&TEST]) {
        assert!(TESTED.contains(scenario), "{scenario} has no snapshot");
    }
}
