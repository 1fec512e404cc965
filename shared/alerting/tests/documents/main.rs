//! Documents, attributes and chat notifications, as machines get them: whole ones as snapshots, all of them against the schema
//! and the limits of the services.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test -p alerting` writes the snapshots anew; read the difference.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its event has failed")]

mod chat;
mod evidence;
mod routing;
mod schema;

use alerting::notification::{Language, RenderedNotification};
use sample_notifications::{Scenario, Setting, detect, largest, scenario, stranger, with_gaps};
use serde_json::Value;

/// The opened notification of an event, from its records alone.
fn opened(event: &str) -> RenderedNotification {
    Scenario::opened(&detect(event)).render()
}

fn in_japanese() -> RenderedNotification {
    scenario("ping-deny", Setting { language: Language::Japanese, ..Setting::ENRICHED }).render()
}

/// A document as its readers see it, with the email's text left to the snapshots of the emails.
fn shown(notice: &RenderedNotification) -> String {
    let mut document: Value = serde_json::from_str(&notice.document.json()).unwrap();
    document["email"]["text"] = "(the email)".into();
    serde_json::to_string_pretty(&document).unwrap()
}

/// One test for each, so that a difference names its scenario.
macro_rules! documents {
    ($($test:ident: $name:literal = $notice:expr,)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!($name, shown(&$notice));
        })*
    };
}

documents! {
    a_reply_stopped_by_the_acl: "ping-deny" = opened("ping-deny"),
    icmpv6: "ping-deny-v6" = opened("ping-deny-v6"),
    a_custom_format: "custom-format" = opened("custom-format"),
    hostile_records: "hostile" = opened("hostile"),
    an_incident_after_another: "again" = scenario("repeated", Setting::PLAIN).render(),
    an_update: "update" = scenario("update-of-many", Setting::PLAIN).render(),
    an_all_clear: "resolved" = scenario("resolved-of-many", Setting::PLAIN).render(),
    what_ec2_knows: "with-network" = scenario("ping-deny", Setting::ENRICHED).render(),
    what_ec2_did_not_say: "with-gaps" = with_gaps().render(),
    the_largest_numbers: "largest" = largest().render(),
}

#[test]
fn the_host_of_another_vpc_that_has_the_same_address_is_not_in_the_document() {
    let known = shown(&stranger("vpc-2").render());
    assert!(known.contains("i-9") && known.contains("eni-9"), "{known}");
    for vpc in ["vpc-1", "-"] {
        let notice = stranger(vpc).render();
        let all = shown(&notice) + &notice.chat() + &format!("{:?}", notice.document.routing);
        assert!(!all.contains("i-9") && !all.contains("eni-9"), "{vpc}: {all}");
    }
}
