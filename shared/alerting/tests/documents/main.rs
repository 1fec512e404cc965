//! Tests of documents, attributes and chat notifications. Some are snapshots; all are checked against the schema and the limits of
//! the services.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test -p alerting` rewrites the snapshots. Review the diff.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its event has failed")]

mod chat;
mod evidence;
mod routing;
mod schema;

use alerting::notification::{Language, RenderedNotification};
use sample_notifications::{Scenario, Setting, detect, largest, scenario, stranger, with_missing_data};
use serde_json::Value;

/// Returns the opened notification of an event, without enrichment.
fn opened(event: &str) -> RenderedNotification {
    Scenario::opened(&detect(event)).render()
}

fn in_japanese() -> RenderedNotification {
    scenario("ping-deny", Setting { language: Language::Japanese, ..Setting::ENRICHED }).render()
}

/// Formats a document without the text of the email, which has its own snapshots.
fn shown(notification: &RenderedNotification) -> String {
    let mut document: Value = serde_json::from_str(&notification.document.json()).unwrap();
    document["email"]["text"] = "(the email)".into();
    serde_json::to_string_pretty(&document).unwrap()
}

/// Defines one test for each snapshot, so that a failure names its scenario.
macro_rules! documents {
    ($($test:ident: $name:literal = $notification:expr,)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!($name, shown(&$notification));
        })*
    };
}

documents! {
    a_reply_stopped_by_the_acl: "ping-deny" = opened("ping-deny"),
    icmpv6: "ping-deny-v6" = opened("ping-deny-v6"),
    a_custom_format: "custom-format" = opened("custom-format"),
    hostile_records: "hostile" = opened("hostile"),
    an_opened_document_after_an_earlier_incident: "again" = scenario("repeated", Setting::PLAIN).render(),
    an_update_of_many_sources: "update" = scenario("update-of-many", Setting::PLAIN).render(),
    a_resolved_document_of_many_sources: "resolved" = scenario("resolved-of-many", Setting::PLAIN).render(),
    an_enriched_document: "with-network" = scenario("ping-deny", Setting::ENRICHED).render(),
    a_document_with_missing_data: "with-gaps" = with_missing_data().render(),
    a_document_about_a_service: "request" = scenario("request", Setting::ENRICHED).render(),
    a_document_about_an_answer: "reply" = scenario("reply", Setting::PLAIN).render(),
    a_document_without_a_server: "no-server" = scenario("no-server", Setting::PLAIN).render(),
    a_document_of_a_scan: "scan-ports" = scenario("scan-ports", Setting::PLAIN).render(),
    a_document_of_a_test: "test" = scenario("test", Setting::PLAIN).render(),
    a_document_with_the_largest_numbers: "largest" = largest().render(),
}

#[test]
fn a_host_of_another_vpc_with_the_same_address_is_not_in_the_document() {
    let known = shown(&stranger("vpc-2").render());
    assert!(known.contains("i-9") && known.contains("eni-9"), "{known}");
    for vpc in ["vpc-1", "-"] {
        let notification = stranger(vpc).render();
        let all = shown(&notification) + &notification.chat() + &format!("{:?}", notification.document.routing);
        assert!(!all.contains("i-9") && !all.contains("eni-9"), "{vpc}: {all}");
    }
}
