//! Every scenario's email as a whole.

use sample_notifications::{EVENTS, OTHERS, Setting, scenario, shown};

use crate::limits;

/// One test for each scenario, so that a difference names it.
macro_rules! whole_mails {
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

whole_mails! {
    a_reply_stopped_by_the_acl: "ping-deny",
    icmpv6: "ping-deny-v6",
    pings_from_outside: "ping-deny-inbound",
    several_flows_among_much_traffic: "mixed-traffic",
    a_custom_format: "custom-format",
    many_sources: "sweep",
    broken_lines_beside_good_ones: "broken-line",
    hostile_records: "hostile",
    hostile_names: "hostile-names",
    more_of_the_same: "update",
    more_from_many: "update-of-many",
    the_end: "resolved",
    the_end_of_much: "resolved-of-many",
    an_opening_whose_sender_died: "late-opened",
    an_incident_after_another: "repeated",
}

#[test]
fn no_scenario_is_left_out() {
    for scenario in EVENTS.iter().chain(&OTHERS) {
        assert!(TESTED.contains(scenario), "{scenario} has no snapshot");
    }
}
